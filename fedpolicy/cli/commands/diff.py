"""`fedpolicy diff`: what a change does to whom."""

from __future__ import annotations

from typing import Any

import click

from fedpolicy.cli.options import (
    catalog_option,
    colour_option,
    config_from_option,
    config_option,
    debug_option,
    epsilon_option,
    isolated_option,
    output_option,
    waiver_options,
)

__all__ = ["command"]


@click.command("diff")
@click.argument("old")
@click.argument("new")
@click.option("--pack", "packs", multiple=True, metavar="NAME|PATH", help="Rules to check; default: federation.")
@click.option(
    "--fail-on",
    type=click.Choice(["critical", "high", "medium", "low", "info", "never"]),
    default=None,
    show_default="high",
    help="The least severity of an introduced finding that makes the exit code 1.",
)
@click.option("--strict/--no-strict", default=None, help="Count introduced unknowns as failing.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="How to write what differs; markdown suits a pull request.",
)
@catalog_option
@epsilon_option
@waiver_options
@config_option
@config_from_option
@isolated_option
@output_option
@colour_option
@debug_option
def command(old: str, new: str, form: str, output: str | None, **options: Any) -> int:  # noqa: ANN401  click's
    """
    Show what changes between two states of a deployment: who learns more or less, who gains or loses control, and
    which findings come and go.

    OLD and NEW are files, folders, or either of them at a git revision, as in main:deployments/fedpolicy.yaml.
    Renamed nodes and a new order change nothing. Exit code 1 is only for what NEW introduces
    and no waiver covers.
    """
    from fedpolicy.cli.differing import diff  # noqa: PLC0415  the rooms are heavy; help and completion need none

    return diff(old, new, form, output, options)

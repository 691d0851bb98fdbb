"""`fedpolicy facts`: print what was computed, before any rule judges it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from fedpolicy.cli.options import (
    catalog_option,
    colour_option,
    debug_option,
    deployment_option,
    epsilon_option,
    output_option,
)

__all__ = ["command"]


@click.command("facts")
@click.argument("file")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to write the facts.",
)
@deployment_option
@catalog_option
@epsilon_option
@output_option
@colour_option
@debug_option
def command(
    file: str,
    form: str,
    deployment: str,
    catalogs: Sequence[Path],
    max_epsilon: float | None,
    output: str | None,
    no_color: bool,  # noqa: FBT001
) -> None:
    """
    Print what was computed about a deployment: models, flows, and who can learn what about whose data.

    FILE is a deployment, or - for standard input.
    """
    from fedpolicy.cli import asking  # noqa: PLC0415  the rooms are heavy; help and completion need none

    question = asking.Question(file=file, deployment=deployment, catalogs=catalogs, max_epsilon=max_epsilon)
    asking.facts(question, form, output, no_color=no_color)

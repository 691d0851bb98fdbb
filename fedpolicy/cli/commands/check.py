"""`fedpolicy check`: judge deployments by the rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from fedpolicy.cli.options import (
    baseline_options,
    catalog_option,
    colour_option,
    config_from_option,
    config_option,
    debug_option,
    epsilon_option,
    estate_options,
    isolated_option,
    pack_option,
    param_option,
    waiver_options,
)
from fedpolicy.report.formats import format_ids

__all__ = ["command"]

_SEVERITIES = ("critical", "high", "medium", "low", "info")


def _ids(_context: click.Context, _option: click.Parameter, given: Sequence[str]) -> tuple[str, ...]:
    """Read `--select a --select b` and `--select a,b` alike."""
    return tuple(part for text in given for part in (piece.strip() for piece in text.split(",")) if part)


@click.command("check")
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@pack_option
@click.option("--select", multiple=True, callback=_ids, metavar="RULE", help="Check these rules only.")
@click.option("--ignore", multiple=True, callback=_ids, metavar="RULE", help="Leave these rules out.")
@param_option
@catalog_option
@epsilon_option
@click.option(
    "--fail-on",
    type=click.Choice([*_SEVERITIES, "never"]),
    default=None,
    show_default="high",
    help="The least severity that makes the exit code 1.",
)
@click.option("--strict/--no-strict", default=None, help="Count unknown as failing.")
@click.option(
    "--format",
    "form",
    type=click.Choice(format_ids()),
    default="text",
    show_default=True,
    help="How to write the report.",
)
@estate_options
@waiver_options
@baseline_options
@config_option
@config_from_option
@isolated_option
@click.option(
    "--output",
    "-o",
    "outputs",
    multiple=True,
    metavar="[FORMAT:]FILE",
    help="Write the report to a file, in its own format if one is given; may be repeated.",
)
@colour_option
@debug_option
def command(paths: tuple[str, ...], form: str, outputs: tuple[str, ...], **options: Any) -> int:  # noqa: ANN401  click's
    """
    Judge deployments by the rules.

    PATHS are files, folders (searched for fedpolicy.yaml, *.fedpolicy.yaml and YAML with a top-level `fedpolicy:` key)
    or - for standard input; by default the current folder.

    \b
    Examples:
      fedpolicy check deployment.yaml
      fedpolicy check . --fail-on medium --output sarif:fedpolicy.sarif --output text:-
      fedpolicy check deployment.yaml --pack federation --pack ./our-rules
    """  # noqa: D301  click reads the \b itself
    from fedpolicy.cli import checking  # noqa: PLC0415  the rooms are heavy; help and completion need none

    return checking.check(paths, form, outputs, options)

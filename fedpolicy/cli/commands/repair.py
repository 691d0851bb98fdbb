"""`fedpolicy repair`: what is the smallest change that fixes it?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import click

from fedpolicy.cli.options import (
    baseline_options,
    catalog_option,
    colour_option,
    config_option,
    debug_option,
    deployment_option,
    epsilon_option,
    isolated_option,
    output_option,
    pack_option,
    param_option,
    waiver_options,
)

__all__ = ["command"]


def _costs(_context: click.Context, _option: click.Parameter, given: Sequence[str]) -> dict[str, float]:
    """Split `kind=number`."""
    costs = {}
    for text in given:
        kind, _, number = text.partition("=")
        try:
            costs[kind.strip()] = float(number)
        except ValueError:
            costs[kind.strip()] = math.nan
        if not 0 <= costs[kind.strip()] < math.inf:
            message = f"{text!r} is not of the form KIND=NUMBER, such as drop=3"
            raise click.BadParameter(message)
    return costs


def _fills(_context: click.Context, _option: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    """Split `path=value`."""
    fills = {}
    for text in given:
        path, equals, value = text.partition("=")
        if not (equals and path.strip() and value.strip()):
            message = f"{text!r} is not of the form PATH=VALUE, such as models.judge.revision=5f0b02c"
            raise click.BadParameter(message)
        fills[path.strip()] = value.strip()
    return fills


class _Number(click.IntRange):
    """The number of a proposal; without one, what follows the option is taken for it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401  click's
        """Say so where it is no number."""
        if isinstance(value, str) and not value.lstrip("+-").isdigit():
            self.fail(f"{value!r} is not the number of a proposal; put --write behind the file", param, ctx)
        return int(super().convert(value, param, ctx))


@click.command("repair")
@click.argument("file")
@click.option(
    "--finding", "findings", multiple=True, metavar="FINGERPRINT", help="Clear this finding; may be repeated."
)
@click.option("--rule", "wanted", multiple=True, metavar="RULE", help="Clear what this rule finds; may be repeated.")
@click.option(
    "--fail-on",
    type=click.Choice(["critical", "high", "medium", "low", "info", "never"]),
    default=None,
    show_default="high",
    help="The least severity that is cleared, unless findings or rules are named.",
)
@click.option("--strict/--no-strict", default=None, help="Clear what is unknown, too.")
@click.option(
    "--proposals", type=click.IntRange(min=1), default=3, show_default=True, help="How many alternatives to show."
)
@click.option(
    "--cost", "costs", multiple=True, callback=_costs, metavar="KIND=NUMBER", help="What a kind of change costs."
)
@click.option(
    "--fill",
    "fills",
    multiple=True,
    callback=_fills,
    metavar="PATH=VALUE",
    help="Give a value that is to be filled in.",
)
@click.option(
    "--rechecks",
    type=click.IntRange(min=1),
    default=None,
    show_default="by the size of the file, 2 to 300",
    help="How many changed copies to check at most.",
)
@click.option(
    "--write",
    is_flag=False,
    flag_value=1,
    default=None,
    type=_Number(min=1),
    metavar="[N]",
    help="Write proposal N (default: 1) into FILE.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to write the answer.")
@deployment_option
@pack_option
@param_option
@catalog_option
@epsilon_option
@waiver_options
@baseline_options
@config_option
@isolated_option
@output_option
@colour_option
@debug_option
def command(file: str, form: str, output: str | None, write: int | None, **options: Any) -> int:  # noqa: ANN401  click's
    """
    Propose proved changes that clear what fails.

    The smallest sets of changes come first. Each one was applied to a copy, and the copy was checked.
    FILE is a deployment, or - for standard input. Exit code 0: a proposal clears everything that was asked about, or
    there was nothing; 1: none does.

    \b
    Examples:
      fedpolicy repair deployment.yaml
      fedpolicy repair deployment.yaml --rule private-data-to-closed-model --cost drop=2
      fedpolicy repair deployment.yaml --write 2
    """  # noqa: D301  click reads the \b itself
    from fedpolicy.cli import mending  # noqa: PLC0415  the rooms are heavy; help and completion need none

    return mending.mend(file, form, output, write, options)

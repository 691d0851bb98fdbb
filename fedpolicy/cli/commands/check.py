"""`fedpolicy check`: judge deployments by the rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from fedpolicy.cli.options import (
    FILE,
    catalog_option,
    colour_option,
    debug_option,
    epsilon_option,
    estate_options,
    fail_on_option,
    form_option,
    links_option,
    owner_option,
    pack_option,
    param_option,
    trust_options,
)
from fedpolicy.report.formats import format_ids


def _ids(_context: click.Context, _option: click.Parameter, given: Sequence[str]) -> tuple[str, ...]:
    """Read `--select a --select b` and `--select a,b` alike."""
    return tuple(part for text in given for part in (piece.strip() for piece in text.split(",")) if part)


@click.command("check")
@click.argument("paths", nargs=-1, metavar="[PATHS]...", type=FILE)
@pack_option
@click.option("--select", multiple=True, callback=_ids, metavar="RULE", help="Check these rules only.")
@click.option("--ignore", multiple=True, callback=_ids, metavar="RULE", help="Leave these rules out.")
@param_option
@catalog_option
@epsilon_option
@fail_on_option("The least severity that makes the exit code 1.")
@click.option("--strict/--no-strict", default=None, help="Count unknown as failing.")
@form_option(format_ids(), "How to write the report.", usual="text")
@click.option("--quiet", "-q", is_flag=True, help="Print the last line of the report only: verdict and counts.")
@owner_option
@click.option("--fixes", is_flag=True, help="Try a change for each cause and prove it on a copy; takes longer.")
@click.option("--causes", is_flag=True, help="Name the cause of each finding in json and sarif, too.")
@estate_options
@click.option(
    "--changed",
    is_flag=True,
    help="PATHS are the files of a change, as a hook names them: what is no deployment is passed over, and where"
    " settings change, everything is checked.",
)
@click.option(
    "--site",
    "sites",
    multiple=True,
    metavar="FILE",
    help="Judge by the policy of one site as well, which nothing of the federation can switch off; may be repeated.",
)
@click.option("--watch", is_flag=True, help="Check again whenever a file changes, until Ctrl-C.")
@trust_options
@click.option(
    "--output",
    "-o",
    "outputs",
    multiple=True,
    metavar="[FORMAT:]FILE",
    help="Write the report to a file, in its own format if one is given; may be repeated.",
)
@links_option
@colour_option
@debug_option
def command(**options: Any) -> int:  # noqa: ANN401  click's
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
    from fedpolicy.cli.gate import checked

    return checked(options)

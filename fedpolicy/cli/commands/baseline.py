"""`fedpolicy baseline`: write down the findings that are there now."""

from __future__ import annotations

from typing import Any

import click

from fedpolicy.cli.options import (
    catalog_option,
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

__all__ = ["command"]


@click.command("baseline")
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--output",
    "-o",
    type=click.Path(),
    metavar="FILE",
    show_default="fedpolicy.baseline.json",
    help="Where to write it; - is standard output.",
)
@pack_option
@param_option
@catalog_option
@epsilon_option
@estate_options
@waiver_options
@config_option
@config_from_option
@isolated_option
@debug_option
def command(paths: tuple[str, ...], output: str | None, **options: Any) -> int:  # noqa: ANN401  click's
    """
    Write down what is found now.

    `fedpolicy check --baseline FILE` then shows only what is new. An entry is a deployment, a rule and its elements,
    never a file or a line. Write it anew when entries are fixed; it should only ever get shorter.
    """
    from fedpolicy.cli.excusing import write_baseline_file

    return write_baseline_file(paths, output, options)

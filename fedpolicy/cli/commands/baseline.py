"""`fedpolicy baseline`: write down the findings that are there now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from fedpolicy.cli.errors import CLEAN
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
from fedpolicy.cli.terminal import chatter, emit

__all__ = ["command"]

_BASELINE = "fedpolicy.baseline.json"


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
@click.option(
    "--renew",
    is_flag=True,
    help="Keep what the file knows and is still found, with the file it is in, and add nothing.",
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

    `fedpolicy check --baseline FILE` then shows only what is new. An entry is a file, a deployment in it, a
    rule and its elements, never a line. `--renew` drops what is fixed, follows files that were moved, and adds nothing.
    """
    return _write(paths, output, options)


def _write(paths: Sequence[str], output: str | None, options: Mapping[str, Any]) -> int:
    """Check, and write what fails or is unknown. Raises InputError where nothing was evaluated."""
    from fedpolicy.cli.choices import choose, find_config
    from fedpolicy.cli.run import usable_report
    from fedpolicy.cli.trust import with_waivers
    from fedpolicy.findings import Verdict
    from fedpolicy.policy.baseline import write_baseline
    from fedpolicy.policy.housekeeping import OWN_PACK
    from fedpolicy.report.style import amount

    config = find_config(options["config"], isolated=options["isolated"], revision=options["config_from"])
    choices = choose(config, options)
    settings = with_waivers(choices, config, options)
    where = output or choices.origins["baseline"][0] or _BASELINE
    if options["renew"]:
        from fedpolicy.cli.renewal import renew_baseline

        return renew_baseline(where, paths, settings, choices, options)
    report = usable_report(paths, settings, choices, options)
    if isinstance(report, int):
        return report
    known = [one for one in report.findings if one.verdict is not Verdict.WAIVED and one.pack != OWN_PACK]
    emit(write_baseline(known, settings.root), None if where == "-" else where)
    chatter(f"{where}: {amount(len(known), 'finding')} known from now on\n")
    return CLEAN

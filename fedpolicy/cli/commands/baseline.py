"""`fedpolicy baseline`: write down the findings that are there now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fedpolicy.cli.errors import CLEAN, exit_code, say_errors
from fedpolicy.cli.options import (
    FILE,
    config_options,
    debug_option,
    estate_options,
    rule_options,
    waiver_options,
)
from fedpolicy.cli.terminal import chatter, emit, write

if TYPE_CHECKING:
    from fedpolicy.cli.choices import Choices
    from fedpolicy.findings import Finding, Report
    from fedpolicy.settings import Settings

_BASELINE = "fedpolicy.baseline.json"
_SCANNED = "fedpolicy.scan.baseline.json"
_DRIFT = "fedpolicy.drift.baseline.json"


@click.command("baseline")
@click.argument("paths", nargs=-1, metavar="[PATHS]...", type=FILE)
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
@click.option(
    "--drift", multiple=True, metavar="PATH", help="Write down what `fedpolicy drift` finds between one file and PATH."
)
@click.option("--scan", is_flag=True, help="Write down what `fedpolicy scan` finds, and not what a check finds.")
@rule_options
@estate_options
@waiver_options
@config_options
@debug_option
def command(paths: tuple[str, ...], output: str | None, **options: Any) -> int:  # noqa: ANN401  click's
    """
    Write down what is found now.

    `fedpolicy check --baseline FILE` then shows only what is new. An entry is a file, a deployment in it, a
    rule and its elements, never a line. `--renew` drops what is fixed, follows files that were moved, and adds nothing.
    What a scan finds has a file of its own, and so has drift: `fedpolicy scan --baseline fedpolicy.scan.baseline.json`.
    """
    return _write(paths, output, options)


def _write(paths: Sequence[str], output: str | None, options: Mapping[str, Any]) -> int:
    """Check, scan or compare, and write what fails or is unknown."""
    from fedpolicy.cli.choices import choices_of
    from fedpolicy.cli.trust import with_waivers

    choices = choices_of(options)
    settings = with_waivers(choices, options)
    if options["scan"]:
        found = _scanned(paths or ["."], settings, choices, options)
        return found if isinstance(found, int) else _known(output or _SCANNED, found.findings, settings)
    if options["drift"]:
        return _drifted(paths, output or _DRIFT, settings, choices, options)
    return _checked(paths, output or choices.origins["baseline"][0] or _BASELINE, settings, choices, options)


def _checked(paths: Sequence[str], where: str, settings: Settings, choices: Choices, options: Mapping[str, Any]) -> int:
    """What a check finds. Raises InputError where nothing was evaluated."""
    if options["renew"]:
        return _renewed(where, paths, settings, choices, options)
    from fedpolicy.cli.run import usable_report

    report = usable_report(paths, settings, choices, options)
    return report if isinstance(report, int) else _known(where, report.findings, settings)


def _renewed(where: str, paths: Sequence[str], settings: Settings, choices: Choices, options: Mapping[str, Any]) -> int:
    """Check, and keep what is still found, with its file. Raises InputError where there is nothing to renew."""
    from fedpolicy import sources
    from fedpolicy.cli.run import is_whole, usable_report
    from fedpolicy.errors import SettingsError
    from fedpolicy.policy.baseline import read_baseline, write_entries
    from fedpolicy.policy.excuse import coverage_of
    from fedpolicy.policy.renewal import renewed
    from fedpolicy.report import amount

    if where == "-":
        raise SettingsError("`--renew` needs a file to renew", help="name it with --output")
    source = sources.read(where).usable()
    before = read_baseline(source.text, source.name)
    report = usable_report(paths, settings, choices, options)
    if isinstance(report, int):
        return report
    settings = replace(settings, whole=is_whole(paths or ["."], choices))
    entries = renewed(before, report.findings, coverage_of(report, settings))
    write(Path(where), write_entries(entries))
    chatter(f"{where}: {amount(len(entries), 'finding')} known from now on, {len(before.entries):,} before\n")
    return CLEAN


def _scanned(paths: Sequence[str], settings: Settings, choices: Choices, options: Mapping[str, Any]) -> Report | int:
    """What a scan finds; or the exit code, where something is wrong. Raises InputError where nothing is known."""
    from fedpolicy.cli.repository import scan_paths
    from fedpolicy.errors import InputError

    if options["renew"]:
        raise InputError("`--scan` and `--renew` do not go together", help="write the file anew: leave `--renew` out")
    report, gathered = scan_paths(paths, choices, settings)
    if say_errors(report.errors):
        return exit_code(report.errors)
    if not gathered.facts:
        raise InputError("nothing here is known", help="`fedpolicy scan` says what was read")
    return report


def _drifted(paths: Sequence[str], where: str, settings: Settings, choices: Choices, options: Mapping[str, Any]) -> int:
    """What a declaration differs in from what runs. Raises InputError where there is nothing to compare it with."""
    from fedpolicy.cli.repository import drift_of
    from fedpolicy.errors import InputError

    if options["renew"] or not paths:
        raise InputError(
            "`--drift` is about a declaration, and goes without `--renew`", help="name the file that has it"
        )
    report, compared = drift_of(paths, options["drift"], choices, settings)
    if not compared:
        raise InputError("nothing was compared", help="name the folders with the files that run what is declared")
    return _known(where, report.findings, settings)


def _known(where: str, findings: Sequence[Finding], settings: Settings) -> int:
    from fedpolicy.findings import Verdict
    from fedpolicy.policy.baseline import write_baseline
    from fedpolicy.policy.housekeeping import OWN_PACK
    from fedpolicy.report import amount

    known = [one for one in findings if one.verdict is not Verdict.WAIVED and one.pack != OWN_PACK]
    emit(write_baseline(known, settings.root), None if where == "-" else where)
    chatter(f"{where}: {amount(len(known), 'finding')} known from now on\n")
    return CLEAN

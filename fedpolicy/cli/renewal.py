"""`--renew` of `fedpolicy baseline` and `fedpolicy waive`: the files that entries are about, and nothing new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fedpolicy import sources
from fedpolicy.cli.choices import Choices, choices_of
from fedpolicy.cli.errors import CLEAN
from fedpolicy.cli.run import is_whole, usable_report
from fedpolicy.cli.terminal import chatter, write
from fedpolicy.cli.trust import waivers_path
from fedpolicy.errors import SettingsError
from fedpolicy.policy.baseline import read_baseline, write_entries
from fedpolicy.policy.excuse import coverage_of
from fedpolicy.policy.renewal import files_of_waivers, renewed, with_files
from fedpolicy.policy.waivers import read_waivers
from fedpolicy.report.style import amount

if TYPE_CHECKING:
    from fedpolicy.settings import Settings

__all__ = ["renew_baseline", "renew_waivers"]


def renew_baseline(
    where: str, paths: Sequence[str], settings: Settings, choices: Choices, options: Mapping[str, Any]
) -> int:
    """Check, and keep what is still found, with its file. Raises InputError where there is nothing to renew."""
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


def renew_waivers(paths: Sequence[str], options: Mapping[str, Any]) -> int:
    """Check, and write into each waiver the files that it is about, where it names none that is there."""
    choices = choices_of(options)
    path = waivers_path(choices)
    source = sources.read(str(path)).usable()
    file = read_waivers(source.text, path.name)
    settings = replace(choices.settings, whole=is_whole(paths or ["."], choices))
    report = usable_report(paths, settings, choices, options)
    if isinstance(report, int):
        return report
    wanted = files_of_waivers(file, report.findings, coverage_of(report, settings))
    if wanted:
        write(path, with_files(source.text.decode("utf-8"), path.name, wanted))
    chatter(f"{path.name}: {amount(len(wanted), 'waiver')} renewed\n")
    return CLEAN

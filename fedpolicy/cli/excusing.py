"""What `fedpolicy waive` and `fedpolicy baseline` do: write down what checks shall no longer fail on."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from fedpolicy import sources
from fedpolicy.cli.configured import Choices, choose, find_config
from fedpolicy.cli.errors import CLEAN, exit_code
from fedpolicy.cli.judging import judged
from fedpolicy.cli.messages import report_errors
from fedpolicy.cli.terminal import chatter, emit, look_of, write
from fedpolicy.cli.trusted import day_of, waivers_path, with_waivers
from fedpolicy.errors import InputError, SettingsError
from fedpolicy.findings import Finding, Report, Verdict
from fedpolicy.policy.baseline import write_baseline
from fedpolicy.policy.housekeeping import OWN_PACK
from fedpolicy.policy.waivers import Values, WaiverFile, add_waiver, read_waivers
from fedpolicy.report.style import amount
from fedpolicy.settings import Settings

__all__ = ["write_baseline_file", "write_waiver"]

_BASELINE = "fedpolicy.baseline.json"
_MOST_ELEMENTS = 12
_SHORT = 8  # characters of a fingerprint that a name gets


def write_baseline_file(paths: Sequence[str], output: str | None, options: Mapping[str, Any]) -> int:
    """Check, and write what fails or is unknown. Raises InputError where nothing was evaluated."""
    config = find_config(options["config"], isolated=options["isolated"], revision=options["config_from"])
    choices = choose(config, options)
    settings = with_waivers(choices, config, options)
    report = _checked(paths, settings, choices, options)
    if isinstance(report, int):
        return report
    known = [one for one in report.findings if one.verdict is not Verdict.WAIVED and one.pack != OWN_PACK]
    where = output or choices.origins["baseline"][0] or _BASELINE
    emit(write_baseline(known), None if where == "-" else where)
    chatter(f"{where}: {amount(len(known), 'finding')} known from now on\n")
    return CLEAN


def write_waiver(mark: str, paths: Sequence[str], given: Values, until: datetime, options: Mapping[str, Any]) -> int:
    """Check, find the finding, and add an entry about it. Raises SettingsError for what no waiver may say."""
    config = find_config(options["config"], isolated=options["isolated"], revision=None)
    choices = choose(config, options)
    path = waivers_path(choices, config)
    text = _text(path)
    file = read_waivers(text, path.name) if text.strip() else WaiverFile(name=path.name)
    settings = replace(choices.settings, waivers=file, today=day_of(options))
    _allowed(given, until.date().isoformat(), settings.today)
    report = _checked(paths, settings, choices, options)
    if isinstance(report, int):
        return report
    finding = _meant(mark, report, options["deployment"])
    taken = {entry.id for entry in file.entries}
    name = options["name"] or _free(f"{finding.rule}-{finding.fingerprint[:_SHORT]}", taken)
    if name in taken:
        raise SettingsError(f"`{path.name}` has a waiver `{name}`", help="choose another --name")
    write(path, add_waiver(text, path.name, name, {**_about(finding), **given, "expires": until.date().isoformat()}))
    chatter(f"{path.name}: {name} waives {finding.rule} until the end of {until.date().isoformat()}\n")
    return CLEAN


def _checked(paths: Sequence[str], settings: Settings, choices: Choices, options: Mapping[str, Any]) -> Report | int:
    """The report, or the exit code where something could not be used, which has then been said."""
    report = judged(paths, settings, choices, options)
    if report.interruption:
        raise KeyboardInterrupt
    errors = [*report.errors, *(error for file in report.files for error in file.errors)]
    report_errors(errors, {file.name: file.lines for file in report.files}, look=look_of(sys.stderr))
    if errors:
        return exit_code(errors)
    if not report.evaluated:
        raise InputError("nothing was evaluated", help="name a deployment, and rules that apply to it")
    return report


def _allowed(given: Values, until: str, today: str) -> None:
    for key, value in given.items():
        if not str(value).strip():
            raise SettingsError(f"`--{key.replace('_', '-')}` is empty", help="say it; readers will ask")
    if _person(given["owner"]) == _person(given["approved_by"]):
        raise SettingsError("a waiver cannot be approved by its own owner", help="somebody else must agree to it")
    if until < today:
        raise SettingsError(f"`--until {until}` is over", help=f"name a day from {today} on")


def _person(name: object) -> str:
    return " ".join(str(name).casefold().split())


def _meant(mark: str, report: Report, deployment: str) -> Finding:
    """The only finding whose fingerprint begins so."""
    mark = mark.lower()
    found = [
        one
        for one in report.findings
        if one.fingerprint.startswith(mark) and one.pack != OWN_PACK and deployment in ("", one.deployment)
    ]
    if not found:
        advice = "`fedpolicy check --format json` shows the fingerprint of each finding"
        raise SettingsError(f"no finding has the fingerprint `{mark}`", help=advice)
    first = found[0]
    if any(one.fingerprint != first.fingerprint for one in found):
        raise SettingsError(
            f"{len(found)} findings have a fingerprint that begins with `{mark}`", help="write more of it"
        )
    if names := sorted({one.deployment for one in found} - {first.deployment}):
        advice = f"say which with --deployment: {', '.join([first.deployment, *names])}"
        raise SettingsError(f"several deployments have the finding `{mark}`", help=advice)
    if first.waiver:
        advice = f"change its `expires` at {first.waiver.span} instead"
        raise SettingsError(f"the finding is already waived until {first.waiver.expires}", help=advice)
    return first


def _about(finding: Finding) -> Values:
    elements = finding.elements if len(finding.elements) <= _MOST_ELEMENTS else ()
    values: dict[str, str | tuple[str, ...]] = {"rule": finding.rule}
    if elements:
        values["element"] = elements[0] if len(elements) == 1 else tuple(elements)
    values |= {"fingerprint": finding.fingerprint, "deployment": finding.deployment}
    return values | ({"verdict": Verdict.UNKNOWN.value} if finding.verdict is Verdict.UNKNOWN else {})


def _text(path: Path) -> str:
    """What the file holds; nothing where there is none yet. Raises InputError."""
    if not path.exists():
        return ""
    source = sources.read(str(path))
    if source.error:
        raise source.error
    try:
        return source.text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"`{source.name}` is not UTF-8", help="save it as UTF-8") from error


def _free(name: str, taken: set[str]) -> str:
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    return found

"""`fedpolicy waive`: accept a finding for a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fedpolicy.cli.errors import CLEAN
from fedpolicy.cli.options import (
    FILE,
    config_option,
    debug_option,
    deployment_option,
    estate_options,
    isolated_option,
    rule_options,
    today_option,
)
from fedpolicy.cli.terminal import chatter, write

if TYPE_CHECKING:
    from fedpolicy.findings import Finding, Report
    from fedpolicy.policy.renewal import Values
    from fedpolicy.policy.waivers import WaiverFile

_GIVEN = ("reason", "owner", "approved_by")
_SHORT = 8  # characters of a fingerprint that a name gets


def _named(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch("[a-z][a-z0-9_-]*", value):
        message = f"{value!r} is not a name: use small letters, digits, _ and -, and start with a letter"
        raise click.BadParameter(message)
    return value


@click.command("waive")
@click.argument("fingerprint", required=False)
@click.argument("paths", nargs=-1, metavar="[PATHS]...", type=FILE)
@click.option(
    "--renew", is_flag=True, help="Write into each waiver the files that it is about; FINGERPRINT is one of the PATHS."
)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="The last day on which it holds.")
@click.option("--reason", help="Why it is accepted.")
@click.option("--owner", help="Who answers for it.")
@click.option("--approved-by", help="Who has agreed; somebody other than the owner.")
@click.option(
    "--name",
    callback=_named,
    metavar="ID",
    help="The entry's name; default: the rule and a part of the fingerprint.",
)
@deployment_option
@click.option("--waivers", type=click.Path(), metavar="FILE", help="The file to add to, made where it does not exist.")
@rule_options
@estate_options
@config_option
@isolated_option
@today_option("Act as on this day instead of today.")
@debug_option
def command(fingerprint: str | None, paths: tuple[str, ...], **options: Any) -> int:  # noqa: ANN401  click's
    """
    Accept a finding for a time.

    Adds an entry to the file of waivers and keeps everything else in it.
    FINGERPRINT, or its beginning, is in the JSON report. PATHS are checked to find it; by default the current folder.
    """
    if options["renew"]:
        return _renewed((fingerprint, *paths) if fingerprint else paths, options)
    if fingerprint is None:
        raise click.UsageError("Missing argument 'FINGERPRINT'.")
    return _write(fingerprint, paths, _said(options), options)


def _renewed(paths: Sequence[str], options: Mapping[str, Any]) -> int:
    """Check, and write into each waiver the files that it is about, where it names none that is there."""
    from fedpolicy import sources
    from fedpolicy.cli.choices import choices_of
    from fedpolicy.cli.run import is_whole, usable_report
    from fedpolicy.cli.trust import waivers_path
    from fedpolicy.policy.excuse import coverage_of
    from fedpolicy.policy.renewal import files_of_waivers, with_files
    from fedpolicy.policy.waivers import read_waivers
    from fedpolicy.report import amount

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


def _said(options: Mapping[str, Any]) -> Values:
    """What the entry says beside what it is about."""
    if missing := [name for name in ("until", *_GIVEN) if options[name] is None]:
        raise click.UsageError(f"Missing option '--{missing[0].replace('_', '-')}'.")
    return {**{name: options[name] for name in _GIVEN}, "expires": options["until"].date().isoformat()}


def _write(mark: str, paths: Sequence[str], said: Values, options: Mapping[str, Any]) -> int:
    """Check, find the finding, and add an entry about it. Raises SettingsError for what no waiver may say."""
    from fedpolicy.cli.choices import choices_of
    from fedpolicy.cli.run import usable_report
    from fedpolicy.cli.trust import day_of, waivers_path
    from fedpolicy.policy.renewal import add_waiver, waiver_values
    from fedpolicy.policy.waivers import WaiverFile, read_waivers

    choices = choices_of(options)
    path = waivers_path(choices)
    text = _text(path)
    file = read_waivers(text, path.name) if text.strip() else WaiverFile(name=path.name)
    settings = replace(choices.settings, waivers=file, today=day_of(options))
    _allowed(said, settings.today)
    report = usable_report(paths, settings, choices, options)
    if isinstance(report, int):
        return report
    finding = _meant(mark, report, options["deployment"])
    name = _free(options["name"], finding, file)
    write(path, add_waiver(text, path.name, name, {**waiver_values(finding, settings.root), **said}))
    chatter(f"{path.name}: {name} waives {finding.rule} until the end of {said['expires']}\n")
    return CLEAN


def _free(name: str | None, finding: Finding, file: WaiverFile) -> str:
    from fedpolicy.errors import SettingsError
    from fedpolicy.policy.renewal import free_name

    taken = {entry.id for entry in file.entries}
    if name in taken:
        raise SettingsError(f"`{file.name}` has a waiver `{name}`", help="choose another --name")
    return name or free_name(f"{finding.rule}-{finding.fingerprint[:_SHORT]}", taken)


def _allowed(said: Values, today: str) -> None:
    from fedpolicy.errors import SettingsError

    for key in _GIVEN:
        if not str(said[key]).strip():
            raise SettingsError(f"`--{key.replace('_', '-')}` is empty", help="say it; readers will ask")
    if _person(said["owner"]) == _person(said["approved_by"]):
        raise SettingsError("a waiver cannot be approved by its own owner", help="somebody else must agree to it")
    if str(said["expires"]) < today:
        raise SettingsError(f"`--until {said['expires']}` is over", help=f"name a day from {today} on")


def _person(name: object) -> str:
    return " ".join(str(name).casefold().split())


def _meant(mark: str, report: Report, deployment: str) -> Finding:
    """The only finding whose fingerprint begins so."""
    from fedpolicy.errors import SettingsError

    mark = mark.lower()
    found = list(_marked(mark, report, deployment))
    if not found:
        advice = "`fedpolicy check --format json` shows the fingerprint of each finding"
        raise SettingsError(f"no finding has the fingerprint `{mark}`", help=advice)
    _must_be_one(found, mark)
    first = found[0]
    if first.waiver:
        advice = f"change its `expires` at {first.waiver.span} instead"
        raise SettingsError(f"the finding is already waived until {first.waiver.expires}", help=advice)
    return first


def _marked(mark: str, report: Report, deployment: str) -> Iterator[Finding]:
    from fedpolicy.policy.housekeeping import OWN_PACK

    for one in report.findings:
        if one.fingerprint.startswith(mark) and one.pack != OWN_PACK and deployment in ("", one.deployment):
            yield one


def _must_be_one(found: Sequence[Finding], mark: str) -> None:
    from fedpolicy.errors import SettingsError

    first = found[0]
    if any(one.fingerprint != first.fingerprint for one in found):
        message = f"{len(found)} findings have a fingerprint that begins with `{mark}`"
        raise SettingsError(message, help="write more of it")
    if names := sorted({one.deployment for one in found} - {first.deployment}):
        advice = f"say which with --deployment: {', '.join([first.deployment, *names])}"
        raise SettingsError(f"several deployments have the finding `{mark}`", help=advice)


def _text(path: Path) -> str:
    """What the file holds; nothing where there is none yet. Raises InputError."""
    from fedpolicy import sources
    from fedpolicy.errors import InputError

    if not path.exists():
        return ""
    source = sources.read(str(path)).usable()
    try:
        return source.text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"`{source.name}` is not UTF-8", help="save it as UTF-8") from error

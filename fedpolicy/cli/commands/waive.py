"""`fedpolicy waive`: accept a finding for a time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from fedpolicy.cli.errors import CLEAN
from fedpolicy.cli.options import (
    catalog_option,
    config_option,
    debug_option,
    deployment_option,
    epsilon_option,
    estate_options,
    isolated_option,
    pack_option,
    param_option,
)
from fedpolicy.cli.terminal import chatter, write

if TYPE_CHECKING:
    from fedpolicy.findings import Finding, Report
    from fedpolicy.policy.renewal import Values

__all__ = ["command"]

_SHORT = 8  # characters of a fingerprint that a name gets

_DAY = click.DateTime(["%Y-%m-%d"])


def _named(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch("[a-z][a-z0-9_-]*", value):
        message = f"{value!r} is not a name: use small letters, digits, _ and -, and start with a letter"
        raise click.BadParameter(message)
    return value


@click.command("waive")
@click.argument("fingerprint", required=False)
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--renew", is_flag=True, help="Write into each waiver the files that it is about; FINGERPRINT is one of the PATHS."
)
@click.option("--until", type=_DAY, metavar="DATE", help="The last day on which it holds.")
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
@pack_option
@param_option
@catalog_option
@epsilon_option
@estate_options
@config_option
@isolated_option
@click.option("--today", type=_DAY, metavar="DATE", help="Act as on this day instead of today.")
@debug_option
def command(
    *,
    fingerprint: str | None,
    paths: tuple[str, ...],
    renew: bool,
    until: datetime | None,
    reason: str | None,
    owner: str | None,
    approved_by: str | None,
    **options: Any,  # noqa: ANN401  click's
) -> int:
    """
    Accept a finding for a time.

    Adds an entry to the file of waivers and keeps everything else in it.
    FINGERPRINT, or its beginning, is in the JSON report. PATHS are checked to find it; by default the current folder.
    """
    if renew:
        from fedpolicy.cli.renewal import renew_waivers

        return renew_waivers((fingerprint, *paths) if fingerprint else paths, options)
    if fingerprint is None:
        raise click.UsageError("Missing argument 'FINGERPRINT'.")
    given = {"reason": reason, "owner": owner, "approved_by": approved_by}
    said = {name: value for name, value in given.items() if value is not None}
    if missing := [name for name in ("until", *given) if name not in said and not (name == "until" and until)]:
        raise click.UsageError(f"Missing option '--{missing[0].replace('_', '-')}'.")
    return _write(fingerprint, paths, said, cast("datetime", until), options)


def _write(mark: str, paths: Sequence[str], given: Values, until: datetime, options: Mapping[str, Any]) -> int:
    """Check, find the finding, and add an entry about it. Raises SettingsError for what no waiver may say."""
    from fedpolicy.cli.choices import choose, find_config
    from fedpolicy.cli.run import usable_report
    from fedpolicy.cli.trust import day_of, waivers_path
    from fedpolicy.errors import SettingsError
    from fedpolicy.policy.renewal import add_waiver, free_name, waiver_values
    from fedpolicy.policy.waivers import WaiverFile, read_waivers

    config = find_config(options["config"], isolated=options["isolated"], revision=None)
    choices = choose(config, options)
    path = waivers_path(choices, config)
    text = _text(path)
    file = read_waivers(text, path.name) if text.strip() else WaiverFile(name=path.name)
    settings = replace(choices.settings, waivers=file, today=day_of(options))
    _allowed(given, until.date().isoformat(), settings.today)
    report = usable_report(paths, settings, choices, options)
    if isinstance(report, int):
        return report
    finding = _meant(mark, report, options["deployment"])
    taken = {entry.id for entry in file.entries}
    name = options["name"] or free_name(f"{finding.rule}-{finding.fingerprint[:_SHORT]}", taken)
    if name in taken:
        raise SettingsError(f"`{path.name}` has a waiver `{name}`", help="choose another --name")
    values = {**waiver_values(finding, settings.root), **given, "expires": until.date().isoformat()}
    write(path, add_waiver(text, path.name, name, values))
    chatter(f"{path.name}: {name} waives {finding.rule} until the end of {until.date().isoformat()}\n")
    return CLEAN


def _allowed(given: Values, until: str, today: str) -> None:
    from fedpolicy.errors import SettingsError

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
    from fedpolicy.errors import SettingsError
    from fedpolicy.policy.housekeeping import OWN_PACK

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


def _text(path: Path) -> str:
    """What the file holds; nothing where there is none yet. Raises InputError."""
    from fedpolicy import sources
    from fedpolicy.errors import InputError

    if not path.exists():
        return ""
    source = sources.read(str(path))
    if source.error:
        raise source.error
    try:
        return source.text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"`{source.name}` is not UTF-8", help="save it as UTF-8") from error

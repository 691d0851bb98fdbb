"""`fedpolicy waive`: accept a finding for a time."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import click

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

__all__ = ["command"]

_DAY = click.DateTime(["%Y-%m-%d"])


def _named(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch("[a-z][a-z0-9_-]*", value):
        message = f"{value!r} is no name: use small letters, digits, _ and -, and start with a letter"
        raise click.BadParameter(message)
    return value


@click.command("waive")
@click.argument("fingerprint")
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--until", type=_DAY, required=True, metavar="DATE", help="The last day on which it holds.")
@click.option("--reason", required=True, help="Why it is accepted.")
@click.option("--owner", required=True, help="Who answers for it.")
@click.option("--approved-by", required=True, help="Who has agreed; somebody other than the owner.")
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
    fingerprint: str,
    paths: tuple[str, ...],
    until: datetime,
    reason: str,
    owner: str,
    approved_by: str,
    **options: Any,  # noqa: ANN401  click's
) -> int:
    """
    Accept a finding for a time.

    Adds an entry to the file of waivers and keeps everything else in it.
    FINGERPRINT, or its beginning, is in the JSON report. PATHS are checked to find it; by default the current folder.
    """
    from fedpolicy.cli.excusing import write_waiver

    given = {"reason": reason, "owner": owner, "approved_by": approved_by}
    return write_waiver(fingerprint, paths, given, until, options)

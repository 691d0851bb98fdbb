"""`fedpolicy site`: what one participant must know, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fedpolicy.cli.options import (
    catalog_option,
    debug_option,
    deployment_option,
    epsilon_option,
    output_option,
    pack_option,
)
from fedpolicy.cli.question import input_bytes, named, timed
from fedpolicy.cli.terminal import emit

if TYPE_CHECKING:
    from datetime import datetime

    from fedpolicy.page import Page
    from fedpolicy.settings import Settings
    from fedpolicy.sources import Source

__all__ = ["command"]


@click.command("site")
@click.argument("file")
@click.argument("party")
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "html"]),
    default="markdown",
    show_default=True,
    help="How to write the page.",
)
@click.option("--fixes", is_flag=True, help="Try a change for each cause and prove it on a copy; takes longer.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Print this day instead of today.")
@deployment_option
@pack_option
@catalog_option
@epsilon_option
@output_option
@debug_option
@timed
def command(  # noqa: PLR0913  one option, one parameter
    *,
    file: str,
    party: str,
    form: str,
    fixes: bool,
    today: datetime | None,
    deployment: str,
    packs: Sequence[str],
    catalogs: Sequence[Path],
    max_epsilon: float | None,
    output: str | None,
) -> None:
    """
    Print one page for one participant: what leaves, who learns it, on whose word, who controls the controls, who can
    stop it, what to ask for.

    FILE is a deployment, or - for standard input. The page has room for a name: it is meant to be printed and signed.

    \b
    Examples:
      fedpolicy site deployment.yaml charite
      fedpolicy site deployment.yaml charite --format html --output charite.html
    """  # noqa: D301  click reads the \b itself
    from fedpolicy import sources
    from fedpolicy.cli.trust import day_of
    from fedpolicy.report.pages import page_html, page_markdown
    from fedpolicy.settings import Settings

    settings = Settings(catalogs=catalogs, max_epsilon=max_epsilon, today=day_of({"today": today}), overview=party)
    settings = replace(settings, packs=packs or settings.packs)
    source = next(sources.find([named(file)], input_bytes))
    page = _page(source, settings, deployment, party, fixes=fixes)
    emit(page_html(page) if form == "html" else page_markdown(page), output)


def _page(source: Source, settings: Settings, deployment: str, party: str, *, fixes: bool) -> Page:
    """The page of one party. Raises what cannot be used, and SettingsError where there is no such party."""
    from fedpolicy import check
    from fedpolicy.analysis.study import Study
    from fedpolicy.cli.basis import basis_of
    from fedpolicy.report.owner import must_be_party, of_owner, only
    from fedpolicy.report.site import site_page

    judge, errors = check.judge_of(settings)
    if errors:
        raise errors[0]
    document = check.document_of(source, judge.catalog, deployment)
    must_be_party(party, document.deployment)
    whole = replace(check.report_of([check.check_file(source, judge)], judge, settings), basis=basis_of(settings))
    report = of_owner(only(whole, document.deployment.name), party)
    if fixes:
        from fedpolicy.repair.answer import with_fixes
        from fedpolicy.repair.change import costs_of
        from fedpolicy.repair.changes import kinds

        report = with_fixes(report, {source.name: source}, settings, costs_of(kinds()))
    return site_page(document, Study(document.deployment, judge.catalog, judge.analysis), report, party)

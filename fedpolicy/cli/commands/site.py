"""`fedpolicy site`: what one participant must know, on one page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from fedpolicy.cli.options import (
    FILE,
    catalog_option,
    debug_option,
    deployment_option,
    epsilon_option,
    form_option,
    output_option,
    pack_option,
    today_option,
)
from fedpolicy.cli.question import Question, with_question

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fedpolicy.findings import Report
    from fedpolicy.page import Page
    from fedpolicy.settings import Settings


@click.command("site")
@click.argument("file", type=FILE)
@click.argument("party")
@form_option(["markdown", "html"], "How to write the page.")
@click.option("--fixes", is_flag=True, help="Try a change for each cause and prove it on a copy; takes longer.")
@today_option("Print this day instead of today.")
@deployment_option
@pack_option
@catalog_option
@epsilon_option
@output_option
@debug_option
@with_question
def command(question: Question, party: str, form: str, **options: Any) -> None:  # noqa: ANN401  click's
    """
    Print one page for one participant, to be signed.

    It says what leaves, who learns it, on whose word, who controls the controls, who can stop it, and what to ask for.
    FILE is a deployment, or - for standard input. The page has room for a name: it is meant to be printed and signed.

    \b
    Examples:
      fedpolicy site deployment.yaml charite
      fedpolicy site deployment.yaml charite --format html --output charite.html
    """  # noqa: D301  click reads the \b itself
    from fedpolicy.report.pages import page_html, page_markdown

    page = _page(question, _settings(question, party, options), party, fixes=options["fixes"])
    question.answer(page_html(page) if form == "html" else page_markdown(page))


def _settings(question: Question, party: str, options: Mapping[str, Any]) -> Settings:
    from fedpolicy.cli.trust import day_of
    from fedpolicy.settings import Settings

    settings = Settings(
        catalogs=question.catalogs, max_epsilon=question.max_epsilon, today=day_of(options), overview=party
    )
    return replace(settings, packs=options["packs"] or settings.packs)


def _page(question: Question, settings: Settings, party: str, *, fixes: bool) -> Page:
    """The page of one party. Raises what cannot be used, and SettingsError where there is no such party."""
    from fedpolicy import check
    from fedpolicy.analysis import Study
    from fedpolicy.cli.run import with_changes
    from fedpolicy.report.owner import must_be_party
    from fedpolicy.report.site import site_page

    source = question.source()
    judge, errors = check.judge_of(settings)
    if errors:
        raise errors[0]
    document = check.document_of(source, judge.catalog, question.deployment)
    must_be_party(party, document.deployment)
    whole = check.report_of([check.check_file(source, judge)], judge, settings)
    report = _of_party(whole, settings, document.deployment.name, party)
    report = with_changes(report, {source.name: source}, settings) if fixes else report
    return site_page(document, Study(document.deployment, judge.catalog, judge.analysis), report, party)


def _of_party(whole: Report, settings: Settings, deployment: str, party: str) -> Report:
    from fedpolicy.cli.statement import basis_of
    from fedpolicy.report.owner import of_owner, only

    return of_owner(only(replace(whole, basis=basis_of(settings)), deployment), party)

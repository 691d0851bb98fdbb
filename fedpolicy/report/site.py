"""What one participant must know before it signs, as a page: `fedpolicy site`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.findings import Report, Verdict
from fedpolicy.page import Items, Page, PageSection, Paragraph, Tile
from fedpolicy.report import amount, listing
from fedpolicy.report.grouping import CauseGroup, groups_of, question, questions_of
from fedpolicy.report.matrix import grave_tiles
from fedpolicy.report.sections import budgets, contracts, controls, learners, leaving, mapped, stopping
from fedpolicy.report.sketch import Wanted, sketch_of
from fedpolicy.report.summarise import OUT_OF_SCOPE, digests_of, missing_facts
from fedpolicy.report.verdict import holding, verdict_word

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.language.reading import Document
    from fedpolicy.overview import Cell

_FOOT = (
    "This page says what the file declares and what follows from it. It is not legal advice, and no proof of what"
    " really runs."
)
_SHOWN = 12  # characters of a digest


def site_page(document: Document, study: Study, report: Report, owner: str) -> Page:
    """Make the page of one party; `report` tells what concerns it, and has an overview of its data."""
    cells = [cell for one in report.overviews for cell in one.cells]
    day = f", as on {report.today}" if report.today else ""
    return Page(
        title=f"{owner} in {document.deployment.name}",
        verdict=verdict_word(report),
        lead=tuple(_lead(owner, cells, report)),
        tiles=tuple(_tiles(study, owner, cells)),
        sections=tuple(section for section in _sections(document, study, report, owner) if section),
        marks=tuple(f"{what} {digest[:_SHOWN]}" for what, digest in digests_of(report)),
        foot=(f"Made by fedpolicy {report.version} from {document.file}{day}.", _FOOT),
        signed=True,
    )


def _sections(document: Document, study: Study, report: Report, owner: str) -> list[PageSection | None]:
    return [
        mapped(sketch_of(study, Wanted(owner=owner))),
        leaving(study, document, owner),
        learners(study, owner),
        budgets(study, owner),
        controls(study, document, owner),
        stopping(study, owner),
        PageSection(id="ask", title="What to ask for", blocks=tuple(_asks(report))),
        contracts(document, owner),
        PageSection(id="open", title="Open questions", blocks=tuple(_questions(report))),
        holding(report),
        PageSection(id="scope", title="What this page does not cover", blocks=(Items(items=OUT_OF_SCOPE),)),
    ]


def _lead(owner: str, cells: list[Cell], report: Report) -> Iterator[str]:
    beyond = sorted({cell.party for cell in cells if cell.exceeds})
    if not cells:
        yield f"Nobody else learns anything about data of {owner}, as the file has it."
    for level in reversed(LEVELS[1:]):
        parties = sorted({cell.party for cell in cells if cell.high == level})
        if parties:
            what = sorted({cell.dataset for cell in cells if cell.high == level})
            yield f"{listing(parties)} can learn {listing(what)} of {owner} at the level {level}."
    if beyond:
        yield f"{listing(beyond)} can learn more than {owner} allows."
    fails = report.counts.get(Verdict.FAIL, 0)
    asked = amount(report.counts.get(Verdict.UNKNOWN, 0), "open question")
    yield f"{amount(fails, 'finding')} and {asked} concern {owner}."


def _tiles(study: Study, owner: str, cells: list[Cell]) -> Iterator[Tile]:
    yield from grave_tiles(cells)
    holders = {name for one in study.continuity if owner in one.participants for name in one.holders}
    yield Tile(value=f"{len(holders)}", label="can stop it", bad=False)
    spent = _spent(study, owner)
    yield Tile(value=spent, label=f"ε spent, limit {study.max_epsilon:g}", bad=spent == "∞")


def _spent(study: Study, owner: str) -> str:
    if not study.is_noisy:
        return "no noise"
    mine = {item.id for item in study.graph.data if item.owner == owner}
    highs = [one.high for one in study.ledger.budgets if mine.intersection(one.datasets) and one.mechanisms]
    return "∞" if any(high == float("inf") for high in highs) else f"{max(highs):.3g}" if highs else "no noise"


def _asks(report: Report) -> Iterator[Items | Paragraph]:
    groups = [one for one in groups_of(report) if one.worst.verdict is Verdict.FAIL]
    if not groups:
        yield Paragraph(text="Nothing has to change for this party, as far as the rules of this run go.")
        return
    yield Items(items=tuple(_ask(group) for group in groups))


def _ask(group: CauseGroup) -> str:
    worst = group.worst
    advice = f"Change that helps, proved on a copy: {'; '.join(group.fix.steps)}." if group.fix else worst.help.strip()
    return f"{worst.severity.label}: {worst.message}. {advice} (`{group.cause}`, line {group.line})"


def _questions(report: Report) -> Iterator[Items | Paragraph]:
    asked = tuple(
        f"{question(facts)} (line {facts[0].span.line})"
        for facts in questions_of(missing_facts(report.findings, report.places))
    )
    yield Items(items=asked) if asked else Paragraph(text="None.")

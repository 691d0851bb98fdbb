"""What is computed about a deployment, as sections of a page: of all owners, or of what concerns one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from fedpolicy.analysis.budget.meaning import found_at_most
from fedpolicy.analysis.facts import LEVELS, Disclosure, wide
from fedpolicy.graph.computation import is_computation
from fedpolicy.page import Block, PageSection, Paragraph, Picture, Table
from fedpolicy.report import listing
from fedpolicy.report.budget_formats import as_svg, has_curves
from fedpolicy.report.drawing import as_mermaid
from fedpolicy.report.grouping import anchor
from fedpolicy.report.map import Mark, map_of
from fedpolicy.report.record import declared_safeguards, record_of, resting
from fedpolicy.report.sketch import Sketch, Wanted, sketch_of

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.analysis.budget import Budget
    from fedpolicy.analysis.control.matrix import Continuity
    from fedpolicy.findings import Finding
    from fedpolicy.language.model.party import Agreement
    from fedpolicy.language.model.safeguards import Safeguard
    from fedpolicy.language.reading import Document
    from fedpolicy.overview import Overview

_Learned = TypeVar("_Learned", "Disclosure", "Budget")
_MOST_ROWS = 200
_MEANS = {"run": "use the models", "join": "take part", "keep": "keep the result", "inspect": "inspect the weights"}


def told_beside(
    one: Overview, study: Study, document: Document, findings: Sequence[Finding], wanted: frozenset[str], owner: str
) -> Overview:
    """The overview of a deployment with what formats ask for beside it: the sections of a page, or the record."""
    if "record" in wanted:
        one = replace(one, record=record_of(study, document, owner))
    sketch = sketch_of(study, Wanted(owner=owner)) if {"page", "picture"} & wanted else None
    if sketch and "picture" in wanted:
        one = replace(one, picture=as_mermaid(sketch))
    if sketch is None or "page" not in wanted:
        return one
    chart = mapped(sketch, marks_of(study, findings))
    rest = (learners(study, owner), controls(study, document, owner), stopping(study, owner), budgets(study, owner))
    return replace(one, sections=tuple(part for part in (chart, *rest, contracts(document, owner)) if part))


def marks_of(study: Study, findings: Sequence[Finding]) -> tuple[Mark, ...]:
    """Where the causes of findings are on a map: at the last hop of each way, towards whoever learns something."""
    flows = {flow.id: flow for flow in study.graph.flows}
    found: dict[tuple[str, str, str], list[Finding]] = {}
    for one in findings:
        for path in one.paths if one.is_judged else ():
            last = flows.get(path[-1].flow) if path else None
            target = study.graph.vertices.get(last.target) if last else None
            if last and target:
                party = study.lookup.party(target.party) or target.name
                found.setdefault((one.cause, last.origin, party), []).append(one)
    return tuple(_mark(study.deployment.name, *place, some) for place, some in sorted(found.items()))


def _mark(deployment: str, cause: str, origin: str, party: str, findings: Sequence[Finding]) -> Mark:
    worst_first = sorted(findings, key=lambda one: (-one.severity, one.rule))
    return Mark(
        cause=anchor(deployment, cause),
        origin=origin,
        party=party,
        severity=worst_first[0].severity.label,
        rules=tuple(dict.fromkeys(one.rule for one in worst_first)),
    )


def mapped(sketch: Sketch, marks: Sequence[Mark] = ()) -> PageSection:
    """The map of a deployment."""
    return PageSection(id="map", title="Who sends what to whom", blocks=(map_of(sketch, marks),))


def learners(study: Study, owner: str = "") -> PageSection:
    """Who can learn what: declared, guaranteed, allowed, and on whose word the difference rests."""
    rows = [_learner(one, owner, study.lookup.owner_of) for one in _concerning(study, study.disclosures, owner)]
    heads = ("who", "as", "of what", "declared", "guaranteed", "allowed", "rests on")
    nothing = "No party learns anything about data of another."
    return _tabled("learns", "Who can learn what", heads, rows, nothing, beside=[Paragraph(text=_LEVELS)])


_LEVELS = (
    "none: nothing. bounded: noise limits what anyone can learn about one person. inferable: whether a person took"
    " part, some attributes. reconstructable: records can be rebuilt by known attacks. verbatim: the records"
    " themselves. Declared believes the file; guaranteed counts only safeguards that the owner can rely on."
)


def _learner(one: Disclosure, owner: str, owners: Mapping[str, str]) -> tuple[str, ...]:
    parties = [party for party in one.parties if party != owner]
    datasets = [name for name in one.datasets if not owner or owners.get(name) == owner]
    allowed = "not stated" if one.allowed is None else LEVELS[one.allowed]
    beyond = " !" if one.allowed is not None and one.low > one.allowed else ""
    words = sorted({party for entry in one.not_counted if entry.level == "guaranteed" for party in entry.rests_on})
    return (
        listing(parties),
        one.role,
        listing(datasets, most=4),
        wide(one.low, one.high) + beyond,
        LEVELS[one.guaranteed],
        allowed,
        listing(words) or "-",
    )


def leaving(study: Study, document: Document, owner: str) -> PageSection:
    """What leaves the places that one party runs, to whom, and which line of the file says so."""
    graph = study.graph
    found: dict[tuple[str, ...], None] = {}
    for flow in graph.flows:
        source, target = graph.vertices[flow.source], graph.vertices[flow.target]
        together = is_computation(source) and owner in source.operators  # they send what comes of it
        own = together or (source.kind == "place" and study.lookup.party(source.party) == owner)
        # What is computed on comes to those who compute, and nowhere else.
        if own and study.lookup.party(target.party) != owner and not is_computation(target):
            to, start = target.party or target.name, ".".join(map(str, source.path)) if together else source.name
            line = str(document.spans.key(flow.path).line)
            found[flow.payload.replace("_", " "), start, to, flow.implied_by or flow.origin, line] = None
    heads = ("what", "from", "to", "because of", "line")
    return _tabled("leaves", f"What leaves {owner}", heads, sorted(found), "Nothing leaves the places of this party.")


def budgets(study: Study, owner: str = "") -> PageSection | None:
    """What ε allows, in the terms of a test; nothing where there is no noise."""
    if not study.is_noisy:
        return None
    budgets = [one for one in study.ledger.budgets if one.mechanisms or not one.sees_more]
    rows = [_budget_row(one) for one in _concerning(study, budgets, owner)]
    heads = ("who", "data", "per", "ε over the run", "δ", "found by a test with 1 % false alarms")
    note = Paragraph(text="The last column: of those who took part, the share that the best test finds.")
    beside = [*([note] if rows else []), *_plot(study)]
    title = "What noise allows"
    return _tabled("budget", f"{title} (ε)", heads, rows, "No noise counts here.", caption=title, beside=beside)


def _budget_row(one: Budget) -> tuple[str, ...]:
    return (
        listing(one.parties),
        one.family if one.whole else listing(one.datasets, most=4),
        one.unit,
        "no bound: also sees data without noise" if one.sees_more else one.words,
        "-" if one.spent.delta is None else f"{one.spent.delta:g}",
        "-" if one.sees_more else f"up to {found_at_most(one.seen, one.spent):.0%}",
    )


def _plot(study: Study) -> Iterator[Block]:
    """How ε grows over the run, against the limit."""
    if has_curves(study.ledger):
        drawn = as_svg(study.deployment.name, study.ledger, study.max_epsilon)
        yield Picture(
            svg=drawn, title="How ε grows over the steps of each mechanism; the dashed line is the limit.", kind="plot"
        )


def controls(study: Study, document: Document, owner: str = "") -> PageSection:
    """Each safeguard: who performs it, who may change it, who has to agree; with an owner, whether that is itself."""
    rests = resting(study)
    rows = [
        (*_control_row(path, spec, sorted(rests.get(path, ())), owner), str(document.spans.key(path).line))
        for path, spec in declared_safeguards(document)
    ]
    mine = (f"in the hands of {owner}",) if owner else ()
    heads = ("control", "where", "performed by", "may be changed by", "needs consent of", *mine, "line")
    return _tabled("controls", "Who controls each control", heads, rows, "The file declares no safeguard.")


def _control_row(path: Sequence[str | int], spec: Safeguard, who: Sequence[str], owner: str) -> Iterator[str]:
    yield spec.kind.replace("_", " ")
    yield ".".join(map(str, path))
    yield listing(who) or "not said"
    yield listing(spec.controlled_by or ()) or "not said"
    yield f"{spec.approved_by.at_least} of {listing(spec.approved_by.of)}" if spec.approved_by else "nobody"
    if owner:
        yield _share(owner, who, spec.controlled_by or ())


def _share(owner: str, performers: Sequence[str], changers: Sequence[str]) -> str:
    """Whether a control is an owner's own, shared, or somebody else's."""
    if owner not in performers and owner not in changers:
        return "no"
    return "alone" if {*performers, *changers} == {owner} else "with others"


def stopping(study: Study, owner: str = "") -> PageSection:
    """Who can take which use away from whom."""
    rows = [
        (entry.use, _MEANS[entry.capability], listing(entry.participants), _enders(entry))
        for entry in study.continuity
        if not owner or owner in entry.participants
    ]
    heads = ("use", "to", "who", "can be ended by")
    nothing = "No task runs here, and no model is called."
    return _tabled("stops", "Who can stop it", heads, rows, nothing, caption="Who can stop what")


def _enders(entry: Continuity) -> str:
    if not entry.attainable:
        return "not possible today"
    return listing(entry.holders) or ("not known" if entry.doubts else "nobody else")


def contracts(document: Document, owner: str = "") -> PageSection:
    """Which agreements the file names."""
    found = sorted(document.deployment.agreements.items())
    own = [(name, one) for name, one in found if not owner or owner in one.between or "participants" in one.between]
    rows = [_contract_row(name, one) for name, one in own]
    heads = ("agreement", "kind", "between", "document", "last day")
    return _tabled("agreements", "Agreements", heads, rows, "The file names no agreement here.")


def _contract_row(name: str, one: Agreement) -> tuple[str, ...]:
    last = str(one.expires or "no last day")
    return (name, one.kind.replace("_", " "), listing(one.between), one.reference or "no reference", last)


def _tabled(
    name: str,
    title: str,
    heads: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    nothing: str,
    *,
    caption: str = "",
    beside: Sequence[Block] = (),
) -> PageSection:
    """A section of one table, or a sentence where there is nothing to show, and what stands below it."""
    told: Block = _table(caption or title, heads, rows) if rows else Paragraph(text=nothing)
    return PageSection(id=name, title=title, blocks=(told, *beside))


def _table(caption: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    more = len(rows) - _MOST_ROWS
    last = [(f"and {more:,} more", *("" for _ in heads[1:]))] if more > 0 else []
    return Table(caption=caption, heads=heads, rows=(*rows[:_MOST_ROWS], *last))


def _concerning(study: Study, found: Iterable[_Learned], owner: str) -> list[_Learned]:
    """What is learned of data of one party; of everybody's, where nobody is named."""
    of = study.lookup.owner_of
    return [one for one in found if not owner or any(of.get(name) == owner for name in one.datasets)]

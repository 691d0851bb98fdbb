"""Whose code computes what leaves, and who does not rely on its author: judged from the texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.reference.analysed import at_hand, carried, seen_beyond
from tests.reference.uses import Facts, Truth, both, facts_of, no, verdict

RULES = ("code-from-untrusted",)
NOBODY = {None, "unknown"}
Row = tuple[str, str]


def judge(_: Any, study: Any) -> dict[Row, str]:
    """By author and doubting owner; whose code it is where nobody says, is one question of the deployment."""
    facts, found = facts_of(study), dict[Row, str]()
    said: dict[tuple[str, str], dict[str, str]] = {}  # by element and author, each owner
    for flow in filter(lambda one: _is_computed(facts, one), study.graph.flows):
        for element, truth in _rows(facts, flow):
            # Of code that may be anybody's, nobody can say what is guaranteed, nor whether that is released.
            told = verdict(truth if element == "deployment" else both(truth, no(_allowed(study, flow.origin))))
            rows = said.setdefault((flow.origin, element.split(" ")[0]), {})
            if told and rows.get(element) != "fail":
                rows[element] = told
    for rows in said.values():  # whose data are secrets for certain, decides
        kept = {element: "fail" for element, told in rows.items() if told == "fail"} or rows
        found |= {(RULES[0], one): told for one, told in kept.items() if found.get((RULES[0], one)) != "fail"}
    return found


def _is_computed(facts: Facts, flow: Any) -> bool:
    """Whether somebody computes what is sent, and it says less than the records, or is made to say less."""
    made = _says_less(facts, flow) or _takes_out(flow)
    return made and not (flow.echo or flow.passed_on) and facts.study.graph.vertices[flow.source].kind == "place"


def _says_less(facts: Facts, flow: Any) -> bool:
    row = facts.catalog.payloads[flow.payload]
    return bool(facts.catalog.levels[row.level].rank < facts.catalog.levels["verbatim"].rank)


def _takes_out(flow: Any) -> bool:
    """Whether names are taken out where it starts, by the code there."""
    return any(one.spec.kind == "deidentification" and not one.ignored for one in flow.guards)


def _authors(facts: Facts, flow: Any) -> set[str] | None:
    """Whose code it is; None where neither the node nor a task says it."""
    place = facts.study.graph.vertices[flow.source]
    node = facts.file.nodes.get(place.family)
    section, _, name = flow.origin.partition(".")
    said = {node.code_from} if node is not None else {"public"}  # of whose machines the file says nothing
    if section == "tasks":
        said.add(facts.file.tasks[name].code_from)
    elif said <= NOBODY:
        # Who wrote a task's code may have written this; where everybody can check that, this may be another's still.
        said |= {facts.file.tasks[one].code_from for one in _working(facts, flow)} - {"public"}
    known = said - NOBODY
    # Each party's own is that of whoever runs the place; everybody can check what is public.
    return {place.party if one == "own" else one for one in known if one != "public"} if known else None


def _working(facts: Facts, flow: Any) -> Iterator[str]:
    """The tasks that run where a declared flow starts, and work on any of what it carries."""
    names, place = {item.id for item in at_hand(facts.study, flow)}, flow.source.removeprefix("nodes.")
    yield from (name for name, job in facts.jobs.items() if place in job.members and {*job.mask} & names)


def _rows(facts: Facts, flow: Any) -> Iterator[tuple[str, Truth]]:
    graph, trust = facts.study.graph, facts.study.exposure.trust
    source, target = graph.vertices[flow.source], graph.vertices[flow.target]
    authors, receiving = _authors(facts, flow), frozenset({*target.operators, target.host} - {""})
    more = _more(facts.study, flow)
    for item in at_hand(facts.study, flow):
        private = facts.private(item.family)
        if private is False or trust.vouched(item.owner, source):
            continue
        if authors is None:
            outside = target.kind != "place" or not receiving <= {*source.operators, source.host}
            relies = trust.accepts(item.owner, frozenset(source.operators))
            if outside and relies and (item.place == flow.source or _is_brought(facts.study, item, flow.source)):
                yield "deployment", None
        # Of records that known code makes harmless, the safeguard itself tells.
        for author in authors or () if _says_less(facts, flow) else ():
            doubts = not trust.accepts(item.owner, frozenset({author})) and receiving != {item.owner}
            if doubts and more >> item.index & 1:
                yield f"{author} {facts.study.lookup.party(item.owner)}", private


def _is_brought(study: Any, item: Any, place: str) -> bool:
    """Whether the records themselves come to a place."""
    flows = (one for one in study.graph.flows if one.payload == "records" and one.target == place)
    return any(item in carried(study, one) for one in flows)


def _more(study: Any, flow: Any) -> int:
    """The instances of which a place has more than a payload says."""
    said = study.catalog.levels[study.catalog.payloads[flow.payload].level].rank
    return seen_beyond(study, study.graph.vertices[flow.source], said)


def _allowed(study: Any, origin: str) -> Truth:
    """Whether owners release what is guaranteed, to all who get it by an element."""
    ways = ((one, {step.origin for path in one.paths for step in path}) for one in study.disclosures)
    found = [one for one, origins in ways if origin in origins]
    said = [
        None
        if any(study.deployment.datasets[name.partition("@")[0]].says_unknown("releases") for name in one.datasets)
        else one.allowed is not None and one.guaranteed <= one.allowed
        for one in found
    ]
    return False if False in said else None if None in said else bool(found)

"""What the rules on safeguards and enclaves say, judged from their texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.reference.guarding import Guarding, guards
from tests.reference.uses import Facts, Truth, both, either, facts_of, verdict

LOWERING = (
    *("secure_aggregation", "secure_computation", "differential_privacy", "deidentification"),
    *("homomorphic_encryption", "end_to_end_encryption", "secret_sharing"),
)
FEW = 3


def judge(_: Any, study: Any) -> dict[tuple[str, str], str]:
    """The rules on safeguards, each asked about all of them, and the one on enclaves."""
    facts = facts_of(study)
    found = [(rule, one.element, ask(one)) for one in guards(facts) for rule, ask in ASKED.items()]
    for name, node in facts.file.nodes.items():
        if node.tee is not None:
            found.append(("unattested-tee", f"nodes.{name}.tee", _unattested(facts, name)))
    return {(rule, element): said for rule, element, truth in found if (said := verdict(truth))}


def _low_threshold(one: Guarding) -> Truth:
    if one.spec.kind != "secure_aggregation" or not one.applies:
        return False
    return both(one.private, one.spec.min_clients < FEW)


def _filter(one: Guarding) -> Truth:
    return both(one.private, one.spec.kind == "filter")


def _unattested(facts: Facts, name: str) -> Truth:
    if facts.file.nodes[name].tee.attested:
        return False
    graph = facts.study.graph
    at = [place.id for place in graph.vertices.values() if place.kind == "place" and place.family == name]
    masks = [facts.study.lookup.reach.get(place, 0) for place in at]
    found = {item.family for item in graph.data if any(mask & item.bit for mask in masks)}
    return either(*(facts.private(dataset) for dataset in found))


def _without_effect(one: Guarding) -> Truth:
    if one.spec.kind not in LOWERING or one.applies or not one.moves:
        return False
    return one.private


def _opened_together(one: Guarding) -> Truth:
    shares = one.spec.kind == "secret_sharing" and one.path[0] == "tasks" and one.spec.threshold > 1
    return both(one.private, shares)


def _changeable(one: Guarding) -> Truth:
    if one.spec.kind not in LOWERING or not one.applies:
        return False
    participants = one.facts.world.participants()
    named = {*(one.spec.controlled_by or ()), *(one.spec.code_signed_by or ())} - {"participants"}  # each its own
    approval = one.spec.approved_by
    if approval is not None:
        asked = set().union(*(participants if name == "participants" else {name} for name in approval.of))
        named = {party for party in named if approval.at_least == 1 and party in asked}
    return both(one.private, any(_against(one, party) for party in named))


def _against(one: Guarding, party: str) -> bool:
    """Whether a safeguard protects any owner from a party that the owner does not trust."""
    graph = one.facts.study.graph
    flows = [flow for flow in one.flows if not flow.echo]
    first = [flow for flow in flows if any(g.path == one.path and not g.ignored for g in flow.guards)]
    sent = {(flow.role, flow.source) for flow in first}
    further = [flow for flow in flows if flow.passed_on and (flow.role, flow.sender) in sent]
    for flow in (*first, *further):
        end = graph.vertices[flow.target]
        if party not in {
            one.facts.study.lookup.party(who)
            for who in (*end.operators, *(() if end.keeps_out(end.host) else (end.host,)))
        }:
            continue
        owners = {item.owner for item in graph.data if item.index in one.items}
        if any(party not in one.facts.world.trusted(owner) for owner in owners):
            return True
    return False


def _single_point(one: Guarding) -> Truth:
    if one.spec.kind not in LOWERING or not one.applies:
        return False
    graph = one.facts.study.graph
    words = graph.behind(frozenset(word for guard in one.applied if not guard.ignored for word in guard.rests_on))
    if len(words) != 1:
        return False
    (party,) = words
    owners = {item.owner for item in one.facts.study.graph.data if item.index in one.items}
    if len(owners) < 2 or not all(party in one.facts.world.trusted(owner) for owner in owners):
        return False
    return one.private


ASKED: dict[str, Callable[[Guarding], Truth]] = {
    "filter-is-not-a-safeguard": _filter,
    "result-opened-together": _opened_together,
    "safeguard-changeable-by-recipient": _changeable,
    "safeguard-without-effect": _without_effect,
    "secure-aggregation-threshold-low": _low_threshold,
    "single-point-of-trust": _single_point,
}
RULES = (*ASKED, "unattested-tee")

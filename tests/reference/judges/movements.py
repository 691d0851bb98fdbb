"""What travels in the clear, and what is kept for longer than it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.reference.analysed import carried
from tests.reference.learned import FORMS, Owner, learned

RULES = ("unencrypted-transport", "updates-retained")
SAFE = {"tls", "mtls"}
CALLS = {"call", "fallback", "evaluated", "hosted-training", "completion", "retrieval"}
Verdicts = dict[tuple[str, str], str]


def judge(tree: Any, study: Any) -> Verdicts:
    """Both."""
    return _worst(_lines(tree, study)) | _kept(tree, study)


def _worst(said: Iterator[tuple[str, str]]) -> Verdicts:
    rows = sorted(said, key=lambda one: one[1] == "fail")
    return {("unencrypted-transport", element): verdict for element, verdict in rows}


def _lines(tree: Any, study: Any) -> Iterator[tuple[str, str]]:
    """By the element that says how it travels: whether something private crosses from one party to another there."""
    graph = study.graph
    for flow in graph.flows:
        if (
            not flow.seals
            and flow.payload != "ciphertext"
            and _crosses(graph, flow)
            and (secret := _secret(tree, study, flow)) is not False
        ):
            element, word = _protected(tree, study, flow)
            if word == "none":
                yield element, "fail" if secret and flow.certain else "unknown"
            elif word not in SAFE:
                yield element, "unknown"


def _crosses(graph: Any, flow: Any) -> bool:
    """Whether it goes over a line that somebody else than either end may be on."""
    source, target = graph.vertices[flow.source], graph.vertices[flow.target]
    if "model" in (source.kind, target.kind) or (target.kind == "exchange" and target.operators):
        return False  # what is computed on without being read goes there as shares or sealed
    for end in (source, target):
        if end.kind == "exchange" and not end.operators:
            ends = [(one.source, one.target) for one in graph.flows if end.id in (one.source, one.target)]
            met = [graph.vertices[one] for pair in ends for one in pair]
            return len({one.party for one in met if one.kind == "place"}) > 1
    return not set(target.operators) <= set(source.operators)


def _secret(tree: Any, study: Any, flow: Any) -> bool | None:
    """Whether private data may be in it; None: nobody says whose secrets they are."""
    found = {Owner(tree, item).private for item in carried(study, flow)}
    return True if True in found else None if None in found else False


def _protected(tree: Any, study: Any, flow: Any) -> tuple[str, str | None]:
    """Who says how it is protected, and what: the weaker of two words counts, else the deployment's."""
    section, _, name = flow.origin.partition(".")
    said = {flow.origin: tree[section][name].get("transport")}
    if flow.role == "records" and section != "tasks":  # what is brought to where it is used from; nothing is said
        return "deployment", tree.get("transport")
    if flow.role in CALLS:
        ends = {flow.source, flow.target}
        models = {one.model for one in study.graph.access if one.use == flow.origin and not ends.isdisjoint(one.hops)}
        said |= {f"models.{one}": tree["models"][one].get("transport") for one in models}
    for word in ("none", "unknown", "tls", "mtls"):
        for element, one in said.items():
            if one == word:  # where the deployment says nothing either, that is one question
                asks = word == "unknown" and tree.get("transport") in {None, "unknown"}
                return "deployment" if asks else element, word
    return "deployment", tree.get("transport")


def _kept(tree: Any, study: Any) -> Verdicts:
    """By flow: whether single updates of others are kept."""
    found: Verdicts = {}
    for name, one in tree.get("flows", {}).items():
        days = one.get("retention_days", "unknown")
        secret = FORMS.get(one["payload"]) == "updates" and days not in (0, 1) and _others(tree, study, f"flows.{name}")
        if secret is not False:
            said = one.get("safeguards", [])
            guarded = said == "unknown" or {"kind": "unknown"} in said
            found["updates-retained", f"flows.{name}"] = (
                "fail" if secret and days != "unknown" and not guarded else "unknown"
            )
    return found


def _others(tree: Any, study: Any, origin: str) -> bool | None:
    """Whether somebody gets what it can open of private data of others, and learns more of them than they release."""
    graph, said = study.graph, list[bool | None]()
    for flow in (one for one in graph.flows if one.origin == origin and one.role != "records"):
        source, target = graph.vertices[flow.source], graph.vertices[flow.target]
        seals = [graph.seals[seal] for seal in flow.seals]
        if (
            source.kind != "model"
            and target.kind == "place"
            and all(target.opens(one.readers, one.threshold) for one in seals)
        ):
            names = {item.id for item in carried(study, flow)}
            said += [_beyond(one) for one in learned(tree, study) if _receives(one, target, names)]
    return True if True in said else None if None in said else False


def _receives(one: Any, target: Any, names: set[str]) -> bool:
    return one.capacity != "host" and one.party in target.operators and one.instance in names


def _beyond(one: Any) -> bool | None:
    """Whether what somebody learns is private, and more than is released to it; None: perhaps."""
    if one.private is False or not one.one.high or not (one.unsaid or one.over(one.one.high)):
        return False
    return True if one.private and one.one.low and one.over(one.one.low) and not one.unsaid else None

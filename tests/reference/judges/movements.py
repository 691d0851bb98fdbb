"""What travels in the clear, and what is kept for longer than it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.reference.analysed import carried
from tests.reference.learned import FORMS, VERBATIM, Owner

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
    if "model" in (source.kind, target.kind):
        return False
    return bool(source.party != target.party or "exchange" in (source.kind, target.kind))


def _secret(tree: Any, study: Any, flow: Any) -> bool | None:
    """Whether private data may be in it; None: nobody says whose secrets they are."""
    found = {Owner(tree, item).private for item in carried(study, flow)}
    return True if True in found else None if None in found else False


def _protected(tree: Any, study: Any, flow: Any) -> tuple[str, str | None]:
    """Who says how it is protected, and what: the weaker of two words counts, else the deployment's."""
    section, _, name = flow.origin.partition(".")
    said = {flow.origin: tree[section][name].get("transport")}
    if flow.role == "records":  # what is brought to where it is used from; of that nothing is said
        return "deployment", tree.get("transport")
    if flow.role in CALLS:
        ends = {flow.source, flow.target}
        models = {one.model for one in study.graph.access if one.use == flow.origin and not ends.isdisjoint(one.hops)}
        said |= {f"models.{one}": tree["models"][one].get("transport") for one in models}
    for word in ("none", "unknown", "tls", "mtls"):
        for element, one in said.items():
            if one == word:
                return element, word
    return "deployment", tree.get("transport")


def _kept(tree: Any, study: Any) -> Verdicts:
    """By flow: whether single updates of others are kept."""
    found: Verdicts = {}
    for name, one in tree.get("flows", {}).items():
        days = one.get("retention_days", "unknown")
        if FORMS.get(one["payload"]) == "updates" and days not in (0, 1) and _others(tree, study, f"flows.{name}"):
            guarded = {"kind": "unknown"} in one.get("safeguards", []) or one.get("safeguards") == "unknown"
            found["updates-retained", f"flows.{name}"] = "unknown" if days == "unknown" or guarded else "fail"
    return found


def _others(tree: Any, study: Any, origin: str) -> bool:
    """Whether somebody gets what it can open of private data that are not its own, and that it may not have."""
    for flow in (one for one in study.graph.flows if one.origin == origin):
        target = study.graph.vertices[flow.target]
        opened = all(
            target.opens(study.graph.seals[seal].readers, study.graph.seals[seal].threshold) for seal in flow.seals
        )
        places = {target.kind, study.graph.vertices[flow.source].kind} == {"place"}
        for item in carried(study, flow) if opened and places else ():
            owner = Owner(tree, item)
            whole = owner.allowed(target.party, study.graph.principals[target.party], "operator") == VERBATIM
            if target.party != item.owner and owner.private is not False and not whole:
                return True
    return False

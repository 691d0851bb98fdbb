"""On whose word it rests what others can learn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.reference.analysed import STRANGER, believed, coded, guaranteed, suppliers
from tests.reference.learned import NONE, Learned, Owner, learned, worst

RULES = ("code-from-untrusted", "guarantee-rests-on-recipient", "guarantee-rests-on-untrusted")
Levels = dict[tuple[str, str, str], tuple[int, int]]


def judge(tree: Any, study: Any) -> dict[tuple[str, str], str]:
    """All three."""
    return worst(_words(tree, study)) | _code(tree, study)


def _words(tree: Any, study: Any) -> Iterator[tuple[str, str, str]]:
    """
    Whether more can be learned if those lie on whom the owner does not rely, by more than code or a plain sum.

    It rests on the recipient if it would also be learned if everybody else could be relied on.
    """
    doubtful = [one for one in learned(tree, study) if one.private is not False and one.one.guaranteed > one.one.high]
    doubted = guaranteed(believed(study, None)) if doubtful else {}
    relied: dict[str | None, Levels] = {"": guaranteed(believed(study, "")) if doubtful else {}}
    for one in doubtful:
        relied.setdefault(one.home, guaranteed(believed(study, one.home)))
        best, worst_of = _of(doubted, one)
        if worst_of > one.one.high and one.over(one.one.guaranteed) and not _told(one):
            alone = _of(relied[one.home], one)[1] > max(one.one.high, _of(relied[""], one)[1])
            sure = one.private and best > one.one.high and one.over(one.one.vouched)
            yield f"guarantee-rests-on-{'recipient' if alone else 'untrusted'}", one.row, "fail" if sure else "unknown"


def _of(levels: Levels, one: Learned) -> tuple[int, int]:
    return levels.get((one.party, one.capacity, one.instance), (NONE, NONE))


def _told(one: Learned) -> bool:
    """Whether everybody could learn as much then, or it learns as much in another capacity: that is told there."""
    known = one.capacity != "public" and one.public is not None and one.public.guaranteed >= one.one.guaranteed
    return known or one.otherwise(one.one.guaranteed)


def _code(tree: Any, study: Any) -> dict[tuple[str, str], str]:
    """
    Whose code raises what is guaranteed to an owner, if nobody doubted all other code.

    Where nobody says whose it is: whether that of a stranger would.
    """
    known = {flow.index: set(suppliers(study, flow)) for flow in study.graph.flows}
    least, found = guaranteed(coded(study, lambda _: set())), {}
    for who in sorted(set().union(*known.values())):
        levels = guaranteed(coded(study, lambda flow, who=who: known[flow.index] & {who}))
        for owner in _raised(tree, study, least, levels):
            found["code-from-untrusted", f"{study.lookup.party(who)} {owner}"] = "fail"
    levels = guaranteed(coded(study, lambda flow: {STRANGER} if _unsaid(tree, study, flow, known) else set()))
    if any(_raised(tree, study, least, levels)):
        found["code-from-untrusted", "deployment"] = "unknown"
    return found


def _unsaid(tree: Any, study: Any, flow: Any, known: dict[int, set[str]]) -> bool:
    """Whether nobody says whose code makes what a movement carries, where whoever runs it could be relied on."""
    section, _, name = flow.origin.partition(".")
    place = study.graph.vertices[flow.source]
    node = tree["nodes"].get(place.family)
    if node is None or known[flow.index] or flow.passed_on:
        return False
    said = {node.get("code_from")} | ({tree["tasks"][name].get("code_from")} if section == "tasks" else set())
    return said <= {None, "unknown"}


def _raised(tree: Any, study: Any, least: Levels, levels: Levels) -> Iterator[str]:
    """Whose data somebody learns more of than anybody allows, if the code says more than it should."""
    for (party, role, name), (_, level) in levels.items():
        item = study.exposure.items[name]
        owner, principal = Owner(tree, item), study.graph.principals.get(party)
        allowed = owner.allowed(party, principal, role)
        more = level > least.get((party, role, name), (NONE, NONE))[1] and owner.private is not False
        if more and (allowed is None or level > allowed):
            yield study.lookup.party(item.owner)

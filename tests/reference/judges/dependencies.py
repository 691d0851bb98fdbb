"""
What the rules on dependencies say, judged from their texts and the matrix of control, by the element to be changed.

Who depends on whom is in the matrix; what of it a rule is about, and whether it is private, is worked out here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.reference.uses import Facts, Truth, both, either, facts_of, verdict

RANK = {"fail": 0, "unknown": 1}


@dataclass(frozen=True)
class Loss:
    """What some participants have of a use only as long as others let them, or were never given, and why."""

    facts: Facts
    entry: Any
    cause: str
    how: str
    parties: tuple[str, ...]
    sure: bool
    given: bool
    hold: Any = None

    @property
    def model(self) -> str:
        """The model that it is about, if any."""
        section, _, name = self.cause.partition(".")
        return name.split(".")[0] if section == "models" else ""

    @property
    def members(self) -> Truth:
        """Whether all of them are members; None where nobody says who they are."""
        if self.parties and all(map(self.facts.nowhere, self.parties)) and not self.sure:
            return None
        return all(map(self.facts.member, self.parties))

    @property
    def weights(self) -> str | None:
        """Whether the weights of that model can be had."""
        (found,) = [one for one in self.facts.study.models if one.id == self.model]
        return found.aspects.get("weights")

    @property
    def private(self) -> Truth:
        """Whether any of the data are: of those that a model has learned from, if anybody reads these."""
        learned = [one for one in self.facts.study.models if self.how == "copy" and one.id == self.model]
        if learned and learned[0].contains:
            return either(*(self.facts.private(one.partition("@")[0]) for one in learned[0].contains))
        section, _, name = self.entry.use.partition(".")
        named = self.facts.file.tasks[name].data if section == "tasks" else self.facts.file.api_calls[name].sends
        return either(*(self.facts.private(one.partition("@")[0]) for one in named))


def judge(_: Any, study: Any) -> dict[tuple[str, str], str]:
    """Each rule, asked about all of the matrix."""
    facts = facts_of(study)
    found: dict[tuple[str, str], str] = {}
    for one in _losses(facts):
        for rule, about in ASKED.items():
            said = verdict(both(one.private if rule not in WHATEVER else True, about(one), True if one.sure else None))
            known = found.get((rule, one.cause), said)
            if said and known:
                found[rule, one.cause] = min(said, known, key=RANK.__getitem__)
    return found


def _losses(facts: Facts) -> list[Loss]:
    found = []
    for entry in facts.study.continuity:
        holds = (hold for hold in entry.holds if not hold.mutual)
        found += [
            Loss(facts, entry, hold.cause, hold.how, hold.parties, not hold.missing, given=True, hold=hold)
            for hold in holds
        ]
        gaps = (*entry.gaps, *entry.doubts)
        found += [Loss(facts, entry, gap.cause, gap.kind, (), not gap.missing, given=False) for gap in gaps]
    return found


def _revocable(one: Loss) -> Truth:
    return one.given and one.how == "licence"


def _abroad(one: Loss) -> Truth:
    return one.given and one.how == "jurisdiction"


def _runs(one: Loss) -> bool:
    """Whether it is about a model that somebody who is named runs, or lets others call."""
    held = one.given and one.how in ("operates", "account") and bool(one.model)
    return held and not any(map(one.facts.nowhere, one.parties))


def _provider(one: Loss) -> Truth:
    if not _runs(one) or one.weights != "closed":
        return False
    return not one.members or (one.how == "operates" and _locked(one))


def _locked(one: Loss) -> bool:
    """Whether both the use and the result hang on the same party's weights."""
    same = (two for two in _losses(one.facts) if two.cause == one.cause and two.how == one.how and two.sure)
    mine = [two for two in same if {*two.parties} & {*one.parties} and two.entry.use == one.entry.use]
    return {"run", "keep"} <= {two.entry.capability for two in mine}


def _not_held(one: Loss) -> Truth:
    return _runs(one) and one.weights in ("open", "gated") and not one.members


def _member(one: Loss) -> Truth:
    if not one.given or one.how not in ("operates", "hosts", "account", "unstated"):
        return False
    if one.model and one.how != "account" and any(map(one.facts.nowhere, one.parties)):
        return False  # of whom nobody says who runs it, another rule asks
    if one.entry.capability == "run" and not one.model and _at_their_data(one):
        return False
    return both(one.entry.capability in ("run", "keep"), one.members)


def _at_their_data(one: Loss) -> bool:
    """Whether others work on data of theirs at places of theirs, which they may withdraw."""
    rows = [(item.place, one.facts.study.lookup.party(item.owner)) for item in one.facts.study.graph.data]
    return all((path, party) in rows for path in one.hold.through for party in one.parties)


def _outsider(one: Loss) -> Truth:
    if not one.given or one.how not in ("operates", "hosts", "unstated") or _principal(one):
        return False
    rounds = one.entry.capability == "join"
    if not rounds and (one.how != "operates" or one.model):
        return False
    if one.how == "unstated" and one.model:
        return False
    # Whoever can end the use as well is told of by other rules.
    return both(not _runs_too(one), None if one.members is None else not one.members)


def _runs_too(one: Loss) -> bool:
    """Whether all of them lose the use as well."""
    same = (two for two in _losses(one.facts) if (two.cause, two.how, two.sure) == (one.cause, one.how, one.sure))
    mine = (two for two in same if {*two.parties} & {*one.parties} and two.entry.use == one.entry.use)
    lost = {party for two in mine if two.entry.capability == "run" for party in two.entry.participants}
    return {*one.entry.participants} <= lost


def _principal(one: Loss) -> bool:
    """Whether they hold the labels, or ask the question: without them there is nothing to do."""
    section, _, name = one.entry.use.partition(".")
    if section != "tasks" or one.how == "hosts":
        return False
    job = one.facts.jobs[name]
    asks = (job.task.aggregator or one.facts.world.aggregators()) if job.method.family == "analytics" else ()
    through = {path.removeprefix("nodes.").partition("@")[0] for path in one.hold.through}
    return bool(through & {end.partition("@")[0] for end in (*(job.task.labels_at or ()), *asks)})


def _host_only(one: Loss) -> Truth:
    if not one.given or one.how != "hosts" or one.members is not False:
        return False
    return one.entry.capability == "keep" and not _stops(one)


def _stops(one: Loss) -> bool:
    """Whether the same host can stop the rounds by other machines, wherever it has the same in hand by these."""
    every = _losses(one.facts)
    theirs = [two for two in every if two.given and {*two.parties} & {*one.parties}]
    lost: dict[str, set[str]] = {}
    for two in theirs:
        if (two.cause, two.how, two.sure) == (one.cause, one.how, one.sure):
            lost.setdefault(two.entry.use, set()).add(two.entry.capability)
    mine = lost[one.entry.use]
    uses = {use for use, some in lost.items() if some == mine or "run" in some & mine}
    others = [two for two in theirs if two.entry.capability == "join" and two.cause != one.cause and not _runs_too(two)]
    return uses <= {two.entry.use for two in others}


def _not_kept(one: Loss) -> Truth:
    return not one.given and one.how == "copy" and one.entry.capability == "keep"


def _memory(one: Loss) -> Truth:
    return not one.given and one.how == "memory" and one.sure  # what is not said is no problem


def _excluded(one: Loss) -> Truth:
    return not one.given and one.how == "licence"


def _box(kind: str) -> Callable[[Loss], Truth]:
    def about(one: Loss) -> Truth:
        if one.given or one.how != "weights" or not one.model:
            return False
        (found,) = [fact for fact in one.facts.study.models if fact.id == one.model]
        if found.kind == "prompt":
            return False
        # What may be one of several is asked of once, by the rule on the worst of them.
        return found.cls == kind if found.cls else None if found.lowest == kind else False

    return about


# Whatever the data are.
WHATEVER = (
    *("rounds-depend-on-outsider", "use-depends-on-member", "licence-revocable", "licence-excludes-participant"),
    *("hardware-excludes-participant", "result-at-host-only"),
)
ASKED: dict[str, Callable[[Loss], Truth]] = {
    "black-box-model": _box("black_box"),
    "gray-box-model": _box("gray_box"),
    "hardware-excludes-participant": _memory,
    "licence-excludes-participant": _excluded,
    "licence-revocable": _revocable,
    "result-at-host-only": _host_only,
    "result-not-kept": _not_kept,
    "rounds-depend-on-outsider": _outsider,
    "single-provider": _provider,
    "use-depends-on-member": _member,
    "use-depends-on-one-jurisdiction": _abroad,
    "weights-not-held": _not_held,
}
RULES = tuple(ASKED)

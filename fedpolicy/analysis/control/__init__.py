"""
Control: who can take what away from whom, as monotone conditions: what it takes to do something, and to open a copy
that is sealed or in an enclave.

`capabilities` builds the conditions, `matrix` asks what is left when a party withdraws everything that it operates,
hosts or may revoke.

Conditions are compared and looked up by the thousand, which takes less of named tuples than of records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

from fedpolicy.graph.lookup import listed_by
from fedpolicy.records import dataclass
from fedpolicy.startup import NamedTuple
from fedpolicy.topologies import TOPOLOGIES

if TYPE_CHECKING:
    from fedpolicy.analysis.control.access import Means
    from fedpolicy.graph import Envelope, Vertex

# Of more sets of readers than this, only all of them together are asked for.
_MOST_SETS = 60


class Atom(NamedTuple):
    """
    One thing that can be withdrawn, and the parties any one of whom can withdraw it.

    `element` is the thing, `how` in what way they have it in hand, `cause` the element that a change would be made at.
    `missing` are the facts that would say who they are.
    """

    element: str
    how: str  # operates | hosts | account | licence | part | unstated
    controllers: frozenset[str]
    cause: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AtLeast:
    """
    Of the clients that each party takes away with it, no more than some to `spare` can go.

    `each` are the parties without any one of whom there are too few; fewer than none to spare: there never are enough.
    """

    element: str
    clients: Mapping[str, int]
    spare: int
    each: tuple[str, ...]
    cause: str
    how: str = "number"

    def __hash__(self) -> int:
        """There is one for each use, and its clients may be thousands."""
        return hash((self.element, self.spare))


class Gap(NamedTuple):
    """
    Something that is not there and would have to be; `missing` are facts that may say that it is there after all.

    `kind` says what: a copy, the weights, memory, a licence. `detail` says how much, for people.
    """

    kind: str
    cause: str
    missing: tuple[str, ...] = ()
    element: str = ""
    detail: tuple[tuple[str, float], ...] = ()


class All(NamedTuple):
    """Holds where all parts hold; of nothing: always. The `word` tells it from `Any`."""

    parts: tuple[Formula, ...]
    word: str = "all"


class Any(NamedTuple):
    """Holds where any part holds; of nothing: never."""

    parts: tuple[Formula, ...]
    word: str = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """
    What is gone: all that some parties have in hand, or only what they have through one `cause`.

    `how` narrows it to what they have in one way. `doubted` are the gaps that are there although a fact may say
    otherwise.
    """

    parties: frozenset[str] = frozenset()
    cause: str = ""
    how: str = ""
    doubted: frozenset[Gap] = frozenset()


Leaf = Atom | AtLeast | Gap
Formula = Leaf | All | Any
SURE = All(())
_NOTHING = Loss()


def at_least(clients: Mapping[str, int], spare: int, cause: str, how: str = "number") -> AtLeast:
    """A condition on how many of some clients are there."""
    each = tuple(party for party, count in sorted(clients.items()) if count > spare)
    return AtLeast(cause, clients, spare, each, cause, how)


def all_of(parts: Iterable[Formula]) -> Formula:
    """A conjunction; what is sure is left out."""
    kept = _each_once([part for part in parts if not _is_sure(part)])
    if not kept:
        return SURE
    return kept[0] if len(kept) == 1 else All(kept)


def any_of(parts: Iterable[Formula]) -> Formula:
    """A disjunction; one sure part makes it sure."""
    found: list[Formula] = []
    for part in parts:
        if _is_sure(part):
            return SURE
        found.append(part)
    kept = _each_once(found)
    return kept[0] if len(kept) == 1 else Any(kept)


def _each_once(parts: Sequence[Formula]) -> tuple[Formula, ...]:
    """Mostly there is one, and to compare it with itself would take longer than all else."""
    return tuple(parts) if len(parts) == 1 else tuple(dict.fromkeys(parts))


def _is_sure(formula: Formula) -> bool:
    return isinstance(formula, All) and not formula.parts


def holds(formula: Formula, loss: Loss = _NOTHING) -> bool:
    """Whether a condition holds although something is gone; without doubts every missing fact is favourable."""
    if isinstance(formula, (All, Any)):
        one = isinstance(formula, Any)
        for part in formula.parts:  # asked a hundred thousand times, which `all` and `any` would take twice as long for
            if holds(part, loss) is one:
                return one
        return not one
    if isinstance(formula, Gap):
        return bool(formula.missing) and formula not in loss.doubted
    if loss.cause not in ("", formula.cause) or loss.how not in ("", formula.how):
        return True
    if isinstance(formula, Atom):
        return loss.parties.isdisjoint(formula.controllers)
    return sum(formula.clients.get(party, 0) for party in loss.parties) <= formula.spare


def ends(formula: Formula, doubted: frozenset[Gap] = frozenset()) -> frozenset[str] | None:
    """
    The parties each of whom, gone alone with all that it has in hand, takes the condition away; None: it is not there.

    One look at the condition answers for all parties: to ask `holds` for each grows with the square of their number.
    """
    if isinstance(formula, All):
        found = [ends(part, doubted) for part in formula.parts]
        sure = [one for one in found if one is not None]
        return frozenset().union(*sure) if len(sure) == len(found) else None
    if isinstance(formula, Any):
        ways = [one for part in formula.parts if (one := ends(part, doubted)) is not None]
        return frozenset.intersection(*ways) if ways else None
    if isinstance(formula, Gap):
        return frozenset() if formula.missing and formula not in doubted else None
    if isinstance(formula, Atom):
        return formula.controllers
    return frozenset(formula.each) if formula.spare >= 0 else None


def leaves(formula: Formula) -> Iterator[Leaf]:
    """Everything that the condition mentions, repeated where it does."""
    if isinstance(formula, (All, Any)):
        for part in formula.parts:
            yield from leaves(part)
    else:
        yield formula


def opened(means: Means, model: str, place: Vertex, own: str) -> Formula:
    """What it takes to look into a copy that rests at a place of one's own, or to leave with it."""
    wrap = unwrapped(means, model, place, own)
    return all_of([_taken_out(means, model, place, own), wrap, openers(means, model, place, own)])


def _taken_out(means: Means, model: str, place: Vertex, own: str) -> Formula:
    """Whether a party gets at what is inside an enclave of its own."""
    if place.enclave is None:
        return SURE
    kept = {place.keeps_out(who) for who in place.operators if means.lookup.party(who) == own}
    if False in kept or not kept:
        return SURE
    missing = (f"nodes.{place.family}.tee.hides_from",) if None in kept else ()
    return Gap("copy", f"models.{model}", missing, f"nodes.{place.family}")


def openers(means: Means, model: str, place: Vertex, own: str) -> Formula:
    """Those without whom nobody can open a copy: the readers of what a task makes, if the place is none of them."""
    made = means.sealed(model)
    if not made:
        return SURE
    opened = ((one for one in results if one.stays(means, place)) for results in made)
    return any_of(all_of(opening(means, one.seal, own, one.task) for one in some) for some in opened)


def unwrapped(means: Means, model: str, place: Vertex, own: str) -> Formula:
    """Those without whom nobody can open what a flow brings under a seal, where nothing else brings the model there."""
    brought = means.brought_sealed(model, place)
    if not brought:
        return SURE
    return any_of(all_of(opening(means, seal, own, f"models.{model}") for seal in seals) for seals in brought)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedResult:
    """
    What a task leaves behind a `seal`.

    What is sent `by` these is sealed, and comes to those that it has `passed`. Who adds up at `open_at` opens it, so
    that what comes back from there is open.
    """

    task: str
    seal: Envelope
    by: frozenset[str]
    passed: frozenset[str]
    open_at: frozenset[str]

    def stays(self, means: Means, place: Vertex) -> bool:
        """Whether what comes to a place is sealed still: neither it opens it, nor who adds up what it contributes."""
        if place.opens(self.seal.readers, self.seal.threshold):
            return False
        if place.id not in means.contributing(self.task):
            return not self._comes_open(means, place)
        above = means.above(self.task, place.id)
        return self.open_at.isdisjoint(above) and not self.by.isdisjoint({place.id, *above})

    def _comes_open(self, means: Means, place: Vertex) -> bool:
        """Whether anybody opens it who has it on one way with a place that contributes nothing, or for its party."""
        if place.id not in self.passed:
            return not self.open_at <= means.of_others(self.task, place)
        above = means.above(self.task, place.id)
        return any(one in above or place.id in means.above(self.task, one) for one in self.open_at)


def sealed_results(means: Means, model: str) -> Iterator[tuple[SealedResult, ...]]:
    """For each task that makes a model, what it leaves that nobody who adds it up can open."""
    for name, task in sorted(means.graph.deployment.tasks.items()):
        if task.produces == model:
            # Where nobody knows who exchanges with whom, there may be nobody who adds up.
            yield () if task.says_unknown("topology") else tuple(sealed_by(means, f"tasks.{name}"))


def sealed_by(means: Means, task: str) -> Iterator[SealedResult]:
    """The seals under which clients and hops send, and who of those that add up can open each."""
    if not means.graph.seals or TOPOLOGIES[means.topology(task)].exchanges == "activations":
        return  # the top of a divided model has to read what it works on
    lookup, said = means.lookup, means.graph.deployment.tasks[task.partition(".")[2]]
    relays = {place.id for place in lookup.places_at(said.via or ())}
    relays -= {place.id for hop in said.hops for place in lookup.places_at(hop.at)}
    each = any(f"{task}.exchange" in ends for ends in lookup.uplinks.get(task, {}).values())  # adds up for itself
    sealed = ((index, one) for one in lookup.flows_of.get(task, ()) if one.role == "uplink" for index in one.seals)
    for index, flows in listed_by(sealed).items():
        seal, by = means.graph.seals[index], frozenset(flow.source for flow in flows)
        passed = (by if each else frozenset()).union(*(means.above(task, one) for one in by))
        adds = (means.graph.vertices[one] for one in passed - relays)
        opened = frozenset(one.id for one in adds if one.opens(seal.readers, seal.threshold))
        yield SealedResult(task=task, seal=seal, by=by, passed=passed, open_at=opened)


def opening(means: Means, seal: Envelope, own: str, cause: str) -> Formula:
    """As many readers as it takes."""
    each = [_reader(means, name, own, cause) for name in sorted(seal.readers)]
    if seal.threshold > 1 and comb(len(each), seal.threshold) > _MOST_SETS:
        return all_of(each)
    return any_of(all_of(some) for some in combinations(each, seal.threshold))


def _reader(means: Means, name: str, own: str, cause: str) -> Formula:
    place = means.graph.vertices.get(name)
    if place is not None:
        return means.there(place, own, cause)
    party = means.lookup.party(name)
    return SURE if party == own else Atom(f"parties.{party}", "operates", frozenset({party}), cause)

"""
Which copies of a model their holders can use: whether they get at them in an enclave, and who can open what is sealed.

A copy that its holder cannot open is no copy; whoever has the key has it in hand.
"""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

from fedpolicy.analysis.control.formula import SURE, Atom, Formula, Gap, all_of, any_of
from fedpolicy.language.model.does import Seal
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fedpolicy.analysis.control.access import Means
    from fedpolicy.graph.model import Vertex

__all__ = ["SealedResult", "opened", "opening", "sealed_by", "sealed_results", "unsealed"]

# Of more sets of readers than this, only all of them together are asked for.
_MOST_SETS = 60


def opened(means: Means, model: str, place: Vertex, own: str) -> Formula:
    """What it takes to look into a copy that rests at a place of one's own, or to leave with it."""
    return all_of([_taken_out(means, model, place, own), unsealed(means, model, place, own)])


def _taken_out(means: Means, model: str, place: Vertex, own: str) -> Formula:
    """Whether a party gets at what is inside an enclave of its own."""
    if place.enclave is None:
        return SURE
    kept = {place.keeps_out(who) for who in place.operators if means.lookup.party(who) == own}
    if False in kept or not kept:
        return SURE
    missing = (f"nodes.{place.family}.tee.hides_from",) if None in kept else ()
    return Gap("copy", f"models.{model}", missing, f"nodes.{place.family}")


def unsealed(means: Means, model: str, place: Vertex, own: str) -> Formula:
    """Those without whom nobody can open a copy: the readers of what it is made of, if the place is none of them."""
    return all_of(opening(means, one, own) for one in means.sealed(model) if not one.opens(place))


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedResult:
    """What a task leaves behind a seal: the `names` of its readers, of whom it takes `threshold`."""

    task: str
    names: frozenset[str]
    threshold: int

    def opens(self, place: Vertex) -> bool:
        """Whether a place can open it by itself."""
        return self.threshold == 1 and (place.id in self.names or not self.names.isdisjoint(place.operators))


def sealed_results(means: Means, model: str) -> Iterator[SealedResult]:
    """What tasks leave of a model that nobody who adds it up can open."""
    for name, task in sorted(means.graph.deployment.tasks.items()):
        if task.produces == model and any(isinstance(one.does, Seal) for one in task.safeguards):
            yield from sealed_by(means, f"tasks.{name}")


def sealed_by(means: Means, task: str) -> Iterator[SealedResult]:
    """The seal behind which the clients of a task send, where whoever adds up cannot open it."""
    flows = [flow for flow in means.lookup.flows_of.get(task, ()) if flow.role == "uplink"]
    index = next((flow.seal for flow in flows if flow.seal is not None), None)
    if index is not None:
        seal = means.graph.seals[index]
        found = SealedResult(task=task, names=frozenset(seal.readers), threshold=seal.threshold)
        senders = {flow.source for flow in flows}
        tops = {flow.target for flow in flows} - senders
        if not any(found.opens(means.graph.vertices[top]) for top in tops):
            yield found


def opening(means: Means, result: SealedResult, own: str) -> Formula:
    """As many readers as it takes."""
    each = [_reader(means, name, own, result.task) for name in sorted(result.names)]
    if result.threshold > 1 and comb(len(each), result.threshold) > _MOST_SETS:
        return all_of(each)
    return any_of(all_of(some) for some in combinations(each, result.threshold))


def _reader(means: Means, name: str, own: str, cause: str) -> Formula:
    place = means.graph.vertices.get(name)
    if place is not None:
        return means.there(place, own, cause)
    party = means.lookup.party(name)
    return SURE if party == own else Atom(f"parties.{party}", "operates", frozenset({party}), cause)

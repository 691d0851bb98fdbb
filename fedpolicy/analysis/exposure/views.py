"""From what places hold to what parties see: as operator, host, provider, or the public."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from fedpolicy.analysis.exposure.domain import (
    BOUNDED,
    NOISE,
    OPEN,
    SEALED,
    SUM,
    VERBATIM,
    Form,
    Reading,
    read_sum,
    unsealed,
)
from fedpolicy.analysis.exposure.fixpoint import Holdings
from fedpolicy.graph.model import FlowGraph, Mask, Vertex
from fedpolicy.records import dataclass

__all__ = [
    "View",
    "Viewer",
    "add_noise",
    "add_public",
    "count_readers",
    "levels_of",
    "seen_forms",
    "shielded",
    "viewers_of",
]

Levels = list[Mask]  # index: level; the instances seen at least at that level (index 0 is unused)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """One party in one capacity, and the places through which it sees."""

    party: str
    role: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a viewer sees in one reading: instances by level, and through which privacy mechanisms."""

    levels: Levels
    noise: dict[int, Mask] = field(default_factory=dict)


def viewers_of(graph: FlowGraph) -> tuple[Viewer, ...]:
    """Every party in every capacity in which it could see anything."""
    found: dict[tuple[str, str], list[str]] = {}
    for name in sorted(graph.vertices):
        vertex = graph.vertices[name]
        if vertex.kind == "place":
            for party, role in _roles(vertex):
                found.setdefault((party, role), []).append(name)
    return tuple(Viewer(party=p, role=r, places=tuple(found[p, r])) for p, r in sorted(found))


def levels_of(holdings: Holdings, viewer: Viewer, openers: dict[str, dict[int, int]]) -> View:
    """
    What a viewer sees of everything.

    `openers` counts, per party and seal, the readers that it operates or hosts (see `count_readers`).
    """
    view = View(levels=[0] * (VERBATIM + 1))
    for name in viewer.places:
        vertex = holdings.graph.vertices[name]
        visible = ~shielded(holdings, vertex)
        for form, mask in holdings.states.get(name, {}).items():
            if form.kind == OPEN:
                view.levels[form.level] |= mask & visible
            else:
                for seen, part in _seen(holdings, viewer, form, mask & visible, openers):
                    _note(view, seen, part)
    for level in range(VERBATIM, 1, -1):
        view.levels[level - 1] |= view.levels[level]
    return view


def add_noise(view: View, other: View) -> None:
    """Count the mechanisms through which the same party sees the same instances in another capacity."""
    for mechanism, mask in other.noise.items():
        view.noise[mechanism] = view.noise.get(mechanism, 0) | (mask & view.levels[BOUNDED])


def add_public(view: View, public: View) -> None:
    """Let a viewer know what everybody knows of the instances of which it learns anything itself."""
    own = view.levels[BOUNDED]
    for level in range(1, VERBATIM + 1):
        view.levels[level] |= public.levels[level] & own
    add_noise(view, public)


def seen_forms(holdings: Holdings, viewer: Viewer, form: Form, mask: Mask, openers: dict[str, dict[int, int]]) -> int:
    """The highest level that a form at one of its places gives a viewer of the instances of `mask`."""
    if form.kind == OPEN:
        return form.level
    seen = (f for f, part in _seen(holdings, viewer, form, mask, openers) if part and f.kind == OPEN)
    return max((f.level for f in seen), default=0)


def count_readers(holdings: Holdings) -> dict[str, dict[int, int]]:
    """How many readers of each seal each party operates or hosts, those inside verified enclaves left out."""
    found: dict[str, dict[int, int]] = {}
    for seal in holdings.graph.seals:
        for reader in seal.readers:
            for party in _behind(holdings, reader):
                counts = found.setdefault(party, {})
                counts[seal.index] = counts.get(seal.index, 0) + 1
    return found


def shielded(holdings: Holdings, vertex: Vertex) -> Mask:
    """The instances that an enclave hides from whoever operates or hosts the place."""
    if vertex.tee is None or not vertex.tee.attested:
        return 0
    everything = (1 << len(holdings.graph.data)) - 1
    if holdings.effects.reading is not Reading.GUARANTEED:
        return everything
    found = 0
    for verifier in vertex.tee.verified_by:
        found |= holdings.effects.trust.accepting(frozenset({verifier}), everything)
    return found


def _roles(vertex: Vertex) -> Iterator[tuple[str, str]]:
    own = "public" if vertex.public else "provider" if vertex.provider else "operator"
    for operator in vertex.operators:
        yield operator, own
    if vertex.host not in vertex.operators:
        yield vertex.host, "host"


def _seen(
    holdings: Holdings, viewer: Viewer, form: Form, mask: Mask, openers: dict[str, dict[int, int]]
) -> Iterator[tuple[Form, Mask]]:
    if not mask:
        return
    if form.kind in {OPEN, NOISE}:
        yield form, mask
    elif form.kind == SUM:
        yield from _subtracted(holdings, viewer, form, mask)
    elif form.kind == SEALED and all(_can_open(holdings, viewer, seal, openers) for seal in form.seals):
        yield from _seen(holdings, viewer, unsealed(form), mask, openers)


def _subtracted(holdings: Holdings, viewer: Viewer, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    """A sum, less what the viewer knows to have put in."""
    yield from read_sum(form, mask, mask & holdings.hiding.hidden(form.sum, (viewer.party,), form.outer))


def _can_open(holdings: Holdings, viewer: Viewer, seal: int, openers: dict[str, dict[int, int]]) -> bool:
    return openers.get(viewer.party, {}).get(seal, 0) >= holdings.graph.seals[seal].threshold


def _behind(holdings: Holdings, reader: str) -> set[str]:
    vertex = holdings.graph.vertices.get(reader)
    if vertex is None:
        return {reader}
    return set() if shielded(holdings, vertex) else {*vertex.operators, vertex.host}


def _note(view: View, form: Form, mask: Mask) -> None:
    if form.kind == NOISE:
        view.noise[form.noise] = view.noise.get(form.noise, 0) | mask
    else:
        view.levels[form.level] |= mask

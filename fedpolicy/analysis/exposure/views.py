"""From what places hold to what parties see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure import (
    BOUNDED,
    INFERABLE,
    NOISE,
    OPEN,
    SEALED,
    SUM,
    VERBATIM,
    Form,
    Reading,
    State,
    read_sum,
    unsealed,
)
from fedpolicy.analysis.exposure.fixpoint import Holdings
from fedpolicy.analysis.exposure.openers import Openers, shielded
from fedpolicy.analysis.exposure.sums import arrive_at
from fedpolicy.analysis.exposure.transfer import ALL, transfer
from fedpolicy.graph import FlowGraph, Mask, Vertex
from fedpolicy.graph.masks import common, lacking, united
from fedpolicy.graph.places import NOBODY
from fedpolicy.records import dataclass, field, replace

if TYPE_CHECKING:
    from fedpolicy.analysis.exposure.onward import Number

Levels = list[Mask]  # index: level; the instances seen at least at that level (index 0 is unused)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """One party in one capacity, and the places through which it sees."""

    party: str
    role: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """
    What a viewer sees in one reading: instances by level, and through which privacy mechanisms.

    Through two that are `stacked`, the later one on what came from the first, either of which may say what is spent.
    """

    levels: Levels
    noise: dict[int, Mask] = field(default_factory=dict)
    stacked: dict[tuple[int, int], Mask] = field(default_factory=dict)

    def level(self, index: int) -> int:
        """The highest level at which an instance is seen; 0 where it is not."""
        return max((level for level, mask in enumerate(self.levels) if level and mask >> index & 1), default=0)


def viewers_of(graph: FlowGraph) -> tuple[Viewer, ...]:
    """Every party in every capacity in which it could see anything."""
    found: dict[tuple[str, str], list[str]] = {}
    for name in sorted(graph.vertices):
        vertex = graph.vertices[name]
        if vertex.kind == "place":
            for party, role in _roles(vertex):
                found.setdefault((party, role), []).append(name)
    if ("public", "public") in found:  # whoever has a key reads what is published, with or without a place of its own
        readers = {reader for seal in graph.seals for reader in seal.readers} - graph.vertices.keys()
        found |= {(reader, "operator"): [] for reader in readers - {party for party, _ in found}}
    return tuple(Viewer(party=p, role=r, places=tuple(found[p, r])) for p, r in sorted(found))


def levels_of(holdings: Holdings, viewer: Viewer, openers: Openers) -> View:
    """
    What a viewer sees of everything.

    `openers` says, per party and seal, what it can open (see `count_readers`).
    """
    view = View(levels=[0] * (VERBATIM + 1))
    for name in viewer.places:
        vertex = holdings.graph.vertices[name]
        hidden = shielded(holdings, vertex, viewer.party)
        _look(holdings, viewer, vertex, view, holdings.states.get(name, {}), ~hidden, openers)
        _note_told(holdings, viewer, vertex, view, hidden, openers)
        absent = vertex.may_lack(viewer.party) and holdings.effects.reading is Reading.LOW
        if hidden and viewer.party in vertex.operators and not absent:
            _look(holdings, viewer, vertex, view, answering(holdings, vertex), hidden, openers)
    for level in range(VERBATIM, 1, -1):
        view.levels[level - 1] = united(view.levels[level - 1], view.levels[level])
    return view


def _look(
    holdings: Holdings, viewer: Viewer, vertex: Vertex, view: View, state: State, visible: Mask, openers: Openers
) -> None:
    levels = view.levels
    for form, mask in state.items():
        here = mask if visible == ALL else mask & visible
        if form.kind == OPEN:
            levels[form.level] = united(levels[form.level], here)
        elif here:
            for seen, part in _seen(holdings, viewer, vertex, form, here, openers):
                _note(view, seen, part)


def add_noise(view: View, other: View) -> None:
    """Count the mechanisms through which the same party sees the same instances in another capacity."""
    for mechanism, mask in other.noise.items():
        view.noise[mechanism] = view.noise.get(mechanism, 0) | (mask & view.levels[BOUNDED])
    for pair, mask in other.stacked.items():
        view.stacked[pair] = view.stacked.get(pair, 0) | (mask & view.levels[BOUNDED])


def add_public(view: View, public: View, opened: View) -> None:
    """Let a viewer know what it alone reads, and what everybody knows of the instances of which it learns anything."""
    more = everybody = 0
    for level in range(VERBATIM, 0, -1):
        everybody |= public.levels[level]
        more |= lacking(opened.levels[level], everybody)
        view.levels[level] |= more
    add_noise(view, opened)
    add_known(view, public, view.levels[BOUNDED])


def add_known(view: View, public: View, own: Mask) -> None:
    """Let a viewer know what everybody knows of some instances."""
    for level in range(1, VERBATIM + 1):
        view.levels[level] |= public.levels[level] & own
    add_noise(view, public)


def add_everywhere(views: Mapping[Reading, View], public: Mapping[Reading, View]) -> None:
    """Let whoever may learn anything know what everybody knows in all readings: a missing fact takes nothing away."""
    own = reduce(or_, (view.levels[BOUNDED] for view in views.values()))
    for reading, view in views.items():
        add_known(view, public[reading], own)


def opened_by(holdings: Holdings, viewer: Viewer, public: Viewer, openers: Openers) -> View:
    """What one reads of what is published, also behind its seals and in a sum less its own part."""
    view = View(levels=[0] * (VERBATIM + 1))
    nobody = viewer.party == NOBODY and holdings.effects.reading is Reading.LOW
    for name in () if nobody else public.places:
        vertex = holdings.graph.vertices[name]
        for form, mask in holdings.states.get(name, {}).items():
            for seen, part in _seen(holdings, viewer, vertex, form, mask, openers):
                _note(view, seen, part)
        _note_told(holdings, viewer, vertex, view, 0, openers)
    return view


def told_on(holdings: Holdings, vertex: Vertex, party: str) -> Iterator[tuple[Number, Form, Mask, Form]]:
    """Numbers that came to a place by way of others, or to everybody, as they are to who knows a part of them."""
    onward = holdings.effects.few.onward
    for number, left in onward.at(vertex, party) if onward else ():
        effect, state = holdings.effects.of(number.made), holdings.states.get(number.made.source, {})
        for sent, mask, source in transfer(replace(effect, few=effect.few | left, sent={}), state, number.made.data):
            yield number, sent, mask & left, source


def _note_told(holdings: Holdings, viewer: Viewer, vertex: Vertex, view: View, hidden: Mask, openers: Openers) -> None:
    for _, sent, mask, _ in told_on(holdings, vertex, viewer.party):
        for form, part in arrive_at(holdings.hiding, vertex, sent, mask & ~hidden):
            for seen, some in _seen(holdings, viewer, vertex, form, part, openers):
                _note(view, seen, some)


def seen_at(
    holdings: Holdings, viewer: Viewer, vertex: Vertex, form: Form, mask: Mask, level: int, openers: Openers
) -> Mask:
    """The instances of `mask` that a form at one of its places shows a viewer at a level."""
    found = 0
    for seen, part in _seen(holdings, viewer, vertex, form, mask, openers):
        found |= part if seen.kind == OPEN and seen.level >= level else 0
    return found


def answering(holdings: Holdings, vertex: Vertex) -> State:
    """
    What the models say that an enclave of a client has, in the forms in which it gets there.

    Whoever operates a client can run them, however little it sees of the machine.
    """
    found: State = {}
    if vertex.node_kind == "client":
        for flow in holdings.models_into.get(vertex.id, ()):
            state = holdings.states.get(flow.source, {})
            for form, mask, _ in transfer(holdings.effects.of(flow), state, flow.data):
                for arrived, part in arrive_at(holdings.hiding, vertex, form, mask):
                    kept = arrived.level if flow.role == "retrieval" else min(arrived.level, INFERABLE)
                    told = arrived._replace(level=kept)
                    found[told] = found.get(told, 0) | part
    return found


def _roles(vertex: Vertex) -> Iterator[tuple[str, str]]:
    own = "public" if vertex.public else "provider" if vertex.provider else "operator"
    for operator in vertex.operators:
        yield operator, own
    if vertex.host not in vertex.operators:
        yield vertex.host, "host"


def _seen(
    holdings: Holdings, viewer: Viewer, vertex: Vertex, form: Form, mask: Mask, openers: Openers
) -> Iterator[tuple[Form, Mask]]:
    if not mask:
        return
    if form.kind in {OPEN, NOISE}:
        yield form, mask
    elif form.kind == SUM:
        yield from _subtracted(holdings, viewer, vertex, form, mask)
    elif form.kind == SEALED:
        keys = openers.get(viewer.party, {})
        for seal in form.seals:
            mask &= keys.get(seal, 0)
        yield from _seen(holdings, viewer, vertex, unsealed(form), mask, openers)


def _subtracted(
    holdings: Holdings, viewer: Viewer, vertex: Vertex, form: Form, mask: Mask
) -> Iterator[tuple[Form, Mask]]:
    """A sum, less what the viewer knows to have put in, and those with whom it runs the place."""
    hiding = holdings.hiding
    pool = pool_of(vertex, viewer.party)
    hidden = hiding.covers(form, pool)
    if holdings.differences is not None and hidden:
        hidden &= ~holdings.differences.bare(hiding, form, pool)
    yield from read_sum(form, mask, common(mask, hidden), hiding.noise_in(form))


def pool_of(vertex: Vertex, party: str) -> tuple[str, ...]:
    """Those who put together what they know of a place: all who run it, or somebody alone."""
    return vertex.operators if party in vertex.operators else (party,)


def _note(view: View, form: Form, mask: Mask) -> None:
    if form.kind == NOISE and form.outer:
        pair = (form.noise, form.outer[0])
        view.stacked[pair] = view.stacked.get(pair, 0) | mask
    elif form.kind == NOISE:
        view.noise[form.noise] = view.noise.get(form.noise, 0) | mask
    else:
        view.levels[form.level] = united(view.levels[form.level], mask)

"""From what places hold to what parties see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_

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
from fedpolicy.analysis.exposure.sums import arrive_at
from fedpolicy.analysis.exposure.transfer import ALL, Effect, transfer
from fedpolicy.graph import Flow, FlowGraph, Mask, Vertex
from fedpolicy.graph.masks import common, lacking, united
from fedpolicy.graph.places import NOBODY
from fedpolicy.records import dataclass, field, replace

Openers = dict[str, dict[int, Mask]]  # by party and seal, what it can open
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
        for seen, part in _told_on(holdings, viewer, vertex, openers):
            _note(view, seen, part & ~hidden)
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
        for seen, part in _told_on(holdings, viewer, vertex, openers):
            _note(view, seen, part)
    return view


def _told_on(holdings: Holdings, viewer: Viewer, vertex: Vertex, openers: Openers) -> Iterator[tuple[Form, Mask]]:
    """What is left of numbers, to who knows the rest, that came to a place by way of others, or to everybody."""
    onward = holdings.effects.few.onward
    for number, left in onward.at(vertex, viewer.party) if onward else ():
        state = holdings.states.get(number.made.source, {})
        for form, mask, _ in transfer(rebuilding(holdings, number.made, left), state, number.made.data):
            for arrived, part in arrive_at(holdings.hiding, vertex, form, mask & left):
                yield from _seen(holdings, viewer, vertex, arrived, part, openers)


def rebuilding(holdings: Holdings, made: Flow, left: Mask) -> Effect:
    """What a flow lets through to those to whom it says more of some instances than its name."""
    effect = holdings.effects.of(made)
    return replace(effect, few=effect.few | left, sent={})


def seen_at(
    holdings: Holdings, viewer: Viewer, vertex: Vertex, form: Form, mask: Mask, level: int, openers: Openers
) -> Mask:
    """The instances of `mask` that a form at one of its places shows a viewer at a level."""
    found = 0
    for seen, part in _seen(holdings, viewer, vertex, form, mask, openers):
        found |= part if seen.kind == OPEN and seen.level >= level else 0
    return found


def count_readers(holdings: Holdings) -> Openers:
    """
    The instances behind each seal that each party can open, by as many readers as it takes.

    It has those readers in hand that it operates or hosts and from whose enclave it is not kept out.
    """
    found: Openers = {}
    everything = holdings.graph.everything
    for index, seal in enumerate(holdings.graph.seals):
        reached: dict[str, list[Mask]] = {}
        for reader in sorted(seal.readers):
            for party, mask in _behind(holdings, reader, everything):
                _count(reached.setdefault(party, [everything]), mask, seal.threshold)
        for party, counts in reached.items():
            if len(counts) > seal.threshold and counts[-1]:
                found.setdefault(party, {})[index] = counts[-1]
    return found


def _count(counts: list[Mask], mask: Mask, most: int) -> None:
    """
    Count one more for the instances of a mask; `counts` holds those that have been counted so many times.

    It grows with what is counted, up to `most`: a threshold may be a billion, in a cohort of more.
    """
    if len(counts) <= most:
        counts.append(0)
    for number in range(len(counts) - 1, 0, -1):
        counts[number] |= counts[number - 1] & mask


def shielded(holdings: Holdings, vertex: Vertex, party: str) -> Mask:
    """The instances that an enclave hides from a party that operates or hosts the place."""
    if vertex.enclave is None and not vertex.may_lack(party):
        return 0
    kept_out, reading = vertex.keeps_out(party), holdings.effects.reading
    if kept_out is False or (kept_out is None and reading is not Reading.LOW):
        return 0
    everything = holdings.graph.everything
    if vertex.enclave is None or reading.trusting or "public" in vertex.enclave.verified_by:
        return everything
    found = 0
    for verifier in vertex.enclave.verified_by:
        found |= holdings.effects.trust.accepting(frozenset({verifier}), everything)
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


def _behind(holdings: Holdings, reader: str, everything: Mask) -> Iterator[tuple[str, Mask]]:
    """Who has a reader in hand, and for which instances."""
    vertex = holdings.graph.vertices.get(reader)
    if vertex is None:
        yield reader, everything
        return
    for party in dict.fromkeys((*vertex.operators, vertex.host)):
        yield party, everything & ~shielded(holdings, vertex, party)


def _note(view: View, form: Form, mask: Mask) -> None:
    if form.kind == NOISE and form.outer:
        pair = (form.noise, form.outer[0])
        view.stacked[pair] = view.stacked.get(pair, 0) | mask
    elif form.kind == NOISE:
        view.noise[form.noise] = view.noise.get(form.noise, 0) | mask
    else:
        view.levels[form.level] = united(view.levels[form.level], mask)

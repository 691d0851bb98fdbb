"""What is left of a sum for somebody who sees a part of it, too: it hides as a sum of its own would, or it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import or_

from fedpolicy.analysis.exposure import NOISE, OPEN, RECONSTRUCTABLE, SEALED, SUM, Form, Reading, unsealed
from fedpolicy.analysis.exposure.fixpoint import Holdings
from fedpolicy.analysis.exposure.openers import Openers, count_readers, shielded
from fedpolicy.analysis.exposure.rungs import Part, Rungs
from fedpolicy.analysis.exposure.sums import Hiding
from fedpolicy.analysis.exposure.views import Viewer, pool_of
from fedpolicy.graph import Aggregate, DataItem, Flow, Mask, Vertex
from fedpolicy.records import dataclass, field
from fedpolicy.startup import NamedTuple
from fedpolicy.suggest import few_names

_UP = "uplink"


class _Read(NamedTuple):
    """What somebody reads at a place: as much as single contributions say, noise on it, or less, by what sealed it."""

    clear: Mask
    noisy: Mapping[int, Mask]
    lower: Mapping[tuple[int, ...], Mask]


class _Remainder(NamedTuple):
    """
    What is left for clients of whom `others` say nothing, less those: whose instances these are.

    `fed` are the clients in these parts by where they are added up, and `gone` those that are so from each sum.
    """

    others: tuple[Part, ...]
    mask: Mask
    fed: Mapping[str, frozenset[str]]
    gone: dict[int, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Differences:
    """
    What parties can subtract in one reading.

    Which other sums they see is told by `beside`: the same reading, or the least favourable one of those that believe
    what is declared, where it is asked on what an owner relies.
    """

    rungs: Rungs
    beside: Holdings
    capacities: Mapping[str, Sequence[Viewer]]
    _openers: dict[int, Openers] = field(default_factory=dict)
    _parts: dict[str, tuple[Part, ...]] = field(default_factory=dict)
    _bare: dict[tuple[int, tuple[int, ...], tuple[str, ...]], Mask] = field(default_factory=dict)
    _left: dict[tuple[int, tuple[str, ...], Reading], tuple[_Remainder, ...]] = field(default_factory=dict)
    _noisy: dict[int, frozenset[str]] = field(default_factory=dict)

    def subtracts(self, pool: tuple[str, ...]) -> bool:
        """Whether those who pool what they know see any part of a further sum."""
        every = (part for party in (*pool, "public") for part in self._seen(party))
        return any(part.single or self.rungs.above.get((part.origin, part.at)) for part in every)

    def bare(self, hiding: Hiding, form: Form, pool: tuple[str, ...]) -> Mask:
        """The instances in a sum that it does not hide from those who subtract what else they see."""
        if form.noise >= 0 or form.level < RECONSTRUCTABLE:
            return 0
        key = (form.sum, form.outer, pool)
        if key not in self._bare:
            self._bare[key] = reduce(or_, (mask for mask, _, _ in self.left(hiding, form, pool)), 0)
        return self._bare[key]

    def left(self, hiding: Hiding, form: Form, pool: tuple[str, ...]) -> Iterator[tuple[Mask, tuple[Part, ...], int]]:
        """The instances that are not hidden, the parts that were subtracted, and how many contributions are left."""
        top = self.rungs.top(form)
        for some in () if top is None else self._remainders(hiding, top, pool):
            hidden, counts = 0, []
            for one in (self.rungs.graph.aggregates[index] for index in dict.fromkeys((form.sum, *form.outer))):
                rest = self._rest(hiding, one, self._gone(one, some))
                hidden |= hiding.hidden_in(rest, pool)
                counts.append(hiding.left_in(rest, pool))
            mask = some.mask & ~hidden
            if mask:
                yield mask, some.others, max(counts)

    def _remainders(self, hiding: Hiding, top: Aggregate, pool: tuple[str, ...]) -> tuple[_Remainder, ...]:
        """The same of every number that is made of the same contributions."""
        key = (top.index, pool, hiding.reading)
        if key not in self._left:
            parts = self.parts(pool, top, hiding.reading)
            groups: dict[tuple[Part, ...], list[str]] = {}
            for name in top.contributors if parts else ():
                groups.setdefault(tuple(part for part in parts if name not in part.clients), []).append(name)
            shares, clear = self.rungs.shares(top) if parts else {}, self._clear(hiding, top) if parts else 0
            masks = ((others, reduce(or_, map(shares.__getitem__, names), 0)) for others, names in groups.items())
            here = ((others, mask & clear) for others, mask in masks if others)
            self._left[key] = tuple(_Remainder(some, mask, self.rungs.fed_by(some), {}) for some, mask in here if mask)
        return self._left[key]

    def _gone(self, whole: Aggregate, some: _Remainder) -> frozenset[str]:
        """The contributions to a sum that can be subtracted from it."""
        if whole.index not in some.gone:
            some.gone[whole.index] = self.rungs.swallowed(whole, some.fed.get(whole.at, frozenset()))
        return some.gone[whole.index]

    def _rest(self, hiding: Hiding, whole: Aggregate, gone: frozenset[str]) -> Aggregate:
        """What is left of a sum, as a sum of its own."""
        if not gone:
            return whole
        rest = self.rungs.rest(whole, gone)
        hiding.count_rest(rest, whole, gone)
        return rest

    def why(self, holdings: Holdings, viewer: Viewer, item: DataItem, index: int) -> str:
        """Why a sum that somebody sees does not hide an instance, where it is because of a part of it; else empty."""
        found = next(self._bared(holdings, holdings.hiding, viewer, item, index), None)
        return self._told(viewer.party, *found) if found else ""

    def asks(self, holdings: Holdings, viewer: Viewer, item: DataItem, index: int) -> bool:
        """Whether it would hide the instance if as few clients as may be were in the parts."""
        known = holdings.hiding
        best = Hiding(graph=known.graph, trust=known.trust, reading=Reading.LOW, tallies=known.tallies)
        several = (next(self._bared(holdings, one, viewer, item, index), None) for one in (known, best))
        return [one is None for one in several] == [False, True]

    def _bared(
        self, holdings: Holdings, hiding: Hiding, viewer: Viewer, item: DataItem, index: int
    ) -> Iterator[tuple[tuple[Part, ...], int]]:
        for name in viewer.places:
            vertex = holdings.graph.vertices[name]
            for form, mask in holdings.states.get(name, {}).items():
                if index in (form.sum, *form.outer) and mask & item.bit:
                    seen = unsealed(form) if form.kind == SEALED else form
                    for bare, gone, count in self.left(hiding, seen, pool_of(vertex, viewer.party)):
                        if bare & item.bit and seen.noise < 0 and seen.level >= RECONSTRUCTABLE:
                            yield gone, count

    def _told(self, party: str, gone: tuple[Part, ...], count: int) -> str:
        clients = frozenset().union(*(part.clients for part in gone))
        names = few_names([self.rungs.graph.vertices[name].name for name in sorted(clients)])
        return f"{party} also sees what {names} put in, and the sum of {max(1, count)} that is left hides nobody"

    def parts(self, pool: tuple[str, ...], top: Aggregate, reading: Reading) -> tuple[Part, ...]:
        """The parts of a sum that those see who pool what they know, and what everybody sees."""
        found = dict.fromkeys(
            part for party in (*pool, "public") for part in self._seen(party) if self.rungs.feeds(part, top)
        )
        if reading is Reading.LOW:
            known = () if self.rungs.task(top).says_unknown("aggregation") else found
            found = dict.fromkeys(map(self.rungs.settled, known))
        return tuple(part for part in found if part.clients)

    def _clear(self, hiding: Hiding, top: Aggregate) -> Mask:
        """The instances for whose owners no noise came into a sum on its way."""
        sums = self.rungs.graph.aggregates
        if not self._noisy:
            self._noisy[len(sums) - 1] = frozenset()  # found once, where there is none, too; the last goes into no sum
            for flow in self.rungs.graph.flows:
                noisy = flow.role == _UP and flow.aggregate is not None and self.beside.effects.of(flow).noise
                if any(mask for _, mask in noisy or ()):
                    words = frozenset(w for g in flow.guards if g.noise and not g.ignored for w in g.rests_on)
                    self._noisy[int(flow.aggregate or 0)] = words
        clear = -1
        for index, words in self._noisy.items():
            if self.rungs.is_above(top, sums[index]):
                clear &= 0 if hiding.reading.trusting else ~hiding.trust.accepting(words, top.data)
        return clear

    def _seen(self, party: str) -> tuple[Part, ...]:
        if party not in self._parts:
            places = {name for viewer in self.capacities.get(party, ()) for name in viewer.places}
            found = dict.fromkeys(part for name in sorted(places) for part in self._at(name, party))
            self._parts[party] = tuple(found)
        return self._parts[party]

    def _at(self, name: str, party: str) -> Iterator[Part]:
        vertex = self.beside.graph.vertices[name]
        hidden, clear = shielded(self.beside, vertex, party), 0
        noisy: dict[int, Mask] = {}
        lower: dict[tuple[int, ...], Mask] = {}
        tops: dict[int, Aggregate] = {}
        for form, mask in self.beside.states.get(name, {}).items():
            seen, here = self._opened(form, mask & ~hidden, party)
            if here and seen.kind == OPEN and seen.level >= RECONSTRUCTABLE:
                clear |= here
            elif here and seen.kind == OPEN:
                lower[form.seals] = lower.get(form.seals, 0) | here
            elif here and seen.kind == NOISE:
                noisy[seen.noise] = noisy.get(seen.noise, 0) | here
            elif here and seen.kind == SUM and seen.noise < 0 and seen.level >= RECONSTRUCTABLE:
                top = self.rungs.top(seen)
                tops.update({} if top is None else {top.index: top})
        for top in tops.values():
            if self._clear(self.beside.hiding, top):
                yield self.rungs.whole(top)
        yield from self._sent(vertex, _Read(clear, noisy, lower))

    def _opened(self, form: Form, mask: Mask, party: str) -> tuple[Form, Mask]:
        if form.kind != SEALED:
            return form, mask
        if 0 not in self._openers:
            self._openers[0] = count_readers(self.beside)
        keys = self._openers[0].get(party, {})
        for seal in form.seals:
            mask &= keys.get(seal, 0)
        return unsealed(form), mask

    def _known(self, flow: Flow | None, read: _Read) -> Mask:
        """
        The instances of which somebody reads what a client sends.

        With noise, or without names, too: whoever gets it has what is in the sum.
        """
        if flow is None:
            return read.clear
        own = (g.mechanism for g in flow.guards if g.noise is not None and g.noise.where == "client")
        noisy = (read.noisy.get(one, 0) for one in own if one is not None)
        effect = self.beside.effects.of(flow)
        limited = reduce(or_, (mask for level, mask in effect.limits if level < RECONSTRUCTABLE), 0)
        mine = [seal for seal, *_ in effect.seals]
        lower = (mask & limited for seals, mask in read.lower.items() if {*seals}.issuperset(mine))
        return reduce(or_, (*noisy, *lower), read.clear)

    def _sent(self, vertex: Vertex, read: _Read) -> Iterator[Part]:
        """What clients send by way of a place, or to it, with their own noise or without."""
        above, here = self.rungs.above, self.rungs.singles.get(vertex.id, {})
        alone: dict[str, set[str]] = {}
        for (origin, name), top in self.rungs.sums.items() if here else ():
            single = here.get(origin, 0)
            if single and (name == vertex.id or name in above.get((origin, vertex.id), ())):
                shares = {client: own for client, own in self.rungs.shares(top).items() if own}
                flows = {client: self.rungs.guarded.get((origin, client)) for client in shares}
                known = [client for client, own in shares.items() if not own & ~self._known(flows[client], read)]
                sent = (client for client in known if (origin, client) not in self.rungs.masked)
                below = {client for client in sent if not shares[client] & ~single}
                alone.setdefault(origin, set()).update(below)
                if not below and name == vertex.id and (read.noisy or read.lower) and len(known) == len(shares):
                    yield self.rungs.whole(top)
        # Of those whom somebody sees one by one at a place, whatever sums they go into, nothing is left to find out.
        for origin, clients in alone.items():
            if clients:
                yield Part(origin=origin, at=vertex.id, clients=frozenset(clients), single=True)

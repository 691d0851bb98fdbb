"""Aggregates: from whom a sum over contributions hides a single one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from operator import or_

from fedpolicy.analysis.exposure import (
    INFERABLE,
    MALLEABLE_VOID,
    SEALED,
    SUM,
    VOID,
    Form,
    Reading,
    Trust,
    read_sum,
    unsealed,
)
from fedpolicy.analysis.exposure.insiders import Insiders
from fedpolicy.analysis.exposure.sizes import Sizes, sizes_of
from fedpolicy.graph import Aggregate, FlowGraph, Mask, Vertex, bits
from fedpolicy.graph.masks import common, grouped, united
from fedpolicy.records import dataclass, field, replace

# A sum of two leaves a single contribution to whoever made the other one.
HIDING = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """
    Who contributes to one aggregate: places by those who operate or host them, contributions by owner.

    `several` counts those of owners that have more than one, `own` how many each party knows by itself. Of some `gone`
    are left out.
    """

    known_to: dict[str, list[Vertex]]
    owners: dict[str, dict[str, int]]
    several: dict[str, int]
    own: dict[str, int]
    gone: frozenset[str] = frozenset()

    def known_by(self, viewers: tuple[str, ...]) -> int:
        """How many contributions they know who put together what they know."""
        if len(viewers) == 1 and not self.gone:
            return self.own.get(viewers[0], 0)
        return sum(self.seen_by(viewers).values())

    def seen_by(self, viewers: Iterable[str]) -> dict[str, int]:
        """The contributing places that the viewers look into, and how many contributions they know of each."""
        found: dict[str, int] = {}
        for viewer in viewers:
            for place in self.known_to.get(viewer, ()):
                if place.id not in self.gone:
                    found[place.id] = max(found.get(place.id, 0), _known(viewer, place))
        return found

    def without(self, gone: frozenset[str]) -> Tally:
        """The tally of what is left when some are gone, which takes no longer where thousands are left."""
        counts = dict(self.several)
        for owner, count in ((owner, count) for name in gone for owner, count in self.owners.get(name, {}).items()):
            if owner in counts:
                counts[owner] -= count
        several = {owner: count for owner, count in counts.items() if count > 1}
        return replace(self, several=several, gone=gone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hiding:
    """
    Answers, for one reading, which contributions an aggregate hides from whom; `tallies` hold for all readings.

    `insiders` say who knows which shares of the noise that contributors divide among them.
    """

    graph: FlowGraph
    trust: Trust
    reading: Reading
    insiders: Mapping[int, Insiders] = field(default_factory=dict)
    tallies: dict[int, Tally] = field(default_factory=dict)
    _covered: dict[tuple[int, int, tuple[str, ...], tuple[int, ...]], Mask] = field(default_factory=dict)
    _known: dict[tuple[int, tuple[str, ...], tuple[int, ...]], Mask] = field(default_factory=dict)
    _sizes: dict[int, tuple[Sizes, ...]] = field(default_factory=dict)
    _by_owner: dict[str, Mask] = field(default_factory=dict)

    def covers(self, form: Form, viewers: tuple[str, ...]) -> Mask:
        """
        The instances that a sum hides from parties that pool what they see, or that its noise protects from them.

        Noise is in what is left of a sum even where that is a single contribution, less the shares that they know.
        """
        if form.noise < 0:
            return self.hidden(form.sum, viewers, form.outer)
        key = (form.noise, form.sum, viewers, form.outer)
        found = self._covered.get(key)
        if found is None:
            hidden = self.hidden(form.sum, viewers, form.outer)
            found = self._covered[key] = united(hidden, self._noisy(form, viewers))
        return found

    def covers_at(self, form: Form, vertex: Vertex) -> Mask:
        """The same where a place passes on what it gets: whoever runs it alone leaves the noise in its own data."""
        found = self.covers(form, vertex.operators)
        own = self._owned.get(vertex.party, 0) & ~found if form.noise >= 0 else 0
        if not own or not (vertex.is_alone or (vertex.is_alone is None and self.reading is Reading.LOW)):
            return found
        key = (form.noise, form.sum, (*vertex.operators, ""), form.outer)
        if key not in self._covered:
            self._covered[key] = united(found, own & self._masked(self.graph.aggregates[form.sum]))
        return self._covered[key]

    def noise_in(self, form: Form) -> int:
        """The noise that is in a sum: of what has gone into further sums of it, the shares of all that these add up."""
        within, every = self.insiders[form.noise].within if form.noise >= 0 else {}, self.graph.aggregates
        inside = (one for one in (form.sum, *form.outer) if one in within)
        found = {within[one] for one in inside if every[one].data & every[form.sum].data}
        if not found or form.noise in found:
            return form.noise
        return max(found, key=lambda one: (len(self.insiders[one].clients or ()), -one))

    def _noisy(self, form: Form, viewers: tuple[str, ...]) -> Mask:
        left = self.insiders[self.noise_in(form)].leaves_noise(viewers)
        return self._masked(self.graph.aggregates[form.sum]) if left else 0

    def _masked(self, aggregate: Aggregate) -> Mask:
        """The instances in a sum whose owners rely on its masks, behind which their noise is."""
        if not aggregate.summable:
            return 0
        if aggregate.rests_on and not self.reading.trusting:
            return self.trust.accepting(aggregate.rests_on, aggregate.data)
        return aggregate.data

    def count_rest(self, rest: Aggregate, whole: Aggregate, gone: frozenset[str]) -> None:
        """Count what is left of a sum without some, from what is counted of the sum."""
        if rest.index not in self.tallies:
            self.tallies[rest.index] = self._tally(whole).without(gone)

    def hidden(self, index: int, viewers: tuple[str, ...], outer: tuple[int, ...] = ()) -> Mask:
        """
        The instances hidden from parties that pool what they see.

        The contributions of clients that the `viewers` operate or host can be subtracted, and what is left must
        come from at least two distinct owners. What a sum does not hide, a sum that it went into (`outer`) may.
        """
        key = (index, viewers, outer)
        found = self._known.get(key)
        if found is None:
            found = self.hidden_in(self.graph.aggregates[index], viewers)
            for other in outer:
                found = united(found, self.hidden(other, viewers))
            self._known[key] = found
        return found

    def remaining(self, index: int, viewers: tuple[str, ...]) -> int:
        """How many contributions per round are left when the viewers subtract what they know."""
        return self.left_in(self.graph.aggregates[index], viewers)

    def left_in(self, aggregate: Aggregate, viewers: tuple[str, ...]) -> int:
        """The same for any sum."""
        k = aggregate.k_low if self.reading is Reading.LOW else aggregate.k_high
        return k - min(k, self._tally(aggregate).known_by(viewers))

    def hidden_in(self, aggregate: Aggregate, viewers: tuple[str, ...]) -> Mask:
        """The instances that any sum hides from parties that pool what they see."""
        key = (aggregate.index, viewers, ())
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._hidden_in(aggregate, viewers)
        return found

    def _hidden_in(self, aggregate: Aggregate, viewers: tuple[str, ...]) -> Mask:
        left = self.left_in(aggregate, viewers)
        if left < HIDING or not aggregate.summable:
            return 0
        crowded = self._crowded(aggregate, left, viewers)
        # Thousands of viewers share one answer.
        found = aggregate.data & ~crowded if crowded else aggregate.data
        if aggregate.least_units is not None:
            few = self._few(aggregate, aggregate.least_units, left, viewers)
            found = found & ~few if few else found
        if aggregate.rests_on and not self.reading.trusting:
            return self.trust.accepting(aggregate.rests_on, found)
        return found

    def _crowded(self, aggregate: Aggregate, left: int, viewers: tuple[str, ...]) -> Mask:
        """Instances of an owner whose own clients alone may make up a whole round."""
        tally = self._tally(aggregate)
        if not tally.several:
            return 0
        counts = dict(tally.several)
        for place, known in tally.seen_by(viewers).items():
            for owner, count in tally.owners[place].items():
                if owner in counts:
                    counts[owner] -= min(known, count)
        many = {owner for owner, count in counts.items() if count > 1 and count >= left}
        return reduce(or_, (self._owned.get(owner, 0) for owner in many), 0) if many else 0

    @property
    def _owned(self) -> dict[str, Mask]:
        """The instances of each owner."""
        if not self._by_owner:
            self._by_owner.update(grouped((item.owner, item.bit) for item in self.graph.data))
        return self._by_owner

    def _few(self, aggregate: Aggregate, least: int, left: int, viewers: tuple[str, ...]) -> Mask:
        """The datasets of which what is left of a round may be made of fewer units than it takes."""
        known = self._tally(aggregate).seen_by(viewers)
        found = 0
        for sizes in self._sizes_of(aggregate):
            # Of those that contribute anything else too, all may be in the round.
            wanted = max(1, left - sizes.others)
            if sizes.smallest(wanted, least, known, guess=least if self.reading is Reading.LOW else 0) < least:
                found |= sizes.mask
        return found

    def _sizes_of(self, aggregate: Aggregate) -> tuple[Sizes, ...]:
        if aggregate.index not in self._sizes:
            self._sizes[aggregate.index] = tuple(sizes_of(self.graph, aggregate))
        return self._sizes[aggregate.index]

    def _tally(self, aggregate: Aggregate) -> Tally:
        found = self.tallies.get(aggregate.index)
        if found is None:
            found = self.tallies[aggregate.index] = self._like(aggregate) or tally_of(self.graph, aggregate)
        return found

    def _like(self, aggregate: Aggregate) -> Tally | None:
        """The tally of another sum of the very same contributions: of a secure one beside that which is sent."""
        other = self.graph.aggregates[aggregate.index - 1]
        same = other.contributors == aggregate.contributors and other.shares == aggregate.shares
        same = same and other.data == aggregate.data
        return self.tallies.get(other.index) if same else None


def _owned(graph: FlowGraph, aggregate: Aggregate) -> dict[str, set[str]]:
    """Whose data each place contributes, wherever they rest."""
    found: dict[str, set[str]] = {}
    if aggregate.shares:
        for place, share in zip(aggregate.contributors, aggregate.shares, strict=True):
            found[place] = {graph.data[index].owner for index in graph.numbers(share)}
        return found
    for index in bits(aggregate.data):
        found.setdefault(graph.data[index].place, set()).add(graph.data[index].owner)
    return found


def tally_of(graph: FlowGraph, aggregate: Aggregate) -> Tally:
    """Count who contributes to an aggregate."""
    owned = _owned(graph, aggregate)
    known_to: dict[str, list[Vertex]] = {}
    owners: dict[str, dict[str, int]] = {}
    counts: dict[str, int] = {}
    for place in (graph.vertices[name] for name in aggregate.contributors):
        for party in {*place.operators, place.host}:
            known_to.setdefault(party, []).append(place)
        # Each member of a cohort owns its own data; an owner that is named owns those of all members.
        found = owned.get(place.id, {place.party})
        owners[place.id] = {owner: 1 if owner == place.party else place.weight for owner in found}
        for owner, count in owners[place.id].items():
            counts[owner] = counts.get(owner, 0) + count
    several = {owner: count for owner, count in counts.items() if count > 1}
    own = {
        party: sum({place.id: _known(party, place) for place in places}.values()) for party, places in known_to.items()
    }
    return Tally(known_to=known_to, owners=owners, several=several, own=own)


def _known(viewer: str, place: Vertex) -> int:
    """The peer of a cohort stands for all other members, and each of them knows itself only."""
    return 1 if viewer == place.party else place.weight


def arrive_at(hiding: Hiding, vertex: Vertex, form: Form, mask: Mask) -> Iterator[tuple[Form, Mask]]:
    """
    Everything that a form amounts to at a vertex: itself, and what can be read from it there.

    Whatever is open at a level arrives open at every lower level too, by the same flow.
    """
    if vertex.kind == "model" and form.level > INFERABLE:
        form = form._replace(level=INFERABLE)
    if form.kind == SUM:
        yield from read_sum(form, mask, common(mask, hiding.covers_at(form, vertex)), hiding.noise_in(form))
        if vertex.kind == "model":
            return
    yield form, mask
    if form.kind == SEALED:
        left = tuple(seal for seal in form.seals if not _opens(hiding.graph, vertex, seal))
        if left != form.seals:
            yield from arrive_at(hiding, vertex, form._replace(seals=left) if left else unsealed(form), mask)


def _opens(graph: FlowGraph, vertex: Vertex, seal: int) -> bool:
    return seal in {VOID, MALLEABLE_VOID} or vertex.opens(graph.seals[seal].readers, graph.seals[seal].threshold)

"""One graph under all three readings; what is expensive is computed when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure import Reading, Trust, is_settled
from fedpolicy.analysis.exposure.budgets import compose, leave_parts, settle
from fedpolicy.analysis.exposure.effects import Effects, doubted_flows, free_text_of, malleable_seals
from fedpolicy.analysis.exposure.fixpoint import Holdings, Spread, propagate
from fedpolicy.analysis.exposure.insiders import Insiders, inner_parts, insiders_of
from fedpolicy.analysis.exposure.mechanisms import OUTSIDE, Mechanism, mechanisms_of
from fedpolicy.analysis.exposure.noise import Towards
from fedpolicy.analysis.exposure.openers import Openers, count_readers, shielded
from fedpolicy.analysis.exposure.sizes import Few, asks_for_size
from fedpolicy.analysis.exposure.sums import Hiding, Tally
from fedpolicy.analysis.exposure.views import (
    View,
    Viewer,
    add_everywhere,
    add_noise,
    add_public,
    levels_of,
    opened_by,
    viewers_of,
)
from fedpolicy.analysis.exposure.witness import Trail, Witnesses
from fedpolicy.catalog import Catalog
from fedpolicy.errors import InputError
from fedpolicy.graph import DataItem, FlowGraph, Mask, keyed
from fedpolicy.graph.guards import is_supplied
from fedpolicy.graph.lookup import listed_by
from fedpolicy.graph.masks import FEW, chosen, grouped
from fedpolicy.limits import USUAL, Bounds
from fedpolicy.records import dataclass, field, replace

if TYPE_CHECKING:
    from fedpolicy.analysis.exposure.rungs import Rungs

_COMPARED = (Reading.HIGH, Reading.GUARANTEED)  # they differ in what owners doubt, and in nothing else


@dataclass(slots=True, kw_only=True)
class Exposure:
    """
    One graph under all three readings; what is expensive is computed when it is first asked for.

    Where everything is `settled`, no missing fact tells the most favourable reading from the least favourable one;
    where noise is `divided`, some sums have only a part of it. `distrusted` is what `doubted_flows` says.
    """

    graph: FlowGraph
    catalog: Catalog
    max_epsilon: float
    most_forms: int
    trust: Trust
    lenient: Trust
    own: Mapping[str, Mask]
    mechanisms: Mapping[int, Mechanism]
    insiders: Mapping[int, Insiders]
    viewers: Mapping[tuple[str, str], Viewer]
    capacities: Mapping[str, Sequence[Viewer]]
    items: Mapping[str, DataItem]
    settled: bool
    divided: bool
    rungs: Rungs | None
    distrusted: Mapping[int, Mask] | None
    _holdings: dict[tuple[Reading, bool, bool], Holdings] = field(default_factory=dict)
    _names: dict[tuple[int, Mask], tuple[str, ...]] = field(default_factory=dict)
    _openers: dict[Reading, Openers] = field(default_factory=dict)
    _witnesses: dict[tuple[Reading, bool], Witnesses] = field(default_factory=dict)
    _public: dict[tuple[Reading, bool], View] = field(default_factory=dict)
    _towards: dict[tuple[tuple[int, Towards], ...], Mapping[int, Mechanism]] = field(default_factory=dict)
    _tallies: dict[int, Tally] = field(default_factory=dict)
    _alike: dict[Reading, Reading] = field(default_factory=dict)
    _asked: dict[Reading, Reading] = field(default_factory=dict)
    _refused: InputError | None = None
    _begun: Spread | None = None
    _of_party: dict[tuple[str, Reading], Mapping[int, Mechanism]] = field(default_factory=dict)
    _parts: dict[tuple[str, Reading], frozenset[int]] = field(default_factory=dict)

    def holdings(self, reading: Reading, *, private: bool = True, log: bool = False) -> Holdings:
        """The fixpoint of a reading, with or without differential privacy, and with its log for witness paths."""
        reading = self._like(reading)
        key = (reading, private, log := log or (private and reading is Reading.HIGH))
        if key not in self._holdings:
            shared = bool(self.distrusted) and private and reading in _COMPARED
            trust = self.lenient if reading is Reading.VOUCHED else self.trust
            hiding = Hiding(
                graph=self.graph, trust=trust, reading=reading, insiders=self.insiders, tallies=self._tallies
            )
            effects = Effects(
                graph=self.graph,
                catalog=self.catalog,
                trust=trust,
                reading=reading,
                max_epsilon=self.max_epsilon,
                private=private,
                free_text=free_text_of(self.graph, reading),
                malleable=malleable_seals(self.graph),
                few=Few(graph=self.graph, catalog=self.catalog, reading=reading),
                supplied=is_supplied(self.graph.deployment, self.graph.vertices),
                mechanisms=self.mechanisms,
                insiders=self.insiders,
                counted=frozenset(one.index for one in self.graph.aggregates if one.least_units),
                like=self.holdings(Reading.HIGH).effects if shared and reading is not Reading.HIGH else None,
                doubted=self.distrusted or {},
            )
            found = self._propagated(effects, hiding, log=log, shared=shared)
            if self.rungs is not None:
                beside = found if reading.trusting else self.holdings(Reading.HIGH, private=private)
                found = self.rungs.told_beside(found, beside, self.capacities)
            self._holdings[key] = found
        return self._holdings[key]

    def _like(self, reading: Reading) -> Reading:
        """The reading that says the same of this deployment and is computed in any case."""
        if (known := self._alike.get(reading)) is None:
            same = (self.settled and reading is Reading.LOW) or (reading is Reading.GUARANTEED and self.believed)
            known = self._alike[reading] = Reading.HIGH if same else reading
        return known

    @property
    def believed(self) -> bool:
        """Whether every owner relies on all who protect its data, so that what is declared is guaranteed."""
        return self.distrusted is not None and not self.distrusted

    def _propagated(self, effects: Effects, hiding: Hiding, *, log: bool, shared: bool) -> Holdings:
        """The fixpoint; what cannot be followed takes seconds to find out, and is found out once."""
        if self._refused is not None:
            raise self._refused
        try:
            if self.distrusted is None or not shared:
                return propagate(self.graph, effects, hiding, {}, log=log, most=self.most_forms).holdings
            if self._begun is None:
                self._begun = propagate(self.graph, effects, hiding, self.distrusted, log=True, most=self.most_forms)
            return self._begun.further(effects, hiding, [self.graph.flows[one] for one in self.distrusted], log=log)
        except InputError as error:
            self._refused = error
            raise

    def names(self, mask: Mask) -> tuple[str, ...]:
        """The instances of a set by name; many groups share one."""
        if self.graph.size(mask) <= FEW:
            return tuple([self.graph.data[index].id for index in self.graph.numbers(mask)])
        key = keyed(mask)
        if key not in self._names:
            self._names[key] = chosen(mask, self.items)
        return self._names[key]

    def view(self, viewer: Viewer, reading: Reading) -> View:
        """What a viewer sees in a reading, composed budgets considered."""
        seen = self._seen(viewer, reading, private=True)
        if not seen.noise:
            return seen
        plain = lambda: self._seen(viewer, reading, private=False)  # noqa: E731  asked for only if it is needed
        return compose(seen, self.towards(viewer.party, reading), self.mechanisms, self.max_epsilon, reading, plain)

    def towards(self, party: str, reading: Reading = Reading.HIGH) -> Mapping[int, Mechanism]:
        """Every mechanism as a party sees it: without the shares of noise that it knows, or the chance of a sample."""
        asked = (party, reading if self.divided and reading is Reading.LOW else Reading.HIGH)
        if (settled := self._of_party.get(asked)) is not None:
            return settled
        seen_parts, known = self._parts_seen(*asked), {}
        for index, one in sorted(self.insiders.items()):
            if one.clients is None or index in seen_parts:
                known[index] = one.towards(party, inner_parts(self.insiders, one, seen_parts))
        key = tuple(known.items())
        if key not in self._towards:
            seen = {at: self.insiders[at].mechanism(self.graph, one) for at, one in known.items() if one != OUTSIDE}
            self._towards[key] = {**self.mechanisms, **seen}
        return self._of_party.setdefault(asked, self._towards[key])

    def _parts_seen(self, party: str, reading: Reading) -> frozenset[int]:
        """The noise that is in sums of some of the clients, where a party sees such sums."""
        if self.divided and (party, reading) not in self._parts:
            views = [self._gathered(one, reading, private=True) for one in self.capacities.get(party, ())]
            plain = {index for view in views for index, mask in view.noise.items() if mask}
            self._parts[party, reading] = frozenset(plain.union(pair[0] for view in views for pair in view.stacked))
        return self._parts.get((party, reading), frozenset())

    def _seen(self, viewer: Viewer, reading: Reading, *, private: bool) -> View:
        """What a viewer sees, with each instance through as few mechanisms as say all."""
        view = self._gathered(viewer, reading, private=private)
        if view.stacked:
            settle(view, self.towards(viewer.party, reading), self.max_epsilon, reading)
        if self.divided:
            leave_parts(self.insiders, view.noise)
        return view

    def _gathered(self, viewer: Viewer, reading: Reading, *, private: bool) -> View:
        """With what is public, and with the noise through which the same party sees data in its other capacities."""
        view = levels_of(self.holdings(reading, private=private), viewer, self.openers(reading))
        for other in (one for one in self.capacities.get(viewer.party, ()) if one is not viewer):
            add_noise(view, levels_of(self.holdings(reading, private=private), other, self.openers(reading)))
        if self.public is not None and self.public is not viewer:
            opened = opened_by(self.holdings(reading, private=private), viewer, self.public, self.openers(reading))
            add_public(view, self._published(self.public, reading, private=private), opened)
        return view

    def _published(self, public: Viewer, reading: Reading, *, private: bool) -> View:
        if (reading, private) not in self._public:
            holdings = self.holdings(reading, private=private)
            self._public[reading, private] = levels_of(holdings, public, self.openers(reading))
        return self._public[reading, private]

    @property
    def public(self) -> Viewer | None:
        """Everybody, where anything is published."""
        return self.viewers.get(("public", "public"))

    def views(self, viewer: Viewer) -> dict[Reading, View]:
        """What a viewer sees in all readings that may differ."""
        asked = self.asked
        if self._holds_one(viewer):
            asked = {one: Reading.HIGH if same is Reading.GUARANTEED else same for one, same in asked.items()}
        found = {same: self.view(viewer, same) for same in dict.fromkeys(asked.values())}
        if self.public is not None and self.public is not viewer and len(found) > 1:
            add_everywhere(found, {same: self._published(self.public, same, private=True) for same in found})
        return {reading: found[same] for reading, same in asked.items()}

    def _holds_one(self, viewer: Viewer) -> bool:
        """Whether a viewer sees by what is at its places alone, and there both readings hold the same."""
        known = self.holdings(Reading.HIGH).effects.few.onward  # what somebody reads beyond what is at its places
        if not self.distrusted or self.graph.seals or self.mechanisms or self.public or known:
            return False
        one, other = (self.holdings(reading).states for reading in _COMPARED)
        return all(one.get(place) == other.get(place) for place in viewer.places)

    @property
    def asked(self) -> Mapping[Reading, Reading]:
        """All readings that may differ, each with the one that says the same of this deployment."""
        if not self._asked:
            doubted = any(place.vouches is None for place in self.graph.enclaves.values())
            asked = [Reading.LOW, Reading.HIGH, Reading.GUARANTEED, *([Reading.VOUCHED] if doubted else [])]
            self._asked.update((reading, self._like(reading)) for reading in asked)
        return self._asked

    def openers(self, reading: Reading) -> Openers:
        """What each party can open of each seal, in a reading."""
        if reading not in self._openers:
            self._openers[reading] = count_readers(self.holdings(reading))
        return self._openers[reading]

    def witnesses(self, reading: Reading, *, private: bool = True) -> Witnesses:
        """The path finder of a reading."""
        if (reading, private) not in self._witnesses:
            holdings = self.holdings(reading, private=private, log=True)
            self._witnesses[reading, private] = Witnesses(holdings=holdings, openers=self.openers(reading))
        return self._witnesses[reading, private]

    def ways(self, viewer: Viewer, index: int, reading: Reading, level: int) -> tuple[tuple[Trail, ...], bool]:
        """
        The ways in which an instance gets to a viewer at a level, and whether noise counts on them.

        It does not where the budgets together are too large.
        """
        item = self.graph.data[index]
        home = self.graph.vertices[item.place]
        stored = home.id in viewer.places and not shielded(self.holdings(reading), home, viewer.party) & item.bit
        everybody = replace(viewer, places=(*viewer.places, *self.public.places)) if self.public else viewer
        for private in (True, False):
            trails = self.witnesses(reading, private=private).ways(everybody, index, level)
            if trails or stored:
                return trails, private
        return (), True


def prepare(graph: FlowGraph, catalog: Catalog, max_epsilon: float | None = None, bounds: Bounds = USUAL) -> Exposure:
    """Everything needed to ask about exposure in a graph."""
    viewers = viewers_of(graph)
    mechanisms, rungs = mechanisms_of(graph), None
    if any(task.hops or task.via for task in graph.deployment.tasks.values()):
        from fedpolicy.analysis.exposure.rungs import rungs_of  # noqa: PLC0415  few exchanges have steps

        rungs = rungs_of(graph)
    trust = Trust(graph=graph)
    insiders = insiders_of(graph, max(mechanisms) + 1) if mechanisms else {}
    wholes = {part: index for index, one in insiders.items() for part in one.inner if one.clients is None}
    return Exposure(
        graph=graph,
        catalog=catalog,
        max_epsilon=(catalog.levels["bounded"].max_epsilon if max_epsilon is None else max_epsilon) or 0.0,
        most_forms=bounds.forms,
        trust=trust,
        lenient=Trust(graph=graph, lenient=True),
        own=grouped((item.owner, item.bit) for item in graph.data),
        mechanisms=mechanisms | {part: mechanisms[index] for part, index in wholes.items()},
        insiders=insiders,
        divided=bool(wholes),
        distrusted=doubted_flows(graph, trust),
        viewers={(viewer.party, viewer.role): viewer for viewer in viewers},
        capacities=listed_by((viewer.party, viewer) for viewer in viewers),
        items={item.id: item for item in graph.data},
        rungs=rungs,
        settled=not (mechanisms or rungs) and is_settled(graph) and not asks_for_size(graph, catalog),
    )

"""FlowGraph -> disclosures: the three readings, the parties' views, and the evidence for each group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from fedpolicy.analysis.exposure.budgets import compose, spending_on
from fedpolicy.analysis.exposure.effects import Effects, free_text_of, malleable_seals
from fedpolicy.analysis.exposure.fixpoint import Holdings, propagate
from fedpolicy.analysis.exposure.groups import Group, group_views
from fedpolicy.analysis.exposure.mechanisms import Mechanism, mechanisms_of
from fedpolicy.analysis.exposure.privacy import unsettled
from fedpolicy.analysis.exposure.readings import BOUNDED, Reading, Trust
from fedpolicy.analysis.exposure.reasons import missing_on, not_counted
from fedpolicy.analysis.exposure.sums import Hiding
from fedpolicy.analysis.exposure.views import (
    View,
    Viewer,
    add_noise,
    add_public,
    count_readers,
    levels_of,
    shielded,
    viewers_of,
)
from fedpolicy.analysis.exposure.witness import Trail, Witnesses
from fedpolicy.analysis.facts import Disclosure, Step
from fedpolicy.catalog.load import Catalog
from fedpolicy.graph.model import DataItem, Flow, FlowGraph, Mask, bits
from fedpolicy.records import dataclass

__all__ = ["Exposure", "disclosure_of_pair", "disclosures_of", "prepare", "undeclared"]


@dataclass(slots=True, kw_only=True)
class Exposure:
    """
    One graph under all three readings; what is expensive is computed when it is first asked for.

    Where everything is `settled`, no missing fact tells the most favourable reading from the least favourable one.
    """

    graph: FlowGraph
    catalog: Catalog
    max_epsilon: float
    trust: Trust
    own: Mapping[str, Mask]
    mechanisms: Mapping[int, Mechanism]
    viewers: Mapping[tuple[str, str], Viewer]
    capacities: Mapping[str, Sequence[Viewer]]
    items: Mapping[str, DataItem]
    settled: bool
    _holdings: dict[tuple[Reading, bool, bool], Holdings] = field(default_factory=dict)
    _names: dict[Mask, tuple[str, ...]] = field(default_factory=dict)
    _openers: dict[Reading, dict[str, dict[int, int]]] = field(default_factory=dict)
    _witnesses: dict[tuple[Reading, bool], Witnesses] = field(default_factory=dict)
    _public: dict[tuple[Reading, bool], View] = field(default_factory=dict)

    def holdings(self, reading: Reading, *, private: bool = True, log: bool = False) -> Holdings:
        """The fixpoint of a reading, with or without differential privacy, and with its log for witness paths."""
        if self.settled and reading is Reading.LOW:
            reading = Reading.HIGH
        log = log or (private and reading is Reading.HIGH)
        key = (reading, private, log)
        if key not in self._holdings:
            hiding = Hiding(graph=self.graph, trust=self.trust, reading=reading)
            effects = Effects(
                graph=self.graph,
                catalog=self.catalog,
                trust=self.trust,
                reading=reading,
                max_epsilon=self.max_epsilon,
                private=private,
                free_text=free_text_of(self.graph),
                malleable=malleable_seals(self.graph),
            )
            self._holdings[key] = propagate(self.graph, effects, hiding, log=log)
        return self._holdings[key]

    def names(self, mask: Mask) -> tuple[str, ...]:
        """The instances of a set by name; many groups share one."""
        if mask not in self._names:
            self._names[mask] = tuple(self.graph.data[index].id for index in bits(mask))
        return self._names[mask]

    def view(self, viewer: Viewer, reading: Reading) -> View:
        """What a viewer sees in a reading, composed budgets considered."""
        seen = self._seen(viewer, reading, private=True)
        plain = lambda: self._seen(viewer, reading, private=False)  # noqa: E731  asked for only if it is needed
        return compose(seen, self.mechanisms, self.max_epsilon, reading, plain)

    def _seen(self, viewer: Viewer, reading: Reading, *, private: bool) -> View:
        """With what is public, and with the noise through which the same party sees data in its other capacities."""
        view = levels_of(self.holdings(reading, private=private), viewer, self.openers(reading))
        for other in self.capacities.get(viewer.party, ()):
            if other is not viewer:
                add_noise(view, levels_of(self.holdings(reading, private=private), other, self.openers(reading)))
        if self.public is not None and self.public is not viewer:
            add_public(view, self._published(self.public, reading, private=private))
        return view

    def _published(self, public: Viewer, reading: Reading, *, private: bool) -> View:
        if (reading, private) not in self._public:
            found = levels_of(self.holdings(reading, private=private), public, self.openers(reading))
            self._public[reading, private] = found
        return self._public[reading, private]

    @property
    def public(self) -> Viewer | None:
        """Everybody, where anything is published."""
        return self.viewers.get(("public", "public"))

    def views(self, viewer: Viewer) -> dict[Reading, View]:
        """What a viewer sees in all three readings."""
        found = {reading: self.view(viewer, reading) for reading in (Reading.HIGH, Reading.GUARANTEED)}
        return {Reading.LOW: found[Reading.HIGH] if self.settled else self.view(viewer, Reading.LOW), **found}

    def openers(self, reading: Reading) -> dict[str, dict[int, int]]:
        """How many readers of each seal each party has, in a reading."""
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
        place = self.graph.data[index].place
        stored = (
            place in viewer.places and not shielded(self.holdings(reading), self.graph.vertices[place]) >> index & 1
        )
        everybody = replace(viewer, places=(*viewer.places, *(self.public.places if self.public else ())))
        for private in (True, False):
            trails = self.witnesses(reading, private=private).ways(everybody, index, level)
            if trails or stored:
                return trails, private
        return (), True


def disclosures_of(exposure: Exposure) -> tuple[Disclosure, ...]:
    """Everything that anybody can learn about data that are not its own, most revealing first."""
    groups = group_views(
        exposure.graph, exposure.catalog, exposure.views, tuple(exposure.viewers.values()), exposure.own
    )
    found = [_disclosure(exposure, group) for group in groups]
    return tuple(sorted(found, key=lambda d: (-d.high, -d.guaranteed, d.role, d.parties, d.datasets)))


def prepare(graph: FlowGraph, catalog: Catalog, max_epsilon: float | None = None) -> Exposure:
    """Everything needed to ask about exposure in a graph."""
    limit = max_epsilon if max_epsilon is not None else catalog.levels["bounded"].max_epsilon
    viewers = viewers_of(graph)
    own: dict[str, Mask] = {}
    for item in graph.data:
        own[item.owner] = own.get(item.owner, 0) | 1 << item.index
    mechanisms = mechanisms_of(graph)
    return Exposure(
        graph=graph,
        catalog=catalog,
        max_epsilon=limit if limit is not None else 0.0,
        trust=Trust(graph=graph),
        own=own,
        mechanisms=mechanisms,
        viewers={(viewer.party, viewer.role): viewer for viewer in viewers},
        capacities=_capacities(viewers),
        items={item.id: item for item in graph.data},
        settled=not mechanisms and _settled(graph),
    )


def _settled(graph: FlowGraph) -> bool:
    return all(flow.certain for flow in graph.flows) and all(one.k_low == one.k_high for one in graph.aggregates)


def _capacities(viewers: Sequence[Viewer]) -> dict[str, list[Viewer]]:
    """The parties that see data in several capacities."""
    found: dict[str, list[Viewer]] = {}
    for viewer in viewers:
        found.setdefault(viewer.party, []).append(viewer)
    return {party: several for party, several in found.items() if len(several) > 1}


def disclosure_of_pair(exposure: Exposure, group: Disclosure, party: str, dataset: str) -> Disclosure:
    """The same levels for one party and one instance of a group, with that pair's own paths and reasons."""
    viewer, item = exposure.viewers[party, group.role], exposure.items[dataset]
    levels = (group.low, group.high, group.guaranteed)
    return replace(_evidence(exposure, viewer, item, levels), allowed=group.allowed)


def _disclosure(exposure: Exposure, group: Group) -> Disclosure:
    viewer, item = _representative(exposure, group.viewers, group.mask)
    return replace(
        _evidence(exposure, viewer, item, group.levels),
        parties=tuple(sorted(viewer.party for viewer in group.viewers)),
        datasets=exposure.names(group.mask),
        allowed=group.allowed,
        pairs=group.pairs(exposure.own),
        missing=_undecided(exposure, group),
    )


def _undecided(exposure: Exposure, group: Group) -> tuple[str, ...]:
    """The facts that the level hangs on: of one instance of every dataset of the group, as each may lack its own."""
    low, high, _ = group.levels
    if low == high:
        return ()
    datasets: dict[str, Mask] = {}
    for index in bits(group.mask):
        family = exposure.graph.data[index].family
        datasets[family] = datasets.get(family, 0) | 1 << index
    found: set[str] = set()
    for mask in datasets.values():
        viewer, item = _representative(exposure, group.viewers, mask)
        trails, _ = exposure.ways(viewer, item.index, Reading.HIGH, high)
        found.update(missing_on(exposure.holdings(Reading.HIGH), item, trails, exposure.max_epsilon))
    return tuple(sorted(found))


def _evidence(exposure: Exposure, viewer: Viewer, item: DataItem, levels: tuple[int, int, int]) -> Disclosure:
    low, high, guaranteed = levels
    reading = Reading.HIGH if high else Reading.GUARANTEED
    trails, private = exposure.ways(viewer, item.index, reading, high or guaranteed)
    holdings = exposure.holdings(reading)
    limit = exposure.max_epsilon
    spent = spending_on(exposure.view(viewer, reading), exposure.mechanisms, item.index, limit)
    missing = missing_on(holdings, item, trails, limit) if low != high else ()
    if low != high and spent and not private:
        missing = tuple(sorted({*missing, *unsettled(spent, limit)}))
    return Disclosure(
        parties=(viewer.party,),
        role=viewer.role,
        datasets=(item.id,),
        low=low,
        high=high,
        guaranteed=guaranteed,
        paths=tuple(steps_of(exposure.graph, trail) for trail in trails),
        not_counted=not_counted(holdings, viewer, item, trails, limit, None if private else spent),
        missing=missing,
        claims=_claims(exposure, viewer, item, high),
        spent=spent if private and BOUNDED in {high, guaranteed} else None,
    )


def undeclared(exposure: Exposure, viewers: Sequence[Viewer], index: int) -> tuple[str, ...]:
    """The facts on which it hangs how one party, in all its capacities, sees an instance."""
    found: set[str] = set()
    for viewer in viewers:
        seen = exposure.view(viewer, Reading.HIGH).levels
        level = max((level for level, mask in enumerate(seen) if level and mask >> index & 1), default=0)
        if level:
            trails, _ = exposure.ways(viewer, index, Reading.HIGH, level)
            item = exposure.graph.data[index]
            found.update(missing_on(exposure.holdings(Reading.HIGH), item, trails, exposure.max_epsilon))
    return tuple(sorted(found))


def _representative(exposure: Exposure, viewers: Sequence[Viewer], mask: Mask) -> tuple[Viewer, DataItem]:
    """The first viewer who has something to learn of these instances, and the first of them that is not its own."""
    others = ((viewer, mask & ~exposure.own.get(viewer.party, 0)) for viewer in sorted(viewers, key=lambda v: v.party))
    viewer, left = next((viewer, left) for viewer, left in others if left)
    return viewer, exposure.graph.data[next(bits(left))]


def _claims(exposure: Exposure, viewer: Viewer, item: DataItem, high: int) -> tuple[str, ...]:
    if high != BOUNDED:
        return ()
    noise = exposure.view(viewer, Reading.HIGH).noise
    seen = (exposure.mechanisms[m] for m, mask in noise.items() if mask >> item.index & 1)
    return tuple(sorted(mechanism.path for mechanism in seen if mechanism.rests_on_claim))


def steps_of(graph: FlowGraph, trail: Sequence[Flow]) -> tuple[Step, ...]:
    """The hops of a path; what passes through an exchange is one hop from client to client."""
    found: list[Step] = []
    for flow in trail:
        start = flow.source
        if found and graph.vertices[start].kind == "exchange":
            start = found.pop().source
        found.append(
            Step(
                source=start,
                target=flow.target,
                payload=flow.payload,
                flow=flow.id,
                origin=flow.origin,
                role=flow.role,
                implied_by=flow.implied_by,
                path=flow.path,
            )
        )
    return tuple(found)

"""One task spelt out: who takes part with which data, and how many are in a sum."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from tests.reference.few import contributed
from tests.reference.models import Models
from tests.reference.movement import Contributor
from tests.reference.safeguards import unsaid
from tests.reference.world import Instance, Place, World


class Job:
    """One task, spelt out."""

    def __init__(self, models: Models, name: str) -> None:
        self.models, self.world, self.name = models, models.world, name
        self.task = task = self.world.file.tasks[name]
        self.method = self.world.catalog.methods[task.method]
        self.why = f"tasks.{name}"
        self.members = self.world.nodes(task.runs_on)
        self.moved: list[tuple[str, str, str]] = []
        self.masks: dict[str, set[str]] = {member: set() for member in self.members}
        for item in self.world.every(task.data):
            if item.place in self.masks:
                self.masks[item.place].add(item.id)
                continue
            for member in self.world.nodes(task.runs_on, item.place):
                if any(self._means(member, item, name) for name in task.data if name in (item.id, item.dataset)):
                    self.masks[member].add(item.id)
                    self.moved.append((item.place, member, item.id))
        self.blind = next((one for one in self.task.safeguards if one.kind == "secure_computation"), None)
        self.meeting = f"exchange:blind {name}"
        self.mask = frozenset(item for mask in self.masks.values() for item in mask)
        if self.blind:
            self._meet()
        self.givers: list[str] = [place for place, mask in self.masks.items() if mask]

    def _meet(self) -> None:
        """Nobody works on anything alone: all that is worked on meets at one point, run by all of them."""
        places = [self.world.places[member] for member in self.members]
        suppliers, parties = {self.world.supplier(here.code, here) for here in places}, {here.party for here in places}
        code, party = (some.pop() if len(some) == 1 else "" for some in (suppliers, parties))
        self.world.places.setdefault(self.meeting, Place(id=self.meeting, code=code, party=party))
        self.world.hands[self.meeting] = self.members
        self.masks = {**{member: set() for member in self.members}, self.meeting: {*self.mask}}
        self.moved = []

    @property
    def working(self) -> list[str]:
        """Who takes part: whoever has data, or computes on what meets."""
        return self.members if self.blind and self.mask else self.givers

    @property
    def revealed(self) -> list[str]:
        """Where what comes of a computation goes."""
        return self.world.nodes(self.blind.reveals_to or ()) if self.blind else []

    def _means(self, member: str, item: Instance, name: str) -> bool:
        """Whether a name means an instance from elsewhere to a member: not if its party has some of that name."""
        homes = {self.world.places[one.place].party for one in self.world.every([name])}
        own, other = self.world.places[member].party, self.world.places[item.place].party
        return "@" not in member or own == other or own not in homes

    def elsewhere(self) -> list[str | None]:
        """Where nobody knows what is done: the models that somebody else may train, or any that nobody names."""
        task = self.task
        if task.method != "unknown":
            return []
        updates = task.topology in ("star", "tree", "peer_to_peer", "rotating")
        models = [task.model, *self.models.stand_ins(task.model)] if task.model else [None]
        # Which nobody writes of training by a provider alone.
        if task.aggregator or task.via or task.hops or updates or self.blind:
            return [one for one in models if one and not self.models.held(one)]
        return [*models]

    def brought(self) -> list[tuple[str, str, frozenset[str]]]:
        """The data that are moved to where it runs."""
        return [(place, member, frozenset({item})) for place, member, item in self.moved]

    @property
    def unsaid(self) -> bool:
        """Whether nobody knows which safeguards it has."""
        return unsaid(self.task.safeguards)

    @property
    def retrieves(self) -> bool:
        """Whether passages are looked up, as far as anybody knows."""
        return bool(self.method.retrieves) or self.task.method == "unknown"

    def ways(self) -> list[Job]:
        """The same in each topology that the file could state as it stands, where it says that nobody knows which."""
        task = self.task
        unsaid = task.says_unknown("topology") or (task.method == "unknown" and not task.topology)
        if self.blind or not (unsaid and self.method.up):
            return self._done([self])
        if task.hops:
            found = ["tree"]
        elif task.labels_at or task.top_model_at:
            found = ["split", "vertical"]
        else:
            found = ["star", "split", "vertical"]
            found += [] if task.aggregator else ["peer_to_peer"]
            found += [] if task.aggregator or task.via else ["local"]
        return self._done([self._stating(way) for way in found])

    def _done(self, ways: list[Job]) -> list[Job]:
        """Each way as it is; of an unknown method, also with numbers that are added up, as some methods have them."""
        if self.task.method != "unknown":
            return ways
        numbers = [copy(one) for one in ways if one.topology in ("star", "tree", "peer_to_peer", "rotating")]
        for one in numbers:
            one.method = self.world.catalog.methods["fedavg"]
        return [*ways, *numbers]

    def _stating(self, topology: str) -> Job:
        one = copy(self)
        one.task = self.task.changed(topology=topology)
        return one

    @property
    def topology(self) -> str:
        """Who exchanges with whom."""
        task = self.task
        if self.blind and not task.topology:
            return "local"
        if task.topology or task.hops:
            return task.topology or "tree"
        if self.method.topology in ("split", "vertical"):
            return self.method.topology
        if self.method.up and (task.aggregator or (self.method.topology == "star" and self.world.aggregators())):
            return "star"
        return self.method.topology if self.method.topology not in (None, "star") else "local"

    @property
    def up(self) -> str | None:
        """What goes up."""
        return (self.method.up_in or {}).get(self.topology, self.method.up)

    def hosted(self, model: str | None) -> bool:
        """Whether only a provider can do it."""
        if self.method.hosted:
            return True
        return self.method.needs == "weights" and model is not None and not self.models.held(model)

    def inputs(self) -> list[str | None]:
        """The model that goes in, and those that are trained instead; asking one includes its fallbacks."""
        model = self.task.model
        if model is None or not (self.hosted(model) or self.method.needs == "weights"):
            return [model]
        return [model, *self.models.stand_ins(model)]

    def carried(self) -> list[str]:
        """
        The models of which something travels with what is exchanged: not those that only a provider trains, unless
        nobody else trains any.
        """
        found = [model for model in self.inputs() if not self.hosted(model)] or [self.task.model]
        return [model for model in dict.fromkeys((*found, self.task.evaluates)) if model is not None]

    # Who is in a sum.

    @property
    def least_units(self) -> int:
        """Of how few units a sum says as much as they do."""
        return (self.world.catalog.payloads[self.up].least_units if self.up else None) or 0

    def averages(self) -> bool:
        """Whether an aggregator beside the top averages the parts that clients have of a split model."""
        return self.topology == "split" and bool(self.task.aggregator and self.task.top_model_at)

    def crowd(self, members: Sequence[str]) -> tuple[Contributor, ...]:
        """The contributors among some members."""
        items = self.world.instances
        return contributors(self.world, {one: [i for i in items if i.id in self.masks[one]] for one in members})

    def without_data(self) -> tuple[Contributor, ...]:
        """Who takes part and has no data of the task."""
        found = []
        for member in self.members:
            here = self.world.places[member]
            if not self.masks[member]:
                controlled, count = frozenset({*here.operators, here.host} - {""}), self._count(member)
                found.append(Contributor(controlled=controlled, owners=frozenset(), items=frozenset()))
                if count > 1:
                    rest = frozenset(controlled - {here.party} | {f"{here.home}.rest"})
                    found.append(Contributor(controlled=rest, owners=frozenset(), items=frozenset(), count=count - 1))
        return tuple(found)

    def size(self, below: Sequence[str]) -> tuple[int, int]:
        """How many contributions a plain sum has: with missing facts unfavourable, and favourable."""
        crowd = sum(one.count for one in self.crowd(below))
        population = sum(one.count for one in self.crowd(self.members))
        sums = [one.min_clients for one in self.task.safeguards if one.kind == "secure_aggregation"]
        stated = max([self.task.min_clients or 0, *sums])
        if not stated:
            # A round that loses clients goes on with fewer unless something says how many it needs.
            return min(1, crowd), min(crowd, self.task.clients_per_round or population)
        stated = max(1, stated - self.idle(self.members))
        most = min(crowd, stated)
        return min(most, max(1, stated - (population - crowd))), most

    def mixed(self, least: int, most: int) -> tuple[int, int]:
        """How many of these the rule mixes with one another."""
        if self.task.aggregation in ("krum", "stacking"):
            return min(1, least), min(1, most)
        return (min(1, least) if self.task.says_unknown("aggregation") else least), most

    def idle(self, members: Sequence[str]) -> int:
        """How many of some members have no data of the task: they may be in a round, and hide nobody there."""
        return sum(self._count(member) for member in members if not self.masks[member])

    def _count(self, member: str) -> int:
        return weight(self.world, member)


def weight(world: World, place: str) -> int:
    """How many somebody stands for."""
    here = world.places[place]
    return 1 if here.count == 1 else here.count - 1 if place.endswith(".peer") else 1


def contributors(world: World, given: dict[str, list[Instance]]) -> tuple[Contributor, ...]:
    """Those who give any data; a cohort has more than its two."""
    found = []
    for place, items in given.items():
        if not items:
            continue
        here = world.places[place]
        owners, units = frozenset(i.owner for i in items), contributed(world, items)
        controlled = frozenset({*here.operators, here.host} - {""})
        mine = frozenset(item.id for item in items)
        found.append(Contributor(controlled=controlled, owners=owners, items=mine, units=units))
        if here.count > 2 and place.endswith(".peer"):
            rest = frozenset(controlled - {here.party} | {f"{here.home}.rest"})
            own = frozenset(f"{here.home}.rest" if owner == here.party else owner for owner in owners)
            found.append(Contributor(controlled=rest, owners=own, items=mine, count=here.count - 2, units=units))
    return tuple(found)

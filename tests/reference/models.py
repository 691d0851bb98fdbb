"""Models: who holds them, who runs them, and what calling them moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from tests.reference.few import few
from tests.reference.movement import INFERABLE, LEVELS, RECONSTRUCTABLE, VERBATIM, Movement, Seal
from tests.reference.safeguards import caps, flow_seals, seals, unsaid
from tests.reference.world import World

WEIGHTS = ("model_weights", "adapter_weights", "aggregate_update")  # the last two, of what a task makes


def _straight(way: tuple[str, ...]) -> tuple[str, ...]:
    """A way without the steps from a place to itself, unless that is all of it."""
    found = tuple(place for place, _ in groupby(way))
    return found if len(found) > 1 else way[-2:]


@dataclass(frozen=True)
class Made:
    """How a model came about in a task: by whom, and where it rests if nobody says it."""

    places: tuple[str, ...]


class Models:
    """The models of a deployment; `made` says where produced ones rest."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.made: dict[str, list[Made]] = {}
        self.copies: dict[str, list[str]] = {}
        self.indexes: dict[tuple[str, str], frozenset[str]] = {}
        self.unsure: set[tuple[str, tuple[str, ...]]] = set()  # ways that an enclave may have ended before
        self.looked_up: list[tuple[str, frozenset[str], bool]] = []
        self.met: dict[str, list[frozenset[str]]] = {}  # what those who compute send without reading it

    def level(self, payload: str) -> int:
        """What a payload reveals on its own."""
        return LEVELS.index(self.world.catalog.payloads[payload].level)

    def counted(self, payload: str) -> bool:
        """Whether it says more where it is made of few units."""
        return self.world.catalog.payloads[payload].least_units is not None

    def aspect(self, name: str, key: str) -> Any:
        """What the file says of a model, else the catalogue."""
        model = self.world.file.models[name]
        row = self.world.catalog.model(model.ref) if model.ref else None
        said = getattr(model, key)
        return said if said is not None or row is None or model.says_unknown(key) else getattr(row, key)

    def weights(self, name: str) -> str | None:
        """Whether a model's weights can be had."""
        return self.aspect(name, "weights")

    def closed(self, name: str) -> bool:
        """Whether they cannot."""
        return self.weights(name) == "closed"

    def provider(self, name: str) -> str | None:
        """Who is said to run it for others."""
        return self.aspect(name, "provider")

    def holders(self, name: str) -> list[str]:
        """The nodes that hold a runnable copy: a flow of its weights says the same as the model would."""
        return list(dict.fromkeys([*self.resting(name), *self.given(name)]))

    def given(self, name: str) -> list[str]:
        """The nodes that get the weights by a flow, and can surely open them."""
        made = any(task.produces == name for task in self.world.file.tasks.values())
        whole = WEIGHTS if made else WEIGHTS[:1]
        found = []
        for flow in self.world.file.flows.values():
            if name not in (flow.data or ()) or flow.payload not in whole or unsaid(flow.safeguards):
                continue
            for source in self.world.nodes(flow.from_):
                sealed = flow_seals(self.world, flow, source)
                got = [place for way in self.world.ways(flow, source) for place in way[1:] if place != source]
                found += [one for one in got if all(self.reads(seal, one) for seal in sealed)]
        return [one for one in found if self.world.places[one].family]

    def resting(self, name: str) -> list[str]:
        """Where a model is without anybody sending it."""
        model = self.world.file.models[name]
        if model.weights_at is not None:
            return self.world.nodes(model.weights_at)
        if model.via:
            return []
        return list(dict.fromkeys(place for made in self.made.get(name, ()) for place in made.places))

    def held(self, name: str) -> bool:
        """Whether clients can train it themselves: somebody in the federation holds it."""
        return bool(self.holders(name))

    def ways(self, name: str, caller: str) -> list[tuple[str, ...]]:
        """The ways of a call, from the caller to whoever runs the model; none where the caller does it itself."""
        holders = self.holders(name)
        return [] if caller in holders else self._elsewhere(name, caller, holders)

    def ways_to_train(self, name: str, caller: str) -> list[tuple[str, ...]]:
        """The ways to whoever trains a model on machines of its own, which the caller may hold, too."""
        if caller not in self.holders(name):
            return self.ways(name, caller)
        if self.world.file.models[name].via:
            return self._elsewhere(name, caller, [])
        return [(caller, self.world.outside(self.provider(name) or "unknown"))]

    def _elsewhere(self, name: str, caller: str, holders: list[str]) -> list[tuple[str, ...]]:
        model = self.world.file.models[name]
        near = [p for p in holders if self.world.places[p].party == self.world.places[caller].party]
        near = near or [p for p in holders if self.world.places[p].server]
        makers = [task for task in self.world.file.tasks.values() if task.produces == name]
        if makers and model.provider:
            own = {self.world.places[caller].party, model.provider}
            near = [p for p in near if self.world.places[p].party in own]
        found: list[tuple[str, ...]] = [(caller,)]
        for hop in model.via or ():
            found = [(*way, place) for way in found for place in self.world.meant(hop, way[-1])]
        known = self.provider(name)
        if self.closed(name) and (model.via or not (near or known is None)):
            ends = {way for way in found if self._resold(way) or (len(way) > 1 and self._enclosed(way[-1], known))}
            if ends == {*found}:
                return [*map(_straight, found)]
            provider = self.world.outside(known or "unknown")
            # Of an enclave that may be there, it goes on if it is not.
            perhaps = [way for way in found if way not in ends and len(way) > 1 and self._may_end(way[-1], known)]
            self.unsure |= {(name, _straight((*way, provider))) for way in perhaps}
            return [*map(_straight, perhaps), *(_straight(way if way in ends else (*way, provider)) for way in found)]
        if model.via:
            return [*map(_straight, found)]
        if near or (holders and not model.provider):
            return [(caller, place) for place in near or holders]
        if model.provider:
            return [(caller, self.world.outside(model.provider))]
        trained = self._by_those_who_trained(name, caller)
        return trained or [(caller, self.world.outside("unknown"))]

    def _by_those_who_trained(self, name: str, caller: str) -> list[tuple[str, ...]]:
        """The ways to whoever alone can have trained what tasks make."""
        found: dict[tuple[str, ...], None] = {}
        seen, left = {name}, self._from(name)
        while left:
            base = left.pop(0)
            if self.world.file.models[base].via or self.provider(base) or not self._from(base):
                found |= dict.fromkeys(self.ways_to_train(base, caller))
            elif base not in seen:
                left += self._from(base)
            seen.add(base)
        return [*found]

    def _from(self, name: str) -> list[str]:
        """The models from which somebody else trains it."""
        found = []
        for task in self.world.file.tasks.values():
            row = self.world.catalog.methods[task.method]
            if task.produces == name and task.model not in (None, name):
                elsewhere = row.hosted or (row.needs == "weights" and not self.held(str(task.model)))
                found += [str(task.model)] if elsewhere else []
        return found

    def _enclosed(self, place: str, provider: str | None) -> bool:
        """Whether a provider runs its model there, in an attested enclave of its own."""
        here = self.world.places[place]
        return here.party == provider and here.tee is not None and here.tee.attested

    def _may_end(self, place: str, provider: str | None) -> bool:
        """Whether a provider may run its model there, in an enclave of which nobody knows whether there is any."""
        here = self.world.places[place]
        return here.party == provider and here.enclosed

    def _resold(self, way: tuple[str, ...]) -> bool:
        """Whether the last hop is a party that runs models for others."""
        return len(way) > 1 and way[-1].startswith("=") and self.world.places[way[-1]].provides

    def trains(self, name: str, call: Any, runner: str) -> bool | None:
        """Whether whoever runs a model may train on what it is sent."""
        model = self.world.file.models[name]
        for said in (call, model.terms):
            if said is not None and said.trains_on_inputs is not None:
                return bool(said.trains_on_inputs)
            if said is not None and said.says_unknown("trains_on_inputs"):
                return None if self.world.places[runner].provides else False
        if model.says_unknown("terms"):
            return None if self.world.places[runner].provides else False
        place = self.world.places[runner]
        for party in (place.home, self.provider(name) or ""):
            row = self.world.catalog.provider(self.world.identity(party))
            if row is not None and row.terms is not None and row.terms.trains_on_inputs is not None:
                return bool(row.terms.trains_on_inputs)
        return None if place.provides else False

    def call(
        self,
        name: str,
        caller: str,
        sent: frozenset[str],
        payloads: Sequence[str],
        why: str,
        call: Any = None,
        guards: Sequence[Any] = (),
        retrieves: Sequence[str] | None = (),
        *,
        maybe: bool = False,
    ) -> Iterator[Movement]:
        """All that a use of a model moves, its fallbacks included; a call's own terms say nothing of these."""
        for one in (name, *self.stand_ins(name)):
            yield from self._use(one, caller, sent, payloads, why, call if one == name else None, guards)
            for way in self.ways(one, caller) or [(caller,)]:
                back = self._back(guards, way)
                for answer in self.answers(one, way, retrieves, why, back, maybe=maybe or (one, way) in self.unsure):
                    hidden = unsaid(guards) and len(way) > 2  # perhaps it is sealed on its way to the caller
                    yield replace(answer, maybe=True) if hidden else answer
                    if hidden:
                        yield replace(answer, way=(way[-1], caller))

    def _back(self, guards: Sequence[Any], way: tuple[str, ...]) -> tuple[Seal, ...]:
        """The seals on an answer that others pass on: those that whoever asks can open."""
        return () if len(way) == 2 else tuple(s for s in seals(self.world, guards, way[-1]) if self.reads(s, way[0]))

    def answers(
        self,
        name: str,
        way: tuple[str, ...],
        retrieves: Sequence[str] | None,
        why: str,
        back: tuple[Seal, ...] = (),
        *,
        maybe: bool = False,
    ) -> Iterator[Movement]:
        """Answers quote what is looked up where the model runs, to whoever asked, and to all on the way."""
        runner = way[-1]
        quoted = self.quoted(name, runner, retrieves)
        if quoted:
            maybe = maybe or retrieves is None
            self.looked_up.append((runner, quoted, maybe))
            way = tuple(reversed(way))
            yield Movement(way=way, level=VERBATIM, only=quoted, maybe=maybe, seals=back, tells=VERBATIM, why=why)

    def quoted(self, name: str, runner: str, retrieves: Sequence[str] | None) -> frozenset[str]:
        """What answers may quote: what is said, else all that a task has made an index of there."""
        if retrieves is None:
            return self.indexes.get((name, runner), frozenset())
        return frozenset(item.id for item in self.world.named(retrieves, runner))

    def stand_ins(self, name: str) -> list[str]:
        """The fallbacks of a model, and theirs; not the model, for which they may stand in turn."""
        found: list[str] = []
        waiting = list(self.world.file.models[name].fallback)
        while waiting:
            one = waiting.pop(0)
            if one not in (name, *found):
                found.append(one)
                waiting += self.world.file.models[one].fallback
        return found

    def _use(
        self,
        name: str,
        caller: str,
        sent: frozenset[str],
        payloads: Sequence[str],
        why: str,
        call: Any,
        guards: Sequence[Any],
    ) -> Iterator[Movement]:
        yield from self.contents(name, caller, why, source=caller)
        if caller in self.holders(name):
            yield from self._kept(name, caller, sent, payloads, trains=self.trains(name, call, caller))
        yield from self._parts(name, caller, sent, payloads, why, call, guards)
        for way in self.ways(name, caller):
            runner = way[-1]
            lowered = caps(self.world, guards, caller)
            sealed = tuple(s for s in seals(self.world, guards, caller) if self.reads(s, runner))
            for payload in payloads:
                items = [item for item in self.world.instances if item.id in sent]
                yield Movement(
                    way=way,
                    level=self.level(payload),
                    counted=self.counted(payload),
                    few=tuple(
                        few(self.world, self.world.catalog.payloads[payload], items, caller, at) for at in way[1:]
                    ),
                    raw=RECONSTRUCTABLE if self.world.catalog.payloads[payload].aggregate else 0,
                    only=sent,
                    caps=lowered,
                    seals=sealed,
                    throughout=True,
                    unsaid=unsaid(guards),
                    why=why,
                    maybe=(name, way) in self.unsure,
                )
            if (sealed or unsaid(guards)) and len(way) > 2:
                # Those between, who could not read the question, may read the answer.
                between = tuple(reversed(way[1:]))
                back = self._back(guards, way)
                level, perhaps = self.level("completions"), unsaid(guards)
                one = Movement(way=between, level=level, only=sent, seals=back, unsaid=perhaps, why=why)
                yield replace(one, maybe=(name, way) in self.unsure)
            yield from self._kept(name, runner, sent, payloads, trains=self.trains(name, call, runner))
            for hop in way[1:]:
                yield from self.contents(name, hop, why, source=caller)

    def _kept(
        self, name: str, runner: str, sent: frozenset[str], payloads: Sequence[str], *, trains: bool | None
    ) -> Iterator[Movement]:
        """What is kept reaches whoever uses the model, through the model."""
        if trains is not False and payloads:
            yield Movement(
                way=(runner, self.vertex(name)),
                level=min(INFERABLE, self.level(payloads[0])),
                only=sent,
                maybe=trains is None,
                why=f"models.{name}",
            )

    def contents(
        self, name: str, place: str, why: str, level: int = INFERABLE, source: str = "", **sides: Any
    ) -> Iterator[Movement]:
        """What a model has learned, to a place: of a personal one its own copy, or all where it has none."""
        copies = self.copies.get(name)
        own = self.world.copy(name, source or place)
        for copy in (self.vertex(name), *((own,) if copies and own in copies else copies or ())):
            yield Movement(way=(copy, place), level=level, why=why, **sides)

    def reads(self, seal: Seal, place: str) -> bool:
        """Whether a place can open by itself what is sealed."""
        here = self.world.places[place]
        return seal.threshold == 1 and bool(seal.readers & {place, *here.operators})

    def _parts(
        self,
        name: str,
        caller: str,
        sent: frozenset[str],
        payloads: Sequence[str],
        why: str,
        call: Any,
        guards: Sequence[Any],
    ) -> Iterator[Movement]:
        """Running a model in parts shows intermediate values to whoever holds the others."""
        for start, others in self.others(name, caller).items():
            for place in others:
                yield Movement(
                    way=(start, place),
                    level=self.level("activations"),
                    only=sent,
                    why=why,
                    caps=caps(self.world, guards, start),
                    seals=tuple(s for s in seals(self.world, guards, start) if self.reads(s, place)),
                    unsaid=unsaid(guards),
                )
                yield from self._kept(name, place, sent, payloads, trains=self.trains(name, call, place))
                yield from self.contents(name, place, f"models.{name}", source=caller)

    def others(self, name: str, caller: str) -> dict[str, list[str]]:
        """Of a model in parts: by where somebody's question goes in, who holds the other parts."""
        if self.world.file.models[name].copies != "parts" or not (holders := self.holders(name)):
            return {}
        starts = [caller] if caller in holders else [way[-1] for way in self.ways(name, caller)]
        return {start: [place for place in holders if place != start] for start in starts}

    def vertex(self, name: str) -> str:
        """The place that stands for what a model contains."""
        return self.world.inner(f"model:{name}")

    def placements(self) -> Iterator[Movement]:
        """Wherever a model is, what it contains is."""
        for name, model in self.world.file.models.items():
            why = f"models.{name}"
            for place in self.resting(name):
                copies = self.copies.get(name)
                if model.weights_at is None and copies and self.world.copy(name, place) not in copies:
                    continue  # personal copies are made where the data are; who only adds up has none
                yield from self.contents(name, place, why)
            if model.published:
                yield from self.contents(name, self.world.outside("public"), why, opens=True)
            if self.closed(name):
                if self.provider(name):
                    yield from self.contents(name, self.world.outside(str(self.provider(name))), why)
            elif model.via:
                for place in self.world.nodes(model.via[-1:]):
                    yield from self.contents(name, place, why)
            elif model.provider:
                yield from self.contents(name, self.world.outside(model.provider), why)

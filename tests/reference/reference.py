"""The reference: who learns what of a deployment, by doing what the texts say, one thing at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from fedpolicy.catalog import Catalog
from tests.reference.blind import sent_on
from tests.reference.differences import Differences
from tests.reference.few import few
from tests.reference.jobs import Job, contributors, weight
from tests.reference.learn import Learning, Parts, Reading
from tests.reference.models import Models
from tests.reference.movement import (
    BOUNDED,
    INFERABLE,
    LEVELS,
    NONE,
    RECONSTRUCTABLE,
    VERBATIM,
    Few,
    Movement,
    Noise,
    Seal,
    Shares,
    Sum,
    Voice,
)
from tests.reference.safeguards import caps, flow_seals, noises, noisy, on_all, seals, secure_sums, unsaid
from tests.reference.tasks import Desugared
from tests.reference.world import Instance, World

Row = tuple[str, str, str]  # party, capacity, instance
Levels = tuple[str, ...]  # low, high, guaranteed at best (where enclaves vouch that may) and in any case


def levels(deployment: Any, catalog: Catalog) -> dict[Row, Levels]:
    """What every party learns of every instance, in each of its capacities, where it is anything at all."""
    world = World(deployment, catalog)
    moves = movements(world)
    found: dict[Row, Levels] = {}
    least = [Learning(world, moves, item, Reading(favourable=False)) for item in world.instances]
    best = [Learning(world, moves, item, Reading(favourable=True)) for item in world.instances]
    parts, fewer = _parts(least), _parts(best)
    nested = any(one.gives for one in moves)
    more, less = (Differences(moves, best), Differences(moves, least)) if nested else (None, None)
    for item, favourable, unfavourable in zip(world.instances, best, least, strict=True):
        trusted = frozenset(world.trusted(item.owner))
        relied_on = Learning(world, moves, item, Reading(favourable=False, trusted=trusted))
        vouched = Learning(world, moves, item, Reading(favourable=False, trusted=trusted, vouched=True))
        favourable.differences = more
        unfavourable.differences = relied_on.differences = vouched.differences = less
        tables = favourable.views(fewer), *(one.views(parts) for one in (unfavourable, vouched, relied_on))
        # With a key to what is published, somebody may learn more than everybody if an enclave vouches, and only then.
        for party, role in {viewer for table in tables for viewer in table}:
            # Whoever may learn anything knows what everybody knows, however that turns out.
            viewers = ((party, role), ("public", "public"))
            ranks = [max(table.get(viewer, NONE) for viewer in viewers) for table in tables]
            if max(ranks) and party != item.owner:
                found[party, role, item.id] = tuple(LEVELS[rank] for rank in ranks)
    return found


def _parts(learning: list[Learning]) -> Parts:
    """What everybody sees of sums of some clients, in one reading."""
    found: Parts = {}
    for one in learning:
        for key, sums in one.parts().items():
            found.setdefault(key, set()).update(sums)
    return found


def movements(world: World) -> list[Movement]:
    """All movements of a deployment, those that it does not write down included."""
    models = Models(world)
    tasks = Desugared(world, models)  # which says where produced models rest, before anybody asks
    found = list(tasks.movements())
    found += _calls(world, models)
    sent = (_shipping(world, tasks.jobs, one) for one in _flows(world, models))
    found += sent_on(tasks.jobs, world, sent)
    found += models.placements()
    found = [one for one in found if len(one.way) > 1]
    found += _brought(world, models, found)
    return [_voiced(world, models, found, _bound(world, found, one)) for one in found]


def _voiced(world: World, models: Models, moves: list[Movement], one: Movement) -> Movement:
    """Noise on what copies of a model say counts for what one copy alone has learned."""
    found: list[Noise] = []
    for voice in one.voices:
        section, _, name = voice.why.partition(".")
        guards = getattr(world.file, section)[name].safeguards
        copies, shared = models.copies.get(voice.model, ()), models.vertex(voice.model)
        came = {item.id: _reach(world, moves, item, NONE) for item in world.instances}
        alone = {item: [copy for copy in copies if at.get(copy)] for item, at in came.items() if not at.get(shared)}
        by = {item: said[0] for item, said in alone.items() if len(said) == 1}
        about = frozenset(item for item, copy in by.items() if voice.several or copy == one.way[0])
        own = [world.copy(voice.model, member) for member in voice.own]
        if one.way[0] in copies and {*own} <= {*copies} and (voice.several or not own or one.way[0] in own):
            found += noises(world, guards, f"{voice.why}.safeguards", voice.where, voice.places, about, counts=on_all)
    return replace(one, noises=(*one.noises, *found))


def _bound(world: World, moves: list[Movement], one: Movement) -> Movement:
    """Through relays travels no more than the source can have, in whatever form; and of that are numbers made."""
    weights = one.raw > 0 and not one.counted
    if one.only is not None or not one.why.startswith("flows."):
        return one
    if len(one.way) > 2:
        one = replace(one, sendable=frozenset(item.id for item, _ in _come(world, moves, one.way[0])))
    if not (one.counted or weights):
        return one
    # No weights are made of numbers, or of models that are there (decision 0209).
    parts = [each for each in moves if not (weights and (each.counted or each.way[0].startswith("model:")))]
    came = _come(world, parts, one.way[0])
    made, several = one.few, one.made
    # Or of what can be read there, or of what rests with whoever makes it alone.
    for some in ([item for item, _ in came], [item for item, held in came if frozenset() in held]):
        every = _few(world, world.file.flows[one.why.partition(".")[2]], some, one.way)
        made = tuple(map(Few.beside, every, made)) if made else every
        several += (frozenset(item.id for item in some),)
    return replace(one, few=made, made=several)


def _come(world: World, moves: list[Movement], place: str) -> list[tuple[Instance, set[Held]]]:
    """What may come to a place at all, and behind which seals."""
    found = [(item, _reach(world, moves, item, NONE).get(place, set())) for item in world.instances]
    return [(item, held) for item, held in found if held]


def _calls(world: World, models: Models) -> Iterator[Movement]:
    for name, call in world.file.api_calls.items():
        for caller in world.nodes(call.from_):
            items = world.sent(call.sends, caller, call.from_)
            sent = frozenset(item.id for item in items)
            why = f"api_calls.{name}"
            if call.model:
                yield from models.call(
                    call.model, caller, sent, (call.payload,), why, call, call.safeguards, call.retrieves
                )
                continue
            way = (caller, world.outside(call.provider))
            yield Movement(
                way=way,
                level=models.level(call.payload),
                counted=models.counted(call.payload),
                raw=RECONSTRUCTABLE if world.catalog.payloads[call.payload].aggregate else 0,
                few=(
                    few(world, world.catalog.payloads[call.payload], world.sent(call.sends, caller, call.from_), *way),
                ),
                only=sent,
                why=why,
                caps=caps(world, call.safeguards, caller),
                seals=tuple(s for s in seals(world, call.safeguards, caller) if models.reads(s, way[-1])),
                unsaid=unsaid(call.safeguards),
            )
            yield from models.answers("", way, call.retrieves, why)


def _flows(world: World, models: Models) -> Iterator[Movement]:
    for name, flow in world.file.flows.items():
        row = world.catalog.payloads[flow.payload]
        sealed = row.carries == "sealed"
        level = VERBATIM if sealed else NONE if row.carries == "nothing" else models.level(flow.payload)
        sources = world.nodes(flow.from_)
        for source in sources:
            own = flow_seals(world, flow, source)
            sums, noise = _added_up(world, flow, name, source, sources), _noise(world, flow, name, source)
            noise += _divided_noise(world, flow, name, sources) if sums else ()
            for way in world.ways(flow, source):
                plain = Movement(
                    way=way,
                    level=level,
                    counted=row.least_units is not None,
                    raw=RECONSTRUCTABLE if row.aggregate else 0,
                    seals=own,
                    caps=caps(world, flow.safeguards, source),
                    sealed=sealed,
                    sums=sums,
                    noises=noise,
                    unsaid=unsaid(flow.safeguards),
                    why=f"flows.{name}",
                )
                yield from _contents(world, models, flow, plain)


def _shipping(world: World, jobs: list[Job], one: Movement) -> Movement:
    """What leaves a node that does not say whose code it runs may be made by what a task on the same data ships."""
    here = world.places[one.way[0]]
    if here.code not in ("", "unknown") or not here.operators:
        return one
    some = [job for job in jobs if here.id in job.members and (one.only is None or one.only & job.mask)]
    return replace(one, ships=tuple(job.task.code_from for job in some if job.task.code_from))


def _contents(world: World, models: Models, flow: Any, plain: Movement) -> Iterator[Movement]:
    if flow.data is None:
        # A flow that names no data is about those that rest where it begins.
        items = [item for item in world.instances if item.place == plain.way[0]]
        mine = frozenset(item.id for item in items)
        yield replace(plain, few=_few(world, flow, items, plain.way), made=(mine,))
        return
    data = [one for one in flow.data if one not in world.file.models]
    if data:
        items = world.sent(data, plain.way[0], flow.from_)
        only = frozenset(item.id for item in items)
        yield replace(plain, only=only, few=_few(world, flow, items, plain.way), made=(only,))
    for one in flow.data:
        if one in world.file.models:
            for place in (one for one in plain.way[1:] if one != plain.way[0]):
                opens = place == "=public" and plain.raw > 0 and not plain.seals
                level = min(plain.level, INFERABLE)
                yield from models.contents(
                    one,
                    place,
                    plain.why,
                    level=level,
                    source=plain.way[0],
                    seals=plain.seals,
                    opens=opens,
                    sealed=plain.sealed,
                    unsaid=plain.unsaid,
                    voices=_voices(world, models, flow, plain, one),
                )


def _voices(world: World, models: Models, flow: Any, plain: Movement, model: str) -> tuple[Voice, ...]:
    """The noise that a place puts on what it says of its copy, or alone of all copies."""
    source, personal = plain.way[0], world.file.models[model].copies == "personal"
    sole = world.copy(model, source) in models.copies.get(model, ()) or len(world.nodes(flow.from_)) == 1
    if not (personal and sole and noisy(world, flow.payload)):
        return ()
    where = ("client",) if world.places[source].client else ("client", "aggregator")
    return tuple(Voice(why=plain.why, model=model, where=one, places=(source,)) for one in where)


def _about(world: World, flow: Any, source: str) -> list[Instance]:
    """The data that a place sends by a flow: what rests there, where the flow names none."""
    if flow.data is None:
        return [item for item in world.instances if item.place == source]
    return world.sent([one for one in flow.data if one not in world.file.models], source, flow.from_)


def _added_up(world: World, flow: Any, name: str, source: str, sources: list[str]) -> tuple[Sum, ...]:
    """The secure sums of what all sources of a flow send; who has nothing adds nothing, and may be counted."""
    if not world.catalog.payloads[flow.payload].summable:
        return ()
    given = {place: _about(world, flow, place) for place in sources}
    crowd = contributors(world, {place: items for place, items in given.items() if items})
    idle = sum(weight(world, place) for place, items in given.items() if not items)
    least = world.catalog.payloads[flow.payload].least_units or 0
    return secure_sums(world, flow.safeguards, f"flows.{name}.safeguards", [source], crowd, idle, least)


def _noise(world: World, flow: Any, name: str, source: str) -> tuple[Noise, ...]:
    """Noise that a place puts on what it sends."""
    covered = frozenset(item.id for item in _about(world, flow, source))
    title = f"flows.{name}.safeguards"
    found: tuple[Noise, ...] = ()
    if noisy(world, flow.payload):
        found = noises(world, flow.safeguards, title, "client", [source], covered)
        if not world.places[source].client:
            found += noises(world, flow.safeguards, title, "aggregator", [source], covered)
    return found


def _divided_noise(world: World, flow: Any, name: str, sources: list[str]) -> tuple[Noise, ...]:
    """Noise of which all sources of a flow add a share; nobody says of how many, unless the noise does."""
    crowd = contributors(world, {place: items for place in sources if (items := _about(world, flow, place))})
    inside = frozenset(item for one in crowd for item in one.items)
    secure = max(one.min_clients for one in flow.safeguards if one.kind == "secure_aggregation")
    shares = Shares(
        task=name,
        adding=crowd,
        idle=(),
        survivors=secure,
        sums=((inside, min(secure, sum(one.count for one in crowd))),),
        fellows=world.fellows(),
    )
    found = noises(world, flow.safeguards, f"flows.{name}.safeguards", "distributed", sources, inside)
    perhaps = (tuple((i, "no" if a == "no" else "unknown") for i, a in one.enough) for one in found)
    return tuple(replace(one, shares=shares, enough=enough) for one, enough in zip(found, perhaps, strict=True))


def _few(world: World, flow: Any, items: list[Any], way: tuple[str, ...]) -> tuple[Few, ...]:
    return (few(world, world.catalog.payloads[flow.payload], items, way[0], way[1]),)


# What is sent must have been received (decision 0008).


def _brought(world: World, models: Models, moves: list[Movement]) -> list[Movement]:
    """
    Records that somebody must have got, since it sends what is made of them, or looks them up.

    Whoever is sent it by somebody that must have got it has it from there; those who send it in a circle have not.
    """
    lacking = _lacking(world, models, moves, {})
    theirs: dict[str, set[str]] = {}
    for one in lacking:
        for item in one.only or ():
            theirs.setdefault(item, set()).add(one.way[-1])
    first = [one for one in _lacking(world, models, moves, theirs) if one in lacking and not one.maybe]
    return first if len(first) == len(lacking) else [*first, *_lacking(world, models, [*moves, *first], {})]


def _lacking(
    world: World, models: Models, moves: list[Movement], beside: Mapping[str, Collection[str]]
) -> list[Movement]:
    """The same, of what nothing brings, also if what is `beside` at some places is sent on from there."""
    held: dict[tuple[str, int, bool], dict[str, set[Held]]] = {}
    found = []

    def come(item: Instance, place: str, level: int, *, sure: bool) -> Collection[Held]:
        key = (item.id, level, sure)
        if key not in held:
            held[key] = _reach(world, moves, item, level, sure=sure, beside=beside.get(item.id, ()))
        return held[key].get(place, ())

    def bring(
        item: Instance, place: str, level: int, sealing: tuple[Seal, ...] | None, *, maybe: bool, shut: bool = False
    ) -> None:
        for sure in (False, True):  # what may not be there may not bring it
            fit = [*come(item, place, level, sure=sure)]
            # Ciphertext may be anything that came sealed.
            fit += [one for one in come(item, place, NONE, sure=sure) if one] if shut else []
            if not any(_sendable(one, sealing) for one in fit):
                way, only = (item.place, place), frozenset({item.id})
                found.append(Movement(way=way, level=VERBATIM, only=only, maybe=maybe or sure, why="brought"))
                return

    for sender, item, level, sealing, shut in _wanted(world, models):
        bring(item, sender, level, sealing, maybe=False, shut=shut)
    for place, quoted, maybe in models.looked_up:
        for item in world.instances:
            if item.id in quoted:
                bring(item, place, VERBATIM, (), maybe=maybe)
    return found


Held = frozenset[Seal]  # the seals on what somebody has; none: it can read it


def _sendable(held: Held, sealing: tuple[Seal, ...] | None) -> bool:
    """Whether something can be sent: what one can read, or what is sealed already for the same readers, or more."""
    if not held or sealing is None:
        return not held or sealing is None
    return bool(sealing) and all(any(new.readers <= old.readers for new in sealing) for old in held)


def _reach(
    world: World,
    moves: list[Movement],
    item: Any,
    level: int,
    *,
    sure: bool = False,
    beside: Collection[str] = (),
) -> dict[str, set[Held]]:
    """
    Where an instance can be (or is for sure) at a level, and under which seals, whatever other safeguards leave.

    Places that are `beside` send it on, too, which does not say that it has come to them.
    """
    found: dict[str, set[Held]] = {item.place: {frozenset()}}
    looker = Learning(world, (), item, Reading(favourable=True))
    before = -1
    while before != (now := sum(map(len, found.values()))):
        before = now
        for one in moves:
            nominal = one.level if one.nominal < 0 else one.nominal
            if (
                nominal < max(level, BOUNDED)
                or (one.only is not None and item.id not in one.only)
                or (sure and one.maybe)
            ):
                continue
            for source, place, sealing in _legs(one, sure=sure):
                if source == place:
                    continue  # nobody has anything from itself
                own: set[Held] = {frozenset()} if source in beside else set()
                for held in own.union(found.get(source, ())):
                    if held or sealing or not one.sealed:
                        kept = frozenset(s for s in held | sealing if not looker.read_at(s, place))
                        found.setdefault(place, set()).update({kept, held | sealing})
    return found


def _legs(one: Movement, *, sure: bool = False) -> Iterator[tuple[str, str, frozenset[Seal]]]:
    """
    From where to where something is brought, behind which seals.

    On the way of a call or a flow, those between pass on what they got on it; in a task, what they have.
    """
    sealing = frozenset(one.seals)
    on_it = one.only is None or one.throughout or one.why.startswith("flows.")
    for source, place in pairwise(one.way):
        if sure and one.unsaid and (on_it or source == one.way[0]):
            continue  # perhaps nothing leaves there
        if on_it:
            yield one.way[0], place, sealing
        else:
            yield source, place, sealing if source == one.way[0] else frozenset()


def _wanted(world: World, models: Models) -> Iterator[tuple[str, Any, int, tuple[Seal, ...] | None, bool]]:
    """
    What somebody sends: from where, at which level, sealed how (None: as ciphertext that others made), and whether as
    ciphertext.
    """
    for call in world.file.api_calls.values():
        for caller in world.nodes(call.from_):
            asked = (call.model, *models.stand_ins(call.model)) if call.model else ()
            ways = [way for one in asked for way in models.ways(one, caller) or [(caller,)]]
            for way in ways or [(caller, world.outside(call.provider))]:
                own = seals(world, call.safeguards, caller) if way[-1] != caller else ()
                own = tuple(one for one in own if models.reads(one, way[-1]))
                for item in world.sent(call.sends, caller, call.from_):
                    yield caller, item, models.level(call.payload), own, False
    for flow in world.file.flows.values():
        row = world.catalog.payloads[flow.payload]
        data = [one for one in flow.data or () if one not in world.file.models]
        sources = [one for one in world.nodes(flow.from_) if any(world.ways(flow, one))]
        for source in sources if data else ():
            own = flow_seals(world, flow, source)
            level = VERBATIM if row.carries == "sealed" else models.level(flow.payload)
            items = world.sent(data, source, flow.from_)
            if any({item.id for item in items} <= met for met in models.met.get(source, ())):
                continue
            for item in items:
                cipher = row.carries == "sealed"
                yield source, item, level, own or (None if cipher else ()), cipher

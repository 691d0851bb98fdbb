"""Nothing hides by not being written: what a place sends, it must have got."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from fedpolicy.graph import Flow, Mask, Vertex, bits
from fedpolicy.graph.builder import Builder, LookUp, Origin, mask_of
from fedpolicy.graph.masks import common, lacking, united
from fedpolicy.language.model.does import Unsaid
from fedpolicy.records import replace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

# Instances by the seals that are on them; none: they can be read.
Held = dict[frozenset[int], Mask]
Doubtful = dict[int, tuple[str, ...]]
Got = Callable[..., Mask]
_OPEN: frozenset[int] = frozenset()


def move_data_to_senders(builder: Builder) -> None:
    """
    Where a call or a declared flow sends data that no other flow brings to its sender, or a model looks up
    data that no other flow brings to where it runs, add a `records` flow.

    What it sends must be made from something at least as revealing, which it can read: who has metrics or ciphertext
    cannot send records. What may not be there may not bring it either.
    """
    doubtful = _doubtful(builder)
    wanted: dict[tuple[str, str, Mask], Origin] = {}
    perhaps: list[tuple[Origin, str, Mask]] = []
    for origin, place, data, got in _needs(builder, doubtful):
        left = lacking(data, got(sure=False))
        if left:
            wanted.setdefault((origin.id, place, left), origin)
        if doubtful:
            perhaps.append((origin, place, lacking(lacking(data, got(sure=True)), left)))
    for origin, place, left in perhaps:
        if left:
            wanted.setdefault((origin.id, place, left), origin.unless(_facts(builder, doubtful, place)))
    for (_, place, left), origin in wanted.items():
        _bring(builder, origin, place, left)


def _needs(builder: Builder, doubtful: Doubtful) -> Iterator[tuple[Origin, str, Mask, Got]]:
    """Who needs which data, and what of them it has got, surely or at all."""
    reached: dict[tuple[int, bool], Mapping[str, Held]] = {}

    def held(place: str, payload: str, *, sure: bool) -> Held:
        key = (_rank(builder, payload), sure)
        if key not in reached:
            reached[key] = instances_at(builder, key[0], but=doubtful if sure else {})
        return reached[key].get(place, {})

    def sendable(flow: Flow, *, sure: bool) -> Mask:
        return _sendable(builder, flow, held(flow.source, flow.payload, sure=sure))

    def readable(lookup: LookUp, *, sure: bool) -> Mask:
        return held(lookup.place, lookup.payload, sure=sure).get(_OPEN, 0)

    home = {place: mask_of(items) for place, items in builder.places.stored.items()}
    sent = [flow for flow in builder.flows if flow.data and flow.role in {"call", "fallback", "declared"}]
    passed_on = {(flow.origin, flow.target) for flow in sent}
    for flow in sent:
        # Most send what rests with them; for that nobody has to ask what comes to whom.
        if (flow.origin, flow.source) not in passed_on and lacking(flow.data or 0, home.get(flow.source, 0)):
            yield _origin(flow), flow.source, flow.data or 0, partial(sendable, flow)
    for lookup in builder.lookups:
        yield lookup.origin, lookup.place, lookup.data, partial(readable, lookup)


def _doubtful(builder: Builder) -> Doubtful:
    """The flows of which nobody knows whether they bring anything: by index, the facts to declare."""
    found: Doubtful = {}
    unsaid: dict[str, tuple[str, ...]] = {}
    for flow in builder.flows:
        paths = (guard.path[:-1] for guard in flow.guards if isinstance(guard.does, Unsaid))
        said = tuple(".".join(map(str, path)) for path in paths)
        if said:
            unsaid[flow.origin] = said
        facts = (*flow.missing, *said, *(unsaid.get(flow.origin, ()) if flow.index in builder.relayed else ()))
        if facts or not flow.certain:
            found[flow.index] = facts
    return found


def _facts(builder: Builder, doubtful: Doubtful, place: str) -> set[str]:
    """Those that say whether something comes to a place; of flows further away, any."""
    near = {fact for index, facts in doubtful.items() if builder.flows[index].target == place for fact in facts}
    return near or {fact for facts in doubtful.values() for fact in facts}


def _rank(builder: Builder, name: str) -> int:
    payload = builder.catalog.payloads[name]
    highest = "verbatim" if payload.carries == "sealed" else payload.level
    return builder.catalog.levels[highest].rank


def _origin(flow: Flow) -> Origin:
    return Origin(
        id=flow.origin,
        path=flow.path,
        implied_by=flow.implied_by or flow.origin,
        certain=flow.certain,
        missing=flow.missing,
    )


def _bring(builder: Builder, origin: Origin, target: str, left: Mask) -> None:
    items = [builder.places.data[index] for index in bits(left)]
    for place in sorted({item.place for item in items}):
        mask = mask_of(item for item in items if item.place == place)
        builder.add(origin, "records", place, target, "records", mask)


def _sendable(builder: Builder, flow: Flow, held: Held) -> Mask:
    """What a sender can put into a flow: what it can read, and what is sealed for the same readers, or more."""
    found = held.get(_OPEN, 0)
    if len(held) > bool(found):
        bare = not flow.seals and _is_ciphertext(builder, flow)
        mine = [_readers(builder, seal) for seal in flow.seals]
        for seals, mask in held.items():
            if bare or all(any(new <= _readers(builder, seal) for new in mine) for seal in seals):
                found |= mask
    return found


def _is_ciphertext(builder: Builder, flow: Flow) -> bool:
    return builder.catalog.payloads[flow.payload].carries == "sealed"


def _readers(builder: Builder, seal: int) -> frozenset[str]:
    return frozenset(builder.seals[seal].readers)


def reached_at(builder: Builder) -> Mapping[str, Mask]:
    """Which instances can be at each vertex at all, readable or not."""
    found: dict[str, Mask] = {}
    for vertex, held in instances_at(builder, 0).items():
        for mask in held.values():
            found[vertex] = found.get(vertex, 0) | mask
    return found


def instances_at(builder: Builder, level: int, but: Collection[int] = ()) -> Mapping[str, Held]:
    """Which instances can be at each vertex at a level or above, by the seals on them there; `but` by some flows."""
    held: dict[str, Held] = {place: {_OPEN: mask_of(items)} for place, items in builder.places.stored.items()}
    out = _leaving(builder, level, but)
    fresh = {place: dict(states) for place, states in held.items()}
    queue = deque(held)
    while queue:
        vertex = queue.popleft()
        arrived = fresh.pop(vertex, {})
        for flow in out.get(vertex, ()):
            for seals, mask in _sent(builder, flow, arrived):
                known = held.setdefault(flow.target, {})
                before = known.get(seals, 0)
                # What thousands of places are sent is one object, with what each of them has had before, too.
                known[seals] = united(before, mask)
                if known[seals] is not before and flow.target in out:
                    if flow.target not in fresh:
                        queue.append(flow.target)
                    new = fresh.setdefault(flow.target, {})
                    new[seals] = united(new.get(seals, 0), mask)
    return held


def _sent(builder: Builder, flow: Flow, arrived: Held) -> Iterator[tuple[frozenset[int], Mask]]:
    """What a flow carries of what has come to its source, and by what it is sealed where it arrives."""
    for seals, mask in arrived.items():
        carried = mask if flow.data is None else common(mask, flow.data)
        if carried and (seals or flow.seals or not _is_ciphertext(builder, flow)):
            opened, shut = _arriving(builder, flow, seals), seals.union(flow.seals)
            yield opened, carried
            if shut != opened:  # whoever can open something can pass it on as it is, too
                yield shut, carried


def _leaving(builder: Builder, level: int, but: Collection[int]) -> Mapping[str, Sequence[Flow]]:
    models = level <= builder.catalog.levels["inferable"].rank
    out: dict[str, list[Flow]] = {}
    says = {name: _says(builder, name, level) for name in {flow.payload for flow in builder.flows}}
    for flow in builder.flows:
        capped = not models and builder.vertex(flow.source).kind == "model"
        if says[flow.payload] and not (flow.echo or capped or flow.index in but):
            source, seals = builder.relayed.get(flow.index, (flow.source, flow.seals))
            out.setdefault(source, []).append(flow if seals == flow.seals else replace(flow, seals=seals))
    return out


def _says(builder: Builder, payload: str, level: int) -> bool:
    """Whether a payload may carry something at a level."""
    return _rank(builder, payload) >= level and builder.catalog.payloads[payload].carries != "nothing"


def _arriving(builder: Builder, flow: Flow, seals: frozenset[int]) -> frozenset[int]:
    """The seals that are left when something arrives: who can open one by itself, opens it."""
    if not flow.seals and not seals:
        return _OPEN
    target = builder.vertex(flow.target)
    return frozenset(seal for seal in seals.union(flow.seals) if not _opens(builder, target, seal))


def _opens(builder: Builder, place: Vertex, index: int) -> bool:
    seal = builder.seals[index]
    return seal.threshold == 1 and (place.id in seal.readers or not set(seal.readers).isdisjoint(place.operators))

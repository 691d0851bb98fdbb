"""Nothing hides by not being written: what a place sends, it must have got."""

from __future__ import annotations

from collections import deque
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from fedpolicy.errors import InputError
from fedpolicy.graph import DataItem, Flow, Mask, Vertex, bits
from fedpolicy.graph.builder import Builder, Origin, mask_of
from fedpolicy.graph.guards import first_alike, opens_at
from fedpolicy.graph.masks import common, lacking, united
from fedpolicy.language.model.does import Unsaid
from fedpolicy.limits import MAX_SEALED_WAYS
from fedpolicy.records import dataclass, field, replace
from fedpolicy.startup import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

# Instances by the seals that are on them; none: they can be read.
Held = dict[frozenset[int], Mask]
Doubtful = dict[int, tuple[str, ...]]
_OPEN: frozenset[int] = frozenset()


class Need(NamedTuple):
    """What a place must have got, as revealing as a payload: to put it into a flow, or, without one, to read it."""

    origin: Origin
    place: str
    data: Mask
    payload: str
    flow: Flow | None


# By what implies it, where, and which instances.
Wanted = dict[tuple[str, str, Mask], tuple[Origin, Need]]


def move_data_to_senders(builder: Builder) -> None:
    """
    Where a call or a declared flow sends data that no other flow brings to its sender, or a model looks up
    data that no other flow brings to where it runs, add a `records` flow.

    What it sends must be made from something at least as revealing, which it can read: who has metrics or ciphertext
    cannot send records. What may not be there may not bring it either. Whoever is sent it by somebody that must have
    got it has it from there, unless the two send it in a circle.
    """
    needs = [*_needs(builder)]
    reach = Reach(builder=builder, doubtful=_doubtful(builder) if needs else {})
    wanted = _wanted(reach, needs)
    theirs: dict[str, Mask] = {}
    for _, place, left in wanted:
        theirs[place] = united(theirs.get(place, 0), left)
    fed = replace(reach, beside=theirs, _reached={})
    first: Wanted = {}
    for (name, place, mask), (origin, need) in wanted.items():
        # What is brought perhaps comes last, so that nothing that surely has to be brought rests on it.
        left = lacking(mask, fed.got(need)) if origin.certain else 0
        if left:
            first[name, place, left] = origin, need
    _bring(builder, first)
    if first.keys() != wanted.keys():
        _bring(builder, _wanted(Reach(builder=builder, doubtful=_doubtful(builder)), needs))


def _wanted(reach: Reach, needs: Iterable[Need]) -> Wanted:
    """What nothing brings, surely or perhaps."""
    wanted: Wanted = {}
    perhaps: list[tuple[Need, Mask]] = []
    for need in needs:
        left = lacking(need.data, reach.got(need))
        if left:
            wanted.setdefault((need.origin.id, need.place, left), (need.origin, need))
        if reach.doubtful:
            perhaps.append((need, lacking(lacking(need.data, reach.got(need, sure=True)), left)))
    for need, left in perhaps:
        if left:
            origin = need.origin.unless(_facts(reach.builder, reach.doubtful, need.place))
            wanted.setdefault((origin.id, need.place, left), (origin, need))
    return wanted


def _needs(builder: Builder) -> Iterator[Need]:
    home = {place: mask_of(items) for place, items in builder.places.stored.items()}
    # What a task sends is brought to where it runs, or quoted in an answer there; so is what it computes blindly.
    others = (flow for flow in builder.flows if flow.data and not flow.origin.startswith("tasks."))
    asked = [flow for flow in others if flow.source not in builder.hands]
    for flow in (flow for flow in asked if flow.role in {"call", "fallback", "declared"}):
        # Most send what rests with them; for that nobody has to ask what comes to whom.
        if flow.index not in builder.relayed and lacking(flow.data or 0, home.get(flow.source, 0)):
            yield Need(_origin(flow), flow.source, flow.data or 0, flow.payload, flow)
    for lookup in builder.lookups:
        yield Need(lookup.origin, lookup.place, lookup.data, lookup.payload, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """
    Where data can be at each level, surely or at all, as long as no flow is added.

    Data are what rests anywhere, or what is `beside` at some places; that counts where it comes to, not where it is.
    """

    builder: Builder
    doubtful: Doubtful
    beside: Mapping[str, Mask] | None = None
    _ways: dict[tuple[int, bool], Mapping[str, Sequence[Flow]]] = field(default_factory=dict)
    _reached: dict[tuple[int, bool], Mapping[str, Held]] = field(default_factory=dict)

    def got(self, need: Need, *, sure: bool = False) -> Mask:
        """What comes to a place, in a form that it needs: of what is sealed nobody can say what it is, nor needs to."""
        held = self._held(need, _rank(self.builder, need.payload), sure=sure)
        if need.flow is None:
            return held.get(_OPEN, 0)
        anything = self._held(need, 0, sure=sure) if _is_ciphertext(self.builder, need.flow) else {}
        shut = {seals: mask for seals, mask in anything.items() if seals}
        return united(_sendable(self.builder, need.flow, held), _sendable(self.builder, need.flow, shut))

    def _held(self, need: Need, level: int, *, sure: bool) -> Held:
        key = (level, sure)
        if key not in self._reached:
            if key not in self._ways:
                self._ways[key] = _leaving(self.builder, level, self.doubtful if sure else ())
            starts = _stored(self.builder) if self.beside is None else {at: {_OPEN: m} for at, m in self.beside.items()}
            self._reached[key] = _spread(self.builder, self._ways[key], starts, here=self.beside is None)
        return self._reached[key].get(need.place, {})


def _doubtful(builder: Builder) -> Doubtful:
    """The flows of which nobody knows whether they bring anything: by index, the facts to declare."""
    found: Doubtful = {}
    unsaid: dict[str, tuple[str, ...]] = {}
    for flow in builder.flows:
        said = tuple(".".join(map(str, one.path[:-1])) for one in flow.guards if isinstance(one.does, Unsaid))
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


def _bring(builder: Builder, wanted: Wanted) -> None:
    for (_, target, left), (origin, _) in wanted.items():
        items = [builder.places.data[index] for index in bits(left)]
        for place in sorted({item.place for item in items}):
            mask = mask_of(item for item in items if item.place == place)
            builder.add(origin, "records", place, target, "records", mask)


def _sendable(builder: Builder, flow: Flow, held: Held) -> Mask:
    """What a sender can put into a flow: what it can read, and what is sealed for the same readers, or more."""
    found = held.get(_OPEN, 0)
    if len(held) > bool(found):
        bare = not flow.seals and _is_ciphertext(builder, flow)
        mine = [builder.seals[seal].readers for seal in flow.seals]
        for seals, mask in held.items():
            if bare or all(any(new <= builder.seals[seal].readers for new in mine) for seal in seals):
                found |= mask
    return found


def _is_ciphertext(builder: Builder, flow: Flow) -> bool:
    return builder.catalog.payloads[flow.payload].carries == "sealed"


def reached_at(builder: Builder, *, others: bool = False) -> Mapping[str, Mask]:
    """Which instances can be at each vertex at all, readable or not, or if code of `others` sends anything it has."""
    out = {source: [*flows] for source, flows in _leaving(builder, 0, ()).items()}
    for flow in builder.flows if others else ():
        source, _ = builder.relayed.get(flow.index, (flow.source, ()))
        task = builder.deployment.tasks.get(flow.origin.removeprefix("tasks."))
        written = [task and task.code_from, *(builder.vertex(one).supplier for one in (source, flow.source))]
        if any(written) or flow.index in builder.shipped:
            out.setdefault(source, []).append(replace(flow, payload="records"))
    held = _spread(builder, out, _stored(builder), here=True)
    return {vertex: reduce(or_, found.values(), 0) for vertex, found in held.items()}


def payloads_made_of(builder: Builder) -> Mapping[tuple[str, bool], frozenset[Mask]]:
    """
    Of what numbers, or weights (True), may be made where some are sent and nobody says of which data.

    All that may come there, what can be read of it, or what rests there alone; weights not of numbers or of models.
    """
    rows, found = builder.catalog.payloads, dict[tuple[str, bool], frozenset[Mask]]()
    models = {place.id for place in builder.places.vertices.values() if place.kind == "model"}
    some = [flow for flow in builder.flows if flow.data is None and flow.source not in models]
    sent = {(flow.source, row.weights) for flow in some if (row := rows[flow.payload]).weights or row.least_units}
    for weights in {weights for _, weights in sent}:
        if not weights and not _has_few(builder):
            continue  # no number is made of few
        no_part = {f.index for f in builder.flows if rows[f.raw or f.payload].least_units or f.source in models}
        own = _stored(builder)
        held = _spread(builder, _leaving(builder, 0, no_part if weights else ()), own, here=True)
        for at in (at for at, kind in sent if kind is weights):
            readable = {here.get(at, {}).get(_OPEN, 0) for here in (held, own)}
            found[at, weights] = frozenset({reduce(or_, held.get(at, {}).values(), 0), *readable})
    return found


def _has_few(builder: Builder) -> bool:
    """Whether anybody may have so few units that a number of them says as much as they do."""
    least = max(row.least_units or 0 for row in builder.catalog.payloads.values())
    units = (units_of_one(item, builder.vertex(item.place)) for item in builder.places.data)
    return any(one is None or one < least for one in units)


def units_of_one(item: DataItem, place: Vertex) -> int | None:
    """How many units one owner has of an instance; a cohort's instances stand for all of its members."""
    if item.unit == "client":
        return 1
    return None if item.units is None else item.units // place.cohort


def _stored(builder: Builder) -> Mapping[str, Held]:
    return {place: {_OPEN: mask_of(items)} for place, items in builder.places.stored.items()}


def _spread(
    builder: Builder, out: Mapping[str, Sequence[Flow]], starts: Mapping[str, Held], *, here: bool
) -> Mapping[str, Held]:
    """Which instances come to each vertex from where they start, or are `here`, by the seals on them there."""
    fresh = {place: dict(states) for place, states in starts.items()}
    held: dict[str, Held] = {place: dict(states) for place, states in starts.items()} if here else {}
    queue = deque(starts)
    while queue:
        vertex = queue.popleft()
        arrived = fresh.pop(vertex, {})
        for flow in out.get(vertex, ()):
            for seals, mask in _sent(builder, flow, arrived):
                known = held.setdefault(flow.target, {})
                before = known.get(seals, 0)
                # What thousands of places are sent is one object, with what each of them has had before, too.
                known[seals] = united(before, mask)
                if len(known) > MAX_SEALED_WAYS:
                    message = f"data come to {flow.target} behind more than {MAX_SEALED_WAYS:,} different sets of seals"
                    fewer = "let fewer flows and calls pass on what another one sealed"
                    raise InputError(message, help=f"seal for the same readers, or {fewer}")
                if known[seals] is not before and flow.target in out:
                    if flow.target not in fresh:
                        queue.append(flow.target)
                    new = fresh.setdefault(flow.target, {})
                    new[seals] = united(new.get(seals, 0), mask)
    return held


def _sent(builder: Builder, flow: Flow, arrived: Held) -> Iterator[tuple[frozenset[int], Mask]]:
    """What a flow carries of what has come to its source, and by what it is sealed where it arrives."""
    target = builder.vertex(flow.target)
    for seals, mask in arrived.items():
        carried = mask if flow.data is None else common(mask, flow.data)
        if carried and (seals or flow.seals or not _is_ciphertext(builder, flow)):
            shut = seals.union(flow.seals)
            opened = frozenset(seal for seal in shut if not opens_at(builder, target, seal)) if shut else _OPEN
            yield opened, carried
            if shut != opened:  # whoever can open something can pass it on as it is, too
                yield shut, carried


def _leaving(builder: Builder, level: int, but: Collection[int]) -> Mapping[str, Sequence[Flow]]:
    models = level <= builder.catalog.levels["inferable"].rank
    out: dict[str, list[Flow]] = {}
    names = {flow.payload for flow in builder.flows if builder.catalog.payloads[flow.payload].carries != "nothing"}
    says = {name for name in names if _rank(builder, name) >= level}
    alike = first_alike(builder.seals)
    for flow in builder.flows:
        capped = not models and builder.vertex(flow.source).kind == "model"
        if flow.payload in says and not (flow.echo or capped or flow.index in but):
            source, seals = builder.relayed.get(flow.index, (flow.source, flow.seals))
            seals = tuple(dict.fromkeys(alike[seal] for seal in seals)) if seals else seals
            out.setdefault(source, []).append(flow if seals == flow.seals else replace(flow, seals=seals))
    return out

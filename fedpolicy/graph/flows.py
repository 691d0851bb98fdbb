"""Ways over places in between, and declared flows: they add to what is implied and never replace it."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise, product
from operator import or_
from typing import TYPE_CHECKING

from fedpolicy.graph import Flow, Guard, Mask, Path, Vertex
from fedpolicy.graph.builder import Builder, Origin, mask_of
from fedpolicy.graph.computation import starts
from fedpolicy.graph.guards import NO_WORDS, Shield, guards_for, is_supplied, opens_at, readers, seals_for, vouching
from fedpolicy.graph.masks import lacking
from fedpolicy.graph.places import NOBODY, supplier_of
from fedpolicy.graph.provenance import reached_at
from fedpolicy.language.model.does import Seal, Sum, Unsaid
from fedpolicy.records import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fedpolicy.language.model.flow import Flow as Declared
    from fedpolicy.language.model.flow import TreeRoute

_WEIGHTS = "model_weights"


def stations(builder: Builder, place: Vertex, references: Sequence[str]) -> list[list[str]]:
    """The places that references name as seen from a place, one after the other; all that each one may mean."""
    found: list[list[str]] = []
    for reference in references:
        before = found[-1] if found else [place.id]
        found.append(sorted({hop for at in before for hop in builder.targets(builder.vertex(at), reference)}))
    return found


def receivers(
    builder: Builder, sources: Iterable[str], at: Iterable[str], routes: Iterable[TreeRoute]
) -> dict[str, list[str]]:
    """Where places send to at a level of a tree: by the routes from there; where none are said, to any of its nodes."""
    routed: dict[str, dict[str, None]] = {}
    for route in routes:
        for place in builder.places_of(route.from_):
            routed.setdefault(place.id, {}).update(dict.fromkeys(route.to))
    names = {source: routed.get(source, ()) if routed else at for source in sources}
    return {
        source: [end for reference in to for end in builder.targets(builder.vertex(source), reference)]
        for source, to in names.items()
    }


def hops(chain: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Every single hop of a way whose stations may be several places each."""
    for sources, targets in pairwise(chain):
        yield from product(sources, targets)


def desugar_flows(builder: Builder) -> None:
    """Add every declared flow, member by member and hop by hop."""
    shipped = _shipped(builder)
    for name in sorted(builder.deployment.flows):
        flow = builder.deployment.flows[name]
        origin = Origin(id=f"flows.{name}", path=("flows", name))
        sources = builder.places_of(sorted(flow.from_))
        sums = _sums(builder, origin, flow, sources)
        for source in sources:
            since = len(builder.flows)
            for reference in sorted(flow.to):
                for target in builder.targets(source, reference):
                    _send(builder, origin, flow, source, target, sums)
            if source.id in shipped:
                _note_shipped(builder, builder.flows[since:], source, shipped[source.id])


def _shipped(builder: Builder) -> Mapping[str, Sequence[tuple[str, Mask]]]:
    """By node that does not say whose code it runs: who wrote what tasks ship there, and on which data that works."""
    found: dict[str, list[tuple[str, Mask]]] = {}
    for name, task in sorted(builder.deployment.tasks.items()):
        for place in builder.places_of(task.runs_on) if task.code_from else ():
            who = supplier_of(task.code_from, place.party)
            if who and builder.deployment.nodes[place.family].code_from in {None, NOBODY}:
                found.setdefault(place.id, []).append((who, builder.worked.get(f"tasks.{name}", 0)))
    return found


def _note_shipped(builder: Builder, sent: Iterable[Flow], source: Vertex, shipped: Sequence[tuple[str, Mask]]) -> None:
    """What leaves a node of the data that a task works on there, that task's code may have made."""
    for flow in (flow for flow in sent if flow.source == source.id and not flow.passed_on):
        found = frozenset(who for who, data in shipped if flow.data is None or data & flow.data)
        if found:
            builder.shipped[flow.index] = found


def _send(builder: Builder, origin: Origin, flow: Declared, source: Vertex, target: str, sums: dict[Path, int]) -> None:
    onward = [*stations(builder, source, flow.via), [target]]
    seals = _seals(builder, origin, flow, source)
    mask = _mask(builder, flow, source)
    for start in starts(builder, source, mask):
        for pair in hops([[start.id], *onward]):
            first = pair[0] == start.id
            own = (_guards(builder, origin, flow, start, sums), seals) if first else ((), ())
            sender = "" if first else start.id
            added = builder.add(
                origin, "", *pair, flow.payload, mask, guards=own[0], seals=own[1], passed_on=not first, sender=sender
            )
            if added is not None and not first:
                builder.relayed[added] = start.id, seals
    guards = _guards(builder, origin, flow, source, sums)
    _send_models(builder, origin, flow, source, [[source.id], *onward], guards, seals)


def _guards(
    builder: Builder, origin: Origin, flow: Declared, source: Vertex, sums: dict[Path, int]
) -> tuple[Guard, ...]:
    shield, clients = Shield(flow.safeguards, origin.path), vouching(source) if flow.safeguards else NO_WORDS
    return guards_for(builder, shield, "declared", source, payload=flow.payload, clients=clients, sums=sums)


def _send_models(
    builder: Builder,
    origin: Origin,
    flow: Declared,
    source: Vertex,
    chain: list[list[str]],
    guards: tuple[Guard, ...],
    seals: tuple[int, ...],
) -> None:
    held = [builder.model_vertex(name, source).id for name in flow.data or () if name in builder.deployment.models]
    told = {own: _on_learned(builder, flow, guards, own) for own in held}
    for model, kept in ((model, kept) for own, kept in told.items() for model in builder.contents(own)):
        for end in dict.fromkeys(place for ends in chain[1:] for place in ends if place != source.id):
            role = _release(builder, flow, end, sealed=bool(seals))
            builder.add(origin, role, model, end, flow.payload, None, guards=kept, seals=seals, sender=source.id)


def _on_learned(builder: Builder, flow: Declared, guards: tuple[Guard, ...], own: str) -> tuple[Guard, ...]:
    if all(isinstance(one.does, (Seal, Unsaid)) for one in guards):
        return guards
    from fedpolicy.graph.copies import on_learned  # noqa: PLC0415  most flows of models are sealed, or as they are

    return on_learned(builder, guards, own, sole=len(builder.places_of(flow.from_)) == 1)


def brought(builder: Builder, model: str) -> Iterable[str]:
    """The nodes to which flows bring the weights of a model in a form that they can open, as `weights_at` would say."""
    if builder.brought is None:
        builder.brought = {}
        made = {task.produces for task in builder.deployment.tasks.values()}
        for name, flow in sorted(builder.deployment.flows.items()):
            weights = [one for one in flow.data or () if _is_whole(builder, flow, made=one in made)]
            for end in _readers(builder, name, flow) if weights else ():
                for one in weights:
                    builder.brought.setdefault(one, {})[end] = None
    return builder.brought.get(model, ())


def _is_whole(builder: Builder, flow: Declared, *, made: bool) -> bool:
    """Whether who gets a model by a flow has all of it; an adapter is no model, unless it is what a task makes."""
    return flow.payload == _WEIGHTS or (made and builder.catalog.payloads[flow.payload].weights)


def _readers(builder: Builder, name: str, flow: Declared) -> Iterator[str]:
    """The nodes that surely get what a flow carries, and can open it."""
    origin = Origin(id=f"flows.{name}", path=("flows", name))
    unsaid = any(isinstance(one.does, Unsaid) for one in flow.safeguards)
    for source in () if unsaid else builder.places_of(sorted(flow.from_)):
        seals = _seals(builder, origin, flow, source)
        ends = stations(builder, source, flow.via) + [builder.targets(source, reference) for reference in flow.to]
        for end in (builder.vertex(end) for some in ends for end in some):
            if end.family and end.id != source.id and all(opens_at(builder, end, seal) for seal in seals):
                yield end.id


def _release(builder: Builder, flow: Declared, end: str, *, sealed: bool) -> str:
    """A flow of weights says what `weights_at` and `published` say, and is the same thing to rules."""
    if not builder.catalog.payloads[flow.payload].weights:
        return ""
    return "published" if builder.vertex(end).public and not sealed else "placement"


def bound_relays(builder: Builder) -> None:
    """Let every relay of a flow that carries all of its source pass on what the source can have, and no more."""
    everything = {index: source for index, (source, _) in builder.relayed.items() if builder.flows[index].data is None}
    if everything:
        reached = reached_at(builder)
        for index, source in everything.items():
            builder.flows[index] = replace(builder.flows[index], data=reached.get(source, 0))
        if is_supplied(builder.deployment, builder.places.vertices):
            _pass_on_beyond(builder, everything, reached)


def _pass_on_beyond(builder: Builder, everything: Mapping[int, str], reached: Mapping[str, Mask]) -> None:
    """Pass on from its source what only code of others can have brought there: a relay may have its own of that."""
    perhaps = reached_at(builder, others=True)
    firsts = {(flow.origin, flow.source): flow for flow in builder.flows if flow.data is None and not flow.passed_on}
    for index, source in everything.items():
        flow, beyond = builder.flows[index], lacking(perhaps.get(source, 0), reached.get(source, 0))
        first, origin = firsts[flow.origin, source], Origin(id=flow.origin, path=flow.path)
        builder.add(
            origin,
            "",
            source,
            flow.target,
            flow.payload,
            beyond,
            guards=first.guards,
            seals=first.seals,
            passed_on=True,
            sender=source,
        )


def _mask(builder: Builder, flow: Declared, source: Vertex) -> Mask | None:
    return None if flow.data is None else builder.instances(source, flow.data, flow.from_)


def _seals(builder: Builder, origin: Origin, flow: Declared, source: Vertex) -> tuple[int, ...]:
    found = seals_for(builder, Shield(flow.safeguards, origin.path), sender=source)
    if flow.sealed_for is not None:
        path, named, threshold = (*origin.path, "sealed_for"), flow.sealed_for.of, flow.sealed_for.threshold
        found = (*found, builder.add_seal(path, readers(builder, named, source, threshold), threshold))
    return found


def _sums(builder: Builder, origin: Origin, flow: Declared, sources: list[Vertex]) -> dict[Path, int]:
    found: dict[Path, int] = {}
    for index, safeguard in enumerate(flow.safeguards):
        if isinstance(does := safeguard.does, Sum):
            shares = tuple(_mask(builder, flow, source) or _stored(builder, source) for source in sources)
            mask = reduce(or_, shares, 0)
            # Who has nothing where the flow begins adds nothing to the sum, and may be counted.
            idle = sum(source.weight for source, share in zip(sources, shares, strict=True) if not share)
            most = sum(source.weight for source in sources) - idle
            k = (max(1, min(does.clients_of(safeguard) - idle, most)),) * 2
            ids = [source.id for source in sources]
            found[*origin.path, "safeguards", index] = builder.add_aggregate(
                origin, ids, mask, k, frozenset(), shares=shares, payload=flow.payload
            )
    return found


def _stored(builder: Builder, source: Vertex) -> Mask:
    return mask_of(builder.places.stored.get(source.id, ()))

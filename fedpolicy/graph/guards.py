"""Which safeguards stand on a flow, whom they rest on, and why some can never lower it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fedpolicy.graph.model import Guard, Path, Vertex
from fedpolicy.language.model.does import Cap, Noise, Seal, Sum
from fedpolicy.language.model.safeguards import Safeguard

if TYPE_CHECKING:
    from fedpolicy.graph.builder import Builder

__all__ = ["guards_for", "guards_on_work", "performers", "readers", "seal_for"]

Stage = str  # uplink | hop | aggregated | local | call | declared

_READABLE = {"verbatim", "reconstructable"}
_ON_WORDS = {"exponential", "randomised_response", "gnmax", "metric"}


def performers(*places: Vertex) -> frozenset[str]:
    """Those who run these places, and those whose software runs there; an enclave that keeps them out instead."""
    found = ((place.word,) if place.vouches else (*place.operators, place.code_from) for place in places)
    return frozenset(who for some in found for who in some)


def guards_for(
    builder: Builder,
    safeguards: Sequence[Safeguard],
    path: Path,
    stage: Stage,
    source: Vertex,
    *,
    payload: str,
    clients: frozenset[str] = frozenset(),
    sums: Mapping[Path, int] | None = None,
) -> tuple[Guard, ...]:
    """
    The guards on a flow that `source` sends.

    `clients` are those on whom distributed noise rests: everybody who adds a share of it. `sums` names the
    aggregate that each secure aggregation hides a contribution in.
    """
    if not safeguards:
        return ()
    # Thousands of records for one client have the same guards; those on declared flows name the place that sends.
    named = source.name if stage == "declared" else ""
    who = (named, source.word) if source.enclave is not None else (named, source.operators, source.code_from)
    key = (path, stage, who, payload, clients, frozenset((sums or {}).items()))
    if key not in builder.guards:
        builder.guards[key] = tuple(_guards(builder, safeguards, path, stage, source, payload, clients, sums or {}))
    return builder.guards[key]


def _guards(
    builder: Builder,
    safeguards: Sequence[Safeguard],
    path: Path,
    stage: Stage,
    source: Vertex,
    payload: str,
    clients: frozenset[str],
    sums: Mapping[Path, int],
) -> Iterator[Guard]:
    for index, safeguard in enumerate(safeguards):
        if safeguard.does is not None and not (stage == "aggregated" and _is_done(safeguard)):
            at = (*path, "safeguards", index)
            guard = _guard(builder, safeguard, at, stage, source, payload, clients)
            yield replace(guard, aggregate=sums.get(at))


def guards_on_work(
    builder: Builder, safeguards: Sequence[Safeguard], path: Path, source: Vertex, worker: Vertex, *, payload: str
) -> tuple[Guard, ...]:
    """The guards on what is sent to somebody who computes with it, and who therefore has to read it."""
    found = guards_for(builder, safeguards, path, "call", source, payload=payload)
    if not any(isinstance(guard.does, Seal) for guard in found):
        return found
    why = f"{worker.name} works on what it is sent, so it has to read it"
    return tuple(
        replace(guard, ignored=why)
        if isinstance(guard.does, Seal) and not _reads(builder, guard.spec, worker)
        else guard
        for guard in found
    )


def seal_for(builder: Builder, safeguards: Sequence[Safeguard], path: Path, worker: Vertex | None = None) -> int | None:
    """
    The seal that one of these safeguards puts on a payload, if any.

    Where a `worker` has to read what arrives, only a seal that it can open by itself.
    """
    for index, safeguard in enumerate(safeguards):
        at = (*path, "safeguards", index)
        if worker is not None and not _reads(builder, safeguard, worker):
            continue
        if isinstance(does := safeguard.does, Seal):
            return builder.add_seal(at, readers(builder, does.readers_of(safeguard)), does.threshold_of(safeguard))
    return None


def _reads(builder: Builder, safeguard: Safeguard, place: Vertex) -> bool:
    """Whether a place can open by itself what a safeguard seals."""
    does = safeguard.does
    if not isinstance(does, Seal) or does.threshold_of(safeguard) > 1:
        return False
    return _is_among(place, readers(builder, does.readers_of(safeguard)))


def _is_among(place: Vertex, names: Sequence[str]) -> bool:
    return place.id in names or not set(names).isdisjoint(place.operators)


def readers(builder: Builder, references: Iterable[str]) -> tuple[str, ...]:
    """Vertex ids of the nodes, or principals of the parties, that references to readers mean."""
    found: list[str] = []
    for reference in references:
        found += builder.places.members.get(reference) or _principals(builder, reference)
    return tuple(found)


def _principals(builder: Builder, party: str) -> list[str]:
    known = builder.places.principals
    return sorted(name for name, principal in known.items() if principal.party == party) or [party]


def _is_done(safeguard: Safeguard) -> bool:
    # What clients did before sending already lowered what the aggregator holds.
    return _adder(safeguard) != "aggregator"


def _adder(safeguard: Safeguard) -> str:
    """Who adds the noise, if any is added."""
    return safeguard.does.where_of(safeguard) if isinstance(safeguard.does, Noise) else ""


def _guard(
    builder: Builder,
    safeguard: Safeguard,
    path: Path,
    stage: Stage,
    source: Vertex,
    payload: str,
    clients: frozenset[str],
) -> Guard:
    mechanism = builder.mechanism(path) if isinstance(safeguard.does, Noise) else None
    return Guard(
        path=path,
        spec=safeguard,
        rests_on=_rests_on(safeguard, source, clients),
        ignored=_ignored(builder, safeguard, stage, source, payload),
        mechanism=mechanism,
    )


def _rests_on(safeguard: Safeguard, source: Vertex, clients: frozenset[str]) -> frozenset[str]:
    if safeguard.operated_by:
        return frozenset({*safeguard.operated_by, *([] if source.vouches else [source.code_from])})
    if _adder(safeguard) == "distributed":
        # Noise that is summed from shares is only there if everybody adds theirs.
        return clients
    return performers(source)


def _ignored(builder: Builder, safeguard: Safeguard, stage: Stage, source: Vertex, payload: str) -> str:
    does = safeguard.does
    if isinstance(does, Cap):
        return does.why_uncounted(safeguard)
    if isinstance(does, Sum):
        return _not_summed(builder, stage, payload)
    if isinstance(does, Noise):
        return _no_numbers(builder, safeguard, payload) or _too_late(does.where_of(safeguard), stage, source)
    return ""


def _no_numbers(builder: Builder, safeguard: Safeguard, payload: str) -> str:
    """Text and records cannot be clipped; what is chosen among words, or voted on, needs no clipping."""
    if getattr(safeguard, "mechanism", "") in _ON_WORDS:
        return ""
    row = builder.catalog.payloads.get(payload)
    readable = row is not None and not row.summable and row.carries == "all" and row.level in _READABLE
    return f"it adds noise to numbers, and {payload} are none" if readable else ""


def _not_summed(builder: Builder, stage: Stage, payload: str) -> str:
    if stage == "call":
        return "it protects what is uploaded, not what is sent to whoever runs the model"
    if stage == "local":
        return "nothing is aggregated where the task runs alone"
    row = builder.catalog.payloads.get(payload)
    return "" if row is None or row.summable else f"it adds numbers, and {payload} cannot be added"


def _too_late(adder: str, stage: Stage, source: Vertex) -> str:
    if stage == "call":
        return "it protects what is uploaded, not what is sent to whoever runs the model"
    if adder == "aggregator" and stage == "uplink":
        return "the aggregator applies it only after it has seen its input"
    if adder == "aggregator" and stage == "declared" and source.node_kind == "client":
        return f"it is applied by the aggregator, and {source.name} sends this before"
    return ""

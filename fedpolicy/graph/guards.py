"""Which safeguards stand on a flow, whom they rest on, and why some can never lower it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from fedpolicy.graph import Envelope, Flow, Guard, Path, Vertex
from fedpolicy.graph.lookup import listed_by
from fedpolicy.language.model.does import Cap, Noise, Seal, Sum, Unsaid
from fedpolicy.language.model.safeguards import Safeguard
from fedpolicy.records import replace
from fedpolicy.startup import NamedTuple

if TYPE_CHECKING:
    from fedpolicy.graph.builder import Builder
    from fedpolicy.language.model import Deployment

Stage = str  # uplink | divided | hop | aggregated | local | inside (of a computation) | call | declared
Words = tuple[frozenset[str], frozenset[str]]  # those who do something, with their software; and that software

_READABLE = {"verbatim", "reconstructable"}
_MADE = {"synthetic_data"}
_ON_WORDS = {"exponential", "randomised_response", "gnmax", "metric"}


NO_WORDS: Words = (frozenset(), frozenset())


class Shield(NamedTuple):
    """The safeguards of an element, and where it stands in the file."""

    safeguards: Sequence[Safeguard]
    path: Path


def performers(*places: Vertex) -> frozenset[str]:
    """Those who run these places, and those whose software runs there; an enclave that may keep them out instead."""
    found = ((*place.operators, place.code_from) if place.vouches is False else (place.word,) for place in places)
    return frozenset(who for some in found for who in some)


def vouching(*places: Vertex) -> Words:
    """On whose word it rests what is done at these places; and whose software does it, whoever runs that."""
    found = (place.code_from if place.vouches is False else f"{place.word} and its software" for place in places)
    return performers(*places), frozenset(found)


def is_supplied(deployment: Deployment, vertices: Mapping[str, Vertex]) -> bool:
    """Whether anybody says whose code computes somewhere."""
    return any(task.code_from for task in deployment.tasks.values()) or any(one.supplier for one in vertices.values())


def word_for(safeguard: Safeguard, words: Words) -> frozenset[str]:
    """On whom a safeguard rests: those where it is put on, or, with their software, who is said to operate it."""
    performing, software = words
    return software.union(safeguard.operated_by) if safeguard.operated_by else performing


def guards_for(
    builder: Builder,
    shield: Shield,
    stage: Stage,
    source: Vertex,
    *,
    payload: str,
    clients: Words = NO_WORDS,
    sums: Mapping[Path, int] | None = None,
) -> tuple[Guard, ...]:
    """
    The guards on a flow that `source` sends.

    `clients` are those on whom distributed noise rests: everybody who adds a share of it, and whose software does.
    `sums` names the aggregate that each secure aggregation hides a contribution in.
    """
    if not shield.safeguards:
        return ()
    # Thousands of records for one client have the same guards; those on declared flows name the place that sends.
    named = source.name if stage == "declared" else ""
    who = (named, source.word) if source.enclave is not None else (named, source.operators, source.code_from)
    key = (shield.path, stage, who, payload, clients, frozenset((sums or {}).items()))
    if key not in builder.guards:
        found: list[Guard] = []
        for index, safeguard in enumerate(shield.safeguards):
            if _is_on(safeguard, stage):
                at = (*shield.path, "safeguards", index)
                guard = Guard(
                    path=at,
                    spec=safeguard,
                    rests_on=_rests_on(builder, safeguard, source, clients),
                    ignored=_ignored(builder, safeguard, stage, source, payload),
                    mechanism=builder.mechanism(at) if isinstance(safeguard.does, Noise) else None,
                    aggregate=(sums or {}).get(at),
                )
                found.append(guard)
        builder.guards[key] = tuple(found)
    return builder.guards[key]


def guards_on_work(
    builder: Builder, shield: Shield, source: Vertex, worker: Vertex, *, payload: str
) -> tuple[Guard, ...]:
    """The guards on what is sent to somebody who computes with it, and who therefore has to read it."""
    return sealed_for_work(builder, guards_for(builder, shield, "call", source, payload=payload), worker)


def sealed_for_work(
    builder: Builder, guards: tuple[Guard, ...], *workers: Vertex, seals: Sequence[int] = ()
) -> tuple[Guard, ...]:
    """These guards, less what seals beside `seals` and not all of those open who have to work on what they get."""
    if not any(isinstance(guard.does, Seal) for guard in guards):
        return guards
    found, used = [], {builder.seals[seal].path for seal in seals}
    for guard in guards:
        works = isinstance(guard.does, Seal) and guard.path not in used
        shut = next((w for w in workers if works and not opens(builder, guard.spec, w)), None)
        why = f"{shut.name} works on what it is sent, so it has to read it" if shut else ""
        found.append(replace(guard, ignored=why) if why else guard)
    return tuple(found)


def seals_for(
    builder: Builder, shield: Shield, *workers: Vertex, sender: Vertex | None = None, malleable: bool = False
) -> tuple[int, ...]:
    """
    The seals that these safeguards put on a payload; of a `sender`, who reads it of its own family.

    Where `workers` have to read what arrives, only those that each of them can open by itself; where somebody is to
    compute on it, only `malleable` ones. What a task computes on without reading it is sealed by itself.
    """
    found: list[int] = []
    for index, safeguard in enumerate(shield.safeguards):
        at = (*shield.path, "safeguards", index)
        does = safeguard.does
        if not isinstance(does, Seal) or does.inputs or (malleable and not does.malleable):
            continue
        if all(opens(builder, safeguard, worker) for worker in workers):
            named, threshold = does.readers_of(safeguard), does.threshold_of(safeguard)
            found.append(builder.add_seal(at, readers(builder, named, sender, threshold), threshold))
    return tuple(found)


def seals_at(builder: Builder, shield: Shield, sender: Vertex, seals: Sequence[int], payload: str) -> tuple[Guard, ...]:
    """The safeguards that put seals on what goes back from somebody to whom it came sealed."""
    at = {builder.seals[seal].path for seal in seals}
    found = guards_for(builder, shield, "uplink", sender, payload=payload) if seals else ()
    return tuple(guard for guard in found if guard.path in at)


def opens(builder: Builder, safeguard: Safeguard, place: Vertex) -> bool:
    """Whether a place can open by itself what a safeguard seals."""
    does = safeguard.does
    if not isinstance(does, Seal):
        return False
    return place.opens(readers(builder, does.readers_of(safeguard)), does.threshold_of(safeguard))


def opens_at(builder: Builder, place: Vertex, index: int) -> bool:
    """Whether a place can open a seal by itself."""
    seal = builder.seals[index]
    return place.opens(seal.readers, seal.threshold)


def first_alike(seals: Sequence[Envelope], malleable: Collection[int] = ()) -> Mapping[int, int]:
    """By seal, the first that the same readers open: what is behind both is no more hidden than behind one."""
    first: dict[tuple[frozenset[str], int, bool], int] = {}
    keys = ((seal.readers, seal.threshold, index in malleable) for index, seal in enumerate(seals))
    return {index: first.setdefault(key, index) for index, key in enumerate(keys)}


def readers(
    builder: Builder, references: Sequence[str], sender: Vertex | None = None, threshold: int = 1
) -> frozenset[str]:
    """
    Vertex ids of the nodes, or principals of the parties, that references to readers mean.

    What a member of a family sends and its own family reads, it reads itself, unless it takes several.
    """
    own = sender is not None and threshold == 1 and sender.family in references
    key = (tuple(references), sender.id if own and sender is not None else "")
    if key not in builder.readers:
        found: list[str] = []
        for reference in references:
            if own and sender is not None and reference == sender.family:
                found.append(sender.id)
            else:
                found += builder.places.members.get(reference) or _principals(builder, reference)
        builder.readers[key] = frozenset(found)
    return builder.readers[key]


def _principals(builder: Builder, party: str) -> list[str]:
    known = builder.places.principals
    return sorted(name for name, principal in known.items() if principal.party == party)


def _is_on(safeguard: Safeguard, stage: Stage) -> bool:
    """Whether a safeguard has anything to do with what is sent at a stage."""
    if isinstance(safeguard.does, Seal) and safeguard.does.inputs:
        return stage == "call"  # what a task works on is behind it, and not what comes of that
    if isinstance(safeguard.does, Cap) and stage == "inside":
        return False
    # What clients did before sending already lowered what the aggregator holds.
    return safeguard.does is not None and (stage != "aggregated" or _adder(safeguard) in {"aggregator", "anybody"})


def _adder(safeguard: Safeguard) -> str:
    """Who adds the noise, if any is added: anybody, where nobody knows which safeguards there are."""
    if isinstance(safeguard.does, Unsaid):
        return "anybody"
    return safeguard.does.where_of(safeguard) if isinstance(safeguard.does, Noise) else ""


def _rests_on(builder: Builder, safeguard: Safeguard, source: Vertex, clients: Words) -> frozenset[str]:
    # Noise that is summed from shares is only there if everybody adds theirs; so is what several compute.
    own = vouching(*builder.hands.get(source.id, (source,)))
    return word_for(safeguard, clients if _adder(safeguard) == "distributed" else own)


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
    """
    Text and records cannot be clipped; what is chosen among words, or voted on, needs no clipping.

    Records that a private generator makes are private as they are.
    """
    if getattr(safeguard, "mechanism", "") in _ON_WORDS or payload in _MADE:
        return ""
    row = builder.catalog.payloads.get(payload)
    sealed = row is not None and row.carries == "sealed"  # whatever is in it
    readable = row is not None and not row.summable and row.carries == "all" and row.level in _READABLE
    return f"it adds noise to numbers, and {payload} are none" if readable or sealed else ""


def _not_summed(builder: Builder, stage: Stage, payload: str) -> str:
    if stage == "call":
        return "it protects what is uploaded, not what is sent to the party that runs the model"
    if stage in {"local", "inside"}:
        return "nothing is aggregated where the task runs alone"
    if stage == "divided":
        return "nothing is added up where a model is divided"
    row = builder.catalog.payloads.get(payload)
    return "" if row is None or row.summable else f"it adds numbers, and {payload} cannot be added"


def _too_late(adder: str, stage: Stage, source: Vertex) -> str:
    if stage == "call":
        return "it protects what is uploaded, not what is sent to the party that runs the model"
    if adder == "client" and stage == "inside":
        return "each client would apply it, and what they send are records"
    if adder == "aggregator" and stage == "local":
        return "it is applied by the aggregator, and there is none where the task runs alone"
    if adder == "aggregator" and stage in {"uplink", "divided"}:
        return "the aggregator applies it only after it has seen its input"
    if adder == "aggregator" and stage == "declared" and source.node_kind == "client":
        return f"it is applied by the aggregator, and {source.name} sends this before"
    return ""


def sealed_ways(builder: Builder, flows: Sequence[Flow], members: AbstractSet[str]) -> Callable[[str], Flow | None]:
    """
    For a place, one of the flows with the seals under which all comes to it, or may where nobody knows the safeguards.

    What an exchange gets comes to its members.
    """
    every, coming = _sealed(flows), listed_by((one.target, one) for one in flows)
    known = {end: _sealed(some) for end, some in coming.items()}
    exchanges = {end for end in known if builder.vertex(end).kind == "exchange"}

    def sealed(target: str) -> Flow | None:
        ends = {target, *(exchanges if target in members else ())}
        first = [known[end] for end in ends if end in known] or [every]  # what hops pass on, whoever made it has sealed
        return None if None in first else min(filter(None, first), key=lambda one: one.index)

    return sealed


def _sealed(flows: Sequence[Flow]) -> Flow | None:
    """The first of some flows, if all are sealed, or may be."""
    covered = all(one.seals or any(isinstance(guard.does, Unsaid) for guard in one.guards) for one in flows)
    return flows[0] if flows and covered else None

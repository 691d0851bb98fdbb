"""The graph while it grows. One builder lives for one call of `build_graph`; the desugarings share it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from fedpolicy.errors import InputError
from fedpolicy.graph import Access, Aggregate, DataItem, Envelope, Flow, Guard, Mask, Path, Vertex
from fedpolicy.graph.masks import united
from fedpolicy.graph.places import pairs
from fedpolicy.limits import USUAL, Bounds
from fedpolicy.records import dataclass, field, replace

if TYPE_CHECKING:
    from fedpolicy.catalog import Catalog
    from fedpolicy.graph.places import Places
    from fedpolicy.language.model import Deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The element that a flow comes from: its dotted id, its place in the file, and how it implies the flow."""

    id: str
    path: Path
    implied_by: str = ""
    certain: bool = True
    missing: tuple[str, ...] = ()

    def fallback(self, model: str, of: str) -> Origin:
        """The same element, for what happens when `of` cannot be reached and `model` is used instead."""
        return replace(self, implied_by=f"{self.implied_by}, fallback {model} of {of}")

    def unless(self, missing: Iterable[str]) -> Origin:
        """The same element, for a flow that exists only in the least favourable reading."""
        return replace(self, certain=False, missing=tuple(sorted({*self.missing, *missing})))


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Somebody holds, uses or makes another of a model; a flow where it contains any. `speakers` put noise on it."""

    model: str
    targets: tuple[str, ...]
    origin: Origin
    role: str
    payload: str = "model_weights"
    guards: tuple[Guard, ...] = ()
    seals: tuple[int, ...] = ()
    speakers: tuple[str, ...] = ()


def mask_of(items: Iterable[DataItem]) -> Mask:
    """The bit set of some dataset instances."""
    mask = 0
    for item in items:
        mask = mask | item.bit if mask else item.bit
    return mask


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """Instances that a model looks up, or is asked about, at a place for an element; they must be there."""

    origin: Origin
    place: str
    data: Mask
    payload: str = "records"


@dataclass(slots=True, kw_only=True)
class Builder:
    """
    Vertices, flows, aggregates and seals that have been found so far.

    `relayed` says, for a flow on which a relay passes on what it got on this way, and not all that it holds, by index,
    where that came from, and sealed how; `copies` the vertices of the personal copies of a model that tasks make;
    `brought` the nodes to which flows bring the weights of each model, `worked` on which data tasks and calls work,
    `shipped` by whose code, which a task ships, a declared flow is made, `computed` where those data meet that a place
    computes on without reading them, `hands` by whom. `indexes` says what a model at a place can look up, `lookups`
    what it is said to; `quoted` remembers by datasets and place what that is.
    """

    deployment: Deployment
    catalog: Catalog
    places: Places
    bounds: Bounds = USUAL
    flows: list[Flow] = field(default_factory=list)
    aggregates: list[Aggregate] = field(default_factory=list)
    seals: list[Envelope] = field(default_factory=list)
    access: list[Access] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    indexes: dict[tuple[str, str], Mask] = field(default_factory=dict)
    quoted: dict[tuple[tuple[str, ...], str], Mask] = field(default_factory=dict)
    lookups: list[LookUp] = field(default_factory=list)
    mechanisms: dict[Path, int] = field(default_factory=dict)
    sealed: dict[tuple[Path, frozenset[str]], int] = field(default_factory=dict)
    readers: dict[tuple[tuple[str, ...], str], frozenset[str]] = field(default_factory=dict)
    relayed: dict[int, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    copies: dict[str, dict[str, None]] = field(default_factory=dict)
    worked: dict[str, Mask] = field(default_factory=dict)
    shipped: dict[int, frozenset[str]] = field(default_factory=dict)
    computed: dict[str, list[tuple[str, Mask]]] = field(default_factory=dict)
    hands: dict[str, tuple[Vertex, ...]] = field(default_factory=dict)
    brought: dict[str, dict[str, None]] | None = None
    names: dict[str, int] = field(default_factory=dict)
    guards: dict[tuple[object, ...], tuple[Guard, ...]] = field(default_factory=dict)

    def vertex(self, identity: str) -> Vertex:
        """A vertex that exists."""
        return self.places.vertices[identity]

    def party_place(self, party: str) -> Vertex:
        """Where a party that no node stands for receives things: a provider's service, the public."""
        party = self.places.known_as(party, self.catalog)
        identity = f"parties.{party}"
        if identity not in self.places.vertices:
            self.places.vertices[identity] = Vertex(
                id=identity,
                kind="place",
                name=party,
                family="",
                path=("parties", party) if party in self.deployment.parties else (),
                party=party,
                operators=(party,),
                host=party,
                code_from=party,
                node_kind="service",
                provider=party != "public",
                public=party == "public",
            )
        return self.places.vertices[identity]

    def model_vertex(self, model: str, place: Vertex | None = None) -> Vertex:
        """A model, or a place's own copy of it where copies are personal."""
        declared = self.deployment.models.get(model)
        personal = place is not None and declared is not None and declared.copies == "personal"
        name = f"{model}@{place.name.partition('@')[2] or place.name}" if personal and place is not None else model
        identity = f"models.{name}"
        if identity not in self.places.vertices:
            self.places.vertices[identity] = Vertex(
                id=identity, kind="model", name=name, family=model, path=("models", model)
            )
        return self.places.vertices[identity]

    def contents(self, vertex: str) -> tuple[str, ...]:
        """A model and, of a personal one, what it was trained on later; who has no copy of its own gets every copy."""
        family = self.vertex(vertex).family
        copies = self.copies.get(family, {vertex: None})
        own = (vertex,) if vertex in copies else copies
        shared = f"models.{family}"
        return tuple(dict.fromkeys((*own, *([shared] if shared in self.places.vertices else []))))

    def exchange(self, origin: Origin) -> Vertex:
        """The meeting point of a peer-to-peer task; nobody operates it."""
        identity = f"{origin.id}.exchange"
        vertex = Vertex(id=identity, kind="exchange", name=identity, family="", path=origin.path)
        self.places.vertices[identity] = vertex
        return vertex

    def targets(self, source: Vertex, reference: str) -> list[str]:
        """The vertices that a reference to nodes, else to a party, means for `source`."""
        if reference in self.places.members:
            return self.places.reach(source, reference)
        return [self.party_place(reference).id]

    def sources(self, reference: str) -> list[str]:
        """All vertices that a reference to nodes, else to a party, means."""
        return self.places.members.get(reference) or [self.party_place(reference).id]

    def places_of(self, references: Iterable[str]) -> list[Vertex]:
        """The same for several references, in their order."""
        return [self.vertex(place) for reference in references for place in self.sources(reference)]

    def instances(self, place: Vertex, references: Collection[str], senders: Collection[str] = ()) -> Mask:
        """
        The instances that references to datasets mean at a place: its own where it stores any of them, else all.

        A member of a family of nodes pairs with the instances of its own party. Of several `senders` whoever has
        anything itself leaves to the others what these have.
        """
        stored, mask = self.places.stored.get(place.id, ()), 0
        has = len(references) > 1 and any(not {item.family, item.id}.isdisjoint(references) for item in stored)
        others = frozenset(senders if has else ())
        for reference in references:
            own = [item for item in stored if reference in {item.family, item.id}]
            mask = united(mask, mask_of(own or self._paired(place, reference, others)))
        return mask

    def _paired(self, place: Vertex, reference: str, others: frozenset[str]) -> Sequence[DataItem]:
        every = self.places.families.get(reference, [])
        parties = {self.vertex(item.place).party for item in every} if "@" in place.name else set()
        at = ((item, self.vertex(item.place)) for item in every)
        left = [(item, one) for item, one in at if one.family not in others and one.name not in others]
        return [item for item, one in left if pairs(place, one, parties)]

    def add(  # noqa: PLR0913  a flow has this many sides
        self,
        origin: Origin,
        role: str,
        source: str,
        target: str,
        payload: str,
        data: Mask | None,
        *,
        guards: tuple[Guard, ...] = (),
        aggregate: int | None = None,
        raw: str = "",
        seals: tuple[int, ...] = (),
        echo: bool = False,
        passed_on: bool = False,
        sender: str = "",
    ) -> int | None:
        """Add a flow and return its index, unless it leads nowhere or can carry nothing."""
        if source == target or data == 0:
            return None
        index = len(self.flows)
        if index == self.bounds.flows:
            message = f"the deployment implies more than {index:,} flows between its nodes"
            fewer = "write `count` on one node for a cohort, name fewer pairs of nodes"
            raise InputError(message, help=f"{fewer}, or allow more with `check --max-nodes`")
        self.flows.append(
            Flow(
                index=index,
                id=self._flow_id(f"{origin.id}.{role}" if role else origin.id, source, target),
                origin=origin.id,
                role=role or "declared",
                source=source,
                target=target,
                payload=payload,
                data=data,
                path=origin.path,
                implied_by=origin.implied_by,
                guards=guards,
                aggregate=aggregate,
                raw=raw,
                seals=seals,
                certain=origin.certain,
                missing=origin.missing,
                echo=echo,
                passed_on=passed_on,
                sender=sender,
            )
        )
        return index

    def _flow_id(self, prefix: str, source: str, target: str) -> str:
        """Names a flow after its ends; a second one between them gets a number."""
        name = f"{prefix}[{source.partition('.')[2]}->{target.partition('.')[2]}]"
        number = self.names[name] = self.names.get(name, 0) + 1
        return name if number == 1 else f"{name}#{number}"

    def add_aggregate(  # noqa: PLR0913  a sum has this many sides
        self,
        origin: Origin,
        contributors: list[str],
        data: Mask,
        k: tuple[int, int],
        rests_on: frozenset[str],
        *,
        summable: bool = True,
        missing: tuple[str, ...] = (),
        shares: tuple[Mask, ...] = (),
        payload: str = "",
        at: str = "",
    ) -> int:
        """Declare a sum over contributions of a `payload` and return its index."""
        self.aggregates.append(
            Aggregate(
                index=len(self.aggregates),
                origin=origin.id,
                contributors=tuple(contributors),
                data=data,
                k_low=k[0],
                k_high=k[1],
                rests_on=rests_on,
                summable=summable,
                missing=missing,
                shares=shares,
                least_units=self.catalog.payloads[payload].least_units if payload else None,
                at=at,
            )
        )
        return len(self.aggregates) - 1

    def add_seal(self, path: Path, readers: frozenset[str], threshold: int) -> int:
        """Declare who can open what is sealed at `path` (once per path and readers) and return its index."""
        key = (path, readers)
        if key not in self.sealed:
            self.sealed[key] = len(self.seals)
            self.seals.append(Envelope(path=path, readers=readers, threshold=threshold))
        return self.sealed[key]

    def mechanism(self, path: Path) -> int:
        """The index of a differential-privacy mechanism, one per place in the file."""
        return self.mechanisms.setdefault(path, len(self.mechanisms))

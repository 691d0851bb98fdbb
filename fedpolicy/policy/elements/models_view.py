"""What is known of one model, for the fields of `model` and of those who call models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

from fedpolicy.analysis.exposure import Reading
from fedpolicy.analysis.facts import ModelFacts
from fedpolicy.analysis.openness import CLASSES, contents
from fedpolicy.graph import Access
from fedpolicy.graph.lookup import family_of, listed_by, ordered
from fedpolicy.graph.routes import stand_ins
from fedpolicy.language.model.dataset import Model, Terms
from fedpolicy.language.model.flow import Task
from fedpolicy.policy.fields import Missing, Presence, Value
from fedpolicy.policy.published import any_published
from fedpolicy.policy.world import World
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.catalog.rows import LicenceRow, ModelRow, ProviderRow


# What an agreement on zero retention settles.
NOTHING_KEPT: Mapping[str, Value] = {
    "retention_days": 0,
    "trains_on_inputs": False,
    "human_review": False,
    "zero_retention": True,
}


@dataclass(frozen=True, slots=True)
class Contents:
    """The datasets that a model has learned from; what it only may have, hangs on facts that are unsaid."""

    world: World
    families: tuple[str, ...]
    perhaps: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()


class ModelView:
    """One entry of `models`: what the file says and what was computed; each answer is worked out once."""

    def __init__(self, world: World, identity: str, model: Model, facts: ModelFacts) -> None:
        self.world = world
        self.id = identity
        self.model = model
        self.facts = facts

    @cached_property
    def families(self) -> tuple[str, ...]:
        """The datasets with which it is used."""
        return tuple(ordered(family for use in self.uses for family in self.world.use_data(use)))

    @cached_property
    def owners(self) -> list[str]:
        """The owners of what it has learned from, else of what it is used with."""
        used = (self.world.owners_used(use, self.world.use_data(use)) for use in self.uses)
        study = self.world.study
        sure = contents(study.graph, study.exposure, self.id, Reading.LOW)
        return self.world.owners_of(sure or self.facts.contains) or ordered(chain.from_iterable(used))

    @cached_property
    def contents(self) -> Contents:
        """What it has learned from."""
        study = self.world.study
        every = tuple(ordered(map(family_of, self.facts.contains)))
        sure = {family_of(one) for one in contents(study.graph, study.exposure, self.id, Reading.LOW)}
        perhaps = tuple(one for one in every if one not in sure)
        unsaid = self._unsaid if perhaps else ()
        if not unsaid:
            return Contents(self.world, every)
        return Contents(self.world, tuple(one for one in every if one in sure), perhaps, unsaid)

    @property
    def _unsaid(self) -> tuple[str, ...]:
        """The facts on which it hangs that something gets into it."""
        graph = self.world.graph
        doubtful = (flow for flow in graph.flows if not flow.certain)
        makers = set(self.facts.produced_by)
        into = (flow for flow in doubtful if graph.vertices[flow.target].family == self.id or flow.origin in makers)
        silent = {f"{name}.safeguards" for name in makers if self._silent(name)}
        return tuple(sorted({*silent, *(fact for flow in into for fact in flow.missing)}))

    def _silent(self, use: str) -> bool:
        task = self.world.deployment.tasks[use.partition(".")[2]]
        every = (*task.safeguards, *(one for hop in task.hops for one in hop.safeguards))
        return any(one.kind == "unknown" for one in every)

    @cached_property
    def uses(self) -> list[str]:
        """The tasks and calls that use it."""
        return ordered(access.use for access in self.facts.access)

    @cached_property
    def ways(self) -> Mapping[str, int]:
        """By use, in how many ways it is used."""
        return Counter(access.use for access in self.facts.access)

    @cached_property
    def remote(self) -> list[Access]:
        """The uses in which it is run for somebody else."""
        return [access for access in self.facts.access if access.how != "weights"]

    @cached_property
    def outside(self) -> Mapping[str, list[Access]]:
        """By use, how somebody outside of the federation runs it."""
        party, is_member = self.world.lookup.party, self.world.lookup.is_member
        return listed_by((one.use, one) for one in self.remote if not is_member(party(one.runner or "unknown")))

    @cached_property
    def between(self) -> Mapping[str, tuple[list[str], list[str]]]:
        """By use, who outside of the federation runs it, and who calls them."""
        party, parties_at = self.world.lookup.party, self.world.lookup.parties_at
        return {
            use: (
                ordered(party(one.runner or "unknown") for one in some),
                [*parties_at(p for one in some for p in one.at)],
            )
            for use, some in self.outside.items()
        }

    @cached_property
    def runners(self) -> list[str]:
        """Who runs it for others."""
        return ordered(self.world.lookup.party(access.runner or "unknown") for access in self.remote)

    @cached_property
    def users(self) -> list[str]:
        """Who uses it: the parties at whose nodes it is called or trained."""
        return list(self.world.lookup.parties_at(place for access in self.facts.access for place in access.at))

    @property
    def published(self) -> bool | Missing:
        """Whether everybody can get it, by its own word or by a flow of its weights to the public."""
        return any_published(self.world, [self.id])

    @cached_property
    def holders(self) -> list[str]:
        """Who holds its weights."""
        return list(self.world.lookup.parties_at(copies_of(self)))

    @cached_property
    def could_run(self) -> list[str]:
        """Who could run it if it were called: holders and whoever `via` ends at; of closed weights, the provider."""
        closed = self.facts.aspects.get("weights") == "closed"
        if closed and self.provider:
            return [self.world.known_as(self.provider)]
        last = self.model.via[-1] if self.model.via else ""
        places = self.world.graph.members.get(last, ())
        called = self.world.lookup.parties_at(places) or ([last] if last else [])
        return ordered(called if closed else [*self.holders, *called])

    @cached_property
    def produced_by(self) -> list[Task]:
        """The tasks that produce it."""
        return [self.world.deployment.tasks[name.partition(".")[2]] for name in self.facts.produced_by]

    @cached_property
    def inputs_of(self) -> list[tuple[str, Task]]:
        """The tasks that take it as input, or may if another one cannot be reached, by name."""
        deployment = self.world.deployment
        asked = {one for one in deployment.models if one == self.id or self.id in stand_ins(deployment, one)}
        return [(name, task) for name, task in sorted(deployment.tasks.items()) if task.model in asked]

    @cached_property
    def adapted(self) -> list[str]:
        """The models that are made from its weights, and from theirs; what is learned from its answers is none."""
        methods = self.world.catalog.methods
        found: dict[str, None] = {}
        waiting = [self]
        while waiting:
            made = [(task.produces, methods[task.method]) for _, task in waiting.pop().inputs_of]
            more = [name for name, row in made if name and row.trains and not row.learns_from_answers]
            views = [model_view(self.world, name) for name in more if name not in found and name != self.id]
            found.update(dict.fromkeys(more))
            waiting += [view for view in views if view is not None]
        return ordered(name for name in found if name != self.id)

    @cached_property
    def row(self) -> ModelRow | None:
        """What the catalogue says of it."""
        return self.world.catalog.row_of(self.model)

    @cached_property
    def provider(self) -> str | None:
        """Who offers it: as declared, else as the catalogue says."""
        found: str | None = self.world.catalog.aspect(self.model, "provider")
        return found

    @cached_property
    def provider_row(self) -> ProviderRow | None:
        """What the catalogue says of its provider."""
        return self.world.provider(self.provider) if self.provider else None

    @cached_property
    def licence(self) -> LicenceRow | None:
        """What the catalogue says of its licence."""
        known = self.facts.aspects.get("licence")
        return self.world.catalog.licence(str(known)) if known is not None else None


def class_variants(facts: ModelFacts) -> tuple[Mapping[str, Value], ...]:
    """The classes that a model may have, the most open first; a learned prompt has none and hides nothing."""
    low, high = CLASSES.index(facts.lowest), CLASSES.index(facts.highest)
    if not facts.cls and not facts.missing:
        return (_class(len(CLASSES) - 1) | {"class": ""},)
    return tuple(_class(rank) for rank in range(high, low - 1, -1))


def _class(rank: int) -> dict[str, Value]:
    return {"class": CLASSES[rank], "class_rank": rank, "closed": rank < CLASSES.index("open_weight")}


def model_view(world: World, name: str | None) -> ModelView | None:
    """The view of a declared model."""
    if name is None or name not in world.models or name not in world.deployment.models:
        return None
    return world.once(
        "model", (name,), lambda _: ModelView(world, name, world.deployment.models[name], world.models[name])
    )


def licence_fact(view: ModelView, key: str) -> Presence:
    """What the catalogue says of the licence; missing names the licence, or the catalogue's row."""
    known = view.facts.aspects.get("licence")
    if known is None:
        return Missing((f"models.{view.id}.licence",))
    row = view.licence
    found: Presence = getattr(row, key, None)
    return Missing((f"licences.{known}.{key}",)) if found is None else found


def term(
    world: World, view: ModelView | None, key: str, call: Terms | None, path: str, runners: Sequence[str]
) -> Presence:
    """
    A term of a service: of the call, else of the model, else what the catalogue says of those who run it.

    `path` is the element that would state it.
    """
    for said in (call, view.model.terms if view else None):
        found: Presence = getattr(said, key, None)
        if found is None and said is not None and said.zero_retention:
            found = NOTHING_KEPT.get(key)
        if found is not None:
            return found
        if said is not None and said.says_unknown(key):
            return Missing((f"{path}.{key}",))
    if view and view.model.says_unknown("terms"):
        return Missing((f"{path}.{key}",))
    known = _offered(world, view, key, runners)
    return Missing((f"{path}.{key}",)) if known is None else known


def _offered(world: World, view: ModelView | None, key: str, runners: Sequence[str]) -> Presence:
    """What the catalogue says of those who run it; of one whom it does not know, the model's own provider stands in."""
    own = view.provider_row if view else None
    rows = [world.provider(who) or own for who in runners] or [own]
    said: list[Any] = [getattr(row.terms, key, None) if row else None for row in rows]
    if key == "zero_retention":
        # What a provider grants on request is not granted until an agreement says so.
        said = [None if one is None else one == "default" for one in said]
        return False if False in said else None if None in said else True
    # The worst of them: what is true of one is true of the use.
    worst: Presence = None if None in said else max(said)
    return True if True in said else worst


def copies_of(view: ModelView) -> Iterator[str]:
    """Where a model is, or is trained; whoever runs one that can be had has it."""
    graph, model, weights = view.world.graph, view.model, view.facts.aspects.get("weights")
    # Of others it is not known who is only asked in their name; closed weights are their provider's.
    known = weights in {"open", "gated"} or view.facts.produced_by or not model.via
    closed = weights == "closed" and not view.facts.produced_by
    stated = {place for name in model.weights_at or () for place in graph.members.get(name, ())}
    for name in graph.placed.get(view.id, ()):
        if (known or name in stated) and (graph.vertices[name].family or not closed):
            yield name
    yield from (place for access in view.facts.access if access.how == "weights" for place in access.at)
    yield from _brought(view)


def _brought(view: ModelView) -> Iterator[str]:
    """The places to which flows bring its weights, and which can open them."""
    graph = view.world.graph
    for end in view.world.lookup.brought.get(view.id, ()):
        here = {end, *graph.vertices[end].operators}
        coming = (one for one in graph.flows if one.target == end and one.role == "placement")
        ways = [one.seals for one in coming if graph.vertices[one.source].family == view.id]
        if any(all(not here.isdisjoint(graph.seals[one].readers) for one in seals) for seals in ways):
            yield end

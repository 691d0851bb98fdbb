"""Dependencies: what participants have only as long as others let them, or were never given (control analysis)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from fedpolicy.analysis.control.capabilities import CAPABILITIES
from fedpolicy.analysis.control.dependencies import Dependency, dependencies_of
from fedpolicy.analysis.openness import CLASSES, classify
from fedpolicy.graph.lookup import names_by, ordered
from fedpolicy.language.model.dataset import Model
from fedpolicy.language.model.shape import words_of
from fedpolicy.policy.elements.models_view import ModelView, class_variants, model_view
from fedpolicy.policy.elements.shared import boolean, data_fields, open_field, texts, words
from fedpolicy.policy.fields import Field, Kind, Missing, Presence, Subject, Type
from fedpolicy.policy.world import World
from fedpolicy.records import dataclass

_HOW = (
    *("operates", "hosts", "account", "licence", "number", "part", "jurisdiction", "unstated"),
    *("copy", "weights", "memory", "operator", "way"),
)


@dataclass(frozen=True, slots=True)
class DependencyView:
    """One cause of dependence, and whom it concerns."""

    world: World
    found: Dependency

    @property
    def model(self) -> ModelView | None:
        """The model that it is about, if any."""
        section, _, name = self.found.cause.partition(".")
        return model_view(self.world, name) if section == "models" else None

    @property
    def families(self) -> tuple[str, ...]:
        """The datasets that it is about: what a model has learned from, if anybody can read it, else what is used."""
        used = self.world.uses_data(self.found.uses)
        if self.found.how == "copy" and self.model is not None:
            return self.model.contents.families or used
        return used


_LOSSES = {
    "run": "run the models",
    "join": "join the rounds",
    "keep": "keep a working result",
    "inspect": "look into the weights",
}


def _loss(view: DependencyView) -> str:
    """The capabilities in words: `run the models or join the rounds`."""
    models = any(_asks_models(view.world, use) for use in view.found.uses)
    said = [_LOSSES[name] if models or name != "run" else "do the work" for name in view.found.capabilities]
    return " or ".join(part for part in (", ".join(said[:-1]), said[-1]) if part)


def _asks_models(world: World, use: str) -> bool:
    """A call of a provider's service that is no model is among the uses of nobody."""
    task = world.deployment.tasks.get(use.removeprefix("tasks."))
    return task is None or bool(task.model or task.evaluates)


def _roles(view: DependencyView) -> list[str]:
    return ordered(role for party in view.found.controllers for role in view.world.lookup.roles(party))


def _by_member(view: DependencyView) -> Presence:
    return Missing(view.found.missing) if view.found.by_member is None else view.found.by_member


def _by_coordinator(view: DependencyView) -> bool:
    return all("coordinator" in view.world.lookup.roles(party) for party in view.found.controllers)


def _principal(view: DependencyView) -> bool:
    """Whether all of it is about labels that they hold, or about a question that they ask."""
    if view.found.how == "hosts":  # who only rents out the machines has no labels, and asks nothing
        return False
    places = {name.removeprefix("nodes.").partition("@")[0] for name in view.found.through}
    return bool(view.found.uses) and all(_of_question(view.world, use, places) for use in view.found.uses)


def _of_own_data(view: DependencyView) -> bool:
    """Whether a use ends with them because it works on what is theirs, at places of theirs."""
    found, controllers = view.found, set(view.found.controllers)
    if "run" not in found.capabilities or "keep" in found.capabilities or not found.cause.startswith("nodes."):
        return False
    owners = view.world.once("owners by place", (), lambda _: _owners_by_place(view.world))
    return all(controllers <= owners.get(place, frozenset()) for place in found.through)


def _owners_by_place(world: World) -> Mapping[str, frozenset[str]]:
    rows = ((item.place, world.lookup.party(item.owner)) for item in world.graph.data)
    return {place: frozenset(owners) for place, owners in names_by(rows).items()}


def _of_question(world: World, use: str, places: set[str]) -> bool:
    task = world.deployment.tasks.get(use.removeprefix("tasks."))
    if task is None:
        return False
    asks = world.catalog.methods[task.method].family == "analytics"
    named = (*(task.labels_at or ()), *((task.aggregator or world.aggregators) if asks else ()))
    return not places.isdisjoint(name.partition("@")[0] for name in named)


def _stops_rounds(view: DependencyView) -> bool:
    """Whether the same outsiders can stop the rounds for the same participants, through other machines too."""
    own = view.found
    machines = view.world.once("machines of outsiders", (), lambda _: _outside(view.world))
    # One that concerns all of them stands under each name; fewest stand under the rarest.
    return any(
        one.cause != own.cause
        and set(own.controllers) <= set(one.controllers)
        and set(own.participants) <= set(one.participants)
        and set(own.uses) <= set(one.uses)
        for one in min((machines.get(name, ()) for name in (*own.controllers, *own.participants)), key=len)
    )


def _outside(world: World) -> Mapping[str, Sequence[Dependency]]:
    """Machines of outsiders that can stop rounds, and nothing more, by the names of all whom they concern."""
    found: dict[str, list[Dependency]] = {}
    for one in _every(world):
        by_outsider = one.how in {"operates", "hosts"} and one.by_member is False
        rounds = "join" in one.capabilities and "run" not in one.capabilities
        if by_outsider and rounds and not _principal(DependencyView(world, one)):
            for name in {*one.controllers, *one.participants}:
                found.setdefault(name, []).append(one)
    return found


def _every(world: World) -> tuple[Dependency, ...]:
    return world.once("dependencies", (), lambda _: dependencies_of(world.lookup, world.study.continuity))


def _of_model(read: Callable[[ModelView], Iterable[str]]) -> Callable[[DependencyView], Iterable[str]]:
    return lambda view: () if view.model is None else read(view.model)


def _aspect(name: str, about: str, kind: Type = Type.TEXT, choices: tuple[str, ...] = ()) -> Field:
    def read(view: DependencyView) -> Presence:
        model = view.model
        found = model.facts.aspects.get(name) if model else None
        if found is None:
            return Missing((f"models.{model.id}.{name}",)) if model else Missing()
        return [str(part) for part in found] if isinstance(found, (list, tuple)) else str(found)

    return open_field(name, kind, about, read, choices=choices)


def _figure(name: str, about: str) -> Field:
    def read(view: DependencyView) -> Presence:
        return dict(view.found.detail).get(name, Missing(view.found.missing))

    return open_field(name, Type.NUMBER, about, read)


def _class(view: DependencyView, *, rank: bool) -> Presence:
    """The model's class where only one is left; a model whose weights are out of reach is a closed one."""
    model = view.model
    if model is None:
        return len(CLASSES) - 1 if rank else ""
    if view.found.how != "weights":
        left = class_variants(model.facts)
        found = left[0]["class_rank" if rank else "class"]
        return found if len(left) == 1 else Missing(model.facts.missing)
    low, high = classify({**model.facts.aspects, "weights": "closed"})
    if low != high:
        return Missing((f"models.{model.id}.interface",))
    return CLASSES.index(low) if rank else low


def _extent(capabilities: tuple[str, ...]) -> str:
    # Two dependencies on the same parties through the same cause differ in this.
    return "run" if "run" in capabilities else "-".join(capabilities)


def _subjects(world: World) -> Iterable[Subject]:
    for found in _every(world):
        view = DependencyView(world, found)
        names = dict.fromkeys([*found.controllers, *found.participants])
        yield Subject(
            id=f"{found.cause}.{found.how}.{_extent(found.capabilities)}",
            path=tuple(found.cause.split(".", 1)),
            data=view,
            variants=(None, {}) if found.missing else (),
            missing=found.missing,
            elements=(found.cause, *(f"parties.{name}" for name in names)),
        )


KIND = Kind(
    name="dependency",
    about="what participants have only as long as others let them, or were never given; one element for each cause",
    fields=(
        texts("participants", "who depends", lambda view: view.found.participants),
        texts("uses", "the tasks and calls that it is about, such as tasks.score", lambda view: view.found.uses),
        texts(
            "capabilities",
            "what it is about: run (compute with the models), join (take part in rounds), keep (leave with a working"
            " copy) or inspect (look into the weights)",
            lambda view: view.found.capabilities,
            choices=CAPABILITIES,
        ),
        words("loss", "the same in words, such as: run the models or join the rounds", _loss),
        boolean("given", "they have it, as long as nobody takes it away", lambda view: view.found.given),
        words(
            "how",
            "how the controllers hold it: they run or host what it needs (operates, hosts), have the account,"
            " gave the licence, are too few without each other (number), hold the features of a part of the model"
            " (part), share a foreign jurisdiction, or are not named (unstated). What was never given: a copy, the"
            " weights, memory, a licence",
            lambda view: view.found.how,
            choices=_HOW,
        ),
        texts(
            "controllers",
            "the parties they depend on: on each alone, or, for a jurisdiction, on all together",
            lambda view: view.found.controllers,
        ),
        texts("controller_roles", "roles of those parties", _roles),
        open_field("by_member", Type.BOOL, "all of them are participants or the coordinator", _by_member),
        boolean("by_coordinator", "all of them coordinate", _by_coordinator),
        boolean(
            "principal",
            "it is about labels that they hold, or about a question that they ask: without them there is nothing to do",
            _principal,
        ),
        boolean(
            "own_data",
            "it is about data of their own, at nodes of theirs: to withdraw these is up to them",
            _of_own_data,
        ),
        boolean(
            "stops_rounds",
            "through other machines, the same controllers, who are no members, can stop the rounds of the same uses",
            _stops_rounds,
        ),
        boolean("mutual", "they depend on each other", lambda view: view.found.mutual),
        words("jurisdiction", "the jurisdiction that they share, or an empty text", lambda v: v.found.jurisdiction),
        texts(
            "through",
            "elements through which they hold it, such as nodes.aggregator or models.judge.account",
            lambda view: view.found.through,
        ),
        words("cause", "the element at which it could be changed", lambda view: view.found.cause),
        words("model", "the model that it is about, or an empty text", lambda v: v.model.id if v.model else ""),
        _aspect("weights", "whether that model's weights can be had", choices=words_of(Model, "weights")),
        _aspect("interface", "what that model's interface gives", Type.LIST),
        _aspect("licence", "that model's licence, as SPDX id or LicenseRef"),
        open_field(
            "class",
            Type.TEXT,
            "that model's class; empty for a learned prompt, and where it is about no model",
            lambda view: _class(view, rank=False),
            choices=CLASSES,
        ),
        open_field(
            "class_rank",
            Type.INT,
            "the class as a number, to compare with BLACK_BOX < GRAY_BOX < OPEN_WEIGHT < OPEN_SOURCE",
            lambda view: _class(view, rank=True),
        ),
        texts("runners", "parties that run that model for others", _of_model(lambda model: model.runners)),
        texts("holders", "parties that hold its weights", _of_model(lambda model: model.holders)),
        _figure("needed_gib", "memory, in GiB, that the model takes at the least"),
        _figure("gpu_memory_gib", "GPU memory, in GiB, of the machines that are too small"),
        *data_fields(),
    ),
    subjects=_subjects,
)

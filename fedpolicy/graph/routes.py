"""Where a model is run when a place calls it: here, on a node that holds its weights, or by somebody else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from fedpolicy.graph import Vertex
from fedpolicy.graph.flows import brought
from fedpolicy.graph.places import is_unknown
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.catalog.rows import MethodRow
    from fedpolicy.graph.builder import Builder, Origin
    from fedpolicy.language.model import Deployment
    from fedpolicy.language.model.dataset import Model
    from fedpolicy.language.model.flow import Task

Runs = Callable[[str], list[str]]  # where each produced model rests unless it says so itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """
    How one place reaches one model.

    `chains` are the sequences of places that see what is sent, the last of each one running the model (several
    where a model is split into parts, none where the place runs it itself). `payload` overrides what travels;
    `partners` hold parts of the model too, beside the one that the last of a chain begins to run.
    """

    local: bool
    chains: tuple[tuple[Vertex, ...], ...] = ()
    payload: str = ""
    partners: tuple[Vertex, ...] = ()

    @property
    def ends(self) -> tuple[tuple[Vertex, ...], ...]:
        """The ways to where the model is asked: none where that is the place itself, which has it or a part of it."""
        return ((),) if self.local or self.payload else self.chains


def aspect(builder: Builder, name: str, key: str) -> Any:  # noqa: ANN401  the keys hold different things
    """What is known of a model; None where it is not declared."""
    model = builder.deployment.models.get(name)
    return builder.catalog.aspect(model, key) if model else None


def provider_of(builder: Builder, name: str) -> str | None:
    """Who runs a closed model."""
    found: str | None = aspect(builder, name, "provider")
    return found


def holders(builder: Builder, name: str, runs: Runs) -> list[str]:
    """The places that hold a runnable copy: where it rests, and where flows bring it to."""
    return list(dict.fromkeys((*resting(builder, name, runs), *brought(builder, name))))


def resting(builder: Builder, name: str, runs: Runs) -> list[str]:
    """The places where a model is: as declared, else where the task that produces it runs."""
    model = builder.deployment.models.get(name)
    if model is not None and model.weights_at is not None:
        return [place for reference in sorted(model.weights_at) for place in builder.places.members.get(reference, [])]
    return [] if model is not None and model.via else runs(name)


def stand_ins(deployment: Deployment, model: str) -> dict[str, str]:
    """All that stand in for a model, the nearest first, each with the one of which it is a fallback."""
    found: dict[str, str] = {}
    waiting = [model]
    for of in waiting:
        for name in deployment.models[of].fallback:
            if name != model and name not in found:
                found[name] = of
                waiting.append(name)
    return found


def route(builder: Builder, place: Vertex, name: str, runs: Runs) -> Route:
    """Find who runs a model for `place`; see LANGUAGE, `models`, for the order in which this is decided."""
    model = builder.deployment.models.get(name)
    if model is None:
        return Route(local=False, chains=((builder.party_place("unknown"),),))
    at = holders(builder, name, runs)
    if place.id in at:
        return _local(builder, place, model, at)
    # Its parts only run together, wherever it is asked.
    partners = tuple(map(builder.vertex, at)) if model.copies == "parts" else ()
    return Route(local=False, chains=_elsewhere(builder, place, name, model, at, runs), partners=partners)


def _elsewhere(
    builder: Builder, place: Vertex, name: str, model: Model, at: list[str], runs: Runs
) -> tuple[tuple[Vertex, ...], ...]:
    known = [builder.vertex(other) for other in at]
    helpers = near(place, known)
    if model.provider is not None and any(task.produces == name for task in builder.deployment.tasks.values()):
        # Whoever is said to run for others what a task makes is asked, also where some of these others have it.
        helpers = [other for other in helpers if other.party in {place.party, model.provider}]
    # Who can get the weights (`weights`) says nothing about who has them (`weights_at`).
    elsewhere = model.via or not (helpers or provider_of(builder, name) is None)
    if elsewhere and _closed(builder, name):
        return _to_provider(builder, place, name, model)
    if model.via:
        return _hops(builder, place, model.via)
    if helpers or (at and model.provider is None):
        return tuple((other,) for other in helpers or known)
    if model.provider is not None:
        return ((builder.party_place(model.provider),),)
    return _to_makers(builder, place, name, runs) or ((builder.party_place("unknown"),),)


def _to_makers(builder: Builder, place: Vertex, name: str, runs: Runs) -> tuple[tuple[Vertex, ...], ...]:
    """The ways to those who train what nobody is said to run: only they can have it."""
    waiting, found = [name], dict[tuple[Vertex, ...], None]()
    for model in waiting:
        for base in _trained_elsewhere(builder, model, runs):
            said = builder.deployment.models[base].via or provider_of(builder, base)
            if said or not _trained_elsewhere(builder, base, runs):
                found |= dict.fromkeys(to_trainer(builder, place, base, runs))
            elif base not in waiting:
                waiting.append(base)
    return tuple(found)


def _trained_elsewhere(builder: Builder, name: str, runs: Runs) -> list[str]:
    """The models that a model is trained from where only somebody else can do that."""
    tasks = (task for task in builder.deployment.tasks.values() if task.produces == name and task.model != name)
    methods = builder.catalog.methods
    return [task.model for task in tasks if task.model and is_hosted(builder, task, methods[task.method], runs)]


def to_trainer(builder: Builder, place: Vertex, name: str, runs: Runs) -> tuple[tuple[Vertex, ...], ...]:
    """Every chain of hops to whoever trains a model on its own machines, also where the place has the weights."""
    found, model = route(builder, place, name, runs), builder.deployment.models.get(name)
    if model is None or (found.chains and not found.payload):  # those with the other parts train nothing for it
        return found.chains
    if _closed(builder, name) or not model.via:
        return _to_provider(builder, place, name, model)
    return _hops(builder, place, model.via)


def _closed(builder: Builder, name: str) -> bool:
    return bool(aspect(builder, name, "weights") == "closed")


def _local(builder: Builder, place: Vertex, model: Model, at: list[str]) -> Route:
    others = [builder.vertex(other) for other in at if other != place.id]
    if model.copies == "parts" and others:
        # Running it needs all parts, so intermediate values go to whoever holds the others.
        return Route(local=False, chains=tuple((other,) for other in others), payload="activations")
    return Route(local=True)


def _hops(builder: Builder, place: Vertex, references: tuple[str, ...]) -> tuple[tuple[Vertex, ...], ...]:
    """Every chain that these references may mean: one, unless a family has no member for the one before it."""
    chains: list[tuple[Vertex, ...]] = [()]
    for reference in references:
        chains = [
            (*chain, builder.vertex(hop))
            for chain in chains
            for hop in builder.targets(chain[-1] if chain else place, reference)
        ]
    return tuple(chains)


def _to_provider(builder: Builder, place: Vertex, name: str, model: Model) -> tuple[tuple[Vertex, ...], ...]:
    found = []
    for chain in _hops(builder, place, model.via or ()):
        # A cloud that resells a closed model runs it; a gateway of one's own does not, whatever its file says.
        resold = bool(chain) and chain[-1].provider and runs_for_others(builder, chain[-1])
        runner = provider_of(builder, name) or "unknown"
        # In an enclave of its own the provider runs it there, and that it is asked does not mean that it sees.
        inside = bool(chain) and chain[-1].party == runner and _is_attested(chain[-1])
        found += [chain] if resold or inside else []
        if not (resold or inside) or _may_be_there(chain[-1]):
            found.append((*chain, builder.party_place(runner)))
    return tuple(found)


def beyond(origin: Origin, chain: Sequence[Vertex], chains: Collection[Sequence[Vertex]]) -> Origin:
    """A provider is asked beyond its own enclave, where a way may end, only if that is not there: nobody knows."""
    return origin.unless([f"nodes.{chain[-2].family}.tee"]) if chain and chain[:-1] in chains else origin


def _is_attested(place: Vertex) -> bool:
    return place.enclave is not None and place.enclave.attested


def _may_be_there(place: Vertex) -> bool:
    """Whether nobody knows if there is an enclave."""
    return place.enclave is not None and place.enclave.key == "tee"


def runs_for_others(builder: Builder, vertex: Vertex) -> bool:
    """Whether a place belongs to somebody who runs models for others, or to nobody who is named."""
    principal = builder.places.principals.get(vertex.party)
    return is_unknown(vertex.party) or (principal is not None and "provider" in principal.roles)


def near(place: Vertex, holders: Sequence[Vertex]) -> list[Vertex]:
    """The holders of one's own party, else those that serve others."""
    own = [other for other in holders if other.party == place.party]
    return own or [other for other in holders if other.node_kind != "client"]


def aggregators_of(builder: Builder, task: Task) -> tuple[str, ...]:
    """References to the aggregator: as declared, else the only node of that kind."""
    if task.aggregator:
        return task.aggregator
    found = builder.places.aggregators
    return tuple(found) if len(found) == 1 else ()


def is_hosted(builder: Builder, task: Task, method: MethodRow, runs: Runs) -> bool:
    """Whether somebody else must train: the method needs weights that nobody in the federation holds."""
    if method.hosted:
        return True
    return method.needs == "weights" and task.model is not None and not holders(builder, task.model, runs)

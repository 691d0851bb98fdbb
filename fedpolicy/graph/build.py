"""
Deployment -> FlowGraph, in the order in which flows follow from what is written.

Models come last: where they rest, who runs them for others, and what each use of a model can see of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.graph import Access, FlowGraph
from fedpolicy.graph.builder import Builder, Origin, Use
from fedpolicy.graph.calls import desugar_api_calls
from fedpolicy.graph.flows import bound_relays, desugar_flows
from fedpolicy.graph.lookup import names_by
from fedpolicy.graph.places import lay_out
from fedpolicy.graph.provenance import move_data_to_senders, payloads_made_of
from fedpolicy.graph.results import produced_at
from fedpolicy.graph.routes import Runs, aspect, provider_of, resting, stand_ins
from fedpolicy.graph.tasks import desugar_tasks
from fedpolicy.limits import USUAL, Bounds
from fedpolicy.records import replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fedpolicy.catalog import Catalog
    from fedpolicy.graph import Guard
    from fedpolicy.language.model import Deployment
    from fedpolicy.language.model.dataset import Model

# What of a remote interface gives a method what it needs, if that is less than the weights: whoever gets probabilities
# can write with them, too.
_OFFERED = {
    "text": frozenset({"text", "top_logprobs", "logprobs"}),
    "logits": frozenset({"logprobs"}),
    "embeddings": frozenset({"embeddings"}),
}
_TRAINED = frozenset({"fine_tuning"})


def place_models(builder: Builder, runs: Runs) -> None:
    """Say who holds, runs or receives each model; whether anything flows depends on what it contains."""
    for name in sorted(builder.deployment.models):
        model = builder.deployment.models[name]
        _place(builder, name, model, runs)
        _run(builder, name, model)
        if model.published:
            _use(builder, name, "published", [builder.party_place("public").id], "published")


def add_uses(builder: Builder) -> None:
    """Add a flow for every use of a model that can contain something."""
    filled = _filled(builder)
    known: set[tuple[object, ...]] = set()
    for use in builder.uses:
        for model in builder.contents(use.model):
            if model in filled:
                _add_use(builder, use, model, known)


def _add_use(builder: Builder, use: Use, model: str, known: set[tuple[object, ...]]) -> None:
    for target in use.targets:
        guards = use.guards if not use.speakers else _spoken(builder, use, model)
        # Thousands of clients that call one model tell its runner the same thing.
        key = (use.origin, use.role, model, target, use.payload, use.seals, *(one.path for one in guards if one.noise))
        if key not in known:
            known.add(key)
            builder.add(use.origin, use.role, model, target, use.payload, None, guards=guards, seals=use.seals)


def _spoken(builder: Builder, use: Use, model: str) -> tuple[Guard, ...]:
    """Noise is on what each says of its own copy, and on nothing else."""
    copies = builder.copies.get(str(builder.vertex(model).path[1]), {})
    own = model == use.model and all(one in copies for one in use.speakers)
    return tuple(one for one in use.guards if own or one.noise is None)


def _filled(builder: Builder) -> set[str]:
    """Models that data reach, directly or because they are made from such a model."""
    filled = {flow.target for flow in builder.flows if builder.vertex(flow.target).kind == "model"}
    made = [
        (model, target)
        for use in builder.uses
        if use.role == "inherited"
        for model in builder.contents(use.model)
        for target in use.targets
    ]
    while True:
        more = {target for source, target in made if source in filled} - filled
        if not more:
            return filled
        filled |= more


def _placed(builder: Builder) -> Iterator[tuple[str, str]]:
    """Where the weights of each model are, whatever it has learned."""
    for use in builder.uses:
        if use.role == "placement":
            yield from ((builder.vertex(use.model).family, target) for target in use.targets)


def _place(builder: Builder, name: str, model: Model, runs: Runs) -> None:
    for place in resting(builder, name, runs):
        vertex = builder.model_vertex(name, builder.vertex(place))
        if model.weights_at is None and vertex.id not in builder.copies.get(name, {vertex.id: None}):
            # Personal copies are made where the data are; who only adds up makes none.
            continue
        key = "weights_at" if model.weights_at is not None else ""
        builder.uses.append(Use(model=vertex.id, targets=(place,), origin=_origin(name, key), role="placement"))


def _run(builder: Builder, name: str, model: Model) -> None:
    """Whoever runs a model for others holds it."""
    if aspect(builder, name, "weights") == "closed":
        runner = provider_of(builder, name)
        if runner is not None:
            _use(builder, name, "provider", [builder.party_place(runner).id])
    elif model.via:
        _use(builder, name, "via", builder.sources(model.via[-1]))
    elif model.provider is not None:
        _use(builder, name, "provider", [builder.party_place(model.provider).id])


def _use(builder: Builder, name: str, key: str, targets: list[str], role: str = "placement") -> None:
    vertex = builder.model_vertex(name)
    builder.uses.append(Use(model=vertex.id, targets=tuple(targets), origin=_origin(name, key), role=role))


def _origin(name: str, key: str) -> Origin:
    path = ("models", name, key) if key else ("models", name)
    return Origin(id=f"models.{name}", path=path, implied_by=f"models.{name}" + (f".{key}" if key else ""))


def judge_access(builder: Builder) -> tuple[Access, ...]:
    """One entry per use, model and runner, with its callers, and whether the method is feasible that way."""
    grouped: dict[tuple[str, str, str, str, tuple[str, ...]], list[Access]] = {}
    for access in builder.access:
        key = (access.use, access.model, access.how, access.runner if access.how != "weights" else "", access.hops)
        grouped.setdefault(key, []).append(access)
    return tuple(_judge(builder, grouped[key]) for key in sorted(grouped))


def _judge(builder: Builder, group: list[Access]) -> Access:
    at = tuple(sorted({place for access in group for place in access.at}))
    runner = group[0].runner if len({access.runner for access in group}) == 1 else ""
    merged = replace(group[0], at=at, runner=runner)
    needs = _needs(builder, merged)
    feasible, why = _feasible(builder, merged, needs)
    return replace(merged, feasible=feasible, why=why)


def _needs(builder: Builder, access: Access) -> str:
    kind, _, name = access.use.partition(".")
    if kind != "tasks":
        return "none"
    task = builder.deployment.tasks[name]
    # A model that is only judged answers in its own way, whatever the method asks of the task's own model.
    own = task.model is not None and access.model in {task.model, *stand_ins(builder.deployment, task.model)}
    return builder.catalog.methods[task.method].needs if own else "none"


def _feasible(builder: Builder, access: Access, needs: str) -> tuple[bool | None, str]:
    if access.how == "weights" or needs == "none":  # a file that says that the provider trains, knows it
        return True, ""
    offered, hosted = access.interface, access.how == "hosted"
    if hosted or needs in {"weights", "emulator"}:
        wanted = _TRAINED
        what = "an emulator" if needs == "emulator" else "the weights"
        reason = f"needs {what} of {access.model}, which nobody in the federation holds"
    elif needs != "text" and aspect(builder, access.model, "weights") in {"open", "gated"}:
        return True, ""
    else:
        wanted = _OFFERED[needs]
        reason = f"needs {needs} of {access.model}, and the interface of {access.runner} gives none"
    if offered is None:  # whatever can be asked answers, unless the file says how
        return (True, "") if needs == "text" and not hosted else (None, reason)
    given = not wanted.isdisjoint(offered)
    return given, "" if given else reason


def build_graph(deployment: Deployment, catalog: Catalog, bounds: Bounds = USUAL) -> FlowGraph:
    """
    Find every place, model and flow of a deployment whose references are sound (as `load_text` returns it).

    Nothing is computed here about who learns what; see `fedpolicy.analysis`.
    """
    builder = Builder(deployment=deployment, catalog=catalog, places=lay_out(deployment, catalog), bounds=bounds)
    runs = produced_at(builder)
    desugar_tasks(builder, runs)
    desugar_api_calls(builder, runs)
    desugar_flows(builder)
    place_models(builder, runs)
    add_uses(builder)
    move_data_to_senders(builder)
    bound_relays(builder)
    if builder.copies:
        from fedpolicy.graph.copies import bound_noise  # noqa: PLC0415  few models have personal copies

        bound_noise(builder)
    return FlowGraph(
        deployment=deployment,
        principals=builder.places.principals,
        vertices=builder.places.vertices,
        data=tuple(builder.places.data),
        flows=tuple(builder.flows),
        aggregates=tuple(builder.aggregates),
        seals=tuple(builder.seals),
        access=judge_access(builder),
        members={name: tuple(ids) for name, ids in builder.places.members.items()},
        placed=names_by(_placed(builder)),
        worked=builder.worked,
        shipped=builder.shipped,
        made_of=payloads_made_of(builder),
        enclaves={word: p for p in builder.places.vertices.values() if p.vouches is not False for word in p.instead},
    )

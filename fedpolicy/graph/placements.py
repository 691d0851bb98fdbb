"""Where models rest, who runs them for others, and who therefore learns what they contain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.graph.builder import Builder, Origin, Use
from fedpolicy.graph.calls import Runs
from fedpolicy.graph.routes import aspect, holders, provider_of

if TYPE_CHECKING:
    from fedpolicy.language.model.model import Model

__all__ = ["add_uses", "place_models"]


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
        # Thousands of clients that call one model tell its runner the same thing.
        key = (use.origin, use.role, model, target, use.payload)
        if key not in known:
            known.add(key)
            builder.add(use.origin, use.role, model, target, use.payload, None, guards=use.guards, seal=use.seal)


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


def _place(builder: Builder, name: str, model: Model, runs: Runs) -> None:
    for place in holders(builder, name, runs):
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


def _use(builder: Builder, name: str, key: str, targets: list[str], role: str = "placement") -> None:
    vertex = builder.model_vertex(name)
    builder.uses.append(Use(model=vertex.id, targets=tuple(targets), origin=_origin(name, key), role=role))


def _origin(name: str, key: str) -> Origin:
    path = ("models", name, key) if key else ("models", name)
    return Origin(id=f"models.{name}", path=path, implied_by=f"models.{name}" + (f".{key}" if key else ""))

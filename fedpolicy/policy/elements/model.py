"""Models: what is made from them; openness, holding and use have files of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fedpolicy.policy.elements.model_holding import HOLDING, is_shared
from fedpolicy.policy.elements.model_openness import OPENNESS
from fedpolicy.policy.elements.model_use import USE
from fedpolicy.policy.elements.models_view import ModelView, class_variants, model_view
from fedpolicy.policy.elements.shared import boolean, texts
from fedpolicy.policy.fields import Kind, Subject
from fedpolicy.policy.world import World, ordered

__all__ = ["KIND"]

_REUSED = {"distillation"}
_REUSED_OUTPUTS = {"labels", "synthetic_data"}


def _outputs_reused(view: ModelView) -> bool:
    methods = view.world.catalog.methods
    rows = [methods[task.method] for _, task in view.inputs_of]
    return any(row.family in _REUSED or row.output in _REUSED_OUTPUTS for row in rows)


def _judged_by(view: ModelView) -> Iterable[str]:
    methods = view.world.catalog.methods
    for name, task in view.world.deployment.tasks.items():
        judges = task.evaluates == view.id or (task.model == view.id and methods[task.method].output == "metrics")
        if judges:
            yield f"tasks.{name}"


def _bases(view: ModelView) -> Iterable[str]:
    return ordered(task.model for task in view.produced_by if task.model and task.model != view.id)


_MAKING = (
    boolean("produced", "a task of this deployment produces it", lambda view: bool(view.facts.produced_by)),
    texts("bases", "the models from which it is made here", _bases),
    texts("adapted", "the models that are made from its weights here", lambda view: view.adapted),
    boolean(
        "adapted_shared",
        "a model made from its weights is held by more than one party",
        lambda v: any(is_shared(model_view(v.world, name)) for name in v.adapted),
    ),
    boolean(
        "adapted_published",
        "a model made from its weights is released to the public",
        lambda v: any(
            v.world.deployment.models[name].published for name in v.adapted if name in v.world.deployment.models
        ),
    ),
    boolean("outputs_reused", "its outputs are used to train or to label for another model", _outputs_reused),
    texts("made_by", "methods of the tasks that produce it", lambda v: ordered(task.method for task in v.produced_by)),
    texts("judged_by", "tasks that measure how well it does", lambda view: ordered(_judged_by(view))),
)


def _subjects(world: World) -> Sequence[Subject]:
    found = []
    for name, facts in world.models.items():
        view = model_view(world, name)
        variants = class_variants(facts)
        if view is not None:
            found.append(
                Subject(
                    id=f"models.{name}",
                    path=("models", name),
                    data=view,
                    variants=variants if len(variants) > 1 else (),
                    missing=facts.missing,
                )
            )
    return found


KIND = Kind(
    name="model",
    about="a model, an adapter, a learned prompt or a classifier head",
    fields=(*OPENNESS, *_MAKING, *HOLDING, *USE),
    subjects=_subjects,
)

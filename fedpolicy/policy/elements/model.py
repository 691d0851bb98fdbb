"""Models: what is made from them, who holds them; openness and use have files of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fedpolicy.policy.elements.model_openness import OPENNESS
from fedpolicy.policy.elements.model_use import USE
from fedpolicy.policy.elements.models_view import ModelView, class_variants, model_view
from fedpolicy.policy.elements.shared import boolean, texts, words
from fedpolicy.policy.fields import Kind, Subject
from fedpolicy.policy.world import World, ordered

__all__ = ["KIND"]

_REUSED = {"distillation"}
_REUSED_OUTPUTS = {"labels", "synthetic_data"}


def _outputs_reused(view: ModelView) -> bool:
    methods = view.world.catalog.methods
    rows = [methods[task.method] for _, task in view.inputs_of]
    return any(row.family in _REUSED or row.output in _REUSED_OUTPUTS for row in rows)


def _shared(view: ModelView, name: str) -> bool:
    other = model_view(view.world, name)
    return other is not None and other.model.copies != "personal" and len(other.holders) > 1


def _bases(view: ModelView) -> Iterable[str]:
    return ordered(task.model for task in view.produced_by if task.model and task.model != view.id)


_MAKING = (
    boolean("produced", "a task of this deployment produces it", lambda view: bool(view.facts.produced_by)),
    texts("bases", "the models from which it is made here", _bases),
    texts("adapted", "the models that are made from it here", lambda view: view.adapted),
    boolean(
        "adapted_shared",
        "a model made from it is held by more than one party",
        lambda v: any(_shared(v, name) for name in v.adapted),
    ),
    boolean(
        "adapted_published",
        "a model made from it is released to the public",
        lambda v: any(
            v.world.deployment.models[name].published for name in v.adapted if name in v.world.deployment.models
        ),
    ),
    boolean("outputs_reused", "its outputs are used to train or to label for another model", _outputs_reused),
    words("copies", "how copies relate", lambda view: view.model.copies, choices=("shared", "personal", "parts")),
    boolean("published", "it is released to the public", lambda view: view.model.published),
    texts("holders", "parties that hold its weights", lambda view: view.holders),
    boolean(
        "held_by_member",
        "a participant or the coordinator holds its weights",
        lambda v: any(map(v.world.is_member, v.holders)),
    ),
    boolean("shared", "more than one party holds its weights", lambda view: _shared(view, view.id)),
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
    fields=(*OPENNESS, *_MAKING, *USE),
    subjects=_subjects,
)

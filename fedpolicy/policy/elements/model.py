"""Models: how open they are, who holds them, and what is made from them; their use has a file of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial
from typing import get_args

from fedpolicy.analysis.openness import CLASSES
from fedpolicy.catalog.rows import FieldOfUse, LicenceCategory, Naming, Permission
from fedpolicy.graph.lookup import ordered
from fedpolicy.language.model.dataset import Model
from fedpolicy.policy.elements.inputs import INPUTS
from fedpolicy.policy.elements.model_use import LIFE, USE, ends_on, retrained_from
from fedpolicy.policy.elements.models_view import ModelView, class_variants, licence_fact, model_view
from fedpolicy.policy.elements.shared import about_owners, boolean, integer, open_field, ranging, texts, words
from fedpolicy.policy.fields import Field, Kind, Missing, Presence, Subject, Type, fields_of
from fedpolicy.policy.published import any_published
from fedpolicy.policy.world import World
from fedpolicy.startup import pattern

_MOVING = pattern(
    r"main|master|trunk|latest|newest|current|head|stable|nightly|edge|dev(?:elop(?:ment)?)?|default|prod(?:uction)?|(?:refs/heads|origin)/.+",
    re.IGNORECASE,
)
_MONTH, _DAY = r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
# gpt-4o-2024-08-06, claude-sonnet-4-5-20250929, gpt-4-0613, mistral-large-2411, command-r-08-2024, gemini-1.5-pro-002
_SNAPSHOT = pattern(
    rf"[-@_](?!1024\b)(?:20\d\d-?{_MONTH}-?{_DAY}|2\d{_MONTH}|{_MONTH}{_DAY}|{_MONTH}-20\d\d|00\d)(?:$|[-:@])"
)
_ASPECTS = ("weights", "architecture", "inference_code", "training_code", "training_data", "licence")
_LICENCE = {
    "category": (get_args(LicenceCategory), "kind of licence"),
    "redistribution": (get_args(Permission), "may it be passed on"),
    "derivatives": (get_args(Permission), "may models be made from it"),
    "commercial_use": (get_args(Permission), "may it be used commercially"),
    "field_of_use": (get_args(FieldOfUse), "are fields of use excluded"),
    "output_use": (get_args(Permission), "may its outputs improve other models"),
    "naming": (get_args(Naming), "must models made from it carry a name"),
}
_REUSED = {"distillation", "proxy"}
_REUSED_OUTPUTS = {"labels", "synthetic_data"}


def is_shared(view: ModelView | None) -> bool:
    """Whether more than one party holds the same copy."""
    return view is not None and view.model.copies != "personal" and len(view.holders) > 1


def _without_copy(view: ModelView) -> Presence:
    """What everybody can get, nobody lacks."""
    makers = view.world.owners_of(view.facts.contains)
    lacking = ordered(
        party for party in makers if "participant" in view.world.lookup.roles(party) and party not in view.holders
    )
    if lacking and isinstance(view.published, Missing):
        return view.published
    return [] if view.published else lacking


def _smallest_gpu(view: ModelView) -> Presence:
    """The least memory of the client nodes that run it themselves; nothing where there is none."""
    vertices = view.world.graph.vertices
    at = [vertices[place] for access in view.facts.access if access.how == "weights" for place in access.at]
    names = ordered(vertex.family for vertex in at if vertex.node_kind == "client")
    machines = {name: view.world.deployment.nodes[name].hardware for name in names}
    known = {name: machine.gpu_memory_gib if machine else None for name, machine in machines.items()}
    silent = tuple(f"nodes.{name}.hardware.gpu_memory_gib" for name, memory in known.items() if memory is None)
    return Missing(silent) if silent else min((float(memory or 0) for memory in known.values()), default=None)


_HOLDING: tuple[Field, ...] = (
    texts("holders", "parties that hold its weights", lambda view: view.holders),
    boolean(
        "held_by_member",
        "a participant or the coordinator holds its weights",
        lambda v: any(map(v.world.lookup.is_member, v.holders)),
    ),
    boolean("shared", "more than one party holds its weights", is_shared),
    boolean(
        "held_outside",
        "a party that is neither participant nor coordinator holds its weights",
        lambda v: not all(map(v.world.lookup.is_member, v.holders)),
    ),
    open_field(
        "without_copy",
        Type.LIST,
        "participants whose data it has learned from and that hold no copy",
        _without_copy,
    ),
    texts(
        "users_without_weights",
        "parties that use it and hold no copy",
        lambda view: ordered(set(view.users) - set(view.holders)),
    ),
    open_field(
        "smallest_gpu_gib", Type.NUMBER, "the least GPU memory, in GiB, of the client nodes that run it", _smallest_gpu
    ),
)


def _range(name: str, kind: Type, about: str, choices: tuple[str, ...] = ()) -> Field:
    return ranging(name, kind, about, lambda view: class_variants(view.facts)[0][name], choices=choices)


def _aspect(view: ModelView, name: str) -> Presence:
    found = view.facts.aspects.get(name)
    return None if found is None else str(found)


def _gated(view: ModelView) -> Presence:
    """Whether a form comes before the weights; of some models of the catalogue nobody could say."""
    weights = view.facts.aspects.get("weights")
    if weights is None or (view.model.weights is None and view.row and view.row.gate == "unknown"):
        return Missing((f"models.{view.id}.weights",))
    return weights == "gated"


def _licence(name: str, choices: tuple[str, ...], about: str) -> Field:
    return open_field(f"licence_{name}", Type.TEXT, about, lambda view: licence_fact(view, name), choices=choices)


def _interface(view: ModelView) -> Presence:
    found = view.facts.aspects.get("interface")
    return [str(part) for part in found] if isinstance(found, (tuple, list)) else None


def _pinned(view: ModelView) -> bool:
    model = view.model
    if model.digest is not None:
        return True
    if model.revision is not None:
        return not _MOVING.fullmatch(model.revision)
    # What a provider calls a dated snapshot is all that can be pinned of it; of open weights, the file can change.
    return view.facts.aspects.get("weights") == "closed" and bool(_SNAPSHOT.search(model.ref or ""))


def _parameters(view: ModelView) -> Presence:
    found = view.row.parameters_b if view.row else None
    return None if found is None else float(found)


_OPENNESS = (
    words("id", "its id", lambda view: view.id),
    _range(
        "class",
        Type.TEXT,
        "openness class, computed from the aspects; empty for a learned prompt, which has none",
        CLASSES,
    ),
    _range(
        "class_rank",
        Type.INT,
        "the class as a number, to compare with BLACK_BOX < GRAY_BOX < OPEN_WEIGHT < OPEN_SOURCE",
    ),
    _range("closed", Type.BOOL, "it is a black box or a gray box"),
    *(
        field
        for field in fields_of(
            Model,
            lambda view: view.model,
            read={
                **{name: partial(_aspect, name=name) for name in _ASPECTS},
                "interface": _interface,
                "format": lambda view: view.model.format.lower().lstrip(".") if view.model.format else None,
                "provider": lambda view: view.provider,
                "shutdown_on": ends_on,
            },
            notes={
                **dict.fromkeys((*_ASPECTS, "interface", "shutdown_on"), "as declared, else as the catalogue says"),
            },
        )
        if field.name != "published"
    ),
    open_field(
        "published",
        Type.BOOL,
        "whether everybody can get it: a release to `public` (as declared, or by a flow of its weights)",
        lambda view: view.published,
    ),
    open_field("gated", Type.BOOL, "its weights can be had only after accepting terms", _gated),
    words(
        "claims", "the class that the deployment claims, or an empty text", lambda v: v.facts.claimed, choices=CLASSES
    ),
    integer(
        "claims_rank",
        "the claimed class as a number, or -1",
        lambda v: CLASSES.index(v.facts.claimed) if v.facts.claimed else -1,
    ),
    *(
        _licence(name, choices, f"licence, as the catalogue says: {about}")
        for name, (choices, about) in _LICENCE.items()
    ),
    open_field(
        "licence_revocable", Type.BOOL, "the licence can be withdrawn", lambda view: licence_fact(view, "revocable")
    ),
    open_field(
        "licence_user_limit",
        Type.INT,
        "monthly active users above which the licence ends",
        lambda view: licence_fact(view, "user_limit"),
    ),
    boolean(
        "pinned",
        "a digest is stated, or a revision that is no moving name such as `main`, or the name of a closed model is that"
        " of a dated snapshot",
        _pinned,
    ),
    open_field(
        "parameters_b",
        Type.NUMBER,
        "billions of parameters, as the catalogue says",
        _parameters,
    ),
)


def _outputs_reused(view: ModelView) -> bool:
    methods = view.world.catalog.methods
    rows = [methods[task.method] for _, task in view.inputs_of]
    return any(row.family in _REUSED or row.output in _REUSED_OUTPUTS for row in rows)


def _judged_by(view: ModelView) -> Iterable[str]:
    """Who is asked to judge is not judged by that."""
    methods = view.world.catalog.methods
    for name, task in view.world.deployment.tasks.items():
        measured = task.evaluates is None and task.model == view.id and methods[task.method].up == "metrics"
        if measured or task.evaluates == view.id:
            yield f"tasks.{name}"


def _bases(view: ModelView) -> Iterable[str]:
    return ordered(task.model for task in view.produced_by if task.model and task.model != view.id)


_MAKING = (
    words(
        "retrained_from", "the `ref` of a model all of whose weights are trained for it here, if any", retrained_from
    ),
    boolean("produced", "a task of this deployment produces it", lambda view: bool(view.facts.produced_by)),
    texts("bases", "the models from which it is made here", _bases),
    texts("adapted", "the models that are made from its weights here", lambda view: view.adapted),
    boolean(
        "adapted_shared",
        "a model made from its weights is held by more than one party",
        lambda v: any(is_shared(model_view(v.world, name)) for name in v.adapted),
    ),
    open_field(
        "adapted_published",
        Type.BOOL,
        "a model made from its weights is released to the public",
        lambda v: any_published(v.world, v.adapted),
    ),
    boolean("outputs_reused", "its outputs are used to train or to label for another model", _outputs_reused),
    texts("made_by", "methods of the tasks that produce it", lambda v: ordered(task.method for task in v.produced_by)),
    texts("judged_by", "tasks that measure how well it performs", lambda view: ordered(_judged_by(view))),
)


def _subjects(world: World) -> Sequence[Subject]:
    views = (model_view(world, name) for name in world.models)
    return [_subject(view) for view in views if view is not None]


def _subject(view: ModelView) -> Subject:
    variants = class_variants(view.facts)
    return Subject(
        id=f"models.{view.id}",
        path=("models", view.id),
        data=view,
        variants=variants if len(variants) > 1 else (),
        missing=view.facts.missing,
    )


KIND = Kind(
    name="model",
    about="a model, an adapter, a learned prompt or a classifier head",
    fields=(*_OPENNESS, *_MAKING, *_HOLDING, *USE, *INPUTS, *LIFE),
    subjects=_subjects,
    within=about_owners(lambda view: view.contents.families or view.families),
)

"""Models: openness, licence, where they run, what they are used on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from fedpolicy.analysis.facts import ModelFacts
from fedpolicy.policy.elements.models_view import ModelView, licence_fact, model_view, term
from fedpolicy.policy.elements.shared import boolean, data_fields, in_eea, number, open_field, texts, words
from fedpolicy.policy.fields import CLASSES, Field, Kind, Known, Missing, Presence, Subject, Type, Value
from fedpolicy.policy.world import World, family_of, ordered

__all__ = ["KIND", "class_variants"]

_MOVING = re.compile(r"main|master|latest|head|stable|dev|default", re.IGNORECASE)
_ASPECTS = {
    "weights": (("open", "gated", "closed"), "whether the weights can be had"),
    "architecture": (("open", "closed"), "whether the architecture is public"),
    "inference_code": (("open", "closed"), "whether the code to run it is public"),
    "training_code": (("open", "closed"), "whether the code that trained it is public"),
    "training_data": (("open", "described", "undisclosed"), "what is known of its training data"),
}
_PERMISSION = ("allowed", "conditional", "forbidden")
_LICENCE = {
    "category": (("open", "use-restricted", "non-commercial", "proprietary"), "kind of licence"),
    "redistribution": (_PERMISSION, "may it be passed on"),
    "derivatives": (_PERMISSION, "may models be made from it"),
    "commercial_use": (_PERMISSION, "may it be used commercially"),
    "field_of_use": (("unrestricted", "restricted"), "are fields of use excluded"),
    "output_use": (_PERMISSION, "may its outputs improve other models"),
    "naming": (("required", "none"), "must models made from it bear a name"),
}
_REUSED = {"distillation"}
_REUSED_OUTPUTS = {"labels", "synthetic_data"}


def class_variants(facts: ModelFacts) -> tuple[Mapping[str, Value], ...]:
    """The classes that a model may have, the most open first; a learned prompt has none and hides nothing."""
    low, high = CLASSES.index(facts.lowest), CLASSES.index(facts.highest)
    if low == high and not facts.cls:
        return (_class(len(CLASSES) - 1) | {"class": ""},)
    return tuple(_class(rank) for rank in range(high, low - 1, -1))


def _class(rank: int) -> dict[str, Value]:
    return {"class": CLASSES[rank], "class_rank": rank, "closed": rank < CLASSES.index("open_weight")}


def _range(name: str, kind: Type, about: str, choices: tuple[str, ...] = ()) -> Field:
    return Field(
        name=name,
        type=kind,
        about=about,
        known=Known.RANGE,
        choices=choices,
        read=lambda view: class_variants(view.facts)[0][name],
    )


def _aspect(name: str, choices: tuple[str, ...], about: str) -> Field:
    return open_field(name, Type.TEXT, about, lambda view: view.facts.aspects.get(name), choices=choices)


def _licence(name: str, choices: tuple[str, ...], about: str) -> Field:
    return open_field(f"licence_{name}", Type.TEXT, about, lambda view: licence_fact(view, name), choices=choices)


def _said(name: str, about: str) -> Field:
    return open_field(name, Type.TEXT, about, lambda view: getattr(view.model, name))


def _term(name: str, kind: Type, about: str) -> Field:
    return open_field(
        name,
        kind,
        about,
        lambda view: term(view, name, None, f"models.{view.id}.terms"),
        key=f"terms.{name}",
    )


def _interface(view: ModelView) -> Presence:
    found = view.facts.aspects.get("interface")
    return [str(part) for part in found] if isinstance(found, (tuple, list)) else None


def _pinned(view: ModelView) -> bool:
    revision = view.model.revision
    return view.model.digest is not None or (revision is not None and not _MOVING.fullmatch(revision))


def _open_text(view: ModelView, key: str) -> Presence:
    row = view.row
    found = getattr(row, key, None)
    return None if found is None else float(found)


def _sectors(view: ModelView) -> Presence:
    parties = view.world.deployment.parties
    found = [parties[name].sector for name in view.users if name in parties]
    missing = tuple(f"parties.{n}.sector" for n in view.users if n in parties and parties[n].sector is None)
    return Missing(missing) if missing else ordered(sector for sector in found if sector)


def _fallback_elsewhere(view: ModelView) -> bool:
    for name in view.model.fallback:
        other = model_view(view.world, name)
        if other is not None and (not other.remote or set(other.runners) - set(view.runners)):
            return True
    return False


def _outputs_reused(view: ModelView) -> bool:
    methods = view.world.catalog.methods
    rows = [methods[task.method] for _, task in view.inputs_of]
    return any(row.family in _REUSED or row.output in _REUSED_OUTPUTS for row in rows)


def _shared(view: ModelView, name: str) -> bool:
    other = model_view(view.world, name)
    return other is not None and other.model.copies != "personal" and len(other.holders) > 1


def _tasks(view: ModelView) -> Iterable[str]:
    return (task.method for _, task in view.inputs_of)


def _bases(view: ModelView) -> Iterable[str]:
    return ordered(task.model for task in view.produced_by if task.model and task.model != view.id)


def _of_contents(field: Field) -> Callable[[ModelView], Presence]:
    return lambda view: field.read(view.contents)


def _members_run(view: ModelView) -> bool:
    return all(view.world.is_member(party) for party in view.runners)


_FIELDS = (
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
    *(_aspect(name, choices, about) for name, (choices, about) in _ASPECTS.items()),
    open_field("interface", Type.LIST, "what its interface gives", _interface),
    words(
        "claims", "the class that the deployment claims, or an empty text", lambda v: v.facts.claimed, choices=CLASSES
    ),
    number(
        "claims_rank",
        "the claimed class as a number, or -1",
        lambda v: CLASSES.index(v.facts.claimed) if v.facts.claimed else -1,
    ),
    open_field(
        "licence", Type.TEXT, "licence, as SPDX id or LicenseRef", lambda view: view.facts.aspects.get("licence")
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
    _said("ref", "catalogue id"),
    _said("revision", "revision, as declared"),
    _said("digest", "digest of the weights, as declared"),
    _said("format", "file format of the weights, as declared"),
    boolean("pinned", "a digest is stated, or a revision that is no moving name such as `main`", _pinned),
    open_field(
        "parameters_b",
        Type.NUMBER,
        "thousand millions of parameters, as the catalogue says",
        lambda v: _open_text(v, "parameters_b"),
    ),
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
    boolean("remote", "in some use, another party or place runs it", lambda view: bool(view.remote)),
    boolean(
        "hosted_training",
        "somebody else trains it with data of the federation",
        lambda v: any(a.how == "hosted" for a in v.facts.access),
    ),
    texts("runners", "parties that run it for others", lambda view: view.runners),
    boolean("runner_is_member", "everybody who runs it for others is a participant or the coordinator", _members_run),
    boolean("runner_unknown", "nobody is said to run it", lambda view: "unknown" in view.runners),
    open_field(
        "runner_jurisdictions", Type.LIST, "where those are who run it", lambda v: v.world.jurisdictions(v.runners)
    ),
    open_field("runners_in_eea", Type.BOOL, "all who run it are in the EEA", lambda v: in_eea(v.world, v.runners)),
    open_field("provider", Type.TEXT, "who offers it", lambda view: view.provider),
    open_field("account", Type.TEXT, "the party whose subscription it is", lambda view: view.model.account),
    _term("trains_on_inputs", Type.BOOL, "inputs may be used for training, by the model's terms or the provider's"),
    _term("retention_days", Type.INT, "days for which inputs are kept, by the model's terms or the provider's"),
    _term("human_review", Type.BOOL, "people may read inputs, by the model's terms or the provider's"),
    _term("zero_retention", Type.BOOL, "nothing is kept, by the model's terms or the provider's default"),
    texts("fallback", "models that stand in for it", lambda view: view.model.fallback),
    boolean("fallback_elsewhere", "a fallback is run by another party, or held", _fallback_elsewhere),
    texts("used_by", "tasks and calls that use it, such as tasks.score", lambda view: view.uses),
    texts("users", "parties that use it", lambda view: view.users),
    open_field("user_sectors", Type.LIST, "sectors of the parties that use it", _sectors),
    open_field(
        "user_jurisdictions", Type.LIST, "where the parties are that use it", lambda v: v.world.jurisdictions(v.users)
    ),
    texts("used_on", "datasets with which it is used", lambda view: view.families),
    texts("methods", "methods of the tasks that take it as input", lambda view: ordered(_tasks(view))),
    boolean(
        "trained",
        "a task trains it",
        lambda view: any(view.world.catalog.methods[method].trains for method in _tasks(view)),
    ),
    texts("contains", "datasets that it has learned from", lambda view: ordered(map(family_of, view.facts.contains))),
    *data_fields("used_on_", of="the data with which it is used"),
    *(
        replace(field, read=_of_contents(field))
        for field in data_fields("contains_", of="the data that it has learned from")
    ),
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
    name="model", about="a model, an adapter, a learned prompt or a classifier head", fields=_FIELDS, subjects=_subjects
)

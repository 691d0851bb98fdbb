"""Models: how open they are, what their licence allows, which version they are."""

from __future__ import annotations

import re
from functools import partial
from typing import get_args

from fedpolicy.catalog.rows import FieldOfUse, LicenceCategory, Naming, Permission
from fedpolicy.language.model.model import Model
from fedpolicy.policy.elements.declared import fields_of
from fedpolicy.policy.elements.models_view import ModelView, class_variants, licence_fact
from fedpolicy.policy.elements.shared import boolean, number, open_field, words
from fedpolicy.policy.fields import CLASSES, Field, Known, Presence, Type

__all__ = ["OPENNESS"]

_MOVING = re.compile(r"main|master|latest|head|stable|dev|default", re.IGNORECASE)
_ASPECTS = ("weights", "architecture", "inference_code", "training_code", "training_data", "licence")
_LICENCE = {
    "category": (get_args(LicenceCategory), "kind of licence"),
    "redistribution": (get_args(Permission), "may it be passed on"),
    "derivatives": (get_args(Permission), "may models be made from it"),
    "commercial_use": (get_args(Permission), "may it be used commercially"),
    "field_of_use": (get_args(FieldOfUse), "are fields of use excluded"),
    "output_use": (get_args(Permission), "may its outputs improve other models"),
    "naming": (get_args(Naming), "must models made from it bear a name"),
}


def _range(name: str, kind: Type, about: str, choices: tuple[str, ...] = ()) -> Field:
    return Field(
        name=name,
        type=kind,
        about=about,
        known=Known.RANGE,
        choices=choices,
        read=lambda view: class_variants(view.facts)[0][name],
    )


def _aspect(view: ModelView, name: str) -> Presence:
    found = view.facts.aspects.get(name)
    return None if found is None else str(found)


def _licence(name: str, choices: tuple[str, ...], about: str) -> Field:
    return open_field(f"licence_{name}", Type.TEXT, about, lambda view: licence_fact(view, name), choices=choices)


def _interface(view: ModelView) -> Presence:
    found = view.facts.aspects.get("interface")
    return [str(part) for part in found] if isinstance(found, (tuple, list)) else None


def _pinned(view: ModelView) -> bool:
    revision = view.model.revision
    return view.model.digest is not None or (revision is not None and not _MOVING.fullmatch(revision))


def _figure(view: ModelView, key: str) -> Presence:
    row = view.row
    found = getattr(row, key, None)
    return None if found is None else float(found)


OPENNESS = (
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
    *fields_of(
        Model,
        lambda view: view.model,
        read={
            **{name: partial(_aspect, name=name) for name in _ASPECTS},
            "interface": _interface,
            "provider": lambda view: view.provider,
        },
        notes=dict.fromkeys((*_ASPECTS, "interface"), "as declared, else as the catalogue says"),
    ),
    words(
        "claims", "the class that the deployment claims, or an empty text", lambda v: v.facts.claimed, choices=CLASSES
    ),
    number(
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
    boolean("pinned", "a digest is stated, or a revision that is no moving name such as `main`", _pinned),
    open_field(
        "parameters_b",
        Type.NUMBER,
        "thousand millions of parameters, as the catalogue says",
        lambda v: _figure(v, "parameters_b"),
    ),
)

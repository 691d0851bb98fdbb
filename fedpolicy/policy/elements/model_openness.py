"""Models: how open they are, what their licence allows, which version they are."""

from __future__ import annotations

import re

from fedpolicy.policy.elements.models_view import ModelView, class_variants, licence_fact
from fedpolicy.policy.elements.shared import boolean, number, open_field, words
from fedpolicy.policy.fields import CLASSES, Field, Known, Presence, Type

__all__ = ["OPENNESS"]

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
    _said("documentation", "reference to its model card, as declared"),
    open_field(
        "systemic_risk",
        Type.BOOL,
        "it has systemic risk under the EU AI Act, as declared",
        lambda view: view.model.systemic_risk,
    ),
    boolean(
        "open_source_exemption",
        "its provider relies on the exemption for open models (EU AI Act art. 53(2)), as declared",
        lambda view: view.model.open_source_exemption,
    ),
    boolean("pinned", "a digest is stated, or a revision that is no moving name such as `main`", _pinned),
    open_field(
        "parameters_b",
        Type.NUMBER,
        "thousand millions of parameters, as the catalogue says",
        lambda v: _figure(v, "parameters_b"),
    ),
)

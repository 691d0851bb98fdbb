"""What those who run a model may do with what they are sent, over all of its uses."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.policy.elements.api_call import CallView, call_term
from fedpolicy.policy.elements.models_view import NOTHING_KEPT, ModelView, term
from fedpolicy.policy.elements.shared import is_private
from fedpolicy.policy.fields import Missing, Presence

__all__ = ["inputs_kept", "inputs_read", "inputs_train", "senders"]


def senders(view: ModelView) -> int:
    """How many owners send it private data where somebody else runs it; a cohort counts with all its members."""
    vertices = view.world.graph.vertices
    found: dict[str, int] = {}
    for access in view.remote:
        if is_private(view.world, view.world.use_data(access.use)):
            found |= {
                view.world.lookup.party(vertices[place].party): max(1, vertices[place].cohort) for place in access.at
            }
    return sum(found.values())


def inputs_train(view: ModelView) -> Presence:
    """Whether any private input may be used for training."""
    return _any(view, "trains_on_inputs")


def inputs_read(view: ModelView) -> Presence:
    """Whether people may read any private input."""
    return _any(view, "human_review")


def inputs_kept(view: ModelView) -> Presence:
    """The longest time for which any private input is kept, in days."""
    said = list(_said(view, "retention_days"))
    longest = max((days for days in said if isinstance(days, int)), default=0)
    missing = _missing(said)
    # Where some are kept for long anyway, what is missing can only make it longer.
    return missing if missing.paths and not longest else longest


def _any(view: ModelView, key: str) -> Presence:
    said = list(_said(view, key))
    if True in said:
        return True
    missing = _missing(said)
    return missing if missing.paths else False


def _missing(said: list[Presence]) -> Missing:
    return Missing(tuple(sorted({path for one in said if isinstance(one, Missing) for path in one.paths})))


def _said(view: ModelView, key: str) -> Iterator[Presence]:
    """What holds for each use in which private data go to somebody who runs the model."""
    for access in view.remote:
        families = view.world.use_data(access.use)
        if is_private(view.world, families):
            yield _term(view, access.use, key, families)


def _term(view: ModelView, use: str, key: str, families: tuple[str, ...]) -> Presence:
    section, _, name = use.partition(".")
    if section == "api_calls":
        return call_term(CallView(view.world, name, view.world.deployment.api_calls[name]), key)
    agreed = [set(view.world.agreement_kinds(who, view.users, families)) for who in view.runners]
    if agreed and all("zero_retention" in kinds for kinds in agreed):
        return NOTHING_KEPT[key]
    return term(view, key, None, f"models.{view.id}.terms")

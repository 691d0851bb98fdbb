"""Changes between two states of a deployment as lines and as rows, whoever asks for them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.report.style import listing

if TYPE_CHECKING:
    from fedpolicy.analysis.changes import BudgetChange, ControlChange, DisclosureChange, Levels, Loss
    from fedpolicy.analysis.facts import Step

__all__ = [
    "budget_line",
    "budget_row",
    "control_line",
    "control_row",
    "disclosure_line",
    "disclosure_row",
    "levels_said",
    "short",
]

_VERBS = {"new": "now learns", "gone": "no longer learns", "worse": "learns more of", "better": "learns less of"}


def disclosure_line(change: DisclosureChange) -> str:
    """Who learns what of whose data, before and after."""
    who = f"{listing(change.parties)} ({change.role})"
    what = listing(change.datasets)
    verb = _VERBS[change.kind] if len(change.parties) == 1 else _VERBS[change.kind].replace("learns", "learn")
    return f"{who} {verb} {what}: {levels_said(change.before)} -> {levels_said(change.after)}"


def levels_said(levels: Levels) -> str:
    """A level as declared, an interval where a fact is missing, and what is guaranteed where that is worse."""
    low, high, guaranteed = levels
    declared = LEVELS[high] if low == high else f"{LEVELS[low]} to {LEVELS[high]}"
    return declared if guaranteed == high else f"{declared} (guaranteed only {LEVELS[guaranteed]})"


def control_line(change: ControlChange) -> str:
    """Who can take a capability away, before and after."""
    who = listing(change.participants)
    return f"{who}, {change.capability} in {change.use}: {_held(change.before)} -> {_held(change.after)}"


def budget_line(change: BudgetChange) -> str:
    """Whose privacy loss towards whom, before and after."""
    what = f"{listing(change.parties)}, per {change.unit} of {listing(change.datasets)}"
    return f"{what}: {_loss_text(change.before)} -> {_loss_text(change.after)}"


def short(element: str) -> str:
    """An element as paths show it."""
    return element.removeprefix("nodes.").removeprefix("parties.")


def _loss_text(loss: Loss) -> str:
    if loss is None:
        return "nothing"
    low, high = (f"{value:.3g}" for value in loss)
    if math.isinf(loss[0]):
        return "ε infinite"
    return f"ε {high}" if low == high else f"ε {low} or more" if math.isinf(loss[1]) else f"ε at most {high}"


def _held(parties: tuple[str, ...] | None) -> str:
    if parties is None:
        return "never given"
    return f"can be ended by {listing(parties)}" if parties else "their own"


def disclosure_row(change: DisclosureChange) -> dict[str, Any]:
    """One change of what somebody learns."""
    return {
        "kind": change.kind,
        "parties": list(change.parties),
        "as": change.role,
        "datasets": list(change.datasets),
        "pairs": change.pairs,
        "before": _levels(change.before),
        "after": _levels(change.after),
        "path": [_step(step) for step in change.path],
    }


def _levels(levels: Levels) -> dict[str, str]:
    return dict(zip(("low", "high", "guaranteed"), (LEVELS[level] for level in levels), strict=True))


def _step(step: Step) -> dict[str, Any]:
    return {
        "from": step.source,
        "to": step.target,
        "payload": step.payload,
        "flow": step.flow,
        "implied_by": step.implied_by or None,
    }


def budget_row(change: BudgetChange) -> dict[str, Any]:
    """One change of a privacy loss; an infinite epsilon is null, and `seen` says that anything is seen at all."""
    return {
        "kind": change.kind,
        "parties": list(change.parties),
        "datasets": list(change.datasets),
        "unit": change.unit,
        "before": _loss(change.before),
        "after": _loss(change.after),
    }


def _loss(loss: Loss) -> dict[str, Any]:
    low, high = loss or (0.0, 0.0)
    return {
        "seen": loss is not None,
        "low": None if math.isinf(low) else low,
        "high": None if math.isinf(high) else high,
    }


def control_row(change: ControlChange) -> dict[str, Any]:
    """One change of who can take what away."""
    return {
        "participants": list(change.participants),
        "use": change.use,
        "capability": change.capability,
        "before": None if change.before is None else list(change.before),
        "after": None if change.after is None else list(change.after),
    }

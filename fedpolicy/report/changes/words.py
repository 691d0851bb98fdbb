"""Changes in words that several formats share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.report.words import listing

if TYPE_CHECKING:
    from fedpolicy.analysis.budget.changes import BudgetChange, Loss
    from fedpolicy.analysis.changes import ControlChange, DisclosureChange, Levels

__all__ = ["budget_line", "control_line", "disclosure_line", "levels_said", "short"]

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
    return f"{what}: {_loss(change.before)} -> {_loss(change.after)}"


def short(element: str) -> str:
    """An element as paths show it."""
    return element.removeprefix("nodes.").removeprefix("parties.")


def _loss(loss: Loss) -> str:
    if loss is None:
        return "nothing"
    low, high = (f"{value:.3g}" for value in loss)
    if math.isinf(loss[0]):
        return "ε infinite"
    return f"ε {high}" if low == high else f"ε {low} or more" if math.isinf(loss[1]) else f"ε at most {high}"


def _held(parties: tuple[str, ...] | None) -> str:
    if parties is None:
        return "never given"
    return f"ends without {listing(parties)}" if parties else "their own"

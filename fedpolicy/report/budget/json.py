"""For programs: version 1; an infinite epsilon is null, and `infinite` says so."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fedpolicy.analysis.budget import Budget, Ledger, Share
    from fedpolicy.analysis.exposure.spending import Spending

__all__ = ["render", "spending"]


def render(name: str, ledger: Ledger, limit: float) -> str:
    """Write the ledger as JSON."""
    content = {
        "version": 1,
        "name": name,
        "max_epsilon": limit,
        "budgets": [_budget(budget) for budget in ledger.budgets],
        "without_noise": list(ledger.bare),
        "mechanisms": [_share(share) for share in ledger.shares],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def spending(spent: Spending) -> dict[str, Any]:
    """One privacy loss as a row."""
    return {
        "low": _number(spent.low),
        "high": _number(spent.high),
        "delta": spent.delta,
        "theorem": spent.theorem,
        "assumptions": list(spent.assumptions),
        "needs_closer_computation": list(spent.undecided),
    }


def _budget(budget: Budget) -> dict[str, Any]:
    return {
        "parties": list(budget.parties),
        "datasets": list(budget.datasets),
        "unit": budget.unit,
        "low": _number(budget.low),
        "high": _number(budget.high),
        "infinite": math.isinf(budget.low),
        "mechanisms": list(budget.mechanisms),
        "composed": spending(budget.spent) if budget.mechanisms else None,
        "missing": list(budget.missing),
    }


def _share(share: Share) -> dict[str, Any]:
    return {
        "path": share.path,
        "mechanism": share.kind,
        "unit": share.unit,
        **spending(share.spent),
        "claimed": _number(share.stated) if share.stated is not None else None,
        "claim": share.claim.value,
        "holds_for_poisson_sampling_only": share.poisson,
        "missing": list(share.missing or share.spent.missing),
        "does_not_count": [{"dataset": family, "why": why} for family, why in share.not_for],
    }


def _number(value: float) -> float | None:
    # Six digits are more than any accountant promises, and the same on every machine.
    return None if math.isinf(value) else float(f"{value:.6g}")

"""What `fedpolicy budget` says: the ledger by dataset, then every mechanism with what is claimed for it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from fedpolicy.analysis.accounting import INSTALL_HINT
from fedpolicy.analysis.budget.claims import Ruling, Share
from fedpolicy.analysis.budget.meaning import costliest, found_at_most, per_step
from fedpolicy.analysis.exposure.privacy import Spending, shown
from fedpolicy.report import PLAIN, Style, clean, listing, wrap, wrap_painted
from fedpolicy.report.rows import json_text, row_of

if TYPE_CHECKING:
    from fedpolicy.analysis.budget import Budget, Ledger

_INDENT = " " * 4
# From here on, a share is all.
_ALL = 0.995
_BARE = "no noise that counts protects these, so epsilon is infinite for all who learn of them"
_DEVIATION = "standard deviation {:.4g} times what one unit can change"
_NOISES = {
    **dict.fromkeys(("gaussian", "dp_sgd", "dp_ftrl_tree", "discrete_gaussian", "skellam"), _DEVIATION),
    "laplace": "scale b = {:.4g} times what one unit can change (standard deviation: b times 1.414)",
    "sparse_vector": "scale b = {:.4g} times what one unit can change, for threshold and answers alike",
    "gnmax": "standard deviation {:.4g} times the votes that one unit can change",
}


def as_text(name: str, ledger: Ledger, limit: float, look: Style = PLAIN) -> str:
    """Write who can learn how much about one unit of each dataset; `limit` is the largest epsilon that counts."""
    lines = [look.paint("bold", f"{clean(name)}: privacy loss per dataset and recipient (limit {limit:g})"), ""]
    for family, budgets in groupby(ledger.budgets, key=lambda budget: budget.family):
        told = (line for budget in budgets for line in _budget_lines(budget, limit, look))
        lines += [look.paint("bold", f"datasets.{clean(family)}"), *told, ""]
    if ledger.bare:
        lines += [*wrap(f"{listing(ledger.bare)}: {_BARE}", look), ""]
    if ledger.shares:
        told = (line for share in ledger.shares for line in _share_lines(share, look))
        lines += [look.paint("bold", "mechanisms"), *told]
    else:
        lines.append("no differential privacy is declared")
    return "\n".join(lines) + "\n"


def _budget_lines(budget: Budget, limit: float, look: Style) -> Iterator[str]:
    style = "pass" if budget.high <= limit else "high" if budget.low > limit else "unknown"
    yield from wrap_painted(f"{listing(budget.parties)}: {_epsilon(budget)}", look, style, "  ", _INDENT)
    if budget.mechanisms and not budget.sees_more:
        yield from _composed(budget, look)
    if budget.missing:
        yield from wrap(f"not stated: {listing(budget.missing)}", look, _INDENT, _INDENT)


def _composed(budget: Budget, look: Style) -> Iterator[str]:
    """What the mechanisms come to together, and which of them costs most."""
    if budget.spent.because:
        who = "each" if len(budget.parties) > 1 else "it"
        yield from wrap(f"{who} {' and '.join(budget.spent.because)}", look, _INDENT, _INDENT)
    yield from wrap(_allowed(budget), look, _INDENT, _INDENT)
    yield from wrap(f"through {listing(budget.mechanisms)}", look, _INDENT, _INDENT)
    # What is said of one mechanism stands below.
    yield from _how(budget.spent, look) if len(budget.mechanisms) > 1 else ()
    if most := costliest(budget.seen):
        yield from wrap(f"most of it by {most[0].path}: by itself {shown(most[1])}", look, _INDENT, _INDENT)


def _epsilon(budget: Budget) -> str:
    unit = f"per {budget.unit} of {budget.family if budget.whole else listing(budget.datasets)}"
    if budget.sees_more:
        why = "also sees data without noise" if budget.mechanisms else "sees them without noise"
        return f"epsilon is infinite {unit}; {'each ' if len(budget.parties) > 1 else ''}{why}"
    if math.isinf(budget.high):
        return f"epsilon is not known {unit}" + (f"; at least {budget.low:.3g}" if budget.low > 0 else "")
    return f"epsilon is {budget.words} {unit}{_at_delta(budget.spent)}"


def _allowed(budget: Budget) -> str:
    """What the largest epsilon allows, for readers who think in tests."""
    share = found_at_most(budget.seen, budget.spent)
    test = "a test that wrongly accuses 1 in 100 units finds"
    return f"{test} at most {share:.0%} of those that took part" if share < _ALL else f"{test} up to all that took part"


def _at_delta(spent: Spending) -> str:
    return f", at delta {spent.delta:g}" if spent.delta is not None else ""


def _how(spent: Spending, look: Style) -> Iterator[str]:
    if spent.theorem:
        yield from wrap(f"by: {spent.theorem}", look, _INDENT, f"{_INDENT}  ")
    for assumption in spent.assumptions:
        yield from wrap(f"assuming: {assumption}", look, _INDENT, f"{_INDENT}  ")
    if spent.undecided:
        yield from wrap(f"a closer bound takes: {INSTALL_HINT}", look, _INDENT, f"{_INDENT}  ")


def _share_lines(share: Share, look: Style) -> Iterator[str]:
    unit = share.unit or "unit not stated"
    head = f"{share.path} ({share.kind}, {unit}): epsilon is {shown(share.spent)}{_at_delta(share.spent)}"
    yield from wrap(head, look, "  ", _INDENT)
    if (step := per_step(share.mechanism)) and share.mechanism.high:
        steps = share.mechanism.high.steps
        yield from wrap(f"each of {steps:,} steps alone: {shown(step)}", look, _INDENT, _INDENT)
    if share.noise is not None and share.kind in _NOISES:
        yield from wrap(f"noise: {_NOISES[share.kind].format(share.noise)}", look, _INDENT, _INDENT)
    yield from _how(share.spent, look)
    if share.spent.missing and share.spent.low != share.spent.high:
        yield from wrap(f"not stated: {listing(share.spent.missing)}", look, _INDENT, _INDENT)
    for style, text in _judgements(share):
        yield from (look.paint(style, line) for line in wrap(text, look, _INDENT, f"{_INDENT}  "))


def _judgements(share: Share) -> Iterator[tuple[str, str]]:
    """For whom it does not count, and whether what is claimed of it holds."""
    for family, why in share.not_for:
        yield "high", f"it does not count for {clean(family)}: {why}"
    if share.claimed:
        yield _verdict(share)


def _verdict(share: Share) -> tuple[str, str]:
    claim = f"claimed: {share.claimed if share.stated_rho is not None else f'{share.stated:.3g}'}"
    why = f", as it comes to {share.found}" if share.stated_rho is not None or share.measured != share.spent else ""
    unsure = f"so nobody can say whether that is true{_for_want_of(share)}"
    words = {
        Ruling.HOLDS: ("pass", f"{claim}; the claim holds{why}"),
        Ruling.REFUTED: ("high", f"{claim}; the claim is refuted{why}"),
        Ruling.UNCHECKED: ("unknown", f"{claim}; nobody can check this from the file, so it is believed"),
        Ruling.OPEN: ("unknown", f"{claim}; {_between(share)}, {unsure}"),
    }
    style, text = words[share.claim]
    more = " (it would hold if units were sampled independently, but they are drawn in fixed numbers)"
    return style, text + (more if share.poisson else "")


def _for_want_of(share: Share) -> str:
    facts = [fact for fact in share.missing if not fact.endswith((".epsilon", ".claim"))]
    if facts:
        return f" without {listing(facts)}"
    return f" without a closer computation: {INSTALL_HINT}" if share.measured.undecided else ""


def _between(share: Share) -> str:
    """The two ends of what is computed; a claim between them is neither shown nor refuted."""
    low, high, name = (
        (*share.rho, "rho") if share.stated_rho is not None else (share.measured.low, share.measured.high, "epsilon")
    )
    upper = "nothing bounds it" if math.isinf(high) else f"at most {high:.3g}"
    return f"{name} is at least {low:.3g} and {upper}" if low > 0 else f"{name} may be next to nothing, and {upper}"


def as_json(name: str, ledger: Ledger, limit: float) -> str:
    """Write the ledger as JSON."""
    content = {
        "version": 1,
        "name": name,
        "max_epsilon": limit,
        "budgets": [_budget_row(budget) for budget in ledger.budgets],
        "without_noise": list(ledger.bare),
        "mechanisms": [_share_row(share) for share in ledger.shares],
    }
    return json_text(content)


def spending_row(spent: Spending) -> dict[str, Any]:
    """One privacy loss as a row."""
    return {
        "low": _number(spent.low),
        "high": _number(spent.high),
        **row_of(spent, "delta", "theorem", "assumptions"),
        "needs_closer_computation": spent.undecided,
    }


def _budget_row(budget: Budget) -> dict[str, Any]:
    found = 1.0 if budget.sees_more else float(f"{found_at_most(budget.seen, budget.spent):.4g}")
    return {
        "parties": list(budget.parties),
        **row_of(budget, "datasets", "unit"),
        "low": _number(budget.low),
        "high": _number(budget.high),
        "infinite": math.isinf(budget.low),
        "mechanisms": budget.mechanisms,
        "knows": budget.spent.because,
        "found_at_1_percent_false_positives": found,
        "composed": spending_row(budget.spent) if budget.mechanisms else None,
        "missing": budget.missing,
    }


def _share_row(share: Share) -> dict[str, Any]:
    return {
        "path": share.path,
        "mechanism": share.kind,
        "unit": share.unit,
        **spending_row(share.spent),
        "noise": share.noise,
        "each_step": spending_row(step) if (step := per_step(share.mechanism)) else None,
        "claimed": _number(share.stated) if share.stated is not None else None,
        "claimed_rho": share.stated_rho,
        "rho": {"low": _number(share.rho[0]), "high": _number(share.rho[1])},
        "claim": share.claim.value,
        "holds_for_poisson_sampling_only": share.poisson,
        "missing": list(share.missing or share.spent.missing),
        "does_not_count": [{"dataset": family, "why": why} for family, why in share.not_for],
    }


def _number(value: float) -> float | None:
    # Six digits are more than any accountant promises, and the same on every machine.
    return None if math.isinf(value) else float(f"{value:.6g}")

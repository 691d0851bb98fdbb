"""For people: the ledger by dataset, then every mechanism with what is claimed for it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from fedpolicy.analysis.accounting import INSTALL_HINT
from fedpolicy.analysis.budget.claims import Claim
from fedpolicy.analysis.exposure.spending import shown
from fedpolicy.report.words import PLAIN, Look, clean, listing, wrap

if TYPE_CHECKING:
    from fedpolicy.analysis.budget import Budget, Ledger, Share
    from fedpolicy.analysis.exposure.spending import Spending

__all__ = ["render"]

_INDENT = " " * 4


def render(name: str, ledger: Ledger, limit: float, look: Look = PLAIN) -> str:
    """Write who can learn how much about one unit of each dataset; `limit` is the largest epsilon that counts."""
    lines = [look.paint("bold", f"{clean(name)}: privacy loss per dataset and recipient (limit {limit:g})"), ""]
    for family, budgets in groupby(ledger.budgets, key=lambda budget: budget.family):
        lines.append(look.paint("bold", f"datasets.{clean(family)}"))
        for budget in budgets:
            lines += _budget(budget, limit, look)
        lines.append("")
    if ledger.bare:
        text = (
            f"{listing(ledger.bare)}: no noise that counts protects these, so epsilon is infinite for all who learn of "
            "them"
        )
        lines += [*wrap(text, look), ""]
    if ledger.shares:
        lines.append(look.paint("bold", "mechanisms"))
        for share in ledger.shares:
            lines += _share(share, look)
        lines.append("")
    if not ledger.shares:
        lines += ["no differential privacy is declared", ""]
    return "\n".join(lines[:-1]) + "\n"


def _budget(budget: Budget, limit: float, look: Look) -> Iterator[str]:
    style = "pass" if budget.high <= limit else "high" if budget.low > limit else "unknown"
    first, *rest = wrap(f"{listing(budget.parties)}: {_epsilon(budget)}", look, "  ", _INDENT)
    yield look.paint(style, first)
    yield from rest
    if budget.mechanisms and not budget.sees_more:
        yield from wrap(f"through {listing(budget.mechanisms)}", look, _INDENT, _INDENT)
        # What is said of one mechanism stands below.
        yield from _how(budget.spent, look) if len(budget.mechanisms) > 1 else ()
    if budget.missing:
        yield from wrap(f"not stated: {listing(budget.missing)}", look, _INDENT, _INDENT)


def _epsilon(budget: Budget) -> str:
    unit = f"per {budget.unit} of {budget.family if budget.whole else listing(budget.datasets)}"
    if budget.sees_more:
        why = "sees more than what noise protects" if budget.mechanisms else "sees them without noise"
        return f"epsilon is infinite {unit}; {'each ' if len(budget.parties) > 1 else ''}{why}"
    if math.isinf(budget.high):
        return f"epsilon is not known {unit}" + (f"; at least {budget.low:.3g}" if budget.low > 0 else "")
    return f"epsilon is {budget.words} {unit}{_at(budget.spent)}"


def _at(spent: Spending) -> str:
    return f", at delta {spent.delta:g}" if spent.delta is not None else ""


def _how(spent: Spending, look: Look) -> Iterator[str]:
    if spent.theorem:
        yield from wrap(f"by: {spent.theorem}", look, _INDENT, f"{_INDENT}  ")
    for assumption in spent.assumptions:
        yield from wrap(f"assuming: {assumption}", look, _INDENT, f"{_INDENT}  ")
    if spent.undecided:
        yield from wrap(f"a closer bound takes: {INSTALL_HINT}", look, _INDENT, f"{_INDENT}  ")


def _share(share: Share, look: Look) -> Iterator[str]:
    unit = share.unit or "unit not stated"
    head = f"{share.path} ({share.kind}, {unit}): epsilon is {shown(share.spent)}{_at(share.spent)}"
    yield from wrap(head, look, "  ", _INDENT)
    yield from _how(share.spent, look)
    if share.spent.missing and share.spent.low != share.spent.high:
        yield from wrap(f"not stated: {listing(share.spent.missing)}", look, _INDENT, _INDENT)
    for family, why in share.not_for:
        line = f"it does not count for {clean(family)}: {why}"
        yield from (look.paint("high", part) for part in wrap(line, look, _INDENT, f"{_INDENT}  "))
    style, verdict = _verdict(share)
    for line in wrap(verdict, look, _INDENT, f"{_INDENT}  ") if verdict else ():
        yield look.paint(style, line)


def _verdict(share: Share) -> tuple[str, str]:
    if share.stated is None:
        return "dim", ""
    claim = f"claimed: {share.stated:.3g}"
    words = {
        Claim.HOLDS: ("pass", f"{claim}; the claim holds"),
        Claim.REFUTED: ("high", f"{claim}; the claim is refuted"),
        Claim.UNCHECKED: ("unknown", f"{claim}; nobody can check this from the file, so it is believed"),
        Claim.UNDECIDED: ("unknown", f"{claim}; whether that is true cannot be told{_for_want_of(share)}"),
    }
    style, text = words[share.claim]
    more = " (it would hold if units were sampled independently, but they are drawn in fixed numbers)"
    return style, text + (more if share.poisson else "")


def _for_want_of(share: Share) -> str:
    facts = [fact for fact in share.missing if not fact.endswith(".epsilon")]
    return f" without {listing(facts)}" if facts else f" without a closer computation: {INSTALL_HINT}"

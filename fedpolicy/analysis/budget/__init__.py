"""Privacy budgets: what each mechanism spends, what each recipient sees of it, and whether the claims hold."""

from __future__ import annotations

from fedpolicy.analysis.budget.claims import Claim, Share, share_of
from fedpolicy.analysis.budget.ledger import Budget, Ledger, ledger_of

__all__ = ["Budget", "Claim", "Ledger", "Share", "ledger_of", "share_of"]

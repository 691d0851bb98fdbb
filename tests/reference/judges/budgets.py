"""What all noise towards somebody comes to, judged from the text; what it comes to is taken from the ledger."""

from __future__ import annotations

from typing import Any

from tests.reference.uses import Truth, both, facts_of, verdict

RULES = ("budgets-add-up",)


def judge(_: Any, study: Any) -> dict[tuple[str, str], str]:
    """Each line of the ledger: a party, and a dataset."""
    facts, found = facts_of(study), dict[tuple[str, str], str]()
    for line in study.ledger.budgets if study.is_noisy else ():
        said = verdict(both(facts.private(line.family), _adds_up(study, line)))
        for party in line.parties if said else ():
            row = (RULES[0], f"{study.lookup.party(party)} {line.family}")
            found[row] = "fail" if "fail" in (said, found.get(row)) else "unknown"
    return found


def _adds_up(study: Any, line: Any) -> Truth:
    """Whether each is within the limit, and all together are not; what is seen without noise is for others to tell."""
    single = [share.spent.least for share in study.ledger.shares if share.path in line.mechanisms]
    if line.sees_more or max(single, default=0.0) > study.max_epsilon:
        return False
    return True if line.low > study.max_epsilon else None if line.high > study.max_epsilon else False

"""Agreements: contracts between the parties."""

from typing import Literal

from fedpolicy.language.model.entry import Entry, key
from fedpolicy.language.model.types import Day, Ids

__all__ = ["Agreement"]


class Agreement(Entry):
    """A contract. It permits; it never changes what somebody can learn."""

    kind: Literal[
        "data_processing",
        "joint_controllers",
        "business_associate",
        "transfer",
        "consortium",
        "zero_retention",
        "licence",
        "data_use",
        "research_waiver",
        "authorization",
    ] = key("What the contract is for.", rule=True)
    between: Ids = key("The parties to it; `participants` stands for all of them.", rule=True, names="parties")
    mechanism: Literal["scc", "adequacy", "bcr", "derogation"] | None = key(
        "Of a transfer: standard contractual clauses, adequacy, binding corporate rules or a derogation.",
        open=True,
        rule=True,
    )
    covers: Ids | None = key(
        "The datasets or categories it covers. Left out: everything between these parties.", open=True, names="covered"
    )
    reference: str | None = key("Where the document can be found: a path, a URL or a number.", open=True, rule=True)
    expires: Day | None = key(
        "The last day on which it holds, as YYYY-MM-DD; from the next day it counts as absent.", open=True, rule=True
    )

    def ended(self, today: str) -> bool:
        """Whether its last day is over on a day, as ISO 8601; none has ended where no day is given."""
        return bool(today) and self.expires is not None and self.expires.isoformat() < today

"""Agreements between the parties, and governance: who decides, and what is kept as evidence."""

from typing import Literal

from fedpolicy.language.model.entry import Entry, key
from fedpolicy.language.model.types import Day, Ids, NonNegative


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

    @property
    def doubts(self) -> tuple[str, ...]:
        """The keys of which the file says that nobody knows them, and on which it hangs what the agreement permits."""
        return tuple(name for name in ("covers", "expires", "mechanism") if self.says_unknown(name))

    def ended(self, today: str) -> bool:
        """Whether its last day is over on a day, as ISO 8601; none has ended where no day is given."""
        return bool(today) and self.expires is not None and self.expires.isoformat() < today


class EuAiAct(Entry):
    """What the parties say of the system under Regulation (EU) 2024/1689."""

    risk: str | None = key("The risk class, such as high or limited.", open=True, rule=True)
    roles: dict[str, str] | None = key("The role of each party under the regulation, as a map.", open=True, rule=True)
    technical_documentation: str | None = key(
        "The technical documentation (article 11 and Annex IV): its reference.", open=True, rule=True
    )
    data_governance: str | None = key(
        "How each participant's data were examined and prepared (article 10): the reference.", open=True, rule=True
    )
    oversight: str | None = key(
        "Who oversees the system where it is used (article 26): the reference.", open=True, rule=True
    )
    rights_assessment: str | None = key(
        "The fundamental rights impact assessment (article 27): its reference.", open=True, rule=True
    )
    registration: str | None = key(
        "The registration in the EU database (article 49): its number or reference.", open=True, rule=True
    )
    transparency: str | None = key(
        "How people are told that they deal with the system or its outputs (article 50): the reference.",
        open=True,
        rule=True,
    )
    compute_share: NonNegative | None = key(
        "The compute spent on training further, as a share of what the original model's training took, such as 0.001.",
        open=True,
        rule=True,
    )


class Governance(Entry):
    """Who decides what, and which evidence is kept."""

    withdrawal: Literal["any_round", "end_of_project", "none"] | None = key(
        "When a participant may leave.", open=True, rule=True
    )
    task_approval: Literal["participants", "coordinator"] | None = key(
        "Who approves a task before it runs.", open=True, rule=True
    )
    safeguards_set_by: Literal["participants", "coordinator"] | None = key(
        "Who sets the safeguards' parameters.", open=True, rule=True
    )
    audit_log: Literal["append_only", "mutable", "none"] | None = key(
        "Whether there is a log, and whether it can be changed.", open=True, rule=True
    )
    unlearning: Literal["retrain", "approximate", "none"] | None = key(
        "How a contribution is removed from a model.", open=True, rule=True
    )
    result_owner: Literal["participants", "coordinator", "provider"] | None = key(
        "Who owns what is produced.", open=True, rule=True
    )
    incident_contact: str | None = key("The contact for incidents.", open=True, rule=True)
    dpia: str | None = key("The data protection impact assessment: its reference.", open=True, rule=True)
    output_review: Literal["people", "automated", "none"] | None = key(
        "How results are reviewed before they leave: by people, by a program alone, or not at all.",
        open=True,
        rule=True,
    )
    leakage_audit: str | None = key("The report of an attack on the result: its reference.", open=True, rule=True)
    records_of_processing: str | None = key(
        "The records of processing activities: their reference.", open=True, rule=True
    )
    eu_ai_act: EuAiAct | None = key("What the parties say of the system under Regulation (EU) 2024/1689.", open=True)

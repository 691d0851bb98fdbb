"""Datasets: what is protected, and what its owner allows."""

from typing import Literal

from fedpolicy.language.model.entry import Entry, key
from fedpolicy.language.model.types import Count, Day, Id, Ids, Level, Positive, Share, Unit

__all__ = ["Dataset", "Permit", "Release", "RiskAppetite"]


class Release(Entry):
    """One thing that the owner of a dataset allows."""

    to: Ids = key("Who may learn it: parties, `participants` or `public`.", names="recipients")
    as_: Literal["any", "operator", "host", "provider"] = key(
        "The capacity in which they may: operator, host or provider. Left out: any.", "any", alias="as"
    )
    up_to: Level = key("The most that they may learn: none, bounded, inferable, reconstructable or verbatim.")


class Permit(Entry):
    """What a health data access body allows under Regulation (EU) 2025/327; it never changes what can be learned."""

    id: str = key("Its number, or where it can be found.", rule=True)
    expires: Day | None = key(
        "The last day on which it holds, as YYYY-MM-DD; from the next day it counts as absent.", open=True, rule=True
    )
    purposes: (
        tuple[Literal["public_health", "policymaking", "statistics", "education", "research", "care"], ...] | None
    ) = key("What it permits the data to be used for, in the words of Article 53(1).", open=True, rule=True)
    people: Ids | None = key(
        "The parties whose people it names; `participants` stands for all of them.",
        open=True,
        rule=True,
        names="parties",
    )

    def ended(self, today: str) -> bool:
        """Whether its last day is over on a day, as ISO 8601; none has ended where no day is given."""
        return bool(today) and self.expires is not None and self.expires.isoformat() < today


class RiskAppetite(Entry):
    """How small the groups behind a result may be, as the owners have agreed."""

    min_count: Positive | None = key("The fewest units that a number may be made of.", open=True, rule=True)
    min_count_scope: Literal["local", "federation"] | None = key(
        "Where they are counted: at each place, or over all places together.", open=True, rule=True
    )
    dominance: Share | None = key(
        "The largest share of a number that may come from one place, such as 0.8.", open=True, rule=True
    )


class Dataset(Entry):
    """What is protected."""

    at: Ids = key("The nodes where it is stored, one instance each: `letters@charite`.", names="nodes")
    owner: Id | None = key(
        "The party whose data these are. Left out: the node's party, on client nodes only.", None, names="party"
    )
    categories: Ids = key(
        "What the data are about: ids of the catalogue, such as health or free-text.",
        names="categories",
        unknown="unknown",
    )
    unit: Unit | None = key("What one row stands for, and so what is protected.", "record", rule=True, unknown=None)
    subjects: Positive | None = key(
        "How many units each instance holds; a cohort holds `count` times as many.", open=True, rule=True
    )
    overlap: Literal["none", "possible"] | None = key(
        "Whether one person can be in several instances. Left out: assumed not, and the ledger says so.", None
    )
    purpose: str | None = key("The purpose for which the data are used here.", open=True, rule=True)
    lawful_basis: (
        Literal["consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests"]
        | None
    ) = key("The legal basis of the processing under GDPR Article 6.", open=True, rule=True)
    special_basis: str | None = key("The exception for special categories under GDPR Article 9.", open=True, rule=True)
    phi_basis: Literal["limited_data_set", "waiver", "authorization", "deidentified"] | None = key(
        "The basis on which health information leaves its owner for research under HIPAA: a limited data set, a"
        " waiver, the patients' authorization, or de-identified.",
        open=True,
        rule=True,
    )
    permit: Permit | None = key("The permit for secondary use under the European Health Data Space.", open=True)
    risk_appetite: RiskAppetite | None = key(
        "The smallest groups that a result may be made of: `{min_count, min_count_scope, dominance}`.", open=True
    )
    retention_days: Count | None = key("The number of days for which the data are kept.", open=True, rule=True)
    releases: tuple[Release, ...] | None = key(
        "What the owner allows, as a list of `{to, up_to}`. Where it is given, nothing else is allowed.", open=True
    )

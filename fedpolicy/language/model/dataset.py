"""Datasets: what is protected, and what its owner allows."""

from typing import Literal

from fedpolicy.language.model.entry import Entry, key
from fedpolicy.language.model.types import Count, Id, Ids, Positive
from fedpolicy.language.model.words import Level, Unit

__all__ = ["Dataset", "Release"]


class Release(Entry):
    """One thing that the owner of a dataset allows."""

    to: Ids = key("Who may learn it: parties, `participants` or `public`.", names="recipients")
    as_: Literal["any", "operator", "host", "provider"] = key(
        "In which capacity: as operator, host or provider. Left out: any.", "any", alias="as"
    )
    up_to: Level = key("The most that they may learn: none, bounded, inferable, reconstructable or verbatim.")


class Dataset(Entry):
    """What is protected."""

    at: Ids = key("The nodes where it rests, one instance each: `letters@charite`.", names="nodes")
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
        "Whether one person can be in several instances. Left out: taken for none, and the ledger says so.", None
    )
    purpose: str | None = key("What the data are used for here.", open=True, rule=True)
    lawful_basis: (
        Literal["consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests"]
        | None
    ) = key("The legal basis of the processing under GDPR Article 6.", open=True, rule=True)
    special_basis: str | None = key("The exception for special categories under GDPR Article 9.", open=True, rule=True)
    retention_days: Count | None = key("For how many days the data are kept.", open=True, rule=True)
    releases: tuple[Release, ...] | None = key(
        "What the owner allows, as a list of `{to, up_to}`. Where it is given, nothing else is allowed.", open=True
    )

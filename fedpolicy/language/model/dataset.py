"""What is protected and what is used: datasets with what their owners allow, models, and the terms of calls."""

from typing import Annotated, Literal

from fedpolicy.language.model.entry import Entry, key
from fedpolicy.language.model.types import (
    Access,
    AnyIds,
    Count,
    Day,
    Id,
    Ids,
    Level,
    OpennessClass,
    Positive,
    Published,
    Share,
    TrainingData,
    Transport,
    Unit,
    Weights,
    Written,
    several,
)


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


class Terms(Entry):
    """What whoever runs a model may do with what it is sent."""

    retention_days: Count | None = key(
        "The number of days for which the party that runs the model keeps what it is sent; 0: it keeps nothing.",
        open=True,
        rule=True,
    )
    trains_on_inputs: bool | None = key(
        "Whether the party that runs the model may train on what it is sent; then all its users may learn it.",
        open=True,
        rule=True,
    )
    human_review: bool | None = key("Whether people at the provider may read what is sent.", open=True, rule=True)
    zero_retention: bool | None = key(
        "Whether nothing is kept. An agreement of kind zero_retention says so, too, and wins.", open=True, rule=True
    )
    region: str | None = key(
        "Where the call is processed: the ISO 3166-1 alpha-2 code of the country, EU, or a cloud's region such as"
        " westeurope.",
        open=True,
        rule=True,
        names="region",
    )


class Model(Entry):
    """A model, an adapter, a learned prompt or a classifier head."""

    ref: str | None = key(
        "The model's id in the catalogue, which then knows its openness, licence and provider.",
        open=True,
        rule=True,
        names="catalogue model",
    )
    weights: Weights | None = key(
        "Whether the weights can be downloaded: by everybody, on application (gated), or not.", open=True, rule=True
    )
    architecture: Published | None = key("Whether the architecture is published.", open=True, rule=True)
    inference_code: Published | None = key("Whether the code that runs it is published.", open=True, rule=True)
    training_code: Published | None = key("Whether the code that trained it is published.", open=True, rule=True)
    training_data: TrainingData | None = key(
        "Whether the training data are available, described, or undisclosed.", open=True, rule=True
    )
    licence: str | None = key(
        "An SPDX id, or LicenseRef-... for a licence that SPDX does not list.", open=True, rule=True
    )
    interface: Annotated[tuple[Access, ...], Written(by=several, schema=Access | tuple[Access, ...])] | None = key(
        "What a caller gets: text, top_logprobs, logprobs, embeddings, fine_tuning.", open=True, rule=True
    )
    claims: OpennessClass | None = key(
        "How open its maker or the deployment says it is; compared with what the aspects show.", open=True
    )
    provider: Id | None = key(
        "Who runs it for others: a party, or a provider of the catalogue. Left out: the catalogue's.",
        open=True,
        rule=True,
        names="runner",
    )
    revision: str | None = key("The exact version in use, such as a commit.", open=True, rule=True)
    shutdown_on: Day | None = key(
        "The day on which its provider switches it off, as YYYY-MM-DD. Left out: as the catalogue says.",
        open=True,
        rule=True,
    )
    digest: str | None = key("The checksum of the weights, such as sha256:....", open=True, rule=True)
    format: str | None = key("The file format, such as safetensors, gguf or pickle.", open=True, rule=True)
    weights_at: Ids | None = key(
        "The nodes that hold a runnable copy. A produced model is stored where its task runs and aggregates.",
        None,
        names="nodes",
    )
    copies: Literal["shared", "personal", "parts"] = key(
        "The same on all nodes (shared), one of its own on each (personal), or pieces that only run together (parts).",
        "shared",
        rule=True,
    )
    via: Ids | None = key(
        "How it is called: the hops as far as the party that runs it, such as [gateway, openai]. Each sees what"
        " is sent.",
        None,
        names="hops",
    )
    transport: Transport | None = key(
        "How the connection to the party that runs it is protected.", open=True, rule=True
    )
    account: Id | None = key(
        "The party whose subscription it is; it may revoke the access. `participants`: each has its own.",
        open=True,
        rule=True,
        names="parties",
    )
    terms: Terms | None = key("The terms of calls of this model; a call's own terms win.", open=True)
    published: bool = key("Whether everybody can get it: a release to `public`.", False, rule=True)
    fallback: AnyIds = key(
        "Models that are used instead when this one cannot be reached.", (), rule=True, names="model"
    )
    emulates: Id | None = key(
        "The model that it stands for in training, as an emulator. What is tuned on it works only with that model.",
        None,
        rule=True,
        names="model",
    )
    documentation: str | None = key(
        "Where its model card, or other documentation for users, can be found.", open=True, rule=True
    )
    attribution: str | None = key(
        "Where the name or credit that its licence asks for is shown: a path or a URL.", open=True, rule=True
    )
    systemic_risk: bool | None = key(
        "Whether it is a general-purpose model with systemic risk under Regulation (EU) 2024/1689.",
        open=True,
        rule=True,
    )
    monetised: bool | None = key("Whether anybody is paid for access to it or its use.", open=True, rule=True)
    open_source_exemption: bool = key(
        "Whether its provider relies on its exemption for open models (article 53(2)).", False, rule=True
    )

"""Who takes part, and where: parties, the nodes on which things run or rest, what is agreed, and who decides."""

from typing import Annotated, Literal

from fedpolicy.language.model.entry import Entry, key
from fedpolicy.language.model.types import AnyIds, Day, Family, Id, Ids, NonNegative, Positive, Within, Written, several

Role = Literal["participant", "coordinator", "provider", "host", "processor", "auditor", "public-body", "user"]


class Party(Entry):
    """Somebody who takes part, runs something, or receives something."""

    role: Annotated[
        tuple[Role, ...],
        Written(by=several, schema=Role | Annotated[tuple[Role, ...], Within(min_length=1)], filled=True),
    ] = key("What the party does: one role or a list. A provider runs models for others; a host only runs machines.")
    jurisdiction: Ids | None = key(
        "The ISO 3166-1 alpha-2 code of its country, such as DE; a list for a population.", open=True, names="countries"
    )
    is_: str | None = key(
        "The provider of the catalogue that it is, such as amazon-bedrock: country and terms are then the catalogue's,"
        " unless the file says otherwise. Left out: the provider with its id, if there is one. `none`: no provider.",
        open=True,
        alias="is",
    )
    trusts: AnyIds = key(
        "The parties whose safeguards it relies on; trust is not passed on. Left out: nobody.",
        (),
        rule=True,
        names="parties",
    )
    sector: str | None = key("The sector it belongs to, such as healthcare.", open=True, rule=True)
    name: str | None = key("Its full name.", open=True)


Outside = Literal["host", "operator"]


class Tee(Entry):
    """A trusted execution environment around a node."""

    kind: str = key("The technology, such as sgx, tdx, sev-snp or nitro.")
    attested: bool = key("Whether the environment proves what it runs.")
    verified_by: AnyIds = key(
        "The parties that check the attestation. `public`: source, build and measurement are published, so that"
        " anybody can check. Left out: nobody does.",
        (),
        names="verifiers",
    )
    hides_from: Annotated[tuple[Outside, ...], Written(by=several, schema=Outside | tuple[Outside, ...])] | None = key(
        "Whom it keeps out: the owner of the machine (host), those who run the node (operator), or both. Left"
        " out: as the catalogue says of its `kind`.",
        open=True,
    )


class Hardware(Entry):
    """What the machine offers."""

    gpu_memory_gib: NonNegative | None = key("Memory of the accelerator, in GiB.", open=True)


class Node(Entry):
    """A place where things run or rest. A list of parties makes one node for each of them."""

    party: Family = key(
        "The party that operates it. A list makes one node per entry: `client@aphp`.", names="operators"
    )
    kind: Literal["client", "aggregator", "relay", "store", "service", "registry", "tracker", "user"] = key(
        "What it is. Only `client` has a meaning: the data on it belong to its party.", "service", rule=True
    )
    operators: AnyIds = key("Parties that also run it and see what it sees.", (), names="anybody")
    host: Id | None = key(
        "The party whose machines it runs on; it sees what the node sees. Left out: the node's own party.",
        None,
        names="anybody",
        unknown="unknown",
    )
    code_from: Id | None = key(
        "Who wrote the software that computes and applies safeguards here: a party, `own` (each party its own) or"
        " `public` (published, reproducibly built and logged). Left out: not known.",
        None,
        names="suppliers",
    )
    count: Positive = key("How many distinct owners it stands for: a cohort of a million phones is one node.", 1)
    region: str | None = key(
        "Where the machine stands: the ISO 3166-1 alpha-2 code of the country, EU, or a cloud's region such as"
        " eu-central-1.",
        open=True,
        rule=True,
        names="region",
    )
    tee: Tee | None = key("The trusted execution environment that it runs in.", None, unknown=None)
    hardware: Hardware | None = key("What the machine offers.", open=True)


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

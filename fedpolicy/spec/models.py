"""The sections of a deployment: parties, nodes, datasets, models, tasks, calls, flows, agreements, governance."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from fedpolicy.spec.safeguards import Safeguard
from fedpolicy.spec.types import (
    AnyIds,
    Count,
    Day,
    Entry,
    Family,
    Id,
    Ids,
    Name,
    NonNegative,
    Positive,
    at_hop,
    one_reader,
    open_field,
    several,
)

__all__ = [
    "Agreement",
    "ApiCall",
    "Dataset",
    "Deployment",
    "Flow",
    "Governance",
    "Hardware",
    "Model",
    "Node",
    "Party",
    "Release",
    "SharedReaders",
    "Task",
    "Tee",
    "Terms",
    "TreeHop",
]

Role = Literal["participant", "coordinator", "provider", "host", "processor", "auditor", "public-body", "user"]
Access = Literal["text", "top_logprobs", "logprobs", "embeddings", "fine_tuning"]
Level = Literal["none", "bounded", "inferable", "reconstructable", "verbatim"]


class Party(Entry):
    """Somebody who takes part, runs something, or receives something."""

    role: Annotated[
        tuple[Role, ...],
        BeforeValidator(several, json_schema_input_type=Role | Annotated[tuple[Role, ...], Field(min_length=1)]),
        Field(min_length=1),
    ]
    jurisdiction: Ids | None = open_field()
    trusts: AnyIds = ()
    sector: str | None = open_field()
    name: str | None = open_field()


class Tee(Entry):
    """A trusted execution environment around a node."""

    kind: str
    attested: bool
    verified_by: AnyIds = ()


class Hardware(Entry):
    """What the machine offers; memory in GiB."""

    gpu_memory_gib: NonNegative | None = open_field()


class Node(Entry):
    """A place where things run or rest."""

    party: Family
    kind: Literal["client", "aggregator", "relay", "store", "service", "registry", "tracker", "user"] = "service"
    operators: AnyIds = ()
    host: Id | None = None
    code_from: Id | None = None
    count: Positive = 1
    region: str | None = open_field()
    tee: Tee | None = None
    hardware: Hardware | None = open_field()


class Release(Entry):
    """One thing that the owner of a dataset allows."""

    to: Ids
    as_: Literal["any", "operator", "host", "provider"] = Field(default="any", alias="as")
    up_to: Level


class Dataset(Entry):
    """What is protected."""

    at: Ids
    owner: Id | None = None
    categories: Ids
    unit: Literal["record", "person", "client"] = "record"
    subjects: Positive | None = open_field()
    purpose: str | None = open_field()
    lawful_basis: (
        Literal["consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests"]
        | None
    ) = open_field()
    special_basis: str | None = open_field()
    retention_days: Count | None = open_field()
    releases: tuple[Release, ...] | None = open_field()


class Terms(Entry):
    """What whoever runs a model may do with what it is sent."""

    retention_days: Count | None = open_field()
    trains_on_inputs: bool | None = open_field()
    human_review: bool | None = open_field()
    zero_retention: bool | None = open_field()
    region: str | None = open_field()


class Model(Entry):
    """A model, an adapter, a learned prompt or a classifier head."""

    ref: str | None = open_field()
    weights: Literal["open", "gated", "closed"] | None = open_field()
    architecture: Literal["open", "closed"] | None = open_field()
    inference_code: Literal["open", "closed"] | None = open_field()
    training_code: Literal["open", "closed"] | None = open_field()
    training_data: Literal["open", "described", "undisclosed"] | None = open_field()
    licence: str | None = open_field()
    interface: (
        Annotated[tuple[Access, ...], BeforeValidator(several, json_schema_input_type=Access | tuple[Access, ...])]
        | None
    ) = open_field()
    claims: Literal["open_source", "open_weight", "gray_box", "black_box"] | None = open_field()
    provider: Id | None = open_field()
    revision: str | None = open_field()
    digest: str | None = open_field()
    format: str | None = open_field()
    weights_at: Ids | None = None
    copies: Literal["shared", "personal", "parts"] = "shared"
    via: Ids | None = None
    account: Id | None = open_field()
    terms: Terms | None = open_field()
    published: bool = False
    fallback: AnyIds = ()
    documentation: str | None = open_field()
    systemic_risk: bool | None = open_field()
    open_source_exemption: bool = False


class SharedReaders(Entry):
    """Readers of whom `threshold` together can open what is sealed; a plain list of readers means any one."""

    threshold: Positive
    of: Ids


Readers = Annotated[SharedReaders, BeforeValidator(one_reader, json_schema_input_type=Ids | SharedReaders)]


class TreeHop(Entry):
    """One level of aggregators in a tree; its safeguards protect what it sends on."""

    at: Ids
    min_clients: Positive | None = open_field()
    safeguards: tuple[Safeguard, ...] = ()


Hop = Annotated[TreeHop, BeforeValidator(at_hop, json_schema_input_type=Id | TreeHop)]


class Task(Entry):
    """What is repeated on data: training, evaluation, labelling."""

    method: str
    model: Id | None = None
    evaluates: Id | None = None
    produces: Id | None = None
    data: Ids
    runs_on: Ids
    aggregator: Ids | None = None
    topology: Literal["star", "tree", "peer_to_peer", "rotating", "split", "vertical", "local", "central"] | None = None
    hops: tuple[Hop, ...] = ()
    via: AnyIds = ()
    labels_at: Ids | None = None
    top_model_at: Ids | None = None
    aggregation: str | None = open_field()
    rounds: Positive | None = open_field()
    clients_per_round: Positive | None = open_field()
    min_clients: Positive | None = open_field()
    local_steps: Positive | None = open_field()
    safeguards: tuple[Safeguard, ...] = ()


class ApiCall(Terms):
    """A third-party call; sugar for a flow to whoever runs the model."""

    from_: Ids = Field(alias="from")
    model: Id | None = None
    provider: Id | None = None
    sends: Ids
    payload: str = "prompts"
    purpose: str | None = open_field()


class Flow(Entry):
    """Every other movement."""

    from_: Ids = Field(alias="from")
    to: Ids
    payload: str
    data: Ids | None = None
    transport: Literal["none", "tls", "mtls"] | None = open_field()
    safeguards: tuple[Safeguard, ...] = ()
    sealed_for: Readers | None = None
    via: AnyIds = ()
    retention_days: Count | None = open_field()
    purpose: str | None = open_field()


class Agreement(Entry):
    """A contract. It permits; it never changes a level."""

    kind: Literal[
        "data_processing",
        "joint_controllers",
        "business_associate",
        "transfer",
        "consortium",
        "zero_retention",
        "licence",
    ]
    between: Ids
    mechanism: Literal["scc", "adequacy", "bcr", "derogation"] | None = open_field()
    covers: Ids | None = open_field()
    reference: str | None = open_field()
    expires: Day | None = open_field()


class EuAiAct(Entry):
    """What the parties say of the system under Regulation (EU) 2024/1689."""

    risk: str | None = open_field()
    roles: dict[str, str] | None = open_field()
    technical_documentation: str | None = open_field()
    data_governance: str | None = open_field()


class Governance(Entry):
    """Who decides, and what is kept as evidence."""

    withdrawal: Literal["any_round", "end_of_project", "none"] | None = open_field()
    task_approval: Literal["participants", "coordinator"] | None = open_field()
    safeguards_set_by: Literal["participants", "coordinator"] | None = open_field()
    audit_log: Literal["append_only", "mutable", "none"] | None = open_field()
    unlearning: Literal["retrain", "approximate", "none"] | None = open_field()
    result_owner: Literal["participants", "coordinator", "provider"] | None = open_field()
    incident_contact: str | None = open_field()
    dpia: str | None = open_field()
    leakage_audit: str | None = open_field()
    records_of_processing: str | None = open_field()
    eu_ai_act: EuAiAct | None = open_field()


class Deployment(Entry):
    """One federated deployment, as one document of a file states it."""

    fedpolicy: Literal[1]
    name: Annotated[str, Field(min_length=1)]
    summary: str | None = None
    setting: Literal["cross-silo", "cross-device", "not-federated"] | None = open_field()
    parties: dict[Name, Party] = Field(default_factory=dict)
    nodes: dict[Name, Node] = Field(default_factory=dict)
    datasets: dict[Name, Dataset] = Field(default_factory=dict)
    models: dict[Name, Model] = Field(default_factory=dict)
    tasks: dict[Name, Task] = Field(default_factory=dict)
    api_calls: dict[Name, ApiCall] = Field(default_factory=dict)
    flows: dict[Name, Flow] = Field(default_factory=dict)
    agreements: dict[Name, Agreement] = Field(default_factory=dict)
    governance: Governance = Governance.model_construct()

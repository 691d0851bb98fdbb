"""Who takes part, and where: parties, and the nodes on which things run or rest."""

from typing import Annotated, Literal

from fedpolicy.language.model.entry import Entry, key
from fedpolicy.language.model.types import AnyIds, Family, Id, Ids, NonNegative, Positive, Within, Written, several

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

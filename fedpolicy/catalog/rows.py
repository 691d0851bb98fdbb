"""The rows of the catalogue: facts that change, each with its source and the day they were looked up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, get_args

from fedpolicy.catalog.row import ArtefactRow, Row, ServiceRow
from fedpolicy.language.model.types import Access, Level, Published, TrainingData, Weights
from fedpolicy.records import dataclass
from fedpolicy.topologies import TopologyName

__all__ = [
    "LEVELS", "LISTS", "OLD_FACTS", "ROWS", "ArtefactRow", "AttackRow", "CategoryRow", "CountryRow", "DatasetRow",
    "EnclaveRow",
    "FieldOfUse", "LevelRow", "LicenceCategory", "LicenceRow", "MethodRow", "ModelRow", "Naming", "Needs",
    "PayloadRow", "Permission", "ProviderRow", "RegionRow", "Row", "SafeguardRow", "ServiceRow", "TermsRow",
]  # fmt: skip

# Days after which somebody should look a fact up again: terms and lists of models rarely stand longer than half a year.
OLD_FACTS = 180

Permission = Literal["allowed", "conditional", "forbidden"]
LicenceCategory = Literal["open", "use-restricted", "non-commercial", "proprietary"]
FieldOfUse = Literal["unrestricted", "restricted"]
Naming = Literal["required", "none"]
Needs = Literal["none", "text", "logits", "embeddings", "weights", "emulator"]
Family = Literal[
    "full", "peft", "prompt", "alignment", "zeroth_order", "distillation", "proxy", "head", "split", "trees", "hosted",
    "inference", "analytics",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackRow:
    """One published attack, and what it found."""

    title: str
    url: str
    finding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRow(Row):
    """How much somebody can learn; `max_epsilon` is the default limit of `bounded`."""

    rank: int
    title: str
    aloud: str
    max_epsilon: float | None = None
    attacks: tuple[AttackRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadRow(Row):
    """
    What travels on a flow, `also` what people call it, and what it reveals on its own.

    `aggregate`: the protocol sends the aggregate of several clients in it. `summable`: secure aggregation
    or a mean can add it. `carries`: all that the sender holds, only what is sealed, or nothing. `least_units`:
    made of fewer units of the data, these can be rebuilt from it.
    """

    title: str
    also: tuple[str, ...] = ()
    level: Level
    aggregate: bool
    summable: bool
    carries: Literal["all", "sealed", "nothing"] = "all"
    least_units: int | None = None

    @property
    def weights(self) -> bool:
        """Whether training makes models of it, and whoever gets one in it can run or train what it was made for."""
        return self.aggregate and self.least_units is None


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRow(Row):
    """
    What a method asks of the model, and what it sends; `also` is what people call it.

    `up` and `down` are payloads between clients and aggregator, `to_runner` those to whoever runs a remote
    model; `up_in` replaces `up` in some topologies; where the top of a divided model sends it, `down` is what it gets
    back. `topology` is the default one. `hosted`: the provider trains. `trains`: a model comes out. `output` is what
    the method leaves where it runs.
    `retrieves`: answers quote what is looked up in its data. `bytes_per_parameter` is the
    least memory that holds the model and what training keeps per parameter, activations not counted.
    """

    title: str
    also: tuple[str, ...] = ()
    needs: Needs
    up: str | None = None
    down: str | None = None
    up_in: Mapping[TopologyName, str] | None = None
    to_runner: tuple[str, ...] = ()
    topology: TopologyName | None = None
    hosted: bool = False
    trains: bool
    output: str | None = None
    retrieves: bool = False
    bytes_per_parameter: float | None = None
    family: Family

    @property
    def learns_from_answers(self) -> bool:
        """Whether what comes out is learned from what a model answers, and not made from its weights."""
        return self.family in {"prompt", "distillation", "proxy", "head"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeguardRow(Row):
    """
    What a safeguard does; `also` is what people call it.

    `caps`: the level to which each method of a de-identification lowers records; `free_text_cap` the lowest
    level that any of them reaches on free text.
    """

    title: str
    lowers: bool
    how: str
    also: tuple[str, ...] = ()
    caps: Mapping[str, Level] | None = None
    free_text_cap: Level | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnclaveRow(Row):
    """A kind of trusted execution environment: whether it keeps out the `host`, and those who run what is in it."""

    title: str
    host: bool | None = None
    operator: bool | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow(Row):
    """
    What is public about a model; `parameters_b` counts thousand millions of parameters.

    `shutdown_on` is the day on which its provider switches it off, `shutdowns` the same of aliases that end on another
    day. `replaced_by` is what the provider names instead; where it is `rerouted`, calls are answered by that.
    `trained_on` names data sets: all of them, unless `training_data` is stated, too. Where the `gate` is unknown, open
    `weights` may be gated.
    """

    name: str | None = None
    developer: str | None = None
    weights: Weights | None = None
    gate: Literal["unknown"] | None = None
    architecture: Published | None = None
    inference_code: Published | None = None
    training_code: Published | None = None
    training_data: TrainingData | None = None
    trained_on: tuple[str, ...] = ()
    licence: str | None = None
    interface: tuple[Access, ...] | None = None
    provider: str | None = None
    aliases: tuple[str, ...] = ()
    parameters_b: float | None = None
    shutdown_on: str | None = None
    shutdowns: Mapping[str, str] | None = None
    replaced_by: str | None = None
    rerouted: bool | None = None
    tasks: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRow(Row):
    """Data that models were trained on, and whether others can have them."""

    name: str
    obtainable: Literal["open", "gated", "part", "withdrawn", "no"]

    @property
    def can_be_had(self) -> bool:
        """Whether others can have all of it."""
        return self.obtainable in {"open", "gated"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsRow:
    """What a provider's business terms say of inputs; days count from the call."""

    retention_days: int | None = None
    trains_on_inputs: bool | None = None
    human_review: bool | None = None
    zero_retention: Literal["default", "on_approval", "no"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRow(Row):
    """
    A company that runs models for others; countries are ISO 3166-1 alpha-2 codes.

    `serves` are all countries from which it may be used, `not_served_in` those from which it may not; one of them.
    """

    name: str
    jurisdiction: str | None = None
    aliases: tuple[str, ...] = ()
    terms: TermsRow = TermsRow()
    serves: tuple[str, ...] | None = None
    not_served_in: tuple[str, ...] | None = None

    def excludes(self, countries: Collection[str]) -> bool | None:
        """Whether nobody in these countries may use it; None where its countries are not known."""
        if self.serves is not None:
            return not set(countries) & set(self.serves)
        return None if self.not_served_in is None else set(countries) <= set(self.not_served_in)


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceRow(Row):
    """
    What a licence or a service's terms allow; `user_limit` counts monthly active users.

    `not_granted_in` are the jurisdictions (ISO 3166-1 alpha-2) whose people and companies get no rights at all.
    """

    name: str
    category: LicenceCategory
    redistribution: Permission | None = None
    derivatives: Permission | None = None
    commercial_use: Permission | None = None
    field_of_use: FieldOfUse | None = None
    output_use: Permission | None = None
    user_limit: int | None = None
    naming: Naming | None = None
    revocable: bool | None = None
    not_granted_in: tuple[str, ...] | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryRow(Row):
    """A jurisdiction under the transfer rules of the EEA, the United Kingdom and Switzerland."""

    name: str
    eea: bool
    adequacy: Literal["full", "partial", "none"] | None = None
    adequacy_scope: str | None = None
    adequacy_until: str | None = None
    adequacy_gb: Literal["full", "partial"] | None = None
    adequacy_gb_scope: str | None = None
    adequacy_ch: Literal["full", "partial"] | None = None
    adequacy_ch_scope: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionRow(Row):
    """A region of a cloud, and the country in which its machines stand (ISO 3166-1 alpha-2)."""

    cloud: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRow(Row):
    """A kind of data; `also` is what people call it, `dpv` its term in the Data Privacy Vocabulary."""

    title: str
    also: tuple[str, ...] = ()
    personal: bool
    special: bool
    criminal: bool
    phi: bool
    dpv: str | None = None


ROWS: Mapping[str, type[Row]] = {
    "levels": LevelRow,
    "payloads": PayloadRow,
    "methods": MethodRow,
    "safeguards": SafeguardRow,
    "enclaves": EnclaveRow,
    "models": ModelRow,
    "datasets": DatasetRow,
    "providers": ProviderRow,
    "licences": LicenceRow,
    "countries": CountryRow,
    "regions": RegionRow,
    "categories": CategoryRow,
    "services": ServiceRow,
    "artefacts": ArtefactRow,
}

# What the language itself fixes: these rows can be replaced, not added to.
LEVELS: tuple[str, ...] = get_args(Level)

# Lists of text, for which one text may be written.
LISTS = frozenset({
    "address_arguments", "address_variables", "aliases", "also", "callbacks", "classes", "endpoints", "hosts", "images",
    "interface", "models", "names", "not_granted_in", "not_served_in", "off_variables", "on_variables", "packages",
    "permissions", "prefixes", "resources", "runtime_variables", "scripts", "serves", "source", "tasks", "to_runner",
    "trained_on", "variables",
})  # fmt: skip

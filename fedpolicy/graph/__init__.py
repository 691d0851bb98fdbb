"""
Deployment -> FlowGraph: places and models are vertices; what moves, with what says or implies it, is an edge.

Sets of dataset instances are bit sets (`Mask`): bit `i` stands for `graph.data[i]`. Vertices have the ids that
users read: `nodes.client@charite`, `models.judge`, `parties.openai`, `tasks.swarm.exchange`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fedpolicy.graph.masks import Mask, bits, keyed
from fedpolicy.language.model import Deployment
from fedpolicy.language.model.does import Does
from fedpolicy.language.model.safeguards import DifferentialPrivacy, Safeguard
from fedpolicy.records import dataclass, field

__all__ = [
    "Access", "Aggregate", "DataItem", "Enclave", "Envelope", "Flow", "FlowGraph", "Guard", "Mask", "Path", "Principal",
    "Vertex", "bits", "keyed",
]  # fmt: skip
_NOBODY = "unknown"
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """
    Somebody who can see or be trusted: a declared party, an implied one, or a symbolic member of a cohort.

    `party` is its declared entry: `users` for `users.self`; `provider` the provider that it is, if any.
    """

    id: str
    party: str
    roles: tuple[str, ...] = ()
    jurisdictions: tuple[str, ...] | None = None
    trusts: frozenset[str] = frozenset()
    implied: bool = False
    provider: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataItem:
    """One instance of a dataset: `letters@charite`; `units` and `unit` are None where nobody says; `bit` is its set."""

    id: str
    index: int
    family: str
    place: str
    owner: str
    units: int | None
    unit: str | None
    categories: tuple[str, ...]
    bit: Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclave:
    """Whom a trusted execution environment keeps out (None: not said; `key` would say); if not `attested`, nobody."""

    attested: bool
    verified_by: tuple[str, ...]
    host: bool | None
    operator: bool | None
    key: str = "tee.hides_from"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vertex:
    """
    A place, a model, or the exchange of a peer-to-peer task, or of a computation on shares, into which nobody sees.

    `operators` see what a place holds; `supplier` is who wrote the code that computes here, where that is said and
    the code is not public; `weight` counts the owners that it stands for (a cohort's peer: N - 1).
    """

    id: str
    kind: str  # place | model | exchange
    name: str
    family: str
    path: Path
    party: str = ""
    operators: tuple[str, ...] = ()
    host: str = ""
    code_from: str = ""
    supplier: str = ""
    node_kind: str = ""
    weight: int = 1
    cohort: int = 1
    enclave: Enclave | None = None
    provider: bool = False
    public: bool = False

    def keeps_out(self, party: str) -> bool | None:
        """Whether its enclave keeps a party from what is inside, in whatever capacity it comes; None: not said."""
        ways: list[bool | None] = [False]
        if self.enclave is not None and self.enclave.attested:
            ways = [self.enclave.operator] if party in self.operators else []
            ways += [self.enclave.host] if party == self.host or not ways else []
        if False in ways:
            return None if self.may_lack(party) else False
        return None if None in ways else True

    def may_lack(self, party: str) -> bool:
        """Whether nobody says if there is such an operator or host at all, who then is `unknown`."""
        return party == _NOBODY != self.party

    @property
    def is_alone(self) -> bool | None:
        """Whether the party that it is of runs and hosts it without anybody else; None: not said."""
        others = {*self.operators, self.host} - {self.party}
        return None if others == {_NOBODY} and self.may_lack(_NOBODY) else not others

    def opens(self, readers: frozenset[str], threshold: int) -> bool:
        """Whether it can open by itself what so many of some readers can open."""
        return threshold == 1 and (self.id in readers or not readers.isdisjoint(self.operators))

    @property
    def vouches(self) -> bool | None:
        """Whether nobody who runs it can change what it does, so that its attestation stands for it; None: not said."""
        if self.enclave is None:
            return False
        kept = {self.keeps_out(who) for who in self.operators}
        return False if False in kept else None if None in kept else True

    @property
    def word(self) -> str:
        """What stands for the enclave where it vouches for what is done in it; no id looks like this."""
        return f"the enclave of {self.id}"

    @property
    def instead(self) -> dict[str, tuple[str, ...]]:
        """By word of the enclave, on whom it rests if that does not vouch: also what others do with its software."""
        return {self.word: (*self.operators, self.code_from), f"{self.word} and its software": (self.code_from,)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """
    A safeguard as it applies to one flow.

    `rests_on` are those who perform it and whose software does it. `ignored` says why it lowers nothing, whoever
    promises what. `mechanism` is the privacy mechanism that it is, `aggregate` the sum that hides the payload, `about`
    the instances that it can lower, if not all.
    """

    path: Path
    spec: Safeguard
    rests_on: frozenset[str]
    ignored: str = ""
    mechanism: int | None = None
    aggregate: int | None = None
    about: Mask | None = None

    @property
    def does(self) -> Does | None:
        """What it does to what travels."""
        return self.spec.does

    @property
    def noise(self) -> DifferentialPrivacy | None:
        """The parameters of the noise that it adds, if it adds any."""
        return self.spec if isinstance(self.spec, DifferentialPrivacy) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who can open what is sealed: `threshold` of the `readers` (vertex ids or principal ids)."""

    path: Path
    readers: frozenset[str]
    threshold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """
    A sum over contributions, and how many it hides among.

    `contributors` are places; `shares` the instances that each of them contributes, where these do not rest with it.
    `least_units` says of how many units it must be made at least to hide any. `k_low` and `k_high` are the contributors
    per round in the most and the least favourable reading; `rests_on` are those who must aggregate honestly where no
    secure aggregation does it; `at` is the place where it is added up, if there is one.
    """

    index: int
    origin: str
    contributors: tuple[str, ...]
    data: Mask
    k_low: int
    k_high: int
    rests_on: frozenset[str]
    summable: bool = True
    missing: tuple[str, ...] = ()
    shares: tuple[Mask, ...] = ()
    least_units: int | None = None
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """
    One movement from `source` to `target`.

    `data` is what it may carry (None: all that the source holds). `origin` is the element that implies or declares it,
    `role` what it is for. `aggregate` marks a flow that sends the result of an aggregation; `raw` is then the payload
    that was aggregated. `certain` is False where a fact that would decide whether it exists is missing; `missing` names
    those. `passed_on`: the source computes nothing. `sender`: the one place that it got it from, or that sends a model.
    """

    index: int
    id: str
    origin: str
    role: str
    source: str
    target: str
    payload: str
    data: Mask | None
    path: Path
    implied_by: str = ""
    guards: tuple[Guard, ...] = ()
    aggregate: int | None = None
    raw: str = ""
    seals: tuple[int, ...] = ()
    certain: bool = True
    missing: tuple[str, ...] = ()
    echo: bool = False
    passed_on: bool = False
    sender: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowGraph:
    """
    Everything that the analyses read. `access` tells who calls which model and how, `placed` where its weights are,
    `worked` the data of each task or call, `made_of` of numbers and weights; `shipped` whose code, which a task ships,
    makes what a declared flow carries, by number; `enclaves` vouch, or may, by whose word.
    """

    deployment: Deployment
    principals: Mapping[str, Principal]
    vertices: Mapping[str, Vertex]
    data: tuple[DataItem, ...]
    flows: tuple[Flow, ...]
    aggregates: tuple[Aggregate, ...] = ()
    seals: tuple[Envelope, ...] = ()
    access: tuple[Access, ...] = ()
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    placed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    worked: Mapping[str, Mask] = field(default_factory=dict)
    shipped: Mapping[int, frozenset[str]] = field(default_factory=dict)
    enclaves: Mapping[str, Vertex] = field(default_factory=dict)
    made_of: Mapping[tuple[str, bool], frozenset[Mask]] = field(default_factory=dict)

    @property
    def everything(self) -> Mask:
        """All instances."""
        return (1 << len(self.data)) - 1

    def carried(self, flow: Flow) -> Mask:
        """What a flow may carry, whatever its source holds."""
        return self.everything if flow.data is None else flow.data

    def key(self, mask: Mask) -> object:
        """A set of instances as a key; one that is the very set of an instance is known without a look at its bits."""
        return mask.bit_length() if self.is_own(mask) else keyed(mask)

    def is_own(self, mask: Mask) -> bool:
        """Whether this object is the set that an instance keeps of itself; of most single ones it is."""
        last = mask.bit_length() - 1
        return 0 <= last < len(self.data) and self.data[last].bit is mask

    def size(self, mask: Mask) -> int:
        """How many instances are in a set."""
        return 1 if self.is_own(mask) else mask.bit_count()

    def numbers(self, mask: Mask) -> Iterable[int]:
        """The instances of a set by number, lowest first."""
        return (mask.bit_length() - 1,) if self.is_own(mask) else bits(mask)

    def behind(self, words: frozenset[str]) -> frozenset[str]:
        """Those on whose word it rests: for an enclave that may not vouch, those who run what is in it."""
        doubted = {word for word in words & self.enclaves.keys() if self.enclaves[word].vouches is None}
        return (words - doubted).union(*(self.enclaves[word].instead[word] for word in doubted))


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a `use` (`tasks.score`) reaches a model from places (`at`) over `hops`; `how`: weights, remote or unknown."""

    use: str
    model: str
    how: str
    at: tuple[str, ...]
    runner: str = ""
    hops: tuple[str, ...] = ()
    interface: tuple[str, ...] | None = None
    feasible: bool | None = True
    why: str = ""

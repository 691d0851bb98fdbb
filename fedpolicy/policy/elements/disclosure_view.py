"""One group of identical disclosures, and what rules ask of the ways on which it is learned."""

from __future__ import annotations

from collections.abc import Iterable

from fedpolicy.analysis.facts import Disclosure, NotCounted, Step
from fedpolicy.graph.lookup import ordered
from fedpolicy.graph.places import is_unknown
from fedpolicy.policy.elements.agreement import GROUNDS, KINDS, agreement_kinds, firm_answer, firm_lack, unsigned
from fedpolicy.policy.elements.arrivals import FORMS, decision, forms, given_away, laws_of, rests, whereabouts
from fedpolicy.policy.elements.dataset import PERMITS
from fedpolicy.policy.elements.deidentified import DEIDENTIFIED
from fedpolicy.policy.elements.models_view import class_variants
from fedpolicy.policy.elements.shared import all_in_eea, boolean, open_field, texts, words
from fedpolicy.policy.fields import Missing, Presence, Type
from fedpolicy.policy.texts import value_words
from fedpolicy.policy.world import World
from fedpolicy.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class DisclosureView:
    """One group of identical disclosures."""

    world: World
    found: Disclosure
    families: tuple[str, ...]
    parties: tuple[str, ...]
    whole: tuple[str, ...] = ()  # who it is, where only a part is looked at: role, parties, datasets

    @property
    def ways(self) -> tuple[tuple[Step, ...], ...]:
        """The ways in: where the level is sure, those that are."""
        return self.found.sure if self.found.low == self.found.high else self.found.paths

    @property
    def surely(self) -> DisclosureView:
        """The same as far as it is sure."""
        return replace(self, found=replace(self.found, high=self.found.low))

    @property
    def unknown_releases(self) -> tuple[str, ...]:
        """The keys that would say what the owners release, where the file says that nobody knows it."""
        return self.world.releases.unknown(self.families)

    @property
    def last(self) -> list[Step]:
        """The last hop of every way in."""
        return [path[-1] for path in self.ways if path]

    @property
    def steps(self) -> list[Step]:
        """All hops on the way."""
        return [step for path in self.ways for step in path]

    @property
    def origins(self) -> list[str]:
        """The elements behind the last hops."""
        return ordered(step.origin for step in self.last)

    @property
    def places(self) -> Presence:
        """Where these parties are, and where the machines stand on which it arrives."""
        return whereabouts(self.world, self.found, self.parties)

    @property
    def in_eea(self) -> Presence:
        """Whether all of that is in the European Economic Area; what is public is everywhere."""
        found = [] if "public" in self.parties else self.places
        return bool(found) and all_in_eea(self.world, found) if isinstance(found, list) else found

    @property
    def owners(self) -> list[str]:
        """Whose data it is about."""
        return self.world.owners_of(self.found.datasets)


def _tasks(view: DisclosureView) -> Iterable[str]:
    tasks = view.world.deployment.tasks
    steps = (step.origin.partition(".") for step in view.steps)
    return (tasks[name].method for section, _, name in steps if section == "tasks" and name in tasks)


def _called(view: DisclosureView) -> list[str]:
    """
    Models that they run, and for whose use they get what arrives; what is brought to their own application is not.

    Who runs one and hosts whoever calls it gets both, and is told once. A host of no name is nobody who runs it.
    """
    lookup, hosts = view.world.lookup, view.found.role == "host"
    ends = {(step.origin, step.target) for step in view.last}
    access = (one for origin in {origin for origin, _ in ends} for one in lookup.access_of.get(origin, ()))
    remote = (
        one for one in access if one.how != "weights" and (hosts or any((one.use, at) in ends for at in one.hops))
    )
    known = [party for party in view.parties if not (hosts and is_unknown(party))]
    return ordered(one.model for one in remote if lookup.party(one.runner or "unknown") in known)


def _as_fallback(view: DisclosureView) -> str:
    return " as a fallback" if view.last and all(step.role == "fallback" for step in view.last) else ""


def _closed_model(view: DisclosureView) -> Presence:
    missing: set[str] = set()
    for name in _called(view):
        facts = view.world.models[name]
        answers = {bool(variant["closed"]) for variant in class_variants(facts)}
        if answers == {True}:
            return True
        missing |= set(facts.missing) if len(answers) > 1 else set()
    return Missing(tuple(sorted(missing))) if missing else False


def _rests_on(view: DisclosureView) -> list[str]:
    return ordered(view.world.lookup.party(who) for entry in _doubted(view) for who in entry.rests_on)


def _kept_by(view: DisclosureView) -> str:
    """The same in words; an enclave keeps data on nobody's word, and on nobody's guarantee."""
    if named := _rests_on(view):
        return f"the word of {value_words(Type.LIST, [named])}"
    kinds = {entry.kind for entry in _doubted(view)}
    return "an enclave that nobody verifies for the owner" if kinds else ""


def _doubted(view: DisclosureView) -> list[NotCounted]:
    """What rests on somebody's word, or on an enclave that nobody verifies; whose code it is, is asked of software."""
    said = (entry for entry in view.found.not_counted if entry.level == "guaranteed")
    return [entry for entry in said if entry.rests_on or entry.kind == "tee"]


def _agreements(view: DisclosureView) -> list[str] | Missing:
    def shared(world: World) -> list[str]:
        if not all(world.agreements_of.get(party) for party in view.parties):
            return []
        others = [*view.owners, *world.coordinators]
        found = [set(agreement_kinds(world, party, others, view.families)) for party in view.parties]
        return ordered(set.intersection(*found)) if found else []

    return firm_answer(view.world, shared)


def _exported(world: World, view: DisclosureView, owner: str, but: str) -> bool:
    """Whether a coordinator whose place the owner's law finds adequate has a tool with all, and passes data on."""
    hubs = (hub for hub in world.coordinators if hub != owner and hub not in view.parties)
    near = (hub for hub in hubs if _adequate(world, owner, hub))
    return any(not unsigned(world, view.parties, [hub], {"transfer"}, view.families, but=but) for hub in near)


def _unplaced(world: World, view: DisclosureView, owners: list[str]) -> tuple[str, ...]:
    """The facts that would say where coordinators are who have a tool with all of them, if there are such."""
    hubs = [hub for hub in world.coordinators if hub not in view.parties and world.whereabouts([hub])]
    but = "adequacy" if _undecided(world, view, owners) else ""
    tools = [hub for hub in hubs if not unsigned(world, view.parties, [hub], {"transfer"}, view.families, but=but)]
    return world.whereabouts(tools) if owners and tools else ()


def _undecided(world: World, view: DisclosureView, owners: list[str]) -> bool:
    """Whether no law of these owners has a decision on the place, so that nobody can rely on one."""
    places = view.places
    laws = [law for owner in owners for law in laws_of(world, owner)]
    return isinstance(places, list) and bool(places) and all(decision(world, law, places) == "none" for law in laws)


def _adequate(world: World, owner: str, party: str) -> bool:
    places = world.jurisdictions([party])
    return isinstance(places, list) and {decision(world, law, places) for law in laws_of(world, owner)} == {"full"}


def _lacking(world: World, view: DisclosureView, every: list[str], some: list[str]) -> list[str] | Missing:
    """Of the owners without a tool, or with a decision at most, those for whom there is no such decision."""
    places = view.places
    if not isinstance(places, list) or "public" in view.parties:
        # Whether there is a decision that somebody relies on, hangs on the place.
        return places if isinstance(places, Missing) and every and not some else some
    # A decision that somebody relies on has to be there.
    decided = {owner: {decision(world, law, places) for law in laws_of(world, owner)} for owner in every}
    return [one for one in every if "none" in decided[one] or (one in some and decided[one] != {"full"})]


def _without_tool(view: DisclosureView) -> list[str] | Missing:
    """The owners with whom some party has no transfer tool that counts, and whose law finds its place not adequate."""

    def untold(world: World) -> list[str] | Missing:
        every, some = (
            unsigned(world, view.parties, view.owners, {"transfer"}, view.families, but=but) for but in ("adequacy", "")
        )
        every, some = (
            [one for one in left if not _exported(world, view, one, but)]
            for left, but in ((every, "adequacy"), (some, ""))
        )
        left = _lacking(world, view, every, some)
        hubs = _unplaced(world, view, left) if isinstance(left, list) else ()
        return Missing(hubs) if hubs else left

    return firm_lack(view.world, untold)


WAYS = (
    texts("origins", "the elements whose flows bring it, such as tasks.score", lambda view: view.origins),
    texts(
        "origin_kinds",
        "what these are; of data that rest with the recipient, datasets",
        lambda v: ordered([*(step.origin.partition(".")[0] for step in v.last), *(["datasets"] if rests(v) else [])]),
        choices=("tasks", "api_calls", "flows", "models", "datasets"),
    ),
    texts(
        "flow_roles",
        "roles of the last flows: uplink, downlink, exchange, call, records, hosted-training, placement, ...",
        lambda v: ordered(s.role for s in v.last),
    ),
    texts(
        "way_roles",
        "roles of all flows on the way, such as training-on-inputs",
        lambda v: ordered(step.role for step in v.steps),
    ),
    texts("payloads", "payloads of the last flows", lambda view: ordered(step.payload for step in view.last)),
    texts(
        "forms",
        "in what form the data arrive (none where everybody gets them)",
        forms,
        choices=FORMS,
    ),
    words("as_fallback", "that every way leads to a fallback (for messages)", _as_fallback),
    words(
        "given_away",
        "by what numbers give away what they are made of (for messages)",
        given_away,
    ),
    texts("methods", "methods of the tasks on the way", lambda view: ordered(_tasks(view))),
    texts("models", "models that these parties run for others, and that the last flows call", _called),
    open_field("closed_model", Type.BOOL, "one of these models is a black box or a gray box", _closed_model),
    boolean("certainly_closed", "the same, and false where it is not known", lambda view: _closed_model(view) is True),
    texts(
        "not_counted",
        "kinds of the safeguards on the way that do not lower the declared level",
        lambda v: ordered(n.kind for n in v.found.not_counted if n.level == "declared"),
    ),
    texts(
        "unguaranteed",
        "kinds of the safeguards that lower the declared level on a party's word only (aggregation: a plain sum)",
        lambda v: ordered(entry.kind for entry in _doubted(v)),
    ),
    texts(
        "rests_on", "parties on whose word the declared level rests, though the owner does not trust them", _rests_on
    ),
    words("kept_by", "what keeps it at the declared level, though the owner cannot rely on it", _kept_by),
    boolean(
        "rests_on_recipient",
        "one of these is a party that it protects against",
        lambda view: not set(_rests_on(view)).isdisjoint(view.parties),
    ),
    *PERMITS,
    texts("claims", "claimed privacy budgets that the level rests on", lambda view: view.found.claims),
    open_field(
        "agreements",
        Type.LIST,
        "kinds of the agreements that each of these parties has with an owner or the coordinator about the data",
        _agreements,
        choices=KINDS,
    ),
    *GROUNDS,
    open_field(
        "without_transfer",
        Type.LIST,
        "the same for transfer tools, unless their law finds the place adequate",
        _without_tool,
    ),
    *DEIDENTIFIED,
)

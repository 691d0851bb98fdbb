"""Safeguards: those of tasks, of their hops, of calls and flows, and the enclaves of nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure import Trust
from fedpolicy.analysis.exposure.noise import PURE, UNCLIPPED, Towards, noise_of
from fedpolicy.analysis.exposure.participation import fewer_steps, lower_rate
from fedpolicy.analysis.exposure.privacy import units_of
from fedpolicy.graph import Guard, Mask, Path, bits
from fedpolicy.graph.lookup import Lookup, ordered
from fedpolicy.language.model import Deployment
from fedpolicy.language.model.dataset import Dataset
from fedpolicy.language.model.does import Seal, Unsaid
from fedpolicy.language.model.party import Tee
from fedpolicy.language.model.safeguards import KINDS, DifferentialPrivacy, Safeguard
from fedpolicy.language.model.shape import words_of
from fedpolicy.policy.elements.budget import BUDGET_FIELDS, open_facts, variants_of
from fedpolicy.policy.elements.shared import boolean, data_fields, integer, open_field, texts, words
from fedpolicy.policy.fields import Field, Kind, Missing, Presence, Subject, Type, fields_of
from fedpolicy.policy.world import World
from fedpolicy.records import dataclass, replace

if TYPE_CHECKING:
    from fedpolicy.analysis.budget.claims import Share


@dataclass(frozen=True, slots=True)
class SafeguardView:
    """One safeguard and the element that it stands on."""

    world: World
    on: str
    path: Path
    spec: Safeguard | Tee
    data: Mask
    share: Share | None = None

    @property
    def kind(self) -> str:
        """Its kind; an enclave's own kind is `tee_kind`."""
        return "tee" if isinstance(self.spec, Tee) else self.spec.kind

    @property
    def guards(self) -> Sequence[Guard]:
        """How it applies to the single flows."""
        return self.world.lookup.guards_at.get(self.path, ())

    @property
    def families(self) -> tuple[str, ...]:
        """The datasets that it protects."""
        return self.world.lookup.families_in(self.data)

    def is_trusted_to(self, parties: frozenset[str]) -> bool:
        """Whether every owner of what it protects trusts all of these."""
        return Trust(graph=self.world.graph).accepting(parties, self.data) == self.data


def _readers(view: SafeguardView) -> list[str]:
    does = getattr(view.spec, "does", None)
    return list(does.readers_of(view.spec)) if isinstance(does, Seal) else []


def _noise(view: SafeguardView) -> Presence:
    """How much noise it states: by its multiplier, or by the epsilon of each step with all that it was made for."""
    spec = view.spec
    if not isinstance(spec, DifferentialPrivacy):
        return ""
    noise = noise_of(view.world.deployment, view.path, spec, Towards())
    if noise.most is None:
        return Missing(noise.missing)
    if spec.noise_multiplier is None:
        return f"for an epsilon of {spec.step_epsilon:g} a step"
    return f"of multiplier {spec.noise_multiplier:g}"


def _units(view: SafeguardView) -> Presence:
    found = units_of(view.world.graph, view.data)
    return Missing(tuple(sorted(found.silent))) if found.silent else found.said


def _protected(view: SafeguardView) -> Presence:
    declared = view.world.deployment.datasets
    silent = [name for name in view.families if name in declared and declared[name].unit is None]
    if silent:
        return Missing(tuple(f"datasets.{name}.unit" for name in silent))
    units = [dataset.unit for dataset in view.world.datasets(view.families) if dataset.unit]
    return max(units, key=words_of(Dataset, "unit").index, default="record")


def _performers(view: SafeguardView) -> Iterable[str]:
    return ordered(view.world.lookup.party(who) for who in _honest(view))


def _honest(view: SafeguardView) -> frozenset[str]:
    """Who has to be honest where it lowers anything; where it lowers nothing, wherever it stands."""
    effective = [guard for guard in view.guards if not guard.ignored] or view.guards
    return view.world.graph.behind(frozenset(who for guard in effective for who in guard.rests_on))


def _sole_word(view: SafeguardView) -> str:
    parties = set(_performers(view))
    if len(parties) != 1:
        return ""
    if parties & view.world.graph.enclaves.keys():
        return ""  # hardware vouches for it
    return parties.pop() if view.is_trusted_to(_honest(view)) else ""


def _owners(view: SafeguardView) -> int:
    """One may have data at several places."""
    graph = view.world.graph
    items = [graph.data[index] for index in bits(view.data)]
    return sum({item.owner: graph.vertices[item.place].weight for item in items}.values())


def _changeable_by_recipient(view: SafeguardView) -> Iterable[str]:
    """The recipients that may change it alone, though some owner of what it protects does not trust them."""
    if isinstance(view.spec, Tee):
        return []
    named = set(_recipients(view)) & set(changers(view.spec, view.world.lookup))
    return ordered(who for who in named if not view.is_trusted_to(frozenset({who})))


def _recipients(view: SafeguardView) -> Sequence[str]:
    """Who gets what it guards, also by way of others, where it can lower what these learn."""
    flows = [flow for flow in view.world.lookup.flows_of.get(view.on, ()) if not flow.echo]
    first = [flow for flow in flows if any(one.path == view.path and not one.ignored for one in flow.guards)]
    sent = {(flow.role, flow.source) for flow in first}
    further = [flow for flow in flows if flow.passed_on and (flow.role, flow.sender) in sent]
    ends = {flow.target: view.world.graph.vertices[flow.target] for flow in (*first, *further)}
    hosts = (view.world.lookup.party(end.host) for end in ends.values() if not end.keeps_out(end.host))
    return [*view.world.lookup.parties_at(ends), *hosts]


def changers(safeguard: Safeguard, lookup: Lookup) -> Iterable[str]:
    """The parties that may change a safeguard alone; of participants each changes its own only."""
    named = {*(safeguard.controlled_by or ()), *(safeguard.code_signed_by or ())} - {"participants"}
    if safeguard.approved_by is None:
        return named
    asked = {*safeguard.approved_by.of}
    everybody = {party for party in named if "participant" in lookup.roles(party)} if "participants" in asked else set()
    return named & (asked | everybody) if safeguard.approved_by.at_least == 1 else ()


def _applies(view: SafeguardView) -> bool:
    return not view.guards or any(not guard.ignored for guard in view.guards)


def _fewer_steps(view: SafeguardView) -> str:
    spec = view.spec
    return fewer_steps(view.world.deployment, view.path, spec) if isinstance(spec, DifferentialPrivacy) else ""


def _lower_rate(view: SafeguardView) -> str:
    spec = view.spec
    return lower_rate(view.world.graph, view.path, spec) if isinstance(spec, DifferentialPrivacy) else ""


def _declared() -> Iterator[Field]:
    """What each kind says; kinds that share a key are told about together."""
    found: dict[str, tuple[list[str], Field]] = {}
    for kind, entry in KINDS.items():
        for field in fields_of(entry, lambda view: view.spec, read={"sealed_for": _readers}):
            found.setdefault(field.name, ([], field))[0].append(kind)
    for name, (kinds, field) in found.items():
        if name != "kind":
            shared = len(kinds) == len(KINDS)
            said = ", ".join(kind.replace("_", " ") for kind in kinds)
            yield field if shared else replace(field, about=f"{said}: {field.about}")


_FIELDS = (
    words("kind", "its kind (tee: the enclave of a node)", lambda view: view.kind, choices=(*KINDS, "tee")),
    words("on", "the element that it stands on, such as tasks.adapt", lambda view: view.on),
    words(
        "on_kind",
        "what that is",
        lambda view: view.on.partition(".")[0],
        choices=("tasks", "api_calls", "flows", "nodes"),
    ),
    texts("rests_on", "parties on whose honesty it rests", _performers),
    words(
        "sole_word", "the one party on whom it rests alone, where every owner trusts it; else an empty text", _sole_word
    ),
    integer("owners", "how many owners it protects, members of cohorts counted", _owners),
    texts(
        "changeable_by_recipient",
        "parties that may change it alone, and from which it protects an owner that does not trust them",
        _changeable_by_recipient,
    ),
    boolean(
        "applies", "it can lower at least one flow (false: it comes too late, or sums what cannot be summed)", _applies
    ),
    texts(
        "ignored_because", "why it cannot lower some flows", lambda v: ordered(g.ignored for g in v.guards if g.ignored)
    ),
    *_declared(),
    boolean(
        "has_delta",
        "the mechanism needs a delta",
        lambda v: v.kind == "differential_privacy" and v.spec.mechanism not in PURE,
    ),
    boolean(
        "clips",
        "the mechanism adds noise to contributions that are clipped, not to votes or choices",
        lambda v: v.kind == "differential_privacy" and v.spec.mechanism not in UNCLIPPED,
    ),
    open_field("noise", Type.TEXT, "differential privacy: how much noise it states, in words", _noise),
    *BUDGET_FIELDS,
    words("fewer_steps", "differential privacy: how its steps contradict the rounds; else an empty text", _fewer_steps),
    words("lower_rate", "differential privacy: how its rate contradicts the clients in a round; or empty", _lower_rate),
    open_field("subjects", Type.INT, "units of all data that it protects", _units),
    integer(
        "stated_subjects",
        "units of all data that it protects, as far as they are stated",
        lambda view: units_of(view.world.graph, view.data).said,
    ),
    open_field(
        "protected_unit",
        Type.TEXT,
        "the largest unit that its data ask to protect",
        _protected,
        choices=words_of(Dataset, "unit"),
    ),
    words("tee_kind", "enclave: its kind", lambda view: view.spec.kind if isinstance(view.spec, Tee) else ""),
    boolean("attested", "enclave: it is attested", lambda view: isinstance(view.spec, Tee) and view.spec.attested),
    texts(
        "verified_by",
        "enclave: who verifies the attestation",
        lambda v: v.spec.verified_by if isinstance(v.spec, Tee) else (),
    ),
    texts("datasets", "datasets that it protects", lambda view: view.families),
    *data_fields(of="the data that it protects"),
)


def _listed(deployment: Deployment) -> Iterator[tuple[str, Path, Safeguard | Tee]]:
    for name, task in sorted(deployment.tasks.items()):
        yield from _standing(("tasks", name), task.safeguards)
        for place, hop in enumerate(task.hops):
            yield from _standing(("tasks", name, "hops", place), hop.safeguards)
    for name, call in sorted(deployment.api_calls.items()):
        yield from _standing(("api_calls", name), call.safeguards)
    for name, flow in sorted(deployment.flows.items()):
        yield from _standing(("flows", name), flow.safeguards)
    for name, node in sorted(deployment.nodes.items()):
        if node.tee is not None:
            yield f"nodes.{name}", ("nodes", name, "tee"), node.tee


def _standing(path: Path, safeguards: Sequence[Safeguard]) -> Iterator[tuple[str, Path, Safeguard]]:
    """Safeguards, each with the element that it stands on and its own place."""
    for index, found in enumerate(safeguards):
        if isinstance(found.does, Unsaid):
            continue  # what nobody knows has no parameters to judge
        yield f"{path[0]}.{path[1]}", (*path, "safeguards", index), found


def _protects(world: World, on: str) -> Mask:
    section, _, name = on.partition(".")
    if section in {"tasks", "api_calls"}:
        return world.graph.worked.get(on, 0)
    if section == "flows":
        rows = world.catalog.payloads
        found = (flow for flow in world.lookup.flows_of.get(on, ()) if rows[flow.payload].carries != "nothing")
        return reduce(or_, map(world.carried, found), 0)
    # An enclave keeps what arrives in it: stored there or not.
    return reduce(or_, (world.lookup.reach.get(place, 0) for place in world.graph.members.get(name, ())), 0)


def _subjects(world: World) -> Sequence[Subject]:
    return [_subject(world, on, path, found) for on, path, found in _listed(world.deployment)]


def _subject(world: World, on: str, path: Path, found: Safeguard | Tee) -> Subject:
    share = None
    if isinstance(found, DifferentialPrivacy):
        from fedpolicy.analysis.budget.claims import share_of  # noqa: PLC0415  few deployments have any

        share = share_of(world.graph, path, found, world.study.max_epsilon)
    return Subject(
        id=".".join(map(str, path)),
        path=path,
        data=SafeguardView(world, on, path, found, _protects(world, on), share),
        variants=variants_of(share),
        missing=open_facts(share),
    )


KIND = Kind(
    name="safeguard",
    about="a safeguard of a task, a hop, a call or a flow, or a node's enclave",
    fields=_FIELDS,
    subjects=_subjects,
)

"""
What a report says of a deployment beside findings: what they come from, and what settings say against rules and facts.

A finding about one entry comes from that entry. A disclosure comes from an entry that every way in passes: the last
one of these, which is the one nearest to whoever learns something; a model that somebody else runs stands for its
calls, and the node for whoever hosts it. Where the ways in share no entry, all their last ones are the cause.
What is said of the deployment as a whole, or of a party, is a fact of its own for each rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure.disclosures import evidence_of
from fedpolicy.analysis.facts import cells_of
from fedpolicy.catalog import Catalog
from fedpolicy.catalog.rows import ROWS
from fedpolicy.errors import Problems
from fedpolicy.findings import Finding, Hop, Member, Override, Severity
from fedpolicy.graph.builder import mask_of
from fedpolicy.graph.lookup import names_by
from fedpolicy.overview import Cause, Overview
from fedpolicy.policy.finding import shown_of
from fedpolicy.policy.groups import of_members
from fedpolicy.policy.load import load_rules
from fedpolicy.policy.world import World
from fedpolicy.records import replace

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.graph import Flow
    from fedpolicy.language.reading import Document
    from fedpolicy.settings import Settings

_ENTRIES = frozenset({"models", "tasks", "api_calls", "flows", "nodes", "datasets", "agreements"})
_USES = ("tasks", "api_calls", "flows", "models")
_CALLS = frozenset({"call", "completion", "training-on-inputs", "fallback"})


def overview_of(
    findings: Sequence[Finding], study: Study, document: Document, owner: str = ""
) -> tuple[tuple[Finding, ...], Overview]:
    """The findings, each with its cause, and what reports for people say beside them; for one owner, with its ways."""
    if owner:
        world = World(study, document)
        findings = [_seen_by(world, one, owner) for one in findings]
    marked, causes = _causes_of(findings, study, document)
    cells, hidden = cells_of(study, owner)
    name, line = document.deployment.name, document.spans.at(("name",)).line
    people = study.graph.principals
    owners = {item.id: people[item.owner].party if item.owner in people else item.owner for item in study.graph.data}
    return marked, Overview(
        file=document.file,
        deployment=name,
        line=line,
        causes=causes,
        cells=cells,
        hidden=hidden,
        owners=owners,
        parties=tuple(sorted(document.deployment.parties)),
        apart=apart_from(study, owner) if owner else frozenset(),
    )


def apart_from(study: Study, owner: str) -> frozenset[str]:
    """The tasks, calls, flows and models that neither work on data of a party nor touch a machine that it runs."""
    graph, lookup = study.graph, study.lookup
    mine = mask_of(item for item in graph.data if lookup.party(item.owner) == owner)
    here = {
        name
        for name, vertex in graph.vertices.items()
        if owner in {lookup.party(who) for who in (vertex.party, vertex.host, *vertex.operators)}
    }
    part = {use for use, worked in graph.worked.items() if worked & mine}
    for flow in graph.flows:
        ends = (flow.source, flow.target)
        if flow.data is None or flow.data & mine or not here.isdisjoint(ends):
            families = (vertex.family for vertex in map(graph.vertices.__getitem__, ends) if vertex.kind == "model")
            part |= {flow.origin, *(f"models.{family}" for family in families)}
    for access in graph.access:
        if access.use in part or not here.isdisjoint((*access.at, *access.hops)):
            part |= {access.use, f"models.{access.model}"}
    said = {section: getattr(study.deployment, section) for section in _USES}
    part |= {f"models.{name}" for name, model in said["models"].items() if model.provider == owner}
    return frozenset(f"{section}.{name}" for section, entries in said.items() for name in entries) - part


def _seen_by(world: World, finding: Finding, owner: str) -> Finding:
    """A finding with the ways in of one owner's data, and what does not count for it; others' are no evidence to it."""
    if finding.group is None:
        return finding
    return of_members(finding, [_of_owner(world, member, owner) for member in finding.group.members])


def _of_owner(world: World, member: Member, owner: str) -> Member:
    mine = [name for name, who in zip(member.datasets, member.owners, strict=True) if who == owner]
    for found in world.study.disclosures if mine else ():
        learning = [one for one in found.parties if world.lookup.party(one) in member.parties]
        if found.role == member.role and mine[0] in found.datasets and learning:
            return replace(member, **shown_of(world, evidence_of(world.study.exposure, found, learning, mine)))
    return member


def _causes_of(
    findings: Sequence[Finding], study: Study, document: Document
) -> tuple[tuple[Finding, ...], tuple[Cause, ...]]:
    """The findings, each with the id of its cause, and the causes."""
    origins = _Origins(study)
    marked: list[Finding] = []
    found: dict[str, Cause] = {}
    for finding in findings:
        entries = origins.of(finding)
        own = entries[0].partition(".")[0] not in _ENTRIES
        name = f"{entries[0]}:{finding.rule}" if own else " + ".join(entries)
        if name not in found:
            span = finding.span if own else document.spans.key(tuple(entries[0].split(".", 1)))
            found[name] = Cause(id=name, entries=entries, line=span.line, gloss=origins.gloss(entries[0]))
        marked.append(replace(finding, cause=name))
    return tuple(marked), tuple(found[name] for name in sorted(found))


class _Origins:
    """The entries behind findings of one deployment, looked up once."""

    def __init__(self, study: Study) -> None:
        self._graph = study.graph
        self._known: dict[str, tuple[Flow, str]] = {}

    def of(self, finding: Finding) -> tuple[str, ...]:
        """The entries that a finding comes from, at least one."""
        paths = [path for path in finding.paths if path]
        if not paths:
            return (".".join(finding.elements[0].split(".")[:2]),)
        parties = {name.partition(".")[2] for name in finding.elements if name.startswith("parties.")}
        ways = [list(self._way(path, parties)) for path in paths]
        shared = [entry for entry in ways[0] if all(entry in way for way in ways[1:])]
        return (shared[0],) if shared else tuple(sorted({way[0] for way in ways}))

    def gloss(self, entry: str) -> str:
        """What about an entry makes it a cause, where that can be said in few words."""
        section, _, name = entry.partition(".")
        if section == "models" and self._runners.get(name):
            reference = self._graph.deployment.models[name].ref
            return f"{reference or 'a model'} run by {', '.join(self._runners[name])}"
        node = self._graph.deployment.nodes.get(name) if section == "nodes" else None
        return f"on machines of {node.host}" if node is not None and isinstance(node.host, str) else ""

    def _way(self, path: Sequence[Hop], parties: set[str]) -> Iterator[str]:
        """The entries that one way passes, those nearest to its end first."""
        last = self._flow(path[-1].flow)
        target = self._graph.vertices.get(last[0].target) if last else None
        if target is not None and target.host in parties and not parties.intersection(target.operators):
            yield ".".join(map(str, target.path[:2]))
        for hop in reversed(path):
            found = self._flow(hop.flow)
            yield found[1] if found else ".".join(hop.flow.split(".")[:2])

    def _flow(self, name: str) -> tuple[Flow, str] | None:
        if not self._known:
            self._known = {flow.id: (flow, self._entry(flow)) for flow in self._graph.flows}
        return self._known.get(name)

    def _entry(self, flow: Flow) -> str:
        return self._called.get(flow.origin, flow.origin) if flow.role in _CALLS else flow.origin

    @cached_property
    def _called(self) -> dict[str, str]:
        """The model that a use calls, where it calls one only; others are told apart by their uses."""
        models: dict[str, set[str]] = {}
        for access in self._graph.access:
            if access.how != "weights":
                models.setdefault(access.use, set()).add(access.model)
        return {use: f"models.{name}" for use, names in models.items() if len(names) == 1 for name in names}

    @cached_property
    def _runners(self) -> dict[str, list[str]]:
        return names_by((access.model, access.runner) for access in self._graph.access if access.runner)


def overrides_of(settings: Settings, catalog: Catalog) -> tuple[Override, ...]:
    """Everything that settings change, in the order in which it is told."""
    return tuple(_found(settings, catalog))


def _found(settings: Settings, catalog: Catalog) -> Iterator[Override]:
    said = settings.configured or settings.select or settings.ignore or settings.params
    grades = _grades(settings) if said else {}
    yield from _names("rules_off", "rules", [one for one in settings.disabled if one in grades], settings)
    ignored = [one for one in grades if any(fnmatchcase(one, pattern) for pattern in settings.ignore)]
    yield from _names("rules_ignored", "ignore", ignored, settings)
    if settings.select:
        from fedpolicy.policy.housekeeping import OWN_RULES  # noqa: PLC0415  most runs take all rules

        left = [one for one in grades if not any(fnmatchcase(one, pattern) for pattern in settings.select)]
        amount = len([one for one in left if one not in OWN_RULES])
        if amount:
            yield Override(what="rules_not_selected", by=_by("select", settings), amount=amount)
    yield from _names("severities_lowered", "rules", _lowered(settings, grades), settings)
    for by, keys in _params(settings, grades).items():
        yield Override(what="parameters_set", by=by, amount=len(keys), names=tuple(sorted(keys)))
    yield from _names("facts_replaced", "catalogs", _replaced(catalog), settings)


def _names(what: str, key: str, names: Sequence[str], settings: Settings) -> Iterator[Override]:
    if names:
        yield Override(what=what, by=_by(key, settings), amount=len(names), names=tuple(sorted(names)))


def _by(key: str, settings: Settings) -> str:
    return settings.origins.get(key, "the settings")


def _grades(settings: Settings) -> dict[str, Severity]:
    """The rules as their packs have them; none where the packs cannot be used, which is said elsewhere."""
    from fedpolicy.policy.housekeeping import OWN_RULES  # noqa: PLC0415  see above

    own = {name: rule.severity for name, rule in OWN_RULES.items()}
    try:
        return own | {rule.id: rule.severity for rule in load_rules(settings.packs, files=settings.files)}
    except Problems:
        return {}


def _lowered(settings: Settings, grades: Mapping[str, Severity]) -> list[str]:
    words = {severity.label: severity for severity in Severity}
    return [
        name
        for name, word in settings.severities.items()
        if name in grades and words.get(word, Severity.CRITICAL) < grades[name]
    ]


def _params(settings: Settings, grades: Mapping[str, Severity]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key in settings.params:
        if key.partition(".")[0] in grades:
            found.setdefault(_by(f"params.{key}", settings), []).append(key)
    if settings.max_epsilon is not None:
        found.setdefault(_by("max_epsilon", settings), []).append("max_epsilon")
    return found


def _replaced(catalog: Catalog) -> list[str]:
    return [f"{section}.{key}" for section in ROWS for key in getattr(catalog, section).replaced()]

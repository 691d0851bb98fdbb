"""Who takes part, what they are made to do, and what protects it: nodes and parties, jobs or apps, safeguards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from fedpolicy.findings import Span
from fedpolicy.records import dataclass
from fedpolicy.scan import NONE, Evidence, Strength, count
from fedpolicy.scan.groups import Ids, Nearest, Project, folders
from fedpolicy.scan.rules import encrypting

_MARKS = ("deploy", "workflow", "recipe", "scope")
_LEAST = ("least_sites", "min_clients")
_KINDS = ("job", "task", "model", "tracker", "safeguard")
_CODE = ("python", "python_training")  # importers of what code of a job does
_EVERYWHERE = "@ALL"
ROLES = {"server": "aggregator", "client": "client", "relay": "relay"}
_MOST_SITES = 200  # of those that nobody names
_FILES = ("local", "file:", "sqlite:")
_NOISE = ("noise_multiplier", "clipping_norm")
_SWITCHED = ("differential_privacy", "secure_aggregation")  # by keys of an app
_MECHANISMS = ("gaussian", "laplace")  # of those that switches name
_FLOWERS_NOISE = re.compile(r"DifferentialPrivacy\w+Clipping|LocalDpMod")
# What nvflare filters do that is neither noise nor encryption.
_PLAIN_FILTERS = ("PercentilePrivacy", "ExcludeVars", "StatisticsPrivacyFilter")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvidence:
    """One job: its facts, the place that tells most of it, and the sites where it runs (none named: all)."""

    path: str
    said: tuple[Evidence, ...]
    place: Evidence
    sites: tuple[str, ...]

    def least(self) -> int:
        """With how many sites it goes on at least, as far as it says."""
        return max((count(one.value) for one in self.said if one.kind == "job" and one.attribute in _LEAST), default=0)


def jobs_of(group: Project) -> list[JobEvidence]:
    """The jobs that the facts of a deployment tell of, by their folders."""
    if group.framework != "nvflare":
        said = [fact.evidence for fact in group.facts]
        return [_job("train", said)] if any(one.kind in ("app", "node") for one in said) else []
    theirs = [fact for fact in group.facts if fact.importer == "nvflare_jobs" and fact.evidence.kind in _KINDS]
    roots = {_root(fact.file) for fact in theirs if fact.evidence.attribute in _MARKS}
    tops = sorted(one for one in roots if not one or roots.isdisjoint(folders(one)))
    found: dict[str, list[Evidence]] = {}
    code = [fact for fact in group.facts if fact.importer in _CODE]
    near = Nearest((f"{top}/", top) for top in tops)
    for fact in (*theirs, *code) if tops else ():
        found.setdefault(near.to(fact.file)[0], []).append(fact.evidence)
    return [_job(top, said) for top, said in sorted(found.items())]


def first(said: Iterable[Evidence], kinds: Sequence[str], attributes: Sequence[str]) -> Evidence | None:
    """The fact with the first of these attributes that has a value."""
    facts = [one for one in said if one.kind in kinds and one.value]
    return next((one for attribute in attributes for one in facts if one.attribute == attribute), None)


def _sites_named(said: Iterable[Evidence]) -> tuple[str, ...]:
    """The sites that a map of apps names, the server aside."""
    deployed = {(one.value or "").partition(":")[2] for one in said if one.attribute == "deploy"}
    return () if _EVERYWHERE in deployed else tuple(sorted(deployed - {"", "server"}))


def _job(path: str, said: Sequence[Evidence]) -> JobEvidence:
    place = (
        first(said, ("job", "app"), ("workflow", "recipe", "serverapp", "agentapp", "framework", "deploy")) or said[0]
    )
    return JobEvidence(path=path, said=tuple(said), place=place, sites=_sites_named(said))


def _root(file: str) -> str:
    """The folder of a job: that of its meta file, which is above its apps, which are above their configurations."""
    folder, _, name = file.rpartition("/")
    if name.startswith("config_fed_"):
        app = folder.removesuffix("/config")
        return app.rpartition("/")[0] or app
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftMember:
    """One node; `listed` where a file says that it takes part, and not only how many there are."""

    name: str
    id: str
    role: str
    party: str
    span: Span
    party_known: bool
    listed: bool = True


def draft_members(said: Sequence[Evidence], start: Span, nodes: Ids, callees: Iterable[str]) -> list[DraftMember]:
    """Every node that files tell of, and what a federation has where they tell of none."""
    named = {one.name: one.value for one in said if one.kind == "node" and one.attribute == "party" and one.value}
    parties = Ids()
    for callee in callees:
        parties(f"provider {callee}", callee)
    found: dict[str, DraftMember] = {}
    for one in said:
        if one.kind == "node" and one.attribute == "role" and one.value in ROLES and one.name not in found:
            party = named.get(one.name)
            alone = f"{one.name}-operator" if one.value == "server" else one.name
            found[one.name] = DraftMember(
                name=one.name,
                id=nodes(one.name),
                role=one.value,
                party=parties(party) if party else parties(f"node {one.name}", alone),
                span=one.span,
                party_known=party is not None,
            )
    roles = [member.role for member in found.values()]
    others = _others(said, roles.count("client")) if "client" in roles else _sites(said)
    missing = [("client", one, one) for one in others]
    missing += [("server", "server", "coordinator")] if "server" not in roles else []
    return [
        *found.values(),
        *(
            DraftMember(
                name=name,
                id=nodes(name),
                role=role,
                party=parties(f"node {name}", party),
                span=start,
                party_known=False,
                listed=False,
            )
            for role, name, party in missing
        ),
    ]


def trackers_of(said: Iterable[Evidence]) -> dict[str, Evidence]:
    """The trackers that metrics go to, each with the first place; one that only writes into a file is none."""
    found: dict[str, Evidence] = {}
    for one in said:
        used = one.attribute == "used" and one.value == "true"
        away = one.attribute == "address" and one.value is not None and not one.value.startswith(_FILES)
        if one.kind == "tracker" and (used or away):
            found.setdefault(one.name, one)
    return found


def _others(said: Sequence[Evidence], listed: int) -> list[str]:
    """Clients beside those that files list: as many as an app waits for, which would not begin without them."""
    apps = [count(one.value) for one in said if one.kind == "app" and one.attribute in (*_LEAST, "sampled_clients")]
    return [f"other-{number}" for number in range(1, min(max(apps, default=0), _MOST_SITES) - listed + 1)]


def _sites(said: Sequence[Evidence]) -> list[str]:
    """Sites that no file lists: those that jobs name, else as many as a job needs, and two at least."""
    if named := _sites_named(said):
        return list(named)
    counts = [count(one.value) for one in said if one.attribute in (*_LEAST, "sampled_clients", "supernodes")]
    most = max(counts, default=0)
    return [f"site-{number}" for number in range(1, min(max(most, 2), _MOST_SITES) + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Safeguards:
    """
    Entries of YAML with their places.

    Code can always add noise of its own, so these are never all that there may be: `why` and `doubt` say what to look
    at.
    """

    entries: tuple[tuple[str, Span], ...]
    why: str
    doubt: Span | None = None


def switched_off(kind: str, said: Sequence[Evidence]) -> Evidence | None:
    """
    The switch that turns a safeguard off; None where there is none, or another one is on.

    What code adds depends on a key of an app only where code reads that key.
    """
    facts = [one for one in said if one.subject == f"safeguard:{kind}"]
    switches = [one for one in facts if one.attribute in ("used", "enabled") and one.strength is not Strength.WIRED]
    # Of vantage6, at the node and at the server: what one organisation sends to another.
    switches += [one for one in said if one.attribute == "encryption" and kind == "end_to_end_encryption"]
    off = next((one for one in switches if one.value in (NONE, "false")), None)
    if off is None or any(one.value not in (NONE, "false", None) for one in switches):
        return None
    coded = any(one.strength is Strength.WIRED for one in facts)
    read = {one.name for one in said if one.kind == "config"}
    return None if coded and off.key.rpartition(".")[2].replace("_", "-") not in read else off


def job_safeguards(job: Sequence[Evidence], everything: Sequence[Evidence], clients: Sequence[str]) -> Safeguards:
    """Those of a job of NVFLARE: its own filters, and those of sites, which run first and which no job can refuse."""
    entries: list[tuple[str, Span]] = []
    filters = [one for one in (*job, *_site_filters(job, everything)) if one.attribute == "result_filter"]
    for one in filters:
        if one.value in _PLAIN_FILTERS:
            entries.append((f"kind: filter, name: {one.value}", one.span))
        elif one.value == "SVTPrivacy":
            entries.append(("kind: differential_privacy, where: client, mechanism: sparse_vector", one.span))
    encrypted = encrypting(job)
    context = _stated(everything, "he_context", "federation")
    if encrypted and context and context.value != NONE:
        entries.append((f"kind: homomorphic_encryption, sealed_for: [{', '.join(clients)}]", encrypted[0].span))
    noise = next((one for one in job if one.subject == "safeguard:differential_privacy"), None)
    if noise:
        return Safeguards(entries=_once(entries), why="how much noise the code adds", doubt=noise.span)
    doubt = next((one for one in filters if _is_open(one)), None)
    why = "what this filter does" if doubt else "what the training code itself adds"
    return Safeguards(entries=_once(entries), why=why, doubt=doubt.span if doubt else None)


def app_safeguards(app: Sequence[Evidence], clients: Sequence[str]) -> Safeguards:
    """Those of an app: what its code constructs, and switches that its framework obeys. Parameters prove none."""
    entries = list(_switched(app, clients))
    off = {name: switch for name in _SWITCHED if (switch := switched_off(name, app))}
    used = [one for one in app if one.attribute == "used" and one.strength is not Strength.DECLARED and one.value]
    used = [one for one in used if one.name not in off]
    for one in used:
        if _FLOWERS_NOISE.fullmatch(one.value or ""):
            numbers = [said for name in _NOISE if (said := _number(app, name))]
            where = "client" if one.value == "LocalDpMod" else "aggregator"
            entries.append((", ".join(["kind: differential_privacy", f"where: {where}", *numbers]), one.span))
    secure = next((one for one in used if one.name == "secure_aggregation"), None)
    why = "with how many clients a secure sum goes on: {kind: secure_aggregation, min_clients: ...}"
    if secure:
        return Safeguards(entries=_once(entries), why=why, doubt=secure.span)
    return Safeguards(entries=_once(entries), why="what the app's code itself adds")


def _switched(app: Sequence[Evidence], clients: Sequence[str]) -> Iterator[tuple[str, Span]]:
    on = [one for one in app if (one.attribute, one.value, one.strength) == ("used", "true", Strength.CONFIGURED)]
    for one in on:
        if one.subject == "safeguard:differential_privacy":
            stated = {said.attribute: said.value for said in reversed(app) if said.subject == one.subject}
            known = [f"where: {stated.get('where') or 'client'}"]
            known += [f"mechanism: {how}"] if (how := str(stated.get("mechanism")).lower()) in _MECHANISMS else []
            yield f"kind: differential_privacy, {', '.join(known)}", one.span
        elif one.subject == "safeguard:homomorphic_encryption":
            yield f"kind: homomorphic_encryption, sealed_for: [{', '.join(clients)}]", one.span


def _site_filters(job: Sequence[Evidence], everything: Sequence[Evidence]) -> list[Evidence]:
    """Filters of the scope that the job is in; where it names none, of the scope that the site takes then."""
    scopes = [one for one in everything if one.kind == "scope"]
    wanted = {one.value for one in job if one.attribute == "scope"} - {"site_default"}
    if wanted:
        return [one for one in scopes if one.name in wanted]
    found: list[Evidence] = []
    for default in everything:
        if default.attribute == "default_scope":
            found += [one for one in scopes if one.span.file == default.span.file and one.name == default.value]
    return found


def _is_open(one: Evidence) -> bool:
    shipped = one.value is not None and "." not in one.value
    return not shipped and one.value != NONE


def _stated(said: Iterable[Evidence], attribute: str, subject: str = "") -> Evidence | None:
    return next((one for one in said if one.attribute == attribute and subject in ("", one.subject)), None)


def _number(app: Sequence[Evidence], attribute: str) -> str:
    """A number that code states. What stands in a configuration may be another one when it runs."""
    found = [one for one in app if one.attribute == attribute and one.value and one.strength is Strength.WIRED]
    return f"{attribute}: {found[0].value}" if found else ""


def _once(entries: list[tuple[str, Span]]) -> tuple[tuple[str, Span], ...]:
    return tuple({text: (text, span) for text, span in reversed(entries)}.values())[::-1]

"""
Evidence -> a draft of a deployment: ordinary YAML, with the place that each line comes from.

What nobody says is left out or `unknown`, never none: code may add safeguards that no configuration shows. A node that
nobody is named for has a party of its own, so that what two of them learn of each other is not hidden. Of two things
that contradict each other, the weaker is written and the other is noted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from fedpolicy.findings import Span
from fedpolicy.records import dataclass, field
from fedpolicy.scan import CHANNEL, NONE, Evidence, count
from fedpolicy.scan.groups import Ids, Project
from fedpolicy.scan.members import (
    ROLES,
    DraftMember,
    JobEvidence,
    Safeguards,
    app_safeguards,
    draft_members,
    first,
    job_safeguards,
    jobs_of,
    trackers_of,
)
from fedpolicy.scan.page import DraftPage, inline_list, quoted

_HUB = re.compile(r"[\w.-]+/[\w.-]+")
_ENCLAVES = {"amd_sev_snp": "sev-snp", "intel_tdx": "tdx"}
_WORKFLOWS = {
    **dict.fromkeys(("ScatterAndGather", "FedAvg"), ""),
    **dict.fromkeys(("SwarmClientController", "SwarmLearning"), "peer_to_peer"),
    **dict.fromkeys(("CyclicController", "Cyclic"), "rotating"),
}
# How recipes of NVFLARE and strategies of Flower train, where that is not fedavg; what is not known is asked for.
_AVERAGES = ("FedAvg", "FedAvgWithHE", "NumpyFedAvg", "SklearnFedAvg", "FedOpt", "FedAvgLr")
_METHODS = {
    **{one: one.lower() for one in ("FedProx", "Scaffold")},
    **dict.fromkeys(("XGBHorizontal", "XGBBagging", "FedXgbBagging", "FedXgbCyclic"), "gradient_boosting"),
    "FedStats": "federated_analytics",
    **dict.fromkeys(("FedEval", "NumpyCrossSiteEval"), "evaluation"),
}
_NUMBERS = {
    "rounds": ("rounds",),
    "min_clients": ("min_clients", "least_sites"),
    "clients_per_round": ("sampled_clients",),
}
_DATA = "site-data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """
    The text, the place behind each of its lines, and what does not fit into it; its nodes, and tasks by their names.

    `assumed` are elements that the draft says more of than files do: code calls a model, and nothing shows with what.
    """

    name: str
    file: str
    text: str
    sources: dict[int, Span]
    start: Span
    left_out: tuple[tuple[str, Span], ...] = ()
    assumed: frozenset[str] = frozenset()
    members: tuple[DraftMember, ...] = ()
    jobs: Mapping[str, JobEvidence] = field(default_factory=dict)


def draft_of(group: Project) -> Draft:
    """Write down what the facts of one deployment say."""
    said = [fact.evidence for fact in group.facts]
    start = next(fact.evidence.span for fact in group.facts if fact.file == group.file)
    page = DraftPage(start=start)
    nodes = Ids()
    page.add("fedpolicy: 1")
    page.add(f"name: {group.name}", todo="a name that people know")
    calls = _callees(said)
    members = draft_members(said, start, nodes, calls)
    _parties(page, members, calls)
    _nodes(page, members, said)
    trackers = {nodes(f"tracker {name}", name): one for name, one in trackers_of(said).items()}
    for name, one in trackers.items():
        page.add(f"  {name}: {{kind: tracker, party: unknown}}", one.span, "who runs it")
    clients = [one.id for one in members if one.role == "client"]
    page.add("datasets:")
    page.add(f"  {_DATA}: {{at: {inline_list(clients)}, categories: unknown}}", start, "which data each site has")
    models = _models(page, said, calls, members)
    tasks = _tasks(page, group, members, models, nodes)
    _calls(page, calls, clients, models)
    _flows(page, group, trackers, members)
    _transport(page, said)
    assumed = {f"api_calls.ask-{name}" for name in [*calls, *models]} | {f"models.{name}" for name in models.values()}
    assumed |= {f"flows.track-{name}" for name in trackers}
    return Draft(
        name=group.name,
        file=group.file,
        text="\n".join(page.lines) + "\n",
        sources=page.sources,
        start=start,
        left_out=tuple(page.left_out),
        assumed=frozenset(assumed),
        members=tuple(members),
        jobs=tasks,
    )


def _parties(page: DraftPage, members: Sequence[DraftMember], calls: dict[str, Evidence]) -> None:
    page.add("parties:")
    roles: dict[str, set[str]] = {}
    for one in members:
        roles.setdefault(one.party, set()).add("participant" if one.role == "client" else "coordinator")
    places = {one.party: one.span for one in reversed(members)}
    known = {one.party for one in members if one.party_known}
    for party, does in roles.items():
        todo = "its jurisdiction" if party in known else "who this is, and its jurisdiction"
        page.add(f"  {party}: {{role: {inline_list(sorted(does))}}}", places[party], todo)
    for name, call in calls.items():
        if name != "unknown":
            page.add(f"  {name}: {{role: provider}}", call.span)


def _nodes(page: DraftPage, members: Sequence[DraftMember], said: Sequence[Evidence]) -> None:
    page.add("nodes:")
    configured = {one.name: one.value for one in said if one.kind == "node" and one.attribute == "cc_config"}
    for one in members:
        what = f"  {one.id}: {{kind: {ROLES[one.role]}, party: {one.party}"
        enclave = _enclave(configured.get(one.name), said)
        if enclave is None:
            page.add(f"{what}}}", one.span)
        else:
            page.add(f"{what},", one.span)
            page.add(
                f"    tee: {{kind: {_ENCLAVES[enclave[0].value or '']}, attested: {enclave[1]}}}}}", enclave[0].span
            )


def _enclave(file: str | None, said: Sequence[Evidence]) -> tuple[Evidence, str] | None:
    """What the configuration that a node names says of its enclave, and whether anybody checks what runs in it."""
    theirs = [one for one in said if file and one.span.file.rpartition("/")[2] == file.rpartition("/")[2]]
    kinds = [one for one in theirs if one.attribute == "tee" and one.value in _ENCLAVES]
    checks = [one.value or "" for one in theirs if one.attribute == "attestation"]
    real = any("mock" not in one.lower() for one in checks)
    return (kinds[0], "true" if real else "false") if kinds else None


def _models(
    page: DraftPage, said: Sequence[Evidence], calls: dict[str, Evidence], members: Sequence[DraftMember]
) -> dict[str, str]:
    """The models that are named: what is trained, and what is called; by what they are for."""
    base = next((one for one in said if one.subject == "model" and one.attribute == "base" and one.value), None)
    found: dict[str, str] = {}
    lines: list[tuple[str, Span]] = []
    if base and _HUB.fullmatch(base.value or ""):
        found["base"] = "base"
        places = inline_list([one.id for one in members if one.role == "client"])
        lines.append((f"  base: {{ref: {quoted(base.value or '')}, weights_at: {places}}}", base.span))
    for name in calls:
        asked = [one for one in said if one.subject == f"call:{name}" and one.attribute == "model" and one.value]
        each = {one.value: one for one in reversed(asked)}
        for number, one in enumerate(sorted(each.values(), key=asked.index)) if name != "unknown" else ():
            model = found[_numbered(name, number)] = _numbered(f"{name}-model", number)
            lines.append((f"  {model}: {{ref: {quoted(f'{name}/{one.value}')}, via: [{name}]}}", one.span))
    if lines:
        page.add("models:")
    for text, span in lines:
        page.add(text, span)
    return found


def _numbered(name: str, number: int) -> str:
    return f"{name}-{number + 1}" if number else name


def _tasks(
    page: DraftPage, group: Project, members: Sequence[DraftMember], models: dict[str, str], nodes: Ids
) -> dict[str, JobEvidence]:
    clients = [one.id for one in members if one.role == "client"]
    server = next(one.id for one in members if one.role == "server")
    everything = [fact.evidence for fact in group.facts]
    jobs = {}
    for job in jobs_of(group):
        sites = [nodes(one) for one in job.sites] or clients
        if why := _misfit(job, sites, members):
            page.left_out.append((why, job.place.span))
        else:
            jobs[job.path] = (job, sites)
    if jobs:
        page.add("tasks:")
    names = Ids()
    written: dict[str, JobEvidence] = {}
    for path, (job, sites) in jobs.items():
        name = names(path, path.rpartition("/")[2])
        written[name] = job
        span = job.place.span
        page.add(f"  {name}:", span)
        _method(page, job, models)
        page.add(f"    data: [{_DATA}]", span)
        page.add(f"    runs_on: {inline_list(sites)}", span)
        if not _WORKFLOWS.get(_short(job.place)):
            page.add(f"    aggregator: {server}", span)
        for key, attributes in _NUMBERS.items():
            found = first(job.said, ("job", "app", "safeguard"), attributes)
            if found and count(found.value):
                page.add(f"    {key}: {found.value}", found.span)
        plain = group.framework != "nvflare"
        _safeguards(
            page, app_safeguards(job.said, clients) if plain else job_safeguards(job.said, everything, clients), span
        )
    return written


def _misfit(job: JobEvidence, sites: Sequence[str], members: Sequence[DraftMember]) -> str:
    """Why a job cannot be one of this deployment; empty where it can."""
    known = {one.id for one in members}
    missing = [one for one in sites if one not in known]
    if missing:
        return f"it runs at {', '.join(missing)}, and no such site takes part"
    return f"it needs {job.least()} sites, but has {len(sites)}" if job.least() > len(sites) else ""


def _method(page: DraftPage, job: JobEvidence, models: dict[str, str]) -> None:
    adapters = next((one for one in job.said if one.value == "adapters"), None)
    tuning = first(job.said, ("model",), ("tuning",)) or adapters
    found = first(job.said, ("app",), ("strategy", "strategy_class")) or job.place
    short = _short(found)
    if tuning:
        page.add("    method: lora", tuning.span)
    elif known := _METHODS.get(short):
        page.add(f"    method: {known}", found.span)
    elif short in (*_WORKFLOWS, *_AVERAGES) or found.attribute.startswith("strategy"):
        page.add("    method: fedavg", found.span)
    else:
        page.add("    method: unknown", found.span, "how it trains, such as fedavg or lora")
    if topology := _WORKFLOWS.get(short):
        page.add(f"    topology: {topology}", found.span)
    if "base" in models:
        page.add("    model: base", found.span)


def _short(found: Evidence) -> str:
    return (found.value or "").replace("Recipe", "")


def _safeguards(page: DraftPage, found: Safeguards, span: Span) -> None:
    if not found.entries:
        page.add("    safeguards: unknown", found.doubt or span, found.why)
        return
    page.add("    safeguards:", span)
    for text, place in found.entries:
        page.add(f"      - {{{text}}}", place)
    page.add("      - {kind: unknown}", found.doubt or span, found.why)


def _callees(said: Iterable[Evidence]) -> dict[str, Evidence]:
    """Who is asked by calls that are made, each with the first place."""
    found: dict[str, Evidence] = {}
    for one in said:
        if one.kind == "call" and one.attribute in ("made", "from", "used") and one.value not in (None, NONE):
            found.setdefault(one.name, one)
    return found


def _calls(page: DraftPage, calls: dict[str, Evidence], clients: Sequence[str], models: dict[str, str]) -> None:
    todo = "which nodes run this code, and what of whose data it sends"
    known = {name: one for name, one in calls.items() if name != "unknown"}
    if known:
        page.add("api_calls:")
    for name, one in known.items():
        asked = [key for key in models if key == name or re.fullmatch(rf"{re.escape(name)}-\d+", key)]
        for key in asked or [name]:
            whom = f"model: {models[key]}" if key in models else f"provider: {name}"
            what = f"from: {inline_list(clients)}, {whom}, sends: [{_DATA}], payload: prompts"
            page.add(f"  ask-{key}: {{{what}}}", one.span, todo)


def _flows(page: DraftPage, group: Project, trackers: Mapping[str, Evidence], members: Sequence[DraftMember]) -> None:
    """Metrics go from the server where a job of NVFLARE says so, and from wherever code runs that names a tracker."""
    if trackers:
        page.add("flows:")
    coded = {fact.evidence for fact in group.facts if fact.framework == "python"}
    for name, one in trackers.items():
        role = "client" if one in coded else "server"
        places = inline_list([member.id for member in members if member.role == role])
        flow = f"  track-{name}: {{from: {places}, to: {name}, payload: metrics}}"
        page.add(flow, one.span, "which nodes run this, and what they send")


def _transport(page: DraftPage, said: Sequence[Evidence]) -> None:
    stated = [one for one in said if one.attribute == "transport" and one.value and one.kind != CHANNEL]
    values = {one.value for one in stated}
    if len(values) == 1:
        page.add(f"transport: {stated[0].value}", stated[0].span)
    elif values:
        weakest = next(one for word in ("none", "tls", "mtls") for one in stated if one.value == word)
        page.add(f"transport: {weakest.value}", weakest.span, f"files say {' and '.join(sorted(map(str, values)))}")

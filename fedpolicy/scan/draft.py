"""
Evidence -> a draft of a deployment: ordinary YAML, with the place that each line comes from.

What nobody says is left out or `unknown`, never none: code may add safeguards that no configuration shows. A node that
nobody is named for has a party of its own, so that what two of them learn of each other is not hidden. Of two things
that contradict each other, the weaker is written and the other is noted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import field

from fedpolicy.findings import Span
from fedpolicy.records import dataclass
from fedpolicy.scan.evidence import NONE, Evidence
from fedpolicy.scan.groups import Group, nearness
from fedpolicy.scan.safeguards import Safeguards, flower_safeguards, job_safeguards

__all__ = ["Draft", "draft_of"]

_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_.-]+")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./@-]*")
_RESERVED = frozenset({"public", "unknown", "participants", "own"})
_KINDS = {"server": "aggregator", "client": "client", "relay": "relay"}
_WORKFLOWS = {
    "ScatterAndGather": "",
    "FedAvg": "",
    "SwarmClientController": "peer_to_peer",
    "CyclicController": "rotating",
}
_DATA = "site-data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The text, the place behind each of its lines, and what has to be said by people."""

    name: str
    file: str
    text: str
    sources: dict[int, Span]
    start: Span


@dataclass(slots=True, kw_only=True)
class _Page:
    """Lines of YAML as they are written, each with where it comes from."""

    start: Span
    lines: list[str] = field(default_factory=list)
    sources: dict[int, Span] = field(default_factory=dict)

    def add(self, text: str, span: Span | None = None, todo: str = "") -> None:
        origin = f"{span.file}:{span.line}" if span else ""
        comment = "; ".join(part for part in (f"TODO: {todo}" if todo else "", origin) if part)
        self.lines.append(f"{text}  # {comment}" if comment else text)
        self.sources[len(self.lines)] = span or self.start


@dataclass(slots=True, kw_only=True)
class _Member:
    """One node."""

    id: str
    role: str
    party: str
    span: Span
    party_known: bool


def draft_of(group: Group) -> Draft:
    """Write down what the facts of one deployment say."""
    said = [fact.evidence for fact in group.facts]
    start = next(fact.evidence.span for fact in group.facts if fact.file == group.file)
    page = _Page(start=start)
    name = _id(group.file.rpartition(".")[0].replace("/", "-"))
    members = _members(said, start)
    page.add("fedpolicy: 1")
    page.add(f"name: {name}", todo="a name that people know")
    calls = _callees(said)
    _parties(page, members, said, calls)
    _nodes(page, members)
    clients = [one.id for one in members if one.role == "client"]
    page.add("datasets:")
    page.add(f"  {_DATA}: {{at: {_list(clients)}, categories: unknown}}", start, "which data each site has")
    models = _models(page, said, calls)
    _tasks(page, group, members, models)
    _calls(page, calls, clients)
    _transport(page, said)
    text = "\n".join(page.lines) + "\n"
    return Draft(name=name, file=group.file, text=text, sources=page.sources, start=start)


def _members(said: Sequence[Evidence], start: Span) -> list[_Member]:
    parties = {one.name: one.value for one in said if one.kind == "node" and one.attribute == "party" and one.value}
    found: dict[str, _Member] = {}
    for one in said:
        if one.kind == "node" and one.attribute == "role" and one.value in _KINDS and one.name not in found:
            named = parties.get(one.name)
            party = _id(named) if named else _id(f"{one.name}-operator" if one.value == "server" else one.name)
            found[one.name] = _Member(
                id=_id(one.name), role=one.value, party=party, span=one.span, party_known=named is not None
            )
    members = list(found.values())
    roles = {member.role for member in members}
    if "client" not in roles:
        members += [
            _Member(id=f"site-{n}", role="client", party=f"site-{n}", span=start, party_known=False) for n in (1, 2)
        ]
    if "server" not in roles:
        members.append(_Member(id="server", role="server", party="coordinator", span=start, party_known=False))
    return members


def _parties(page: _Page, members: Sequence[_Member], said: Sequence[Evidence], calls: dict[str, Evidence]) -> None:
    page.add("parties:")
    roles: dict[str, set[str]] = {}
    for one in members:
        roles.setdefault(one.party, set()).add("participant" if one.role == "client" else "coordinator")
    places = {one.party: one.span for one in reversed(members)}
    stated = {_id(one.value): one.span for one in said if one.attribute == "party" and one.kind == "node" and one.value}
    known = {one.party for one in members if one.party_known}
    for party, does in roles.items():
        todo = "its jurisdiction" if party in known else "who this is, and its jurisdiction"
        page.add(f"  {party}: {{role: {_list(sorted(does))}}}", stated.get(party, places[party]), todo)
    for name, call in calls.items():
        if name != "unknown":
            page.add(f"  {name}: {{role: provider}}", call.span)


def _nodes(page: _Page, members: Sequence[_Member]) -> None:
    page.add("nodes:")
    for one in members:
        page.add(f"  {one.id}: {{kind: {_KINDS[one.role]}, party: {one.party}}}", one.span)


def _models(page: _Page, said: Sequence[Evidence], calls: dict[str, Evidence]) -> dict[str, str]:
    """The models that are named: what is trained, and what is called; by what they are for."""
    base = next((one for one in said if one.subject == "model" and one.attribute == "base" and one.value), None)
    found: dict[str, str] = {}
    lines: list[tuple[str, Span]] = []
    if base:
        found["base"] = "base"
        hub = re.fullmatch(r"[\w.-]+/[\w.-]+", base.value or "")
        lines.append(
            (f"  base: {{ref: {_text(base.value or '')}}}" if hub else "  base: {weights: unknown}", base.span)
        )
    for name in calls:
        asked = next(
            (one for one in said if one.subject == f"call:{name}" and one.attribute == "model" and one.value), None
        )
        if asked and name != "unknown":
            found[name] = f"{name}-model"
            lines.append((f"  {name}-model: {{ref: {_text(f'{name}/{asked.value}')}, via: [{name}]}}", asked.span))
    if lines:
        page.add("models:")
    for text, span in lines:
        page.add(text, span)
    return found


def _tasks(page: _Page, group: Group, members: Sequence[_Member], models: dict[str, str]) -> None:
    clients = [one.id for one in members if one.role == "client"]
    server = next(one.id for one in members if one.role == "server")
    jobs = _jobs(group)
    if jobs:
        page.add("tasks:")
    for name, said in jobs.items():
        place = _first(said, ("job", "app"), ("workflow", "recipe", "serverapp", "deploy")) or said[0]
        page.add(f"  {name}:", place.span)
        _method(page, said, models)
        page.add(f"    data: [{_DATA}]", place.span)
        page.add(f"    runs_on: {_list(_sites(said, clients))}", place.span)
        page.add(f"    aggregator: {server}", place.span)
        for attribute, key in (
            ("rounds", "rounds"),
            ("min_clients", "min_clients"),
            ("sampled_clients", "clients_per_round"),
        ):
            found = _first(said, ("job", "app", "safeguard"), (attribute,))
            if found and (found.value or "").isdigit() and found.value != "0":
                page.add(f"    {key}: {found.value}", found.span)
        everything = [fact.evidence for fact in group.facts]
        rules = flower_safeguards(said) if group.framework == "flower" else job_safeguards(said, everything, clients)
        _safeguards(page, rules, place.span)


def _method(page: _Page, said: Sequence[Evidence], models: dict[str, str]) -> None:
    tuning = _first(said, ("model",), ("tuning",)) or next((one for one in said if one.value == "adapters"), None)
    found = _first(said, ("job", "app"), ("workflow", "recipe", "strategy", "serverapp", "deploy")) or said[0]
    short = (found.value or "").removesuffix("Recipe")
    if tuning:
        page.add("    method: lora", tuning.span)
    elif short in _WORKFLOWS or found.attribute in ("strategy", "recipe"):
        page.add("    method: fedavg", found.span)
    else:
        page.add("    method: unknown", found.span, "how it trains, such as fedavg or lora")
    if topology := _WORKFLOWS.get(short):
        page.add(f"    topology: {topology}", found.span)
    if "base" in models:
        page.add("    model: base", found.span)


def _safeguards(page: _Page, found: Safeguards, span: Span) -> None:
    if not found.entries:
        page.add("    safeguards: unknown", found.doubt or span, found.why)
        return
    page.add("    safeguards:", span)
    for text, place in found.entries:
        page.add(f"      - {{{text}}}", place)
    page.add("      - {kind: unknown}", found.doubt or span, found.why)


def _jobs(group: Group) -> dict[str, list[Evidence]]:
    """Facts of each job: those below the folder of its meta file, or those of one app."""
    if group.framework == "flower":
        said = [fact.evidence for fact in group.facts]
        return {"train": said} if any(one.kind in ("app", "node") for one in said) else {}
    named = ("job", "task", "model", "tracker")
    said = [fact.evidence for fact in group.facts if fact.importer == "nvflare_jobs" and fact.evidence.kind in named]
    roots = sorted(
        {_root(one.span.file) for one in said if one.attribute in ("deploy", "workflow", "recipe", "scope")}, key=len
    )
    tops = [one for one in roots if not any(other != one and one.startswith(f"{other}/") for other in roots)]
    found: dict[str, list[Evidence]] = {}
    for one in said:
        top = max(tops, key=lambda root: (nearness(one.span.file, f"{root}/x"), root), default="")
        found.setdefault(_id(top.rpartition("/")[2] or "train"), []).append(one)
    code = [fact.evidence for fact in group.facts if fact.importer == "python"]
    return {name: [*facts, *code] for name, facts in found.items()}


def _root(file: str) -> str:
    folder, _, name = file.rpartition("/")
    if name.startswith("config_fed_"):
        folder = folder.removesuffix("/config")
        return folder.rpartition("/")[0] or folder
    return folder


def _sites(said: Sequence[Evidence], clients: Sequence[str]) -> list[str]:
    deployed = {(one.value or "").partition(":")[2] for one in said if one.attribute == "deploy"}
    chosen = [one for one in clients if one in {_id(name) for name in deployed if name}]
    return list(clients) if "@ALL" in deployed or not chosen else chosen


def _callees(said: Iterable[Evidence]) -> dict[str, Evidence]:
    """Who is asked by calls that are made, each with the first place."""
    found: dict[str, Evidence] = {}
    for one in said:
        if one.kind == "call" and one.attribute in ("made", "from") and one.value not in (None, NONE):
            found.setdefault(one.name, one)
    return found


def _calls(page: _Page, calls: dict[str, Evidence], clients: Sequence[str]) -> None:
    known = {name: one for name, one in calls.items() if name != "unknown"}
    if not known:
        return
    page.add("api_calls:")
    for name, one in known.items():
        whom = f"provider: {name}"
        todo = "which nodes run this code, and what of whose data it sends"
        page.add(
            f"  ask-{name}: {{from: {_list(clients)}, {whom}, sends: [{_DATA}], payload: prompts}}", one.span, todo
        )


def _transport(page: _Page, said: Sequence[Evidence]) -> None:
    stated = [one for one in said if one.attribute == "transport" and one.value]
    values = {one.value for one in stated}
    if len(values) == 1:
        page.add(f"transport: {stated[0].value}", stated[0].span)
    elif values:
        weakest = next(one for word in ("none", "tls", "mtls") for one in stated if one.value == word)
        page.add(f"transport: {weakest.value}", weakest.span, f"files say {' and '.join(sorted(map(str, values)))}")


def _first(said: Iterable[Evidence], kinds: Sequence[str], attributes: Sequence[str]) -> Evidence | None:
    facts = [one for one in said if one.kind in kinds and one.value]
    return next((one for attribute in attributes for one in facts if one.attribute == attribute), None)


def _id(text: str) -> str:
    found = _NOT_IN_IDS.sub("-", text).strip("-.") or "x"
    return f"{found}-1" if found in _RESERVED else found


def _list(names: Sequence[str]) -> str:
    return f"[{', '.join(names)}]"


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

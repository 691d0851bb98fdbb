"""Both sides -> the differences between them, element by element, and one question on what no file shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fedpolicy.catalog import Catalog
from fedpolicy.findings import Severity, Verdict
from fedpolicy.graph import Vertex
from fedpolicy.language.model.flow import Task
from fedpolicy.scan import NONE, count
from fedpolicy.scan.drift import Drift
from fedpolicy.scan.drift.outside import calls, egress, regions, trackers
from fedpolicy.scan.drift.protection import loose_protection, protection
from fedpolicy.scan.drift.sides import DeclaredSide, FoundSide, NodePairs, alike, paired
from fedpolicy.scan.members import ROLES

_STRENGTH = ("none", "tls", "mtls")
_NUMBERS = {"rounds": "rounds", "min_clients": "min_clients", "clients_per_round": "sampled_clients"}  # as files say
_ADAPTERS = ("adapter_update", "adapter_weights")  # what methods send that train a part only
_MOST = 6  # that one question names


def differences(declared: DeclaredSide, found: FoundSide, catalog: Catalog) -> list[Drift]:
    """All that differs, in the order of the sections of a declaration."""
    told: list[Drift] = []
    pair = paired_nodes(declared, found)
    if found.deployment is not None:
        told += _nodes(declared, found, pair)
        told += _transport(declared, found)
        told += _tasks(declared, found, catalog)
    elif found.draft is None:
        told += [*_loose(declared, found), *loose_protection(declared, found)]
    told += regions(declared, found, pair, catalog)
    told += [*calls(declared, found, catalog), *trackers(declared, found, catalog), *egress(declared, found)]
    return [*told, *_unshown(declared, found, pair, _same_tasks(declared, found)[0], catalog)]


def paired_nodes(declared: DeclaredSide, found: FoundSide) -> NodePairs:
    """The nodes of both sides. Those that no file lists are nobody's: only how many there are is known of them."""
    listed = [one for one in (found.draft.members if found.draft else ()) if one.listed]
    kinds = {ROLES[one.role] for one in listed}
    return paired([one for one in declared.nodes if one.node_kind in kinds], listed, declared.parties)


def _nodes(declared: DeclaredSide, found: FoundSide, pair: NodePairs) -> Iterator[Drift]:
    for one in pair.found:
        whose = f" of {one.party}" if one.party_known else ""
        message = f"{one.name}{whose} takes part as {one.role}, but is not declared"
        yield declared.drift("node-not-declared", f"nodes.{one.id}", message, "nodes", found=one.span)
    for place in _missing(found, pair):
        message = f"{place.name} is declared, but is not among those who take part"
        yield declared.drift("node-not-found", place.id, message, *place.path)
    for place, one in pair.same:
        names = declared.parties(place)
        if one.party_known and names and not any(alike(one.party, name) for name in names):
            message = f"{one.name} is run by {one.party}, but {declared.party(place)} is declared to run it"
            yield declared.drift("party-differs", place.id, message, *place.path, found=one.span)
        yield from _enclave(declared, found, place.path, one.id)


def _missing(found: FoundSide, pair: NodePairs) -> list[Vertex]:
    """Declared nodes that do not take part; a client may be one of those that no file lists."""
    members = found.draft.members if found.draft else ()
    listed = all(one.listed for one in members if one.role == "client")
    return [one for one in pair.declared if listed or one.node_kind != "client"]


def _enclave(declared: DeclaredSide, found: FoundSide, path: tuple[str | int, ...], node: str) -> Iterator[Drift]:
    said = declared.deployment.nodes[str(path[1])].tee
    runs = found.deployment.nodes[node].tee if found.deployment else None
    if said is None or runs is None:
        return
    claims = [("attested", "false")] if said.attested and not runs.attested else []
    claims += [("kind", runs.kind)] if said.kind != runs.kind else []
    for key, value in claims:
        shown = str(getattr(said, key)).lower()
        message = f"the enclave of {node} is configured with `{key}: {value}`, but {shown} is declared"
        at = found.at("nodes", node, "tee")
        yield declared.drift("enclave-differs", f"nodes.{path[1]}", message, *path, "tee", key, found=at, what=key)


def _transport(declared: DeclaredSide, found: FoundSide) -> Iterator[Drift]:
    said = declared.deployment.transport
    runs = found.deployment.transport if found.deployment else None
    if said is None or runs is None or said == runs:
        return
    weaker = _STRENGTH.index(runs) < _STRENGTH.index(said)
    message = f"connections are configured with `transport: {runs}`, but {said} is declared"
    yield Drift(
        rule="transport-differs",
        element="deployment.transport",
        message=message,
        found=found.at("transport"),
        declared=declared.at("transport"),
        severity=None if weaker else Severity.LOW,
    )


def _same_tasks(declared: DeclaredSide, found: FoundSide) -> tuple[list[tuple[str, str]], list[str], list[str]]:
    """Tasks and jobs that are the same, by their names or as the only two that are left; and those without another."""
    runs = found.deployment.tasks if found.deployment else {}
    jobs = [name for name, task in declared.deployment.tasks.items() if _is_job(declared, name, task)]
    same = [(one, other) for one in jobs for other in runs if alike(one, other)]
    ours = [one for one in jobs if one not in {pair[0] for pair in same}]
    theirs = [one for one in runs if one not in {pair[1] for pair in same}]
    if len(ours) == len(theirs) == 1:
        return [*same, (ours[0], theirs[0])], [], []
    return same, ours, theirs


def _tasks(declared: DeclaredSide, found: FoundSide, catalog: Catalog) -> Iterator[Drift]:
    same, ours, theirs = _same_tasks(declared, found)
    for one in theirs:
        message = f"the job {one} runs, but no task is declared for it"
        yield declared.drift("task-not-declared", f"tasks.{one}", message, "tasks", found=found.at("tasks", one))
    for one in ours if found.deployment and found.deployment.tasks else ():
        message = f"the task {one} is declared, but no job in these files matches it"
        yield declared.drift("task-not-found", f"tasks.{one}", message, "tasks", one)
    for one, other in same:
        yield from _task(declared, found, one, other, catalog)
        yield from protection(declared, found, one, other)


def _loose(declared: DeclaredSide, found: FoundSide) -> Iterator[Drift]:
    """What is configured, and no file says of which task: numbers, where one task alone is trained, and the rest."""
    tasks = declared.deployment.tasks
    jobs = [name for name, task in tasks.items() if _is_job(declared, name, task)]
    for key, attribute in _NUMBERS.items() if len(jobs) == 1 else ():
        ours = getattr(tasks[jobs[0]], key)
        facts = [one for one in found.stating(attribute, "app") if count(one.value)]
        if ours is not None and facts and {count(one.value) for one in facts}.isdisjoint({ours}):
            message = f"training is configured with `{key}: {facts[0].value}`, but {ours} is declared"
            path = ("tasks", jobs[0], key)
            yield declared.drift("number-differs", f"tasks.{jobs[0]}", message, *path, found=facts[0].span, what=key)
    yield from _open(declared, found)
    yield from _approval(declared, found)


def _open(declared: DeclaredSide, found: FoundSide) -> Iterator[Drift]:
    """Connections of which all are open that files show."""
    said, stated = declared.deployment.transport, found.stating("transport")
    if said in _STRENGTH[1:] and stated and {one.value for one in stated} == {NONE}:
        message = f"connections are configured with `transport: none`, but {said} is declared"
        place = "deployment.transport"
        yield declared.drift("transport-differs", place, message, "transport", found=stated[0].span)


def _approval(declared: DeclaredSide, found: FoundSide) -> Iterator[Drift]:
    """Who decides which tasks run at a site."""
    anything = next((one for one in found.stating("algorithms", "site") if one.value == "any"), None)
    if declared.deployment.governance.task_approval == "participants" and anything:
        message = "participants are declared to approve each task, but a node runs any algorithm that it is sent"
        path = ("governance", "task_approval")
        yield declared.drift("safeguard-differs", ".".join(path), message, *path, found=anything.span)


def _is_job(declared: DeclaredSide, name: str, task: Task) -> bool:
    """Whether a framework runs it: contributions travel, or are drawn up to."""
    return bool(task.aggregator) or f"tasks.{name}" in declared.study.lookup.uplinks


def _task(declared: DeclaredSide, found: FoundSide, one: str, other: str, catalog: Catalog) -> Iterator[Drift]:
    said = declared.deployment.tasks[one]
    runs = found.deployment.tasks[other] if found.deployment else said
    for key in _NUMBERS:
        ours, theirs = getattr(said, key), getattr(runs, key)
        if ours is not None and theirs is not None and ours != theirs:
            yield _differs("number-differs", declared, found, one, other, key, f"{key}: {theirs}", str(ours))
    method, wanted = catalog.methods.get(runs.method), catalog.methods.get(said.method)
    if method and wanted and method.up in _ADAPTERS and wanted.up not in _ADAPTERS:
        yield _differs("method-differs", declared, found, one, other, "method", f"method: {runs.method}", said.method)
    if runs.topology and runs.topology != (said.topology or (wanted.topology if wanted else None)):
        shown = said.topology or "a star"
        yield _differs("method-differs", declared, found, one, other, "topology", f"topology: {runs.topology}", shown)
    yield from _base(declared, found, one, other)


def _base(declared: DeclaredSide, found: FoundSide, one: str, other: str) -> Iterator[Drift]:
    ours = declared.deployment.tasks[one].model
    theirs = found.deployment.tasks[other].model if found.deployment else None
    if not ours or not theirs or found.deployment is None:
        return
    said, runs = declared.deployment.models[ours].ref, found.deployment.models[theirs].ref
    if said and runs and said.lower() != runs.lower():
        message, at = f"{runs} is trained, but {said} is declared", found.at("models", theirs)
        yield declared.drift("model-differs", f"models.{ours}", message, "models", ours, "ref", found=at)


def _differs(
    rule: str, declared: DeclaredSide, found: FoundSide, one: str, other: str, key: str, runs: str, said: str
) -> Drift:
    message = f"the job {other} is configured with `{runs}`, but {said} is declared"
    return declared.drift(
        rule, f"tasks.{one}", message, "tasks", one, key, found=found.at("tasks", other, key), what=key
    )


def _unshown(
    declared: DeclaredSide, found: FoundSide, pair: NodePairs, same: Sequence[tuple[str, str]], catalog: Catalog
) -> Iterator[Drift]:
    """One question that names all of it. Where files contradict each other, that is told, and not this."""
    if found.errors:
        return
    words = list(_around(declared, found, pair))
    words += [word for one, other in same for word in _of_task(declared, found, one, other, catalog)]
    if words:
        rest = f", and {len(words) - _MOST} more" if words[_MOST:] else ""
        message = f"these files neither show nor contradict {', '.join(words[:_MOST])}{rest}"
        yield unshown(declared, found, message)


def unshown(declared: DeclaredSide, found: FoundSide, message: str) -> Drift:
    """What files leave open."""
    start = found.draft.start if found.draft else None
    element = "deployment.files"
    return declared.drift("what-no-file-shows", element, message, "name", found=start, verdict=Verdict.UNKNOWN)


def _around(declared: DeclaredSide, found: FoundSide, pair: NodePairs) -> Iterator[str]:
    said, runs = declared.deployment, found.deployment
    if _unlisted(declared, found):
        yield "who takes part"
    if said.transport and (runs is None or runs.transport is None) and not (runs is None and _connects(found)):
        yield "the transport"
    if said.tasks and (runs is None or not runs.tasks):
        yield "the tasks"
    for place, member in pair.same:
        if said.nodes[str(place.path[1])].tee and runs and not runs.nodes[member.id].tee:
            yield f"the enclave of {place.name}"


def _connects(found: FoundSide) -> bool:
    return any(one.value for one in found.stating("transport"))


def _unlisted(declared: DeclaredSide, found: FoundSide) -> bool:
    """Whether no file lists all clients, and the declared ones are not those that a draft lists and assumes."""
    members = [one for one in (found.draft.members if found.draft else ()) if one.role == "client"]
    clients = [one for one in declared.nodes if one.node_kind == "client"]
    assumed = {one.id for one in members}
    known = bool(members) and all(one.listed for one in members)
    return not known and any(one.name not in assumed for one in clients)


def _of_task(declared: DeclaredSide, found: FoundSide, one: str, other: str, catalog: Catalog) -> Iterator[str]:
    if found.deployment is None:
        return
    said, runs = declared.deployment.tasks[one], found.deployment.tasks[other]
    wanted, method = catalog.methods.get(said.method), catalog.methods.get(runs.method)
    if wanted and (method is None or (wanted.up in _ADAPTERS and method.up not in _ADAPTERS)):
        yield f"the method of {one}"
    for key in _NUMBERS:
        if getattr(said, key) is not None and getattr(runs, key) is None:
            yield f"{key} of {one}"
    if said.model and declared.deployment.models[said.model].ref and not runs.model:
        yield f"the base model of {one}"

"""Who exchanges with whom as tasks and flows say it, and what of that would draw nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fedpolicy.language.reading.mistakes import Contradiction, clients_of, contradiction
from fedpolicy.language.reading.raw import Names, Tree, blind, ids_of, maps, text, tree_levels
from fedpolicy.language.reading.spans import Path
from fedpolicy.suggest import listed
from fedpolicy.topologies import KEYS, TOPOLOGIES, left_out, possible

if TYPE_CHECKING:
    from fedpolicy.catalog.rows import MethodRow


def check_payloads(names: Names) -> Iterator[Contradiction]:
    """What is called reads what it is sent, and what it is sent is data."""
    for path, call in names.entries("api_calls"):
        payload = text(call, "payload")
        row = names.catalog.payloads.get(payload) if payload else None
        if row is None or row.carries == "all":
            continue
        advice = "write what is sent, such as prompts, records or embeddings"
        if row.carries == "sealed":
            message = f"the party that is called has to read what is sent, and {payload} cannot be read"
            advice += "; what only passes is a flow with `sealed_for`"
        else:
            message = f"`sends` names datasets, and {payload} carries none of them"
        yield contradiction((*path, "payload"), message, advice)


def check_closed_weights(names: Names) -> Iterator[Contradiction]:
    """Copies of a model that its maker gives to nobody."""
    for path, model in names.entries("models"):
        ref = text(model, "ref")
        found = names.catalog.model(ref) if ref else None
        if "weights" in model or found is None or found.weights != "closed":
            continue
        message = f"{ref} is closed: {found.provider or 'its provider'} runs it, and nobody else holds it"
        if "weights_at" in model:
            advice = "remove `weights_at`, or write `weights: closed` beside it if an agreement gives you the weights"
            yield contradiction((*path, "weights_at"), message, advice, key=True, rests_on=[(*path, "ref")])
        if (flow := names.sent.get(str(path[1]))) is not None:
            advice = f"remove the flow, or write `weights: closed` at `{path[1]}` if an agreement gives you the weights"
            yield contradiction((*flow, "data"), message, advice, rests_on=[(*path, "ref"), (*flow, "payload")])


def check_ways(names: Names) -> Iterator[Contradiction]:
    """A way to a model that nobody takes, since all who use it have it."""
    users: dict[str, set[str]] = {}
    for section, where in (("tasks", "runs_on"), ("api_calls", "from")):
        for _, entry in names.entries(section):
            for key in ("model", "evaluates"):
                users.setdefault(text(entry, key) or "", set()).update(ids_of(entry, where))
    hosted = _hosted(names)
    for path, model in names.entries("models"):
        if path[1] in hosted:
            continue
        at, using = (
            names.places(sorted(found)) for found in (ids_of(model, "weights_at"), users.get(str(path[1]), set()))
        )
        for key in ("via", "transport") if at and using and using <= at else ():
            if key in model:
                message = f"all who use it have its weights (`weights_at`): nobody calls it, and `{key}` is of no use"
                advice = f"keep one of the two: `weights_at` where it runs on the spot, `{key}` where it is called"
                rests = [(*path, "weights_at"), ("tasks",), ("api_calls",)]
                yield contradiction((*path, key), message, advice, key=True, rests_on=rests)


def _hosted(names: Names) -> set[str | None]:
    """The models that somebody else trains, whoever has their weights."""
    methods = names.catalog.methods
    tasks = (task for _, task in names.entries("tasks"))
    return {text(task, "model") for task in tasks if (row := methods.get(text(task, "method") or "")) and row.hosted}


def check_emulators(names: Names) -> Iterator[Contradiction]:
    """An emulator of itself, or of an emulator of it."""
    stands = {str(path[1]): name for path, model in names.entries("models") if (name := text(model, "emulates"))}
    for first in sorted(stands):
        way = [first]
        while (following := stands.get(way[-1])) is not None and following not in way:
            way.append(following)
        if following == first == min(way):
            message = f"it stands for itself: {' -> '.join([*way, first])}"
            advice = "name the model from which the emulator was made"
            yield contradiction(("models", first, "emulates"), message, advice)


def check_without_updates(names: Names) -> Iterator[Contradiction]:
    """Keys of an exchange in tasks that exchange nothing."""
    for path, task in names.entries("tasks"):
        method = names.catalog.methods.get(name := text(task, "method") or "")
        if method is None or blind(task):
            continue
        topology = TOPOLOGIES.get(said := text(task, "topology") or "")
        way = said or _default(task, method)
        alone = way in TOPOLOGIES and TOPOLOGIES[way].exchanges == "nothing" and not _nobody_knows(task)
        rests = [(*path, "method"), (*path, "topology")]
        if not method.up and topology is not None and topology.exchanges == "updates":
            message = f"`topology: {text(task, 'topology')}` says who exchanges updates, and {name} sends none"
            yield contradiction(
                (*path, "topology"), message, "remove it; write a flow for what is sent on", rests_on=rests
            )
        elif not method.up or alone:
            silent = f"`topology: {said}` exchanges nothing" if said else f"{name} without `aggregator` stays in place"
            why = silent if method.up else f"{name} sends no updates"
            yield from _unmet(path, task, why, rests, ("aggregator", "via", "hops") if not method.up else ("via",))


def check_local_transport(names: Names) -> Iterator[Contradiction]:
    """A connection of a task that has none."""
    for path, task in names.entries("tasks"):
        method = names.catalog.methods.get(text(task, "method") or "")
        if "transport" in task and method is not None and not _connects(names, task, method):
            message = "nothing travels: it runs where its data and its model are"
            rests = [(*path, key) for key in ("method", "topology", "runs_on", "data", "model", "evaluates")]
            advice = "remove it, or say it of what does travel"
            yield contradiction((*path, "transport"), message, advice, key=True, rests_on=rests)


def _connects(names: Names, task: Tree, method: MethodRow) -> bool:
    """Whether anything may leave a place where a task runs, or come to it."""
    topology = TOPOLOGIES.get(text(task, "topology") or method.topology or "")
    quiet = topology is not None and topology.exchanges == "nothing" and not _nobody_knows(task)
    alone = quiet and not ("aggregator" in task or "hops" in task)
    here = names.places(sorted(ids_of(task, "runs_on")))
    if method.hosted or not alone or here is None or blind(task):
        return True
    asked = [names.entry("models", name) for key in ("model", "evaluates") if (name := text(task, key))]
    data = [names.entry("datasets", name.partition("@")[0]) for name in ids_of(task, "data")]
    needed = [names.places(sorted(ids_of(one, "at"))) for one in data]
    held = [names.places(sorted(ids_of(one, "weights_at"))) for one in asked]
    return any(at is None or not at <= here for at in needed) or any(at is None or not here <= at for at in held)


def _unmet(path: Path, task: Tree, why: str, rests: list[Path], keys: tuple[str, ...]) -> Iterator[Contradiction]:
    for key in keys:
        if ids_of(task, key) or (key == "hops" and task.get(key)):
            message = f"nothing passes `{key}`: {why}"
            yield contradiction(
                (*path, key), message, "remove it; write a flow for what is sent on", key=True, rests_on=rests
            )


def check_topology(names: Names) -> Iterator[Contradiction]:
    """Keys that a topology needs or has no use for."""
    for path, task in names.entries("tasks"):
        method = names.catalog.methods.get(text(task, "method") or "")
        topology = text(task, "topology") or _likely(task, method)
        yield from _superfluous(path, task, topology)
        yield from _hops(path, task, topology)
        if topology == "tree":
            yield from _met_twice(names, path, task)
            yield from _routes(names, path, task)
        row = TOPOLOGIES.get(topology)
        if row and "top_model_at" in row.keys:
            yield from _top(names, path, task, topology)
        elif row and row.aggregator == "one":
            yield from _aggregator(names, path, task, method)


def _default(task: Tree, method: MethodRow | None) -> str:
    if method is None:
        return ""
    hops, aggregator = bool(task.get("hops")), "aggregator" in task
    return left_out(method.topology, method.up, hops=hops, aggregator=aggregator, blind=bool(blind(task)))


def _nobody_knows(task: Tree) -> bool:
    return task["topology"] is None if "topology" in task else text(task, "method") == "unknown"


def _likely(task: Tree, method: MethodRow | None) -> str:
    """The default, or what else fits the keys of a task of which nobody knows the topology."""
    default = _default(task, method)
    if not _nobody_knows(task):
        return default
    found = possible([key for key in ("aggregator", "via", *KEYS) if task.get(key)])
    return default if default in found or not found else found[-1]


def _rests(path: Path) -> list[Path]:
    return [(*path, "topology"), (*path, "method")]


def _superfluous(path: Path, task: Tree, topology: str) -> Iterator[Contradiction]:
    row = TOPOLOGIES.get(topology)
    if row and row.aggregator == "none" and "topology" in task and "aggregator" in task:
        message = f"`topology: {topology}` has no aggregator: {row.about}"
        yield contradiction((*path, "aggregator"), message, "remove `aggregator`", key=True, rests_on=_rests(path))
    for key in ("labels_at", "top_model_at"):
        if key in task and topology and not (row and key in row.keys):
            owners = [name for name, known in TOPOLOGIES.items() if key in known.keys]
            message = f"`{key}` belongs to {' and '.join(owners)} training, and this is `{topology}`"
            advice = f"remove it, or write {' or '.join(f'`topology: {name}`' for name in owners)}"
            yield contradiction((*path, key), message, advice, key=True, rests_on=_rests(path))


def _hops(path: Path, task: Tree, topology: str) -> Iterator[Contradiction]:
    if task.get("hops") and topology != "tree":
        message = f"`hops` are the levels of a tree, and this is `{topology}`"
        advice = "write `topology: tree`, or `via` for relays that add nothing up"
        yield contradiction((*path, "hops"), message, advice, key=True, rests_on=_rests(path))
    if task.get("hops", ()) == () and topology == "tree":
        message, advice = "a tree without `hops`", "list its levels in `hops`, the clients' first, or write `star`"
        yield contradiction((*path, "topology"), message, advice, rests_on=[(*path, "hops")])


def _levels(path: Path, task: Tree) -> list[tuple[Path, list[str]]]:
    """The levels of a tree from the clients' side up: where each is written, and its nodes."""
    levels = [((*path, "runs_on"), ids_of(task, "runs_on"))]
    levels += [((*path, "hops", place), ids_of(hop, "at")) for place, hop in tree_levels(task)]
    aggregators = ids_of(task, "aggregator")
    if aggregators and (len(levels) == 1 or set(aggregators) != set(levels[-1][1])):
        levels.append(((*path, "aggregator"), aggregators))
    return levels


def _met_twice(names: Names, path: Path, task: Tree) -> Iterator[Contradiction]:
    """Places where a tree comes back to: sums would go round in it, and into themselves."""
    met: dict[str, Path] = {}
    for here, references in _levels(path, task):
        places = names.places(references) or frozenset()
        again = min(places & met.keys(), default=None)
        if again is not None:
            message = f"the tree comes back to `{again}`, where it has been already"
            advice = "name other nodes at each level, from the clients' side up to the top"
            yield contradiction(here, message, advice, rests_on=[met[again], ("nodes", again.partition("@")[0])])
            return
        met |= dict.fromkeys(places, here)


def _routes(names: Names, path: Path, task: Tree) -> Iterator[Contradiction]:
    """Routes that begin or end on another level, and nodes of a level that none leads from or to."""
    below = ids_of(task, "runs_on")
    for place, hop in tree_levels(task):
        for key, known in (("from", below), ("to", ids_of(hop, "at"))) if hop.get("routes") else ():
            yield from _astray(names, (*path, "hops", place, "routes"), hop, key, sorted(known))
        below = ids_of(hop, "at")


def _astray(names: Names, path: Path, hop: Tree, key: str, known: list[str]) -> Iterator[Contradiction]:
    level = left = names.places(known) or frozenset()
    for number, route in maps(hop, "routes") if level else ():
        found = names.places(sorted(ids_of(route, key)))
        if found is None:
            return
        left -= found
        if other := min(found - level, default=None):
            message = f"`{other}` is not on {'the level below' if key == 'from' else 'this level'}"
            yield contradiction((*path, number, key), message, f"name nodes of {listed(known)}")
    if left:
        message, advice = f"no route leads {key} `{min(left)}`", f"name it in `{key}` of a route, or on no level"
        yield contradiction(path, message, advice, rests_on=[(*path[:2], "runs_on"), (*path[:2], "hops")])


def _top(names: Names, path: Path, task: Tree, topology: str) -> Iterator[Contradiction]:
    if "top_model_at" in task or "aggregator" in task or len(names.aggregators) == 1:
        return
    message = f"`{topology}` training without a place for the top of the model"
    advice = "add `top_model_at`: the node that receives the activations"
    rests = [*_rests(path), (*path, "top_model_at"), (*path, "aggregator"), *_kinds(names)]
    yield contradiction((*path, "top_model_at"), message, advice, key=True, rests_on=rests)


def _aggregator(names: Names, path: Path, task: Tree, method: MethodRow | None) -> Iterator[Contradiction]:
    known = names.aggregators
    clients, rests = clients_of(names, path, "runs_on", ids_of(task, "runs_on"))
    if "aggregator" in task or len(known) == 1 or (clients or 1) == 1 or not _federated(names, task, method):
        return
    rests = (*rests, *_rests(path), (*path, "aggregator"), (*path, "model"), *_kinds(names))
    what = f"{clients} clients exchange updates"
    if not known and _nobody_knows(task):
        return  # then they exchange in a way that needs none
    if known:
        message = f"{what}, and it is not said which aggregator combines them"
        advice = f"add `aggregator`: {listed(known)}"
    else:
        message = f"{what}, and nobody is said to combine them"
        advice = "add `aggregator` and a node for it, or a `topology` without one: peer_to_peer, rotating, local"
    yield contradiction((*path, "aggregator"), message, advice, key=True, rests_on=rests)


def _kinds(names: Names) -> list[Path]:
    # A kind that is wrong could be the aggregator that seems to be missing.
    return [(*path, "kind") for path, _ in names.entries("nodes")]


def _federated(names: Names, task: Tree, method: MethodRow | None) -> bool:
    """Whether updates are exchanged at all; they are not where only a provider can train."""
    if method is None or not method.up or method.hosted:
        return False
    model = text(task, "model")
    if method.needs != "weights" or model is None:
        return True
    entry = names.entry("models", model)
    return "weights_at" in entry or model in names.produced or model in names.sent

"""Who exchanges with whom in a task: aggregators, hops, the top of a split model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fedpolicy.language.reading.checks.base import Contradiction, clients_of, contradiction
from fedpolicy.language.reading.names import Names
from fedpolicy.language.reading.spans import Path
from fedpolicy.language.reading.view import Tree, entries, hops, ids, text
from fedpolicy.suggest import listed
from fedpolicy.topologies import TOPOLOGIES

if TYPE_CHECKING:
    from fedpolicy.catalog.rows import MethodRow

__all__ = ["check_topology"]


def check_topology(names: Names) -> Iterator[Contradiction]:
    """Keys that a topology needs or has no use for."""
    for path, task in entries(names.root, "tasks"):
        method = names.catalog.methods.get(text(task, "method") or "")
        topology = text(task, "topology") or _default(task, method)
        yield from _superfluous(path, task, topology)
        yield from _hops(path, task, topology)
        if topology == "tree":
            yield from _met_twice(names, path, task)
        row = TOPOLOGIES.get(topology)
        if row and "top_model_at" in row.keys:
            yield from _top(names, path, task, topology)
        elif row and row.aggregator == "one":
            yield from _aggregator(names, path, task, method)


def _default(task: Tree, method: MethodRow | None) -> str:
    if task.get("hops"):
        return "tree"
    row = TOPOLOGIES.get(method.topology or "") if method else None
    if method and method.up and "aggregator" in task and row and row.exchanges != "activations":
        return "star"
    return (method.topology if method else None) or ("star" if method and method.up else "")


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


def _met_twice(names: Names, path: Path, task: Tree) -> Iterator[Contradiction]:
    """Places where a tree comes back to: sums would go round in it, and into themselves."""
    levels = [((*path, "runs_on"), _nodes(task, "runs_on"))]
    levels += [((*path, "hops", place), _nodes(hop, "at")) for place, hop in hops(task)]
    aggregators = _nodes(task, "aggregator")
    if aggregators and (len(levels) == 1 or set(aggregators) != set(levels[-1][1])):
        levels.append(((*path, "aggregator"), aggregators))
    met: dict[str, Path] = {}
    for here, references in levels:
        places = names.places(references) or frozenset()
        again = min(places & met.keys(), default=None)
        if again is not None:
            message = f"the tree comes back to `{again}`, where it has been already"
            advice = "name other nodes at each level, from the clients' side up to the top"
            yield contradiction(here, message, advice, rests_on=[met[again], ("nodes", again.partition("@")[0])])
            return
        met |= dict.fromkeys(places, here)


def _nodes(entry: Tree, key: str) -> list[str]:
    return [name for _, name in ids(entry, key)]


def _top(names: Names, path: Path, task: Tree, topology: str) -> Iterator[Contradiction]:
    if "top_model_at" in task or "aggregator" in task or len(names.aggregators) == 1:
        return
    message = f"`{topology}` training without a place for the top of the model"
    advice = "add `top_model_at`: the node that receives the activations"
    rests = [*_rests(path), (*path, "top_model_at"), (*path, "aggregator"), *_kinds(names)]
    yield contradiction((*path, "top_model_at"), message, advice, key=True, rests_on=rests)


def _aggregator(names: Names, path: Path, task: Tree, method: MethodRow | None) -> Iterator[Contradiction]:
    known = names.aggregators
    clients, rests = clients_of(names, path, "runs_on", [name for _, name in ids(task, "runs_on")])
    if "aggregator" in task or len(known) == 1 or (clients or 1) == 1 or not _federated(names, task, method):
        return
    rests = (*rests, *_rests(path), (*path, "aggregator"), (*path, "model"), *_kinds(names))
    what = f"{clients} clients exchange updates"
    if known:
        message = f"{what}, and it is not said which aggregator combines them"
        advice = f"add `aggregator`: {listed(known)}"
    else:
        message = f"{what}, and nobody is said to combine them"
        advice = "add `aggregator` and a node for it, or a `topology` without one: peer_to_peer, rotating, local"
    yield contradiction((*path, "aggregator"), message, advice, key=True, rests_on=rests)


def _kinds(names: Names) -> list[Path]:
    # A kind that is wrong could be the aggregator that seems to be missing.
    return [(*path, "kind") for path, _ in entries(names.root, "nodes")]


def _federated(names: Names, task: Tree, method: MethodRow | None) -> bool:
    """Whether updates are exchanged at all; they are not where only a provider can train."""
    if method is None or not method.up or method.hosted:
        return False
    model = text(task, "model")
    if method.needs != "weights" or model is None:
        return True
    entry = names.entry("models", model)
    return "weights_at" in entry or model in names.produced

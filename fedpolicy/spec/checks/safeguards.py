"""Safeguards that cannot work as they are written."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.spec.checks.base import Contradiction, clients_of, contradiction
from fedpolicy.spec.names import Names
from fedpolicy.spec.spans import Path
from fedpolicy.spec.view import Tree, entries, hops, ids, maps, number, readers, text

__all__ = ["check_noise", "check_readers"]


def check_noise(names: Names) -> Iterator[Contradiction]:
    """Differential privacy whose parameters contradict each other or its neighbours."""
    for path, entry in _guarded(names):
        kinds = {text(safeguard, "kind") for _, safeguard in maps(entry, "safeguards")}
        for place, safeguard in maps(entry, "safeguards"):
            if safeguard.get("kind") == "differential_privacy":
                yield from _noise((*path, "safeguards", place), safeguard, kinds)


def check_readers(names: Names) -> Iterator[Contradiction]:
    """Thresholds above the number of readers."""
    for path, entry in _guarded(names):
        for place, safeguard in maps(entry, "safeguards"):
            if safeguard.get("kind") == "secret_sharing":
                yield from _readers(names, (*path, "safeguards", place), safeguard)
        if path[0] == "flows":
            yield from _readers(names, (*path, "sealed_for"), readers(entry.get("sealed_for")))


def _guarded(names: Names) -> Iterator[tuple[Path, Tree]]:
    """Everything that has safeguards."""
    yield from entries(names.root, "flows")
    for path, task in entries(names.root, "tasks"):
        yield path, task
        for place, hop in hops(task):
            yield (*path, "hops", place), hop


def _noise(path: Path, safeguard: Tree, kinds: set[str | None]) -> Iterator[Contradiction]:
    if safeguard.get("where") == "distributed" and "secure_aggregation" not in kinds:
        message = "distributed noise adds up only under secure aggregation, and there is none beside it"
        advice = "add `{kind: secure_aggregation, min_clients: ...}`, or write `where: client`"
        yield contradiction((*path, "where"), message, advice, rests_on=[path[:-1]])
    rate = safeguard.get("sampling_rate")
    if safeguard.get("sampling") == "none" and isinstance(rate, (int, float)) and rate != 1:
        message = f"`sampling: none` uses everything each time, and `sampling_rate` is {rate}"
        advice = "write 1.0, or say how contributions are drawn: poisson or fixed"
        yield contradiction((*path, "sampling_rate"), message, advice, rests_on=[(*path, "sampling")])


def _readers(names: Names, path: Path, shared: Tree) -> Iterator[Contradiction]:
    threshold = number(shared, "threshold")
    if threshold is None:
        return
    named = [name for _, name in ids(shared, "of")]
    nodes = [name for name in named if names.has("node", name)]
    total, rests = clients_of(names, path, "of", nodes)
    if total is None:
        return
    found = total + len(named) - len(nodes)
    if threshold > found:
        message = f"`threshold` is {threshold}, but {'one reader is' if found == 1 else f'{found} readers are'} named"
        advice = f"write at most {found}, or name more readers in `of`"
        yield contradiction((*path, "threshold"), message, advice, rests_on=rests)

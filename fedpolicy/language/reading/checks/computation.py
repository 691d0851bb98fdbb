"""What is computed on shares or on ciphertext, and what beside it would draw nothing."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.language.reading.mistakes import Contradiction, contradiction
from fedpolicy.language.reading.raw import Names, Tree, blind, maps, text, tree_levels
from fedpolicy.language.reading.spans import Path
from fedpolicy.topologies import KEYS, TOPOLOGIES

_EXCHANGES = ("aggregator", "via", *KEYS)


def check_computations(names: Names) -> Iterator[Contradiction]:
    """A safeguard of tasks, once on each, whose result nobody adds up or passes on."""
    for path, entry in _elsewhere(names):
        for here, kind in _blind(path, entry):
            message = f"{kind} is a safeguard of tasks: what a task works on stays behind it"
            advice = "put it on the task; what only travels is `sealed_for` its readers"
            yield contradiction((*here, "kind"), message, advice)
    for path, task in names.having("tasks", "safeguards"):
        found = [*_blind(path, task)]
        if not found:
            continue
        yield from _hosted(names, path, task, *found[0])
        yield from _exchanged(path, task, *found[0])
        yield from _copied(names, path, task, *found[0])
        for here, kind in found[1:]:
            message = f"the task is under {kind} already"
            yield contradiction((*here, "kind"), message, "keep one of them", rests_on=[found[0][0]])


def _elsewhere(names: Names) -> Iterator[tuple[Path, Tree]]:
    """What has safeguards and is no task."""
    for section in ("flows", "api_calls"):
        yield from names.having(section, "safeguards")
    for path, task in names.having("tasks", "hops"):
        yield from (((*path, "hops", place), hop) for place, hop in tree_levels(task))


def _blind(path: Path, entry: Tree) -> Iterator[tuple[Path, str]]:
    kinds = {place: text(safeguard, "kind") or "" for place, safeguard in maps(entry, "safeguards")}
    yield from (((*path, "safeguards", place), kinds[place]) for place in blind(entry))


def _hosted(names: Names, path: Path, task: Tree, here: Path, kind: str) -> Iterator[Contradiction]:
    """Whoever trains a model on its own machines reads what it trains on."""
    method = names.catalog.methods.get(text(task, "method") or "")
    if method is not None and method.hosted:
        message = f"{text(task, 'method')} is done by the party that runs the model, and {kind} by those in `runs_on`"
        advice = f"remove {kind}, or name a method by which those in `runs_on` train"
        yield contradiction((*path, "method"), message, advice, rests_on=[here])


def _exchanged(path: Path, task: Tree, here: Path, kind: str) -> Iterator[Contradiction]:
    """Whoever computes on shares sends no updates to anybody."""
    row = TOPOLOGIES.get(text(task, "topology") or "")
    wrong = ["topology"] if "topology" in task and (row is None or row.exchanges != "nothing") else []
    for key in (*wrong, *(key for key in _EXCHANGES if key in task)):
        message = f"under {kind} nothing is exchanged in the clear, and `{key}` says who exchanges"
        advice = "remove it, and name who gets the result in `reveals_to`"
        yield contradiction((*path, key), message, advice, key=key != "topology", rests_on=[here])


def _copied(names: Names, path: Path, task: Tree, here: Path, kind: str) -> Iterator[Contradiction]:
    """One model comes of one computation."""
    made = names.entry("models", text(task, "produces") or "")
    if text(made, "copies") in {"personal", "parts"}:
        message = f"under {kind} one model comes of all data, and `{text(task, 'produces')}` has several copies"
        advice = "name a model without `copies`"
        rests = [here, ("models", text(task, "produces") or "", "copies")]
        yield contradiction((*path, "produces"), message, advice, rests_on=rests)

"""What would draw nothing: payloads that carry nothing there, relays and aggregators that nothing passes."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.language.model.does import Seal
from fedpolicy.language.reading.checks.base import Contradiction, contradiction
from fedpolicy.language.reading.names import Names
from fedpolicy.language.reading.spans import Path
from fedpolicy.language.reading.view import Tree, does, entries, ids, maps, text
from fedpolicy.topologies import TOPOLOGIES

__all__ = [
    "check_ciphertext",
    "check_closed_weights",
    "check_emulators",
    "check_payloads",
    "check_ways",
    "check_without_updates",
]


def check_payloads(names: Names) -> Iterator[Contradiction]:
    """What is called reads what it is sent, and what it is sent is data."""
    for path, call in entries(names.root, "api_calls"):
        payload = text(call, "payload")
        row = names.catalog.payloads.get(payload or "")
        if row is None or row.carries == "all":
            continue
        advice = "write what is sent, such as prompts, records or embeddings"
        if row.carries == "sealed":
            message = f"whoever is called has to read what is sent, and {payload} cannot be read"
            advice += "; what only passes is a flow with `sealed_for`"
        else:
            message = f"`sends` names datasets, and {payload} carries none of them"
        yield contradiction((*path, "payload"), message, advice)


def check_ciphertext(names: Names) -> Iterator[Contradiction]:
    """Ciphertext has somebody who sealed it, and somebody who can open it."""
    stores = {name for _, dataset in entries(names.root, "datasets") for _, name in ids(dataset, "at")}
    for path, flow in entries(names.root, "flows"):
        row = names.catalog.payloads.get(text(flow, "payload") or "")
        if row is None or row.carries != "sealed" or "sealed_for" in flow or _seals(flow):
            continue
        sources = names.places([name for _, name in ids(flow, "from")]) or frozenset()
        if open_at := sorted(sources & (names.places(sorted(stores)) or frozenset())):
            what = text(flow, "payload")
            message = f"{what} from `{open_at[0]}`, where data rest in the clear, and it is not said who can open it"
            advice = "add `sealed_for`: the nodes or parties that hold the key; or write the payload that is inside"
            rests = [(*path, "from"), (*path, "sealed_for"), (*path, "safeguards"), ("datasets",)]
            yield contradiction((*path, "payload"), message, advice, rests_on=rests)


def _seals(entry: Tree) -> bool:
    return any(isinstance(does(safeguard), Seal) for _, safeguard in maps(entry, "safeguards"))


def check_closed_weights(names: Names) -> Iterator[Contradiction]:
    """Copies of a model that its maker gives to nobody."""
    for path, model in entries(names.root, "models"):
        ref = text(model, "ref")
        found = names.catalog.model(ref) if ref else None
        if "weights_at" not in model or "weights" in model or found is None or found.weights != "closed":
            continue
        message = f"{ref} is closed: {found.provider or 'its provider'} runs it, and nobody else holds it"
        advice = "remove `weights_at`, or write `weights: closed` beside it if an agreement gives you the weights"
        yield contradiction((*path, "weights_at"), message, advice, key=True, rests_on=[(*path, "ref")])


def check_ways(names: Names) -> Iterator[Contradiction]:
    """A way to a model that nobody takes, since all who use it have it."""
    users: dict[str, set[str]] = {}
    for section, where in (("tasks", "runs_on"), ("api_calls", "from")):
        for _, entry in entries(names.root, section):
            for key in ("model", "evaluates"):
                users.setdefault(text(entry, key) or "", set()).update(name for _, name in ids(entry, where))
    for path, model in entries(names.root, "models"):
        at, using = (
            names.places(sorted(found)) for found in (_named(model, "weights_at"), users.get(str(path[1]), set()))
        )
        if "via" in model and at and using and using <= at:
            message = "everybody who uses it has its weights (`weights_at`), so nobody calls it by `via`"
            advice = "keep one of the two: `weights_at` where it runs on the spot, `via` where it is called"
            rests = [(*path, "weights_at"), ("tasks",), ("api_calls",)]
            yield contradiction((*path, "via"), message, advice, key=True, rests_on=rests)


def _named(entry: Tree, key: str) -> set[str]:
    return {name for _, name in ids(entry, key)}


def check_emulators(names: Names) -> Iterator[Contradiction]:
    """An emulator of itself, or of an emulator of it."""
    stands = {str(path[1]): name for path, model in entries(names.root, "models") if (name := text(model, "emulates"))}
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
    for path, task in entries(names.root, "tasks"):
        method = names.catalog.methods.get(name := text(task, "method") or "")
        topology = TOPOLOGIES.get(text(task, "topology") or "")
        alone = topology is not None and topology.exchanges == "nothing"
        if method is None:
            continue
        rests = [(*path, "method"), (*path, "topology")]
        if not method.up and topology is not None and topology.exchanges == "updates":
            message = f"`topology: {text(task, 'topology')}` says who exchanges updates, and {name} sends none"
            yield contradiction(
                (*path, "topology"), message, "remove it; write a flow for what is sent on", rests_on=rests
            )
        elif not method.up or alone:
            why = (
                f"{name} sends no updates"
                if not method.up
                else f"`topology: {text(task, 'topology')}` exchanges nothing"
            )
            yield from _unmet(path, task, why, rests, ("aggregator", "via", "hops") if not method.up else ("via",))


def _unmet(path: Path, task: Tree, why: str, rests: list[Path], keys: tuple[str, ...]) -> Iterator[Contradiction]:
    for key in keys:
        if _named(task, key) or (key == "hops" and task.get(key)):
            message = f"nothing passes `{key}`: {why}"
            yield contradiction(
                (*path, key), message, "remove it; write a flow for what is sent on", key=True, rests_on=rests
            )

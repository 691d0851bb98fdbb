"""Every key that names something, and what it may name."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.records import dataclass
from fedpolicy.spec.spans import Path
from fedpolicy.spec.view import Tree, entries, hops, ids, maps

__all__ = ["Reference", "Wanted", "references"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a key may name: kinds of things, and which of the built-in words."""

    kinds: tuple[str, ...]
    words: tuple[str, ...] = ()
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """One name that somebody wrote, and what it may mean there. `first` is an earlier place of the same name."""

    path: Path
    name: str
    wanted: Wanted
    repeated: bool = False


_PARTY = Wanted(("party",))
_SOMEBODY = Wanted(("party",), ("participants",))
_ANYBODY = Wanted(("party",), ("unknown",))
_NODE = Wanted(("node",))
_MODEL = Wanted(("model",))
_DATASET = Wanted(("dataset",))
_RUNNER = Wanted(("party", "provider"), ("unknown",))
_LAST_HOP = Wanted(("node", "party", "provider"), ("unknown",))
_LAST_RELAY = Wanted(("node", "party"), ("unknown",))
_PAYLOAD = Wanted(("payload",))
_READER = Wanted(("node", "party"))
_END = Wanted(("node", "party"), ("public", "unknown"))

_KEYS: dict[str, dict[str, Wanted]] = {
    "parties": {"jurisdiction": Wanted(("country",)), "trusts": Wanted(("party",), ("participants",))},
    "nodes": {
        "party": Wanted(("party",), ("unknown",), repeats=True),
        "operators": _ANYBODY,
        "host": _ANYBODY,
        "code_from": _ANYBODY,
    },
    "datasets": {"at": _NODE, "owner": _PARTY, "categories": Wanted(("category",))},
    "models": {
        "ref": Wanted(("catalogue model",)),
        "provider": _RUNNER,
        "weights_at": _NODE,
        "account": _SOMEBODY,
        "fallback": _MODEL,
    },
    "tasks": {
        "method": Wanted(("method",)),
        "model": _MODEL,
        "evaluates": _MODEL,
        "produces": _MODEL,
        "data": _DATASET,
        "runs_on": _NODE,
        "aggregator": _NODE,
        "via": _NODE,
        "labels_at": _NODE,
        "top_model_at": _NODE,
    },
    "api_calls": {"from": _NODE, "model": _MODEL, "provider": _RUNNER, "sends": _DATASET, "payload": _PAYLOAD},
    "flows": {"from": _END, "to": _END, "payload": _PAYLOAD, "data": Wanted(("dataset", "model"))},
    "agreements": {"between": _SOMEBODY, "covers": Wanted(("dataset", "category"))},
}
_VIA = {"models": _LAST_HOP, "flows": _LAST_RELAY}
_SAFEGUARD = {"operated_by": _SOMEBODY, "sealed_for": _READER, "of": _READER}


def references(root: Tree) -> Iterator[Reference]:
    """Every name in a document that must exist."""
    for section, keys in _KEYS.items():
        for path, entry in entries(root, section):
            for key, wanted in keys.items():
                if key in entry:
                    yield from _named(entry, path, key, wanted)
            yield from _nested(section, path, entry)


def _named(entry: Tree, path: Path, key: str, wanted: Wanted) -> Iterator[Reference]:
    found = entry.get(key)
    if isinstance(found, str):
        yield Reference((*path, key, 0), found, wanted)
        return
    seen: set[str] = set()
    for place, name in ids(entry, key):
        yield Reference((*path, key, place), name, wanted, name in seen and not wanted.repeats)
        seen.add(name)


def _nested(section: str, path: Path, entry: Tree) -> Iterator[Reference]:
    if "via" in entry and section in _VIA:
        yield from _via(entry, path, _VIA[section])
    if section == "nodes" and isinstance(tee := entry.get("tee"), dict):
        yield from _named(tee, (*path, "tee"), "verified_by", _PARTY)
    if section == "datasets":
        for place, release in maps(entry, "releases"):
            to = Wanted(("party",), ("participants", "public"))
            yield from _named(release, (*path, "releases", place), "to", to)
    if "safeguards" in entry and section in ("tasks", "flows"):
        yield from _guards(entry, path)
    if "hops" in entry and section == "tasks":
        for place, hop in hops(entry):
            yield from _named(hop, (*path, "hops", place), "at", _NODE)
            yield from _guards(hop, (*path, "hops", place))
    if "sealed_for" in entry and section == "flows":
        yield from _sealed(entry, path)


def _via(entry: Tree, path: Path, last: Wanted) -> Iterator[Reference]:
    found = ids(entry, "via")
    for place, name in found:
        yield Reference((*path, "via", place), name, last if place == found[-1][0] else _NODE)


def _guards(entry: Tree, path: Path) -> Iterator[Reference]:
    for place, safeguard in maps(entry, "safeguards"):
        for key, wanted in _SAFEGUARD.items():
            yield from _named(safeguard, (*path, "safeguards", place), key, wanted)


def _sealed(entry: Tree, path: Path) -> Iterator[Reference]:
    readers = entry.get("sealed_for")
    if isinstance(readers, dict):
        yield from _named(readers, (*path, "sealed_for"), "of", _READER)
    else:
        yield from _named(entry, path, "sealed_for", _READER)

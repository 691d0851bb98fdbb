"""Values of the language, drawn from its own JSON schema; names are those of things that are there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

import yaml

from fuzz.corpus import ROOT

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

SECTIONS = ("parties", "nodes", "datasets", "models", "tasks", "api_calls", "flows", "agreements")
_WORDS = ("public", "unknown", "participants", "own", "x", "US", "2026-01-31", "https://a.b/c", "")
_NUMBERS = (0, 1, 2, 3, 5, 100, 0.5, 1.0, 1e-6, 8, 10**6, 10**12, 2**64, -1, 1e300)
_EVIDENCE = ("declared", "contractual", "attested", "measured")
_IDS = {"id", "ids", "any_ids", "name"}
_DEEPEST = 8
_OPTIONAL = 0.25  # how often a key that may be left out is there
_CLAIMS = 0.04  # how often a value stands in `{value, evidence}`

Tree = dict[str, Any]


class Grammar:
    """Draws values for places of a deployment; learns from sound ones what kind of thing each key names."""

    def __init__(self, trees: Sequence[Tree]) -> None:
        """Read the schema, and deployments to learn from."""
        self._schema = json.loads((ROOT / "schemas/deployment.schema.json").read_text(encoding="utf-8"))
        self._kinds: dict[str, Counter[str]] = {}
        for tree in trees:
            self._learn(tree)

    def deployment(self, rng: Random) -> Tree:
        """A whole deployment: a few entries of each section, which name one another."""
        tree: Tree = {"fedpolicy": 1, "name": "drawn"}
        counts = {"parties": (2, 4), "nodes": (2, 4), "datasets": (1, 2)}
        names = {section: _names(section, rng.randint(*counts.get(section, (0, 2)))) for section in SECTIONS}
        for section, entries in names.items():
            node = self._schema["properties"][section]["additionalProperties"]
            drawn = {name: self.value(node, rng, names, section) for name in entries}
            if drawn:
                tree[section] = drawn
        return tree

    def value(self, node: Any, rng: Random, names: Mapping[str, Sequence[str]], key: str, depth: int = 0) -> Any:
        """A value that the schema allows at a place, under this key."""
        name = node.get("$ref", "").rpartition("/")[2]
        if name in _IDS:
            return self._name(name, rng, names, key)
        if name:
            node = self._schema["$defs"][name]
        if "anyOf" in node or "oneOf" in node:
            branches = node.get("anyOf") or node["oneOf"]
            plain = [one for one in branches if not _is_claim(one)]
            drawn = self.value(rng.choice(plain), rng, names, key, depth)
            claimed = len(plain) < len(branches) and rng.random() < _CLAIMS
            return {"value": drawn, "evidence": rng.choice(_EVIDENCE)} if claimed else drawn
        if "const" in node:
            return node["const"]
        if "enum" in node:
            return rng.choice(node["enum"])
        return self._typed(node, rng, names, key, depth)

    def at(self, path: Sequence[str | int]) -> Any:
        """What the schema says of a place, or an empty schema where it says nothing."""
        node: Any = self._schema
        for step in path:
            node = next(self._inside(node, step), {})
        return node

    def keys(self, node: Any) -> Tree:
        """The keys that a map at this place may have."""
        return {key: value for one in self._spread(node) for key, value in one.get("properties", {}).items()}

    def _typed(self, node: Any, rng: Random, names: Mapping[str, Sequence[str]], key: str, depth: int) -> Any:
        kind = node.get("type", "string")
        if kind == "object" and depth < _DEEPEST:
            known = node.get("properties", {})
            chosen = [k for k in known if k in node.get("required", ()) or rng.random() < _OPTIONAL]
            return {k: self.value(known[k], rng, names, k, depth + 1) for k in chosen}
        if kind == "array" and depth < _DEEPEST:
            count = max(node.get("minItems", 0), rng.choice((0, 1, 1, 2, 3)))
            return [self.value(node.get("items", {}), rng, names, key, depth + 1) for _ in range(count)]
        if kind in {"integer", "number"}:
            low, high = node.get("minimum", 0), node.get("maximum", 10**12)
            sound = [n for n in _NUMBERS if low <= n <= high and (kind == "number" or n == int(n))]
            return rng.choice(sound or [low])
        return rng.choice((True, False)) if kind == "boolean" else rng.choice(_WORDS)

    def _name(self, form: str, rng: Random, names: Mapping[str, Sequence[str]], key: str) -> Any:
        kinds = self._kinds.get(key) or Counter(SECTIONS)
        section = rng.choices(list(kinds), list(kinds.values()))[0]
        pool = [*names.get(section, ()), *(_WORDS[:3] if rng.random() < _CLAIMS else ())] or ["x"]
        several = form in {"ids", "any_ids"} and rng.random() < 0.5
        return rng.sample(pool, min(len(pool), rng.randint(1, 3))) if several else rng.choice(pool)

    def _learn(self, tree: Tree) -> None:
        found = {name: s for s in SECTIONS if isinstance(tree.get(s), dict) for name in tree[s]}
        for key, text in _texts(tree):
            if text in found:
                self._kinds.setdefault(key, Counter())[found[text]] += 1

    def _spread(self, node: Any) -> Iterator[Any]:
        """A place as the maps, lists and values that may stand there."""
        if "$ref" in node:
            yield from self._spread(self._schema["$defs"][node["$ref"].rpartition("/")[2]])
        elif "anyOf" in node or "oneOf" in node:
            for one in node.get("anyOf") or node["oneOf"]:
                if not _is_claim(one):
                    yield from self._spread(one)
        else:
            yield node

    def _inside(self, node: Any, step: str | int) -> Iterator[Any]:
        for one in self._spread(node):
            if isinstance(step, int) and "items" in one:
                yield one["items"]
            elif step in one.get("properties", {}):
                yield one["properties"][step]
            elif isinstance(one.get("additionalProperties"), dict):
                yield one["additionalProperties"]


def _names(section: str, count: int) -> list[str]:
    return [f"{section[0]}{number}" for number in range(count)]


def _is_claim(node: Any) -> bool:
    return str(node.get("$ref", "")).endswith("/claim")


def _texts(tree: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from _texts(value, str(name))
    elif isinstance(tree, list):
        for value in tree:
            yield from _texts(value, key)
    elif isinstance(tree, str):
        yield key, tree

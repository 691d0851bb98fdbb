"""
Contradictions: what only several values of a document show together, one file a subject; and texts that say nothing.

These are empty ones, placeholders, digests that are none, and words with a slip of the pen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from fedpolicy.language.model import Deployment
from fedpolicy.language.model.entry import Entry
from fedpolicy.language.model.shape import Key, entry_shape
from fedpolicy.language.model.types import AGGREGATIONS, SECTORS
from fedpolicy.language.reading.checks.computation import check_computations
from fedpolicy.language.reading.checks.entries import (
    check_agreements,
    check_calls,
    check_datasets,
    check_fallbacks,
    check_flows,
    check_models,
    check_nodes,
    check_retrieval,
)
from fedpolicy.language.reading.checks.exchange import (
    check_closed_weights,
    check_emulators,
    check_local_transport,
    check_payloads,
    check_topology,
    check_ways,
    check_without_updates,
)
from fedpolicy.language.reading.checks.safeguards import (
    check_ciphertext,
    check_cohorts,
    check_flow_cohorts,
    check_noise,
    check_readers,
    check_sizes,
)
from fedpolicy.language.reading.mistakes import Check, Contradiction, contradiction
from fedpolicy.language.reading.raw import Names, Tree, maps, text
from fedpolicy.language.reading.spans import Path
from fedpolicy.startup import pattern
from fedpolicy.suggest import misspelt, shown_value

_PLACEHOLDER = pattern(
    r"to ?do|tb[adc]|to be (?:announced|defined|determined|confirmed|done)|change[ _-]?me|fix ?me|replace[ _-]?me|"
    r"place[ _-]?holder|fill[ _-]?(?:me[ _-]?)?in|x{3,}|\?+|\.{2,}|…|<[^<>]*>|\$?\{[^{}]*\}",
    re.IGNORECASE,
)
_DIGITS = {"md5": 32, "sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128, "blake3": 64}
_HEX = pattern(r"[0-9a-f]+", re.IGNORECASE)


def check_texts(names: Names) -> Iterator[Contradiction]:
    """An empty text is no value, and a placeholder no fact."""
    for section in entry_shape(Deployment).values():
        entry = section.shape.values.entry if section.shape.values else section.shape.entry
        if entry is None or not any(_keys(entry)):
            continue
        found = names.having(section.name, *(key.name for keys in _keys(entry) for key in keys))
        if section.shape.entry is not None:
            single = names.root.get(section.name)
            found = iter([((section.name,), single)] if isinstance(single, dict) else [])
        for path, tree in found:
            yield from _of_entry(entry, path, tree)


@cache
def _keys(entry: type[Entry]) -> tuple[tuple[Key, ...], tuple[Key, ...]]:
    """The keys of an entry that take free text, and those with entries below them."""
    keys = entry_shape(entry).values()
    texts = tuple(key for key in keys if key.shape.scalar is str and key.open and not key.shape.choices)
    return texts, tuple(key for key in keys if key.shape.entry or (key.shape.items and key.shape.items.kinds))


def _of_entry(entry: type[Entry], path: Path, tree: Tree) -> Iterator[Contradiction]:
    texts, below = _keys(entry)
    for key in texts:
        if (said := text(tree, key.name)) is not None:
            yield from _of_text((*path, key.name), said)
    for key in below:
        inner = tree.get(key.name)
        if key.shape.entry and isinstance(inner, dict):
            yield from _of_entry(key.shape.entry, (*path, key.name), inner)
        elif key.shape.items:
            for place, item in maps(tree, key.name):
                kind = key.shape.items.entry_for(item)
                if kind is not None:
                    yield from _of_entry(kind, (*path, key.name, place), item)


def _of_text(path: Path, said: str) -> Iterator[Contradiction]:
    plain = said.strip()
    if not plain:
        yield contradiction(path, f"`{path[-1]}` is empty", "write its value, or `unknown` where nobody knows it")
    elif _PLACEHOLDER.fullmatch(plain):
        advice = "write its value, or `unknown` where nobody knows it yet"
        yield contradiction(path, f"{shown_value(said)} is a placeholder, not a fact", advice)


def check_digests(names: Names) -> Iterator[Contradiction]:
    """A digest has as many digits as its algorithm gives, and not all of them are 0."""
    for path, model in names.entries("models"):
        said = text(model, "digest")
        if said and said.strip() and not _PLACEHOLDER.fullmatch(said.strip()) and (why := _no_digest(said)):
            advice = "write the algorithm and all digits, such as sha256: and 64 hexadecimal digits"
            yield contradiction((*path, "digest"), f"{shown_value(said)} is not a digest: {why}", advice)


def _no_digest(said: str) -> str:
    name, _, digits = said.lower().rpartition(":" if ":" in said else "-")
    if not _HEX.fullmatch(digits):
        return "its digits are not hexadecimal"
    if not digits.strip("0"):
        return "all of its digits are 0"
    wanted = {_DIGITS[name]} if name in _DIGITS else set(_DIGITS.values())
    if len(digits) in wanted:
        return ""
    many = f"{len(digits)} digit{'' if len(digits) == 1 else 's'}"
    return f"it has {many}, and {name} has {_DIGITS[name]}" if name in _DIGITS else f"no algorithm gives {many}"


# What people call the rules that mix nothing, which would count as a sum of their own.
_UNMIXED = ("stack", "stacked", "concat", "concatenate", "concatenation", "ensemble")
_CALLED = dict.fromkeys((("aggregation", said) for said in _UNMIXED), "stacking")


def check_words(names: Names) -> Iterator[Contradiction]:
    """Words that may be anybody's own, but not nearly one that is known."""
    kinds = (
        ("tasks", "aggregation", AGGREGATIONS),
        ("parties", "sector", SECTORS),
        ("parties", "is", ("none", *names.known("provider"))),
    )
    for section, key, known in kinds:
        for path, entry in names.having(section, key):
            said = text(entry, key)
            if said is None or said in known:
                continue
            if near := _CALLED.get((key, said)) or misspelt(said, known):
                message = f"no `{key}` is called {shown_value(said)}"
                yield contradiction((*path, key), message, f"did you mean `{near}`?")


CHECKS: tuple[Check, ...] = (
    check_texts,
    check_digests,
    check_words,
    check_sizes,
    check_datasets,
    check_nodes,
    check_models,
    check_fallbacks,
    check_topology,
    check_cohorts,
    check_calls,
    check_retrieval,
    check_flows,
    check_flow_cohorts,
    check_noise,
    check_readers,
    check_computations,
    check_agreements,
    check_payloads,
    check_ciphertext,
    check_closed_weights,
    check_ways,
    check_emulators,
    check_local_transport,
    check_without_updates,
)

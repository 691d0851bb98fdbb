"""Changes of a text: of its bytes, its lines, its tokens and, where it is YAML, its tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from itertools import islice
from random import Random
from typing import Any

import yaml

from fedpolicy.policy.mutants import mutants_of
from fuzz.grammar import SECTIONS, Grammar

_ODD_BYTES = (
    b"\xff",
    b"\x00",
    b"\xc3",
    b"\xe2\x80\xae",
    b"\xe2\x80\xa8",
    b"\t",
    b"\r",
    b"#",
    b"'",
    b'"',
    b"[",
    b"{",
    b"- ",
)
_ODD_TOKENS = (
    *("0", "-1", "1", "1.5", "1e308", ".inf", ".nan", "9" * 30, "9" * 400, "9" * 5000, "0x10", "1_000", "true", "null"),
    *("~", "", '""', "[]", "{}", "[x]", "{x: y}", "[[x]]", "{[x]: y}", "*a", "&a x", "!!int x", "!x y", "<<: x", "|"),
    *(
        "unknown",
        "public",
        "participants",
        "fedpolicy",
        "a" * 2000,
        "é",
        "\U0001f600",
        "a.b",
        "a@b",
        "-",
        "?",
        "2026-13-01",
        "../../etc/hostname",
        "/etc/hostname",
        "~/.netrc",
        "https://evil.example/a",
    ),
    *("[" * 200, "{a: " * 200, "x: &x [*x]", "%YAML 1.1", "---", "..."),
)
_MOST_PLACES = 10_000
_TOKEN = re.compile(r"[\w.@/-]+|[^\s\w]")
_ODD_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 10**12, 2**64, 10**300, float("inf"), float("nan"), 1e-300, "", "x", "unknown", "public"),
    *(
        [],
        {},
        [[]],
        [{}],
        {"x": "y"},
        {"kind": {}},
        {"kind": [1]},
        {"value": 1},
        {"value": {"value": 1}, "evidence": "x"},
    ),
)

_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

Path = tuple[str | int, ...]


def mutated(text: bytes, others: Sequence[bytes], rng: Random) -> bytes:
    """A text with one to four changes of bytes, lines and tokens."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        text = rng.choice((_bytes, _lines, _tokens, _tokens))(text, others, rng)
    return text


def mutated_tree(tree: Any, grammar: Grammar, rng: Random) -> Any:
    """A deployment with one to three changes of its values, keys and entries."""
    tree = deepcopy(tree)
    for _ in range(rng.choice((1, 1, 2, 3))):
        places = _places(tree)
        if places:
            rng.choice(_CHANGES)(tree, rng.choice(places), grammar, rng)
    return tree


def retold(tree: Any, others: Sequence[Any], rng: Random) -> Any:
    """A tree with one to three values from elsewhere, preferably of the same key: most stay what they were."""
    tree = deepcopy(tree)
    for _ in range(rng.choice((1, 1, 2, 3))):
        places = _places(tree)
        if not places:
            break
        place, other = rng.choice(places), rng.choice(others)
        alike = [one for one in _places(other) if one[-1] == place[-1] and len(one) == len(place)]
        holder = _inside(tree, place[:-1])
        entries = isinstance(holder, dict) and all(isinstance(one, dict) for one in holder.values())
        if alike and rng.random() < 0.8:
            holder[place[-1]] = deepcopy(_inside(other, rng.choice(alike)))
        elif entries and rng.random() < 0.5:
            holder[f"{place[-1]}{rng.randrange(3)}"] = deepcopy(holder[place[-1]])
        elif rng.random() < 0.7:
            del holder[place[-1]]
        else:
            holder[place[-1]] = deepcopy(rng.choice(_ODD_VALUES))
    return tree


def thinned(text: bytes, rng: Random) -> bytes:
    """A text without some of its lines, and with some values in the place of others."""
    lines = [line for line in text.split(b"\n") if rng.random() < 0.8]
    values = [line.partition(b" = ")[2] for line in lines if b" = " in line]
    for place, line in enumerate(lines):
        key, equals, _ = line.partition(b" = ")
        if equals and rng.random() < 0.15:
            lines[place] = key + equals + rng.choice(values)
    return b"\n".join(lines)


def joined(one: bytes, other: bytes, rng: Random) -> bytes:
    """Two expressions about one kind of element in one, each with a small mistake now and then."""
    kind, _, left = one.decode("utf-8", "replace").partition("\n")
    right = other.decode("utf-8", "replace").partition("\n")[2]
    parts = []
    for part in (left, right):
        found = [mutant.text for mutant in mutants_of(part)]
        parts.append(rng.choice(found) if found and rng.random() < 0.5 else part)
    operator = rng.choice(("&&", "||", "==", "!=", "? true :"))
    forms = (parts[0], f"!({parts[0]})", f"({parts[0]}) {operator} ({parts[1]})")
    return f"{kind}\n{rng.choice(forms)}".encode("utf-8", "replace")


def texts_in(tree: Any) -> Iterator[Path]:
    """Where a tree holds texts."""
    return (place for place in _places(tree) if isinstance(_inside(tree, place), str))


def replace_text(tree: Any, place: Path, text: str, rng: Random) -> None:
    """Put a text there: alone, behind what stands there, or as the reference of its evidence."""
    holder, said = _inside(tree, place[:-1]), _inside(tree, place)
    claimed = {"value": said, "evidence": "documented", "reference": text}
    holder[place[-1]] = rng.choice((text, f"{said} {text}", claimed))


def written(tree: Any) -> bytes:
    """A tree as YAML, one value a line."""
    return yaml.dump(tree, Dumper=_DUMPER, sort_keys=False, allow_unicode=True).encode("utf-8", "replace")


def _bytes(text: bytes, _others: Sequence[bytes], rng: Random) -> bytes:
    start = rng.randint(0, len(text))
    end = min(len(text), start + rng.choice((0, 1, 2, 8, 64)))
    middle = rng.choice((b"", bytes([rng.randrange(256)]), rng.choice(_ODD_BYTES), text[start:end] * 2))
    return text[:start] + middle + text[end:]


def _lines(text: bytes, others: Sequence[bytes], rng: Random) -> bytes:
    lines = text.split(b"\n")
    place = rng.randrange(len(lines))
    line = lines[place]
    changed = rng.choice(
        (
            [],
            [line, line],
            [b"  " + line],
            [line.lstrip()],
            [line, rng.choice(rng.choice(others).split(b"\n"))],
            [rng.choice(lines)],
            [line, b"---"],
        )
    )
    return b"\n".join([*lines[:place], *changed, *lines[place + 1 :]])


def _tokens(text: bytes, _others: Sequence[bytes], rng: Random) -> bytes:
    shown = text.decode("utf-8", "replace")
    found = list(_TOKEN.finditer(shown))
    if not found:
        return text
    one, other = rng.choice(found), rng.choice(found)
    token = rng.choice(
        (rng.choice(_ODD_TOKENS), other.group(), f"[{one.group()}]", f"[{one.group()}, {other.group()}]")
    )
    return (shown[: one.start()] + token + shown[one.end() :]).encode("utf-8", "replace")


def _places(tree: Any) -> list[Path]:
    """Where values stand: not all of them, in a tree that names one part in many places."""
    return list(islice(_walked(tree, ()), _MOST_PLACES))


def _walked(tree: Any, path: Path) -> Iterator[Path]:
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for step, value in inside:
        yield (*path, step)
        yield from _walked(value, (*path, step))


def _inside(tree: Any, path: Path) -> Any:
    for step in path:
        tree = tree[step]
    return tree


def _names(tree: Any) -> dict[str, list[str]]:
    return {s: list(tree[s]) for s in SECTIONS if isinstance(tree, dict) and isinstance(tree.get(s), dict)}


def _drawn(tree: Any, path: Path, grammar: Grammar, rng: Random) -> None:
    key = next((str(step) for step in reversed(path) if isinstance(step, str)), "")
    _inside(tree, path[:-1])[path[-1]] = grammar.value(grammar.at(path), rng, _names(tree), key)


def _added(tree: Any, path: Path, grammar: Grammar, rng: Random) -> None:
    inside = _inside(tree, path)
    known = grammar.keys(grammar.at(path))
    if isinstance(inside, dict) and known:
        key = rng.choice(list(known))
        inside[key] = grammar.value(known[key], rng, _names(tree), key)
    elif isinstance(inside, list):
        inside.append(grammar.value(grammar.at((*path, 0)), rng, _names(tree), str(path[-1])))


def _dropped(tree: Any, path: Path, _grammar: Grammar, _rng: Random) -> None:
    del _inside(tree, path[:-1])[path[-1]]


def _odd(tree: Any, path: Path, _grammar: Grammar, rng: Random) -> None:
    _inside(tree, path[:-1])[path[-1]] = deepcopy(rng.choice(_ODD_VALUES))


def _wrapped(tree: Any, path: Path, _grammar: Grammar, rng: Random) -> None:
    value = _inside(tree, path)
    unwrapped = value[0] if isinstance(value, list) and value else [value]
    claimed = {"value": value, "evidence": "documented"}
    _inside(tree, path[:-1])[path[-1]] = rng.choice((unwrapped, unwrapped, [value, deepcopy(value)], claimed))


def _copied(tree: Any, path: Path, _grammar: Grammar, rng: Random) -> None:
    outside = _inside(tree, path[:-1])
    value = deepcopy(_inside(tree, path))
    if isinstance(outside, list):
        outside.insert(rng.randint(0, len(outside)), value)
    else:
        outside[f"{path[-1]}{rng.randrange(3)}"] = value


def _swapped(tree: Any, path: Path, _grammar: Grammar, rng: Random) -> None:
    other = rng.choice([one for one in _places(tree) if one[: len(path)] != path] or [path])
    _inside(tree, path[:-1])[path[-1]] = deepcopy(_inside(tree, other))


_CHANGES: tuple[Callable[[Any, Path, Grammar, Random], None], ...] = (
    *(_drawn, _drawn, _drawn, _added, _added, _added, _dropped, _odd, _wrapped, _copied, _swapped),
)

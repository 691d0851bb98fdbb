"""
YAML, the same whatever the version of the parser: its events, and the core schema of YAML 1.2.

`NO`, `yes` and `on` are text, `0o17` is octal, `0755` is 755, and a date is text.

Newer parsers stop at a nesting depth of their own, and may say so before they give the events that lead there. Readers
have lower bounds, and words for them; so what stands before that depth is read once more, and the reader meets its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import compress, count, islice
from typing import Any

import yaml

from fedpolicy.limits import MAX_DIGITS
from fedpolicy.startup import pattern

_TOO_DEEP = "nesting depth"  # in the words of libyaml 0.2.6 and later, as PyYAML 6.0.4 carries it


def events(text: str, loader: Any) -> Iterator[Any]:  # noqa: ANN401  PyYAML's two loaders have no common type
    """Yield the events of a text; raises yaml.YAMLError where it is no YAML."""
    given = count(1)
    try:
        # Counted without a turn of a loop for each: a large file has half a million.
        yield from compress(iter(loader(text).get_event, None), given)
    except yaml.MarkedYAMLError as error:
        if error.problem_mark is None or _TOO_DEEP not in (error.problem or ""):
            raise
        before = text[: error.problem_mark.index]
    else:
        return
    yield from islice(iter(loader(before).get_event, None), next(given) - 1, None)


Scalar = str | int | float | bool | None
WORDS: Mapping[str, Scalar] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_INTEGER = pattern(r"[-+]?[0-9]+$|0o[0-7]+$|0x[0-9a-fA-F]+$")
_FLOAT = pattern(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$|[-+]?\.(?:inf|Inf|INF)$|\.(?:nan|NaN|NAN)$"
)
_NUMERIC = frozenset("0123456789+-.")
_PREFIX = "tag:yaml.org,2002:"
TAGS = {f"{_PREFIX}{name}": name for name in ("str", "int", "float", "bool", "null")}
_TYPES: dict[str, type] = {"int": int, "float": float, "bool": bool, "null": type(None)}
_CALLED = {"int": "a whole number", "float": "a number", "bool": "true or false", "null": "null"}


class ScalarError(ValueError):
    """A scalar that cannot be what it claims to be."""


def plain_scalar(text: str) -> Scalar:
    """What a plain (unquoted) scalar means; raises ScalarError for a number of absurd length."""
    if text[:1] not in _NUMERIC:
        return WORDS.get(text, text)
    if _INTEGER.match(text):
        return _integer(text)
    return _float(text) if _FLOAT.match(text) else text


def is_text(text: str) -> bool:
    """Whether a plain scalar means nothing but its own text."""
    try:
        return plain_scalar(text) is text
    except ScalarError:  # a number that is too long
        return False


def tagged_scalar(text: str, tag: str) -> Scalar:
    """What a scalar with an explicit core tag (`!!int 3`) means; raises ScalarError where the two disagree."""
    if tag == "str":
        return text
    value = plain_scalar(text)
    if tag == "float" and type(value) is int:
        return _as_float(value)
    if type(value) is not _TYPES[tag]:
        raise ScalarError(f"{text!r} is tagged !!{tag} and is not {_CALLED[tag]}")
    return value


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ScalarError(f"a number of {len(text):,} digits is too long; at most {MAX_DIGITS} are read")
    # Python knows the two prefixes, but refuses the leading zeros that YAML 1.2 allows.
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _float(text: str) -> float:
    # Python writes infinity and NaN without the dot.
    return float(text.replace(".", "", 1) if text[-1] in "fFnN" else text)

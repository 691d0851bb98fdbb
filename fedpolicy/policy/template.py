"""Messages of rules: `{disclosure.level}` becomes the deployment's own words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.policy.fields import Type, Value

__all__ = ["fill", "placeholders", "said"]

_PLACE = re.compile(r"\{([^{}]*)\}")
_MOST = 6


def placeholders(template: str) -> list[tuple[str, int]]:
    """The names in braces, with their offsets."""
    return [(found[1].strip(), found.start() + 1) for found in _PLACE.finditer(template)]


def fill(template: str, word: Callable[[str], str]) -> str:
    """Put a word for every name in braces, and join the lines."""
    return " ".join(_PLACE.sub(lambda found: word(found[1].strip()), template).split())


def said(kind: Type, values: Sequence[Value]) -> str:
    """The value of a field for people; several where a missing fact leaves several."""
    if not values:
        return "unknown"
    words: list[str] = []
    for value in values:
        word = _one(kind, value)
        if word not in words:
            words.append(word)
    return f"{words[0]} to {words[-1]}" if kind is Type.LEVEL and len(words) > 1 else " or ".join(words)


def _one(kind: Type, value: Value) -> str:
    if kind is Type.LEVEL and isinstance(value, int):
        return LEVELS[value]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return _listed(value)
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else value


def _listed(items: list[str]) -> str:
    if not items:
        return "none"
    if len(items) > _MOST:
        return f"{', '.join(items[:2])} and {len(items) - 2:,} more"
    return " and ".join(part for part in (", ".join(items[:-1]), items[-1]) if part)

"""How a value is written: as YAML on one line, over several, or as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fedpolicy.language.reading.scalars import plain

__all__ = ["as_flow", "as_json", "as_lines", "width_of"]

# A word that starts with a digit must not look like a number to other readers of YAML either: 1_000, 0b1, 2027-06-30.
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_./@+-]*(?: [A-Za-z0-9_./@+-]+)*|(?!0[bB])[0-9](?=[0-9]*[A-Za-z])[A-Za-z0-9]*")
_WORDS = {"yes", "no", "on", "off", "y", "n"}  # other readers of YAML take some of them for booleans
_NARROWEST, _WIDEST = 100, 120


def width_of(lines: Sequence[str]) -> int:
    """How long lines may become: as long as the longest there is, within reason."""
    return min(max([_NARROWEST, *(len(line) for line in lines)]), _WIDEST)


def as_json(value: Any) -> str:  # noqa: ANN401  what JSON holds
    """Write a value for a JSON file."""
    return json.dumps(value, ensure_ascii=False)


def as_flow(value: Any, column: int = 0, width: int = 0) -> str:  # noqa: ANN401
    """Write a value in brackets; it goes on below its first part where it would cross the width (0: never)."""
    if isinstance(value, Mapping):
        inside = column + 1
        pairs = [f"{_scalar(key)}: {as_flow(item, inside + len(str(key)) + 2, width)}" for key, item in value.items()]
        return f"{{{_filled(pairs, inside, width)}}}"
    if isinstance(value, (list, tuple)):
        return f"[{_filled([as_flow(item, column + 1, width) for item in value], column + 1, width)}]"
    return _scalar(value)


def as_lines(key: str, value: Any, column: int, width: int) -> Iterator[str]:  # noqa: ANN401
    """Write a key of a block map that starts in a column; a list of maps gets a line for each."""
    indent = " " * column
    if isinstance(value, (list, tuple)) and any(isinstance(item, Mapping) for item in value):
        yield f"{indent}{_scalar(key)}:"
        for item in value:
            yield f"{indent}  - {as_flow(item, column + 4, width)}"
    else:
        head = f"{indent}{_scalar(key)}: "
        yield head + as_flow(value, len(head), width)


def _filled(parts: Sequence[str], column: int, width: int) -> str:
    """Put parts on as few lines as the width allows; one that takes several has them to itself."""
    lines = [""]
    for place, part in enumerate(parts):
        text = part + ("," if place + 1 < len(parts) else "")
        # The bracket that closes needs a column, too.
        wide = width and column + len(lines[-1]) + 1 + len(text) + (place + 1 == len(parts)) > width
        if lines[-1] and (wide or "\n" in text or "\n" in lines[-1]):
            lines.append(text)
        else:
            lines[-1] = f"{lines[-1]} {text}".lstrip()
    return ("\n" + " " * column).join(lines)


def _scalar(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, float):
        return _number(value)
    if not isinstance(value, str):
        return json.dumps(value)
    safe = _WORD.fullmatch(value) and value.lower() not in _WORDS and plain(value) is value
    return value if safe else json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    # YAML 1.1 takes 1e-06 for text: it wants the dot.
    digits, letter, power = repr(value).partition("e")
    return digits if not letter else f"{digits if '.' in digits else digits + '.0'}e{int(power)}"

"""A JSON schema as text that people can compare: what is short stands on one line, words fill their lines."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Any

__all__ = ["written"]

_WIDTH = 120


def written(schema: dict[str, Any]) -> str:
    """The text of a schema, with a line break at its end."""
    return "".join(_lines(schema, "", "")) + "\n"


def _lines(value: Any, indent: str, before: str) -> Iterator[str]:  # noqa: ANN401  JSON
    short = json.dumps(value, ensure_ascii=False)
    # What has properties of its own is read from top to bottom.
    if not isinstance(value, (dict, list)) or (len(indent + before + short) < _WIDTH and "description" not in short):
        yield before + short
        return
    inner = f"{indent} "
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    yield f"{before}{opening}"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        words = ", ".join(json.dumps(item, ensure_ascii=False) for item in value)
        yield "\n" + textwrap.fill(words, _WIDTH, initial_indent=inner, subsequent_indent=inner, break_on_hyphens=False)
    else:
        pairs = value.items() if isinstance(value, dict) else (("", item) for item in value)
        for number, (name, item) in enumerate(pairs):
            yield f"{',' if number else ''}\n{inner}"
            yield from _lines(item, inner, f"{json.dumps(name, ensure_ascii=False)}: " if name else "")
    yield f"\n{indent}{closing}"

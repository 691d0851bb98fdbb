"""Text of others inside Markdown: it must not become markup, notify people or start a table cell of its own."""

from __future__ import annotations

import re

from fedpolicy.report.words import clean

__all__ = ["code", "line", "prose", "row"]

_ACTIVE = re.compile(r"([\\`*\[\]<>|~#]|(?<!\w)_|_(?!\w))")
_MENTION = re.compile(r"([^\s,;:()]*@[^\s,;:()]*)")
_PIPE, _ESCAPED = re.compile(r"(?<!\\)\|"), r"\\|"


def prose(text: str) -> str:
    """
    Words as words, and what stands between backticks as code.

    A word with an `@` becomes code as well: `letters@aphp` would notify a user of that name.
    """
    parts = clean_lines(text).split("`")
    if len(parts) % 2 == 0:
        return _words("`".join(parts))
    return "".join(code(part) if number % 2 else _words(part) for number, part in enumerate(parts))


def _words(text: str) -> str:
    parts = _MENTION.split(text)
    return "".join(code(part) if number % 2 else _ACTIVE.sub(r"\\\1", part) for number, part in enumerate(parts))


def code(text: str) -> str:
    """A name as it is. Code spans know no escapes, so what would end the span is replaced."""
    return f"`{clean_lines(text).replace('`', chr(39))}`"


def row(*cells: str) -> str:
    """A row of a table from cells that are Markdown already; a pipe in code needs its backslash here as well."""
    return f"| {' | '.join(_PIPE.sub(_ESCAPED, cell) for cell in cells)} |"


def line(text: str) -> str:
    """One line of a list."""
    return f"- {text}"


def clean_lines(text: str) -> str:
    """All on one line, and nothing that steers a terminal."""
    return clean(" ".join(text.split()))

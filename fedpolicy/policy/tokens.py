"""The names in a CEL expression, found without its parser: what it reads, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Name", "compared", "names", "with_presence"]

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*)
    |(?P<text>[rRbB]{0,2}(?:'''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
    |(?P<has>(?<![\w.])has(?P<open>\s*\()\s*(?P<inner>[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*)\s*(?P<close>\)))
    |(?P<name>(?<![\w.)\]])[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*)""",
    re.VERBOSE | re.DOTALL,
)
_WORD = r"""(?:'(?P<{0}1>[^'\\]*)'|"(?P<{0}2>[^"\\]*)")"""
_PATH = r"(?<![\w.]){0}(?![\w.(])"


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted name at an offset; `has` says that only its presence is asked for."""

    text: str
    offset: int
    has: bool = False


def names(expression: str) -> Iterator[Name]:
    """
    Every dotted name outside strings and comments.

    Comprehension variables and methods (`model.class.startsWith`) are among them: a reader keeps what it knows.
    """
    for token in _TOKEN.finditer(expression):
        if token["has"]:
            yield Name(_joined(token["inner"]), token.start("inner"), has=True)
        elif token["name"]:
            yield Name(_joined(token["name"]), token.start("name"))


def with_presence(expression: str) -> str:
    """
    Turn `has(model.licence)` into the variable `has.model.licence` without moving a character.

    Every field is a variable of its own, so that the checker of CEL knows its type; its macro `has` wants a map.
    """
    characters = list(expression)
    for token in _TOKEN.finditer(expression):
        if token["has"]:
            characters[token.end("open") - 1] = "."
            characters[token.start("close")] = " "
    return "".join(characters)


def compared(expression: str, field: str) -> Iterator[tuple[str, int]]:
    """The words that a field is compared with (`==`, `!=`, `in [...]`, `'word' in field`), and where they stand."""
    path = _PATH.format(re.escape(field))
    equal = re.compile(rf"{path}\s*[!=]=\s*{_WORD.format('a')}|{_WORD.format('b')}\s*(?:[!=]=|\bin\b)\s*{path}")
    for found in equal.finditer(expression):
        yield next((found[name], found.start(name)) for name in ("a1", "a2", "b1", "b2") if found[name] is not None)
    for listed in re.finditer(rf"{path}\s+in\s*\[(?P<items>[^\]]*)\]", expression):
        for item in re.finditer(_WORD.format("a"), listed["items"]):
            name = "a1" if item["a1"] is not None else "a2"
            yield item[name], listed.start("items") + item.start(name)


def _joined(name: str) -> str:
    return re.sub(r"\s+", "", name)

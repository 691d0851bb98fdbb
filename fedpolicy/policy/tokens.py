"""The names in a CEL expression, found without its parser: what it reads, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fedpolicy.records import dataclass

__all__ = ["Name", "compared", "names", "with_presence"]

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*)
    |(?P<text>[rRbB]{0,2}(?:'''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
    |(?P<has>(?<![\w.])has(?P<open>\s*\()\s*(?P<inner>[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*)\s*(?P<close>\)))
    |(?P<name>(?<![\w.)\]])[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*)""",
    re.VERBOSE | re.DOTALL,
)
_PATH = r"(?<![\w.])(?P<path>[A-Za-z_][\w.]*)(?![\w.(])"
_WORD = r"""(?:'(?P<single>[^'\\]*)'|"(?P<double>[^"\\]*)")"""


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


def compared(expression: str) -> Iterator[tuple[str, str, int]]:
    """The fields that are compared with words (`==`, `!=`, `in`), the words, and their places."""
    for pattern in (rf"{_PATH}\s*[!=]=\s*{_WORD}", rf"{_WORD}\s*(?:[!=]=|\bin\b)\s*{_PATH}"):
        for found in re.finditer(pattern, expression):
            yield found["path"], *_word(found)
    for listed in re.finditer(rf"{_PATH}\s+in\s*\[(?P<items>[^\]]*)\]", expression):
        for item in re.finditer(_WORD, listed["items"]):
            word, offset = _word(item)
            yield listed["path"], word, listed.start("items") + offset


def _word(found: re.Match[str]) -> tuple[str, int]:
    name = "double" if found["single"] is None else "single"
    return found[name], found.start(name)


def _joined(name: str) -> str:
    return re.sub(r"\s+", "", name)

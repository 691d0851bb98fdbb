"""Texts of rules: the fields that expressions and messages name, and how large an expression is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.limits import MAX_EXPRESSION, MAX_FILTERED, MAX_FILTERS, MAX_ITEM_EXPRESSION, MAX_JOINS
from fedpolicy.patterns import pattern
from fedpolicy.policy.fields import Type, Value
from fedpolicy.records import dataclass

__all__ = [
    "Excess",
    "Name",
    "code_of",
    "compared",
    "excesses",
    "fill",
    "names_in",
    "placeholders",
    "too_long_to_filter",
    "value_words",
    "with_presence",
]

_TOKEN = pattern(
    r"""(?P<comment>//[^\n]*)
    |(?P<text>[rRbB]{0,2}(?:'''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
    |(?P<has>(?<![\w.])has(?P<open>\s*\()\s*(?P<inner>[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*)\s*(?P<close>\)))
    |(?P<name>(?<![\w.)\]])[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*)""",
    re.VERBOSE | re.DOTALL,
)
_PATH = r"(?<![\w.])(?P<path>[A-Za-z_][\w.]*)(?![\w.(])"
_WORD = r"""(?:'(?P<single>[^'\\]*)'|"(?P<double>[^"\\]*)")"""
_PLACE = pattern(r"\{([^{}]*)\}")
# A template says `{days} days` for any number of them.
_ONE = pattern(r"(?<![\w.,])1 (client|contribution|day|owner|unit)s\b")
_MOST = 6


_MACRO = pattern(r"\.\s*(?P<name>all|exists|exists_one|filter|map)\s*\(")
_MAKES = pattern(r"\+|\b(?:string|bytes)\s*\(")
_PARENTHESIS = pattern(r"[()]")


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted name at an offset; `has` says that only its presence is asked for."""

    text: str
    offset: int
    has: bool = False


def names_in(expression: str) -> Iterator[Name]:
    """
    Every dotted name outside strings and comments.

    Comprehension variables and methods (`model.class.startsWith`) are among them: a reader keeps what it knows.
    """
    for token in _TOKEN.finditer(expression):
        if token["has"]:
            yield Name(_joined(token["inner"]), token.start("inner"), has=True)
        elif token["name"]:
            yield Name(_joined(token["name"]), token.start("name"))


def code_of(expression: str) -> str:
    """The same with strings and comments blanked, each character at its place."""
    return _TOKEN.sub(
        lambda token: " " * len(token.group()) if token["comment"] or token["text"] else token.group(), expression
    )


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
    for form in (rf"{_PATH}\s*[!=]=\s*{_WORD}", rf"{_WORD}\s*(?:[!=]=|\bin\b)\s*{_PATH}"):
        for found in re.finditer(form, expression):
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


def placeholders(template: str) -> list[tuple[str, int]]:
    """The names in braces, with their offsets."""
    return [(found[1].strip(), found.start() + 1) for found in _PLACE.finditer(template)]


def fill(template: str, word: Callable[[str], str]) -> str:
    """Put a word for every name in braces, join the lines, and say one thing in the singular."""
    text = " ".join(_PLACE.sub(lambda found: word(found[1].strip()), template).split())
    return _ONE.sub(r"1 \1", text)


def value_words(kind: Type, values: Sequence[Value]) -> str:
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


@dataclass(frozen=True, slots=True)
class Excess:
    """What is too much, and the offset of the character where it is."""

    message: str
    offset: int


def excesses(expression: str) -> Iterator[Excess]:
    """Everything in an expression that could take more memory than it may."""
    if len(expression) > MAX_EXPRESSION:
        yield Excess(f"an expression of {len(expression):,} characters; at most {MAX_EXPRESSION:,} are read", 0)
        return
    code = code_of(expression)
    joins = [found.start() for found in re.finditer(r"\+", code)]
    if len(joins) > MAX_JOINS:
        yield Excess(f"more than {MAX_JOINS} times `+` in one expression", joins[MAX_JOINS])
    macros = list(_MACRO.finditer(code))
    filters = [macro.start("name") for macro in macros if macro["name"] == "filter"]
    if len(filters) > MAX_FILTERS:
        message = f"more than {MAX_FILTERS} times `filter` in one expression; ask with exists or all"
        yield Excess(message, filters[MAX_FILTERS])
    for macro in macros:
        yield from _of_macro(code, macro)


def too_long_to_filter(values: Iterable[Value]) -> str:
    """Why a rule with `filter` cannot read these values; empty where it can."""
    longest = max((len(value) for value in values if isinstance(value, list)), default=0)
    if longest <= MAX_FILTERED:
        return ""
    return f"`filter` reads at most {MAX_FILTERED:,} items, and there are {longest:,}; ask with exists or all"


def _of_macro(code: str, macro: re.Match[str]) -> Iterator[Excess]:
    name, start = macro["name"], macro.end()
    if name == "map":
        yield Excess("`map` makes new lists; ask with exists, all or filter", macro.start("name"))
        return
    end = _end(code, start)
    if end - start > MAX_ITEM_EXPRESSION:
        message = f"more than {MAX_ITEM_EXPRESSION} characters inside `{name}(...)`; write two rules, or a simpler one"
        yield Excess(message, macro.start("name"))
        return
    made = _MAKES.search(code, start, end)
    if made:
        message = (
            f"`{made.group().rstrip('( ')}` inside `{name}(...)` makes something new of each item; compare it as it is"
        )
        yield Excess(message, made.start())


def _end(code: str, start: int) -> int:
    """Where the parenthesis that opens before `start` is closed."""
    depth = 1
    for found in _PARENTHESIS.finditer(code, start):
        depth += 1 if found.group() == "(" else -1
        if depth == 0:
            return found.start()
    return len(code)

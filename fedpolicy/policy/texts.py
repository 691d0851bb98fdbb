"""Texts of rules: the fields that expressions and messages name, and how large an expression is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.limits import (
    MAX_EXPRESSION,
    MAX_FILTERED,
    MAX_FILTERS,
    MAX_ITEM_EXPRESSION,
    MAX_ITERATIONS,
    MAX_JOINS,
    MAX_LOOKED_AT,
    MAX_PATTERNS,
)
from fedpolicy.policy.fields import Type, Value
from fedpolicy.records import dataclass
from fedpolicy.startup import NamedTuple, pattern

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
_ONE = pattern(r"1 (?<![\w.,]1 )(client|contribution|day|owner|unit)s\b")  # quick to look for: it begins with a word
_MOST = 6


_MACRO = pattern(r"\.\s*(?P<name>all|exists|exists_one|filter|map)\s*\(")
_MAKES = pattern(r"\+|\b(?:string|bytes)\s*\(")
_LOOPS = ("all", "exists", "exists_one", "filter")
_CALL = pattern(r"\w\s*\(|\bin\b")
_MATCHES = pattern(r"\bmatches\s*\(")
_TOGETHER = 16
_SHORT = 100  # characters of a text, items of a list: 200 calls in each of 10,000 rounds then take less than a second
_DEEP = 4  # loops within loops reach the bound on rounds at once
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


@lru_cache(maxsize=256)  # thousands of findings are told in the words of a few rules
def _pieces(template: str) -> tuple[str, ...]:
    """The texts between names in braces, and these names."""
    return tuple(piece.strip() if at % 2 else piece for at, piece in enumerate(_PLACE.split(template)))


@lru_cache(maxsize=256)
def placeholders(template: str) -> tuple[tuple[str, int], ...]:
    """The names in braces, with their offsets."""
    return tuple((found[1].strip(), found.start() + 1) for found in _PLACE.finditer(template))


def fill(template: str, word: Callable[[str], str]) -> str:
    """Put a word for every name in braces, join the lines, and say one thing in the singular."""
    told = [word(piece) if at % 2 else piece for at, piece in enumerate(_pieces(template))]
    text = " ".join("".join(told).split())
    return _ONE.sub(r"1 \1", text) if "1 " in text else text


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
    """Everything in an expression that could take more memory or time than it may."""
    if len(expression) > MAX_EXPRESSION:
        yield Excess(f"an expression of {len(expression):,} characters; at most {MAX_EXPRESSION:,} are read", 0)
        return
    code = code_of(expression)
    macros = list(_MACRO.finditer(code))
    filters = (macro.start("name") for macro in macros if macro["name"] == "filter")
    yield from _too_many("+", (found.start() for found in re.finditer(r"\+", code)), MAX_JOINS)
    yield from _too_many("filter", filters, MAX_FILTERS, "; ask with exists or all")
    matches = (found.start() for found in _MATCHES.finditer(code))
    yield from _too_many("matches", matches, MAX_PATTERNS, "; ask with contains, startsWith or endsWith")
    for macro in macros:
        yield from _of_macro(code, macro)


def _too_many(word: str, found: Iterable[int], most: int, advice: str = "") -> Iterator[Excess]:
    places = list(found)
    if len(places) > most:
        yield Excess(f"more than {most} times `{word}` in one expression{advice}", places[most])


def _too_long_to_filter(values: Iterable[Value]) -> str:
    """Why a rule with `filter` cannot read these values; empty where it can."""
    longest = max((len(value) for value in values if isinstance(value, list)), default=0)
    if longest <= MAX_FILTERED:
        return ""
    return f"`filter` reads at most {MAX_FILTERED:,} items, and there are {longest:,}; ask with exists or all"


class _Work(NamedTuple):
    """What an expression does with its values: calls, loops over lists, and what it names in each round of these."""

    calls: int
    loops: int
    inside: tuple[str, ...]


@cache
def _work_of(expression: str) -> _Work | None:
    """None where an expression does nothing that takes longer for longer values."""
    code = code_of(expression)
    macros = list(_MACRO.finditer(code))
    calls = len(_CALL.findall(code))
    if not calls:
        return None
    bodies = [(macro.end(), _end(code, macro.end())) for macro in macros]
    names = (one for one in names_in(expression) if any(start <= one.offset < end for start, end in bodies))
    inside = tuple(one.text for one in names if one.text.rpartition(".")[2] not in _LOOPS)
    return _Work(calls, len(macros), inside)


def _walk(items: Sequence[str]) -> int:
    """To compare with each item of a list; characters that are the same are passed over sixteen at a time."""
    return sum(1 + len(item) // _TOGETHER for item in items)


def is_large(values: Iterable[Value]) -> bool:
    """Whether an expression may take long on some of these values; nearly all are short."""
    return any(
        len(value) > _SHORT or (isinstance(value, list) and any(len(item) > _SHORT for item in value))
        for value in values
        if isinstance(value, (str, list))
    )


def too_much_work(expression: str, values: Mapping[str, Value]) -> str:
    """Why an expression would take too long on these values, or too much memory; empty where it does not."""
    if "filter" in expression and (why := _too_long_to_filter(values.values())):
        return why
    work = _work_of(expression)
    if work is None:
        return ""
    texts = [len(value) for value in values.values() if isinstance(value, str)]
    rounds = 1
    if work.loops:
        lists = [value for value in values.values() if isinstance(value, list)]
        texts += [max(map(len, value)) for value in lists if value]
        items = max(map(len, lists), default=0)
        rounds = min(items**work.loops, MAX_ITERATIONS) if work.loops < _DEEP else MAX_ITERATIONS
    walked = sum(_walk(found) for name in work.inside if isinstance(found := values.get(name), list))
    looked = rounds * (work.calls * max(texts, default=0) + walked)
    if looked <= MAX_LOOKED_AT:
        return ""
    return f"it would look at {looked:,} characters, and at most {MAX_LOOKED_AT:,} are read; compare shorter values"


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
    yield from _of_body(code, name, start, end)


def _of_body(code: str, name: str, start: int, end: int) -> Iterator[Excess]:
    """What stands inside a macro is done for each item."""
    made = _MAKES.search(code, start, end)
    if made:
        what = made.group().rstrip("( ")
        message = f"`{what}` inside `{name}(...)` makes something new of each item; compare it as it is"
        yield Excess(message, made.start())
    read = _MATCHES.search(code, start, end)
    if read:
        message = f"`matches` inside `{name}(...)` reads its pattern anew for each item; ask with contains or `in`"
        yield Excess(message, read.start())


def _end(code: str, start: int) -> int:
    """Where the parenthesis that opens before `start` is closed."""
    depth = 1
    for found in _PARENTHESIS.finditer(code, start):
        depth += 1 if found.group() == "(" else -1
        if depth == 0:
            return found.start()
    return len(code)

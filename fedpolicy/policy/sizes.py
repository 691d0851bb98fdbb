"""
What an expression may cost: CEL bounds its steps, but not what each step makes.

A step makes something new where texts or lists are joined, or written out. Once in a rule that is harmless; ten
thousand times over, or doubled at each level, it takes all memory. So what a rule does with each item of a list only
looks at it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fedpolicy.limits import MAX_EXPRESSION, MAX_FILTERED, MAX_FILTERS, MAX_ITEM_EXPRESSION, MAX_JOINS
from fedpolicy.policy.fields import Value
from fedpolicy.policy.texts import code_of
from fedpolicy.records import dataclass

__all__ = ["Excess", "excesses", "too_long_to_filter"]

_MACRO = re.compile(r"\.\s*(?P<name>all|exists|exists_one|filter|map)\s*\(")
_MAKES = re.compile(r"\+|\b(?:string|bytes)\s*\(")
_PARENTHESIS = re.compile(r"[()]")


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
        yield Excess(
            f"more than {MAX_FILTERS} times `filter` in one expression; ask with exists or all", filters[MAX_FILTERS]
        )
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

"""
Small mistakes put into an expression on purpose: a rule's examples must notice them.

Three kinds (after DeMillo, Lipton and Sayward 1978): a comparison or a condition is negated, a part of `&&` or `||` is
dropped, a constant is changed. A mutant that no example notices shows a part of the rule that nothing tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.analysis.openness import CLASSES

_TOKEN = re.compile(
    r"""(?P<text>[rRbB]{0,2}(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"))
    |(?P<number>(?<![\w.])\d+(?:\.\d+)?(?![\w.]))
    |(?P<name>[A-Za-z_][\w.]*)
    |(?P<operator>&&|\|\||==|!=|<=|>=|<|>|!|\?|:|,|[()\[\]{}])""",
    re.VERBOSE,
)
_NEGATED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_ORDERED = (tuple(level.upper() for level in LEVELS), tuple(name.upper() for name in CLASSES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """An expression with one mistake: what was done, where (offset in the original), and the new text."""

    what: str
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def mutants_of(expression: str) -> Iterator[Mutant]:
    """Every mutant of an expression, each once, in the order of their places."""
    tokens = [_token(found) for found in _TOKEN.finditer(expression)]
    found = [*_negations(expression, tokens), *_constants(expression, tokens), *_drops(expression, tokens)]
    seen = {expression}
    for mutant in sorted(found, key=lambda one: (one.offset, one.text)):
        if mutant.text not in seen:
            seen.add(mutant.text)
            yield mutant


def _token(found: re.Match[str]) -> _Token:
    return _Token(str(found.lastgroup), found[0], found.start(), found.end())


def _negations(expression: str, tokens: list[_Token]) -> Iterator[Mutant]:
    for token in tokens:
        if token.text in _NEGATED:
            other = _NEGATED[token.text]
            yield _replaced(expression, token, other, f"`{token.text}` becomes `{other}`")
        elif token.text == "!":
            yield _replaced(expression, token, "", "`!` is left out")
    for start, end in _operands(tokens):
        operand = expression[start:end]
        if re.fullmatch(r"[A-Za-z_][\w.]*", operand):
            yield Mutant(
                what=f"`{operand}` is negated", offset=start, text=f"{expression[:start]}!{expression[start:]}"
            )


def _constants(expression: str, tokens: list[_Token]) -> Iterator[Mutant]:
    for token, after in zip_longest(tokens, tokens[1:]):
        for other in _others(token, after):
            yield _replaced(expression, token, other, f"`{token.text}` becomes `{other}`")
    yield from _shorter_lists(expression, tokens)


def _others(token: _Token, after: _Token | None) -> Iterator[str]:
    if token.kind == "number":
        whole = "." not in token.text
        yield str(int(token.text) + 1) if whole else str(float(token.text) * 2 + 1)
    elif token.text in {"true", "false"}:
        yield "false" if token.text == "true" else "true"
    elif token.kind == "name" and (after is None or after.text != "("):
        for order in _ORDERED:
            if token.text in order:
                place = order.index(token.text)
                yield from (order[near] for near in (place - 1, place + 1) if 0 <= near < len(order))


def _shorter_lists(expression: str, tokens: list[_Token]) -> Iterator[Mutant]:
    """Leave out one word of a list of words."""
    for start, end in _groups(tokens, "[", "]"):
        items = [token for token in tokens[start + 1 : end] if token.kind == "text"]
        if len(items) > 1 and all(token.kind == "text" or token.text == "," for token in tokens[start + 1 : end]):
            for item in items:
                kept = ", ".join(other.text for other in items if other is not item)
                text = f"{expression[: tokens[start].end]}{kept}{expression[tokens[end].start :]}"
                yield Mutant(what=f"{item.text} is left out of the list", offset=item.start, text=text)


def _drops(expression: str, tokens: list[_Token]) -> Iterator[Mutant]:
    """Drop each part of a conjunction or a disjunction."""
    for operator, parts in _chains(tokens):
        for index, (start, end) in enumerate(parts):
            cut = (start, parts[index + 1][0]) if index == 0 else (parts[index - 1][1], end)
            dropped = " ".join(expression[start:end].split())
            text = expression[: cut[0]] + expression[cut[1] :]
            yield Mutant(what=f"`{dropped}` is dropped from `{operator}`", offset=start, text=text)


def _operands(tokens: list[_Token]) -> Iterator[tuple[int, int]]:
    """The parts that `&&` and `||` join, and whole expressions that join nothing."""
    joined = [part for _, parts in _chains(tokens) for part in parts]
    yield from joined
    if tokens and not joined:
        yield tokens[0].start, tokens[-1].end


def _chains(tokens: list[_Token]) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Each run of operands that one operator joins, at any depth; `&&` binds closer than `||`."""
    for segment in _segments(tokens):
        alternatives = list(_cut(segment, {"||"}))
        if len(alternatives) > 1:
            yield "||", [(part[0].start, part[-1].end) for part in alternatives if part]
        for alternative in alternatives:
            parts = list(_cut(alternative, {"&&"}))
            if len(parts) > 1:
                yield "&&", [(part[0].start, part[-1].end) for part in parts if part]


def _segments(tokens: list[_Token]) -> Iterator[list[_Token]]:
    """The expression itself, and what stands inside each pair of brackets, cut at commas and at `? :`."""
    yield from _cut(tokens, {",", "?", ":"})
    for pair in ("()", "[]", "{}"):
        for start, end in _groups(tokens, *pair):
            yield from _cut(tokens[start + 1 : end], {",", "?", ":"})


def _cut(tokens: list[_Token], at: set[str]) -> Iterator[list[_Token]]:
    """The parts between some words, where these are inside no brackets."""
    part: list[_Token] = []
    depth = 0
    for token in tokens:
        depth += (token.text in "([{") - (token.text in ")]}") if token.kind == "operator" else 0
        if depth == 0 and token.text in at:
            yield part
            part = []
        else:
            part.append(token)
    yield part


def _groups(tokens: list[_Token], opening: str, closing: str) -> Iterator[tuple[int, int]]:
    stack: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind == "operator" and token.text == opening:
            stack.append(index)
        elif token.kind == "operator" and token.text == closing and stack:
            yield stack.pop(), index


def _replaced(expression: str, token: _Token, other: str, what: str) -> Mutant:
    return Mutant(what=what, offset=token.start, text=expression[: token.start] + other + expression[token.end :])

"""
TOML, and the part of HOCON that NVFLARE's files use, with places.

The standard library has the values of TOML, and a second pass finds the lines. Of HOCON: maps, lists, dotted keys, `=`
or `:` or neither, comments, and line ends in place of commas. What goes beyond, such as an include, is refused, not
guessed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import partial

from fedpolicy.findings import Span
from fedpolicy.limits import MAX_DIGITS
from fedpolicy.records import dataclass
from fedpolicy.scan import ForeignNode, Path, Unread

_KEY = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
_TABLE = re.compile(rf"[ \t]*\[\[?[ \t]*({_KEY}(?:[ \t]*\.[ \t]*{_KEY})*)[ \t]*\]\]?")
_ENTRY = re.compile(rf"[ \t]*({_KEY}(?:[ \t]*\.[ \t]*{_KEY})*)[ \t]*=")
_STEP = re.compile(_KEY)
_BROKEN = re.compile(r"at line (\d+), column (\d+)")
_LONG = ('"""', "'''")
_DEEPEST = 64
_TOKEN = re.compile(
    r"(?P<space>[ \t\r]+|(?:\#|//)[^\n]*)"
    r"|(?P<end>[\n,])"
    r"|(?P<mark>\+=|[{}\[\]=:])"
    r'|(?P<long>"""(?:.|\n)*?"""+)'
    r'|(?P<quoted>"(?:[^"\\\n]|\\.)*")'
    # What is filled in from elsewhere stays as it is written, and reads as unknown.
    r"|(?P<bare>\$\{[^}\n]*\}|[^\s{}\[\],=:#\"$+`^?!@*&\\]+)"
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORDS: dict[str, object] = {
    "true": True,
    "yes": True,
    "on": True,
    "false": False,
    "no": False,
    "off": False,
    "null": None,
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")


def toml(text: str, name: str) -> ForeignNode:
    """The tree of a file. Raises Unread where it is not TOML."""
    try:
        tree = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        place = _BROKEN.search(str(error))
        line, column = (int(place[1]), int(place[2])) if place else (1, 1)
        span = Span(file=name, line=line, column=column, end_line=line, end_column=column + 1)
        what = (
            str(error).partition(" (at ")[0]
            if place
            else "it is nested too deeply, or holds a number of too many digits"
        )
        raise Unread(f"it is not TOML: {what[:1].lower()}{what[1:]}", span) from error
    return ForeignNode(value=tree, at=partial(_at, dict(_places(text)), name))


def _at(places: Mapping[Path, tuple[int, int, int]], name: str, path: Path) -> Span:
    """Where a path, or what is nearest around it, is written."""
    while path and path not in places:
        path = path[:-1]
    line, column, end = places.get(path, (1, 1, 1))
    return Span(file=name, line=line, column=column, end_line=line, end_column=end)


def _places(text: str) -> Iterator[tuple[Path, tuple[int, int, int]]]:
    """The path of each key and table, and the line and columns where it is written."""
    table: Path = ()
    open_text = ""
    for number, line in enumerate(text.split("\n"), 1):
        if open_text:
            open_text = "" if line.count(open_text) % 2 else open_text
            continue
        if found := _TABLE.match(line):
            table = _steps(found[1])
            yield table, (number, found.start(1) + 1, found.end(1) + 1)
        elif found := _ENTRY.match(line):
            steps = _steps(found[1])
            for count in range(1, len(steps) + 1):
                yield (*table, *steps[:count]), (number, found.start(1) + 1, found.end(1) + 1)
        open_text = next((quote for quote in _LONG if line.count(quote) % 2), "")


def _steps(text: str) -> Path:
    return tuple(step.strip("\"'") for step in _STEP.findall(text))


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int


def hocon(text: str, name: str) -> ForeignNode:
    """The tree of a file. Raises Unread where it uses what is not read."""
    return _Reader(text, name).whole()


class _Reader:
    """Goes through the tokens once; `places` has the offset of each path."""

    def __init__(self, text: str, name: str) -> None:
        self._text, self._name = text, name
        self._places: dict[Path, int] = {(): 0}
        self._tokens = self._split()
        self._next = 0

    def whole(self) -> ForeignNode:
        self._skip_ends()
        braces = self._peek().text == "{"
        if braces:
            self._take()
        tree = self._map((), "}" if braces else "", 0)
        self._skip_ends()
        if self._peek().kind != "stop":
            raise self._unread("something follows the end of the file's map")
        return ForeignNode(value=tree, at=self._span)

    def _split(self) -> list[_Token]:
        found, at = [], 0
        while at < len(self._text):
            match = _TOKEN.match(self._text, at)
            if match is None:
                raise self._unread(f"`{self._text[at]}` is HOCON syntax that is not supported", at)
            if match.lastgroup != "space":
                found.append(_Token(str(match.lastgroup), match.group(), at))
            at = match.end()
        return [*found, _Token("stop", "", len(self._text))]

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _skip_ends(self) -> None:
        while self._peek().kind == "end":
            self._next += 1

    def _map(self, path: Path, closing: str, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        while True:
            self._skip_ends()
            token = self._peek()
            if token.text == closing and token.kind in ("mark", "stop"):
                self._next += token.kind == "mark"
                return found
            self._entry(found, path, depth)

    def _entry(self, found: dict[str, object], path: Path, depth: int) -> None:
        start = self._peek().start
        steps = self._key()
        if self._peek().text in ("=", ":"):
            self._take()
            self._skip_ends()
        elif self._peek().text != "{":
            raise self._unread("a key without a value")
        here = found
        for number, step in enumerate(steps[:-1], 1):
            self._places.setdefault((*path, *steps[:number]), start)
            inner = here.setdefault(step, {})
            if not isinstance(inner, dict):
                raise self._unread("a key below a value that is not a map", start)
            here = inner
        whole = (*path, *steps)
        value = self._value(whole, depth + 1)
        before = here.get(steps[-1])
        here[steps[-1]] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value

    def _key(self) -> list[str]:
        token = self._take()
        if token.kind == "quoted":
            return [_unquoted(token.text)]
        if token.kind != "bare" or token.text == "include":
            self._next -= 1
            raise self._unread("a key is expected here")
        return token.text.split(".")

    def _value(self, path: Path, depth: int) -> object:
        if depth > _DEEPEST:
            raise self._unread(f"nested deeper than {_DEEPEST} levels")
        token = self._take()
        self._places[path] = token.start
        if token.text == "{" and token.kind == "mark":
            return self._map(path, "}", depth)
        if token.text == "[" and token.kind == "mark":
            return self._list(path, depth)
        return self._scalar(token)

    def _list(self, path: Path, depth: int) -> tuple[object, ...]:
        found: list[object] = []
        while True:
            self._skip_ends()
            if self._peek().text == "]" and self._peek().kind == "mark":
                self._take()
                return tuple(found)
            found.append(self._value((*path, len(found)), depth + 1))

    def _scalar(self, token: _Token) -> object:
        if token.kind == "quoted":
            return _unquoted(token.text)
        if token.kind == "long":
            return token.text[3:-3]
        if token.kind != "bare" or (token.text == "include" and self._peek().kind == "quoted"):
            raise self._unread("a value is expected here", token.start)
        parts = [token]
        # Words up to the end of the line are one text.
        while self._peek().kind == "bare" or self._peek().text == ":":
            parts.append(self._take())
        said = self._text[token.start : parts[-1].start + len(parts[-1].text)]
        if len(said) <= MAX_DIGITS and _NUMBER.fullmatch(said):
            return float(said) if set(said) & set(".eE") else int(said)
        return _WORDS.get(said, said)

    def _span(self, path: Path) -> Span:
        known = path
        while known not in self._places:
            known = known[:-1]
        return self._at(self._places[known])

    def _at(self, offset: int) -> Span:
        line = self._text.count("\n", 0, offset) + 1
        column = offset - (self._text.rfind("\n", 0, offset) + 1) + 1
        return Span(file=self._name, line=line, column=column, end_line=line, end_column=column + 1)

    def _unread(self, why: str, offset: int | None = None) -> Unread:
        return Unread(why, self._at(self._peek().start if offset is None else offset))


def _unquoted(text: str) -> str:
    def meant(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else _ESCAPES.get(match[2], match[2])

    return _ESCAPE.sub(meant, text[1:-1])

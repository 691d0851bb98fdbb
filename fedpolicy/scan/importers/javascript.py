"""
JavaScript and TypeScript: clients of models that are imported and made, and requests to hosts of those who run models.

Nothing is parsed but comments, texts and brackets. So a fact needs all that makes it one at one place: the import, the
call by the name that it gives, and an address that stands there, or in the one constant that it names.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.records import replace
from fedpolicy.scan import Evidence, Strength, settled, single
from fedpolicy.scan.services import CALLED, elsewhere, host_of, is_own

if TYPE_CHECKING:
    from fedpolicy.catalog.rows import ServiceRow
    from fedpolicy.findings import Span
    from fedpolicy.scan.reading import File

_ENDINGS = frozenset({".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"})
_LONGEST = 2000  # characters of a line, or of what a call is given; longer ones a program has put together
_DEEPEST = 50  # brackets in brackets of what a call is given
_TEXT = r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`"""
_COMMENT = re.compile(rf"{_TEXT}|//[^\n]*|/\*.*?\*/", re.DOTALL)
_BRACKET = re.compile(rf"{_TEXT}|[(){{}}\[\]]", re.DOTALL)
_IMPORT = re.compile(
    r"""\bimport\s+(?!type\b)([\w$*{},\s]+?)\s+from\s*["']([^"'\n]+)["']"""
    r"""|\b(?:const|let|var)\s+([\w$]+|\{[^}]*\})\s*=\s*(?:require|await\s+import)\(\s*["']([^"'\n]+)["']"""
)
_NAMED = re.compile(r"(type\s+)?([\w$]+)(?:\s*(?:as|:)\s*([\w$]+))?")
_ADDRESS = re.compile(r"\b(baseURL|baseUrl|serverURL|endpoint)\b(?:\s*:\s*([^,}]+))?")
_OWN, _OPEN, _SHUT = "own", "([{", ")]}"
_CONSTANT = re.compile(r"\b(?:const|let|var)\s+([\w$]+)\s*(?::\s*\w+\s*)?=\s*([^;\n]+)")
_SAID = re.compile(rf"(?:process\.env\.([A-Z_]+)\s*(?:\?\?|\|\|)\s*)?({_TEXT})\s*", re.DOTALL)
_VARIABLE = re.compile(r"process\.env\.(\w+)\s*")
_MODEL = re.compile(r"""\bmodel(?:Name)?\s*:\s*["']([\w./:-]+)["']""")
_FIRST = re.compile(r"""\s*["']([\w./:-]+)["']""")
_ASK = r"\b(?:fetch|axios|got|ky)(?:\.\w+)?\s*(?:<[^>(]*>)?\(\s*"
_REQUEST = re.compile(rf"{_ASK}(?:\{{\s*url\s*:\s*)?({_TEXT})", re.DOTALL)
_REQUESTS = re.compile(_ASK)
_HOST = re.compile(r"""["'`](https://[\w.-]+/[^"'`$\s]*)""")


def wants(file: File) -> bool:
    """A module with a word of a service's, which somebody wrote; types alone do nothing."""
    if file.path.suffix not in _ENDINGS or ".d." in file.path.name:
        return False
    words = (*file.services.script_words, *file.services.host_words)
    return any(word in file.content for word in words) and max(map(len, file.content.split(b"\n"))) <= _LONGEST


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    script = _Script(file)
    found = [*_clients(script), *_requests(script)]
    asked = {one.subject for one in found if one.kind == "call" and one.attribute == "made"}
    yield from found
    if len(asked) == 1 and "call:unknown" not in asked:
        for model in script.find(_MODEL):
            yield script.says(model.start(1), min(asked), "model", model[1])
    for one in _HOST.finditer(script.code) if any(script.find(_REQUESTS)) else ():
        row = file.services.behind(one[1])
        if row and row.kind in CALLED and f"call:{row.id}" not in asked:
            asked.add(f"call:{row.id}")
            note = f"the file names {host_of(one[1])} and makes requests"
            yield single(row.id, script.place(one.start(1))).says(f"call:{row.id}", "used", None, note=note)


class _Script:
    """A module without its comments, in place of which there is space; `bare` is without its texts, too."""

    def __init__(self, file: File) -> None:
        self.file, self.services = file, file.services
        self.code = _COMMENT.sub(_without_comment, file.text)
        self.bare = _COMMENT.sub(_blank, self.code)
        self._lines = [0, *(found.end() for found in re.finditer("\n", self.code))]
        self._constants: dict[str, list[str]] = {}
        for name, value in _CONSTANT.findall(self.code):
            self._constants.setdefault(name, []).append(value)

    def place(self, at: int) -> Span:
        """The place of a character."""
        line = bisect_right(self._lines, at)
        return self.file.line(line, at - self._lines[line - 1] + 1)

    def says(self, at: int, subject: str, attribute: str, value: str, note: str = "") -> Evidence:
        """What a place of the code says of something."""
        found = single(value, self.place(at)).says(subject, attribute, value, note=note, strength=Strength.WIRED)
        return replace(found, key="")

    def constant(self, name: str) -> str:
        """What the one constant of a name is set to."""
        kept = self._constants.get(name, [])
        return kept[0].strip() if len(kept) == 1 else ""

    def given(self, start: int) -> str:
        """What a call is given, behind its bracket."""
        depth = 1
        for one in _BRACKET.finditer(self.code, start, start + _LONGEST):
            depth += (one[0] in _OPEN) - (one[0] in _SHUT)
            if depth in (0, _DEEPEST):
                return "" if depth else self.code[start : one.start()]
        return ""

    def find(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """What is code, and no piece of a text."""
        return (found for found in pattern.finditer(self.code) if self.bare[found.start()] != " ")


def _without_comment(found: re.Match[str]) -> str:
    return _blank(found) if found[0].startswith("/") else found[0]


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])


def _clients(script: _Script) -> Iterator[Evidence]:
    """Classes of which one is made, and functions that are called, by the names that imports give them."""
    for name, row in _imported(script):
        start = rf"\bnew\s+{re.escape(name)}\s*(?:<[^>(]*>)?" if name[0].isupper() else rf"(?<![\w$.]){re.escape(name)}"
        for call in re.finditer(start + (r"\(" if name[0].isupper() else r"(?:\.\w+)?\("), script.bare):
            yield from _client(script, call, row)


def _client(script: _Script, call: re.Match[str], row: ServiceRow) -> Iterator[Evidence]:
    given = script.given(call.end())
    address = _ADDRESS.search(given)
    who, said, note = row.id, "", elsewhere(row)
    if address:
        who, said, note = _behind(script, (address[2] or address[1]).strip(), row)
    if said and who == _OWN:
        yield script.says(call.start(), "model:own", "address", said, note)
        return
    yield script.says(call.start(), f"call:{who}", "made", "true", note)
    if model := _FIRST.match(given):
        yield script.says(call.end() + model.start(1), f"call:{who}", "model", model[1])


def _behind(script: _Script, value: str, row: ServiceRow) -> tuple[str, str, str]:
    """Who answers at an address, the address, and what is open about it."""
    value = script.constant(value) or value
    said = _SAID.fullmatch(value)
    if said and settled(address := said[2][1:-1]):
        note = f"a default of the variable {said[1]}" if said[1] else ""
        behind = script.services.behind(address)
        unknown = "" if behind or is_own(address) else f"the catalogue does not know who answers at {host_of(address)}"
        return (behind.id if behind else "unknown" if unknown else _OWN), address, unknown or note
    variable = _VARIABLE.fullmatch(value)
    if (variable and variable[1] in row.address_variables) or (row.hosts and all(one[0] == "." for one in row.hosts)):
        return row.id, "", elsewhere(row)
    return (
        "unknown",
        "",
        f"the address is the variable {variable[1]}" if variable else "the address comes from elsewhere",
    )


def _requests(script: _Script) -> Iterator[Evidence]:
    for call in script.find(_REQUEST):
        row = script.services.behind(call[1][1:-1].partition("${")[0])
        if row and row.kind in CALLED:
            yield script.says(call.start(1), f"call:{row.id}", "made", "true")


def _imported(script: _Script) -> Iterator[tuple[str, ServiceRow]]:
    """Names that stand for what the catalogue knows of a package."""
    for one in script.find(_IMPORT):
        names, package = (one[1], one[2]) if one[2] else (one[3], one[4])
        before, _, inside = names.partition("{")
        rows = [(before.strip(" ,\n"), script.services.scripts.get(f"{package}#default"))]
        rows += [
            (other or name, script.services.scripts.get(f"{package}#{name}"))
            for typed, name, other in _NAMED.findall(inside)
            if not typed
        ]
        yield from ((name, row) for name, row in rows if name and row)

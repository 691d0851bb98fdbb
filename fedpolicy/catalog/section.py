"""
One section of the catalogue: rows by id and alias, read when they are looked at.

What ships is two files a section, one written by hand and one generated from packages; a field that the first states
wins. Both are searched as text, and only the rows that a check asks for are parsed: the files may grow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml

from fedpolicy.catalog.read import Place, build_row, compose_shipped, plain
from fedpolicy.catalog.rows import Row
from fedpolicy.errors import CatalogError
from fedpolicy.files import catalog_dir
from fedpolicy.findings import Span
from fedpolicy.records import replace
from fedpolicy.startup import pattern

GENERATED = "generated"  # the folder of the generated files
R = TypeVar("R", bound=Row)
# In the shipped files a row begins with its id, two spaces in; whatever it says stands deeper.
_ROW = pattern(r"^  (?P<quote>[\"']?)(?P<id>[^\s\"'#][^\s\"']*)(?P=quote):(?=[ \n])", re.MULTILINE)
_LISTED = pattern(rf"{_ROW.pattern}|aliases: (?P<list>.*)", re.MULTILINE)
_ALIAS = pattern(r"[^\s,\[\]\"'}]+")
_BESIDE = b" ,[]\"'\n"  # what may stand beside an alias
_MANY = 32  # words of which it has been asked what they name
_JOINED = ("source", "aliases")  # lists of which both files may state a part


class Section(Mapping[str, R], Generic[R]):
    """A read-only mapping from id to row, in the order of ids; the user's own rows replace shipped ones."""

    __slots__ = ("_folder", "_found", "_index", "_name", "_own", "_present", "_rows", "_texts", "_words")

    def __init__(self, name: str, folder: Path, own: Mapping[str, R]) -> None:
        self._name = name
        self._folder = folder
        self._own = frozenset(own)
        self._rows = dict(own)
        self._found: dict[str, R | None] = {}
        self._index: set[str] = set()
        self._present: dict[str, bool] = {}
        self._texts: tuple[bytes, ...] = ()
        self._words: frozenset[str] = frozenset()

    def __getitem__(self, key: str) -> R:
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = self._read(key)
        return row

    def __contains__(self, key: object) -> bool:
        if key in self._rows:
            return True
        word = str(key)
        if word not in self._present:
            self._present[word] = self._may_name(word) and any(_place(text, word) >= 0 for text in self._shipped())
        return self._present[word]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._rows, *self._ids()}))

    def __len__(self) -> int:
        return len({*self._rows, *self._ids()})

    def __reduce__(self) -> tuple[Any, ...]:
        # Where it is sent, what ships is elsewhere.
        return _anywhere, (self._name, self._rows)

    def __repr__(self) -> str:
        return f"Section({self._name}: {len(self._rows)} rows read)"

    def find(self, ref: str) -> R | None:
        """The row with this id, or with this alias."""
        if ref not in self._found:
            self._found[ref] = self[ref] if ref in self else self._named(ref) if self._may_name(ref) else None
        return self._found[ref]

    def _may_name(self, word: str) -> bool:
        """
        Whether a word can be an id or an alias.

        Few are asked for in a small deployment: to search the text for each is quicker than to list all words in it.
        """
        if len(self._present) < _MANY:
            return True
        if not self._index:
            own = (alias for row in self._rows.values() for alias in getattr(row, "aliases", ()))
            self._index = {*self._own, *self._ids(), *self.aliases(), *own}
        return word in self._index

    def replaced(self) -> list[str]:
        """The ids of shipped rows that the user's own ones stand in for."""
        return sorted(self._own & self._ids()) if self._own else []

    def aliases(self) -> dict[str, str]:
        """The id of the row of every alias of what ships; no row is parsed for that."""
        found: dict[str, str] = {}
        identity = ""
        for match in (match for text in self._shipped() for match in _LISTED.finditer(text.decode("utf-8"))):
            identity = match["id"] or identity
            found |= dict.fromkeys(_ALIAS.findall(match["list"] or ""), identity)
        return found

    def _named(self, alias: str) -> R | None:
        word = alias.encode("utf-8", "surrogatepass")
        ids = (*self._own, *(name for text in self._shipped() if alias for name in _aliased(text, word)))
        return next((self[name] for name in ids if alias in getattr(self[name], "aliases", ())), None)

    def _ids(self) -> frozenset[str]:
        if not self._words:
            texts = (text.decode("utf-8") for text in self._shipped())
            self._words = frozenset(match["id"] for text in texts for match in _ROW.finditer(text))
        return self._words

    def _shipped(self) -> tuple[bytes, ...]:
        if not self._texts:
            self._texts = _files(self._folder, self._name)
        return self._texts

    def _read(self, key: str) -> R:
        known = [facts for name, text in self._pages() if (facts := _facts(text, key, name)) is not None]
        if not known:
            raise KeyError(key)
        try:
            row: Any = build_row(self._name, key, merged_facts(*known))
        except (KeyError, TypeError) as error:
            raise _damaged(f"{self._name}.{key}: {error}", Span(file=f"{self._name}.yaml")) from error
        found: R = row
        return found

    def _pages(self) -> Iterator[tuple[str, bytes]]:
        yield from zip((f"{self._name}.yaml", f"{GENERATED}/{self._name}.yaml"), self._shipped(), strict=False)


def merged_facts(*known: Mapping[str, Any]) -> Mapping[str, Any]:
    """The facts of one row from several files: of a field the first word counts, of the days the oldest one."""
    if len(known) == 1:
        return known[0]
    found = {name: value for facts in reversed(known) for name, value in facts.items()}
    for name in _JOINED:
        lists = [facts[name] if isinstance(facts[name], list) else [facts[name]] for facts in known if name in facts]
        if lists:
            found[name] = list(dict.fromkeys(item for items in lists for item in items))
    return {**found, "as_of": min(facts["as_of"] for facts in known)}


def _anywhere(name: str, own: Mapping[str, R]) -> Section[R]:
    return Section(name, catalog_dir(), own)


def _files(folder: Path, name: str) -> tuple[bytes, ...]:
    try:
        found = [_text(folder / f"{name}.yaml")]
    except OSError as error:
        message = f"the shipped catalogue lacks its section {name}"
        raise CatalogError(message, help="install fedpolicy again") from error
    made = folder / GENERATED / f"{name}.yaml"
    return (*found, _text(made)) if made.exists() else tuple(found)


def _text(path: Path) -> bytes:
    # Nearly a megabyte, of which a check asks for a few rows: to decode all of it took longer than to search it.
    return path.read_bytes().replace(b"\r\n", b"\n")


def _place(text: bytes, key: str) -> int:
    """Where the row with this id begins, or -1."""
    name = key.encode("utf-8", "surrogatepass")
    for quoted in (b"\n  %b:" % name, b'\n  "%b":' % name):
        at = text.find(quoted)
        while at >= 0:
            if text[at + len(quoted)] in b" \n":
                return at
            at = text.find(quoted, at + 1)
    return -1


def _end(text: bytes, at: int) -> int:
    """Where the row that begins there ends: before the next one, or before what is no row."""
    end = text.find(b"\n", at + 1)
    while end >= 0:
        start = text[end + 1 : end + 4]
        if start[:1].strip() or (start[:2] == b"  " and start[2:].strip(b" \t\n#")):
            return end + 1
        end = text.find(b"\n", end + 1)
    return len(text)


def _facts(text: bytes, key: str, name: str) -> Mapping[str, Any] | None:
    at = _place(text, key)
    if at < 0:
        return None
    try:
        facts: Mapping[str, Any] = plain(compose_shipped(text[at : _end(text, at)].decode("utf-8")))[key]
    except yaml.MarkedYAMLError as error:
        span = Place(name=name).at(error.problem_mark)
        line = span.line + text.count(b"\n", 0, at)  # the row was parsed alone
        said = str(error.problem or error.context)
        raise _damaged(said, replace(span, line=line, end_line=line)) from error
    return facts


def _damaged(said: str, span: Span) -> CatalogError:
    return CatalogError(f"the shipped catalogue is damaged: {said}", span=span, help="install fedpolicy again")


def _aliased(text: bytes, alias: bytes) -> Iterator[str]:
    """The ids of rows in whose line of aliases this one stands."""
    at = text.find(alias)
    while at >= 0:
        line = text.rfind(b"\n", 0, at)
        if text[at - 1] in _BESIDE and text[at + len(alias)] in _BESIDE and b"aliases:" in text[line:at]:
            yield _row_around(text, at)
        at = text.find(alias, at + 1)


def _row_around(text: bytes, at: int) -> str:
    start = text.rfind(b"\n  ", 0, at)
    while text[start + 3] in b" #":
        start = text.rfind(b"\n  ", 0, start)
    match = _ROW.match(text[start + 1 : at].decode("utf-8"))
    return match["id"] if match else ""

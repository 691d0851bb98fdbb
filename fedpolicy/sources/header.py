"""Whether a file that a search comes across is one of ours: by its name, else by the keys at its top."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

from fedpolicy.files import MOST_BYTES, beginning
from fedpolicy.records import dataclass

_MERGE = "<<"
# Whoever may change a name may change its case, so case says nothing.
_NAMED = re.compile(r"^(?:fedpolicy|.+\.fedpolicy)\.(?:yaml|yml)$|^.+\.fedpolicy\.json$", re.IGNORECASE)
_ENDINGS = (".yaml", ".yml", ".json")
_WORD = "fedpolicy"
_PLAIN = _WORD.encode()
_KEY = re.compile(rb"""^(?:\xef\xbb\xbf)?(?:fedpolicy|"fedpolicy"|'fedpolicy')[ \t]*:(?:\s|$)""", re.MULTILINE)
# Most deployments say it in one line. Behind another key of this name, a parser has to look for a map.
_NUMBERED = re.compile(rb"^(?:\xef\xbb\xbf)?fedpolicy:[ \t]+[0-9'\"]", re.MULTILINE)
_SECTIONS = ("parties", "datasets")
# The same word with letters written as escapes, or with a line folded in it, as YAML allows between double quotes.
_FOLD = rb"(?:\\\r?\n[ \t]*)?"
_ESCAPED = re.compile(_FOLD.join(rb"(?:%c|\\(?:x|u00|U000000)(?i:%02x))" % (letter, letter) for letter in _PLAIN))
_WIDE = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def has_top_level(text: bytes, word: str) -> bool:
    """
    Whether a document has this key: in flow style, anchored, tagged, escaped, by an alias or merged in.

    A map behind it is somebody else's settings, unless a section of a deployment stands beside it. What no parser can
    read has the keys that stand before the mistake.
    """
    import yaml  # noqa: PLC0415  few texts are worth a parser

    try:
        return _found(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)), word)
    except (yaml.YAMLError, UnicodeDecodeError):
        return False


@dataclass(slots=True)
class _Top:
    """What is known of one document: `behind` the word comes its value, which is a map where they are `settings`."""

    depth: int = 0
    key: bool = True
    mapping: bool = False
    merges: bool = False
    deep: bool = False
    behind: bool = False
    settings: bool = False
    beside: bool = False

    @property
    def ours(self) -> bool:
        """Whether this is a deployment, or meant as one."""
        # What is merged in may stand anywhere: where a document merges at its top, the word anywhere will do.
        return (self.merges and self.deep) or (self.settings and self.beside)

    def opened(self, *, mapping: bool) -> bool:
        """A map or a list begins; whether that decides."""
        other = self.behind and not mapping
        self.settings |= self.behind
        self.behind = False
        self.mapping = mapping if self.depth == 0 else self.mapping
        self.depth += 1
        return other

    def closed(self) -> None:
        """It ends."""
        self.depth -= 1
        self.key = not self.key if self.depth == 1 else self.key

    def said(self, value: str, *, same: bool) -> None:
        """One value, or an alias; `same`: it is the word."""
        if self.depth == 1 and self.mapping:
            self.behind = self.key and same
            self.merges |= self.key and value == _MERGE
            self.beside |= self.key and value in _SECTIONS
            self.key = not self.key
        self.deep |= same


def _found(events: Any, word: str) -> bool:  # noqa: ANN401  a generator of PyYAML's
    import yaml  # noqa: PLC0415  see above

    top = _Top()
    anchored: set[str | None] = set()
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            top = _Top()
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            if top.opened(mapping=isinstance(event, yaml.MappingStartEvent)):
                return True
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            top.closed()
        elif isinstance(event, (yaml.ScalarEvent, yaml.AliasEvent)):
            value = getattr(event, "value", "")
            same = event.anchor in anchored if isinstance(event, yaml.AliasEvent) else value == word
            if same and event.anchor:
                anchored.add(event.anchor)
            if top.behind:
                return True
            top.said(value, same=same)
        if top.ours:
            return True
    return False


def has_name(name: str) -> bool:
    """Whether the name alone says so."""
    return _NAMED.match(name) is not None


def may_be_ours(path: str) -> bool:
    """Whether it is worth looking into a file of this name."""
    return path.lower().endswith(_ENDINGS)


def is_deployment(path: str, text: bytes) -> bool:
    """Whether a file with this path and text is one of ours."""
    name = PurePath(path).name
    return has_name(name) or (may_be_ours(name) and has_key(text))


def looks_like(path: str, name: str) -> bool:
    """The same for a file on the disk, of which no more is read than a deployment may have."""
    if has_name(name):
        return True
    if not may_be_ours(name):
        return False
    try:
        return has_key(beginning(Path(path), MOST_BYTES))
    except OSError:
        return False


def has_key(text: bytes) -> bool:
    """Whether a document of the text has our key at its top, however it is written."""
    # Most YAML of a repository is not ours: to look for the word takes a tenth of the time that an expression takes.
    if _PLAIN in text:
        if _NUMBERED.search(text):
            return True
        return has_top_level(text, _WORD) or (_KEY.search(text) is not None and not _is_yaml(text))
    if b"\\" in text and _ESCAPED.search(text):
        return has_top_level(text, _WORD)
    # Not readable as a deployment, but meant as one: whoever reads it says so.
    encoding = next((name for bom, name in _WIDE.items() if text.startswith(bom)), "")
    return bool(encoding) and _WORD in text.decode(encoding, "ignore")


def _is_yaml(text: bytes) -> bool:
    """Whether a parser can read it. What it cannot may be a deployment with a mistake, and whoever reads it says so."""
    import yaml  # noqa: PLC0415  few texts are worth a parser

    try:
        for _ in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            pass
    except (yaml.YAMLError, UnicodeDecodeError):
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    How files are told from others, the cheapest question first.

    `worth` asks whether a name is worth opening the file, `named` whether the name alone promises what is looked for,
    `found` whether path and name hold it. `patterns` are the same for git.
    """

    worth: Callable[[str], bool]
    named: Callable[[str], bool]
    found: Callable[[str, str], bool]
    patterns: tuple[str, ...]


DEPLOYMENTS = Look(
    worth=may_be_ours,
    named=has_name,
    found=looks_like,
    patterns=tuple(f":(icase,glob)**/*.{ending}" for ending in ("yaml", "yml", "json")),
)

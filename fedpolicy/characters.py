"""Characters by which a text says something else to a person than to a program."""

from __future__ import annotations

import re

from fedpolicy.records import dataclass
from fedpolicy.startup import pattern

__all__ = ["HIDING", "SURROGATES", "HiddenCharacter", "hidden", "spelt"]

# The controls that turn the direction of text around them (Trojan Source, CVE-2021-42574; the marks that
# right-to-left writing needs are not among them), and ends of lines for YAML that few editors show: what seems to be
# the rest of a comment would be a key.
_TURNS = "\u202a-\u202e\u2066-\u2069"
_BREAKS = "\x85\u2028\u2029"
HIDING = _TURNS + _BREAKS

SURROGATES = pattern("[\ud800-\udfff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenCharacter:
    """One such character: its line and column from 1, what is wrong with it, and what to do."""

    line: int
    column: int
    message: str
    help: str = "delete it: a reader would see another text than fedpolicy reads"


def hidden(text: str) -> HiddenCharacter | None:
    """The first such character of a text whose lines end with a line feed."""
    found = None if text.isascii() else re.search(f"[{HIDING}]", text)
    if found is None:
        return None
    does = "ends a line that editors do not show" if found.group() in _BREAKS else "changes the order of what is shown"
    return HiddenCharacter(
        line=text.count("\n", 0, found.start()) + 1,
        column=found.start() - text.rfind("\n", 0, found.start()),
        message=f"the character U+{ord(found.group()):04X} is not allowed: it {does}",
    )


def spelt(text: str) -> str:
    r"""Bytes of a file name that are no characters, as `\xff`; those that a locale did not know are what they are."""
    return text if text.isascii() else SURROGATES.sub(_spelt, text)


def _spelt(found: re.Match[str]) -> str:
    try:
        return found.group().encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # no byte of a name, but half a character
        return "\ufffd" * len(found.group())

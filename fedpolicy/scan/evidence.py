"""
What a foreign file says: a fact, where it stands, and how much it proves.

A subject is a kind and a name, such as `node:site-1`, or a kind alone, such as `job`, where the file has no name.
A value that the file does not decide (a placeholder, an environment variable, code) is None, which reads `unknown`.
Of a secret there is a name and a place, never the value.
"""

from __future__ import annotations

import re
from enum import StrEnum

from fedpolicy.findings import Span
from fedpolicy.records import dataclass

__all__ = ["BUILT", "NONE", "Evidence", "Strength", "Unread", "count", "masked", "written"]

NONE = "none"  # the file shows that there is none
BUILT = "it is built from a folder of the repository"  # a note on an image that nobody pulls


class Strength(StrEnum):
    """
    How much a place proves.

    `configured`: a framework reads this key and does so. `wired`: code reaches it. `declared`: somebody wrote it down,
    and nothing shows that anybody reads it.
    """

    CONFIGURED = "configured"
    WIRED = "wired"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One fact of one file; `key` is the path of keys to it, `note` says why a value is unknown, or what it is not."""

    subject: str
    attribute: str
    value: str | None
    span: Span
    key: str = ""
    strength: Strength = Strength.CONFIGURED
    note: str = ""

    @property
    def kind(self) -> str:
        """What sort of thing the subject is."""
        return self.subject.partition(":")[0]

    @property
    def name(self) -> str:
        """Which one of its kind; empty where the file does not say."""
        return self.subject.partition(":")[2]


class Unread(Exception):  # noqa: N818  nothing is wrong with us
    """A file, or a part of one, that an importer would read and cannot: why, and where."""

    def __init__(self, why: str, span: Span) -> None:
        super().__init__(why)
        self.why = why
        self.span = span


_MOST_BITS = 128  # of a number that anybody means
_COUNT = re.compile(r"[1-9][0-9]{0,8}")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")


def masked(text: str) -> str:
    """A text without the names and passwords that addresses in it carry; as long as it was, so that places stay."""
    return _CREDENTIALS.sub(lambda found: "*" * len(found[0]), text)


def written(value: object) -> str | None:
    """A value as text, the same whichever format it was written in; a map or a list has none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004  floats count exactly so far
        return str(int(value))
    return masked(str(value)) if isinstance(value, (str, int, float)) else None


def count(text: str | None) -> int:
    """A text as a number of things; 0 where it is none."""
    return int(text) if text and _COUNT.fullmatch(text) else 0

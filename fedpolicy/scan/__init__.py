"""
What foreign configuration says: evidence, a fact with its place and how much it proves; and what a rule on evidence is.

Loaded by nothing but the commands that scan: `importers` tell the evidence, `gather` collects it, `groups` and `draft`
make deployments of it, `judge` asks the rules.

A subject is a kind and a name, such as `node:site-1`, or a kind alone, such as `job`, where the file has no name.
A value that the file does not decide (a placeholder, an environment variable, code) is None, which reads `unknown`.
Of a secret there is a name and a place, never the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum

from fedpolicy.findings import Reference, RuleInfo, Severity, Span, Verdict
from fedpolicy.records import dataclass

NONE = "none"  # the file shows that there is none
STARTED_CLIENT = "federation:the client"  # that code starts itself
ANYWHERE = ("0.0.0.0", "::")  # noqa: S104  where a server listens to all; compared, and bound by nobody
CHANNEL = "channel"  # kind: a connection of a program of one's own, whatever for
BUILT = "it is built from a folder of the repository"  # a note on an image that nobody pulls
_MOST_BITS = 128  # of a number that anybody means
_COUNT = re.compile(r"[1-9][0-9]{0,8}")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")
Path = tuple[str | int, ...]
# ${VAR}, $(VAR), $VAR, $1, {{ template }}, {variable}, __VAR__, <your value>, <HOST>: somebody else fills it in.
_OPEN = re.compile(
    r"\$\{|\$\(|\$[A-Za-z_]|^\$[0-9@*]|\{\{|\{[A-Za-z_][\w.]*\}|__[A-Z][A-Z0-9_]*__|^<[^<>]*>$|<[A-Z][A-Z0-9_ -]*>"
)


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


def masked(text: str) -> str:
    """A text without the names and passwords that addresses in it carry; as long as it was, so that places stay."""
    return _CREDENTIALS.sub(lambda found: "*" * len(found[0]), text)


def scalar_text(value: object) -> str | None:
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


def settled(text: str) -> bool:
    """Whether a text means what it says: nothing has to be filled in."""
    return _OPEN.search(text) is None


def _dotted(path: Path) -> str:
    """A path of keys as people write it: `participants[0].org`."""
    parts = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(parts).removeprefix(".")


def single(value: object, span: Span, *path: str) -> ForeignNode:
    """A value that stands alone, such as one line of a script."""
    return ForeignNode(value=value, at=lambda _: span, path=path)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignNode:
    """One value; `at` gives the place of a path of the file."""

    value: object
    at: Callable[[Path], Span]
    path: Path = ()

    def get(self, *steps: str | int) -> ForeignNode | None:
        """The value behind some keys; None where one of them is missing."""
        here: object = self.value
        for step in steps:
            if isinstance(here, dict) and step in here:
                here = here[step]
                continue
            if not (isinstance(here, (tuple, list)) and isinstance(step, int) and step < len(here)):
                return None
            here = here[step]
        return ForeignNode(value=here, at=self.at, path=(*self.path, *steps))

    def items(self, *steps: str | int) -> Iterator[tuple[str, ForeignNode]]:
        """The keys of a map, here or behind some keys, with their values; of anything else, nothing."""
        found = self.get(*steps) if steps else self
        if found and isinstance(found.value, dict):
            for key, value in found.value.items():
                yield str(key), ForeignNode(value=value, at=self.at, path=(*found.path, key))

    def each(self, *steps: str | int) -> Iterator[ForeignNode]:
        """The values of a list, here or behind some keys; of anything else, nothing."""
        found = self.get(*steps) if steps else self
        if found and isinstance(found.value, (tuple, list)):
            for index, value in enumerate(found.value):
                yield ForeignNode(value=value, at=self.at, path=(*found.path, index))

    def one_or_each(self, *steps: str | int) -> list[ForeignNode]:
        """The values of a list, or what stands there without one; of what is missing, nothing."""
        found = self.get(*steps) if steps else self
        return (list(found.each()) or [found]) if found else []

    def text(self, *steps: str | int) -> str | None:
        """A scalar as text; None where it is missing, open, or no scalar."""
        found = self.get(*steps)
        said = scalar_text(found.value) if found else None
        return said if said is not None and settled(said) else None

    @property
    def span(self) -> Span:
        """Where it stands."""
        return self.at(self.path)

    def says(
        self, subject: str, attribute: str, value: object, *, strength: Strength = Strength.CONFIGURED, note: str = ""
    ) -> Evidence:
        """What this place says of something."""
        return Evidence(
            subject=subject,
            attribute=attribute,
            value=scalar_text(value),
            span=self.span,
            key=_dotted(self.path),
            strength=strength,
            note=note,
        )

    def unsaid(self, subject: str, attribute: str, note: str) -> Evidence:
        """What stands nowhere, at the nearest place that there is."""
        return Evidence(subject=subject, attribute=attribute, value=None, span=self.span, note=note)

    def tells(self, subject: str, attribute: str) -> Evidence:
        """What this place says of something in its own words; unknown where somebody else has to fill it in."""
        said = scalar_text(self.value)
        known = said is not None and settled(said)
        return self.says(
            subject, attribute, said if known else None, note="" if known else f"it is written as `{said}`"
        )


PACK = "scan"
Told = Iterator[tuple[Evidence, str]]
Said = Sequence[Evidence]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRule:
    """What is looked for, and what is said about it: that something fails, or that nobody can tell."""

    info: RuleInfo
    find: Callable[[Said], Told]
    verdict: Verdict = Verdict.FAIL


def evidence_rule(
    name: str, severity: Severity, principle: str, find: Callable[[Said], Told], *, title: str, why: str, advice: str,
    references: tuple[Reference, ...] = (),
) -> EvidenceRule:  # fmt: skip
    """A rule with its text."""
    info = RuleInfo(
        id=name, pack=PACK, title=title, severity=severity, principle=principle, why=why, help=advice,
        references=references,
    )  # fmt: skip
    return EvidenceRule(info=info, find=find)


def stating(said: Said, attribute: str, kind: str = "") -> list[Evidence]:
    """The facts of an attribute, of one kind of subject or of any."""
    return [one for one in said if one.attribute == attribute and kind in ("", one.kind)]

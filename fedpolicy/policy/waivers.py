"""`fedpolicy.waivers.yaml` -> waivers with their places, or every mistake in it; and the schema of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fedpolicy.findings import Span
from fedpolicy.policy.rulefile import RULE_ID, Day
from fedpolicy.policy.sheet import MapOf, Misfit, Path, RecordOf, Sheet, TextShape, ValueShape, Version, read_sheet
from fedpolicy.records import dataclass as record

NAME = "fedpolicy.waivers.yaml"
VERSION = 1
_ELEMENT = r"[a-z_]+(?:\.\S.*)?"
_PATTERN = TextShape(
    pattern=_ELEMENT,
    called="an element",
    advice="write one such as datasets.letters@aphp (`*` stands for any characters)",
)
_FILE_PATTERN = TextShape(
    pattern=r"\S(?:.*\S)?",
    called="a path",
    advice="write one such as infra/deployment.yaml, from the root of the repository",
)
_ADVICE = "docs/waivers.md shows an example"


@record(frozen=True, slots=True, kw_only=True)
class _Patterns(ValueShape):
    """One pattern, of elements or of files, or a list of them."""

    one: TextShape
    example: str

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """What is neither, and what is wrong inside."""
        if isinstance(value, tuple) and not value:
            yield Misfit(path, "the list is empty", f"name one, such as {self.example}")
        for place, item in enumerate(value if isinstance(value, tuple) else ()):
            yield from self.one.misfits(item, (*path, place))
        if not isinstance(value, tuple):
            yield from self.one.misfits(value, path)

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        one = self.one.schema()
        return {**ValueShape.schema(self), "oneOf": [one, {"type": "array", "items": one, "minItems": 1}]}


class _Waiver(RecordOf):
    """An entry, which must say what it is about."""

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """What is wrong with its keys, and that it names nothing."""
        yield from RecordOf.misfits(self, value, path)
        if isinstance(value, dict) and not {"element", "fingerprint"} & set(value):
            advice = "add `element:` with a pattern such as datasets.letters@*, or `fingerprint:`"
            yield Misfit(path, "a waiver says neither `element` nor `fingerprint`", advice, key=True)

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        return {**RecordOf.schema(self), "anyOf": [{"required": ["element"]}, {"required": ["fingerprint"]}]}


_ENTRY = _Waiver(
    called="a waiver",
    keys={
        "rule": TextShape(
            about="The rule that it is about.",
            pattern=RULE_ID,
            called="the id of a rule",
            advice="write it as the finding does, such as model-unpinned",
        ),
        "element": _Patterns(
            one=_PATTERN,
            example="datasets.letters@aphp",
            about="Elements of the finding, or patterns of them with `*`. All elements of the finding in a section"
            " that is named here must be meant.",
        ),
        "fingerprint": TextShape(
            about="The finding's fingerprint, from the JSON report.",
            pattern="[0-9a-f]{32}",
            called="a fingerprint",
            advice="copy the 32 letters and digits from the JSON report",
        ),
        "file": _Patterns(
            one=_FILE_PATTERN,
            example="infra/deployment.yaml",
            about="The deployment's file, or patterns of files with `*`, by the path from the root of the repository."
            " Left out, as in 0.1.0: every file.",
        ),
        "deployment": TextShape(about="The deployment's name (left out: every deployment)."),
        "verdict": TextShape(about="Waive only this verdict (left out: both).", choices=("fail", "unknown")),
        "reason": TextShape(about="Why it is accepted."),
        "owner": TextShape(about="Who answers for it."),
        "approved_by": TextShape(about="Who has agreed; somebody other than the owner."),
        "expires": Day(about="The last day on which it holds, as 2027-01-31."),
    },
    required=("rule", "reason", "owner", "approved_by", "expires"),
)


_FILE = RecordOf(
    called="a file of waivers",
    about="Findings of fedpolicy that somebody has accepted for a time.",
    keys={
        "fedpolicy_waivers": Version(number=VERSION, of="waivers", about="The version of this file's language."),
        "waivers": MapOf(item=_ENTRY, name="[a-z][a-z0-9_-]*", about="One entry a decision, by a name of your own."),
    },
    required=("fedpolicy_waivers",),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverEntry:
    """One entry; empty texts say nothing, an empty tuple of patterns too. `spans` are the places of its values."""

    id: str
    rule: str
    elements: tuple[str, ...] = ()
    fingerprint: str = ""
    files: tuple[str, ...] = ()
    deployment: str = ""
    verdict: str = ""
    reason: str
    owner: str
    approved_by: str
    expires: str
    span: Span
    spans: Mapping[str, Span]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverFile:
    """The entries of one file in its order, and its lines for snippets."""

    name: str
    entries: tuple[WaiverEntry, ...] = ()
    lines: tuple[str, ...] = ()


def read_waivers(text: str | bytes, name: str) -> WaiverFile:
    """Read a file of waivers. Raises Problems with every mistake in it: nothing is waived by a file that has some."""
    sheet = read_sheet(text, name, _FILE, advice=_ADVICE)
    entries: Any = sheet.tree.get("waivers", {})
    return WaiverFile(
        name=name, entries=tuple(_entry_of(sheet, key, entry) for key, entry in entries.items()), lines=sheet.lines
    )


def waivers_schema() -> dict[str, Any]:
    """The JSON schema of a file of waivers."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "fedpolicy waivers", **_FILE.schema()}


def _entry_of(sheet: Sheet, name: str, tree: dict[str, Any]) -> WaiverEntry:
    element, files = (_as_tuple(tree.get(key, ())) for key in ("element", "file"))
    texts = {key: value for key, value in tree.items() if key not in ("element", "file")}
    return WaiverEntry(
        id=name,
        elements=element,
        files=files,
        span=sheet.spans.key(("waivers", name)),
        spans={key: sheet.spans.at(("waivers", name, key)) for key in tree},
        **texts,
    )


def _as_tuple(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)

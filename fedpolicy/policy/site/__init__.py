"""A site's own policy, whatever the federation says: what it permits and demands, and every mistake in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from fedpolicy.findings import Span
from fedpolicy.language.model.safeguards import KINDS
from fedpolicy.language.model.types import Level
from fedpolicy.policy.sheet import (
    Flag,
    ListOf,
    MapOf,
    Misfit,
    Path,
    RecordOf,
    Sheet,
    TextShape,
    ValueShape,
    Version,
    read_sheet,
)
from fedpolicy.records import dataclass
from fedpolicy.suggest import advise, shown_value

VERSION = 1
_SECTIONS = ("tasks", "api_calls", "flows")
_ROLES = ("any", "operator", "host", "provider")
_ADVICE = "docs/site-policy.md shows an example"


class _Scalar(ValueShape):
    """A number, a word, or true and false."""

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """What is a list or a map."""
        if not isinstance(value, (bool, int, float, str)):
            yield Misfit(path, f"{shown_value(value)} is not a number or a word", "write one value")

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        return {**ValueShape.schema(self), "type": ["number", "string", "boolean"]}


class _Number(ValueShape):
    """A number."""

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """What is no number."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            yield Misfit(path, f"{shown_value(value)} is not a number", "write it without quotes")

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        return {**ValueShape.schema(self), "type": "number"}


class _Demand(RecordOf):
    """A demand; the keys that it names are keys of its kind of safeguard."""

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """What is wrong with its keys, and keys that no such safeguard has."""
        yield from RecordOf.misfits(self, value, path)
        kind = KINDS.get(str(value.get("kind"))) if isinstance(value, dict) else None
        for part in ("at_least", "at_most", "must_be") if kind else ():
            named = value.get(part) if isinstance(value, dict) else None
            for key in named if isinstance(named, dict) else ():
                if kind and str(key) not in kind.declared:
                    advice = advise(str(key), sorted(kind.declared))
                    yield Misfit((*path, part, key), f"no safeguard of this kind has a key `{key}`", advice, key=True)


class _Several(ListOf):
    """Several of one shape, or one alone: as in a deployment."""

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """What is wrong inside, or with the one."""
        yield from ListOf.misfits(self, value, path) if isinstance(value, tuple) else self.item.misfits(value, path)

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        several = {"type": "array", "items": self.item.schema()}
        return {**ValueShape.schema(self), "anyOf": [self.item.schema(), several]}


def _several(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (str(value),)


_ID = TextShape(
    pattern=r"[A-Za-z][A-Za-z0-9_.-]*", called="an id", advice="write it as the federation's file does, such as lumc"
)
_KEY = r"[a-z][a-z_]*"
_RELEASE = RecordOf(
    called="a release",
    keys={
        "data": _Several(item=_ID, about="The datasets that it is about. Left out: all of the site."),
        "to": _Several(item=_ID, about="Who may learn it: parties of the federation, `participants` or `public`."),
        "as": TextShape(choices=_ROLES, about="In which capacity. Left out: any."),
        "up_to": TextShape(choices=get_args(Level), about="The most that they may learn."),
    },
    required=("to", "up_to"),
)
_SAFEGUARD = _Demand(
    called="a demand",
    keys={
        "kind": TextShape(
            choices=tuple(sorted(KINDS.keys() - {"unknown"})), about="The safeguard that has to be there."
        ),
        "on": _Several(
            item=TextShape(choices=_SECTIONS),
            about="What has to have it, wherever data of the site leave: tasks, api_calls, flows. Left out: tasks.",
        ),
        "at_least": MapOf(item=_Number(), name=_KEY, about="Numbers of the safeguard that may not be lower."),
        "at_most": MapOf(item=_Number(), name=_KEY, about="Numbers of the safeguard that may not be higher."),
        "must_be": MapOf(item=_Scalar(), name=_KEY, about="Values of the safeguard that may not be others."),
    },
    required=("kind",),
)
_FILE = RecordOf(
    called="the policy of a site",
    about="What one site of a federation permits and demands, whatever the federation's own files say.",
    keys={
        "fedpolicy_site": Version(number=VERSION, of="policies of sites", about="The version of this file's language."),
        "party": TextShape(
            pattern=_ID.pattern,
            called=_ID.called,
            advice=_ID.advice,
            about="Which party of the federation's file this site is.",
        ),
        "releases": ListOf(
            item=_RELEASE,
            about="The most that others may learn of the site's data. Nothing else is permitted; an empty list permits"
            " nothing. Left out: the site says nothing about levels.",
        ),
        "word": TextShape(
            choices=("declared", "guaranteed"),
            about="Which levels count: as the federation declares them, or as its safeguards guarantee them to this"
            " site. Left out: declared.",
        ),
        "demands": ListOf(item=_SAFEGUARD, about="Safeguards that have to be there wherever data of the site leave."),
        "changed_by": _Several(
            item=_ID,
            about="Who, besides the site, may change or turn off what it demands. Left out: the site does not ask.",
        ),
        "strict": Flag(about="Whether what nobody can decide counts as failing. Left out: it is a question."),
    },
    required=("fedpolicy_site", "party"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePermit:
    """What somebody may learn of some datasets, or of all where none is named."""

    data: tuple[str, ...]
    to: tuple[str, ...]
    as_: str
    up_to: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A safeguard that has to be there, and what its keys must be."""

    kind: str
    on: tuple[str, ...]
    at_least: Mapping[str, float]
    at_most: Mapping[str, float]
    must_be: Mapping[str, object]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePolicy:
    """A site's policy; `permits` is None where it says nothing about levels, `changed_by` where it does not ask."""

    name: str
    party: str
    permits: tuple[SitePermit, ...] | None
    demands: tuple[Demand, ...]
    changed_by: tuple[str, ...] | None
    guaranteed: bool
    strict: bool
    spans: Mapping[str, Span]
    lines: tuple[str, ...]


def read_site(text: str | bytes, name: str) -> SitePolicy:
    """Read a site's policy. Raises Problems with every mistake in it: nothing passes by a file that has some."""
    sheet = read_sheet(text, name, _FILE, advice=_ADVICE)
    tree: dict[str, Any] = sheet.tree
    releases = tree.get("releases")
    changed_by = tree.get("changed_by")
    return SitePolicy(
        name=name,
        party=tree["party"],
        permits=None if releases is None else tuple(_permit(sheet, at, one) for at, one in enumerate(releases)),
        demands=tuple(_demand(sheet, at, one) for at, one in enumerate(tree.get("demands", ()))),
        changed_by=None if changed_by is None else _several(changed_by),
        guaranteed=tree.get("word") == "guaranteed",
        strict=tree.get("strict", False),
        spans={key: sheet.spans.key((key,)) for key in tree},
        lines=sheet.lines,
    )


def site_schema() -> dict[str, Any]:
    """The JSON schema of a site's policy."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "fedpolicy site policy",
        **_FILE.schema(),
    }


def _permit(sheet: Sheet, at: int, tree: dict[str, Any]) -> SitePermit:
    return SitePermit(
        data=_several(tree.get("data", ())),
        to=_several(tree["to"]),
        as_=tree.get("as", "any"),
        up_to=tree["up_to"],
        span=sheet.spans.key(("releases", at)),
    )


def _demand(sheet: Sheet, at: int, tree: dict[str, Any]) -> Demand:
    return Demand(
        kind=tree["kind"],
        on=_several(tree.get("on", ("tasks",))),
        at_least=tree.get("at_least", {}),
        at_most=tree.get("at_most", {}),
        must_be=tree.get("must_be", {}),
        span=sheet.spans.key(("demands", at)),
    )

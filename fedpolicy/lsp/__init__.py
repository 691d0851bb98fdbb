"""
The language server: what an editor asks while somebody writes, answered by the way that a check takes.

Here is an open text: what it says, what is wrong with it, and what was known of it when it could last be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.check import Assessment, Judge, assess_source, checked_of, report_of
from fedpolicy.errors import FedPolicyError
from fedpolicy.findings import Finding, Span
from fedpolicy.language.reading.raw import Names
from fedpolicy.language.reading.resolve import Mention, references
from fedpolicy.language.reading.source import Raw, read
from fedpolicy.language.reading.spans import Marks, Spans
from fedpolicy.lsp.cursor import Path
from fedpolicy.records import dataclass
from fedpolicy.sources import Source

if TYPE_CHECKING:
    from fedpolicy.catalog import Catalog
    from fedpolicy.settings import Settings

_TOP = re.compile(r"[^\s#\-]")
# Which section declares a kind of name.
SECTIONS = {"party": "parties", "node": "nodes", "dataset": "datasets", "model": "models"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """An id of the document: the section that declares it, and what it is called there."""

    section: str
    name: str


@dataclass(frozen=True, kw_only=True)
class OpenPage:
    """
    One state of an open text.

    `good` holds what was last judged without mistakes, so that ids, levels and openness are there while a line is
    being written; `current` says whether that is this very text.
    """

    name: str
    text: str
    errors: Sequence[FedPolicyError]
    findings: Sequence[Finding]
    good: Sequence[Assessment]
    current: bool
    catalog: Catalog
    older: Sequence[Raw] = ()

    @cached_property
    def lines(self) -> list[str]:
        """The lines as editors count them."""
        return self.text.split("\n")

    @cached_property
    def documents(self) -> Sequence[Raw]:
        """The documents of the text, or, where none can be read, those of the text before."""
        return read(self.text, self.name).documents or self.older or self._readable()

    def _readable(self) -> Sequence[Raw]:
        """What stands before the section with the first mistake, in a text that was never whole."""
        first = min((error.span.line for error in self.errors if error.span), default=1)
        start = max((at for at, line in enumerate(self.lines[:first]) if _TOP.match(line)), default=0)
        return read("\n".join(self.lines[:start]), self.name).documents

    def document_at(self, line: int) -> Raw | None:
        """The document that holds a line (from 1): the last one that begins before it."""
        found = None
        for one in self.documents:
            if found is None or one.spans.at(()).line <= line:
                found = one
        return found

    def names(self, raw: Raw) -> Names:
        """What a document declares."""
        return Names(root=raw.tree if isinstance(raw.tree, dict) else {}, catalog=self.catalog)

    def references(self, raw: Raw) -> Iterator[Mention]:
        """Every name that a document uses."""
        if isinstance(raw.tree, dict):
            yield from references(raw.tree)

    def path_at(self, line: int, column: int) -> tuple[Raw, Path, bool] | None:
        """The document, the path of what stands at a place (from 1), and whether that is its key."""
        raw = self.document_at(line)
        found = _path_at(raw.spans, line, column) if raw is not None else None
        return (raw, *found) if raw is not None and found is not None else None

    def symbol_at(self, line: int, column: int) -> tuple[Raw, Symbol] | None:
        """The id that stands at a place, where it is declared or where it is used."""
        found = self.path_at(line, column)
        if found is None:
            return None
        raw, path, is_key = found
        if is_key and len(path) == 2 and path[0] in SECTIONS.values():  # noqa: PLR2004  section and name
            return raw, Symbol(section=str(path[0]), name=str(path[1]))
        own = () if is_key else self.references(raw)
        reference = next((one for one in own if _same(one.path, path)), None)
        symbol = self.symbol_of(raw, reference) if reference else None
        return (raw, symbol) if symbol else None

    def symbol_of(self, raw: Raw, reference: Mention) -> Symbol | None:
        """What a name means, if it is declared in the document."""
        declared = raw.tree if isinstance(raw.tree, dict) else {}
        for kind in reference.wanted.kinds:
            section = declared.get(SECTIONS.get(kind, ""))
            for name in (reference.name, reference.name.partition("@")[0]):
                if isinstance(section, dict) and name in section:
                    return Symbol(section=SECTIONS[kind], name=name)
        return None

    def uses(self, raw: Raw, symbol: Symbol) -> Iterator[tuple[Span, str]]:
        """Every place where an id is used, with what is written there."""
        kinds = {kind for kind, section in SECTIONS.items() if section == symbol.section}
        for one in self.references(raw):
            family = one.name.partition("@")[0]
            meant = symbol.name in (one.name, family) and kinds & set(one.wanted.kinds)
            if meant and self.symbol_of(raw, one) == symbol:
                yield self.named(raw.spans.at(one.path), one.name), one.name

    def named(self, span: Span, name: str) -> Span:
        """The name itself, without the quotes around it."""
        start = self.lines[span.line - 1].find(name, span.column - 1)
        if start < 0:
            return span
        column = start + 1
        return Span(file=span.file, line=span.line, column=column, end_line=span.line, end_column=column + len(name))

    def assessment_of(self, raw: Raw) -> Assessment | None:
        """What was last computed of a document."""
        named = raw.tree.get("name") if isinstance(raw.tree, dict) else None
        same = [one for one in self.good if one.document.deployment.name == named]
        return next(iter(same or self.good), None)


def open_page(name: str, text: str, judge: Judge, settings: Settings, before: OpenPage | None) -> OpenPage:
    """Read and judge a text, as a check does. What it can no longer say is kept from the text before."""
    source = Source(name=name, text=text.encode())
    loaded, assessed = assess_source(source, judge)
    report = report_of([checked_of(name, loaded, [found for _, found in assessed], judge)], judge, settings)
    good = [found for _, found in assessed if isinstance(found, Assessment)]
    return OpenPage(
        name=name,
        text=text,
        errors=[error for error in report.mistakes if isinstance(error, FedPolicyError)],
        findings=report.findings,
        good=good or (before.good if before else ()),
        current=bool(good),
        catalog=judge.catalog,
        older=before.documents if before else (),
    )


def _same(path: Path, other: Path) -> bool:
    """Whether a reference stands at a path; a single id counts as a list of one."""
    return path == other or (len(path) == len(other) + 1 and path[-1] == 0 and path[:-1] == other)


def _path_at(spans: Spans, line: int, column: int) -> tuple[Path, bool] | None:
    marks = spans.marks
    starts = marks.text.starts
    if line > len(starts):
        return None
    offset = starts[line - 1] + column - 1
    path: list[str | int] = []
    row = spans.root
    while inside := _child_at(marks, row, offset):
        place, row = inside
        label = marks.labels[row]
        path.append(place if label is None else label)
        if label is not None and offset <= marks.key_end[row]:
            return tuple(path), True
    return (tuple(path), False) if path else None


def _child_at(marks: Marks, row: int, offset: int) -> tuple[int, int] | None:
    """The value inside another one that holds a place, or whose key does: which one it is, and its row."""
    for place, child in enumerate(marks.children(row)):
        if marks.key_start[child] <= offset <= max(marks.end[child], marks.key_end[child]):
            return place, child
    return None

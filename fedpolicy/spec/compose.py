"""Parser events -> a raw tree and its marks, within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import AliasEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent

from fedpolicy.errors import FedPolicyError, SpecError
from fedpolicy.spec.mistakes import MAX_REPORTED
from fedpolicy.spec.scalars import TAGS, ScalarError, convert, plain
from fedpolicy.spec.spans import MERGE, Marks
from fedpolicy.spec.suggest import did_you_mean

__all__ = ["MAX_DEPTH", "MAX_NODES", "MAX_SCALAR", "Composer", "Fatal"]

MAX_DEPTH = 64
MAX_NODES = 2_000_000  # values of a file, aliases counted as often as they are used
MAX_SCALAR = 1024 * 1024  # characters

_OTHER_TAGS = {"!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}


class Fatal(Exception):  # noqa: N818  it stops one document, it is not the error itself
    """A document is given up: why, and the offset behind which the next one may start (None: give up the file)."""

    def __init__(self, error: FedPolicyError, resume: int | None) -> None:
        super().__init__(str(error))
        self.error = error
        self.resume = resume


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A finished anchor: its value, its row, how many values it holds and how deep it is."""

    value: object
    row: int
    weight: int
    height: int


@dataclass(slots=True, eq=False)
class Composer:
    """
    Puts the documents of one file together; `errors` receives the mistakes that do not stop it.

    `lost` says that keys of the current document are missing because of such a mistake, `opened` where the
    brackets that are not closed yet stand.
    """

    marks: Marks
    errors: list[FedPolicyError]
    lost: bool = False
    opened: list[int] = field(default_factory=list)
    _events: Iterator[Any] = field(default_factory=lambda: iter(()))
    _anchors: dict[str, _Anchor | None] = field(default_factory=dict)
    _offset: int = 0
    _count: int = 0
    _deepest: int = 0

    def documents(self, content: str, offset: int, loader: Any) -> Iterator[tuple[object, int]]:  # noqa: ANN401
        """Yield the tree and the root row of each document; raises Fatal or yaml.YAMLError at the first broken one."""
        self._events = iter(yaml.parse(content, Loader=loader))
        self._offset = offset
        self.opened = []
        for event in self._events:
            if type(event) is yaml.DocumentStartEvent:
                self._anchors = {}
                self._deepest = 0
                self.lost = False
                row = len(self.marks.start)
                tree = self._node(next(self._events), 0, None, None)
                # Only now is it known that nothing that cannot be read follows in this document.
                next(self._events)
                yield tree, row

    def _node(self, event: Any, depth: int, label: str | None, key: tuple[int, int] | None) -> object:  # noqa: ANN401
        row, start = self._open(event, label, key)
        if type(event) is ScalarEvent:
            value = self._scalar(event, start)
            if event.anchor is not None:
                self._anchors[event.anchor] = _Anchor(value, row, 1, 0)
            return value
        if type(event) is AliasEvent:
            return self._alias(event, depth, row)
        if depth == MAX_DEPTH:
            raise self._fatal(f"nested deeper than {MAX_DEPTH} levels", start, "a deployment needs about eight")
        return (
            self._collection(event, depth + 1, row) if event.anchor is None else self._anchored(event, depth + 1, row)
        )

    def _open(self, event: Any, label: str | None, key: tuple[int, int] | None) -> tuple[int, int]:  # noqa: ANN401
        marks, offset = self.marks, self._offset
        row = len(marks.start)
        start, end = event.start_mark.index + offset, event.end_mark.index + offset
        key_start, key_end = key or (start, end)
        marks.start.append(start)
        marks.end.append(end)
        marks.key_start.append(key_start)
        marks.key_end.append(key_end)
        marks.after.append(row + 1)
        marks.labels.append(label)
        self._spend(1, start)
        return row, start

    def _spend(self, values: int, start: int) -> None:
        self._count += values
        if self._count > MAX_NODES:
            message = f"the file holds more than {MAX_NODES:,} values once its aliases are expanded"
            raise Fatal(self._error(message, start, "write `count` for a cohort; use fewer aliases of aliases"), None)

    def _scalar(self, event: Any, start: int) -> object:  # noqa: ANN401
        text = event.value
        if len(text) > MAX_SCALAR:
            raise self._fatal(
                f"a value of {len(text):,} characters; at most {MAX_SCALAR:,} are read",
                start,
                "refer to a file instead",
            )
        if event.style in ("|", ">"):
            self._trim(start)
        try:
            if event.tag is None:
                return plain(text) if event.implicit[0] else text
            return convert(text, TAGS[event.tag]) if event.tag in TAGS else self._tagged(event.tag, text, start)
        except ScalarError as error:
            self._note(self._error(str(error), start, "quote it if it is text"))
            return text

    def _trim(self, start: int) -> None:
        # A block scalar ends where its text ends, not behind the empty lines that follow it.
        marks = self.marks
        marks.end[-1] = start + len(marks.text.content[start : marks.end[-1]].rstrip())

    def _tagged(self, tag: str, value: object, start: int) -> object:
        if tag not in _OTHER_TAGS:
            shown = tag.replace("tag:yaml.org,2002:", "!!")
            self._note(self._error(f"the tag `{shown}` has no meaning here", start, "remove it"))
        return value

    def _alias(self, event: Any, depth: int, row: int) -> object:  # noqa: ANN401
        name, start = event.anchor, self.marks.start[row]
        if name not in self._anchors:
            self._note(self._unknown_alias(name, start))
            self.lost = True
            return None
        anchor = self._anchors[name]
        if anchor is None:
            raise self._fatal(
                f"`*{name}` stands inside the value that it names", start, "a value cannot contain itself"
            )
        self._deepest = max(self._deepest, depth + anchor.height)
        if self._deepest > MAX_DEPTH:
            raise self._fatal(f"`*{name}` nests deeper than {MAX_DEPTH} levels", start, "use fewer aliases of aliases")
        self._spend(anchor.weight - 1, start)
        self.marks.alias[row] = anchor.row
        return anchor.value

    def _unknown_alias(self, name: str, start: int) -> SpecError:
        advice = (
            did_you_mean(name, self._anchors, mark="*") or f"write `&{name}` before the value that it should repeat"
        )
        return self._error(f"no anchor `&{name}` stands before this alias", start, advice)

    def _anchored(self, event: Any, depth: int, row: int) -> object:  # noqa: ANN401
        name, before, outer = event.anchor, self._count, self._deepest
        self._anchors[name] = None
        self._deepest = depth
        value = self._collection(event, depth, row)
        # A second anchor of this name inside wins: it stands later in the text.
        if self._anchors[name] is None:
            self._anchors[name] = _Anchor(value, row, self._count - before + 1, self._deepest - depth + 1)
        self._deepest = max(outer, self._deepest)
        return value

    def _collection(self, event: Any, depth: int, row: int) -> object:  # noqa: ANN401
        self._deepest = max(self._deepest, depth)
        if event.flow_style:
            self.opened.append(self.marks.start[row])
        value = self._mapping(depth, row) if type(event) is MappingStartEvent else self._sequence(depth, row)
        if event.flow_style:
            self.opened.pop()
        self.marks.after[row] = len(self.marks.start)
        return value if event.tag is None else self._tagged(event.tag, value, self.marks.start[row])

    def _close(self, event: Any, row: int, last: int) -> None:  # noqa: ANN401
        # A block collection is closed by whatever follows it: its text ends with its last value.
        start, end = event.start_mark.index, event.end_mark.index
        marks = self.marks
        marks.end[row] = end + self._offset if end > start else max(marks.end[last], marks.key_end[last])

    def _sequence(self, depth: int, row: int) -> tuple[object, ...]:
        items = []
        last = row
        for event in self._events:
            if type(event) is SequenceEndEvent:
                self._close(event, row, last)
                break
            last = len(self.marks.start)
            items.append(self._node(event, depth, None, None))
        return tuple(items)

    def _mapping(self, depth: int, row: int) -> dict[str, object]:
        own: dict[str, object] = {}
        merged: dict[str, object] = {}
        rows: dict[str, int] = {}
        last = row
        for event in self._events:
            if type(event) is MappingEndEvent:
                self._close(event, row, last)
                break
            label, place = self._key(event, depth)
            last = len(self.marks.start)
            value = self._node(next(self._events), depth, label, place)
            if rows.setdefault(label, last) != last:
                self._duplicate(label, rows[label], place)
            elif label == MERGE:
                self._merge(merged, value, last)
            else:
                own[label] = value
        return {**merged, **own} if merged else own

    def _key(self, event: Any, depth: int) -> tuple[str, tuple[int, int]]:  # noqa: ANN401
        start = event.start_mark.index + self._offset
        place = (start, event.end_mark.index + self._offset)
        if type(event) is ScalarEvent and event.tag is None and event.anchor is None and len(event.value) <= MAX_SCALAR:
            text = event.value
            if not event.implicit[0]:
                return text, place
            if text == "<<":
                return MERGE, place
            if plain(text) is text:
                return text, place
            self._note(self._error(f"the key `{text}` is not text", start, f'write "{text}" in quotes'))
            return text, place
        return self._odd_key(event, depth, place)

    def _odd_key(self, event: Any, depth: int, place: tuple[int, int]) -> tuple[str, tuple[int, int]]:  # noqa: ANN401
        # Anchored, tagged, aliased or no text at all; its own rows are dropped again: it is no value.
        marks = self.marks
        row = len(marks.start)
        value = self._node(event, depth, None, None)
        for column in (marks.start, marks.end, marks.key_start, marks.key_end, marks.after, marks.labels):
            del column[row:]
        if isinstance(value, str):
            return value, place
        self._note(self._error("a key that is not text", place[0], "write a plain word before the colon"))
        return str(place[0]), place

    def _duplicate(self, label: str, first: int, place: tuple[int, int]) -> None:
        text = self.marks.text
        before = text.span(self.marks.key_start[first], self.marks.key_end[first])
        shown = "<<" if label == MERGE else label
        advice = "merge several maps as `<<: [*a, *b]`" if label == MERGE else "keep one of the two"
        where = f"it stands first in line {before.line}, column {before.column}"
        message = f"the key `{shown}` is written twice; {where}"
        self._note(SpecError(message, span=text.span(*place), help=advice))

    def _merge(self, merged: dict[str, object], value: object, row: int) -> None:
        for source in value if isinstance(value, tuple) else (value,):
            if source is None:
                continue  # an alias of nothing, which was said
            if not isinstance(source, dict):
                start = self.marks.start[row]
                self.lost = True
                self._note(self._error("`<<` merges maps only", start, "write `<<: *name` of an anchored map"))
                return
            for key, item in source.items():
                merged.setdefault(key, item)

    def _note(self, error: SpecError) -> None:
        self.errors.append(error)
        if len(self.errors) >= MAX_REPORTED:
            message = "too many mistakes; the rest of the file is not read"
            raise Fatal(SpecError(message, span=error.span, help="mend the ones above first"), None)

    def _error(self, message: str, start: int, advice: str) -> SpecError:
        text = self.marks.text
        end = (
            start + len(text.content[start : start + 200].split("\n")[0].split()[0])
            if start < len(text.content)
            else start
        )
        return SpecError(message, span=text.span(start, end), help=advice)

    def _fatal(self, message: str, start: int, advice: str) -> Fatal:
        return Fatal(self._error(message, start, advice), start)

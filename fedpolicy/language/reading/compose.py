"""
Parser events -> a raw tree and its marks, within bounds.

A composer that is given hostile text crashes (libyaml on deep nesting), never ends (alias bombs) or ties knots
(cyclic aliases), so the events are put together here: maps become dicts, lists become tuples.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import yaml
from yaml.events import AliasEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent

from fedpolicy.language.reading.mistakes import Notes, tell_missing, tell_twice
from fedpolicy.language.reading.spans import MERGE, Marks, Place
from fedpolicy.limits import HIDING, MAX_DIGITS, USUAL, Bounds
from fedpolicy.records import dataclass, field
from fedpolicy.startup import pattern
from fedpolicy.suggest import visible
from fedpolicy.yaml12 import TAGS, ScalarError, events, is_text, plain_scalar, tagged_scalar

if TYPE_CHECKING:
    from fedpolicy.language.reading.stretches import Stretch

MAX_DEPTH = 64
MAX_SCALAR = 1024 * 1024  # characters
_GROUP = 3  # digits behind a comma that parts thousands

_CORE = "tag:yaml.org,2002:"
_OTHER_TAGS = {"!", f"{_CORE}map", f"{_CORE}seq"}
_CONTROL = pattern(f"[\0-\x08\x0b-\x1f\x7f-\x9f{HIDING}]")
_FEWER = "use fewer aliases of aliases"
_COHORT = "write `count` for a cohort, check parts of it in files of their own, or allow more with `check --max-nodes`"


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
    Puts the documents of one file together.

    `stretches` are entries for which a line stands that has not been met yet. `lost`: a mistake made keys of the
    current document go missing; `opened`: where brackets not closed yet stand.
    """

    marks: Marks
    notes: Notes
    bounds: Bounds = USUAL
    stretches: dict[str, Stretch] = field(default_factory=dict)
    foreign: bool = False  # of another program, which may write what ours must not: numbers as keys, tags of its own
    lost: bool = False
    opened: list[int] = field(default_factory=list)
    _events: Iterator[Any] = field(default_factory=lambda: iter(()))
    _anchors: dict[str, _Anchor | None] = field(default_factory=dict)
    _missing: dict[str, list[int]] = field(default_factory=dict)
    _starts: dict[str, int] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _labels: dict[str, str] = field(default_factory=lambda: {"<<": MERGE})
    _plain: dict[str, object] = field(default_factory=dict)
    _texts: dict[str, object] = field(default_factory=dict)
    _offset: int = 0
    _moves: bool = False
    _count: int = 0
    _deepest: int = 0

    def documents(self, content: str, offset: int, loader: Any) -> Iterator[tuple[object, int]]:  # noqa: ANN401
        """Yield tree and root row of each document behind an offset. Raises Fatal or yaml.YAMLError at a broken one."""
        self._events = events(content, loader)
        self._offset = offset
        self._moves = bool(offset or self.marks.text.moved)
        self.opened = []
        for event in self._events:
            if type(event) is yaml.DocumentStartEvent:
                yield self._document()

    def _document(self) -> tuple[object, int]:
        self._anchors, self._deepest, self.lost = {}, 0, False
        self._missing, self._starts, self._used = {}, {}, set()
        row = len(self.marks.labels)
        try:
            tree = self._node(next(self._events), 0, None, None)
            # Only now is it known that nothing that cannot be read follows in this document.
            next(self._events)
        finally:
            tell_missing(self._missing, self._starts, self._used, self.notes)
        return tree, row

    def _place(self, event: Any) -> Place:  # noqa: ANN401
        start, end, text = event.start_mark.index + self._offset, event.end_mark.index + self._offset, self.marks.text
        return (text.original(start), text.original(end)) if text.moved else (start, end)

    def _node(self, event: Any, depth: int, label: str | None, key: Place | None) -> object:  # noqa: ANN401
        place = (event.start_mark.index, event.end_mark.index) if not self._moves else self._place(event)
        row = self.marks.add(place, label, key or place)
        self._count += 1
        if self._count > self.bounds.values:
            self._spend(0, place[0])
        if event.anchor is None:
            # Plain words are written many times over: each is read once, and what it means is shared.
            if type(event) is ScalarEvent and event.value in self._plain and not event.style and event.tag is None:
                return self._plain[event.value]
            return self._value(event, depth, row)
        if type(event) is AliasEvent:
            return self._alias(str(event.anchor), depth, row)
        return self._anchored(event, depth, row)

    def _value(self, event: Any, depth: int, row: int) -> object:  # noqa: ANN401
        if type(event) is ScalarEvent:
            return self._scalar(event, row)
        if depth == MAX_DEPTH:
            raise self._fatal(f"nested deeper than {MAX_DEPTH} levels", row, "a deployment needs about eight")
        depth += 1
        self._deepest = max(self._deepest, depth)
        if event.flow_style:
            self.opened.append(self.marks.start[row])
        value = self._mapping(depth, row) if type(event) is MappingStartEvent else self._sequence(depth, row)
        if event.flow_style:
            self.opened.pop()
        return value if event.tag is None else self._tagged(event.tag, value, row)

    def _spend(self, values: int, start: int) -> None:
        self._count += values
        if self._count > self.bounds.values:
            message = f"the file holds more than {self.bounds.values:,} values once its aliases are expanded"
            advice = f"write `count` for a cohort; {_FEWER}; or allow more with `check --max-nodes`"
            raise self.notes.fatal(message, start, advice)

    def _fatal(self, message: str, row: int, advice: str) -> Exception:
        start = self.marks.start[row]
        return self.notes.fatal(message, start, advice, resume=start)

    def _scalar(self, event: Any, row: int) -> object:  # noqa: ANN401
        text: str = event.value
        if len(text) > MAX_SCALAR:
            message = f"a value of {len(text):,} characters; at most {MAX_SCALAR:,} are read"
            raise self._fatal(message, row, "refer to a file instead")
        if event.style in ("|", ">"):
            self.marks.trim(row)
        elif event.style == '"':
            self._printable(text, row)
        try:
            if event.tag is None:
                # Texts in quotes, too, are written many times over.
                known, value = (self._plain, plain_scalar(text)) if event.implicit[0] else (self._texts, text)
                return known.setdefault(text, value)
            return tagged_scalar(text, TAGS[event.tag]) if event.tag in TAGS else self._tagged(event.tag, text, row)
        except ScalarError as error:
            self.notes.add(str(error), self.marks.start[row], "quote it if it is text")
            return text

    def _printable(self, text: str, row: int) -> None:
        # An escape can bring in what the file itself may not hold, and what would then reach a terminal.
        if control := _CONTROL.search(text):
            message = f"the control character U+{ord(control.group()):04X} is not allowed in text"
            self.notes.add(message, self.marks.start[row], "delete its escape")

    def _tagged(self, tag: str, value: object, row: int) -> object:
        said = visible(tag.replace(_CORE, "!!"))
        if self.foreign and tag not in _OTHER_TAGS:
            return f"<{said} {value}>" if isinstance(value, str) else value
        if tag not in _OTHER_TAGS:
            self.notes.add(f"the tag `{said}` has no meaning here", self.marks.start[row], "remove it")
        return value

    def _alias(self, name: str, depth: int, row: int) -> object:
        start = self.marks.start[row]
        if name not in self._anchors:
            self.lost = True
            self._missing.setdefault(name, []).append(start)
            return None
        self._used.add(name)
        anchor = self._anchors[name]
        if anchor is None:
            raise self._fatal(f"`*{name}` stands inside the value that it names", row, "a value cannot contain itself")
        self._deepest = max(self._deepest, depth + anchor.height)
        if self._deepest > MAX_DEPTH:
            raise self._fatal(f"`*{name}` nests deeper than {MAX_DEPTH} levels", row, _FEWER)
        self._spend(anchor.weight - 1, start)
        self.marks.alias[row] = anchor.row
        return anchor.value

    def _anchored(self, event: Any, depth: int, row: int) -> object:  # noqa: ANN401
        name, before, outer = event.anchor, self._count, self._deepest
        self._starts[name] = self.marks.start[row]
        self._anchors[name] = None
        self._deepest = depth
        value = self._value(event, depth, row)
        # A second anchor of this name inside wins: it stands later in the text.
        if self._anchors[name] is None:
            self._anchors[name] = _Anchor(value, row, self._count - before + 1, self._deepest - depth)
        self._deepest = max(outer, self._deepest)
        return value

    def _close(self, event: Any, row: int, last: int) -> None:  # noqa: ANN401
        start, end = self._place(event)
        self.marks.close(row, last, end if end > start else None)

    def _sequence(self, depth: int, row: int) -> tuple[object, ...]:
        items, last = list[object](), row
        for event in self._events:
            if type(event) is SequenceEndEvent:
                self._close(event, row, last)
                break
            last = len(self.marks.labels)
            items.append(self._node(event, depth, None, None))
        if len(items) > self.bounds.items:
            raise self._fatal(f"a list of {len(items):,} items; at most {self.bounds.items:,} are read", row, _COHORT)
        return tuple(items)

    def _mapping(self, depth: int, row: int) -> dict[str, object]:
        own, merged = dict[str, object](), dict[str, object]()
        rows, last = dict[str, int](), row
        for event in self._events:
            if type(event) is MappingEndEvent:
                self._close(event, row, last)
                break
            label, place = self._key(event, depth)
            if label in self.stretches and not self.opened:
                last = self._insert(self.stretches.pop(label), depth, own, rows)
                continue
            last = len(self.marks.labels)
            value = self._node(next(self._events), depth, label, place)
            if rows.setdefault(label, last) != last and self._refused(label, rows[label], place[0]):
                continue
            if label == MERGE:
                self._merge(merged, value, last)
            else:
                own[label] = value
        if len(rows) > self.bounds.entries:
            raise self._fatal(f"a map of {len(rows):,} keys; at most {self.bounds.entries:,} are read", row, _COHORT)
        return {**merged, **own} if merged else own

    def _insert(self, stretch: Stretch, depth: int, own: dict[str, object], rows: dict[str, int]) -> int:
        """Put in the entries for which a line stands; the row of the last one."""
        next(self._events), next(self._events)
        if depth + 2 > MAX_DEPTH or not rows.keys().isdisjoint(stretch.values):
            raise self.notes.fatal("entries that do not fit", 0, "read the file as it stands")
        self._deepest = max(self._deepest, depth + 2)
        self._spend(len(stretch.marks.labels), 0)
        return stretch.put(self.marks, own, rows)

    def _key(self, event: Any, depth: int) -> tuple[str, Place]:  # noqa: ANN401
        place = (event.start_mark.index, event.end_mark.index) if not self._moves else self._place(event)
        if type(event) is not ScalarEvent or event.tag or event.anchor or len(event.value) > MAX_SCALAR:
            return self._odd_key(event, depth, place)
        # The same keys stand in thousands of entries: they are looked at once, and share one text.
        if event.value in self._labels and event.implicit[0]:
            return self._labels[event.value], place
        return self._new_key(event.value, place, plainly=event.implicit[0]), place

    def _new_key(self, text: str, place: Place, *, plainly: bool) -> str:
        if _CONTROL.search(text):
            self.notes.add("a key with a control character", place[0], "delete its escape")
            return text
        if not plainly:
            return text
        if not (self.foreign or is_text(text)):
            said = text if len(text) <= MAX_DIGITS else f"{text[:20]}..."
            advice = f'write "{text}" in quotes' if said is text else "write a plain word before the colon"
            advice += "; a number has no comma: 2000" if text.isdigit() and len(text) == _GROUP else ""
            self.notes.add(f"the key `{said}` is not text", place[0], advice)
            return text
        return self._labels.setdefault(text, text)

    def _odd_key(self, event: Any, depth: int, place: Place) -> tuple[str, Place]:  # noqa: ANN401
        # Anchored, tagged, aliased or no text at all. It is no value, so it keeps no rows.
        row = len(self.marks.labels)
        value = self._node(event, depth, None, None)
        self.marks.drop(row)
        if isinstance(value, str):
            return value, place
        self.notes.add("a key that is not text", place[0], "write a plain word before the colon")
        return f"{place[0]}", place

    def _refused(self, label: str, first: int, start: int) -> bool:
        before = self.marks.text.span(self.marks.key_start[first], self.marks.key_end[first])
        return tell_twice(label, before, start, self.notes, foreign=self.foreign)

    def _merge(self, merged: dict[str, object], value: object, row: int) -> None:
        for source in value if isinstance(value, tuple) else (value,):
            if isinstance(source, dict):
                for key, item in source.items():
                    merged.setdefault(key, item)
            elif source is not None:  # None: an alias of nothing, which was said
                self.lost = True
                self.notes.add("`<<` merges maps only", self.marks.start[row], "write `<<: *name` of an anchored map")
                return

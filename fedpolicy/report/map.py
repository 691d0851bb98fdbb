"""A sketch as SVG: boxes in three columns, owners left and outsiders right, arrows between; needs no layout tool."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.page import Picture
from fedpolicy.records import dataclass
from fedpolicy.report import amount, clean, few, listing

if TYPE_CHECKING:
    from fedpolicy.report.sketch import Arrow, Box, Sketch

MOST_ARROWS = 120  # those of the lowest level are left out first, and counted
_MOST_BOXES = 60
_WIDE, _LINE, _GAP, _BETWEEN, _EDGE = 200, 18, 30, 230, 16
_PORT = 56  # between two arrows at one side of a box
_LETTERS, _LABEL = 26, 46  # characters that fit in a box, and between two
_SENTENCE = (
    "Boxes are parties, owners of data at the left and outsiders at the right; dashed arrows follow from what the file"
    " says without being written in it. Red arrows lead to records, amber ones to what can be inferred."
)
_TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9"'
    ' markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>'
)
_ROW = 15  # a line of a label
_MOST_HELD, _MOST_DATA, _MOST_MARKS = 6, 4, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _At:
    """Where a box stands."""

    x: int
    y: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Findings of one cause, which a section of the page tells of, at the arrows of an element to a party."""

    cause: str
    origin: str
    party: str
    severity: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """An arrow, where it begins and ends, the parties at both ends, and what was found about it."""

    arrow: Arrow
    start: tuple[int, int]
    end: tuple[int, int]
    bow: int
    source: tuple[str, ...]
    target: tuple[str, ...]
    marks: tuple[Mark, ...]

    @property
    def about(self) -> str:
        """What a script chooses by."""
        causes = dict.fromkeys(mark.cause for mark in self.marks)
        return _about((*self.source, *self.target), self.arrow.data, tuple(causes))


def map_of(sketch: Sketch, marks: Sequence[Mark] = ()) -> Picture:
    """Draw the sketch, the arrows that matter most where there are too many."""
    boxes = sketch.boxes[:_MOST_BOXES]
    named = {box.id: box for box in boxes}
    known = [arrow for arrow in sketch.arrows if arrow.source in named and arrow.target in named]
    arrows = sorted(known, key=lambda one: (-one.level, one.origin, one.source, one.target))[:MOST_ARROWS]
    ports = _ports(arrows, named)
    places = _places(boxes, ports)
    lines = _svg(sketch.name, boxes, places, list(_drawn(arrows, ports, places, named, marks)))
    left = len(sketch.arrows) - len(arrows)
    more = f" {amount(left, 'arrow')} of lower levels not drawn." if left else ""
    hidden = len(sketch.boxes) - len(boxes)
    more += f" {amount(hidden, 'box', 'boxes')} not drawn." if hidden else ""
    return Picture(svg="\n".join(lines), title=_SENTENCE + more)


def _ports(arrows: Sequence[Arrow], named: Mapping[str, Box]) -> dict[tuple[str, str], list[int]]:
    """By box and side, the numbers of the arrows that touch it there, those to the outside first."""
    found: dict[tuple[str, str], list[int]] = {}
    for number, arrow in enumerate(arrows):
        source, target = named[arrow.source].side, named[arrow.target].side
        found.setdefault((arrow.source, "left" if target < source else "right"), []).append(number)
        found.setdefault((arrow.target, "left" if source < target else "right"), []).append(number)

    def far(number: int) -> tuple[int, str, int]:
        ends = sorted((named[arrows[number].source], named[arrows[number].target]), key=lambda box: box.side)
        return ends[0].side - ends[1].side, ends[1].id + ends[0].id, number

    return {key: sorted(numbers, key=far) for key, numbers in found.items()}


def _places(boxes: Sequence[Box], ports: Mapping[tuple[str, str], Sequence[int]]) -> dict[str, _At]:
    """Outsiders stand above, those who coordinate or host below, so that nothing has to pass behind a box."""
    found: dict[str, _At] = {}
    below = {1: sum(_height(box, ports) + _GAP for box in boxes if box.side == 2)}  # noqa: PLR2004  the outside
    for side in range(3):
        y = _EDGE + below.get(side, 0)
        for box in (one for one in boxes if one.side == side):
            found[box.id] = _At(x=_EDGE + side * (_WIDE + _BETWEEN), y=y, height=_height(box, ports))
            y += found[box.id].height + _GAP
    return found


def _height(box: Box, ports: Mapping[tuple[str, str], Sequence[int]]) -> int:
    most = max(len(ports.get((box.id, side), ())) for side in ("left", "right"))
    return max(_LINE * (2 + len(_lines(box)) + len(box.data[:_MOST_DATA])) + 14, _PORT * most)


def _svg(name: str, boxes: Sequence[Box], places: Mapping[str, _At], drawn: Sequence[_Drawn]) -> Iterator[str]:
    width = _EDGE * 2 + _WIDE * 3 + _BETWEEN * 2
    height = max((at.y + at.height for at in places.values()), default=80) + _EDGE
    yield f'<svg viewBox="0 0 {width} {height}" role="group" aria-label="{_text(name)}: who sends what to whom">'
    yield _TIP
    for one in drawn:
        yield from _path(one)
    for box in boxes:
        yield from _box(box, places[box.id], [one for one in drawn if box.parties in (one.source, one.target)])
    yield from _labels(drawn)
    yield "</svg>"


def _drawn(
    arrows: Sequence[Arrow],
    ports: Mapping[tuple[str, str], Sequence[int]],
    places: Mapping[str, _At],
    named: Mapping[str, Box],
    marks: Sequence[Mark],
) -> Iterator[_Drawn]:
    for number, arrow in enumerate(arrows):
        source, target = named[arrow.source], named[arrow.target]
        start = _port(places[source.id], ports, source, number, left=target.side < source.side)
        end = _port(places[target.id], ports, target, number, left=source.side < target.side)
        if source == target:
            end = (end[0], start[1] + _LINE)
        bow = 70 if source.side == target.side else 0
        mine = tuple(one for one in marks if one.origin in arrow.origins and one.party in target.parties)
        ends = {"source": source.parties, "target": target.parties}
        yield _Drawn(arrow=arrow, start=start, end=end, bow=bow, marks=mine, **ends)


def _port(
    at: _At, ports: Mapping[tuple[str, str], Sequence[int]], box: Box, number: int, *, left: bool
) -> tuple[int, int]:
    numbers = ports[box.id, "left" if left else "right"]
    step = at.height / len(numbers)
    return (at.x if left else at.x + _WIDE), int(at.y + step * (numbers.index(number) + 0.5))


def _lines(box: Box) -> list[str]:
    return few(box.holds, _MOST_HELD)


def _box(box: Box, at: _At, touching: Sequence[_Drawn]) -> Iterator[str]:
    """A box that can be chosen, and its datasets, each of which can be chosen as well."""
    name = listing(box.parties, most=3)
    said = f"{name}, {box.role}: {', '.join(_lines(box)) or 'no place of its own'}"
    data = tuple(dict.fromkeys((*box.data, *(family for one in touching for family in one.arrow.data))))
    causes = tuple(dict.fromkeys(mark.cause for one in touching for mark in one.marks))
    about = _about(box.parties, data, causes)
    yield f'<g {about} data-party="{_text(box.parties[0])}" tabindex="0" role="button" aria-label="{_text(said)}">'
    yield from _frame(box, at, name)
    yield "</g>"
    y = at.y + 55 + _LINE * len(_lines(box))
    for place, family in enumerate(box.data[:_MOST_DATA]):
        known = f'data-dataset="{_text(family)}" tabindex="0" role="button" aria-label="dataset {_text(family)}"'
        shown = f'<text class="data" x="{at.x + 16}" y="{y + _LINE * place}">{_text(_cut(family, _LETTERS))}</text>'
        yield f"<g {about} {known}>{shown}</g>"


def _frame(box: Box, at: _At, name: str) -> Iterator[str]:
    yield f'<rect class="party" x="{at.x}" y="{at.y}" width="{_WIDE}" height="{at.height}" rx="8"/>'
    yield f'<text class="name" x="{at.x + 10}" y="{at.y + 20}">{_text(_cut(name, _LETTERS))}</text>'
    yield f'<text class="label" x="{at.x + 10}" y="{at.y + 36}">{_text(_cut(box.role, _LETTERS + 4))}</text>'
    for place, held in enumerate(_lines(box)):
        yield f'<text x="{at.x + 16}" y="{at.y + 55 + _LINE * place}">{_text(_cut(f"· {held}", _LETTERS))}</text>'


def _path(one: _Drawn) -> Iterator[str]:
    arrow = one.arrow
    kind = f"flow f{arrow.level}{' implied' if arrow.implied else ''}"
    (x, y), (w, z) = one.start, one.end
    half = one.bow or (w - x) // 2
    shape = f"M{x} {y}C{x + half} {y} {w + half if one.bow else w - half} {z} {w} {z}"
    title = f"{listing(one.source)} to {listing(one.target)}: {', '.join(_words(arrow))}"
    yield f'<path class="{kind}" {one.about} d="{shape}" marker-end="url(#tip)">'
    yield f"<title>{_text(title)}</title></path>"


def _labels(drawn: Sequence[_Drawn]) -> Iterator[str]:
    """What travels, why with what level, and what was found about it, in lines that move down until none is covered."""
    taken: list[tuple[int, int, int, int]] = []
    for one in drawn:
        words = [_cut(text, _LABEL) for text in _words(one.arrow)]
        marks = {mark.cause: mark for mark in one.marks}
        found = [_cut(_found(mark), _LABEL + 12) for mark in marks.values()][:_MOST_MARKS]
        wide = max(len(text) for text in (*words, *found)) * 6
        high = _ROW * (len(words) + len(found))
        x = one.start[0] + one.bow + wide // 2 if one.bow else (one.start[0] + one.end[0]) // 2
        y = (one.start[1] + one.end[1]) // 2 - 6
        while covering := [t for t in taken if abs(x - t[0]) < (wide + t[2]) // 2 and t[1] - high < y < t[1] + t[3]]:
            y = max(line + tall for _, line, _, tall in covering)
        taken.append((x, y, wide, high))
        at = f'x="{x}" text-anchor="middle"'
        for number, text in enumerate(words):
            yield f'<text class="label" {one.about} y="{y + _ROW * number}" {at}>{_text(text)}</text>'
        for number, (cause, text) in enumerate(zip(marks, found, strict=False), start=len(words)):
            shown = f'<text class="label mark" y="{y + _ROW * number}" {at}>{_text(text)}</text>'
            yield f'<a href="#{cause}" {one.about} data-cause="{cause}">{shown}</a>'


def _found(mark: Mark) -> str:
    more = f" and {len(mark.rules) - 1} more" if len(mark.rules) > 1 else ""
    return f"{mark.severity}: {mark.rules[0]}{more}"


def _words(arrow: Arrow) -> tuple[str, str]:
    level = f", {LEVELS[arrow.level]}" if arrow.level else ""
    return ", ".join(word.replace("_", " ") for word in arrow.payloads), f"{arrow.origin}{level}"


def _about(parties: Sequence[str], data: Sequence[str], causes: Sequence[str]) -> str:
    named = (("of", parties), ("carries", data), ("causes", causes))
    return " ".join(f'data-{name}="{_list(values)}"' for name, values in named)


def _list(names: Sequence[str]) -> str:
    return escape(json.dumps(sorted(set(names))[:_MOST_BOXES], ensure_ascii=True), quote=True)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _text(text: str) -> str:
    return escape(clean(text[:2000]), quote=True)

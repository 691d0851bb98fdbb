"""What a text quotes: source lines with the part in question underlined, and witness paths hop by hop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fedpolicy.report import PLAIN, Style, cells, clean

if TYPE_CHECKING:
    from fedpolicy.findings import Hop, Span

_MOST_LINES = 6
_MOST_WAYS = 4
_MOST_HOPS = 12


def snippet(span: Span, lines: Sequence[str], look: Style = PLAIN, style: str = "error", label: str = "") -> list[str]:
    """
    Show where a span is: an arrow with the place, the lines, and an underline with a label.

    Without the lines (a file that could not be read) only the place is shown.
    """
    margin = gutter(span, lines)
    arrow = f"{' ' * margin}{look.paint('frame', '-->')} {clean(str(span))}"
    if not 1 <= span.line <= len(lines):
        return [arrow]
    bar = f"{' ' * margin} {look.paint('frame', '|')}"
    return [arrow, bar, *_body(span, lines, look, margin, style, label), bar]


def gutter(span: Span, lines: Sequence[str]) -> int:
    """The width of the column of line numbers, so that remarks below can line up with it."""
    return len(str(_last(span, lines)))


def _last(span: Span, lines: Sequence[str]) -> int:
    return min(max(span.end_line, span.line), max(len(lines), 1))


def _body(span: Span, lines: Sequence[str], look: Style, margin: int, style: str, label: str) -> list[str]:
    last = _last(span, lines)
    # A block that ends at the start of the next line ends on the line before.
    if last > span.line and span.end_column <= 1:
        last -= 1
    if last == span.line:
        end = span.end_column if span.end_line == span.line else len(lines[span.line - 1]) + 1
        return _one_line(lines[span.line - 1], (span.line, span.column, end), look, margin, style, label)
    return _several(lines, (span.line, last), look, margin, style, label)


def _one_line(text: str, place: tuple[int, int, int], look: Style, margin: int, style: str, label: str) -> list[str]:
    number, start, end = place
    shown, start, end = _window(clean(text).rstrip(), start - 1, end - 1, look.width - margin - 3)
    marks = "^" * max(cells(shown[start:end]), 1)
    indent = " " * cells(shown[:start])
    under = look.paint(style, f"{marks} {label}".rstrip())
    return [_numbered(number, shown, look, margin), _numbered(None, f"{indent}{under}", look, margin)]


def _window(text: str, start: int, end: int, room: int) -> tuple[str, int, int]:
    """Cut a long line down to the part around the span; give the part and where the span is in it."""
    start = min(start, len(text))
    end = min(max(end, start + 1), max(len(text), start + 1))
    room = max(room, 20)
    if len(text) <= room:
        return text, start, end
    left = max(0, min(start - room // 4, len(text) - room))
    right = left + room
    before, after = "…" if left else "", "…" if right < len(text) else ""
    part = before + text[left + len(before) : right - len(after)] + after
    return part, start - left, min(end - left, len(part))


def _several(
    lines: Sequence[str], ends: tuple[int, int], look: Style, margin: int, style: str, label: str
) -> list[str]:
    first, last = ends
    numbers: list[int | None] = list(range(first, last + 1))
    if len(numbers) > _MOST_LINES:
        numbers = [*numbers[: _MOST_LINES - 2], None, last]
    drawn = [
        _edge(number, lines, look, margin, look.paint(style, "/" if number == first else "|")) for number in numbers
    ]
    foot = look.paint(style, f"|{'_' * 4}^ {label}".rstrip())
    return [*drawn, _numbered(None, foot, look, margin)] if label else drawn


def _edge(number: int | None, lines: Sequence[str], look: Style, margin: int, edge: str) -> str:
    if number is None:
        return f"{'.' * 3:<{margin + 2}} {edge}" if margin > 1 else f"... {edge}"
    text = clean(lines[number - 1]).rstrip()
    room = max(look.width - margin - 5, 20)
    return _numbered(number, f"{edge} {text if len(text) <= room else text[: room - 1] + '…'}", look, margin)


def _numbered(number: int | None, text: str, look: Style, margin: int) -> str:
    column = f"{number if number is not None else '':>{margin}}"
    return f"{look.paint('frame', f'{column} |')} {text}".rstrip()


def ways_in(paths: Sequence[Sequence[Hop]]) -> list[tuple[str, list[str]]]:
    """Give each separate way in a heading and its hops; beyond a few, say how many more there are."""
    shown = paths[:_MOST_WAYS]
    columns = _columns([hop for path in shown for hop in path])
    many = len(paths) > 1
    ways = [
        (f"way {number} of {len(paths)}" if many else "path", hop_lines(path, columns))
        for number, path in enumerate(shown, start=1)
        if path
    ]
    if len(paths) > _MOST_WAYS:
        ways.append((f"and {len(paths) - _MOST_WAYS:,} more ways in", []))
    return ways


def hop_lines(path: Sequence[Hop], columns: tuple[int, int] | None = None, *, most: int = _MOST_HOPS) -> list[str]:
    """One line a hop, in columns: from -> to, payload, file:line, what implies it."""
    wide, payload = columns or _columns(path)
    cut = len(path) - most
    shown = [*path[: most // 2], *path[-(most // 2) :]] if cut > 0 else path
    lines = [_hop_line(hop, wide, payload) for hop in shown]
    if cut > 0:
        lines.insert(most // 2, f"... {cut:,} more hops ...")
    return lines


def _columns(hops: Sequence[Hop]) -> tuple[int, int]:
    wide = max((cells(_ends(hop)) for hop in hops), default=0)
    return wide, max((cells(hop.payload) for hop in hops), default=0)


def _ends(hop: Hop) -> str:
    return clean(f"{hop.source} -> {hop.target}")


def _hop_line(hop: Hop, wide: int, payload: int) -> str:
    ends = _ends(hop)
    origin = f" (implied by {clean(hop.implied_by)})" if hop.implied_by else f" ({clean(hop.flow)})"
    gap = " " * (wide - cells(ends))
    word = f"{clean(hop.payload)}{' ' * (payload - cells(hop.payload))}"
    return f"{ends}{gap}  {word}  {clean(hop.span.file)}:{hop.span.line}{origin}"

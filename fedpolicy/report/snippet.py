"""Source lines with the part in question underlined, as compilers show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fedpolicy.report.style import PLAIN, Style, cells, clean

if TYPE_CHECKING:
    from fedpolicy.findings import Span

__all__ = ["gutter", "snippet"]

_MOST_LINES = 6


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

"""Who learns what, as a table: parties that learn the same share a row or a column; `!` marks what is not allowed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from fedpolicy.overview import Cell
from fedpolicy.report import Style, amount, cells, clean

if TYPE_CHECKING:
    from fedpolicy.page import Tile

# What numbers of parties can do: of one, and of any other number.
_GRAVE = {
    "verbatim": ("party can read data word for word", "parties can read data word for word"),
    "reconstructable": ("party can rebuild records", "parties can rebuild records"),
}
_MOST_ROWS = 8
Row = tuple[tuple[str, ...], dict[str, Cell]]


def level_words(cell: Cell) -> str:
    """A level as it is declared, both ends where facts are missing, and what is guaranteed where that is worse."""
    word = cell.low if cell.low == cell.high else f"{cell.low}..{cell.high}"
    return f"{word}{'' if cell.guaranteed == cell.high else f' ({cell.guaranteed})'}{' !' if cell.exceeds else ''}"


def grave_tiles(found: Sequence[Cell]) -> Iterator[Tile]:
    """How many parties learn records, or what records can be rebuilt from."""
    from fedpolicy.page import Tile  # noqa: PLC0415  a plain check makes no page

    for level, labels in _GRAVE.items():
        number = len({cell.party for cell in found if cell.high == level})
        yield Tile(value=f"{number}", label=labels[number != 1], bad=number > 0)


def rows_of(found: Iterable[Cell]) -> list[Row]:
    """Parties that learn the same of every dataset, with a cell a dataset; who learns most comes first."""
    learned: dict[str, dict[str, Cell]] = {}
    for cell in found:
        learned.setdefault(cell.party, {})[cell.dataset] = cell
    alike: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for party, some in learned.items():
        alike.setdefault(tuple(sorted((name, level_words(cell)) for name, cell in some.items())), []).append(party)
    return [(tuple(sorted(parties)), learned[parties[0]]) for parties in alike.values()]


def columns_of(rows: Sequence[Row]) -> list[str]:
    """The datasets of a table, by name."""
    return sorted({name for _, some in rows for name in some})


def matrix_lines(found: Sequence[Cell], look: Style, hidden: int = 0) -> list[str]:
    """Draw the table, datasets or parties in the rows, whichever are fewer; what has no room is counted."""
    rows = rows_of(found)
    if not rows:
        return []
    names = columns_of(rows)
    heads = [_named(parties) for parties, _ in rows]
    texts = [[level_words(some[name]) if name in some else "-" for name in names] for _, some in rows]
    if len(names) <= len(heads):
        heads, names, texts = names, heads, [list(column) for column in zip(*texts, strict=True)]
    drawn = _table(heads, names, texts, look)
    return [*drawn, *([f"  and {hidden:,} more entries (`fedpolicy facts`)"] if hidden else [])]


def _named(parties: Sequence[str]) -> str:
    few = 4
    return clean(", ".join(parties) if len(parties) <= few else f"{parties[0]} and {len(parties) - 1:,} more")


def _table(heads: Sequence[str], names: Sequence[str], texts: Sequence[Sequence[str]], look: Style) -> list[str]:
    title = "who learns what (! not allowed)"
    left = max(cells(text) for text in (title, *(clean(f"  {head}") for head in heads[:_MOST_ROWS])))
    widths = _widths(names, texts, look.width - left)
    shown = len(widths)
    lines = [look.paint("bold", _line(title, names[:shown], left, widths))]
    lines += [
        _line(f"  {head}", row[:shown], left, widths) for head, row in zip(heads[:_MOST_ROWS], texts, strict=False)
    ]
    more = [
        *([amount(len(names) - shown, "more column")] if shown < len(names) else []),
        *([amount(len(heads) - _MOST_ROWS, "more row")] if len(heads) > _MOST_ROWS else []),
    ]
    return [*lines, *([f"  and {' and '.join(more)} (`fedpolicy facts`)"] if more else [])]


def _widths(names: Sequence[str], texts: Sequence[Sequence[str]], room: int) -> list[int]:
    """Of as many columns as there is room for, and of one at least."""
    widths: list[int] = []
    for at, name in enumerate(names):  # of thousands of columns, those behind the edge are not looked at
        width = max(cells(clean(name)), *(cells(row[at]) for row in texts))
        if widths and sum(widths) + 2 * len(widths) + width + 2 > room:
            break
        widths.append(width)
    return widths


def _line(head: str, texts: Sequence[str], left: int, widths: Sequence[int]) -> str:
    padded = [clean(text) + " " * (width - cells(clean(text))) for text, width in zip(texts, widths, strict=False)]
    start = clean(head) + " " * (left - cells(clean(head)))
    return "  ".join([start, *padded]).rstrip()

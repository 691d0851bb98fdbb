"""Edits put into a text, all else left as it is; the result is read back."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fedpolicy.language.model import Deployment
from fedpolicy.language.model.shape import Shape
from fedpolicy.language.reading import Document, load_text
from fedpolicy.language.reading.claims import lift
from fedpolicy.language.reading.source import read
from fedpolicy.language.reading.spans import Path
from fedpolicy.language.rewriting import Append, Edit, Put, Remove, Value, in_order
from fedpolicy.language.rewriting.layout import Layout, UnwritableError, as_flow, as_json, as_lines, width_of
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.catalog import Catalog


@dataclass(frozen=True, slots=True, order=True)
class Splice:
    """Replace the characters from `start` to `end` by `text`."""

    start: int
    end: int
    text: str


_COMMENT = re.compile(r"([\]}]*)( {2,})(?=#)")


def splice_of(layout: Layout, edit: Edit) -> Splice:
    """Find the characters for an edit; a comment behind it keeps its column. Raises UnwritableError."""
    found = _splice(layout, edit)
    comment = _COMMENT.match(layout.content, found.end)
    if comment is None or "\n" in found.text or "\n" in layout.content[found.start : found.end]:
        return found
    grown = len(found.text) - (found.end - found.start)
    spaces = " " * max(2, len(comment[2]) - grown)
    return Splice(found.start, comment.end(), found.text + comment[1] + spaces)


def _splice(layout: Layout, edit: Edit) -> Splice:
    row = layout.find(edit.path)
    if isinstance(edit, Remove):
        if row is None:
            raise layout.unwritable(edit.path, layout.root)
        layout.whole(row, edit.path)
        return _removal(layout, edit.path, row)
    if row is None:
        value = [edit.value] if isinstance(edit, Append) else edit.value
        return _new_key(layout, edit.path, value)
    if isinstance(edit, Put):
        layout.whole(row, edit.path)
        return _replacement(layout, row, edit.value)
    return _new_item(layout, edit.path, edit.value)


def _replacement(layout: Layout, row: int, value: Value) -> Splice:
    marks = layout.marks
    start, end = marks.start[row], marks.end[row]
    if layout.in_quotes(row):
        return Splice(start, end, as_json(value))
    width = width_of(marks.text.lines)
    if marks.labels[row] is not None and layout.line_start(start) != layout.line_start(marks.key_start[row]):
        # A block that begins below its key moves up to it.
        start = layout.content.index(":", marks.key_end[row]) + 1
        text = f" {as_flow(value, layout.column(start) + 1, width)}"
    else:
        text = as_flow(value, layout.column(start), width)
    return Splice(start, end, text.replace("\n", layout.newline))


def _new_key(layout: Layout, path: Path, value: Value) -> Splice:
    parent, key = layout.value_row(path[:-1]), str(path[-1])
    layout.own(parent, path)
    children = layout.children(parent)
    if layout.in_brackets(parent):
        return _in_brackets(layout, parent, lambda column, width: _pair(layout, key, value, column, width))
    if not children:
        raise layout.unwritable(path, parent)
    column = layout.column(layout.marks.key_start[children[0]])
    lines = layout.newline.join(
        line.replace("\n", layout.newline) for line in as_lines(key, value, column, width_of(layout.marks.text.lines))
    )
    return _line_behind(layout, layout.marks.end[children[-1]], lines)


def _new_item(layout: Layout, path: Path, value: Value) -> Splice:
    marks = layout.marks
    row = layout.value_row(path)
    layout.own(row, path)
    children = layout.children(row)
    if layout.in_brackets(row):
        json = _is_json(layout)
        return _in_brackets(
            layout, row, lambda column, width: as_json(value) if json else as_flow(value, column, width)
        )
    if not children:
        # One value where a list may stand.
        text = layout.content[marks.start[row] : marks.end[row]]
        return Splice(marks.start[row], marks.end[row], f"[{text}, {as_flow(value)}]")
    column = _dash(layout, path, children[-1])
    item = as_flow(value, column + 2, width_of(marks.text.lines)).replace("\n", layout.newline)
    return _line_behind(layout, marks.end[children[-1]], f"{' ' * column}- {item}")


def _pair(layout: Layout, key: str, value: Value, column: int, width: int) -> str:
    if _is_json(layout):
        return f"{as_json(key)}: {as_json(value)}"
    head = f"{as_flow(key)}: "
    return head + as_flow(value, column + len(head), width)


def _is_json(layout: Layout) -> bool:
    """Whether the document is written as JSON: in brackets, with keys in quotes."""
    first = layout.children(layout.root)[:1]
    return layout.in_brackets(layout.root) and all(layout.in_quotes(row) for row in first)


def _in_brackets(layout: Layout, row: int, write: Callable[[int, int], str]) -> Splice:
    """Add a part behind the last one of a collection in brackets, on a line of its own where the others have one."""
    content, marks = layout.content, layout.marks
    close, children = marks.end[row] - 1, layout.children(row)
    if not children:
        return Splice(layout.opening(row) + 1, close, write(0, 0))
    end, comma = marks.end[children[-1]], ","
    if content[end:close].lstrip().startswith(","):
        end, comma = content.index(",", end) + 1, ""
    width = 0 if _is_json(layout) else width_of(marks.text.lines)
    text, last = write(0, 0), marks.key_start[children[-1]]
    rest = len(content[close : layout.line_end(close)].partition("#")[0].rstrip())
    if layout.starts_line(last) and layout.line_start(close) != layout.line_start(end):
        column = layout.column(last)
    elif width and layout.column(end) + len(text) + rest + 2 > width:
        column = layout.column(marks.key_start[children[0]])
    else:
        return Splice(end, end, f"{comma} {text}")
    text = write(column, width).replace("\n", layout.newline)
    return Splice(end, end, f"{comma}{layout.newline}{' ' * column}{text}")


def _line_behind(layout: Layout, end: int, lines: str) -> Splice:
    at = layout.line_end(end)
    return Splice(at, at, layout.newline + lines)


def _dash(layout: Layout, path: Path, row: int) -> int:
    start = layout.marks.start[row]
    before = layout.content[layout.line_start(start) : start].rstrip(" ")
    if not before.endswith("-") or before.strip(" -"):
        raise layout.unwritable(path, row)
    return len(before) - 1


def _removal(layout: Layout, path: Path, row: int) -> Splice:
    parent = layout.value_row(path[:-1])
    siblings = layout.children(parent)
    if len(siblings) == 1:
        return _splice(layout, Remove(path=path[:-1]))
    place = siblings.index(row)
    marks = layout.marks
    if layout.in_brackets(parent):
        start, end = marks.key_start[row], marks.key_start[siblings[1]]
        return Splice(marks.end[siblings[place - 1]], marks.end[row], "") if place else Splice(start, end, "")
    start = _begin(layout, path, row)
    if not layout.starts_line(start):
        raise layout.unwritable(path, row)
    return Splice(layout.line_start(start), layout.line_after(marks.end[row]), "")


def _begin(layout: Layout, path: Path, row: int) -> int:
    """Where an entry of a block begins: at its key, or at its dash."""
    marks = layout.marks
    if marks.labels[row] is not None:
        return marks.key_start[row]
    return layout.line_start(marks.start[row]) + _dash(layout, path, row)


_BOM = "\ufeff"


def rewritten(
    text: str, document: Document, edits: Sequence[Edit], expected: Deployment, catalog: Catalog
) -> tuple[str, Document]:
    """
    The text with these edits of a document, and that document as it is read back.

    Every character outside of what is edited stays. Raises UnwritableError where that cannot be, or where the new text
    would not say exactly `expected`.
    """
    left = in_order(edits)
    bom = _BOM if text.startswith(_BOM) else ""
    content = text.removeprefix(_BOM)
    while left:
        layout = _layout(content, document)
        some = _independent(layout, left)
        left = [edit for edit in left if edit not in some]
        content = _applied(content, [splice_of(layout, edit) for edit in some])
    loaded = load_text(content, document.file, catalog)
    found = next((one for one in loaded.documents if one.index == document.index), None)
    if loaded.errors or found is None or found.deployment != expected:
        raise _other(document)
    return bom + content, found


def _layout(content: str, document: Document) -> Layout:
    source = read(content, document.file)
    if source.errors or len(source.documents) <= document.index:
        raise _other(document)
    raw = source.documents[document.index]
    lifted = frozenset(lift(raw.tree, Shape(entry=Deployment)).claims)
    return Layout(marks=raw.spans.marks, root=raw.spans.root, lifted=lifted)


def _independent(layout: Layout, edits: Sequence[Edit]) -> list[Edit]:
    """Edits that can be made at once: of different entries, and one for each collection in brackets."""
    first = edits[0]
    if len(first.path) == 1 or (isinstance(first, Remove) and layout.in_brackets(layout.root)):
        return [first]
    chosen: dict[object, Edit] = {}
    for edit in edits:
        section = edit.path[0]
        row = layout.find((section,))
        single = section == "governance" or row is None or layout.in_brackets(row)
        if len(edit.path) > 1:
            chosen.setdefault(section if single else edit.path[:2], edit)
    return list(chosen.values())


def _applied(content: str, splices: list[Splice]) -> str:
    for splice in sorted(splices, reverse=True):
        content = content[: splice.start] + splice.text + content[splice.end :]
    return content


def _other(document: Document) -> UnwritableError:
    message = f"`{document.file}` is written so that this cannot be changed without changing something else"
    return UnwritableError(message, span=document.spans.at(()), help="change it by hand")

"""A sketch in the languages that others lay out: Mermaid, as forges show it, and DOT, as Graphviz reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.report import clean, listing
from fedpolicy.report.markup import mermaid_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fedpolicy.report.sketch import Arrow, Box, Sketch

# Told apart by people who do not see all colours (Okabe and Ito 2008); every arrow says its level in a word, too.
_COLOURS = ("#666666", "#009e73", "#b97a00", "#d55e00", "#b3261e")
_SIDES = ("owners of data", "coordination and hosts", "outside")
_MOST = 200  # characters of a label


def as_mermaid(sketch: Sketch) -> str:
    """Write a flowchart, owners left and outsiders right; dashed arrows are implied."""
    lines = ["flowchart LR"]
    for side, title, boxes in _sides(sketch):
        labels = ("<br/>".join(map(mermaid_label, _lines(box))) for box in boxes)
        nodes = (f'    {box.id}["{label}"]' for box, label in zip(boxes, labels, strict=True))
        lines += [f'  subgraph s{side}["{title}"]', *nodes, "  end"]
    for arrow in sketch.arrows:
        line = "-.->" if arrow.implied else "-->"
        text = "<br/>".join(map(mermaid_label, _words(arrow)))
        lines.append(f'  {arrow.source} {line}|"{text}"| {arrow.target}')
    lines += [
        f"  linkStyle {number} stroke:{_COLOURS[arrow.level]},stroke-width:{1 + arrow.level // 2}px"
        for number, arrow in enumerate(sketch.arrows)
    ]
    return "\n".join(lines) + "\n"


def _sides(sketch: Sketch) -> Iterator[tuple[int, str, list[Box]]]:
    """Each side that has boxes, with its number and its title."""
    for side, title in enumerate(_SIDES):
        boxes = [box for box in sketch.boxes if box.side == side]
        if boxes:
            yield side, title, boxes


def as_dot(sketch: Sketch) -> str:
    """Write a directed graph, owners left and outsiders right; dashed arrows are implied."""
    lines = [
        f"digraph {_quoted([_cut(sketch.name)])} {{",
        '  graph [rankdir=LR, fontname="sans-serif", nodesep=0.5, ranksep=1.6]',
        '  node [shape=box, style="rounded,filled", fillcolor="#f3f5f7", fontname="sans-serif", fontsize=11]',
        '  edge [fontname="sans-serif", fontsize=9]',
    ]
    for side, title, boxes in _sides(sketch):
        nodes = (f"    {box.id} [label={_quoted(_lines(box))}]" for box in boxes)
        lines += [f"  subgraph cluster_{side} {{", f"    label={_quoted([title])}", "    color=white", *nodes, "  }"]
    lines += [*map(_dot_arrow, sketch.arrows), "}"]
    return "\n".join(lines) + "\n"


def _dot_arrow(arrow: Arrow) -> str:
    line = "dashed" if arrow.implied else "solid"
    colour = f'color="{_COLOURS[arrow.level]}", penwidth={1 + arrow.level // 2}'
    return f"  {arrow.source} -> {arrow.target} [label={_quoted(list(_words(arrow)))}, style={line}, {colour}]"


def _lines(box: Box) -> list[str]:
    return [_cut(text) for text in (listing(box.parties), box.role, *box.holds[:12])]


def _words(arrow: Arrow) -> Iterator[str]:
    yield _cut(", ".join(word.replace("_", " ") for word in arrow.payloads))
    yield _cut(f"{arrow.origin}{f', {LEVELS[arrow.level]}' if arrow.level else ''}")


def _cut(text: str) -> str:
    plain = clean(text)
    return plain if len(plain) <= _MOST else f"{plain[: _MOST - 1]}…"


def _quoted(lines: list[str]) -> str:
    """A string of DOT; a backslash begins an escape there."""
    parts = (clean(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(parts) + '"'

"""Witness paths as a mermaid flowchart: only the hops that lead to the finding, and not too many of them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from fedpolicy.findings import Hop
from fedpolicy.report.words import clean

__all__ = ["MOST_HOPS", "flowchart"]

MOST_HOPS = 20


def flowchart(paths: Sequence[Sequence[Hop]]) -> list[str]:
    """The lines of a flowchart, each hop once; beyond MOST_HOPS a last box counts those that are not drawn."""
    hops = list(dict.fromkeys((hop.source, hop.target, hop.payload) for path in paths for hop in path))
    shown = hops[:MOST_HOPS]
    names = list(dict.fromkeys(name for source, target, _ in shown for name in (source, target)))
    boxes = {name: f"n{number}" for number, name in enumerate(names)}
    ends = {path[-1].target for path in paths if path}
    lines = ["flowchart LR", *(f'  {box}["{_label(name)}"]' for name, box in boxes.items())]
    lines += [f'  {boxes[source]} -->|"{_label(payload)}"| {boxes[target]}' for source, target, payload in shown]
    if len(hops) > len(shown):
        lines.append(f'  more["and {len(hops) - len(shown):,} more hops"]')
    marked = [box for name, box in boxes.items() if name in ends]
    return [*lines, *(f"  style {box} stroke:#b00,stroke-width:3px" for box in marked)]


def _label(text: str) -> str:
    """Mermaid writes entities with # for &, and takes a label that begins with a backtick for Markdown."""
    plain = clean(text).replace("#", "\0")
    written = escape(plain, quote=True).replace("`", "&#96;").replace("&#", "#").replace("&", "#")
    return written.replace("\0", "#35;").replace("#x27;", "#39;")

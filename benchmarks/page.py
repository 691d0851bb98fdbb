"""
What was measured, as a page: the tables between two marks of docs/benchmarks.md, and a picture beside it.

    python benchmarks/page.py build/bench.json build/peers.json
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from measure import MISSED, show

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "images" / "benchmarks.svg"
BEGIN, END = "<!-- measured: written by benchmarks/page.py -->", "<!-- end of what was measured -->"
_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 900, 520, 70, 30, 250, 60
_COLOURS = [
    "#0b6e4f",
    "#1b9aaa",
    "#7a5195",
    "#d1495b",
    "#edae49",
    "#5c677d",
    "#003d5b",
    "#8d6a9f",
    "#a44200",
    "#4f772d",
]
Points = Mapping[str, Sequence[tuple[float, float]]]


def main() -> None:
    """Read what `--json` of run.py and peers.py wrote, and write page and picture."""
    found = [json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:]]
    if not found:
        sys.exit("name the files that `make bench ARGS='--json FILE'` and `make bench-peers` wrote")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(picture({name: points for one in found for name, points in one["points"].items()}), "utf-8")
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), tables(found)), encoding="utf-8")


def tables(found: Sequence[Mapping[str, Any]]) -> str:
    """All tables, each run with the machine that it was measured on."""
    parts: list[str] = []
    for one in found:
        parts.append(f"{one['machine']}.")
        parts += [show(header, rows) for header, rows in one["tables"] if rows]
    return "\n\n".join([*parts, _missed(found)])


def _missed(found: Sequence[Mapping[str, Any]]) -> str:
    """Which bars were missed, as a sentence."""
    rows = [row for one in found for _, some in one["tables"] for row in some if row[-1] == MISSED]
    told = [f"- {name}: {measured} (bar {bar})" for name, measured, bar, _ in rows]
    return "\n".join(["These bars were missed:\n", *told]) if told else "Every bar was held."


def renewed(page: str, measured: str) -> str:
    """The page with these tables between its marks. Stops where it has no marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{PAGE.name} has lost the lines `{BEGIN}` and `{END}`")
    return f"{before}{BEGIN}\n\n{measured}\n\n{END}{after}"


def picture(points: Points) -> str:
    """Processor time by size, both as powers of ten: a line a tool; what grows in proportion rises by one in one."""
    drawn = {name: some for name, some in points.items() if some}
    sizes = sorted({size for some in drawn.values() for size, _ in some})
    seconds = [value for some in drawn.values() for _, value in some]
    low, high = math.floor(math.log10(min(seconds))), math.ceil(math.log10(max(seconds)))
    first, last = math.floor(math.log10(sizes[0])), math.ceil(math.log10(sizes[-1]))

    def at(size: float, value: float) -> tuple[float, float]:
        wide, tall = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
        x = _LEFT + wide * (math.log10(size) - first) / max(1, last - first)
        return x, _TOP + tall * (1 - (math.log10(value) - low) / max(1, high - low))

    lines = [*_axes(at, range(first, last + 1), range(low, high + 1)), *_curves(at, drawn)]
    title = "Processor time by the number of nodes, and as many flows"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
        f' font-family="sans-serif" font-size="13">\n<title>{title}</title>\n'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>\n' + "\n".join(lines) + "\n</svg>\n"
    )


def _axes(at: Any, sizes: range, values: range) -> list[str]:  # noqa: ANN401  a function of two numbers
    found = []
    for power in sizes:
        x, bottom = at(10**power, 10 ** values[0])
        _, top = at(10**power, 10 ** values[-1])
        found.append(f'<line x1="{x:.1f}" y1="{top:.1f}" x2="{x:.1f}" y2="{bottom:.1f}" stroke="#dddddd"/>')
        found.append(f'<text x="{x:.1f}" y="{bottom + 20:.1f}" text-anchor="middle">{10**power:,}</text>')
    for power in values:
        left, y = at(10 ** sizes[0], 10**power)
        right, _ = at(10 ** sizes[-1], 10**power)
        found.append(f'<line x1="{left:.1f}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}" stroke="#dddddd"/>')
        found.append(f'<text x="{left - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g} s</text>')
    return found


def _curves(at: Any, drawn: Points) -> list[str]:  # noqa: ANN401  a function of two numbers
    found = []
    ends = sorted(drawn, key=lambda name: -drawn[name][-1][1])
    for place, name in enumerate(ends):
        colour = _COLOURS[place % len(_COLOURS)]
        spots = [at(size, value) for size, value in drawn[name]]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        found.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        found += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in spots]
        x, y = _WIDTH - _RIGHT + 24, _TOP + 14 + 24 * place
        found.append(f'<rect x="{x}" y="{y - 10}" width="12" height="12" fill="{colour}"/>')
        found.append(f'<text x="{x + 18}" y="{y}">{escape(name)}</text>')
    return found


if __name__ == "__main__":
    main()

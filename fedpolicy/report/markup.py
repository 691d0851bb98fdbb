"""Markdown that carries text of others: it must not become markup or notify people. And witness paths as pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from urllib.parse import quote

from fedpolicy.findings import Hop
from fedpolicy.report import clean

_ACTIVE = re.compile(r"([\\`*\[\]<>|~#]|(?<!\w)_|_(?!\w))")
_MENTION = re.compile(r"([^\s,;:()]*@[^\s,;:()]*)")
_PIPE, _ESCAPED = re.compile(r"(?<!\\)\|"), r"\\|"
_PLACE = re.compile(r"`([^`\[\]\n]+):(\d+)`")
MOST_HOPS = 20


def prose(text: str) -> str:
    """
    Words as words, and what stands between backticks as code.

    A word with an `@` becomes code as well: `letters@aphp` would notify a user of that name.
    """
    parts = clean_lines(text).split("`")
    if len(parts) % 2 == 0:
        return _words("`".join(parts))
    return "".join(code(part) if number % 2 else _words(part) for number, part in enumerate(parts))


def _words(text: str) -> str:
    parts = _MENTION.split(text)
    return "".join(code(part) if number % 2 else _ACTIVE.sub(r"\\\1", part) for number, part in enumerate(parts))


def code(text: str) -> str:
    """A name as it is. Code spans know no escapes, so what would end the span is replaced."""
    return f"`{clean_lines(text).replace('`', chr(39))}`"


def row(*cells: str) -> str:
    """A row of a table from cells that are Markdown already; a pipe in code needs its backslash here as well."""
    return f"| {' | '.join(_PIPE.sub(_ESCAPED, cell) for cell in cells)} |"


def grid(heads: Sequence[str], rows: Iterable[Sequence[str]], rule: str = "---") -> str:
    """A table; `rule` says at which side its columns stand."""
    return "\n".join([row(*heads), row(*(rule for _ in heads)), *(row(*cells) for cells in rows)])


def line(text: str) -> str:
    """One line of a list."""
    return f"- {text}"


def linked(text: str, files: Mapping[str, str], base: str, most: int) -> str:
    """
    The same text, in which a place such as `a.yaml:12` leads to its line, as far as `most` characters last.

    `files` has the path of each file from the root of the repository, by the name that the text calls it; `base` is
    where that root is to be seen. The addresses stand at the end, where nobody reads them.
    """
    if not base:
        return text
    found: dict[str, str] = {}
    left = most - len(text)

    def link(match: re.Match[str]) -> str:
        nonlocal left
        place, name, number = match.group(), match[1], match[2]
        if name not in files:
            return place
        target = found.get(place) or f"[{place}]: <{base.rstrip('/')}/{quote(files[name])}#L{number}>\n"
        left -= 2 + (0 if place in found else len(target))
        if left < 0:
            return place
        found[place] = target
        return f"[{place}]"

    body = _PLACE.sub(link, text)
    return f"{body}\n{''.join(found.values())}" if found else body


def clean_lines(text: str) -> str:
    """All on one line, and nothing that steers a terminal."""
    return clean(" ".join(text.split()))


def flowchart(paths: Sequence[Sequence[Hop]]) -> list[str]:
    """The lines of a flowchart, each hop once; beyond MOST_HOPS a last box counts those that are not drawn."""
    hops = list(dict.fromkeys((hop.source, hop.target, hop.payload) for path in paths for hop in path))
    shown = hops[:MOST_HOPS]
    names = list(dict.fromkeys(name for source, target, _ in shown for name in (source, target)))
    boxes = {name: f"n{number}" for number, name in enumerate(names)}
    ends = {path[-1].target for path in paths if path}
    lines = ["flowchart LR", *(f'  {box}["{mermaid_label(name)}"]' for name, box in boxes.items())]
    lines += [f'  {boxes[source]} -->|"{mermaid_label(payload)}"| {boxes[target]}' for source, target, payload in shown]
    if len(hops) > len(shown):
        lines.append(f'  more["and {len(hops) - len(shown):,} more hops"]')
    marked = [box for name, box in boxes.items() if name in ends]
    return [*lines, *(f"  style {box} stroke:#b00,stroke-width:3px" for box in marked)]


def mermaid_label(text: str) -> str:
    """Mermaid writes entities with # for &, and takes a label that begins with a backtick for Markdown."""
    plain = clean(text).replace("#", "\0")
    written = escape(plain, quote=True).replace("`", "&#96;").replace("&#", "#").replace("&", "#")
    return written.replace("\0", "#35;").replace("#x27;", "#39;")

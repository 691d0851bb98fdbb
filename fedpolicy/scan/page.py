"""Lines of YAML as they are written, each with the place that it comes from."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fedpolicy.findings import Span
from fedpolicy.records import dataclass, field

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./@-]*")


@dataclass(slots=True, kw_only=True)
class DraftPage:
    """Lines of YAML as they are written, each with where it comes from."""

    start: Span
    lines: list[str] = field(default_factory=list)
    sources: dict[int, Span] = field(default_factory=dict)
    left_out: list[tuple[str, Span]] = field(default_factory=list)

    def add(self, text: str, span: Span | None = None, todo: str = "") -> None:
        """One line with the place that it comes from, and what people have to add."""
        origin = f"{span.file}:{span.line}" if span else ""
        comment = "; ".join(part for part in (f"TODO: {todo}" if todo else "", origin) if part)
        self.lines.append(f"{text}  # {comment}" if comment else text)
        self.sources[len(self.lines)] = span or self.start


def inline_list(names: Sequence[str]) -> str:
    """A list in one line."""
    return f"[{', '.join(names)}]"


def quoted(text: str) -> str:
    """A text, in quotes where YAML would take it for something else."""
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

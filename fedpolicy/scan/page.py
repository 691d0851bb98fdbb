"""A draft as it is written, each line with its place in another file; and lines of files as reports may show them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from fedpolicy.files import content
from fedpolicy.findings import Finding, Span
from fedpolicy.records import dataclass, field
from fedpolicy.scan import masked
from fedpolicy.scan.rules import SECRET

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./@-]*")
# `NAME=` before a value, as in lists of variables and files of them; no end of base64, and no quote behind it.
_NAMED = re.compile(r"""["']?[A-Za-z_]\w*=(?=[^=\s"'])""")
_SHOWN = re.compile(r"\S")
# What looks like a key wherever it stands, since other findings may show its line.
_KEYS = (
    re.compile(r"(?i)(?<=bearer )[^\s\"'$]+"),
    re.compile(r"(?<![A-Za-z0-9])(?:sk|pk|gsk|hf|ghp|gho|glpat|xox[abp]|AKIA|AIza)[-_]?(?=[\w-]{0,80}\d)[\w-]{12,200}"),
    re.compile(
        r"""(?i)(?<=key["']=["'])[^"']+|(?:api_?key|token|secret|password|passwd)["']?\s*[:=]\s*["'][^"'$]{4,}"""
    ),
)


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


def shown_lines(name: str, findings: Iterable[Finding]) -> tuple[str, ...]:
    """The lines of a file; none where it cannot be read any more."""
    try:
        lines = [_without_keys(line) for line in content(Path(name)).decode("utf-8", "replace").splitlines()]
    except OSError:
        return ()
    for one in findings:
        if one.rule == SECRET:
            for number in range(one.span.line, min(one.span.end_line, len(lines)) + 1):
                start = one.span.column - 1 if number == one.span.line else 0
                lines[number - 1] = _hidden(lines[number - 1], start)
    return tuple(lines)


def _without_keys(line: str) -> str:
    line = masked(line)
    for pattern in _KEYS:
        line = pattern.sub(lambda found: "*" * len(found[0]), line)
    return line


def _hidden(line: str, start: int) -> str:
    """What stands from here on, behind `NAME=` where that is part of it, as stars."""
    named = _NAMED.match(line, start)
    start = named.end() if named else start
    return line[:start] + _SHOWN.sub("*", line[start:])

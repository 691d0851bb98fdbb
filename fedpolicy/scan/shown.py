"""Lines of files as reports may show them: where a secret stands, nobody sees which."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from fedpolicy.files import content
from fedpolicy.findings import Finding
from fedpolicy.scan import masked
from fedpolicy.scan.rules import SECRET

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

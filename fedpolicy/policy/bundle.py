"""
Shipped rules as a wheel carries them: read, checked and compiled when the wheel was built.

A bundle only saves time. It counts as long as it says what the rule files beside it say and was made by this fedpolicy
with this CEL library; otherwise the files are read, as in a checkout, where there are no bundles.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fedpolicy import __version__
from fedpolicy.findings import Reference, Severity, Span
from fedpolicy.policy.digest import digest_of
from fedpolicy.policy.expression import Expression, library_version, restored
from fedpolicy.policy.fields import Type
from fedpolicy.policy.models import Param, Rule
from fedpolicy.resources import bundles_dir

__all__ = ["PLAIN", "bundled", "made_with"]

# The parts of a rule that JSON holds as they are.
PLAIN = (
    "id",
    "pack",
    "title",
    "principle",
    "applies_to",
    "message",
    "why",
    "help",
    "at",
    "absent",
    "absent_why",
    "scope",
)


def bundled(pack: str, folder: Path) -> tuple[Rule, ...] | None:
    """The rules of a shipped pack, whose files are in `folder`; None where they must be read from there."""
    kept = bundles_dir()
    try:
        tree = json.loads((kept / f"{pack}.json").read_bytes()) if kept else None
    except (OSError, ValueError):
        return None  # none was built, or not the whole of it was copied
    if tree is None or tree["made"] != made_with(folder):
        return None
    return tuple(_rule(entry, folder) for entry in tree["rules"])


def made_with(folder: Path) -> dict[str, str]:
    """What a bundle depends on."""
    return {"fedpolicy": __version__, "cel-expr-python": library_version(), "files": digest_of(folder)}


def _rule(entry: Mapping[str, Any], folder: Path) -> Rule:
    return Rule(
        **{name: entry[name] for name in PLAIN},
        severity=Severity(entry["severity"]),
        match=_expression(entry["match"]) if entry["match"] else None,
        require=_expression(entry["require"]),
        references=tuple(Reference(**reference) for reference in entry["references"]),
        false_positives=tuple(entry["false_positives"]),
        params=tuple(Param(**{**param, "type": Type(param["type"])}) for param in entry["params"]),
        span=_span(entry["file"], entry["span"]),
        spans={key: _span(entry["file"], place) for key, place in entry["spans"].items()},
        path=str(folder / Path(entry["file"]).name),
    )


def _expression(entry: Mapping[str, Any]) -> Expression:
    return Expression(
        text=entry["text"],
        program=restored(b64decode(entry["program"])),
        reads=frozenset(entry["reads"]),
        asks=frozenset(entry["asks"]),
    )


def _span(file: str, place: tuple[int, int, int, int]) -> Span:
    line, column, end_line, end_column = place
    return Span(file=file, line=line, column=column, end_line=end_line, end_column=end_column)

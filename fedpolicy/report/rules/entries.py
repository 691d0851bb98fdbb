"""A rule with what only its file says: its expressions as written, and its examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from fedpolicy.policy.reading import read_sheet
from fedpolicy.policy.rulefile import EXPECTED, RULE

if TYPE_CHECKING:
    from fedpolicy.policy.models import Rule

__all__ = ["Entry", "Shown", "entry_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One example: what the rule must say of it, why, and the deployment as YAML."""

    expected: str
    why: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Everything that there is to say of a rule."""

    rule: Rule
    match: str
    require: str
    examples: Sequence[Shown]


def entry_of(rule: Rule) -> Entry:
    """Read what the rule itself does not keep. Raises Problems where its file has changed its shape."""
    tree: dict[str, Any] = read_sheet(Path(rule.path).read_bytes(), rule.path, RULE).tree
    listed = tree.get("examples", {})
    return Entry(
        rule=rule,
        match=" ".join(str(tree.get("match", "")).split()),
        require=" ".join(str(tree["require"]).split()),
        examples=[
            Shown(expected=word, why=example.get("why", ""), text=_yaml(example["deployment"]))
            for word in EXPECTED
            for example in listed.get(word, ())
        ],
    )


def _yaml(deployment: object) -> str:
    """One line per entry of a section, as people write deployments."""
    if not isinstance(deployment, dict):
        return ""
    return "".join(_section(str(name), entries) for name, entries in deployment.items())


def _section(name: str, entries: object) -> str:
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        return f"{name}: {_flow(entries)}\n"
    return f"{name}:\n" + "".join(f"  {key}: {_flow(entry)}\n" for key, entry in entries.items())


def _flow(value: object) -> str:
    # The reader gives tuples, which YAML would write as a tag of Python's.
    text = yaml.safe_dump(_plain(value), default_flow_style=True, sort_keys=False, width=100_000, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, (list, tuple)) else value

"""What settings took out of a verdict or put in place of what ships, in words and in rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fedpolicy.findings import Override
from fedpolicy.report.style import listing

__all__ = ["override_lines", "override_rows"]

_WORDS = {
    "rules_off": ("rule off", "rules off"),
    "rules_ignored": ("rule ignored", "rules ignored"),
    "rules_not_selected": ("rule not selected", "rules not selected"),
    "severities_lowered": ("severity lowered", "severities lowered"),
    "parameters_set": ("parameter set", "parameters set"),
    "facts_replaced": ("shipped fact replaced", "shipped facts replaced"),
    "deployments_excluded": ("deployment excluded", "deployments excluded"),
}
_FAILING = {"critical": "only critical findings fail", "never": "no finding fails"}
_MOST_NAMES = 8


def override_lines(overrides: Sequence[Override]) -> list[str]:
    """A sentence for each who says so: `1 rule off, 4 shipped facts replaced, by fedpolicy.toml`."""
    return [_line(by, [one for one in overrides if one.by == by]) for by in dict.fromkeys(one.by for one in overrides)]


def override_rows(overrides: Iterable[Override]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [{"what": one.what, "by": one.by, "amount": one.amount, "names": list(one.names)} for one in overrides]


def _line(by: str, overrides: Sequence[Override]) -> str:
    return f"{', '.join(map(_words, overrides))}, by {by}"


def _words(one: Override) -> str:
    if one.what == "failing_from":
        return _FAILING[one.names[0]]
    words = f"{one.amount:,} {_WORDS[one.what][one.amount > 1]}"
    return f"{words} ({listing(one.names)})" if 0 < len(one.names) <= _MOST_NAMES else words

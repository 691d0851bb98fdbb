"""Data that reach somebody in a form that gives them away: each form has a rule of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.reference.learned import INFERABLE, RECONSTRUCTABLE, Learned, Way, learned, worst

# By form, the rule on what can be rebuilt from it; who runs a closed model has a rule of its own.
OF_FORM = {
    "embeddings": "embeddings-exported",
    "outputs": "logits-exported",
    "readable prompts": "readable-prompts-exported",
    "updates": "single-updates-visible",
    "logs": "logs-exported",
    "aggregates": "small-aggregate",
    "numbers": "statistics-of-few",
    "metrics": "statistics-of-few",
}
# A closed model's runner gets these because it runs it, which is what is told.
INPUTS = ("embeddings-exported", "logits-exported", "readable-prompts-exported", "single-updates-visible")
RULES = (
    *dict.fromkeys(OF_FORM.values()),
    "raw-data-leaves-silo",
    "evaluation-data-exported",
    "membership-revealed",
    "private-data-to-closed-model",
    "host-sees-private-data",
)


def judge(tree: Any, study: Any) -> dict[tuple[str, str], str]:
    """Each of what anybody learns."""
    return worst((rule, one.row, said) for one in learned(tree, study) for rule, said in _rules(one))


def _rules(one: Learned) -> Iterator[tuple[str, str]]:
    checks = {
        rule: lambda level, ways, rule=rule: _rebuilt(one, rule, level, ways)
        for rule in dict.fromkeys(OF_FORM.values())
    }
    checks["raw-data-leaves-silo"] = lambda level, ways: _records(one, level, ways) and not one.evaluates(ways)
    checks["evaluation-data-exported"] = lambda level, ways: _records(one, level, ways) and one.evaluates(ways)
    checks["membership-revealed"] = lambda level, ways: (
        one.capacity != "host" and one.beyond(level, INFERABLE) and _has(ways, "membership")
    )
    checks["private-data-to-closed-model"] = lambda level, ways: _closed(one, level, ways)
    checks["host-sees-private-data"] = lambda level, _: (
        one.capacity == "host" and level >= RECONSTRUCTABLE and one.allowed is None and not one.otherwise(level)
    )
    for rule, bad in checks.items():
        if (said := one.own(bad)) is not None:
            yield rule, said


def _rebuilt(one: Learned, rule: str, level: int, ways: tuple[Way, ...]) -> bool:
    forms = {form for form, name in OF_FORM.items() if name == rule}
    if one.capacity == "host" or not one.beyond(level, RECONSTRUCTABLE):
        return False
    if rule in INPUTS and one.closed(ways):
        return False
    return any(_has(ways, form) for form in forms)


def _has(ways: tuple[Way, ...], form: str) -> bool:
    return any(way.form == form for way in ways)


def _records(one: Learned, level: int, ways: tuple[Way, ...]) -> bool:
    """Whether records arrive that no more specific rule tells of."""
    if one.capacity == "host" or not one.beyond(level, RECONSTRUCTABLE) or not _has(ways, "records"):
        return False
    return not one.closed(ways) and not one.hosted(ways)


def _closed(one: Learned, level: int, ways: tuple[Way, ...]) -> bool | None:
    nobody = one.capacity == "host" and one.home.startswith("unknown")
    if nobody or not one.beyond(level, RECONSTRUCTABLE) or one.hosted(ways):
        return False
    return one.closed(ways)

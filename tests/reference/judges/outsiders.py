"""What the public and those outside of the federation learn, and what anybody learns beyond what the owner allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.reference.learned import INFERABLE, RECONSTRUCTABLE, Learned, Way, learned, worst

PUBLISHED = {"adapter_weights", "model_weights"}
RULES = (
    "exposed-to-public",
    "exposed-to-third-party",
    "published-model-without-dp",
    "releases-exceeded",
    "telemetry-to-third-party",
    "trained-model-to-third-party",
)
Ways = tuple[Way, ...]


def judge(tree: Any, study: Any) -> dict[tuple[str, str], str]:
    """Each of what anybody learns."""
    return worst((rule, one.row, said) for one in learned(tree, study) for rule, said in _rules(one))


def _rules(one: Learned) -> Iterator[tuple[str, str]]:
    for rule, bad in _checks(one).items():
        if (said := one.own(bad)) is not None:
            yield rule, said
    if one.unsaid and one.one.high:
        yield "releases-exceeded", "unknown"
    elif one.allowed is not None and one.one.high > one.allowed:
        yield "releases-exceeded", "fail" if one.one.low > one.allowed else "unknown"


def _checks(one: Learned) -> dict[str, Callable[[int, Ways], bool]]:
    if one.capacity == "public":
        return {
            "exposed-to-public": lambda level, _: one.beyond(level, INFERABLE),
            "published-model-without-dp": lambda level, ways: one.beyond(level, INFERABLE) and _model(ways),
        }
    if not one.outside:
        return {}
    found = {"exposed-to-third-party": partial(_exposed, one)}
    if one.capacity != "host":
        found["telemetry-to-third-party"] = partial(_metrics, one)
        found["trained-model-to-third-party"] = partial(_trained, one)
    return found


def _model(ways: Ways) -> bool:
    return any(way.payload in PUBLISHED or way.role == "published" for way in ways)


def _exposed(one: Learned, level: int, ways: Ways) -> bool:
    least = RECONSTRUCTABLE if one.capacity == "host" else INFERABLE
    if not one.beyond(level, least) or one.hosted(ways):
        return False
    return not (one.capacity == "host" and one.otherwise(level))


def _metrics(one: Learned, level: int, ways: Ways) -> bool:
    told = one.beyond(level, INFERABLE)
    return told and any(way.form == "metrics" for way in ways)


def _trained(one: Learned, level: int, ways: Ways) -> bool:
    told = level == INFERABLE and one.beyond(level, INFERABLE)
    return told and any(way.modelled and way.payload != "metrics" for way in ways)

"""Agreements that have ended, and data that are called anonymous and are about people."""

from __future__ import annotations

from typing import Any

from fedpolicy.catalog import load_catalog

RULES = ("agreement-expired", "anonymous-by-label")
Verdicts = dict[tuple[str, str], str]


def judge(tree: Any, study: Any) -> Verdicts:
    """Both."""
    return _agreements(tree, study.settings.today) | _datasets(tree)


def _agreements(tree: Any, today: str) -> Verdicts:
    """An agreement holds on its last day; one without any runs on; that nobody knows it is a question."""
    days = {name: one.get("expires") for name, one in tree.get("agreements", {}).items()}
    ended = {name: "fail" for name, day in days.items() if day not in (None, "unknown") and day < today}
    asked = {name: "unknown" for name, day in days.items() if day == "unknown"}
    return {("agreement-expired", f"agreements.{name}"): said for name, said in (ended | asked).items()}


def _datasets(tree: Any) -> Verdicts:
    """The word stands beside one that says the contrary."""
    categories = load_catalog().categories
    found: Verdicts = {}
    for name, one in tree["datasets"].items():
        words = [one["categories"]] if isinstance(one["categories"], str) else one["categories"]
        if "anonymous" in words and any(categories[word].personal for word in words):
            found["anonymous-by-label", f"datasets.{name}"] = "fail"
        if "unknown" in words:
            found["anonymous-by-label", f"datasets.{name}"] = "unknown"
    return found

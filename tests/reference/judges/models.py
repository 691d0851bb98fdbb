"""What the rules on models say, judged from their texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from tests.reference.uses import Access, Facts, Truth, asked, both, either, foreign

UNSAFE = ("pickle", "pkl", "pt", "pth", "bin", "ckpt", "torch", "joblib", "dill")
TEACHING = ("instruction_tuning", "dpo", "rlhf")
MOVING = ("main", "master", "latest", "head", "trunk", "dev", "develop", "stable")
SNAPSHOT = re.compile(r"(20\d\d-?[01]\d-?[0-3]\d|\b[01]\d-20\d\d|-\d{4}\b|-00\d\b)")
WARNED = 90
CLASSES = ("black_box", "gray_box", "open_weight", "open_source")
Judged = Iterator[tuple[str, Truth]]  # a model, and whether something is wrong with it


def judge(_: Any, study: Any) -> dict[tuple[str, str], str]:
    """Each rule, asked about all models."""
    return asked(ASKED, study)


def _code_closed(facts: Facts, name: str) -> Truth:
    if facts.produced(name) or not facts.uses(name) or facts.aspect(name, "weights") not in ("open", "gated"):
        return False
    said = (facts.aspect(name, "architecture"), facts.aspect(name, "inference_code"))
    return True if "closed" in said else None if None in said else False


def _retired(facts: Facts, name: str) -> Truth:
    called = facts.remote(name)
    model = facts.file.models[name]
    if not called:
        return False
    if model.says_unknown("shutdown_on"):
        return None
    day = model.shutdown_on.isoformat() if model.shutdown_on else _catalogued_day(facts, name, called)
    if day is None or not facts.study.settings.today:
        return False
    return (date.fromisoformat(day) - date.fromisoformat(facts.study.settings.today)).days <= WARNED


def _catalogued_day(facts: Facts, name: str, called: list[Access]) -> str | None:
    """The day of the provider that the catalogue names; others that it knows keep days of their own."""
    row = facts.catalog.row_of(facts.file.models[name])
    if row is None:
        return None
    day = (row.shutdowns or {}).get(str(facts.file.models[name].ref), row.shutdown_on)
    known = {facts.catalog.provider(facts.world.identity(facts.runner(one.way))) for one in called}
    named = facts.catalog.provider(row.provider) if row.provider else None
    return day if any(one is None or one == named for one in known) else None


def _unpinned(facts: Facts, name: str) -> Truth:
    model = facts.file.models[name]
    if facts.produced(name):
        return False
    elsewhere = bool(facts.remote(name)) and facts.aspect(name, "weights") is not None
    if model.ref is None and not elsewhere:
        return False
    return not _pinned(facts, name)


def _pinned(facts: Facts, name: str) -> bool:
    model = facts.file.models[name]
    if model.digest or model.revision:
        return bool(model.digest) or str(model.revision).lower() not in MOVING
    return facts.aspect(name, "weights") == "closed" and bool(SNAPSHOT.search(model.ref or ""))


def _washed(facts: Facts, name: str) -> Truth:
    claimed = facts.file.models[name].claims
    if claimed is None or _is_prompt(facts, name):
        return False
    (found,) = [one for one in facts.study.models if one.id == name]
    low, high = CLASSES.index(found.lowest), CLASSES.index(found.highest)
    wanted = CLASSES.index(claimed)
    return False if low >= wanted else True if high < wanted else None


def _is_prompt(facts: Facts, name: str) -> bool:
    makers = facts.makers(name)
    return bool(makers) and all(job.method.family == "prompt" for job in makers)


def _unsafe(facts: Facts, name: str) -> Truth:
    model = facts.file.models[name]
    if not any(facts.member(party) for party in facts.holders(name)):
        return False
    if model.format is None:
        fetched = model.ref is not None and not facts.produced(name)
        return None if fetched or model.says_unknown("format") else False
    return model.format.lower().lstrip(".") in UNSAFE


def _not_verified(facts: Facts, name: str) -> Truth:
    model = facts.file.models[name]
    if not foreign(facts, name) or model.ref is None:
        return False
    return _pinned(facts, name) and model.digest is None


# What comes out.


def _undocumented(facts: Facts, name: str) -> Truth:
    return both(facts.published(name), facts.file.models[name].documentation is None)


def _not_evaluated(facts: Facts, name: str) -> Truth:
    makers = facts.makers(name)
    if not any(job.task.method in TEACHING for job in makers) or facts.made_from(name):
        return False
    tasks = facts.file.tasks.values()
    judged = any(name == (task.evaluates or (task.model if task.method == "evaluation" else None)) for task in tasks)
    shared = len(facts.holders(name)) > 1 and facts.file.models[name].copies != "personal"
    return both(not judged, either(shared, facts.published(name)))


# Who runs it, and under which terms.


def _unknown_runner(facts: Facts, name: str) -> Truth:
    return either(*(_nobody_named(facts, one) for one in facts.remote(name)))


def _nobody_named(facts: Facts, one: Access) -> Truth:
    if facts.nowhere(facts.runner(one.way)):
        return True
    model = facts.file.models[one.model]
    runner = facts.runner(one.way)
    if facts.produced(one.model):
        return False
    ends = facts.world.places[one.way[-1]].provides or runner == facts.aspect(one.model, "provider")
    held = one.way[-1] in facts.models.holders(one.model)
    # Only its provider could run it, if it is closed.
    open_question = facts.aspect(one.model, "weights") is None and bool(model.via) and not ends and not held
    return None if open_question else False


def _not_served(facts: Facts, name: str) -> Truth:
    return either(*(_excluded(facts, one) for one in facts.remote(name)))


def _excluded(facts: Facts, one: Access) -> Truth:
    row = facts.catalog.provider(facts.world.identity(facts.runner(one.way)))
    if row is None or (row.serves is None and row.not_served_in is None):
        return False
    return either(*(_excludes(facts, row, party) for party in facts.users([one])))


def _excludes(facts: Facts, row: Any, party: str) -> Truth:
    known = facts.file.parties.get(party)
    own = facts.catalog.provider(facts.world.identity(party))
    where = known.jurisdiction if known and known.jurisdiction else own.jurisdiction if own else None
    return None if where is None else bool(row.excludes([where] if isinstance(where, str) else where))


ASKED: dict[str, Callable[[Facts, str], Truth]] = {
    "architecture-or-code-closed": _code_closed,
    "model-retired": _retired,
    "model-unpinned": _unpinned,
    "open-washing": _washed,
    "provider-does-not-serve": _not_served,
    "published-model-undocumented": _undocumented,
    "result-not-evaluated": _not_evaluated,
    "unknown-runner": _unknown_runner,
    "unsafe-weights-format": _unsafe,
    "weights-not-verified": _not_verified,
}
RULES = tuple(ASKED)

"""
The kinds of changes, one file each, found by being there: each has a `KIND`.

Here is what several of them propose: an open-weight model that could stand in for another, and how much noise, how many
clients in a round and in a sum.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from fedpolicy.analysis.accounting import Release
from fedpolicy.analysis.accounting.bounds import bound
from fedpolicy.analysis.exposure.mechanisms import mechanism_at
from fedpolicy.analysis.exposure.privacy import spend
from fedpolicy.analysis.openness import CLASSES, classify_row
from fedpolicy.files import modules_in
from fedpolicy.graph import Path
from fedpolicy.language.model.flow import Task
from fedpolicy.language.model.safeguards import DifferentialPrivacy
from fedpolicy.language.rewriting import Remove
from fedpolicy.records import dataclass
from fedpolicy.repair import FILL_IN, Blank, Change, ChangeKind, RepairContext

if TYPE_CHECKING:
    from fedpolicy.catalog.rows import ModelRow
    from fedpolicy.language.model.dataset import Model


@cache
def kinds() -> tuple[ChangeKind, ...]:
    """Every kind, by name."""
    return tuple(import_module(f"{__name__}.{name}").KIND for name in modules_in(__path__))


# With three, nobody who contributes sees a single contribution; ten are the advice of secure-aggregation-threshold-low.
LEAST_HIDDEN, _GOOD = 3, 10
_SHARE = 0.5  # of the largest budget that counts: what one party sees of a dataset adds up
_UNKNOWN_UNITS = 10**9
_MOST = 10_000.0  # more noise than any signal survives


def enough(total: int) -> int:
    """How many clients should take part in a round: ten, or all if there are fewer."""
    return min(total, _GOOD)


def hidden_among(per_round: int) -> int:
    """How many of a round's clients must at least be in a sum: two thirds, for some drop out, and ten of many."""
    return min(per_round, max(LEAST_HIDDEN, min(_GOOD, -(-per_round * 2 // 3))))


def gaussian_noise(context: RepairContext, task: Task, where: str) -> dict[str, Any] | None:
    """
    A Gaussian mechanism for every round of a task, with all its parameters; None where its rounds are not stated.

    No sampling is counted on, and each client's whole contribution is clipped, so that it protects all that a client
    holds. Delta is below one over ten times the number of units.
    """
    if task.rounds is None:
        return None
    rounds, delta = task.rounds, 10.0 ** -(len(str(_units(context, task))) + 1)
    multiplier = _least(
        lambda noise: bound([Release(mechanism="gaussian", noise_multiplier=noise, steps=rounds)], delta).high,
        context.max_epsilon * _SHARE,
    )
    if multiplier is None:
        return None
    return {
        "kind": "differential_privacy",
        "where": where,
        "mechanism": "gaussian",
        "noise_multiplier": multiplier,
        "clipping_norm": 1.0,
        "sampling": "none",
        "steps": rounds,
        "delta": delta,
        "unit": "client",
    }


def more_noise(context: RepairContext, path: Path, spec: DifferentialPrivacy) -> tuple[float, float] | None:
    """
    The least noise multiplier for which a declared mechanism stays within the limit and its own claim, and that budget.

    None where no noise is enough, because something else is missing, or where there is enough already.
    """
    target = min(context.max_epsilon, spec.claimed_epsilon or context.max_epsilon)

    def epsilon(noise: float) -> float:
        louder = spec.changed(noise_multiplier=noise)
        return spend([mechanism_at(context.deployment, path, louder)], context.max_epsilon).high

    multiplier = _least(epsilon, target)
    if multiplier is None or multiplier <= (spec.noise_multiplier or 0.0):
        return None
    return multiplier, target


def _least(epsilon: Callable[[float], float], target: float) -> float | None:
    """The least multiplier, in tenths, whose budget is within the target."""
    low, high = 0, 1
    while epsilon(high / 10) > target:
        low, high = high, high * 2
        if high / 10 > _MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if epsilon(middle / 10) > target else (low, middle)
    return high / 10


def _units(context: RepairContext, task: Task) -> int:
    """How many units the data of a task have together."""
    families = {reference.partition("@")[0] for reference in task.data}
    found = [item.units for item in context.study.graph.data if item.family in families]
    known = [units for units in found if units is not None]
    return max(sum(known), 1) if known and len(known) == len(found) else _UNKNOWN_UNITS


_TEXT = "text-generation"
_INSTRUCTED = re.compile(r"instruct|chat|-it$", re.IGNORECASE)
_BYTES = 2.0  # a parameter in half precision
# Thousand millions of parameters: in half precision 8 of them fit a GPU with 24 GiB.
_USUAL_SIZE = {_TEXT: 8.0}
_SMALL = 0.5
_TIDY = 0.05  # an entry that nothing uses any more costs next to nothing


def at_hand(context: RepairContext, name: str, callers: Iterable[str]) -> Iterator[str]:
    """The declared models that do the same work, whose weights every caller holds, and that no task here produces."""
    members = context.study.graph.members
    places = {place for caller in callers for place in members.get(caller, ())}
    wanted = _tasks(context, name)
    for other, model in sorted(context.deployment.models.items()):
        held = {place for reference in model.weights_at or () for place in members.get(reference, ())}
        if other != name and wanted & _tasks(context, other) and places and places <= held and _open(context, other):
            yield other


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """What to write for a model (nothing: it stays what it is), what that is in words, what the user has to fill in."""

    entry: Mapping[str, str]
    words: str
    blanks: tuple[Blank, ...] = ()


def stand_in(context: RepairContext, name: str, callers: Iterable[str]) -> StandIn:
    """
    An open-weight model to run in place of another.

    The same one where its weights can be had; else one that this file names already, in the version that it names;
    else one of the catalogue that does the same work under an open licence; else any.
    """
    if _weights(context, name):
        return StandIn(entry={}, words=f"models.{name}")
    known = _declared(context, name)
    if known is not None:
        facts = {key: getattr(known, key) for key in ("ref", "revision", "digest", "licence")}
        entry = {key: value for key, value in facts.items() if value}
        return StandIn(entry={**entry, "format": known.format or "safetensors"}, words=str(known.ref))
    row = _from_catalogue(context, name, callers)
    if row is None:
        aspects = {"weights": "open", "architecture": "open", "inference_code": "open"}
        return StandIn(entry=aspects, words="an open-weight model that does the same work")
    blank = Blank(path=("models", name, "revision"), what=f"the commit of {row.id} that you load")
    entry = {"ref": row.id, "revision": FILL_IN, "format": "safetensors"}
    return StandIn(entry=entry, words=f"an open-weight model such as {row.id}", blanks=(blank,))


def _tasks(context: RepairContext, name: str) -> set[str]:
    row = context.catalog.row_of(context.deployment.models[name])
    return set(row.tasks or ()) if row else set()


def _weights(context: RepairContext, name: str) -> bool:
    """Whether its weights can be had."""
    return context.models[name].aspects.get("weights") in {"open", "gated"}


def _open(context: RepairContext, name: str) -> bool:
    """Whether it can stand in for others: its weights can be had, and it has learned nothing here."""
    return _weights(context, name) and not context.models[name].produced_by


def _declared(context: RepairContext, name: str) -> Model | None:
    wanted = _tasks(context, name)
    for other, model in sorted(context.deployment.models.items()):
        pinned = model.ref and (model.revision or model.digest)
        if other != name and pinned and wanted & _tasks(context, other) and _open(context, other):
            return model
    return None


def _from_catalogue(context: RepairContext, name: str, callers: Iterable[str]) -> ModelRow | None:
    wanted = _tasks(context, name)
    task = min(wanted, default="")
    most = _memory(context, callers) / _BYTES
    fitting = [
        row
        for row in context.catalog.models.values()
        if row.weights == "open" and wanted & set(row.tasks or ()) and row.parameters_b and row.parameters_b <= most
    ]
    licensed = [row for row in fitting if row.licence and _free(context, row.licence)]
    return min(licensed, key=lambda row: _rank(context, row, task), default=None)


def _rank(context: RepairContext, row: ModelRow, task: str) -> tuple[object, ...]:
    size = _USUAL_SIZE.get(task, _SMALL)
    instructed = task == _TEXT and bool(_INSTRUCTED.search(row.id))
    openness = -CLASSES.index(classify_row(row, context.catalog)[0])
    return (not instructed, abs(math.log((row.parameters_b or size) / size)), openness, row.id)


def _free(context: RepairContext, licence: str) -> bool:
    row = context.catalog.licence(licence)
    return row is not None and row.category == "open"


def _memory(context: RepairContext, callers: Iterable[str]) -> float:
    """GiB of the smallest declared GPU among the callers."""
    nodes = [context.deployment.nodes.get(caller.partition("@")[0]) for caller in callers]
    known = [node.hardware.gpu_memory_gib for node in nodes if node and node.hardware]
    return min((memory for memory in known if memory is not None), default=math.inf)


def unused(model: str) -> Change:
    """Drop a model that the other changes of a proposal leave without any use."""
    return Change(
        id=f"drop models.{model}",
        kind="drop",
        text=f"drop models.{model}, which nothing uses any more",
        edits=(Remove(path=("models", model)),),
        weight=_TIDY,
    )

"""Which open-weight model could stand in for another, and what becomes of one that nothing uses any more."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from fedpolicy.analysis.openness import CLASSES, classify_row
from fedpolicy.language.rewriting import Remove
from fedpolicy.records import dataclass
from fedpolicy.repair import FILL_IN, Blank, Change, RepairContext

if TYPE_CHECKING:
    from fedpolicy.catalog.rows import ModelRow
    from fedpolicy.language.model.dataset import Model

__all__ = ["StandIn", "at_hand", "stand_in", "unused"]

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
    ref = context.deployment.models[name].ref
    row = context.catalog.model(ref) if ref else None
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

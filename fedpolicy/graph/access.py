"""Effective access: what each use of a model can see of it, derived from who holds the weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fedpolicy.graph.model import Access
from fedpolicy.graph.routes import aspect, stand_ins

if TYPE_CHECKING:
    from fedpolicy.graph.builder import Builder

__all__ = ["judge_access"]

# What a remote interface must offer for a method that asks for less than the weights.
_OFFERED = {"logits": "logprobs", "embeddings": "embeddings"}


def judge_access(builder: Builder) -> tuple[Access, ...]:
    """One entry per use, model and runner, with its callers, and whether the method is feasible that way."""
    grouped: dict[tuple[str, str, str, str, tuple[str, ...]], list[Access]] = {}
    for access in builder.access:
        key = (access.use, access.model, access.how, access.runner if access.how != "weights" else "", access.hops)
        grouped.setdefault(key, []).append(access)
    return tuple(_judge(builder, grouped[key]) for key in sorted(grouped))


def _judge(builder: Builder, group: list[Access]) -> Access:
    at = tuple(sorted({place for access in group for place in access.at}))
    runner = group[0].runner if len({access.runner for access in group}) == 1 else ""
    merged = replace(group[0], at=at, runner=runner)
    needs = _needs(builder, merged)
    feasible, why = _feasible(builder, merged, needs)
    return replace(merged, feasible=feasible, why=why)


def _needs(builder: Builder, access: Access) -> str:
    kind, _, name = access.use.partition(".")
    if kind != "tasks":
        return "text"
    task = builder.deployment.tasks[name]
    # A model that is only judged has to answer, whatever the method asks of the task's own model.
    own = task.model is not None and access.model in {task.model, *stand_ins(builder.deployment, task.model)}
    return builder.catalog.methods[task.method].needs if own else "text"


def _feasible(builder: Builder, access: Access, needs: str) -> tuple[bool | None, str]:
    if access.how == "weights" or needs in {"none", "text"}:
        return True, ""
    offered = access.interface
    if access.how == "hosted" or needs in {"weights", "emulator"}:
        wanted = "fine_tuning"
        what = "an emulator" if needs == "emulator" else "the weights"
        reason = f"needs {what} of {access.model}, which nobody in the federation holds"
    elif aspect(builder, access.model, "weights") in {"open", "gated"}:
        return True, ""
    else:
        wanted = _OFFERED[needs]
        reason = f"needs {needs} of {access.model}, and the interface of {access.runner} gives none"
    if offered is None:
        return None, reason
    return wanted in offered, "" if wanted in offered else reason

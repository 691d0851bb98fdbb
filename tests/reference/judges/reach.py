"""Whether methods reach what they need of models, and each hop of a tree adds up enough, judged from the texts."""

from __future__ import annotations

from typing import Any

from tests.reference.jobs import Job
from tests.reference.uses import Access, Facts, Truth, both, either, facts_of, no, released, verdict

FEW = 3
# What of an interface gives what a method needs; probabilities of a few tokens are no distribution, and can write.
GIVES = {
    "text": {"text", "top_logprobs", "logprobs"},
    "logits": {"logprobs"},
    "embeddings": {"embeddings"},
    "weights": {"fine_tuning"},
    "emulator": {"fine_tuning"},
}
RULES = ("hop-cohort-too-small", "method-not-feasible")


def judge(_: Any, study: Any) -> dict[tuple[str, str], str]:
    """Both, asked about all tasks."""
    facts = facts_of(study)
    asked = [
        (rule, f"tasks.{name}", ask(facts, name))
        for rule, ask in (("hop-cohort-too-small", _few), ("method-not-feasible", _beyond))
        for name in facts.file.tasks
    ]
    return {(rule, element): said for rule, element, truth in asked if (said := verdict(truth))}


def _few(facts: Facts, name: str) -> Truth:
    """Whether some hop adds up fewer than three contributions, without secure aggregation."""
    job = facts.jobs[name]
    found = [_in_tree(facts, way) if way.topology == "tree" else False for way in job.ways()]
    few = found[0] if len({*found}) == 1 else None
    private = either(*(facts.private(item.dataset) for item in facts.world.instances if item.id in job.mask))
    return both(few, private, no(_masked(job)), no(released(facts, f"tasks.{name}")))


def _masked(job: Job) -> Truth:
    kinds = {one.kind for some in (job.task.safeguards, *(hop.safeguards for hop in job.task.hops)) for one in some}
    return True if "secure_aggregation" in kinds else None if "unknown" in kinds else False


def _in_tree(facts: Facts, way: Job) -> Truth:
    sizes = facts.tasks.sizes(way)
    return True if any(most < FEW for _, most in sizes) else None if any(least < FEW for least, _ in sizes) else False


def _beyond(facts: Facts, name: str) -> Truth:
    """Whether a method needs more of a model than it reaches, in any way in which it comes to it."""
    reached = (_gives(facts, name, one) for one in facts.accesses if one.use == f"tasks.{name}")
    return no(both(*reached))


def _gives(facts: Facts, name: str, one: Access) -> Truth:
    """Whether this way to a model gives what is needed: whoever has the weights, or can have them, has everything."""
    job = facts.jobs[name]
    needs = "weights" if one.trains else job.method.needs
    if one.way and job.task.method == "unknown":
        return None
    # A file that says that the provider trains, knows it; a model that is judged answers in its own way.
    if not one.way or job.method.hosted or needs == "none" or one.model not in _own(facts, job):
        return True
    if needs in ("logits", "embeddings") and facts.aspect(one.model, "weights") in ("open", "gated"):
        return True
    interface = facts.aspect(one.model, "interface")
    if interface in (None, "unknown"):
        return True if needs == "text" else None  # whatever can be asked answers, unless the file says how
    return bool(GIVES[needs] & {*interface})


def _own(facts: Facts, job: Job) -> list[str]:
    model = job.task.model
    return [model, *facts.models.stand_ins(model)] if model else []

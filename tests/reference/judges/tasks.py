"""What the rules on tasks and on the deployment as a whole say, judged from their texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tests.reference.jobs import weight
from tests.reference.uses import Facts, Truth, both, either, facts_of, no, released, verdict

ROBUST = ("norm_bounded", "median", "trimmed_mean", "krum", "multi_krum", "bulyan", "geometric_median")
NEEDS_SINGLE = ("median", "trimmed_mean", "krum", "multi_krum", "bulyan", "geometric_median")
UPDATES = ("model_update", "adapter_update", "head_update", "soft_prompt", "gradients")
BOUNDS = ("norm_bound", "robust_aggregation", "update_inspection", "differential_privacy")
CHECKS = ("update_inspection", "filter", "robust_aggregation")
FEW = 3


def judge(_: Any, study: Any) -> dict[tuple[str, str], str]:
    """The rules on tasks, each asked about all of them, and those on the deployment."""
    facts = facts_of(study)
    asked = [(rule, f"tasks.{name}", ask(facts, name)) for rule, ask in TASKS.items() for name in facts.file.tasks]
    asked += [(rule, "deployment", ask(facts)) for rule, ask in WHOLE.items()]
    return {(rule, element): said for rule, element, truth in asked if (said := verdict(truth))}


def _kinds(facts: Facts, name: str) -> list[str]:
    task = facts.file.tasks[name]
    return [one.kind for some in (task.safeguards, *(hop.safeguards for hop in task.hops)) for one in some]


def _has(facts: Facts, name: str, kinds: Iterable[str]) -> Truth:
    found = {*_kinds(facts, name)}
    return True if found & {*kinds} else None if "unknown" in found else False


def _aggregates_by(facts: Facts, name: str, rules: Iterable[str], *, asked: bool) -> Truth:
    """Whether contributions are added up by one of these rules; None where that is asked for."""
    task = facts.file.tasks[name]
    if task.aggregation is None:
        return None if asked or task.says_unknown("aggregation") else False
    return task.aggregation in rules


def _private(facts: Facts, name: str) -> Truth:
    return either(*(facts.private(dataset) for dataset in facts.of(_items(facts, name))))


def _items(facts: Facts, name: str):
    return [item for item in facts.world.instances if item.id in facts.jobs[name].mask]


def _personal(facts: Facts, name: str) -> Truth:
    return either(*(_about_people(facts, dataset) for dataset in facts.of(_items(facts, name))))


def _about_people(facts: Facts, dataset: str) -> Truth:
    private = facts.private(dataset)
    rows = facts.catalog.categories
    named = facts.file.datasets[dataset].categories
    personal = either(*(None if one == "unknown" else rows[one].personal for one in named))
    return both(private, personal)


def _sent(facts: Facts, name: str) -> list[Any]:
    """What of contributions leaves the places where a task runs; whoever is alone meets nobody."""
    graph, job = facts.study.graph, facts.jobs[name]
    alone = sum(weight(facts.world, member) for member in job.members) == 1
    flows = [one for one in graph.flows if one.origin == f"tasks.{name}" and one.role in ("uplink", "activations")]
    return [one for one in flows if not alone or graph.vertices[one.target].kind != "exchange"]


def _exchanges(facts: Facts, name: str) -> Truth:
    sent = _sent(facts, name)
    return any(one.certain for one in sent) or (None if sent else False)


def _owners(facts: Facts, name: str) -> int:
    """On how many parties' nodes a task runs, cohorts in full."""
    found: dict[str, int] = {}
    for place in facts.jobs[name].members:
        here = facts.world.places[place]
        found[here.home] = max(found.get(here.home, 0), here.count)
    return sum(found.values())


# Tasks.


def _masked(facts: Facts, name: str) -> Truth:
    summed = _has(facts, name, ["secure_aggregation"])
    single = either(
        _has(facts, name, ["update_inspection", "robust_aggregation"]),
        _aggregates_by(facts, name, NEEDS_SINGLE, asked=False),
    )
    if summed is None and single is None and not facts.file.tasks[name].says_unknown("aggregation"):
        return None
    return both(summed, single)


def _hosted(facts: Facts, name: str) -> Truth:
    trained = [one for one in facts.accesses if one.use == f"tasks.{name}" and one.trains and one.way]
    outside = [one for one in trained if facts.runner(one.way) not in facts.users([one])]
    if not outside or facts.file.setting == "not-federated":
        return False
    private = either(*(facts.private(item.dataset) for one in outside for item in one.sent))
    return both(private, None if facts.file.setting is None else True, no(released(facts, f"tasks.{name}")))


def _unchecked(facts: Facts, name: str) -> Truth:
    job = facts.jobs[name]
    words = "prompt_text" in [one.payload for one in _sent(facts, name)]
    if not (words or job.task.method == "unknown") or _owners(facts, name) < 2:
        return False
    named = None if job.task.method == "unknown" else True
    return both(named, _exchanges(facts, name), no(_has(facts, name, CHECKS)))


def _without_dp(facts: Facts, name: str) -> Truth:
    job = facts.jobs[name]
    made = job.task.produces
    if not job.method.trains:
        return False
    kept_in = no(facts.published(made)) if made else True
    whole = made and facts.file.models[made].copies != "parts"
    parts = [not whole and way.topology == "vertical" for way in job.ways()]
    if all(parts):  # each keeps a part that was made for its own data
        return False
    trains = None if job.task.method == "unknown" else True
    noisy = _has(facts, name, ["differential_privacy"])
    wanted = (_personal(facts, name), _exchanges(facts, name), no(noisy), no(released(facts, f"tasks.{name}")))
    return both(None if any(parts) else True, trains, kept_in, *wanted)


def _unbounded(facts: Facts, name: str) -> Truth:
    sent = _sent(facts, name)
    updates = [one.payload for one in sent if one.role == "uplink"] or [one.payload for one in sent]
    unknown = facts.file.tasks[name].method == "unknown"
    if _owners(facts, name) < 2 or not sent or not (unknown or updates[0] in UPDATES):
        return False
    bounded = either(_has(facts, name, BOUNDS), _aggregates_by(facts, name, ROBUST, asked=True))
    return both(None if unknown else True, _exchanges(facts, name), no(bounded))


# The deployment.


def _federated(facts: Facts) -> Truth:
    """Whether participants train together what is to be governed."""
    jobs = facts.tasks.jobs
    trains = either(*(None if job.task.method == "unknown" else job.method.trains for job in jobs))
    takes = any("participant" in party.role for party in facts.file.parties.values())
    if facts.file.setting == "not-federated" or not takes:
        return False
    return both(trains, None if facts.file.says_unknown("setting") else True)


def _any_private(facts: Facts) -> Truth:
    return either(*(facts.private(name) for name in facts.file.datasets))


def _no_log(facts: Facts) -> Truth:
    said = facts.file.governance.audit_log
    return both(_federated(facts), _any_private(facts), None if said is None else said != "append_only")


def _no_withdrawal(facts: Facts) -> Truth:
    said = facts.file.governance.withdrawal
    if len(facts.file.parties) < 2:
        return False
    return both(_federated(facts), None if said is None else said != "any_round")


def _decided(facts: Facts, key: str) -> Truth:
    governance = facts.file.governance
    said = getattr(governance, key)
    if not any("coordinator" in party.role for party in facts.file.parties.values()):
        return False
    leaves = facts.file.setting == "cross-device" and governance.withdrawal == "any_round"
    if leaves and said is None and not governance.says_unknown(key):
        return False
    return both(_federated(facts), _any_private(facts), None if said is None else said == "coordinator")


TASKS: dict[str, Callable[[Facts, str], Truth]] = {
    "checks-behind-masks": _masked,
    "hosted-fine-tuning": _hosted,
    "prompts-not-checked": _unchecked,
    "training-without-dp": _without_dp,
    "updates-unbounded": _unbounded,
}
WHOLE: dict[str, Callable[[Facts], Truth]] = {
    "no-audit-log": _no_log,
    "no-withdrawal": _no_withdrawal,
    "safeguards-set-by-coordinator": lambda facts: _decided(facts, "safeguards_set_by"),
    "tasks-not-approved-by-participants": lambda facts: _decided(facts, "task_approval"),
}
RULES = (*TASKS, *WHOLE)

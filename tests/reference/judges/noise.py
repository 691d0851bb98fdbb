"""What the rules on noise say, judged from their texts; what noise comes to is taken from the ledger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.reference.guarding import Guarding, guards
from tests.reference.jobs import weight
from tests.reference.uses import Truth, both, facts_of, verdict

UNITS = ("record", "day", "person", "client")
PURE = ("laplace", "sparse_vector", "exponential", "randomised_response", "metric")  # without a delta
CHOICES = ("exponential", "randomised_response", "gnmax")  # nothing is clipped


def judge(_: Any, study: Any) -> dict[tuple[str, str], str]:
    """The rules on noise, each asked about all of it."""
    noises = [one for one in guards(facts_of(study)) if one.spec.kind == "differential_privacy"]
    found = ((rule, one.element, verdict(ask(one))) for one in noises for rule, ask in ASKED.items())
    return {(rule, element): said for rule, element, said in found if said}


def _no_noise(one: Guarding) -> Truth:
    return both(one.private, one.is_noise and one.spec.noise_multiplier == 0)


def _incomplete(one: Guarding) -> Truth:
    if not one.is_noise:
        return False
    spec = one.spec
    clips = spec.mechanism not in CHOICES
    stepped = spec.step_epsilon is not None
    if stepped and clips:
        stepped = spec.step_sensitivity is not None and (spec.step_delta is not None or spec.mechanism in PURE)
    lacking = [spec.unit is None, spec.noise_multiplier is None and not stepped]
    lacking.append(clips and spec.clipping_norm is None)
    lacking.append(spec.mechanism not in PURE and spec.delta is None)
    return both(one.private, any(lacking))


def _large_delta(one: Guarding) -> Truth:
    if not one.is_noise or one.spec.mechanism in PURE or one.spec.delta is None:
        return False
    total, silent = 0, False
    for item in one.facts.world.instances:
        if item.id in {data.id for data in one.facts.study.graph.data if data.index in one.items}:
            dataset, here = one.facts.file.datasets[item.dataset], one.facts.world.places[item.place]
            count = 1 if here.count == 1 else here.count - 1 if item.place.endswith(".peer") else 1
            units = 1 if dataset.unit == "client" else dataset.subjects
            silent |= units is None
            total += (units or 0) * count
    enough = total > 0 and one.spec.delta >= 1 / total
    return both(one.private, True if enough else None if silent else False)


def _small_unit(one: Guarding) -> Truth:
    if not one.is_noise or one.spec.unit is None:
        return False
    rank = UNITS.index(one.spec.unit)
    asked = [one.facts.file.datasets[name].unit for name in one.datasets]
    if any(unit is not None and UNITS.index(unit) > rank for unit in asked):
        return both(one.private, True)
    return both(one.private, None if None in asked and rank < len(UNITS) - 1 else False)


def _fewer_steps(one: Guarding) -> Truth:
    task = one.facts.file.tasks.get(str(one.path[1])) if one.path[0] == "tasks" else None
    if (
        not one.is_noise
        or task is None
        or one.spec.steps is None
        or task.rounds is None
        or (one.moves and not one.applies)
    ):
        return False
    return both(one.private, one.spec.mechanism != "sparse_vector" and one.spec.steps < task.rounds)


def _lower_rate(one: Guarding) -> Truth:
    task = one.facts.file.tasks.get(str(one.path[1])) if one.path[0] == "tasks" else None
    if not one.is_noise or task is None or (one.moves and not one.applies):
        return False
    spec, drawn = one.spec, task.clients_per_round
    if spec.sampling_rate is None or drawn is None or (spec.where == "client" or spec.mechanism == "dp_sgd"):
        return False
    total = sum(weight(one.facts.world, place) for place in one.facts.jobs[str(one.path[1])].members)
    return both(one.private, spec.sampling_rate < 0.99 * drawn / total)


def _share(one: Guarding) -> Any:
    if not one.is_noise or not one.applies:
        return None
    found = [share for share in one.facts.study.ledger.shares if share.path == one.element]
    return found[0] if found else None


def _refuted(one: Guarding) -> Truth:
    share = _share(one)
    if (
        share is None
        or (share.stated is None and share.stated_rho is None)
        or share.poisson
        or one.spec.noise_multiplier == 0
    ):
        return False
    said = {"refuted": True, "holds": False, "none": False, "unchecked": False, "open": None}[share.claim.value]
    return both(one.private, said)


def _as_poisson(one: Guarding) -> Truth:
    share = _share(one)
    return both(one.private, bool(share is not None and share.poisson))


def _weak(one: Guarding) -> Truth:
    share = _share(one)
    if share is None:
        return False
    if share.claim.value == "refuted":
        return False
    limit = one.facts.study.max_epsilon
    weak = True if share.spent.least > limit else False if share.spent.high <= limit else None
    return both(one.private, weak)


ASKED: dict[str, Callable[[Guarding], Truth]] = {
    "claimed-epsilon-refuted": _refuted,
    "dp-delta-too-large": _large_delta,
    "dp-parameters-incomplete": _incomplete,
    "dp-rate-contradicts": _lower_rate,
    "dp-steps-contradict": _fewer_steps,
    "dp-unit-too-small": _small_unit,
    "dp-weak": _weak,
    "dp-without-noise": _no_noise,
    "fixed-samples-as-poisson": _as_poisson,
}
RULES = tuple(ASKED)

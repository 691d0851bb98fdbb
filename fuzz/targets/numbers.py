"""Budgets and control: numbers beside numbers that are computed in another way, and who holds what."""

from __future__ import annotations

from collections.abc import Callable
from math import erfc, exp, inf, log, log1p, sqrt
from random import Random

from fedpolicy.analysis.accounting import Release
from fedpolicy.analysis.accounting.bounds import bound, close_bound, pure_bound
from fuzz.command import Broken, bounded
from fuzz.drawn import drawn
from fuzz.target import Box, Target

_DELTAS = (1e-3, 1e-5, 1e-6, 1e-9)
_SAMPLING = ("none", "none", "poisson", "fixed")
_NEARLY = 1 + 1e-6


def composition(box: Box) -> None:
    """Between what a test of hypotheses reaches and what the textbook's sum says."""
    _, data = box.only
    rng = Random(data)
    delta = rng.choice(_DELTAS)
    runs = [_run(rng) for _ in range(rng.randint(1, 4))]
    with bounded(("budget",), box.seconds):
        quick = bound(runs, delta)
        close = close_bound(runs, delta) if rng.random() < 0.1 else quick
        pure = pure_bound(runs).high
    least, most = _truth(runs, delta)
    told = f"{runs} at {delta}: {quick.low} to {quick.high}, closely {close.high}"
    if quick.high > most * _NEARLY:
        raise Broken("loose", ("budget",), f"{told}; the textbook says at most {most}")
    if min(quick.high, close.high) * _NEARLY < least or close.high > quick.high * _NEARLY:
        raise Broken("wrong bound", ("budget",), f"{told}; the truth is at least {least}")
    if quick.low > quick.high or quick.low > most * _NEARLY:
        raise Broken("wrong bound", ("budget",), f"{told}; the lower bound is above")
    summed = sum(map(_pure, runs))
    if pure > summed * _NEARLY or (all(run.sampling == "none" for run in runs) and pure * _NEARLY < summed):
        raise Broken("wrong bound", ("budget",), f"{told}; pure {pure}, and the sum is {summed}")


def _run(rng: Random) -> Release:
    mechanism, sampling = rng.choice(("gaussian", "gaussian", "laplace")), rng.choice(_SAMPLING)
    return Release(
        mechanism=mechanism if sampling == "none" or mechanism == "laplace" else "dp_sgd",
        noise_multiplier=round(10 ** rng.uniform(-0.3, 1.5), 3),
        steps=int(10 ** rng.uniform(0, 3)),
        rate=1.0 if sampling == "none" else round(10 ** rng.uniform(-4, 0), 6),
        sampling=sampling,
    )


def _truth(runs: list[Release], delta: float) -> tuple[float, float]:
    """What ε is at least and at most: exact where all is Gaussian and whole; a sample costs no more than the whole."""
    whole = all(run.sampling == "none" for run in runs)
    once = max(_once(run, delta) for run in runs)
    mu = sqrt(sum(run.steps * (_distance(run) / run.noise_multiplier) ** 2 for run in runs))
    gaussian = all(run.mechanism != "laplace" for run in runs)
    exact = _gaussian(mu, delta) if gaussian else inf
    least = exact if whole and gaussian else once
    # Beyond what `exp` can hold nobody computes here what the truth is.
    return (least if least < inf else 0.0), min(exact, sum(map(_pure, runs)))


def _distance(run: Release) -> float:
    """By how much one unit moves the sum: of a sample of fixed size another takes its place."""
    return 2.0 if run.sampling == "fixed" else 1.0


def _pure(run: Release) -> float:
    """The textbook's ε of Laplace noise; a sample costs no more than the whole."""
    return run.steps * _distance(run) / run.noise_multiplier if run.mechanism == "laplace" else inf


def _once(run: Release, delta: float) -> float:
    """The exact ε of one step, which several cost no less than; nothing is said of samples of a fixed size."""
    if run.sampling == "fixed" or (run.mechanism == "laplace" and run.sampling != "none"):
        return 0.0
    if run.mechanism == "laplace":
        return max(0.0, 1 / run.noise_multiplier + 2 * log1p(-delta))
    return _bisected(lambda epsilon: _sampled(epsilon, run.noise_multiplier, run.rate), delta)


def _sampled(epsilon: float, noise: float, rate: float) -> float:
    """By how much normal noise on a Poisson sample, with a unit that may be in it, exceeds that without it."""
    inside = (exp(epsilon) - (1 - rate)) / rate
    at = noise * noise * log(inside) + 0.5
    theirs = (1 - rate) * _above(at / noise) + rate * _above((at - 1) / noise)
    return theirs - exp(epsilon) * _above(at / noise)


def _above(deviations: float) -> float:
    return erfc(deviations / sqrt(2)) / 2


def _gaussian(mu: float, delta: float) -> float:
    """The ε of Gaussian noise by its two normal distributions (Balle and Wang 2018), found by bisection."""

    def at(epsilon: float) -> float:
        rest = _above(epsilon / mu + mu / 2)
        return _above(epsilon / mu - mu / 2) - (exp(epsilon) * rest if rest else 0.0)

    return _bisected(at, delta)


def _bisected(at: Callable[[float], float], delta: float) -> float:
    """Where something that falls passes δ; infinite far beyond what anybody calls private."""
    if at(0.0) <= delta:
        return 0.0
    low, high = 0.0, 1.0
    while high < 600 and at(high) > delta:
        high *= 2
    if high >= 600:
        return inf
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if at(middle) > delta else (low, middle)
    return high


TARGETS = (
    Target(
        name="budget",
        kind="law",
        holds="who knows more is promised no more; more rounds and less noise cost no less; order never matters",
        input="bytes",
        judge=drawn(
            "analysis.test_budget_laws:test_who_knows_more_is_never_promised_more",
            "analysis.test_budget_laws:test_more_rounds_fewer_survivors_and_less_noise_never_cost_less",
            "analysis.test_budget_laws:test_the_order_of_a_composition_never_matters",
            "analysis.test_budget_laws:test_a_member_who_hosts_others_learns_no_less_and_nobody_else_learns_more",
        ),
    ),
    Target(
        name="accounting",
        kind="law",
        holds="bounds of every mechanism do not cross, and more noise, fewer steps and smaller samples cost no more",
        input="bytes",
        judge=drawn(
            "analysis.accounting.test_laws:test_the_lower_bound_is_below_the_upper_one",
            "analysis.accounting.test_laws:test_more_noise_never_costs_more",
            "analysis.accounting.test_laws:test_more_steps_never_cost_less",
            "analysis.accounting.test_laws:test_a_smaller_delta_never_costs_less",
            "analysis.accounting.test_laws:test_a_smaller_sample_never_costs_more",
            "analysis.accounting.test_laws:test_a_whole_costs_no_less_than_its_parts_and_no_more_than_their_sum",
            "analysis.accounting.test_tiny_divergences:test_no_divergence_is_negative",
        ),
    ),
    Target(
        name="composition",
        kind="differential",
        holds="a budget is between the exact ε of normal distributions and the sum of the textbook",
        input="bytes",
        judge=composition,
    ),
    Target(
        name="meaning",
        kind="law",
        holds="more noise and smaller samples never allow an attacker more",
        input="bytes",
        judge=drawn("analysis.test_meaning:test_more_noise_and_smaller_samples_never_allow_more"),
    ),
    Target(
        name="control",
        kind="law",
        holds="nobody holds its own, gaps have reasons, and dependencies and disclosures say what the matrix says",
        input="bytes",
        judge=drawn(
            "analysis.test_control_laws:test_the_order_of_the_file_never_matters",
            "analysis.test_control_laws:test_each_party_has_each_capability_once_and_never_holds_its_own",
            "analysis.test_control_laws:test_who_cannot_run_the_models_takes_part_in_no_round",
            "analysis.test_control_laws:test_a_copy_for_everybody_takes_no_one_s_hold_on_running_and_gives_nobody_one",
            "analysis.test_control_laws:test_dependencies_say_what_the_matrix_says",
            "analysis.test_control_laws:test_what_is_lost_for_want_of_something_has_a_reason",
            "analysis.test_control_laws:test_who_has_a_copy_that_it_can_look_into_learns_what_the_model_contains",
        ),
    ),
)

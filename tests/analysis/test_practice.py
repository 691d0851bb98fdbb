"""
What practitioners state has a place: a number, an assumption in the ledger, or unknown with the reason.

Each row is one safeguard, what its epsilon is in words, and a part of what the ledger says beside it: of what is taken
for granted, of the facts that are missing, or of why it does not count.
"""

from __future__ import annotations

import pytest

from fedpolicy.analysis.exposure.privacy import shown
from tests.analysis.test_budget import ledger

SAMPLED = "mechanism: dp_sgd, sampling: poisson, sampling_rate: 0.01, steps: 1000"
ALL = "sampling: none, steps: 10"
PRACTICE = {
    "shuffled batches": (
        "mechanism: dp_sgd, noise_multiplier: 2, sampling: shuffled, sampling_rate: 0.01, steps: 1000",
        "at most 8.31",
        "each epoch uses each unit once",
    ),
    "batches in a known order": (
        "mechanism: dp_sgd, noise_multiplier: 2, sampling: cyclic, sampling_rate: 0.01, steps: 1000",
        "about 8.31",
        "each epoch uses each unit once",
    ),
    "a last batch that is left out, so that all may be in each other one": (
        "mechanism: dp_sgd, noise_multiplier: 2, sampling: cyclic, sampling_rate: 0.4, steps: 40",
        "at most 12.6",
        "each epoch uses each unit once",
    ),
    "shuffled, nobody says how large": (
        "mechanism: dp_sgd, noise_multiplier: 2, sampling: shuffled, steps: 100",
        "at most 35.6",
        "sampling_rate",
    ),
    "microbatches": (f"{SAMPLED}, noise_multiplier: 2, microbatch_size: 4", "at most 2.44", "Poisson sampling"),
    "adaptive clipping": (f"{ALL}, noise_multiplier: 2, clipped_count_noise: 5", "about 8.5", "clipped before"),
    "Flower's LocalDpMod": (
        f"{ALL}, step_epsilon: 1, step_delta: 1.0e-5, step_sensitivity: 1",
        "about 3.03",
        "clipped before",
    ),
    "its sensitivity is left out": (f"{ALL}, step_epsilon: 1, step_delta: 1.0e-5", "not known", "step_sensitivity"),
    "FLIP's Laplace noise": (
        f"{ALL}, mechanism: laplace, norm: l1, step_epsilon: 0.5, step_sensitivity: 1",
        "about 5",
        "clipped before",
    ),
    "NVFLARE's SVTPrivacy": (
        "mechanism: sparse_vector, noise_multiplier: 10, comparison_noise: 40, answer_noise: 5, steps: 3",
        "at most 1.05",
        "threshold noise has the stated scale",
    ),
    "discrete Gaussian noise": (
        f"{ALL}, mechanism: discrete_gaussian, noise_multiplier: 5, rounded_norm: 1.1",
        "at most 3.48",
        "no sum leaves the range of its numbers",
    ),
    "nobody says what rounding adds": (
        f"{ALL}, mechanism: discrete_gaussian, noise_multiplier: 5",
        "not known",
        "rounded_norm",
    ),
    "Skellam noise": (
        f"{ALL}, mechanism: skellam, noise_multiplier: 5, rounded_norm: 1.1, grid_noise: 50",
        "at most 3.48",
        "no sum leaves the range of its numbers",
    ),
    "nobody says how fine the grid is": (
        f"{ALL}, mechanism: skellam, noise_multiplier: 5, rounded_norm: 1.1",
        "not known",
        "grid_noise",
    ),
    "a tree that begins anew": (
        (
            "mechanism: dp_ftrl_tree, noise_multiplier: 7, steps: 2000, restart_every: 100, max_participations: 4, "
            "min_separation: 100"
        ),
        "at most 3.56",
        "only complete nodes of the tree",
    ),
    "a matrix, by its own noise": (
        "mechanism: dp_matrix_ftrl, noise_multiplier: 7, noise_relative_to: mechanism, steps: 2000",
        "about 0.581",
        "over the sensitivity of its whole matrix",
    ),
    "a matrix without a claim": ("mechanism: dp_matrix_ftrl, noise_multiplier: 7", "not known", "claimed_rho"),
    "PATE": ("mechanism: gnmax, noise_multiplier: 40, steps: 100", "about 1.54", "clipped before"),
    "the exponential mechanism": ("mechanism: exponential, step_epsilon: 0.5, steps: 10", "at most 5", "as stated"),
    "randomised response": ("mechanism: randomised_response, step_epsilon: 0.5, steps: 1", "at most 0.5", "as stated"),
    "metric privacy": ("mechanism: metric, noise_multiplier: 10", "not known", "told apart of near values"),
    "several records of one person": (
        (
            "mechanism: dp_sgd, noise_multiplier: 20, sampling: poisson, sampling_rate: 0.001, steps: 1000, "
            "contributions_per_unit: 5"
        ),
        "at most 0.166",
        "no record has more than 5 contributions in a step",
    ),
    "of which samples have a fixed size": (
        (
            "mechanism: dp_sgd, noise_multiplier: 200, sampling: fixed, sampling_rate: 0.001, steps: 1000, "
            "contributions_per_unit: 5"
        ),
        "at most 3.75",
        "amplify nothing for a unit with several contributions",
    ),
    "no run beside this one": (f"{ALL}, noise_multiplier: 20", "about 0.648", "no other run on these data"),
    "settings chosen by sixteen runs": (
        f"{ALL}, noise_multiplier: 20, tuning_runs: 16",
        "at most 2.92",
        "each run that chose the settings",
    ),
    "clipped in l2 for Laplace noise": (
        f"{ALL}, mechanism: laplace, norm: l2, noise_multiplier: 20",
        "not known",
        "Laplace noise takes a bound in l1",
    ),
    "nobody says in which norm": (f"{ALL}, mechanism: laplace, noise_multiplier: 20", "at least 0.499", ".norm"),
}


@pytest.mark.parametrize("practice", PRACTICE)
def test_what_practitioners_state_has_a_place(practice):
    stated, number, beside = PRACTICE[practice]
    unit = "{kind: differential_privacy, where: client, clipping_norm: 1.0, delta: 1.0e-6, unit: record, "
    (share,) = ledger(f"{unit}{stated}}}").shares
    said = (*share.spent.assumptions, *share.spent.missing, *share.missing, *(why for _, why in share.not_for))

    assert shown(share.spent) == number
    assert any(beside in one for one in said), said


def test_sixteen_runs_spend_what_sixteen_mechanisms_would():
    one = "{kind: differential_privacy, where: client, clipping_norm: 1, delta: 1.0e-6, unit: record, sampling: none, "
    alone = f"{one}steps: 10, noise_multiplier: 20"

    (tuned,) = ledger(f"{alone}, tuning_runs: 16}}").shares
    (longer,) = ledger(f"{alone.replace('steps: 10', 'steps: 160')}}}").shares
    (single,) = ledger(f"{alone}}}").shares

    assert (tuned.spent.low, tuned.spent.high) == (single.spent.low, longer.spent.high)


def test_a_unit_with_several_contributions_moves_the_sum_by_as_many_norms():
    text = "{kind: differential_privacy, where: client, clipping_norm: 1, delta: 1.0e-6, unit: record, sampling: none, "

    (several,) = ledger(f"{text}steps: 10, noise_multiplier: 20, contributions_per_unit: 4}}").shares
    (less,) = ledger(f"{text}steps: 10, noise_multiplier: 5}}").shares

    assert several.spent.high == pytest.approx(less.spent.high)
    assert several.noise == 5


def test_a_day_is_more_than_a_record_and_less_than_a_person():
    per_day = (
        "{kind: differential_privacy, where: client, clipping_norm: 1, delta: 1.0e-6, unit: day, sampling: none, "
        "steps: 10, noise_multiplier: 20}"
    )

    counts = {unit: ledger(per_day, unit=unit).shares[0].not_for for unit in ("record", "day", "person", "client")}

    assert [bool(counts[unit]) for unit in counts] == [False, False, True, True]
    assert counts["person"] == (("notes", "it protects a day, but the dataset's unit is a person"),)


@pytest.mark.parametrize(
    ("absurd", "number"),
    [
        ("noise_multiplier: 1.0e-200, sampling: none, steps: 1, claimed_epsilon: 1", "infinite"),
        ("mechanism: gnmax, noise_multiplier: 1.0e-200, steps: 1, claimed_rho: 1", "infinite"),
        ("noise_multiplier: 1.0e-200, sampling: none, steps: 1, clipped_count_noise: 1.0e-308", "infinite"),
        ("noise_multiplier: 1.0e+12, sampling: none, steps: 1000", "about 0"),
        (
            "mechanism: skellam, noise_multiplier: 1.0e+12, rounded_norm: 1, grid_noise: 1.0e+12, steps: 9",
            "about 0",
        ),
        ("mechanism: skellam, noise_multiplier: 5, rounded_norm: 1, grid_noise: 1.0e-300, steps: 9", "not known"),
        ("mechanism: discrete_gaussian, noise_multiplier: 1.0e+12, rounded_norm: 1, steps: 9", "about 0"),
    ],
)
def test_absurd_numbers_have_an_answer(absurd, number):
    (share,) = ledger(
        f"{{kind: differential_privacy, where: client, clipping_norm: 1.0, delta: 1.0e-6, unit: record, {absurd}}}"
    ).shares

    assert shown(share.spent) == number

"""Single numbers and choices, exactly: sums of a tree, noise that delta hides, and whose bound is the better."""

from __future__ import annotations

import pytest

from fedpolicy.analysis.accounting import Release, bounds
from fedpolicy.analysis.accounting.bounds import Bound, _as_tight, _tight
from fedpolicy.analysis.accounting.laplace import laplace_epsilon
from fedpolicy.analysis.accounting.mechanisms import reached_square

QUICK = Bound(low=1.0, high=3.0, delta=1e-6, theorem="quick", assumptions=("it is quick",))


@pytest.mark.parametrize(
    ("high", "assumptions", "theorem", "assumed"),
    [
        (2.0, ("it is slow",), "Privacy loss", ("it is slow",)),
        (3.0, ("it is slow",), "quick", ("it is quick",)),
        (4.0, ("it is slow",), "quick", ("it is quick",)),
        (2.0, (), "Privacy loss", ("it is quick",)),
        (2.0, None, "quick", ("it is quick",)),
    ],
)
def test_the_theorem_is_that_of_the_better_bound(high, assumptions, theorem, assumed):
    found = _as_tight(QUICK, 1.5, high, assumptions)
    assert found.theorem.startswith(theorem)
    assert found.assumptions == assumed
    assert (found.low, found.high, found.tight) == (1.5, min(high, 3.0), True)


@pytest.mark.parametrize(
    ("release", "measured"),
    [
        (Release(mechanism="gaussian", noise_multiplier=30_000, steps=10**7, rate=0.5, sampling="poisson"), True),
        (Release(mechanism="gaussian", noise_multiplier=30_000, steps=10**7 + 1, rate=0.5, sampling="poisson"), False),
        (Release(mechanism="laplace", noise_multiplier=20_000, steps=20_000), True),
        (Release(mechanism="laplace", noise_multiplier=20_000, steps=20_001), False),
    ],
)
def test_what_would_take_minutes_is_not_measured(release, measured, monkeypatch):
    monkeypatch.setattr(bounds, "_measured", lambda *_: QUICK)
    found = _tight.__wrapped__((release,), 1e-5)
    assert (found is QUICK) is measured
    assert found.tight is not measured


@pytest.mark.parametrize(
    ("epsilon", "delta", "found"), [(0.5, 0.5, 0.0), (0.5, 0.0, 0.5), (3.0, 0.75, 0.2274112777602189)]
)
def test_laplace_noise_that_delta_hides_spends_nothing(epsilon, delta, found):
    assert laplace_epsilon(epsilon, delta) == pytest.approx(found, abs=1e-12)


@pytest.mark.parametrize(
    ("steps", "participations", "separation", "square"),
    [
        (8, 1, 1, 1 + 1 + 1 + 1),
        (8, 3, 1, 3 + (4 + 1) + 9 + 9),  # two of the three lie in one node of two steps
        (8, 3, 2, 3 + 3 + (4 + 1) + 9),
        (7, 3, 2, 3 + 3 + 4),  # the second node of four steps is not complete
    ],
)
def test_a_tree_adds_up_how_often_a_unit_is_in_each_node(steps, participations, separation, square):
    assert reached_square(steps, participations, separation) == square

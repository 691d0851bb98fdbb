"""Divergences so small that ordinary arithmetic loses them: over 10^12 steps they are what the budget is made of."""

from __future__ import annotations

from decimal import Decimal, localcontext
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedpolicy.analysis.accounting import Release
from fedpolicy.analysis.accounting.bounds import bound
from fedpolicy.analysis.accounting.laplace import laplace_divergence, pure_divergence
from fedpolicy.analysis.accounting.renyi import convert

ORDERS = (1 + 1e-6, 1.001, 1.5, 2.0, 17.0, 1e3, 1e4)
EPSILONS = (1e-20, 1e-12, 1.05e-8, 1e-6, 1e-3, 0.1, 0.49, 0.51, 3.0, 30.0)


def laplace(order, epsilon):
    top = (order - 1) * epsilon
    return ((order * top.exp() + (order - 1) * (-order * epsilon).exp()) / (2 * order - 1)).ln() / (order - 1)


def randomised(order, epsilon):
    exact = (((order * epsilon).exp() + ((1 - order) * epsilon).exp()) / (1 + epsilon.exp())).ln() / (order - 1)
    return min(exact, order * epsilon * epsilon / 2)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("found", "true"), [(laplace_divergence, laplace), (pure_divergence, randomised)])
def test_divergences_have_all_their_digits(found, true, order):
    for epsilon in EPSILONS:
        with localcontext() as context:
            context.prec = 150
            expected = float(true(Decimal(order), Decimal(epsilon)))

        assert found(order, epsilon) == pytest.approx(expected, rel=1e-13)


@given(st.floats(1 + 1e-9, 1e12), st.floats(0, 700))
def test_no_divergence_is_negative(order, epsilon):
    assert 0 <= laplace_divergence(order, epsilon) <= epsilon * (1 + 1e-12)
    assert 0 <= pure_divergence(order, epsilon) <= epsilon * (1 + 1e-12)


def test_the_conversion_of_a_negative_divergence_does_not_overflow():
    assert convert(1.001, -1e6, 1e-6) == 0.0


@pytest.mark.parametrize("steps", [10**9, 10**12])
def test_a_run_of_tiny_steps_costs_what_they_cost_together(steps):
    """Advanced composition: never below what so many steps give in the limit, a Gaussian of the same variance."""
    release = Release(mechanism="laplace", noise_multiplier=10.0, steps=steps, rate=1e-6, sampling="poisson")
    found = bound([release], 1e-6)

    assert 0 <= found.low <= found.high < inf
    assert found.high > 1e-3


NOISES = (0.0, 5e-324, 1e-310, 1e-150, 1e-3, 1.0, 1e12)
RATES = (5e-324, 1e-300, 0.5, 1 - 1e-16, 1.0)
DELTAS = (5e-324, 1e-300, 0.5, 1 - 1e-16)


@pytest.mark.no_cover  # thousands of runs
@pytest.mark.parametrize(
    "mechanism", ["gaussian", "laplace", "sparse_vector", "dp_ftrl_tree", "dp_matrix_ftrl", "zcdp"]
)
@pytest.mark.parametrize("sampling", ["none", "poisson", "fixed"])
def test_the_ends_of_every_number_give_a_bracket(mechanism, sampling):
    for noise in NOISES:
        for rate in RATES if sampling != "none" else (1.0,):
            for steps in (1, 10**12):
                for delta in DELTAS:
                    release = Release(
                        mechanism=mechanism,
                        noise_multiplier=noise,
                        steps=steps,
                        rate=rate,
                        sampling=sampling,
                        rho=noise,
                        participations=10**12,
                        separation=1,
                    )
                    found = bound([release], delta)
                    assert 0 <= found.low <= found.high, release

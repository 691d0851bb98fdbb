"""Values that others published or that dp-accounting 0.6.0 gives; each test's id says whose."""

from __future__ import annotations

from math import inf

import pytest

from fedpolicy.analysis.accounting import Release
from fedpolicy.analysis.accounting.bounds import bound
from fedpolicy.analysis.accounting.renyi import epsilon_of_rho
from tests.analysis.accounting.runs import gaussian, poisson, tree, zcdp


@pytest.mark.parametrize(
    ("releases", "delta", "epsilon"),
    [
        pytest.param([gaussian(1)], 1e-5, 4.377178, id="dp-accounting"),
        pytest.param([gaussian(3.730632)], 1e-5, 1.0, id="dp-accounting calibrated"),
        pytest.param(
            [gaussian(1.1, 50)],
            1e-6,
            50.470451,
            id="dp-accounting, 50 steps",
        ),
        pytest.param(
            [
                gaussian(5, 9),
                Release(mechanism="dp_sgd", noise_multiplier=1.25),
            ],
            1e-5,
            4.377178,
            id="dp-accounting, 9/25 + 16/25 is 1",
        ),
    ],
)
def test_gaussian_noise_is_exact(releases, delta, epsilon):
    found = bound(releases, delta)
    assert found.low == found.high == pytest.approx(epsilon, abs=2e-6)
    assert found.tight


@pytest.mark.parametrize(
    ("noise", "rate", "steps", "renyi", "true"),
    [
        pytest.param(1.0, 0.01, 1000, 2.101367, 1.828244, id="dp-accounting; prv-accountant 1.828239"),
        pytest.param(1.1, 256 / 60000, 14062, 2.596556, 2.381686, id="dp-accounting, MNIST 60 epochs"),
        pytest.param(1.1, 250 / 60000, 3600, 1.265491, 1.118498, id="dp-accounting, MNIST 15 epochs"),
        pytest.param(1.3, 250 / 60000, 3600, 0.942200, 0.853030, id="dp-accounting"),
        pytest.param(1.3, 256 / 60000, 3515, 0.9544, 0.8645, id="dp-accounting, MNIST 15 epochs of 256"),
        pytest.param(0.7, 256 / 60000, 10546, 6.3195, 5.6394, id="dp-accounting, MNIST 45 epochs"),
        pytest.param(4.0, 0.01, 10000, 1.035490, 0.946999, id="dp-accounting, parameters of Abadi et al. 2016"),
        pytest.param(4.0, 0.01, 40000, 2.209736, 2.033357, id="dp-accounting"),
    ],
)
def test_poisson_sampled_noise_is_bracketed(noise, rate, steps, renyi, true):
    found = bound([poisson(noise, rate, steps)], 1e-5)
    assert found.low < true < found.high
    assert found.low > 0.5 * true
    assert found.high == pytest.approx(renyi, rel=0.01)
    assert found.high > renyi - 1e-4
    assert not found.tight
    assert any("Poisson" in one for one in found.assumptions)


@pytest.mark.parametrize(
    ("noise", "rate", "steps", "published"),
    [
        pytest.param(1.12, 256 / 60000, 14062, 2.92, id="tensorflow privacy tutorials, 60 epochs"),
        pytest.param(0.6, 256 / 60000, 7031, 9.74, id="tensorflow privacy tutorials, 30 epochs"),
        pytest.param(1.2, 256 / 60000, 2344, 1.20, id="tensorflow privacy tutorials, 10 epochs"),
        pytest.param(4.0, 0.01, 10000, 1.26, id="Abadi et al. 2016"),
    ],
)
def test_published_values_of_the_older_conversion_are_not_exceeded(noise, rate, steps, published):
    """Those used rdp + log(1/delta) / (order - 1), which is never below today's conversion."""
    found = bound([poisson(noise, rate, steps)], 1e-5)
    assert 0.75 * published < found.high < published


@pytest.mark.parametrize(
    ("noise", "steps", "delta", "renyi"),
    [
        pytest.param(7.0, 2048, 1e-5, 2.1411, id="dp-accounting, Kairouz et al. 2021"),
        pytest.param(7.0, 2048, 1e-10, 3.2084, id="dp-accounting, Kairouz et al. 2021, small delta"),
        pytest.param(4.0, 1600, 1e-5, 3.8178, id="dp-accounting"),
        pytest.param(4.0, 1600, 1e-10, 5.5776, id="dp-accounting, small delta"),
        pytest.param(6.83, 1600, 1e-5, 2.0967, id="dp-accounting, other noise"),
        pytest.param(6.83, 1600, 1e-10, 3.1447, id="dp-accounting, other noise, small delta"),
    ],
)
def test_a_tree_is_one_gaussian(noise, steps, delta, renyi):
    found = bound([tree(noise, steps)], delta)
    assert found.low == found.high
    assert 0.9 * renyi < found.high <= renyi


def test_zcdp_of_gboard_spanish():
    """0.81-zCDP is stated for it, with epsilon 8.9 at 1e-10; dp-accounting 0.6.0 gives 8.9223 at its own orders."""
    assert epsilon_of_rho(0.81, 1e-10) == pytest.approx(8.9223, abs=2e-4)
    assert epsilon_of_rho(0.81, 1e-10) <= 8.9223
    found = bound([zcdp(0.4), zcdp(0.41)], 1e-10)
    assert (found.low, found.high) == (0, pytest.approx(8.9222, abs=1e-4))


def test_a_matrix_is_needed():
    found = bound([Release(mechanism="dp_matrix_ftrl", noise_multiplier=7.3, steps=2000)], 1e-10)
    assert (found.low, found.high, found.tight) == (0, inf, True)
    assert "matrix" in found.theorem

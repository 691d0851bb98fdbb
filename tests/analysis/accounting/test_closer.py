"""Where closer bounds decide: orders between integers, and the worst data for samples of fixed size."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedpolicy.analysis.accounting import Release
from fedpolicy.analysis.accounting.bounds import bound, tight_bound
from fedpolicy.analysis.accounting.mechanisms import leakage_of
from tests.analysis.accounting.runs import fixed, poisson
from tests.laws import examples

needs_dp = pytest.mark.skipif(find_spec("dp_accounting") is None, reason="needs the extra dp")


@pytest.mark.parametrize(
    ("noise", "rate", "steps", "delta", "integer_orders", "all_orders"),
    [(0.27, 0.00098, 259, 2.2e-8, 174.5, 32.05), (0.5226, 0.01205, 125, 8e-6, 11.03, 8.34)],
)
def test_orders_between_integers_serve_little_noise_best(noise, rate, steps, delta, integer_orders, all_orders):
    """The last two columns are what integer orders give, and opacus' accountant, which tries others too."""
    found = bound([poisson(noise, rate, steps)], delta).high

    assert found < integer_orders * 0.8
    assert found == pytest.approx(all_orders, rel=0.03)


# The interval of the worst data that are known and of the bound, by an own Fourier transform (dp-accounting has none).
FIXED = [
    (1.0, 0.01, 1000, 1e-5, 10.37, 10.50),
    (1.1, 0.00427, 14062, 1e-5, 11.81, 12.07),
    (0.5, 0.1, 10, 1e-5, 21.18, 21.31),
    (3.0, 0.3, 3, 1e-3, 0.653, 0.662),
    (0.8, 0.5, 20, 1e-5, 26.99, 27.76),
    (2.0, 0.05, 500, 1e-6, 5.13, 5.45),
]


@needs_dp
@pytest.mark.parametrize(("noise", "rate", "steps", "delta", "attack", "upper"), FIXED)
def test_both_ends_meet_for_samples_of_fixed_size(noise, rate, steps, delta, attack, upper):
    found = tight_bound([fixed(noise, rate, steps)], delta)

    assert attack * 0.985 < found.low < attack * 1.001
    assert attack * 0.999 < found.high < upper * 1.002


@needs_dp
@settings(deadline=None, max_examples=examples(few=13))
@given(
    noise=st.floats(0.4, 4),
    rate=st.floats(0.01, 0.9),
    loss=st.floats(0.001, 4),
    unit=st.floats(-1, 1),
    other=st.floats(-1, 1),
)
def test_no_other_data_are_worse_for_one_sample_of_fixed_size(noise, rate, loss, unit, other):
    """
    The curve of one step, held against the divergence of any three sums on a line, integrated.

    P is (1 - q) N(other) + q N(unit), and P' has N(0) in place of N(unit).
    """
    import numpy as np  # noqa: PLC0415  here with the extra only

    from fedpolicy.analysis.accounting import curves  # noqa: PLC0415

    x = np.linspace(-1 - 14 * noise, 1 + 14 * noise, 40_001)

    def density(mean):
        return np.exp(-(((x - mean) / noise) ** 2) / 2) / noise / np.sqrt(2 * np.pi)

    there = (1 - rate) * density(other) + rate * density(unit)
    back = (1 - rate) * density(other) + rate * density(0.0)
    step = x[1] - x[0]
    forth = np.maximum(there - np.exp(loss) * back, 0).sum() * step
    reverse = np.maximum(back - np.exp(loss) * there, 0).sum() * step
    sides = curves.curves_of(fixed(noise, rate, 1))
    # A curve is made convex on the grid that it is asked for.
    at = np.linspace(-loss, loss, 401)

    assert forth <= sides.with_it.deltas(at)[-1] + 1e-7
    assert reverse <= sides.without_it.deltas(at)[-1] + 1e-7


@needs_dp
@pytest.mark.parametrize("loss", [0.01, 0.3, 1.0, 3.0])
def test_the_curve_of_the_worst_data_is_theirs(loss):
    import numpy as np  # noqa: PLC0415

    from fedpolicy.analysis.accounting import curves  # noqa: PLC0415

    noise, rate = 1.3, 0.2
    x = np.linspace(-25, 25, 400_001)

    def density(mean):
        return np.exp(-(((x - mean) / noise) ** 2) / 2) / noise / np.sqrt(2 * np.pi)

    there, back = ((1 - rate) * density(-1) + rate * density(mean) for mean in (1, 0))
    found = curves.curves_of(fixed(noise, rate, 1)).surely.deltas(np.array([-loss, loss]))

    for at, delta in zip((-loss, loss), found, strict=True):
        integrated = np.maximum(there - np.exp(at) * back, 0).sum() * (x[1] - x[0])
        assert delta == pytest.approx(integrated, abs=1e-8)


@needs_dp
@pytest.mark.parametrize(("grid", "moved"), [(2, 1), (3, 1), (5, 2), (10, 4), (30, 7)])
@pytest.mark.parametrize("order", [2, 4, 8])
def test_skellam_noise_diverges_no_more_than_its_theorem_says(grid, moved, order):
    """Of one integer that moves, summed over all integers that matter."""
    import numpy as np  # noqa: PLC0415
    from scipy.special import logsumexp  # noqa: PLC0415
    from scipy.stats import skellam  # noqa: PLC0415

    near = np.arange(-12 * grid - 40 * order, 12 * grid + 40 * order)
    there, back = (skellam.logpmf(near - place, grid**2 / 2, grid**2 / 2) for place in (moved, 0))
    finite = np.isfinite(there) & np.isfinite(back)
    divergence = logsumexp(order * there[finite] + (1 - order) * back[finite]) / (order - 1)
    one = Release(mechanism="skellam", noise_multiplier=grid / moved, grid=grid)

    assert 0 < divergence <= leakage_of(one).curve(order)
    assert leakage_of(one).curve(order) < 2 * divergence or grid < 3

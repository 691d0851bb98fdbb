"""What an epsilon allows, in the words of somebody who tests."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedpolicy.analysis.accounting import Release
from fedpolicy.analysis.accounting.bounds import bound, close_bound
from fedpolicy.analysis.budget.meaning import costliest, found_at_most, over_steps, per_step
from fedpolicy.analysis.exposure.mechanisms import Mechanism
from fedpolicy.analysis.exposure.privacy import spend
from tests.laws import examples


def mechanism(release, path="tasks.t.safeguards.0", delta=1e-5):
    return Mechanism(path=path, unit="record", delta=delta, low=release, high=release)


def gaussian(noise, steps=1):
    return mechanism(Release(mechanism="gaussian", noise_multiplier=noise, steps=steps))


def found(*mechanisms):
    return found_at_most(mechanisms, spend(mechanisms, 10))


@pytest.mark.parametrize(
    ("epsilon", "noise", "share"), [(10, 0.5, 0.372), (1, 3.73, 0.0198), (8, 0.6, 0.255), (3, 1.4, 0.054)]
)
def test_gaussian_noise_allows_what_its_normal_distributions_do(epsilon, noise, share):
    one = gaussian(noise)

    assert spend([one], 10).high == pytest.approx(epsilon, rel=0.05)
    assert found(one) == pytest.approx(share, rel=0.05)


def test_a_pure_epsilon_allows_what_its_pair_does():
    laplace = mechanism(Release(mechanism="laplace", noise_multiplier=1.0), delta=None)

    assert found(laplace) == pytest.approx(2.71828 * 0.01, rel=1e-3)


def test_no_noise_allows_everything_and_much_noise_nothing():
    assert found(gaussian(0.01)) == pytest.approx(1.0)
    assert found(gaussian(1e5)) == pytest.approx(0.01, abs=1e-5)
    unknown = Mechanism(path="p", unit=None, delta=1e-5, low=None, high=None, missing=("p.noise_multiplier",))
    assert found(unknown) == 1.0


@settings(deadline=None, max_examples=examples(250, few=10, fewer="it composes noise closely four times"))
@given(noise=st.floats(0.3, 20), more=st.floats(1, 3), rate=st.floats(0.01, 1))
def test_more_noise_and_smaller_samples_never_allow_more(noise, more, rate):
    sampled = mechanism(Release(mechanism="gaussian", noise_multiplier=noise, steps=10, rate=rate, sampling="poisson"))

    assert found(gaussian(noise * more, 10)) <= found(gaussian(noise, 10)) + 1e-12
    assert found(sampled) <= found(gaussian(noise, 10)) + 1e-12


def test_a_step_alone_and_the_costliest_mechanism_are_told():
    little, much = (
        gaussian(4, 50),
        mechanism(Release(mechanism="gaussian", noise_multiplier=1.0), path="tasks.u.safeguards.0"),
    )

    assert per_step(little).high == spend([gaussian(4)], 10).high
    assert per_step(much) is None
    path, spent = costliest([little, much])
    assert (path.path, spent.high) == (little.path, spend([little], 10).high)
    assert costliest([much]) is None


def test_epsilon_grows_with_the_steps_and_ends_at_what_the_ledger_says():
    one = gaussian(4, 100)
    points = over_steps(one)

    assert [step for step, _, _ in points[:2]] == [4, 8]
    assert points[-1] == (100, spend([one], 10).low, spend([one], 10).high)
    assert [high for _, _, high in points] == sorted(high for _, _, high in points)
    assert over_steps(gaussian(4)) == ()


def test_of_samples_a_test_finds_what_their_losses_allow():
    """The epsilon of 12 would allow 99 in 100, and the losses allow 20."""
    run = Release(mechanism="dp_sgd", noise_multiplier=1.0, steps=1000, rate=0.01, sampling="fixed")

    assert found(mechanism(run, delta=1e-6)) == pytest.approx(0.199, abs=2e-3)


def test_epsilon_of_samples_grows_to_what_the_ledger_says():
    run = Release(mechanism="dp_sgd", noise_multiplier=1.0, steps=1000, rate=0.01, sampling="fixed")
    points = over_steps(mechanism(run, delta=1e-6))

    assert len(points) == 25
    assert points[-1][2] == close_bound([run], 1e-6).high < bound([run], 1e-6).high
    for step, low, high in points[::6]:
        close = close_bound([replace(run, steps=step)], 1e-6)
        assert low <= close.high <= high * (1 + 1e-9) <= close.high * 1.08
    assert [high for _, _, high in points] == sorted(high for _, _, high in points)


@pytest.mark.parametrize(("steps", "points"), [(10**7 - 1, 25), (10**7, 8)])
def test_a_curve_of_a_very_long_run_has_few_points(steps, points, monkeypatch):
    monkeypatch.setattr("fedpolicy.analysis.budget.meaning.growth", lambda _, steps, __: [(1.0, 2.0)] * len(steps))
    run = Release(mechanism="gaussian", noise_multiplier=1.0, steps=steps)
    assert len(over_steps(mechanism(run, delta=1e-6))) == points

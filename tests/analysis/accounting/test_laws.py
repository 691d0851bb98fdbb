"""Laws of every bound, tried on generated runs: true bounds do not cross, and what protects more costs less."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from hypothesis import given, settings
from hypothesis import strategies as st

from fedpolicy.analysis.accounting import Release
from fedpolicy.analysis.accounting.bounds import bound, close_bound
from tests.laws import examples

LAW = settings(max_examples=examples(few=20), derandomize=True)
# Orders are searched for, and grids depend on the noise: this much may be lost at one and not at the other.
NEARLY = 1.02

noises = st.floats(0.3, 40)
deltas = st.sampled_from((1e-3, 1e-5, 1e-8, 1e-12))
steps = st.integers(1, 3000)
rates = st.floats(1e-4, 0.95)
noisy = st.one_of(
    st.builds(Release, mechanism=st.sampled_from(("gaussian", "laplace")), noise_multiplier=noises, steps=steps),
    st.builds(
        Release,
        mechanism=st.sampled_from(("dp_sgd", "laplace")),
        noise_multiplier=noises,
        steps=steps,
        rate=rates,
        sampling=st.sampled_from(("poisson", "fixed")),
    ),
    st.builds(Release, mechanism=st.just("sparse_vector"), noise_multiplier=noises, steps=st.integers(1, 30)),
    st.builds(
        Release,
        mechanism=st.just("dp_ftrl_tree"),
        noise_multiplier=noises,
        steps=steps,
        participations=st.none() | st.integers(1, 40),
        separation=st.none() | st.integers(1, 400),
    ),
)
releases = st.one_of(noisy, st.builds(Release, mechanism=st.just("zcdp"), rho=st.floats(0.001, 2)))


@LAW
@given(st.lists(releases, max_size=4), deltas)
def test_the_lower_bound_is_below_the_upper_one(runs, delta):
    found = bound(runs, delta)
    assert 0 <= found.low <= found.high < inf
    assert found.delta == delta
    assert found.theorem


@LAW
@given(noisy, deltas, st.floats(1.0, 4.0))
def test_more_noise_never_costs_more(run, delta, times):
    louder = bound([replace(run, noise_multiplier=run.noise_multiplier * times)], delta)
    found = bound([run], delta)
    assert louder.high <= found.high * NEARLY
    assert louder.low <= found.high


@LAW
@given(noisy, deltas, st.integers(0, 500))
def test_more_steps_never_cost_less(run, delta, more):
    found = bound([run], delta)
    longer = bound([replace(run, steps=run.steps + more)], delta)
    assert longer.high * NEARLY >= found.high
    assert longer.high >= found.low


@LAW
@given(st.lists(releases, min_size=1, max_size=3), deltas, st.floats(1e-4, 1))
def test_a_smaller_delta_never_costs_less(runs, delta, share):
    found = bound(runs, delta)
    surer = bound(runs, delta * share)
    assert surer.high * NEARLY >= found.high
    assert surer.high >= found.low


@LAW
@given(noisy.filter(lambda run: run.sampling != "none"), deltas, st.floats(0.01, 1))
def test_a_smaller_sample_never_costs_more(run, delta, share):
    smaller = bound([replace(run, rate=run.rate * share)], delta)
    assert smaller.high <= bound([run], delta).high * NEARLY
    assert smaller.high <= bound([replace(run, sampling="none")], delta).high * (1 + 1e-5)


@LAW
@given(st.lists(releases, min_size=2, max_size=4), deltas)
def test_a_whole_costs_no_less_than_its_parts_and_no_more_than_their_sum(runs, delta):
    whole = bound(runs, delta)
    parts = [bound([run], delta / len(runs)) for run in runs]
    # The bound from below of a whole may be looser than that of a part: it comes from a test of all steps, or of one.
    alone = [bound([run], delta) for run in runs]
    assert whole.high * (1 + 1e-5) >= max(part.low for part in alone)
    assert whole.low <= sum(part.high for part in parts)


# A close bound takes some hundredths of a second where steps are few.
CLOSE = settings(max_examples=examples(few=6), derandomize=True)
# Grids differ, and so does what is rounded up on them.
CLOSELY = 1.01
short = st.builds(
    Release,
    mechanism=st.sampled_from(("dp_sgd", "laplace")),
    noise_multiplier=st.floats(0.4, 10),
    steps=st.integers(1, 60),
    rate=st.floats(1e-3, 0.95),
    sampling=st.sampled_from(("none", "poisson", "fixed")),
)


@CLOSE
@given(short, st.sampled_from((1e-3, 1e-6, 1e-20)), st.floats(1, 3), st.integers(0, 30))
def test_less_noise_and_more_steps_never_cost_less_closely(run, delta, times, more):
    found = close_bound([run], delta)

    assert found.low <= found.high <= bound([run], delta).high
    louder = replace(run, noise_multiplier=run.noise_multiplier * times)
    assert close_bound([louder], delta).high <= found.high * CLOSELY + 1e-6
    assert close_bound([replace(run, steps=run.steps + more)], delta).high * CLOSELY + 1e-6 >= found.high


@CLOSE
@given(st.lists(short, min_size=2, max_size=3), st.sampled_from((1e-3, 1e-6)), st.randoms())
def test_the_order_of_a_composition_never_matters_closely_and_a_part_costs_no_more(runs, delta, random):
    shuffled = list(runs)
    random.shuffle(shuffled)
    whole = close_bound(runs, delta)

    assert close_bound(shuffled, delta) == whole
    assert all(close_bound([run], delta).high <= whole.high * CLOSELY + 1e-6 for run in runs)

"""The quick bounds and the closer ones against dp-accounting itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedpolicy.analysis.accounting import Release
from fedpolicy.analysis.accounting.bounds import bound, close_bound, tight_bound
from tests.analysis.accounting.runs import fixed, gaussian, laplace, poisson, sparse, tree, zcdp
from tests.laws import examples

dp = pytest.importorskip("dp_accounting", reason="needs the extra dp")
pld = pytest.importorskip("dp_accounting.pld", reason="needs the extra dp")
rdp = pytest.importorskip("dp_accounting.rdp", reason="needs the extra dp")
np = pytest.importorskip("numpy", reason="needs the extra dp")

pytestmark = pytest.mark.no_cover  # what is tried is another library's code too
FEW = settings(
    max_examples=examples(40, few=8, fewer="another library computes each loss on its grid"), derandomize=True
)


_GRID = 1e-4  # of losses, as dp-accounting has it by itself


def event(run):
    noise = {"laplace": dp.LaplaceDpEvent}.get(run.mechanism, dp.GaussianDpEvent)(run.noise_multiplier)
    if run.sampling == "poisson":
        noise = dp.PoissonSampledDpEvent(run.rate, noise)
    return dp.SelfComposedDpEvent(noise, run.steps)


def distribution_of(runs, delta):
    accountant = pld.PLDAccountant()
    for run in runs:
        accountant.compose(event(run))
    with np.errstate(all="ignore"):
        return float(accountant.get_epsilon(delta))


def renyi_of(composed, delta, relation=None):
    accountant = rdp.RdpAccountant(neighboring_relation=relation or dp.NeighboringRelation.ADD_OR_REMOVE_ONE)
    accountant.compose(composed)
    return float(accountant.get_epsilon(delta))


RUNS = [
    pytest.param([poisson(1.0, 0.01, 1000)], 1e-5, 1.828244, id="prv-accountant 1.828239"),
    pytest.param([poisson(1.1, 256 / 60000, 14062)], 1e-5, 2.381686, id="dp-accounting, MNIST 60 epochs"),
    pytest.param([poisson(1.1, 250 / 60000, 3600)], 1e-5, 1.118498, id="dp-accounting, MNIST 15 epochs"),
    pytest.param([poisson(1.3, 250 / 60000, 3600)], 1e-5, 0.853030, id="dp-accounting"),
    pytest.param([poisson(1.3, 256 / 60000, 3515)], 1e-5, 0.8645, id="dp-accounting, MNIST 15 epochs of 256"),
    pytest.param([poisson(0.7, 256 / 60000, 10546)], 1e-5, 5.6394, id="dp-accounting, MNIST 45 epochs"),
    pytest.param([poisson(4.0, 0.01, 10000)], 1e-5, 0.946999, id="dp-accounting, parameters of Abadi et al. 2016"),
    pytest.param([poisson(4.0, 0.01, 40000)], 1e-5, 2.033357, id="dp-accounting, 40000 steps"),
]


@pytest.mark.parametrize(("runs", "delta", "epsilon"), RUNS)
def test_reference_values_are_met(runs, delta, epsilon):
    found = tight_bound(runs, delta)
    assert found.high == pytest.approx(epsilon, abs=3e-4)
    assert 0.99 * epsilon < found.low < epsilon
    assert found.tight
    assert found.theorem == "Privacy loss distributions (dp-accounting; Doroshenko et al. 2022)"
    assert found.assumptions == bound(runs, delta).assumptions


plain = st.builds(
    Release,
    mechanism=st.sampled_from(("gaussian", "laplace")),
    noise_multiplier=st.floats(0.7, 20),
    steps=st.integers(1, 100),
    rate=st.floats(0.001, 0.9),
    sampling=st.sampled_from(("none", "poisson")),
)


@FEW
@given(st.lists(plain, min_size=1, max_size=2), st.sampled_from((1e-3, 1e-6, 1e-9)))
def test_the_quick_bound_brackets_the_distribution(runs, delta):
    quick, tight, true = bound(runs, delta), tight_bound(runs, delta), distribution_of(runs, delta)
    assert quick.low <= true + 1e-4
    rounded = _GRID * sum(run.steps for run in runs)  # dp-accounting takes the loss of each step up to the next one
    assert quick.high >= true * (1 - 1e-3) - rounded
    assert quick.low <= tight.low <= tight.high <= quick.high
    assert tight.high == pytest.approx(true, rel=5e-3, abs=5e-3)
    assert tight.low <= true * (1 + 1e-9)  # both are rounded


@FEW
@given(st.floats(0.8, 20), st.floats(0.001, 0.5), st.integers(1, 20000), st.sampled_from((1e-5, 1e-8)))
def test_poisson_orders_lose_little_against_all_orders(noise, rate, steps, delta):
    run = poisson(noise, rate, steps)
    assert bound([run], delta).high <= renyi_of(event(run), delta) * 1.35 + 1e-3


@pytest.mark.parametrize(("noise", "rate", "steps"), [(1.0, 0.01, 1000), (4.0, 0.01, 10000), (8.0, 0.1, 500)])
def test_samples_of_fixed_size_are_below_theorem_27(noise, rate, steps):
    """Of Wang, Balle and Kasiviswanathan 2019, as dp-accounting has it; it wants the halved noise multiplier."""
    sampled = dp.SampledWithoutReplacementDpEvent(10000, round(rate * 10000), dp.GaussianDpEvent(noise / 2))
    wang = renyi_of(dp.SelfComposedDpEvent(sampled, steps), 1e-5, dp.NeighboringRelation.REPLACE_ONE)
    found = tight_bound([fixed(noise, rate, steps)], 1e-5)
    assert found.low < found.high < bound([fixed(noise, rate, steps)], 1e-5).high < wang
    assert found.low >= tight_bound([poisson(noise, rate, steps)], 1e-5).low * (1 - 1e-2)


@pytest.mark.parametrize(("noise", "rate", "steps"), [(1.0, 0.02, 90), (2.0, 0.1, 50), (5.0, 0.3, 60), (1.5, 0.5, 4)])
def test_samples_of_fixed_size_are_as_bad_as_one_that_stands_out(noise, rate, steps):
    """All others contribute one clipping norm the other way; no upper bound may be below what that reaches."""
    grid = np.arange(-12 * noise - 2, 12 * noise + 2, 0.002 * noise)

    def normal(mean):
        density = np.exp(-((grid - mean) ** 2) / (2 * noise * noise))
        return density / density.sum()

    with_it = np.log((1 - rate) * normal(-1) + rate * normal(1))
    without = np.log((1 - rate) * normal(-1) + rate * normal(0))
    losses = pld.privacy_loss_distribution.from_two_probability_mass_functions(
        dict(enumerate(without)),
        dict(enumerate(with_it)),
        pessimistic_estimate=False,
        value_discretization_interval=1e-4,
        symmetric=False,
    )
    with np.errstate(all="ignore"):
        reached = losses.self_compose(steps).get_epsilon_for_delta(1e-5 + 1e-12)
    quick, tight = bound([fixed(noise, rate, steps)], 1e-5), tight_bound([fixed(noise, rate, steps)], 1e-5)
    assert reached <= tight.high <= quick.high
    assert quick.low <= reached + steps * 1e-4


@pytest.mark.parametrize("delta", [1e-5, 1e-8, 1e-10, 1e-11])
@pytest.mark.parametrize(("noise", "steps"), [(10.0, 100), (30.0, 1000), (100.0, 10000), (300.0, 100_000)])
def test_rounding_errors_of_long_runs_stay_outside_the_bracket(noise, steps, delta):
    """Sampling nearly everybody is Gaussian noise, whose ε is known; dp-accounting alone goes below it at 1e-10."""
    exact = bound([gaussian(noise, steps)], delta).high
    found = tight_bound([poisson(noise, 1 - 1e-9, steps)], delta)
    assert found.low <= exact <= found.high * (1 + 1e-7)


@pytest.mark.parametrize(
    "runs",
    [
        pytest.param([laplace(10.0, 100)], id="laplace"),
        pytest.param([laplace(2.0, 50, 0.1, "poisson")], id="laplace on poisson samples"),
        pytest.param([laplace(2.0, 50, 0.01, "fixed")], id="laplace on samples of fixed size"),
        pytest.param([poisson(1.0, 0.01, 500), gaussian(5.0, 4)], id="two gaussians"),
        pytest.param([poisson(1.0, 0.01, 500), tree(20.0, 100, 3, 10)], id="with a tree"),
        pytest.param([poisson(2.0, 0.01, 500), sparse(50.0, 3)], id="with sparse vector"),
        pytest.param([poisson(2.0, 0.01, 500), fixed(6.0, 0.05, 200), laplace(9.0, 3)], id="with all samplings"),
    ],
)
def test_compositions_get_closer(runs):
    quick, tight = bound(runs, 1e-6), tight_bound(runs, 1e-6)
    assert quick.low <= tight.low < tight.high < quick.high
    assert not quick.tight
    assert tight.tight


@pytest.mark.parametrize(
    "runs",
    [
        pytest.param([gaussian(1.0)], id="exact already"),
        pytest.param([tree(4.0, 30, 3, 2)], id="a tree"),
        pytest.param([zcdp(0.3), poisson(1.0, 0.01, 100)], id="a stated rho"),
        pytest.param([Release(mechanism="dp_matrix_ftrl", noise_multiplier=3), poisson(1.0, 0.1, 9)], id="a matrix"),
        pytest.param([poisson(1.0, 0.001, 10**8)], id="too long"),
        pytest.param([poisson(0.02, 0.5, 3)], id="too wide"),
        pytest.param([fixed(0.04, 1e-4, 2)], id="too wide a step"),
        pytest.param([gaussian(1e12), poisson(1.0, 0.01, 10)], id="nothing in one part"),
        pytest.param([], id="nothing"),
    ],
)
def test_where_it_cannot_help_the_close_bound_stays(runs):
    close, tight = close_bound(runs, 1e-6), tight_bound(runs, 1e-6)
    assert (tight.low, tight.high, tight.theorem) == (close.low, close.high, close.theorem)
    assert tight.tight


def test_a_delta_near_one_has_no_lower_bound():
    found = tight_bound([poisson(0.3, 0.9, 10)], 0.9995)
    assert (found.low, found.tight) == (0, True)
    assert found.high < bound([poisson(0.3, 0.9, 10)], 0.9995).high


def test_a_delta_below_the_rounding_errors_keeps_the_close_bound():
    run = [poisson(1.0, 0.01, 1000)]
    assert tight_bound(run, 1e-13).high == close_bound(run, 1e-13).high < bound(run, 1e-13).high
    assert tight_bound(run, 1e-12).high < close_bound(run, 1e-12).high


def test_without_dp_accounting_there_is_no_closer_bound(monkeypatch):
    monkeypatch.setattr("fedpolicy.analysis.accounting.bounds._installed", lambda: False)
    assert tight_bound([gaussian(1.0)], 1e-5) is None


@pytest.mark.parametrize(("rho", "delta"), [(0.81, 1e-10), (0.1, 1e-5), (5.0, 1e-6), (1e-4, 1e-5)])
def test_a_stated_rho_costs_no_more_than_dp_accounting_says(rho, delta):
    theirs = renyi_of(dp.ZCDpEvent(rho), delta)
    ours = bound([zcdp(rho)], delta).high
    assert 0.9 * theirs < ours <= theirs * (1 + 1e-9)
    assert ours >= bound([gaussian((2 * rho) ** -0.5)], delta).high


@pytest.mark.parametrize(("noise", "steps"), [(7.0, 2048), (4.0, 1600), (6.83, 1600), (3.0, 1)])
def test_a_tree_costs_no_more_than_dp_accounting_says(noise, steps):
    single = dp.SingleEpochTreeAggregationDpEvent(noise, steps)
    theirs = renyi_of(single, 1e-5, dp.NeighboringRelation.REPLACE_SPECIAL)
    assert 0.9 * theirs < bound([tree(noise, steps)], 1e-5).high <= theirs

"""What the quick bound says of each mechanism, and of what has no bound."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations, pairwise, product
from math import exp, inf, log, log1p

import pytest

from fedpolicy.analysis.accounting import Release
from fedpolicy.analysis.accounting.bounds import bound
from fedpolicy.analysis.accounting.renyi import epsilon_of_rho
from tests.analysis.accounting.runs import fixed, gaussian, laplace, poisson, sparse, tree, zcdp

DELTA = 1e-6


def epsilon_of_one_step(rate, epsilon):
    return log1p(rate * (exp(epsilon) - 1))


def test_one_laplace_step_is_exact():
    found = bound([laplace(0.5)], DELTA)
    assert found.low == found.high == pytest.approx(2 + 2 * log(1 - DELTA))
    assert found.theorem == "Laplace mechanism, one step, exact"


def test_laplace_steps_add_up_where_that_is_less():
    found = bound([laplace(2.0, steps=2)], 1e-12)
    assert found.high == pytest.approx(1.0)
    assert found.theorem == "Laplace mechanism, basic composition (Dwork, McSherry, Nissim and Smith 2006)"
    assert not found.tight


def test_many_laplace_steps_cost_less_than_their_sum():
    found = bound([laplace(10.0, steps=100)], 1e-5)
    assert 4 < found.low < found.high < 5
    assert found.theorem == "Laplace mechanism, Rényi (Mironov 2017, proposition 6)"


@pytest.mark.parametrize("run", [laplace, gaussian])
def test_one_step_on_a_poisson_sample_is_exact(run):
    """δ' = q δ at ε' = log(1 + q (exp(ε) - 1)) (Balle, Barthe and Gaboardi 2018, theorem 8)."""
    whole = bound([run(0.8)], DELTA / 0.02)
    found = bound([Release(mechanism=run(0.8).mechanism, noise_multiplier=0.8, rate=0.02, sampling="poisson")], DELTA)
    assert found.low == found.high == pytest.approx(epsilon_of_one_step(0.02, whole.high))
    assert "one step, exact" in found.theorem


def test_what_is_less_likely_than_delta_costs_nothing():
    assert bound([poisson(0.01, 1e-7, 1)], DELTA).high == 0


def test_laplace_on_samples_of_fixed_size_counts_twice_the_clipping_norm():
    found = bound([laplace(1.0, steps=2, rate=0.01, sampling="fixed")], 1e-9)
    assert found.high == pytest.approx(2 * epsilon_of_one_step(0.01, 2.0), rel=1e-6)
    assert "on samples, basic composition" in found.theorem


def test_an_answer_of_the_sparse_vector_technique_costs_three_times_its_noise():
    """1/b for the threshold, 1/b for the comparison, 1/b for the value."""
    found = bound([sparse(30.0, 5)], 1e-12)
    assert (found.low, found.high) == (0, pytest.approx(0.5))
    assert found.tight
    assert any("comparison noise twice that" in one for one in found.assumptions)


def test_sampling_never_helps_a_tree_or_a_stated_rho():
    for one in (tree(3.0, 40), zcdp(0.2), sparse(9.0, 4)):
        sampled = Release(
            mechanism=one.mechanism,
            noise_multiplier=one.noise_multiplier,
            steps=one.steps,
            rho=one.rho,
            rate=0.01,
            sampling="poisson",
        )
        assert bound([sampled], DELTA).high == bound([one], DELTA).high


def best_square(steps, participations, separation):
    """Return the squared length of what a unit adds to the complete nodes, over all the ways to take part."""
    best = 0
    for often in range(1, participations + 1):
        for when in combinations(range(steps), often):
            if all(later - earlier >= separation for earlier, later in pairwise(when)):
                nodes = [
                    sum(one >> level == node for one in when)
                    for level in range(steps.bit_length())
                    for node in range(steps >> level)
                ]
                best = max(best, sum(count * count for count in nodes))
    return best


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 8, 11])
@pytest.mark.parametrize(("participations", "separation"), [(1, 1), (2, 1), (3, 2), (2, 4), (4, 3)])
def test_a_tree_is_bracketed_by_its_true_sensitivity(steps, participations, separation):
    found = bound([tree(6.0, steps, participations, separation)], 1e-5)
    true = bound([gaussian(6.0 / best_square(steps, participations, separation) ** 0.5)], 1e-5)
    assert found.low <= true.high + 1e-9
    assert true.high <= found.high + 1e-9
    assert found.tight
    if participations == 1:
        assert found.low == found.high


def test_a_tree_of_one_step_is_one_release():
    assert bound([tree(1.0, 1)], 1e-5).high == bound([gaussian(1.0)], 1e-5).high


def test_samples_of_fixed_size_never_cost_more_than_all_the_data():
    """A zeroed contribution moves any sum by one clipping norm, whoever else is drawn."""
    found = bound([fixed(0.5, 0.5, 30)], DELTA)
    assert found.high == bound([gaussian(0.5, 30)], DELTA).high
    assert "without amplification by sampling" in found.theorem
    assert not any("sample" in one for one in found.assumptions)


def test_samples_of_fixed_size_cost_more_than_poisson_samples():
    for run in ((1.0, 0.01, 1000), (4.0, 0.01, 10000), (8.0, 0.1, 500)):
        assert bound([poisson(*run)], DELTA).high < bound([fixed(*run)], DELTA).high
    assert any("fixed size" in one for one in bound([fixed(4.0, 0.01, 100)], DELTA).assumptions)


def test_a_rate_of_one_is_no_sampling():
    whole = bound([gaussian(2.0, 7)], DELTA)
    assert bound([poisson(2.0, 1.0, 7)], DELTA) == bound([fixed(2.0, 1.0, 7)], DELTA) == whole


def test_pure_parts_add_to_what_the_rest_costs():
    found = bound([gaussian(1.0), laplace(100.0)], DELTA)
    assert found.high <= bound([gaussian(1.0)], DELTA).high + 0.01
    assert found.theorem.startswith("Basic composition: Gaussian mechanism, exact")
    assert "Laplace mechanism, basic composition" in found.theorem


def test_different_parts_compose_by_their_renyi_divergences():
    found = bound([gaussian(2.0), poisson(1.0, 0.01, 500), zcdp(0.05), laplace(3.0, 8)], DELTA)
    assert found.theorem.startswith("Rényi composition (Mironov 2017): ")
    assert len(found.assumptions) == len(set(found.assumptions)) == 3
    parts = [bound([one], DELTA) for one in (gaussian(2.0), poisson(1.0, 0.01, 500), zcdp(0.05), laplace(3.0, 8))]
    assert found.low >= max(part.low for part in parts)
    assert found.high < sum(part.high for part in parts)


@pytest.mark.parametrize(
    ("release", "low", "theorem"),
    [
        (Release(mechanism="gaussian"), inf, "No noise, no bound"),
        (Release(mechanism="laplace", noise_multiplier=-1), inf, "No noise, no bound"),
        (Release(mechanism="dp_sgd", sampling="poisson", rate=0.1), 0, "No noise, no bound"),
        (Release(mechanism="zcdp"), 0, "No rho, no bound"),
        (Release(mechanism="homoeopathy", noise_multiplier=1), 0, "No theorem is known here for homoeopathy"),
    ],
)
def test_what_has_no_bound_says_so_alone_and_in_company(release, low, theorem):
    alone = bound([release], DELTA)
    assert (alone.low, alone.high, alone.theorem, alone.tight) == (low, inf, theorem, True)
    company = bound([poisson(1.0, 0.01, 100), release], DELTA)
    assert (company.high, company.theorem, company.tight) == (inf, theorem, True)
    assert company.low >= bound([poisson(1.0, 0.01, 100)], DELTA).low


@pytest.mark.no_cover  # the same lines for each number
@pytest.mark.parametrize("sampling", ["none", "poisson", "fixed"])
@pytest.mark.parametrize("mechanism", ["gaussian", "laplace", "sparse_vector", "dp_ftrl_tree"])
def test_extreme_runs_raise_nothing(mechanism, sampling):
    for noise, steps in product((5e-324, 1e-300, 1e-3, 1.0, 1e3, 1e300, inf), (1, 3, 10**9, 10**400)):
        release = Release(mechanism=mechanism, noise_multiplier=noise, steps=steps, rate=0.3, sampling=sampling)
        for delta in (1e-300, 1e-6, 0.9999):
            found = bound([release], delta)
            assert 0 <= found.low <= found.high, release
        if noise < 1e-299 and steps > 1e300:
            assert found.high > 1e290, release


@pytest.mark.no_cover
@pytest.mark.parametrize("rate", [5e-324, 1e-200, 1e-9, 1 - 1e-16])
@pytest.mark.parametrize("noise", [2e-3, 0.05, 1.0, 9e5])
@pytest.mark.parametrize("run", [fixed, poisson])
def test_extreme_rates_raise_nothing(run, noise, rate):
    for delta in (1e-300, 1e-6, 0.9999):
        found = bound([run(noise, rate, 7)], delta)
        assert 0 <= found.low <= found.high <= bound([gaussian(noise, 7)], delta).high * (1 + 1e-6)


@pytest.mark.parametrize(
    ("noise", "rate", "low"),
    [
        (2, 0.5, 2437.0198),
        (1, 0.5, 9699.8086),
        (0.8, 0.5, 15385.3253),
        (0.5, 0.5, 45408.0356),
        (0.5, 0.1, 4120.8704),
        (0.3, 0.5, 151642.6077),
        (0.3, 0.01, 1315.0770),
    ],
)
def test_each_threshold_is_the_best_for_some_noise(noise, rate, low):
    assert bound([poisson(noise, rate, 10**5)], 1e-9).low == pytest.approx(low, rel=1e-6)


def test_nothing_released_costs_nothing():
    unused = Release(mechanism="gaussian", noise_multiplier=1, rate=0, sampling="poisson")
    for releases in ([], [Release(mechanism="gaussian", steps=0)], [unused]):
        found = bound(releases, DELTA)
        assert (found.low, found.high, found.tight) == (0, 0, True)
    assert epsilon_of_rho(0, DELTA) == bound([zcdp(0.0)], DELTA).high == 0
    assert epsilon_of_rho(inf, DELTA) == inf


def test_the_order_of_releases_and_how_a_run_is_cut_do_not_matter():
    runs = [poisson(1.0, 0.01, 600), laplace(4.0, 3), gaussian(3.0, 2), tree(9.0, 30)]
    cut = [tree(9.0, 30), gaussian(3.0), poisson(1.0, 0.01, 1), laplace(4.0, 1)]
    cut += [laplace(4.0, 2), poisson(1.0, 0.01, 599), Release(mechanism="dp_sgd", noise_multiplier=3.0)]
    assert bound(runs, DELTA) == bound(runs[::-1], DELTA) == bound(cut, DELTA)


def test_two_trees_alike_are_two_trees():
    both = bound([tree(5.0, 16), tree(5.0, 16)], DELTA)
    assert both.high == pytest.approx(bound([gaussian(5.0, 10)], DELTA).high)


def test_the_quick_bound_needs_the_standard_library_only():
    script = (
        "import sys; import fedpolicy.analysis.accounting as a;"
        "assert 'fedpolicy.analysis.accounting.bounds' not in sys.modules;"
        "from fedpolicy.analysis.accounting.bounds import bound;"
        "bound([a.Release(mechanism='dp_sgd', noise_multiplier=1, rate=.1, sampling='fixed', steps=9)], 1e-5);"
        "print(sorted({'numpy', 'scipy', 'dp_accounting', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "[]"

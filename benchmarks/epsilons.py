"""
The reference sets that budgets are held against: parameters, where they come from, and the true ε.

    .venv/bin/python benchmarks/epsilons.py > tests/analysis/accounting/reference_sets.tsv
    .venv/bin/python benchmarks/epsilons.py --compare tests/analysis/accounting/reference_sets.tsv

True is, for Gaussian noise without samples and for trees, the closed form (of trees: the worst pattern, by trying all);
for randomised response the exact sum; for samples of fixed size what the worst data that are known reach; for the rest
the privacy loss distributions of dp-accounting, or below a δ of 1e-9, where its Fourier transforms lose digits, ours,
which are tilted. Takes the extra `dp`, and some minutes.

With `--compare`, bracket and ratio of every set are printed, and what is below the truth, or too far above it, is an
error.
"""

from __future__ import annotations

import csv
import sys
from itertools import combinations, pairwise
from math import comb, exp, expm1, inf, log, log1p, sqrt
from pathlib import Path
from typing import NamedTuple

import dp_accounting as dp
import numpy as np
from dp_accounting.pld import PLDAccountant
from scipy.special import log_ndtr, ndtr
from scipy.stats import laplace as laplace_law

from fedpolicy.analysis.accounting import Release, close_bound, tight_bound

_POINTS, _CELLS = 2**20, 200_000
_DIGITS = 1e-9
# From which ε on a bound counts as close, and how close: without the extra, and with it.
_LEAST, _WITHOUT, _WITH = 0.5, 1.6, 1.3


class Set(NamedTuple):
    """A run, a δ, who has it; and the ε that was published for it, if somebody published one."""

    source: str
    mechanism: str
    delta: float
    noise: float
    steps: int = 1
    sampling: str = "none"
    rate: float = 1.0
    participations: int = 0
    separation: int = 0
    restart: int = 0
    published: str = ""


def of_mu(mu: float, delta: float) -> float:
    """Give the ε of Gaussian noise with a sensitivity of `mu` deviations (Balle and Wang 2018, theorem 8)."""
    low, high = 0.0, mu * (45 + mu)
    for _ in range(200):
        epsilon = (low + high) / 2
        first, second = log_ndtr(mu / 2 - epsilon / mu), epsilon + log_ndtr(-mu / 2 - epsilon / mu)
        above = first + log1p(-exp(min(0.0, second - first))) > log(delta) if second < first else False
        low, high = (epsilon, high) if above else (low, epsilon)
    return high


def square(pattern: tuple[int, ...], steps: int, restart: int) -> int:
    """Give what a unit that takes part in these steps adds to all complete nodes of all trees, squared."""
    total = 0
    for begin in range(0, steps, restart):
        length = min(restart, steps - begin)
        for level in range(length.bit_length()):
            for node in range(length >> level):
                first = begin + (node << level)
                total += sum(first <= one < first + (1 << level) for one in pattern) ** 2
    return total


def of_tree(one: Set) -> float:
    """Try every pattern of participation."""
    apart, restart = one.separation or 1, one.restart or one.steps
    patterns = (
        pattern
        for count in range(1, (one.participations or 1) + 1)
        for pattern in combinations(range(one.steps), count)
        if all(later - earlier >= apart for earlier, later in pairwise(pattern))
    )
    return of_mu(sqrt(max(square(pattern, one.steps, restart) for pattern in patterns)) / one.noise, one.delta)


def of_randomised(epsilon: float, steps: int, delta: float) -> float:
    """Give the ε of randomised response, exactly: the loss is a binomial variable (Kairouz, Oh, Viswanath 2015)."""
    heads = exp(epsilon) / (1 + exp(epsilon))
    likely = [
        (comb(steps, k) * heads**k * (1 - heads) ** (steps - k), (2 * k - steps) * epsilon) for k in range(steps + 1)
    ]
    low, high = 0.0, steps * epsilon
    for _ in range(200):
        middle = (low + high) / 2
        found = sum(chance * -expm1(middle - loss) for chance, loss in likely if loss > middle)
        low, high = (middle, high) if found > delta else (low, middle)
    return high


def pairs(one: Set) -> list[tuple[np.ndarray, np.ndarray]]:
    """Give the probabilities of cells with a unit and without it, for the worst data that are known."""
    wide = 40 if one.mechanism == "laplace" else 14
    edges = np.linspace(-1 - wide * one.noise, 2 + wide * one.noise, _CELLS + 1)

    def cells(centre: float) -> np.ndarray:
        at = (edges - centre) / one.noise
        below, above = (
            (laplace_law.cdf(at), laplace_law.sf(at)) if one.mechanism == "laplace" else (ndtr(at), ndtr(-at))
        )
        inside = np.where(at[:-1] > 0, above[:-1] - above[1:], below[1:] - below[:-1])
        return np.concatenate(([below[0]], inside, [above[-1]]))

    others = -1.0 if one.sampling == "fixed" else 0.0
    away = (1 - one.rate) * cells(others)
    with_it, without = away + one.rate * cells(1.0), away + one.rate * cells(0.0)
    return [(with_it, without), (without, with_it)]


def tilted(first: np.ndarray, second: np.ndarray, steps: int, delta: float) -> float:
    """Compose losses by a Fourier transform; tilted, so that what decides is where they are most likely."""
    some = (first > 0) & (second > 0)
    masses, losses = first[some], np.log(first[some]) - np.log(second[some])

    def grown(tilt: float) -> float:
        top = (tilt * losses).max()
        return float(top + np.log((masses * np.exp(tilt * losses - top)).sum()))

    tilts = np.geomspace(0.05, 2000, 400)
    tilt = float(min(tilts, key=lambda one: (steps * grown(one) - log(delta)) / one))
    weights = masses * np.exp(tilt * losses - grown(tilt))
    mean = float((weights * losses).sum())
    spread = sqrt(float((weights * (losses - mean) ** 2).sum()))
    step = max(40 * spread * sqrt(steps), 2.2 * float(np.abs(losses[masses > delta * 1e-6]).max())) / _POINTS
    place = losses / step
    left = np.floor(place)
    grid = np.zeros(_POINTS)
    np.add.at(grid, left.astype(int) % _POINTS, weights * (1 - (place - left)))
    np.add.at(grid, (left.astype(int) + 1) % _POINTS, weights * (place - left))
    composed = np.maximum(np.fft.irfft(np.fft.rfft(grid) ** steps, _POINTS), 0)
    middle = round(steps * mean / step)
    places = np.arange(middle - _POINTS // 2, middle + _POINTS // 2)
    likely, at = composed[places % _POINTS], places * step
    low, high = 0.0, float(at[-1])
    for _ in range(60):
        epsilon = (low + high) / 2
        above = at > epsilon
        inside = (likely[above] * np.exp(-tilt * (at[above] - epsilon)) * -np.expm1(epsilon - at[above])).sum()
        found = log(inside) + steps * grown(tilt) - tilt * epsilon if inside > 0 else -inf
        low, high = (epsilon, high) if found > log(delta) else (low, epsilon)
    return high


def of_distribution(one: Set) -> float:
    """Ask dp-accounting."""
    event = {"laplace": dp.LaplaceDpEvent}.get(one.mechanism, dp.GaussianDpEvent)(one.noise)
    if one.sampling == "poisson":
        event = dp.PoissonSampledDpEvent(one.rate, event)
    accountant = PLDAccountant()
    with np.errstate(all="ignore"):
        accountant.compose(dp.SelfComposedDpEvent(event, one.steps))
        return float(accountant.get_epsilon(one.delta))


def true(one: Set) -> tuple[float, str]:
    """Give the true ε of a set, and how it was found."""
    if one.mechanism == "dp_ftrl_tree":
        return of_tree(one), "all patterns"
    if one.mechanism == "randomised_response":
        return of_randomised(1 / one.noise, one.steps, one.delta), "binomial sum"
    if one.sampling == "none" and one.mechanism != "laplace":
        return of_mu(sqrt(one.steps) / one.noise, one.delta), "closed form"
    ours = max(tilted(*pair, one.steps, one.delta) for pair in pairs(one))
    if one.sampling == "fixed" or one.delta < _DIGITS:
        return ours, "tilted transform"
    theirs = of_distribution(one)
    if abs(theirs - ours) > 0.01 * theirs + 0.002:
        print(f"{one}: {theirs} by dp-accounting, {ours} by our transform", file=sys.stderr)
    return theirs, "dp-accounting"


def sets() -> list[Set]:
    """Give all of them: published ones first."""
    tutorials = "TensorFlow Privacy, tutorials/README.md"
    bu = "Bu, Dong, Long and Su 2020, figure 4"
    poisson = {"mechanism": "dp_sgd", "sampling": "poisson"}
    found = [
        Set("Abadi et al. 2016", **poisson, delta=1e-5, noise=4, rate=0.01, steps=10_000, published="1.26"),
        Set(tutorials, **poisson, delta=1e-5, noise=1.12, rate=256 / 60_000, steps=14_062, published="2.92"),
        Set(tutorials, **poisson, delta=1e-5, noise=0.6, rate=256 / 60_000, steps=7_031, published="9.74"),
        Set(tutorials, **poisson, delta=1e-5, noise=1.2, rate=256 / 60_000, steps=2_343, published="1.20"),
        Set(bu, **poisson, delta=1e-5, noise=1.3, rate=256 / 60_000, steps=4_687, published="1.34"),
        Set(bu, **poisson, delta=1e-5, noise=0.7, rate=256 / 60_000, steps=16_406, published="8.68"),
        *(
            Set("parameters of McMahan et al. 2018", **poisson, delta=delta, noise=1, rate=5_000 / users, steps=5_000)
            for users, delta in ((763_430, 1e-9), (10**8, 1e-9), (10**6, 1e-8))
        ),
        *(
            Set("parameters of TensorFlow Privacy's MNIST tutorials", **poisson, delta=1e-5, noise=noise,
                rate=rate / 60_000, steps=steps)
            for noise, rate, steps in ((1.1, 256, 14_062), (1.3, 250, 3_600), (0.7, 256, 10_546), (1.1, 250, 3_600))
        ),
        *(
            Set("parameters of Kairouz et al. 2021 (DP-FTRL)", "dp_ftrl_tree", delta, noise, steps=2_048)
            for noise in (4.0, 6.83, 7.0)
            for delta in (1e-5, 1e-10)
        ),
        Set("Google 2022, Gboard es-ES: rho 0.81", "gaussian", 1e-10, 1 / sqrt(1.62), published="8.9"),
        Set("Xu et al. 2023, Gboard: the ends of rho 0.2 to 2", "gaussian", 1e-10, 1 / sqrt(0.4)),
        Set("Xu et al. 2023, Gboard: the ends of rho 0.2 to 2", "gaussian", 1e-10, 1 / sqrt(4.0)),
    ]  # fmt: skip
    own = "own"
    found += [
        Set(own, "gaussian", delta, noise, steps)
        for noise, steps in ((0.3, 1), (1, 1), (1.1, 50), (5, 20), (30, 1_000), (200, 10**5))
        for delta in (1e-3, 1e-6, 1e-12)
    ]
    found += [
        Set(own, "dp_sgd", delta, noise, steps, "poisson", rate)
        for noise, rate, steps, delta in (
            *((noise, rate, 1_000, 1e-6) for noise in (0.5, 0.7, 1, 1.5, 3) for rate in (1e-4, 1e-3, 0.01, 0.1, 0.5)),
            *((noise, rate, steps, 1e-5) for noise in (0.6, 1, 2) for rate in (1e-3, 0.05)
              for steps in (1, 3, 30, 20_000)),
            (0.27, 0.00098, 259, 2.2e-8), (0.5226, 0.01205, 125, 8e-6), (0.4, 1e-5, 10**5, 1e-7),
            (0.6, 1e-4, 10**5, 1e-8),
            *((noise, rate, steps, delta) for noise in (0.8, 1.2) for rate in (0.004, 0.04) for steps in (200, 5_000)
              for delta in (1e-6, 1e-9)),
            (10, 0.1, 10**5, 1e-6), (8, 0.9, 400, 1e-5), (0.35, 0.2, 5, 1e-4), (2.5, 0.02, 10**5, 1e-8),
        )
    ]  # fmt: skip
    found += [
        Set(own, "dp_sgd", delta, noise, steps, sampling, rate)
        for sampling in ("poisson", "fixed")
        for noise, rate, steps, delta in (
            (1, 0.01, 1_000, 1e-20), (0.7, 0.001, 500, 1e-15), (1.5, 0.1, 200, 1e-30), (4, 0.3, 50, 1e-12),
        )
    ]  # fmt: skip
    found += [
        Set(own, "dp_sgd", delta, noise, steps, "fixed", rate)
        for noise, rate, steps, delta in (
            (1, 0.01, 1_000, 1e-5), (1.1, 0.00427, 14_062, 1e-5), (0.5, 0.1, 10, 1e-5), (3, 0.3, 3, 1e-3),
            (0.8, 0.5, 20, 1e-5), (2, 0.05, 500, 1e-6), (1.2, 0.05, 5_000, 1e-9), (0.8, 0.004, 200, 1e-6),
            (5, 0.5, 300, 1e-7), (10, 0.1, 10**5, 1e-6),
            *((noise, rate, steps, 1e-6) for noise in (0.6, 1, 2.5) for rate in (1e-3, 0.02, 0.25)
              for steps in (1, 20, 2_000)),
        )
    ]  # fmt: skip
    found += [
        Set(own, "laplace", delta, noise, steps, "poisson" if rate < 1 else "none", rate)
        for noise, steps, rate, delta in (
            (1, 1, 1, 1e-6), (1, 5, 1, 1e-6), (3, 20, 1, 1e-5), (10, 100, 1, 1e-6), (30, 2_000, 1, 1e-8),
            (0.5, 10, 1, 1e-3),
            (2, 50, 0.1, 1e-6), (1, 200, 0.01, 1e-5), (0.5, 10, 0.3, 1e-6), (5, 2_000, 0.05, 1e-7), (1, 3, 0.001, 1e-6),
            (0.3, 30, 0.02, 1e-4),
        )
    ]  # fmt: skip
    found += [
        Set(own, "dp_ftrl_tree", delta, noise, steps, participations=often, separation=apart, restart=restart)
        for noise, steps, often, apart, restart in (
            (2, 8, 1, 1, 0), (3, 12, 2, 4, 0), (4, 12, 3, 2, 0), (6, 12, 12, 1, 0), (2, 15, 2, 7, 0), (5, 16, 4, 4, 0),
            (3, 16, 2, 8, 4), (4, 12, 4, 3, 6), (8, 14, 5, 2, 5), (10, 10, 10, 1, 0),
        )
        for delta in (1e-5, 1e-10)
    ]  # fmt: skip
    found += [
        Set(own, "randomised_response", delta, 1 / epsilon, steps)
        for epsilon, steps in ((0.1, 100), (0.5, 10), (1, 3), (0.3, 50), (2, 20), (0.05, 900))
        for delta in (1e-4, 1e-8)
    ]
    return found


def compare(path: Path) -> int:
    """Print what fedpolicy makes of every set of a table, without the extra and with it."""
    wrong = 0
    for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines(), delimiter="\t"):
        run = Release(
            mechanism=row["mechanism"],
            noise_multiplier=float(row["noise"]),
            steps=int(row["steps"]),
            rate=float(row["rate"]),
            sampling=row["sampling"],
            participations=int(row["participations"]) or None,
            separation=int(row["separation"]) or None,
            restart=int(row["restart"]) or None,
        )
        delta, epsilon = float(row["delta"]), float(row["true"])
        close, closest = close_bound([run], delta), tight_bound([run], delta)
        # dp-accounting takes losses to a grid of 1e-4, upwards.
        spare = 5e-3 if row["by"] == "dp-accounting" else 2e-5
        sound = all(
            one.low <= epsilon * 1.002 + spare and one.high >= epsilon * 0.998 - spare for one in (close, closest)
        )
        near = epsilon < _LEAST or (close.high <= _WITHOUT * epsilon and closest.high <= _WITH * epsilon)
        wrong += not (sound and near)
        brackets = " ".join(f"[{one.low:.4g}, {one.high:.4g}] {one.high / epsilon:.3f}" for one in (close, closest))
        print(f"{'' if sound and near else 'WRONG '}{epsilon:.4g} {brackets} {' '.join(row.values())}", flush=True)
    return int(wrong > 0)


def main() -> int:
    """Print a table, a set a line; or compare one."""
    if sys.argv[1:2] == ["--compare"]:
        return compare(Path(sys.argv[2]))
    print("\t".join((*Set._fields, "true", "by")))
    for one in sets():
        epsilon, how = true(one)
        row = [f"{value:.10g}" if isinstance(value, float) else str(value) for value in one]
        print("\t".join((*row, f"{epsilon:.6g}", how)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

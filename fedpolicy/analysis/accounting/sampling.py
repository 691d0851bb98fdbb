"""
Gaussian noise on samples of fixed size, m of n without replacement, with one unit's contribution there or zeroed.

A step gives P = (1 - q) A + q B with the contribution and P' = (1 - q) A + q B' without it, q = m / n: A where the
unit is not drawn and another one is in its place, B and B' where it is drawn. Two units change a sum by up to twice
the clipping norm, so B may be two clipping norms from A, whereas B' is one from A and one from B. This is why the
noise multiplier counts half here: dp-accounting leaves that to its user (its SampledWithoutReplacementDpEvent wants
REPLACE_ONE neighbours and takes the noise multiplier as the ratio to the sensitivity between them; only its PLD for
REPLACE_ONE halves itself).

Let D1(u) and D2(u) be the hockey-stick divergences at u of Gaussian noise whose sensitivity is one and two clipping
norms. By advanced joint convexity (Balle, Barthe and Gaboardi 2018, theorem 2) and couplings that exchange one unit,
at t = 1 + q (u - 1) and with b = t / u,

    H_t(P, P') <= F(t) = q ((1 - b) D2(u) + b D1(u))    and    H_t(P', P) <= q D1(u).

The divergence of order a is log(E) / (a - 1) with E = 1 + a (a - 1) ∫ t^(a-2) H_t(P, P') + t^(-a-1) H_t(P', P) dt
over t >= 1. The terms q D2 and q D1 alone are those of Poisson sampling with half and with the whole noise
multiplier, whose E is A2 and A1 (see `renyi`), less the other direction of each. Hence E <= A2 + A1 - 1 - C, where
C collects what was counted too much: ∫ t^(a-2) q b (D2 - D1), and the other directions. C is bounded from below on a
grid, with every function at the end of each cell where it is smallest.

What the extra `dp` uses is closer: the three sums taken together. By the same convexity, H_t(P, P') is at most q times
the mean of H_u(B, (1 - b) A + b B') over couples of a sample without the unit and a unit that takes its place. With
N(v), N(w) and N(0) for B, A and B', |v| and |w| at most one clipping norm, that is the mean of (1 - s)+ for s = u (1 -
b) exp(L1) + u b exp(L0), where L1 and L0 are jointly normal and exp(L1) and exp(L0) have the mean 1. By Kahane's
convexity inequality (1985) it grows with each entry of their covariance: |v - w|², |v|² and |v|² - v·w. All three are
largest at w = -v, so H_t(P, P') <= q H_u(N(1), (1 - b) N(-1) + b N(0)), which these data reach. In the other direction
the entries are |w|², |v|² and v·w, which are largest at w = v: that is q D1(u).

One direction suffices: F is nowhere below q D1. Even without C, no term is above half of its like in theorem 27 of
Wang, Balle and Kasiviswanathan 2019; with C the bound is several times smaller.

Lower bounds come from one test, run by somebody who sees the releases. For every event E, (ε, δ)-differential privacy
asks that P(E) <= exp(ε) Q(E) + δ, so ε >= log((P(E) - δ) / Q(E)) for any two neighbours P and Q. The test counts the
steps whose release lies above a threshold; the counts are binomial under the mechanism's worst neighbours. Which
threshold and which count serve best is searched for; each is sound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from math import exp, expm1, inf, lgamma, log, log1p

from fedpolicy.analysis.accounting import Leakage, Release, Run, chance_of_any
from fedpolicy.analysis.accounting.gaussian import (
    CLIPPED,
    clamp,
    epsilon_of_mu,
    log1p_exp,
    log_delta_of_mu,
    log_normal_tail,
    log_sum,
    run_mu,
)
from fedpolicy.analysis.accounting.renyi import amplified, log_excess, poisson_divergence

_CELLS = 320
# exp() of more than this does not fit into a float; what is left out of C only makes the bound larger.
_LARGEST = 600.0
# From and to in log(t), with the lower bound of q b (D2 - D1) between; and the same for the two other directions.
_Cell = tuple[float, float, float, float, float, float, float]


def fixed_divergence(order: int, noise: float, rate: float) -> float:
    """Return the Rényi divergence of one step, at an integer order; 0 < rate < 1."""
    twice, once = log_excess(order, noise / 2, rate), log_excess(order, noise, rate)
    excess = log_sum([twice, once])
    if abs(excess) < _LARGEST:
        # Poisson sampling costs no more: the others may contribute nothing.
        excess = max(once, log(max(exp(excess) - _overcounted(order, noise, rate), exp(-_LARGEST))))
    # A zeroed contribution changes any sum by one clipping norm at most, whoever else is in the sample.
    return min(log1p_exp(excess) / (order - 1), order * (0.5 / noise / noise))


def _overcounted(order: int, noise: float, rate: float) -> float:
    within = (cell for cell in _cells(noise, rate) if (order - 1) * cell[1] < _LARGEST)
    return sum(
        order * (_grown(order - 1, start, end) * gap + _grown(order - 1, other_start, other_end) * once)
        - (order - 1) * _grown(-order, other_start, other_end) * twice
        for start, end, gap, other_start, other_end, once, twice in within
    )


def _grown(power: int, start: float, end: float) -> float:
    """Return t^power at the end less t^power at the start, which are given as logarithms."""
    return exp(power * start) * expm1(power * (end - start))


@cache
def _cells(noise: float, rate: float) -> tuple[_Cell, ...]:
    """Return the cells of the grid: equally spaced in (log u)^(2/3) up to where D2 vanishes."""
    top = 2 / noise / noise + 12 / noise
    losses = [top * (place / _CELLS) ** 1.5 for place in range(_CELLS + 1)]
    first = [exp(log_delta_of_mu(1 / noise, loss)) for loss in losses]
    second = [exp(log_delta_of_mu(2 / noise, loss)) for loss in losses]
    return tuple(
        _cell(rate, losses[place], losses[place + 1], first[place : place + 2], second[place + 1])
        for place in range(_CELLS)
    )


def _cell(rate: float, near: float, far: float, first: list[float], second: float) -> _Cell:
    start, end = amplified(near, rate), amplified(far, rate)
    # The other direction of Poisson sampling has H(t) = t q exp(-l) D(exp(l)) at t = 1 / (1 - q (1 - exp(-l))).
    other_start, other_end = -log1p(rate * expm1(-near)), -log1p(rate * expm1(-far))
    gap = rate * exp(end - far) * max(0.0, second - first[0])
    other = rate * exp(other_end - far)
    return start, end, gap, other_start, other_end, other * first[1], other * second


POISSON = "every unit takes part in each step independently with the stated probability (Poisson sampling)"
FIXED = "each step draws a fresh, uniformly random sample of fixed size from a number of units that is not secret"
# Thresholds, in standard deviations of the noise, that serve a count of steps best at one noise or another.
_THRESHOLDS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
# Outside these, exponents or differences leave the floats.
_LEAST_NOISE, _MOST_NOISE = 1e-3, 1e6


def poisson_gaussian(release: Release) -> Leakage:
    """
    Gaussian noise where each unit takes part in each step with some probability.

    Of several contributions any is drawn, and with it all of them at worst; how many there are, close bounds tell.
    """
    if not _LEAST_NOISE < release.noise_multiplier < _MOST_NOISE:
        return _bare(release)
    noise, steps, several = release.noise_multiplier, clamp(release.steps), release.several
    # A unit may have fewer contributions, so as many as are told apart are a lower bound.
    rate, told = chance_of_any(several, release.rate), min(several, _TOLD)
    drawn = mixture_of(told, release.rate)
    return Leakage(
        name="Poisson-sampled Gaussian, Rényi (Mironov, Talwar and Zhang 2019)",
        single_name="Poisson-sampled Gaussian, one step, exact (Balle, Barthe and Gaboardi 2018, theorem 8)",
        assumptions=(CLIPPED,),
        sampling=(POISSON,),
        most_mu=run_mu(release),
        curve=lambda order: steps * poisson_divergence(order, noise, rate),
        any_order=False,
        between=True,
        low=lambda delta: counting(release.steps, _chances(noise * several / told, drawn), delta),
        single=thinned(lambda delta: epsilon_of_mu(1 / noise, delta), rate) if release.steps == several == 1 else None,
        exact=several == 1,
        losses=Run("gaussian", noise, release.rate, release.steps, several),
        aided=several == 1,
    )


def fixed_gaussian(release: Release) -> Leakage:
    """Gaussian noise where each step draws as many units as every other."""
    if not _LEAST_NOISE < release.noise_multiplier < _MOST_NOISE:
        return _bare(release)
    noise, rate, steps = release.noise_multiplier, release.rate, clamp(release.steps)
    drawn = mixture_of(1, rate)
    return Leakage(
        name="Gaussian on samples of fixed size, Rényi (after Balle, Barthe and Gaboardi 2018, theorem 2)",
        single_name="Gaussian on a sample of fixed size, one step (Balle, Barthe and Gaboardi 2018)",
        assumptions=(CLIPPED,),
        sampling=(FIXED,),
        most_mu=run_mu(release),
        curve=lambda order: steps * fixed_divergence(int(order), noise, rate),
        any_order=False,
        low=lambda delta: counting(release.steps, (*_chances(noise, drawn), *_chances(noise, drawn, 1.0)), delta),
        single=thinned(lambda delta: epsilon_of_mu(2 / noise, delta), rate) if release.steps == 1 else None,
        losses=Run("replaced", noise, rate, release.steps),
        aided=True,
    )


def _bare(release: Release) -> Leakage:
    """Gaussian noise so small, or so large, that sampling changes nothing worth the digits it would take."""
    half = run_mu(release) * run_mu(release) / 2
    name = "Gaussian mechanism, exact (Balle and Wang 2018, theorem 8), without amplification by sampling"
    return Leakage(name=name, assumptions=(CLIPPED,), most_mu=run_mu(release), curve=lambda order: order * half)


def thinned(epsilon: Callable[[float], float], rate: float) -> Callable[[float], float]:
    """Amplify an ε at δ by sampling: δ' = q δ at ε' = log(1 + q (exp(ε) - 1))."""
    return lambda delta: amplified(epsilon(delta / rate), rate) if delta < rate else 0.0


# So many contributions are told apart.
_TOLD = 40


@cache
def mixture_of(several: int, rate: float) -> tuple[tuple[float, float], ...]:
    """
    Return how likely each part of several like contributions is drawn, each of them by itself; with that part.

    Where there are many, the most that are told apart stand for all that are more.
    """
    most = min(several, _TOLD)
    odds, weights = rate / (1 - rate), [exp(several * log1p(-rate))]
    for drawn in range(1, most + 1):
        weights.append(weights[-1] * (several - drawn + 1) / drawn * odds)
    # They fall at least as fast as a geometric series.
    ratio = (several - most) / (most + 1) * odds
    last, rest = weights[-1], 1 - sum(weights[:-1]) + 1e-12
    beyond = min(rest, last / (1 - ratio)) if ratio < 1 else rest
    return (*((weight, drawn / several) for drawn, weight in enumerate(weights[:-1])), (max(last, beyond), 1.0))


def _chances(noise: float, drawn: tuple[tuple[float, float], ...], others: float = 0.0) -> tuple[Chance, ...]:
    """
    Return how likely one step is above each threshold, with a unit and with its contribution zeroed.

    `others` is how far a unit drawn in its place pulls the other way: 0 with Poisson sampling, up to 1 with fixed
    size.
    """

    def above(threshold: float) -> float:
        return exp(log_normal_tail(threshold))

    def pair(threshold: float) -> Chance:
        away = drawn[0][0] * above(threshold + others / noise)
        found = sum(weight * above(threshold - part / noise) for weight, part in drawn[1:])
        return away + found, away + (1 - drawn[0][0]) * above(threshold)

    return tuple(pair(threshold) for threshold in (*_THRESHOLDS, 0.5 / noise))


# How likely one step's release is above a threshold with a unit, and without it.
Chance = tuple[float, float]
# Fewer steps leak less, so a longer run may be cut; beyond this the logarithms of factorials lose digits.
_LONGEST = 10**7
_TERMS = 300
# More than every rounding error in here.
_SLACK = 1e-6


def counting(steps: int, chances: Iterable[Chance], delta: float) -> float:
    """
    Return the highest ε at `delta` that counting refutes; 0 where it refutes nothing.

    `chances` are pairs: how likely one step's release is above a threshold with the unit, and without it.
    """
    # One step of a run is at times a better test than a count of all.
    runs = {1, min(steps, _LONGEST)}
    pairs = [(with_it, without) for with_it, without in chances if 0 < without < with_it < 1]
    found = (_best_count(run, with_it, without, delta) for run in sorted(runs) for with_it, without in pairs)
    return max(0.0, max(found, default=0.0) - _SLACK)


def _best_count(steps: int, with_it: float, without: float, delta: float) -> float:
    mean, spread = steps * with_it, (steps * with_it * (1 - with_it)) ** 0.5
    low, high = max(0, int(mean - 2 * spread)), min(steps, int(mean + 9 * spread) + 9)
    while low < high:
        middle = (low + high) // 2
        if _refuted(steps, middle, with_it, without, delta) < _refuted(steps, middle + 1, with_it, without, delta):
            low = middle + 1
        else:
            high = middle
    return _refuted(steps, low, with_it, without, delta)


def _refuted(steps: int, count: int, with_it: float, without: float, delta: float) -> float:
    """Return what the event `at least this many` refutes; minus infinity where it refutes nothing."""
    likely = _at_least(steps, count, with_it)
    return log(likely - delta) - _log_at_most(steps, count, without) if likely > delta else -inf


def _at_least(steps: int, count: int, chance: float) -> float:
    """Return a lower bound on the probability of at least `count` of `steps`: the first terms of its sum."""
    term = total = exp(_log_term(steps, count, chance))
    odds = chance / (1 - chance)
    for k in range(count, min(steps, count + _TERMS)):
        term *= odds * (steps - k) / (k + 1)
        total += term
    return total


def _log_at_most(steps: int, count: int, chance: float) -> float:
    """Return an upper bound on its logarithm: its terms fall at least as fast as a geometric series."""
    ratio = chance / (1 - chance) * (steps - count) / (count + 1)
    return min(0.0, _log_term(steps, count, chance) - log1p(-ratio)) if ratio < 1 else 0.0


def _log_term(steps: int, count: int, chance: float) -> float:
    ways = lgamma(steps + 1) - lgamma(count + 1) - lgamma(steps - count + 1)
    return ways + count * log(chance) + (steps - count) * log1p(-chance)

"""
Laplace noise and the sparse vector technique: pure ε, Rényi divergences, and parts of a composition.

The sparse vector technique is read as follows, with b the noise multiplier: the threshold gets Laplace noise of scale
b, each comparison Laplace noise of scale 2b, and each value released with an answer Laplace noise of scale b. Drawing
the threshold's noise anew after each released answer makes every answer one run of AboveThreshold, 1/b for the
threshold and 1/b for the comparison (Dwork and Roth 2014, theorem 3.23); keeping it costs less (Lyu, Su and Li 2017:
ε1 + ε2 with ε1 = 1/b and ε2 = c/b). With the value, 1/b more, c answers cost at most 3c/b either way.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import exp, expm1, inf, log1p

from fedpolicy.analysis.accounting import Leakage, Release, Run
from fedpolicy.analysis.accounting.gaussian import CLIPPED, clamp
from fedpolicy.analysis.accounting.renyi import amplified
from fedpolicy.analysis.accounting.sampling import FIXED, POISSON, Chance, counting, thinned

# Where (order - 1) · ε is above this, ε itself is most of a divergence, and nothing cancels.
_SMALL = 0.5
_TERMS = 12  # of a series at most _SMALL wide: the next one is below the last digit


def laplace_divergence(order: float, epsilon: float) -> float:
    """
    Return the Rényi divergence of Laplace noise that is pure `epsilon` (Mironov 2017, proposition 6).

    log(a exp((a - 1) ε) / (2a - 1) + (a - 1) exp(-aε) / (2a - 1)) / (a - 1). Where that is small, what exceeds 1 in the
    logarithm is put together from terms that are all positive: a sum over 10^12 steps has no digits to lose.
    """
    if epsilon == inf:
        return inf
    if (order - 1) * epsilon > _SMALL:
        share = expm1((1 - 2 * order) * epsilon) * (order - 1) / (2 * order - 1)
        return epsilon + log1p(share) / (order - 1)
    excess = order * _beyond_linear((order - 1) * epsilon) + (order - 1) * _beyond_linear(-order * epsilon)
    return log1p(excess / (2 * order - 1)) / (order - 1)


def pure_divergence(order: float, epsilon: float) -> float:
    """
    Return the highest Rényi divergence of anything pure `epsilon`, reached by randomised response.

    log((exp(aε) + exp((1 - a) ε)) / (1 + exp(ε))) / (a - 1). What exceeds 1 in the logarithm is a product of positive
    numbers: (exp((a - 1) ε) - 1) (1 - exp(-aε)) / (1 + exp(-ε)).
    """
    if epsilon == inf:
        return inf
    if (order - 1) * epsilon > _SMALL:
        spare = log1p(exp((1 - 2 * order) * epsilon)) - log1p(exp(-epsilon))
        return min(order * epsilon / 2 * epsilon, epsilon + spare / (order - 1))
    excess = expm1((order - 1) * epsilon) * -expm1(-order * epsilon) / (1 + exp(-epsilon))
    return min(order * epsilon / 2 * epsilon, log1p(excess) / (order - 1))


def _beyond_linear(x: float) -> float:
    """Return exp(x) - 1 - x, which is never negative."""
    if abs(x) > _SMALL:
        return expm1(x) - x
    term = total = x * x / 2
    for place in range(3, 3 + _TERMS):
        term *= x / place
        total += term
    return total


def laplace_epsilon(epsilon: float, delta: float) -> float:
    """Return the best ε at `delta` of one release with Laplace noise: δ(ε') = 1 - exp((ε' - ε) / 2)."""
    return max(0.0, epsilon + 2 * log1p(-delta))


SPARSE = (
    "threshold noise has the stated scale, comparison noise twice that, and a value released with an answer has fresh "
    "noise of the stated scale"
)


def laplace(release: Release) -> Leakage:
    """Laplace noise on all the data."""
    whole, steps = 1 / release.noise_multiplier, clamp(release.steps)
    return Leakage(
        name="Laplace mechanism, Rényi (Mironov 2017, proposition 6)",
        single_name="Laplace mechanism, one step, exact",
        pure_name="Laplace mechanism, basic composition (Dwork, McSherry, Nissim and Smith 2006)",
        assumptions=(CLIPPED,),
        pure=steps * whole,
        most_rho=steps * whole * whole / 2,  # pure ε has at most a rho of ε²/2 (Bun and Steinke 2016, proposition 3.3)
        curve=lambda order: steps * laplace_divergence(order, whole),
        low=lambda delta: counting(release.steps, _chances(whole, 1.0), delta),
        single=partial(laplace_epsilon, whole) if release.steps == 1 else None,
        exact=True,
        losses=Run("laplace", release.noise_multiplier, 1.0, release.steps),
        aided=True,
    )


def poisson_laplace(release: Release) -> Leakage:
    """Laplace noise where each unit takes part in each step with some probability."""
    whole = 1 / release.noise_multiplier
    alone = thinned(partial(laplace_epsilon, whole), release.rate)
    name = "Laplace mechanism on a sample, one step, exact (Balle, Barthe and Gaboardi 2018, theorem 8)"
    losses = Run("laplace", release.noise_multiplier, release.rate, release.steps)
    return _sampled(release, amplified(whole, release.rate), POISSON, alone, losses, single_name=name, exact=True)


def fixed_laplace(release: Release) -> Leakage:
    """Laplace noise where each step draws as many units as every other: two differ by two clipping norms."""
    whole = 1 / release.noise_multiplier
    exchanged = thinned(partial(laplace_epsilon, 2 * whole), release.rate)

    def alone(delta: float) -> float:
        return min(exchanged(delta), laplace_epsilon(whole, delta))

    name = "Laplace mechanism on a sample, one step (Balle, Barthe and Gaboardi 2018)"
    each = min(whole, amplified(2 * whole, release.rate))
    losses = Run("randomised", each, steps=release.steps)
    return _sampled(release, each, FIXED, alone, losses, single_name=name)


def _sampled(
    release: Release,
    each: float,
    assumption: str,
    alone: Callable[[float], float],
    losses: Run,
    *,
    single_name: str,
    exact: bool = False,
) -> Leakage:
    whole, steps = 1 / release.noise_multiplier, clamp(release.steps)

    def curve(order: float) -> float:
        return steps * min(pure_divergence(order, each), laplace_divergence(order, whole))

    return Leakage(
        name="Laplace mechanism on samples, Rényi (Balle, Barthe and Gaboardi 2018; Mironov 2017)",
        single_name=single_name,
        pure_name="Laplace mechanism on samples, basic composition (Balle, Barthe and Gaboardi 2018)",
        assumptions=(CLIPPED,),
        sampling=(assumption,),
        pure=steps * each,
        most_rho=steps * each * each / 2,
        curve=curve,
        low=lambda delta: counting(release.steps, _chances(whole, release.rate), delta),
        single=alone if release.steps == 1 else None,
        exact=exact,
        losses=losses,
        aided=True,
    )


def _chances(epsilon: float, rate: float) -> tuple[Chance, ...]:
    """Return how likely one step is above a share of the unit's contribution, with the unit and without."""

    def pair(share: float) -> Chance:
        without = exp(-share * epsilon) / 2
        return (1 - rate) * without + rate * (1 - exp((share - 1) * epsilon) / 2), without

    return pair(0.5), pair(0.75), pair(1.0)


def sparse_vector(release: Release) -> Leakage:
    """See above for what is released and what it costs."""
    total = clamp(3 * release.steps) / release.noise_multiplier
    name = "Sparse vector technique, pure epsilon (Dwork and Roth 2014, theorem 3.23; Lyu, Su and Li 2017)"
    return Leakage(
        name=name,
        pure_name=name,
        assumptions=(CLIPPED, SPARSE),
        pure=total,
        most_rho=total * total / 2,
        losses=Run("randomised", total),
        curve=lambda order: pure_divergence(order, total),
    )

"""Laplace noise and the sparse vector technique, made parts of a composition."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import exp

from fedpolicy.analysis.accounting import pure
from fedpolicy.analysis.accounting.lower import Chance, counting
from fedpolicy.analysis.accounting.numbers import clamp
from fedpolicy.analysis.accounting.parts import Part
from fedpolicy.analysis.accounting.releases import Release
from fedpolicy.analysis.accounting.sampled import amplified
from fedpolicy.analysis.accounting.samplings import CLIPPED, FIXED, POISSON, thinned

__all__ = ["fixed_laplace", "laplace", "poisson_laplace", "sparse_vector"]

SPARSE = (
    "threshold noise has the stated scale, comparison noise twice that, and a value released with an answer has fresh "
    "noise of the stated scale"
)


def laplace(release: Release) -> Part:
    """Laplace noise on all the data."""
    whole, steps = 1 / release.noise_multiplier, clamp(release.steps)
    return Part(
        name="Laplace mechanism, Rényi (Mironov 2017, proposition 6)",
        single_name="Laplace mechanism, one step, exact",
        pure_name="Laplace mechanism, basic composition (Dwork, McSherry, Nissim and Smith 2006)",
        assumptions=(CLIPPED,),
        pure=steps * whole,
        curve=lambda order: steps * pure.laplace_divergence(order, whole),
        low=lambda delta: counting(release.steps, _chances(whole, 1.0), delta),
        single=partial(pure.laplace_epsilon, whole) if release.steps == 1 else None,
        exact=True,
        aided=True,
    )


def poisson_laplace(release: Release) -> Part:
    """Laplace noise where each unit takes part in each step with some probability."""
    whole = 1 / release.noise_multiplier
    alone = thinned(partial(pure.laplace_epsilon, whole), release.rate)
    name = "Laplace mechanism on a sample, one step, exact (Balle, Barthe and Gaboardi 2018, theorem 8)"
    return _sampled(release, amplified(whole, release.rate), POISSON, alone, single_name=name, exact=True)


def fixed_laplace(release: Release) -> Part:
    """Laplace noise where each step draws as many units as every other: two differ by two clipping norms."""
    whole = 1 / release.noise_multiplier
    exchanged = thinned(partial(pure.laplace_epsilon, 2 * whole), release.rate)

    def alone(delta: float) -> float:
        return min(exchanged(delta), pure.laplace_epsilon(whole, delta))

    name = "Laplace mechanism on a sample, one step (Balle, Barthe and Gaboardi 2018)"
    each = min(whole, amplified(2 * whole, release.rate))
    return _sampled(release, each, FIXED, alone, single_name=name)


def _sampled(
    release: Release,
    each: float,
    assumption: str,
    alone: Callable[[float], float],
    *,
    single_name: str,
    exact: bool = False,
) -> Part:
    whole, steps = 1 / release.noise_multiplier, clamp(release.steps)

    def curve(order: float) -> float:
        return steps * min(pure.pure_divergence(order, each), pure.laplace_divergence(order, whole))

    return Part(
        name="Laplace mechanism on samples, Rényi (Balle, Barthe and Gaboardi 2018; Mironov 2017)",
        single_name=single_name,
        pure_name="Laplace mechanism on samples, basic composition (Balle, Barthe and Gaboardi 2018)",
        assumptions=(CLIPPED,),
        sampling=(assumption,),
        pure=steps * each,
        curve=curve,
        low=lambda delta: counting(release.steps, _chances(whole, release.rate), delta),
        single=alone if release.steps == 1 else None,
        exact=exact,
        aided=True,
    )


def _chances(epsilon: float, rate: float) -> tuple[Chance, ...]:
    """Return how likely one step is above a share of the unit's contribution, with the unit and without."""

    def pair(share: float) -> Chance:
        without = exp(-share * epsilon) / 2
        return (1 - rate) * without + rate * (1 - exp((share - 1) * epsilon) / 2), without

    return pair(0.5), pair(0.75), pair(1.0)


def sparse_vector(release: Release) -> Part:
    """See `pure` for what is released and what it costs."""
    total = clamp(3 * release.steps) / release.noise_multiplier
    name = "Sparse vector technique, pure epsilon (Dwork and Roth 2014, theorem 3.23; Lyu, Su and Li 2017)"
    return Part(
        name=name,
        pure_name=name,
        assumptions=(CLIPPED, SPARSE),
        pure=total,
        curve=lambda order: pure.pure_divergence(order, total),
    )

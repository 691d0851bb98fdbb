"""
What one step of a mechanism lets somebody see, with a unit and without it: the two distributions that are the worst.

Where two pairs are the worst on different sides of 0, as for samples of fixed size (see `sampling`), losses above 0 are
of one pair and those below of the other: the greater of two curves that are convex is convex.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import erfc, exp, expm1, inf, log, log1p, sqrt

from fedpolicy.analysis.accounting import Run
from fedpolicy.analysis.accounting.gaussian import log_expm1, log_sum
from fedpolicy.analysis.accounting.sampling import mixture_of
from fedpolicy.records import dataclass, replace

# exp() of more than this nears the largest float.
WIDEST = 600.0
_ROUNDS, _NEAR = 60, 1e-14
# How likely something is beyond so many scales.
_Tail = Callable[[float], float]
# Where values of one distribution are centred, in the sensitivity, with which weight.
_Mixture = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """
    What is seen with a unit, and without it, where the loss grows with what is seen.

    `threshold` is the value beyond which the loss is above an ε. `back` says that the unit is in the second one.
    """

    tail: _Tail
    scale: float
    threshold: Callable[[float], float]
    with_it: _Mixture
    without: _Mixture
    back: bool = False

    def above(self, epsilon: float) -> tuple[float, float]:
        """Return how likely a loss above ε is, in the first distribution and in the second."""
        return self._at(epsilon, 1)

    def up_to(self, epsilon: float) -> tuple[float, float]:
        """Return how likely a loss up to ε is, in the first distribution and in the second."""
        return self._at(epsilon, -1)

    def _at(self, epsilon: float, sign: int) -> tuple[float, float]:
        if self.back:
            value = self.threshold(-epsilon)
            return self._beyond(self.without, value, -sign), self._beyond(self.with_it, value, -sign)
        value = self.threshold(epsilon)
        return self._beyond(self.with_it, value, sign), self._beyond(self.without, value, sign)

    def _beyond(self, mixture: _Mixture, value: float, sign: int) -> float:
        return sum(weight * self.tail(sign * (value - centre) / self.scale) for weight, centre in mixture)


# Losses in one direction: the pair that those above 0 are of, and the one of those below.
Side = tuple[Pair, Pair]


def _normal(deviations: float) -> float:
    return 0.5 * erfc(deviations / sqrt(2))


def _double(scales: float) -> float:
    return 0.5 * exp(-scales) if scales > 0 else 1 - 0.5 * exp(scales)


def _logistic(scales: float) -> float:
    return 1 / (1 + exp(scales)) if scales < WIDEST else 0.0


def _on_samples(value: Callable[[float], float], rate: float) -> Callable[[float], float]:
    """Where the loss on a sample passes ε, from where the loss of one release does."""

    def threshold(epsilon: float) -> float:
        inside = expm1(epsilon) / rate
        return value(log1p(inside)) if inside > -1 else -inf

    return threshold


def sides_of(run: Run) -> tuple[Side, Side]:
    """Return the losses of one step of a run, there and back."""
    if run.kind == "gaussian":
        return _gaussian(run.number, run.rate, run.several)
    if run.kind == "laplace":
        return _laplace(run.number, run.rate)
    return _replaced(run.number, run.rate) if run.kind == "replaced" else _randomised(run.number)


def _both(pair: Pair) -> tuple[Side, Side]:
    back = replace(pair, back=True)
    return (pair, pair), (back, back)


def _gaussian(noise: float, rate: float, several: int = 1) -> tuple[Side, Side]:
    """Gaussian noise on a Poisson sample, or with rate 1 on all: there and back."""
    if several > 1:
        drawn = mixture_of(several, rate)
        threshold = _on_parts(noise, drawn)
    else:
        drawn = ((1 - rate, 0.0), (rate, 1.0))
        threshold = _on_samples(lambda loss: noise * noise * loss + 0.5, rate)
    return _both(Pair(tail=_normal, scale=noise, threshold=threshold, with_it=drawn, without=((1.0, 0.0),)))


def _on_parts(noise: float, drawn: _Mixture) -> Callable[[float], float]:
    """
    Where the loss passes ε if parts of a contribution are drawn.

    That is where a sum of exponentials is exp(ε) less how likely nothing is drawn. Its logarithm is convex and no less
    than that of any of its terms, so that Newton's method comes from the right.
    """
    square, (missed, _), parts = noise * noise, drawn[0], [(log(weight), part) for weight, part in drawn[1:] if weight]

    @cache
    def threshold(epsilon: float) -> float:
        inside = expm1(epsilon) + 1 - missed if epsilon < 1 else exp(epsilon) - missed
        if inside <= 0:
            return -inf
        wanted = log(inside)
        value = min(square * (wanted - weight) / part + part / 2 for weight, part in parts)
        for _ in range(_ROUNDS):
            logs = [weight + (part * value - part * part / 2) / square for weight, part in parts]
            top = log_sum(logs)
            slope = sum(part * exp(one - top) for one, (_, part) in zip(logs, parts, strict=True)) / square
            value, before = value - (top - wanted) / slope, value
            if abs(value - before) <= _NEAR * (noise + abs(value)):
                break
        return value

    return threshold


def _laplace(noise: float, rate: float) -> tuple[Side, Side]:
    """Laplace noise on a Poisson sample, or with rate 1 on all; beyond the contribution all losses are alike."""

    def value(loss: float) -> float:
        return (1 + noise * loss) / 2 if abs(loss) * noise < 1 else inf if loss > 0 else -inf

    threshold, mixture = _on_samples(value, rate), ((1 - rate, 0.0), (rate, 1.0))
    return _both(Pair(tail=_double, scale=noise, threshold=threshold, with_it=mixture, without=((1.0, 0.0),)))


def _randomised(epsilon: float) -> tuple[Side, Side]:
    """Randomised response, which is as bad as anything that is pure ε (Kairouz, Oh and Viswanath 2015)."""

    def threshold(loss: float) -> float:
        return 0.0 if abs(loss) < epsilon else inf if loss > 0 else -inf

    mixtures: tuple[_Mixture, _Mixture] = ((1.0, epsilon),), ((1.0, -epsilon),)
    return _both(Pair(tail=_logistic, scale=1.0, threshold=threshold, with_it=mixtures[0], without=mixtures[1]))


def _replaced(noise: float, rate: float) -> tuple[Side, Side]:
    """Gaussian noise on a sample of fixed size: on each side of 0 the worst data in that direction."""
    half = 0.5 / noise / noise

    def threshold(epsilon: float) -> float:
        other = log_expm1(epsilon) + log1p(-rate) - log(rate)
        root = sqrt(1 + 4 * exp(min(WIDEST, other - 2 * (epsilon + half))))
        return noise * noise * (epsilon + half + log1p(root) - log(2))

    mixtures: tuple[_Mixture, _Mixture] = ((1 - rate, -1.0), (rate, 1.0)), ((1 - rate, -1.0), (rate, 0.0))
    worst = Pair(tail=_normal, scale=noise, threshold=threshold, with_it=mixtures[0], without=mixtures[1])
    zeroed = _gaussian(noise, rate)[0][0]
    return (worst, replace(zeroed, back=True)), (zeroed, replace(worst, back=True))

"""
Accounting of differential privacy: from what a mechanism does to ε.

    bound([Release(mechanism="gaussian", noise_multiplier=1.1, steps=50)], delta=1e-6).high   # 50.47

In `bounds`, `bound` needs the standard library only and brackets the best ε; `close_bound` is closer from
above, and takes tenths of a second; `tight_bound` narrows the bracket with dp-accounting.
Neighbours differ in one unit's contribution: it is there, or it is zeroed. For samples of fixed size see `sampled`,
for trees `tree`, for the sparse vector technique `pure`.

Here is what is asked and answered. A check without budgets loads no more than that.
"""

from __future__ import annotations

from collections.abc import Callable
from math import expm1, inf, log1p
from typing import Literal

from fedpolicy.records import dataclass
from fedpolicy.startup import NamedTuple

Curve = Callable[[float], float]


class Run(NamedTuple):
    """
    So many steps with the same privacy losses, which `pairs` makes.

    Those of Gaussian or Laplace noise on a Poisson sample, of Gaussian noise where a sample of fixed size is drawn,
    each with its noise and its rate; or those of randomised response, with its ε. On a Poisson sample a unit may have
    `several` contributions, of which each is drawn by itself, and which have the sensitivity together.
    """

    kind: Literal["gaussian", "laplace", "replaced", "randomised"]
    number: float
    rate: float = 1.0
    steps: int = 1
    several: int = 1


def chance_of_any(several: int, rate: float) -> float:
    """How likely one of several contributions is drawn; that all of them are then is the worst (joint convexity)."""
    return rate if several == 1 else -expm1(several * log1p(-rate))


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """
    What one mechanism does over its whole run.

    `mechanism` is gaussian, dp_sgd, laplace, sparse_vector, dp_ftrl_tree, dp_matrix_ftrl, zcdp, discrete_gaussian,
    skellam, exponential or randomised_response. `noise_multiplier`
    is the standard deviation of Gaussian noise, or the scale of Laplace noise, divided by the sensitivity (the
    clipping norm). `steps` counts releases; for sparse_vector it counts released answers. `rate` is the sampling rate
    and `sampling` is none, poisson or fixed; a rate without sampling means nothing. With Gaussian noise on Poisson
    samples a unit may have `several` contributions of that sensitivity together, each drawn by itself.
    `participations` (the most steps that one unit takes part in; absent: 1) and `separation` (the fewest steps from
    one participation to the next; absent: 1) are read for dp_ftrl_tree, whose tree begins anew after `restart`
    steps. `rho` is the stated parameter of zcdp. `grid` is the deviation of Skellam noise in steps of its grid.
    exponential and randomised_response are pure 1 / `noise_multiplier` in each step.
    """

    mechanism: str
    noise_multiplier: float = 0.0
    steps: int = 1
    rate: float = 1.0
    sampling: str = "none"
    participations: int | None = None
    separation: int | None = None
    rho: float | None = None
    restart: int | None = None
    grid: float | None = None
    several: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """
    What is known of the best ε at `delta`: low <= ε <= high.

    Low and high are equal where the value is exact; low is 0 where nothing sound is known, high is infinite where
    there is no bound. `theorem` is a short name with its source, `assumptions` are plain sentences. `tight` says
    whether nothing better can be computed: the value is exact, or dp-accounting was used, or it could not help.
    """

    low: float
    high: float
    delta: float
    theorem: str
    assumptions: tuple[str, ...] = ()
    tight: bool = False


def _nothing(_: float) -> float:
    return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Leakage:
    """
    What is known of one release, as a part of a composition.

    `name` is the theorem of its Rényi divergences or of its exact ε; `single_name` is the one of `single` and
    `pure_name` the one of `pure`.

    It leaks at least what Gaussian noise with a sensitivity of `least_mu` standard deviations leaks, and at most what
    one with `most_mu` does, sampling disregarded. `pure` is its pure ε, infinite where it has none. `curve` bounds
    its Rényi divergences at integer orders, and at every order where `any_order`; `between` says that it does at low
    ones too. `low` gives a lower bound on ε at a δ. `single` gives an ε at a δ that holds where nothing else is
    released, and that is the best one where `exact`. `sampling` says what only the amplification by sampling assumes.
    `least_rho` and `most_rho` are between what its rho lies, where mu does not tell. `losses` are known to be no
    better than its own, where mu does not tell. `aided` says whether dp-accounting may know better.
    """

    name: str
    curve: Curve
    single_name: str = ""
    pure_name: str = ""
    assumptions: tuple[str, ...] = ()
    sampling: tuple[str, ...] = ()
    least_mu: float = 0.0
    most_mu: float = inf
    pure: float = inf
    any_order: bool = True
    between: bool = False
    low: Callable[[float], float] = _nothing
    single: Callable[[float], float] | None = None
    exact: bool = False
    least_rho: float = 0.0
    most_rho: float = inf
    losses: Run | None = None
    aided: bool = False

    @property
    def rho(self) -> tuple[float, float]:
        """
        Between what its rho lies (zero-concentrated privacy): mu²/2 for Gaussian noise.

        A sample has nearly that of the whole at high orders, which those who state a rho for samples leave out (Bun,
        Dwork, Rothblum and Steinke 2018).
        """
        least, most = self.least_mu * self.least_mu / 2, self.most_mu * self.most_mu / 2
        return max(self.least_rho, least), min(self.most_rho, most)


INSTALL_HINT = "pip install 'fedpolicy[dp]'"

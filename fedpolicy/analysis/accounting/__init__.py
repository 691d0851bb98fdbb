"""
Accounting of differential privacy: from what a mechanism does to ε.

    bound([Release(mechanism="gaussian", noise_multiplier=1.1, steps=50)], delta=1e-6).high   # 50.47

`bound` needs the standard library only and brackets the best ε; `close_bound` is closer from above, and takes tenths of
a second; `tight_bound` narrows the bracket with dp-accounting.
Neighbours differ in one unit's contribution: it is there, or it is zeroed. For samples of fixed size see `sampled`,
for trees `tree`, for the sparse vector technique `pure`.

A check without budgets pays for none of it: each function imports what it needs when it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Literal, NamedTuple

from fedpolicy.records import dataclass

__all__ = [
    "INSTALL_HINT",
    "Bound",
    "Curve",
    "Part",
    "Release",
    "Run",
    "bound",
    "close_bound",
    "epsilon_of_rho",
    "found_at",
    "growth",
    "mu_of",
    "pure_bound",
    "rho_of",
    "tight_bound",
]
Curve = Callable[[float], float]


class Run(NamedTuple):
    """
    So many steps with the same privacy losses, which `pairs` makes.

    Those of Gaussian or Laplace noise on a Poisson sample, of Gaussian noise where a sample of fixed size is drawn,
    each with its noise and its rate; or those of randomised response, with its ε.
    """

    kind: Literal["gaussian", "laplace", "replaced", "randomised"]
    number: float
    rate: float = 1.0
    steps: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """
    What one mechanism does over its whole run.

    `mechanism` is gaussian, dp_sgd, laplace, sparse_vector, dp_ftrl_tree, dp_matrix_ftrl, zcdp, discrete_gaussian,
    skellam, exponential or randomised_response. `noise_multiplier`
    is the standard deviation of Gaussian noise, or the scale of Laplace noise, divided by the sensitivity (the
    clipping norm). `steps` counts releases; for sparse_vector it counts released answers. `rate` is the sampling rate
    and `sampling` is none, poisson or fixed; a rate without sampling means nothing. `participations` (the most steps
    that one unit takes part in; absent: 1) and `separation` (the fewest steps from one participation to the next;
    absent: 1) are read for dp_ftrl_tree, whose tree begins anew after `restart` steps. `rho` is the stated parameter
    of zcdp. `grid` is the deviation of Skellam noise in steps of its grid. exponential and randomised_response are
    pure 1 / `noise_multiplier` in each step.
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
class Part:
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


def bound(releases: Sequence[Release], delta: float) -> Bound:
    """
    Bound the best ε at `delta`, between 0 and 1, of everything released; ε is 0 where nothing is.

    Standard library only; some milliseconds a release at worst. Raises nothing: what has no bound is infinite.
    """
    from fedpolicy.analysis.accounting import bounds  # noqa: PLC0415

    return bounds.bound(releases, delta)


def close_bound(releases: Sequence[Release], delta: float) -> Bound:
    """Bound the best ε at `delta` as closely as the standard library can; some tenths of a second at worst."""
    from fedpolicy.analysis.accounting import bounds  # noqa: PLC0415

    return bounds.close_bound(releases, delta)


def tight_bound(releases: Sequence[Release], delta: float) -> Bound | None:
    """
    Bound the best ε at `delta` as closely as dp-accounting can; None where it is not installed.

    What it cannot help with is bounded as `close_bound` does, and said to be tight. Takes some seconds at worst.
    """
    from fedpolicy.analysis.accounting import bounds  # noqa: PLC0415

    return bounds.tight_bound(releases, delta)


def growth(release: Release, places: Sequence[int], delta: float) -> tuple[tuple[float, float], ...]:
    """Bound the best ε after each of some numbers of steps, which grow and end with all of them."""
    from fedpolicy.analysis.accounting import bounds  # noqa: PLC0415

    return bounds.growth(release, places, delta)


def found_at(releases: Sequence[Release], wrongly: float) -> float:
    """Return the share at most of the units that took part that a test finds, which accuses this share of others."""
    from fedpolicy.analysis.accounting import bounds  # noqa: PLC0415

    return bounds.found_at(releases, wrongly)


def pure_bound(releases: Sequence[Release]) -> Bound:
    """Bound the best ε at a δ of 0, which only pure mechanisms have; else it is infinite."""
    from fedpolicy.analysis.accounting import bounds  # noqa: PLC0415

    return bounds.pure_bound(releases)


def epsilon_of_rho(rho: float, delta: float) -> float:
    """Return an ε at `delta`, between 0 and 1, for a mechanism that is rho-zCDP; see `renyi`."""
    from fedpolicy.analysis.accounting import renyi  # noqa: PLC0415

    return renyi.epsilon_of_rho(rho, delta)


def rho_of(releases: Sequence[Release]) -> tuple[float, float]:
    """Bound the rho of everything released from below and from above (zero-concentrated privacy)."""
    from fedpolicy.analysis.accounting import bounds  # noqa: PLC0415

    return bounds.rho(releases)


def mu_of(releases: Sequence[Release]) -> float:
    """Return the sensitivity of a Gaussian mechanism that is no more private than all of this; infinite for none."""
    from fedpolicy.analysis.accounting import bounds  # noqa: PLC0415

    return bounds.mu(releases)

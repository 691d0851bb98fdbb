"""What goes into the accounting of privacy budgets and what comes out of it."""

from __future__ import annotations

from fedpolicy.records import dataclass

__all__ = ["Bound", "Release"]


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

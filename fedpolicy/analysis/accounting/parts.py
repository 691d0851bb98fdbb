"""One release as the theorems see it: a part of a composition."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from fedpolicy.analysis.accounting.renyi import Curve
from fedpolicy.records import dataclass

__all__ = ["Part"]


def _nothing(_: float) -> float:
    return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    What is known of one release.

    `name` is the theorem of its Rényi divergences or of its exact ε; `single_name` is the one of `single` and
    `pure_name` the one of `pure`.

    It leaks at least what Gaussian noise with a sensitivity of `least_mu` standard deviations leaks, and at most what
    one with `most_mu` does, sampling disregarded. `pure` is its pure ε, infinite where it has none. `curve` bounds
    its Rényi divergences at integer orders, and at every order where `any_order`. `low` gives a lower bound on ε at a
    δ. `single` gives an ε at a δ that holds where nothing else is released, and that is the best one where `exact`.
    `sampling` says what only the amplification by sampling assumes. `aided` says whether dp-accounting may know
    better.
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
    low: Callable[[float], float] = _nothing
    single: Callable[[float], float] | None = None
    exact: bool = False
    aided: bool = False

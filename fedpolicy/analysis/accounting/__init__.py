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

from collections.abc import Sequence

from fedpolicy.analysis.accounting.releases import Bound, Release

__all__ = [
    "INSTALL_HINT",
    "Bound",
    "Release",
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

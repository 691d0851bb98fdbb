"""
One mechanism alone: what its whole run spends, and whether what is claimed for it can be true.

A claim is a statement with two ends. It holds if no more can be spent than is claimed, it is refuted if more is spent
for sure, and it is open in between: then both numbers are told, and nobody is told that it holds.
"""

from __future__ import annotations

import math
from enum import StrEnum

from fedpolicy.analysis.accounting import epsilon_of_rho, rho_of
from fedpolicy.analysis.exposure.mechanisms import Mechanism, mechanism_at
from fedpolicy.analysis.exposure.spending import Spending, shown, shown_between, spend
from fedpolicy.graph.model import Path
from fedpolicy.language.model.deployment import Deployment
from fedpolicy.language.model.safeguards import DifferentialPrivacy
from fedpolicy.records import dataclass

__all__ = ["ROUNDING", "Claim", "Share", "share_of"]

# Claims are rounded: a published 8.9 stands for 8.92. One percent is more than rounding to two digits after the point.
ROUNDING = 1.01


class Claim(StrEnum):
    """What the computation says of a claimed budget."""

    NONE = "none"  # nothing is claimed
    HOLDS = "holds"  # no more can be spent than is claimed
    REFUTED = "refuted"  # more is spent, in every reading of what is not declared
    OPEN = "open"  # it lies between what is spent for sure and what may be spent
    UNCHECKED = "unchecked"  # nothing can be computed, so the claim is believed


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """
    A declared mechanism in the ledger.

    `spent` is what it spends over its whole run. `stated` is the claimed epsilon (a claimed rho is converted at the
    declared delta; None: nothing is claimed), `stated_rho` the claimed rho, and `rho` between what the rho lies.
    `not_for` says for which datasets it does not count, whatever epsilon is, and why. `poisson` says that the claim
    would hold if units were sampled independently, while they are drawn in fixed numbers. `missing` names the facts
    that would settle the claim.
    """

    path: str
    kind: str
    unit: str | None
    spent: Spending
    stated: float | None
    claim: Claim
    stated_rho: float | None = None
    rho: tuple[float, float] = (0.0, math.inf)
    poisson: bool = False
    missing: tuple[str, ...] = ()
    not_for: tuple[tuple[str, str], ...] = ()

    @property
    def claimed(self) -> str:
        """What is claimed, in words: `an epsilon of 8`, `a rho of 0.42`; an empty text where nothing is."""
        if self.stated_rho is not None:
            return f"a rho of {self.stated_rho:.3g}"
        return f"an epsilon of {self.stated:.3g}" if self.stated is not None else ""

    @property
    def found(self) -> str:
        """The like of what is claimed, as it was computed: `about 50.5`, `a rho of 0.5`."""
        if self.stated_rho is not None:
            return f"a rho of {shown_between(*self.rho)}"
        return shown(self.spent)


def share_of(deployment: Deployment, path: Path, spec: DifferentialPrivacy, limit: float, *, tight: bool) -> Share:
    """Account for one mechanism; `tight` asks for the closest bound, else it is as close as the comparisons need."""
    mechanism = mechanism_at(deployment, path, spec)
    stated, rho = _stated(spec), _rho(mechanism)
    spent = spend([mechanism], limit, tight=tight)
    measured = spend([mechanism], stated * ROUNDING) if stated is not None else spent
    claim = _judged(spec, mechanism, measured, rho)
    # Where the closest bounds lie on both sides of a claim, only a proof of it would settle it.
    closer = tuple(f"{path}.epsilon" for path in measured.undecided) or (f"{mechanism.path}.claim",)
    open_facts = measured.missing or closer
    return Share(
        path=mechanism.path,
        kind=spec.mechanism,
        unit=spec.unit,
        spent=_closest(spent, measured),
        stated=stated,
        claim=claim,
        stated_rho=spec.claimed_rho if spec.claimed_epsilon is None else None,
        rho=rho,
        poisson=claim in {Claim.REFUTED, Claim.OPEN} and _as_poisson(deployment, path, spec, stated),
        missing=open_facts if claim is Claim.OPEN else (),
    )


def _stated(spec: DifferentialPrivacy) -> float | None:
    if spec.claimed_epsilon is not None:
        return spec.claimed_epsilon
    if spec.claimed_rho is not None and spec.delta is not None:
        return epsilon_of_rho(spec.claimed_rho, spec.delta)
    return None


def _rho(mechanism: Mechanism) -> tuple[float, float]:
    low = rho_of([mechanism.low])[0] if mechanism.low else 0.0
    return low, rho_of([mechanism.high])[1] if mechanism.high else math.inf


def _judged(spec: DifferentialPrivacy, mechanism: Mechanism, spent: Spending, rho: tuple[float, float]) -> Claim:
    """Judge what is claimed; where both an epsilon and a rho are, both have to hold."""
    if spec.claimed_epsilon is None and spec.claimed_rho is None:
        return Claim.NONE
    if mechanism.rests_on_claim:
        both = spec.claimed_epsilon is not None and spec.claimed_rho is not None
        return Claim.REFUTED if both and spent.low > (spec.claimed_epsilon or 0.0) * ROUNDING else Claim.UNCHECKED
    answers = set()
    if spec.claimed_epsilon is not None:
        answers.add(_compared(spec.claimed_epsilon, spent.low, spent.high))
    if spec.claimed_rho is not None:
        answers.add(_compared_rho(spec.claimed_rho, rho, spent))
    if spec.noise_multiplier == 0:
        return Claim.REFUTED
    return next(answer for answer in (Claim.REFUTED, Claim.OPEN, Claim.HOLDS) if answer in answers)


def _compared(stated: float, low: float, high: float) -> Claim:
    if low > stated * ROUNDING:
        return Claim.REFUTED
    return Claim.HOLDS if high <= stated * ROUNDING else Claim.OPEN


def _compared_rho(stated: float, rho: tuple[float, float], spent: Spending) -> Claim:
    """Compare a rho as a rho; and refute it where even the epsilon that follows from it is too small."""
    found = _compared(stated, *rho)
    if found is Claim.OPEN and spent.delta is not None and spent.low > epsilon_of_rho(stated * ROUNDING, spent.delta):
        return Claim.REFUTED
    return found


def _closest(one: Spending, other: Spending) -> Spending:
    """Of two computations of the same, the closer one."""
    return other if other.high - other.low < one.high - one.low or one.undecided else one


def _as_poisson(deployment: Deployment, path: Path, spec: DifferentialPrivacy, stated: float | None) -> bool:
    if spec.sampling != "fixed" or stated is None:
        return False
    independent = mechanism_at(deployment, path, spec.model_copy(update={"sampling": "poisson"}))
    return spend([independent], stated * ROUNDING).high <= stated * ROUNDING

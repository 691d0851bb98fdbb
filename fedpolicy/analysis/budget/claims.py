"""One mechanism alone: the epsilon of its whole run, and whether what is claimed for it can be true."""

from __future__ import annotations

from enum import StrEnum

from fedpolicy.analysis.accounting import epsilon_of_rho
from fedpolicy.analysis.exposure.mechanisms import Mechanism, mechanism_at
from fedpolicy.analysis.exposure.privacy import unsettled
from fedpolicy.analysis.exposure.spending import Spending, spend
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
    HOLDS = "holds"  # the computed epsilon is at most the claimed one
    REFUTED = "refuted"  # it is larger, in every reading of what is not declared
    UNDECIDED = "undecided"  # facts are missing, or a closer computation
    UNCHECKED = "unchecked"  # nothing can be computed, so the claim is believed


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """
    A declared mechanism in the ledger.

    `spent` is what it spends over its whole run. `stated` is the claimed epsilon (a claimed rho is converted at the
    declared delta; None: nothing is claimed). `not_for` says for which datasets it does not count, whatever epsilon
    is, and why. `poisson` says that the claim would hold if units were sampled
    independently, while they are drawn in fixed numbers. `missing` names the facts that would settle the claim.
    """

    path: str
    kind: str
    unit: str | None
    spent: Spending
    stated: float | None
    claim: Claim
    poisson: bool = False
    missing: tuple[str, ...] = ()
    not_for: tuple[tuple[str, str], ...] = ()


def share_of(deployment: Deployment, path: Path, spec: DifferentialPrivacy, limit: float, *, tight: bool) -> Share:
    """Account for one mechanism; `tight` asks for the closest bound, else it is as close as the comparisons need."""
    mechanism = mechanism_at(deployment, path, spec)
    stated = _stated(spec)
    spent = spend([mechanism], limit, tight=tight)
    measured = spend([mechanism], stated * ROUNDING) if stated is not None else spent
    claim = _judged(spec, mechanism, stated, measured)
    return Share(
        path=mechanism.path,
        kind=spec.mechanism,
        unit=spec.unit,
        spent=_closest(spent, measured),
        stated=stated,
        claim=claim,
        poisson=claim in {Claim.REFUTED, Claim.UNDECIDED} and _as_poisson(deployment, path, spec, stated),
        missing=unsettled(measured, stated * ROUNDING) if claim is Claim.UNDECIDED and stated is not None else (),
    )


def _stated(spec: DifferentialPrivacy) -> float | None:
    if spec.claimed_epsilon is not None:
        return spec.claimed_epsilon
    if spec.claimed_rho is not None and spec.delta is not None:
        return epsilon_of_rho(spec.claimed_rho, spec.delta)
    return None


def _judged(spec: DifferentialPrivacy, mechanism: Mechanism, stated: float | None, spent: Spending) -> Claim:
    if stated is None:
        return Claim.NONE
    if mechanism.rests_on_claim:
        both = spec.claimed_epsilon is not None and spec.claimed_rho is not None and spent.low > stated * ROUNDING
        return Claim.REFUTED if both else Claim.UNCHECKED
    if spec.noise_multiplier == 0 or spent.low > stated * ROUNDING:
        return Claim.REFUTED
    # Where nothing is open and the closest bounds lie on both sides, nobody can refute it.
    return Claim.UNDECIDED if unsettled(spent, stated * ROUNDING) else Claim.HOLDS


def _closest(one: Spending, other: Spending) -> Spending:
    """Of two computations of the same, the closer one."""
    return other if other.high - other.low < one.high - one.low or one.undecided else one


def _as_poisson(deployment: Deployment, path: Path, spec: DifferentialPrivacy, stated: float | None) -> bool:
    if spec.sampling != "fixed" or stated is None:
        return False
    independent = mechanism_at(deployment, path, spec.model_copy(update={"sampling": "poisson"}))
    return spend([independent], stated * ROUNDING).high <= stated * ROUNDING

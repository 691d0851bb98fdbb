"""
One mechanism alone: what its whole run spends, and whether what is claimed for it can be true.

A claim is a statement with two ends. It holds if no more can be spent than is claimed, it is refuted if more is spent
for sure, and it is open in between: then both numbers are told, and nobody is told that it holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from enum import StrEnum

from fedpolicy.analysis.accounting import Release, chance_of_any
from fedpolicy.analysis.exposure.insiders import informed
from fedpolicy.analysis.exposure.mechanisms import OUTSIDE, Mechanism, mechanism_at
from fedpolicy.analysis.exposure.noise import Towards, noise_of
from fedpolicy.analysis.exposure.privacy import Effort, Spending, as_noun, shown, shown_between, spend
from fedpolicy.graph import FlowGraph, Path
from fedpolicy.language.model.safeguards import DifferentialPrivacy
from fedpolicy.records import dataclass, replace

# Claims are rounded: a published 8.9 stands for 8.92. One percent is more than rounding to two digits after the point.
ROUNDING = 1.01


class Ruling(StrEnum):
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
    `measured` is what the claim is compared with: what is spent towards the parties `towards` (none: towards all who
    only read what is released), between the neighbours that it is about. `not_for` says for which datasets it does not
    count, whatever epsilon is, and why. `poisson` says that the claim would hold if units were sampled independently,
    while they are drawn in fixed numbers. `missing` names the facts that would settle the claim.
    `mechanism` is what is accounted for, `noise` its noise over what one unit changes.
    """

    path: str
    kind: str
    unit: str | None
    spent: Spending
    stated: float | None
    claim: Ruling
    mechanism: Mechanism
    measured: Spending
    stated_rho: float | None = None
    rho: tuple[float, float] = (0.0, math.inf)
    towards: tuple[str, ...] = ()
    poisson: bool = False
    missing: tuple[str, ...] = ()
    not_for: tuple[tuple[str, str], ...] = ()
    noise: float | None = None

    @property
    def claimed(self) -> str:
        """What is claimed, in words: `an epsilon of 8`, `a rho of 0.42`; an empty text where nothing is."""
        if self.stated_rho is not None:
            return f"a rho of {self.stated_rho:.3g}"
        return f"an epsilon of {self.stated:.3g}" if self.stated is not None else ""

    @property
    def found(self) -> str:
        """The like of what is claimed, as it was computed: `about 50.5`, `a rho of 0.5`, `no finite rho`."""
        spent = shown(self.measured)
        if self.stated_rho is not None:
            found = as_noun("rho", shown_between(*self.rho))
        else:
            found = as_noun("epsilon", spent) if spent == "infinite" else spent
        return f"{found} towards {_named(self.towards)}" if self.towards else found


def share_of(
    graph: FlowGraph, path: Path, spec: DifferentialPrivacy, limit: float, effort: Effort = Effort.DECIDE
) -> Share:
    """Account for one mechanism; `effort` says how closely."""
    mechanism = mechanism_at(graph.deployment, path, spec)
    spent = spend([mechanism], limit, effort)
    trial = _hardest(_trials(graph, path, spec))
    poisson = trial.claim in {Ruling.REFUTED, Ruling.OPEN} and _as_poisson(graph, path, spec)
    closest = _closest(spent, trial.spent) if trial.plain else spent
    return Share(
        path=mechanism.path,
        kind=spec.mechanism,
        unit=spec.unit,
        spent=closest,
        stated=_stated(spec),
        claim=trial.claim,
        stated_rho=spec.claimed_rho if spec.claimed_epsilon is None else None,
        measured=closest if trial.plain else trial.spent,
        rho=trial.rho,
        towards=trial.parties,
        poisson=poisson,
        missing=trial.missing,
        mechanism=mechanism,
        noise=noise_of(graph.deployment, path, spec, OUTSIDE).most,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """
    A claim held against what some viewers see of a mechanism; without `parties`: those who only read what is released.

    It is `plain` where what is compared is what the ledger shows.
    """

    claim: Ruling
    spent: Spending
    rho: tuple[float, float]
    parties: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    plain: bool = False


def _trials(graph: FlowGraph, path: Path, spec: DifferentialPrivacy) -> Iterator[_Trial]:
    """
    Hold a claim against everybody for whom it is made.

    Distributed noise is there because nobody is trusted, so it has to hold towards those who know shares of it or see
    who takes part, too. Whoever adds all the noise sees what is below it, and no claim is about that.
    """
    seen: dict[Towards, tuple[str, ...]] = {OUTSIDE: ()}
    if spec.where == "distributed" and _stated(spec) is not None:
        seen |= informed(graph, path, spec)
    for towards, parties in seen.items():
        mechanism = _claimed(mechanism_at(graph.deployment, path, spec, towards), spec)
        yield _trial(spec, mechanism, parties, plain=towards == OUTSIDE and spec.adjacency != "replace_one")


def _hardest(trials: Iterable[_Trial]) -> _Trial:
    order = (Ruling.REFUTED, Ruling.OPEN, Ruling.UNCHECKED, Ruling.HOLDS, Ruling.NONE)
    return min(trials, key=lambda one: (order.index(one.claim), bool(one.parties), -one.spent.low))


def _claimed(mechanism: Mechanism, spec: DifferentialPrivacy) -> Mechanism:
    """
    The mechanism between the neighbours that the claim is about.

    A unit that is replaced by another one moves a sum by up to twice the norm, and never by less than one that is
    zeroed. With samples, advanced joint convexity bounds both directions by those of Poisson samples with half the
    noise (Balle, Barthe and Gaboardi 2018, theorem 2).
    """
    if spec.adjacency != "replace_one" or mechanism.rests_on_claim:
        return mechanism
    low, high = mechanism.low, mechanism.high
    exact = low is not None and low.sampling == "none" and low.mechanism in {"gaussian", "dp_sgd", "laplace"}
    return replace(
        mechanism,
        low=_halved(low) if low is not None and exact else low,
        high=_halved(high) if high else None,
    )


def _halved(release: Release) -> Release:
    sampling = "poisson" if release.sampling == "fixed" else release.sampling
    rate = chance_of_any(release.several, release.rate)
    return replace(release, noise_multiplier=release.noise_multiplier / 2, sampling=sampling, rate=rate, several=1)


def _trial(spec: DifferentialPrivacy, mechanism: Mechanism, parties: tuple[str, ...], *, plain: bool) -> _Trial:
    stated, rho = _stated(spec), _rho(mechanism)
    spent = spend([mechanism], math.inf if stated is None else stated * ROUNDING)
    claim = _judged(spec, mechanism, spent, rho)
    # Where the closest bounds lie on both sides of a claim, only a proof of it would settle it.
    closer = tuple(f"{path}.epsilon" for path in spent.undecided) or (f"{mechanism.path}.claim",)
    missing = (spent.missing or closer) if claim is Ruling.OPEN else ()
    return _Trial(
        claim=claim, spent=spent, rho=rho, parties=parties, missing=missing, plain=plain and stated is not None
    )


def _stated(spec: DifferentialPrivacy) -> float | None:
    if spec.claimed_epsilon is not None:
        return spec.claimed_epsilon
    if spec.claimed_rho is not None and spec.delta is not None:
        from fedpolicy.analysis.accounting.renyi import epsilon_of_rho  # noqa: PLC0415  a check without budgets needs none

        return epsilon_of_rho(spec.claimed_rho, spec.delta)
    return None


def _rho(mechanism: Mechanism) -> tuple[float, float]:
    from fedpolicy.analysis.accounting.bounds import rho_of  # noqa: PLC0415  a check without budgets needs none

    low = rho_of([mechanism.low])[0] if mechanism.low else 0.0
    return low, rho_of([mechanism.high])[1] if mechanism.high else math.inf


def _judged(spec: DifferentialPrivacy, mechanism: Mechanism, spent: Spending, rho: tuple[float, float]) -> Ruling:
    """Judge what is claimed; where both an epsilon and a rho are, both have to hold."""
    if spec.claimed_epsilon is None and spec.claimed_rho is None:
        return Ruling.NONE
    if mechanism.rests_on_claim:
        both = spec.claimed_epsilon is not None and spec.claimed_rho is not None
        return Ruling.REFUTED if both and spent.low > (spec.claimed_epsilon or 0.0) * ROUNDING else Ruling.UNCHECKED
    answers = set()
    if spec.claimed_epsilon is not None:
        answers.add(_compared(spec.claimed_epsilon, spent.low, spent.high))
    if spec.claimed_rho is not None:
        answers.add(_compared_rho(spec.claimed_rho, rho, spent))
    if spec.noise_multiplier == 0:
        return Ruling.REFUTED
    return next(answer for answer in (Ruling.REFUTED, Ruling.OPEN, Ruling.HOLDS) if answer in answers)


def _compared(stated: float, low: float, high: float) -> Ruling:
    if low > stated * ROUNDING:
        return Ruling.REFUTED
    return Ruling.HOLDS if high <= stated * ROUNDING else Ruling.OPEN


def _compared_rho(stated: float, rho: tuple[float, float], spent: Spending) -> Ruling:
    """Compare a rho as a rho; and refute it where even the epsilon that follows from it is too small."""
    from fedpolicy.analysis.accounting.renyi import epsilon_of_rho  # noqa: PLC0415  a check without budgets needs none

    found = _compared(stated, *rho)
    if found is Ruling.OPEN and spent.delta is not None and spent.low > epsilon_of_rho(stated * ROUNDING, spent.delta):
        return Ruling.REFUTED
    return found


def _closest(one: Spending, other: Spending) -> Spending:
    """Of two computations of the same, the closer one."""
    return other if other.high - other.low < one.high - one.low or one.undecided else one


def _as_poisson(graph: FlowGraph, path: Path, spec: DifferentialPrivacy) -> bool:
    stated = _stated(spec)
    if spec.sampling != "fixed" or stated is None:
        return False
    independent = mechanism_at(graph.deployment, path, spec.changed(sampling="poisson"))
    return spend([independent], stated * ROUNDING).high <= stated * ROUNDING


def _named(parties: tuple[str, ...]) -> str:
    """Some parties in words; of many the first ones and a count."""
    few = 3
    if len(parties) > few:
        return f"{', '.join(parties[:few])} and {len(parties) - few:,} more"
    return " and ".join(filter(None, (", ".join(parties[:-1]), parties[-1])))

"""What each mechanism releases over its whole run, towards one viewer."""

from __future__ import annotations

from math import sqrt

from fedpolicy.analysis.accounting import Release, chance_of_any
from fedpolicy.analysis.exposure.noise import PURE, Towards, noise_of, why_without
from fedpolicy.analysis.exposure.participation import (
    EVERY,
    Participation,
    Parts,
    Steps,
    participations,
    sampled,
    silos_of,
    steps_of,
)
from fedpolicy.graph import Flow, FlowGraph, Guard, Mask, Path
from fedpolicy.graph.masks import united
from fedpolicy.language.model import Deployment
from fedpolicy.language.model.safeguards import DifferentialPrivacy
from fedpolicy.records import dataclass, replace

OUTSIDE = Towards()  # who reads what is released, and knows nothing of how it came about
_TREE = "dp_ftrl_tree"
_MATRIX = "dp_matrix_ftrl"
_BELIEVED = "a matrix mechanism cannot be recomputed without its matrix, so what is claimed counts"
_TUNED = "no other run on these data chose the settings or the model"
_ALIKE = "each run that chose the settings or the model spends no more than this one"
_RELATIVE = "the noise multiplier of the matrix mechanism is over the sensitivity of its whole matrix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """
    One declared mechanism: where it stands, its delta and unit, and what is to be accounted for.

    `low` is the most favourable reading of what is not declared (None: its epsilon could be next to nothing),
    `high` the least favourable (None: nothing bounds it); `missing` names the facts that would make them one.
    `rests_on_claim` says that nothing can be computed, so that a claim decides; `claimed` is the claimed epsilon.
    `without` says why no epsilon follows at all, `notes` what is taken for granted, and `because` what the viewer
    knows that others do not.
    """

    path: str
    unit: str | None
    delta: float | None
    low: Release | None
    high: Release | None
    missing: tuple[str, ...] = ()
    claimed: float | None = None
    rests_on_claim: bool = False
    without: str = ""
    notes: tuple[str, ...] = ()
    because: tuple[str, ...] = ()


def mechanisms_of(graph: FlowGraph) -> dict[int, Mechanism]:
    """Every mechanism on any flow, by index, as those see it who only read what is released."""
    found: dict[int, Mechanism] = {}
    for flow in graph.flows:
        for guard in flow.guards:
            spec = guard.noise
            if spec is not None and guard.mechanism is not None and guard.mechanism not in found:
                found[guard.mechanism] = mechanism_at(graph.deployment, guard.path, spec)
    return found


def mechanism_at(
    deployment: Deployment, path: Path, spec: DifferentialPrivacy, towards: Towards = OUTSIDE
) -> Mechanism:
    """Read one mechanism together with the task that it stands on, towards one viewer."""
    at = ".".join(map(str, path))
    if without := why_without(deployment, path, spec):
        return Mechanism(
            path=at, unit=spec.unit, delta=spec.delta, low=None, high=None, without=without, notes=(without,)
        )
    if spec.mechanism == _MATRIX and (spec.noise_multiplier is None or spec.noise_relative_to != "mechanism"):
        return _by_claim(at, spec)
    noise, steps, parts = noise_of(deployment, path, spec, towards), *_taking_part(deployment, path, spec, towards)
    without_delta = _without_delta(spec, at)
    silos, overlap = silos_of(deployment, path)
    unbounded = parts.high is None or steps.most is None or noise.least is None or without_delta
    low = noise.most is not None and parts.low is not None
    return Mechanism(
        path=at,
        unit=spec.unit,
        delta=spec.delta,
        low=_release(spec, noise.most or 0.0, steps.least, parts.low or EVERY, noise.left) if low else None,
        high=None
        if unbounded
        else _tuned(
            _overlapping(
                _release(spec, noise.least or 0.0, steps.most or 1, parts.high or EVERY, noise.left), spec, silos
            ),
            spec,
        ),
        missing=(*noise.missing, *steps.missing, *parts.missing, *without_delta),
        notes=(
            *noise.notes,
            *parts.notes,
            *overlap,
            _TUNED if spec.tuning_runs is None else _ALIKE,
            *((_RELATIVE,) if spec.mechanism == _MATRIX else ()),
        ),
        because=(*noise.because, *parts.because),
    )


def _taking_part(
    deployment: Deployment, path: Path, spec: DifferentialPrivacy, towards: Towards
) -> tuple[Steps, Parts]:
    at = ".".join(map(str, path))
    if spec.mechanism == _MATRIX:
        return Steps(least=1, most=1), Parts(low=EVERY, high=EVERY)
    steps = steps_of(deployment, path, spec)
    return steps, participations(spec, at) if spec.mechanism == _TREE else sampled(spec, at, towards)


def noised(graph: FlowGraph, flow: Flow, guard: Guard) -> Mask:
    """The instances that the noise on a flow is about: of noise in shares, all that is in the sums it travels in."""
    found = graph.carried(flow)
    if guard.noise is not None and guard.noise.where == "distributed":
        for summed in (one.aggregate for one in flow.guards if one.aggregate is not None):
            found = united(found, graph.aggregates[summed].data)
    return found if guard.about is None else found & guard.about


def _overlapping(release: Release, spec: DifferentialPrivacy, silos: int) -> Release:
    """
    What is spent on a person who is in several silos.

    Noise of each silo's own makes as many mechanisms; in one sum the person's contributions add up, which is in a
    sample where any of them is. Of samples of fixed size no theorem tells then how much they amplify.
    """
    if silos == 1:
        return release
    if spec.where == "client":
        return _repeated(release, spec, silos)
    less = replace(release, noise_multiplier=release.noise_multiplier / silos)
    if release.sampling == "fixed":
        return replace(less, sampling="none", rate=1.0)
    return _each_drawn(less, silos * release.several)


def _each_drawn(release: Release, several: int) -> Release:
    """
    What is spent on contributions of which each is drawn by itself, if the release has the noise over all of them.

    Of Laplace noise no closer theorem is used than that any of them is drawn, and all of them at worst.
    """
    if release.sampling != "poisson" or several == 1:
        return release
    if release.mechanism == "laplace":
        return replace(release, rate=chance_of_any(several, release.rate), several=1)
    return replace(release, several=several)


def _tuned(release: Release, spec: DifferentialPrivacy) -> Release:
    """What is spent by all runs that settings were chosen from: as if each of them were released."""
    return _repeated(release, spec, spec.tuning_runs or 1)


def _repeated(release: Release, spec: DifferentialPrivacy, times: int) -> Release:
    if times == 1:
        return release
    if spec.mechanism in {_TREE, _MATRIX}:
        return replace(release, noise_multiplier=release.noise_multiplier / sqrt(times))
    return replace(release, steps=release.steps * times)


def _release(spec: DifferentialPrivacy, noise: float, steps: int, part: Participation, left: float) -> Release:
    release = Release(
        mechanism="gaussian" if spec.mechanism in {_MATRIX, "gnmax"} else spec.mechanism,
        noise_multiplier=noise,
        steps=part.steps(steps),
        rate=1.0 if part.epochs else part.rate,
        sampling=part.sampling,
        participations=steps if part.participations == 0 else part.participations,
        separation=part.separation,
        restart=spec.restart_every if spec.mechanism == _TREE else None,
        grid=spec.grid_noise * left if spec.mechanism == "skellam" and spec.grid_noise else None,
    )
    return _each_drawn(release, part.several)


def _without_delta(spec: DifferentialPrivacy, at: str) -> tuple[str, ...]:
    """The delta, where there should be one: the smaller it is, the larger is epsilon, without an end."""
    return (f"{at}.delta",) if spec.delta is None and spec.mechanism not in PURE else ()


def _by_claim(at: str, spec: DifferentialPrivacy) -> Mechanism:
    """Without its matrix nobody can recompute a matrix mechanism; what is claimed for it counts, and is said to."""
    release = Release(mechanism="zcdp", rho=spec.claimed_rho) if spec.claimed_rho is not None else None
    claimed = spec.claimed_epsilon if release is None else None
    silent = release is None and claimed is None
    without_delta = _without_delta(spec, at)
    return Mechanism(
        path=at,
        unit=spec.unit,
        delta=spec.delta,
        low=release,
        high=None if without_delta else release,
        missing=(*((f"{at}.claimed_rho",) if silent else ()), *without_delta),
        claimed=claimed,
        rests_on_claim=True,
        notes=(_BELIEVED,),
    )

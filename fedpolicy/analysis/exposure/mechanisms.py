"""What each declared privacy mechanism releases over its whole run, in the most and the least favourable reading."""

from __future__ import annotations

from fedpolicy.analysis.accounting import Release
from fedpolicy.graph.model import FlowGraph, Path
from fedpolicy.language.model.deployment import Deployment
from fedpolicy.language.model.safeguards import DifferentialPrivacy
from fedpolicy.records import dataclass

__all__ = ["PURE", "Mechanism", "mechanism_at", "mechanisms_of"]

# These mechanisms give pure differential privacy, which has no delta.
PURE = frozenset({"laplace", "sparse_vector"})
_TREE = "dp_ftrl_tree"
_MATRIX = "dp_matrix_ftrl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """
    One declared mechanism: where it stands, its delta and unit, and what is to be accounted for.

    `low` is the most favourable reading of what is not declared (None: its epsilon could be next to nothing),
    `high` the least favourable (None: nothing bounds it); `missing` names the facts that would make them one.
    `rests_on_claim` says that nothing can be computed, so that a claim decides; `claimed` is the claimed epsilon.
    """

    path: str
    unit: str | None
    delta: float | None
    low: Release | None
    high: Release | None
    missing: tuple[str, ...] = ()
    claimed: float | None = None
    rests_on_claim: bool = False
    note: str = ""


def mechanisms_of(graph: FlowGraph) -> dict[int, Mechanism]:
    """Every mechanism on any flow, by index."""
    found: dict[int, Mechanism] = {}
    for flow in graph.flows:
        for guard in flow.guards:
            spec = guard.noise
            if spec is not None and guard.mechanism is not None and guard.mechanism not in found:
                found[guard.mechanism] = mechanism_at(graph.deployment, guard.path, spec)
    return found


def mechanism_at(deployment: Deployment, path: Path, spec: DifferentialPrivacy) -> Mechanism:
    """Read one mechanism together with the rounds of the task that it stands on."""
    at = ".".join(str(part) for part in path)
    if spec.mechanism == _MATRIX:
        return _by_claim(at, spec)
    steps = _steps(deployment, path, spec, at)
    silent = (f"{at}.noise_multiplier",) if spec.noise_multiplier is None else ()
    without_delta = _without_delta(spec, at)
    parts = _participations(spec, at) if spec.mechanism == _TREE else _sampling(spec, at)
    return Mechanism(
        path=at,
        unit=spec.unit,
        delta=spec.delta,
        low=None if parts.low is None or spec.noise_multiplier is None else _release(spec, steps.least, parts.low),
        high=None
        if parts.high is None or steps.most is None or spec.noise_multiplier is None or without_delta
        else _release(spec, steps.most, parts.high),
        missing=(*silent, *steps.missing, *parts.missing, *without_delta),
        note=parts.note,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Steps:
    least: int
    most: int | None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """How units take part: sampled with a rate, or in so many steps at such a distance."""

    rate: float = 1.0
    sampling: str = "none"
    participations: int | None = None
    separation: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    low: _Part | None
    high: _Part | None
    missing: tuple[str, ...] = ()
    note: str = ""


def _release(spec: DifferentialPrivacy, steps: int, part: _Part) -> Release:
    return Release(
        mechanism=spec.mechanism,
        noise_multiplier=spec.noise_multiplier or 0.0,
        steps=steps,
        rate=part.rate,
        sampling=part.sampling,
        participations=steps if part.participations == 0 else part.participations,
        separation=part.separation,
    )


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
        note="a matrix mechanism cannot be recomputed without its matrix, so what is claimed counts",
    )


def _steps(deployment: Deployment, path: Path, spec: DifferentialPrivacy, at: str) -> _Steps:
    """How often noise is added: `steps`, else the rounds (dp_sgd: times the local steps); else nobody knows."""
    if spec.steps is not None:
        return _Steps(least=spec.steps, most=spec.steps)
    task = deployment.tasks.get(str(path[1])) if path[0] == "tasks" else None
    if task is None:
        return _Steps(least=1, most=None, missing=(f"{at}.steps",))
    wanted = {"rounds": task.rounds}
    if spec.mechanism == "dp_sgd":
        wanted["local_steps"] = task.local_steps
    least = 1
    for number in wanted.values():
        least *= number or 1
    missing = tuple(f"tasks.{path[1]}.{name}" for name, number in wanted.items() if number is None)
    return _Steps(least=least, most=None if missing else least, missing=missing)


def _sampling(spec: DifferentialPrivacy, at: str) -> _Parts:
    whole = _Part()
    if spec.sampling == "none" or spec.sampling_rate == 1.0:
        return _Parts(low=whole, high=whole)
    if spec.where == "client" and (note := _seen_sender(spec)):
        return _Parts(low=whole, high=whole, note=note)
    if spec.sampling_rate is None:
        named = () if spec.sampling else (f"{at}.sampling",)
        return _Parts(low=None, high=whole, missing=(*named, f"{at}.sampling_rate"))
    part = _Part(rate=spec.sampling_rate, sampling=spec.sampling or "poisson")
    if spec.sampling is None:
        return _Parts(low=part, high=whole, missing=(f"{at}.sampling",))
    return _Parts(low=part, high=part)


def _seen_sender(spec: DifferentialPrivacy) -> str:
    """Why sampling does not amplify what each client does by itself; nothing where it does: for its records."""
    if spec.mechanism != "dp_sgd":
        return "whoever gets an update sees who sent it, so sampling clients adds nothing to each client's own noise"
    return "a client that samples its records takes part in every step itself" if spec.unit == "client" else ""


def _participations(spec: DifferentialPrivacy, at: str) -> _Parts:
    """A tree adds noise to sums over all steps: what counts is in how many of them one unit takes part."""
    apart = spec.min_separation or 1
    if spec.max_participations is not None:
        part = _Part(participations=spec.max_participations, separation=apart)
        best = _Part(participations=spec.max_participations, separation=spec.min_separation or None)
        missing = () if spec.min_separation or spec.max_participations == 1 else (f"{at}.min_separation",)
        return _Parts(low=best if not missing else _Part(participations=1), high=part, missing=missing)
    # Zero stands for every step that the separation leaves.
    return _Parts(
        low=_Part(participations=1),
        high=_Part(participations=0, separation=apart),
        missing=(f"{at}.max_participations",),
    )

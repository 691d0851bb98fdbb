"""What each mechanism releases over its whole run, towards one viewer, and who knows more of it than that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import sqrt

from fedpolicy.analysis.accounting import Release
from fedpolicy.analysis.exposure.noise import PURE, Towards, drawn_clients, noise_of, survivors_of, why_without
from fedpolicy.analysis.exposure.participation import (
    EVERY,
    Part,
    Parts,
    Steps,
    participations,
    sampled,
    silos_of,
    steps_of,
)
from fedpolicy.graph import Flow, FlowGraph, Path, Vertex
from fedpolicy.language.model import Deployment
from fedpolicy.language.model.safeguards import DifferentialPrivacy
from fedpolicy.records import dataclass, replace

__all__ = ["OUTSIDE", "PURE", "Insiders", "Mechanism", "informed", "insiders_of", "mechanism_at", "mechanisms_of"]

OUTSIDE = Towards()  # who reads what is released, and knows nothing of how it came about
_TREE = "dp_ftrl_tree"
_MATRIX = "dp_matrix_ftrl"
_BELIEVED = "a matrix mechanism cannot be recomputed without its matrix, so what is claimed counts"
_TUNED = "no other run on these data chose the settings or the model"
_ALIKE = "each run that chose the settings or the model spends no more than this one"
_RELATIVE = "the noise multiplier of the matrix mechanism is over the sensitivity of its whole matrix"


_UP = {"uplink", "exchange"}


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
    noise, steps, parts = noise_of(deployment, path, spec, towards.own), *_taking_part(deployment, path, spec, towards)
    without_delta = _without_delta(spec, at)
    silos, overlap = silos_of(deployment, path)
    unbounded = parts.high is None or steps.most is None or noise.least is None or without_delta
    low = noise.most is not None and parts.low is not None
    return Mechanism(
        path=at,
        unit=spec.unit,
        delta=spec.delta,
        low=_release(spec, noise.most or 0.0, steps.least, parts.low or EVERY) if low else None,
        high=None
        if unbounded
        else _tuned(
            _overlapping(_release(spec, noise.least or 0.0, steps.most or 1, parts.high or EVERY), spec, silos), spec
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


def _overlapping(release: Release, spec: DifferentialPrivacy, silos: int) -> Release:
    """
    What is spent on a person who is in several silos.

    Noise of each silo's own makes as many mechanisms; in one sum the person's contributions add up.
    """
    if silos == 1:
        return release
    if spec.where != "client":
        return replace(release, noise_multiplier=release.noise_multiplier / silos)
    return _repeated(release, spec, silos)


def _tuned(release: Release, spec: DifferentialPrivacy) -> Release:
    """What is spent by all runs that settings were chosen from: as if each of them were released."""
    return _repeated(release, spec, spec.tuning_runs or 1)


def _repeated(release: Release, spec: DifferentialPrivacy, times: int) -> Release:
    if times == 1:
        return release
    if spec.mechanism in {_TREE, _MATRIX}:
        return replace(release, noise_multiplier=release.noise_multiplier / sqrt(times))
    return replace(release, steps=release.steps * times)


def _release(spec: DifferentialPrivacy, noise: float, steps: int, part: Part) -> Release:
    return Release(
        mechanism="gaussian" if spec.mechanism in {_MATRIX, "gnmax"} else spec.mechanism,
        noise_multiplier=noise,
        steps=part.steps(steps),
        rate=1.0 if part.epochs else part.rate,
        sampling=part.sampling,
        participations=steps if part.participations == 0 else part.participations,
        separation=part.separation,
        restart=spec.restart_every if spec.mechanism == _TREE else None,
        grid=spec.grid_noise if spec.mechanism == "skellam" else None,
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
        notes=(_BELIEVED,),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Insiders:
    """
    One mechanism, and who knows what of it.

    `own` counts the shares of noise of the clients that a party operates or hosts, or that those do with whom it runs a
    node; at least as many shares as `there` says are there. `sees` are those who draw a sample of clients, or see who
    is in it; `readers` are those to whom anything of the task is sent.
    """

    path: Path
    spec: DifferentialPrivacy
    own: Mapping[str, int]
    there: int
    sees: frozenset[str]
    readers: frozenset[str]

    def towards(self, party: str) -> Towards:
        """What a party knows."""
        return Towards(own=self.own.get(party, 0), sees_sample=party in self.sees)

    def leaves_noise(self, pool: tuple[str, ...]) -> bool:
        """Whether somebody adds a share of the noise that those who pool what they know do not know."""
        return self.there > max((self.own.get(party, 0) for party in pool), default=0)

    def mechanism(self, graph: FlowGraph, towards: Towards) -> Mechanism:
        """The mechanism as somebody sees it who knows so much."""
        return mechanism_at(graph.deployment, self.path, self.spec, towards)


def informed(graph: FlowGraph, path: Path, spec: DifferentialPrivacy) -> Mapping[Towards, tuple[str, ...]]:
    """Those to whom anything of a task is sent and who know more of its noise, by what they know."""
    carriers = [flow for flow in graph.flows if any(guard.path == path for guard in flow.guards)]
    inside = _insiders(graph, path, spec, carriers)
    found: dict[Towards, list[str]] = {}
    for party in sorted(inside.readers & (inside.own.keys() | inside.sees)):
        found.setdefault(inside.towards(party), []).append(party)
    return {towards: tuple(parties) for towards, parties in found.items()}


def insiders_of(graph: FlowGraph) -> Mapping[int, Insiders]:
    """For each mechanism of which anybody can know more: distributed noise, and samples of clients."""
    specs: dict[int, tuple[Path, DifferentialPrivacy]] = {}
    carriers: dict[int, list[Flow]] = {}
    for flow in graph.flows:
        for guard in flow.guards:
            spec = guard.noise
            if spec is not None and guard.mechanism is not None and _concerns(spec):
                specs[guard.mechanism] = (guard.path, spec)
                carriers.setdefault(guard.mechanism, []).append(flow)
    return {index: _insiders(graph, path, spec, carriers[index]) for index, (path, spec) in sorted(specs.items())}


def _concerns(spec: DifferentialPrivacy) -> bool:
    return spec.where == "distributed" or drawn_clients(spec)


def _insiders(graph: FlowGraph, path: Path, spec: DifferentialPrivacy, carriers: list[Flow]) -> Insiders:
    origin = ".".join(map(str, path[:2]))
    ends = [flow for flow in graph.flows if flow.origin == origin]
    sees = {who for flow in ends if flow.role in _UP for who in _behind(graph.vertices[flow.target])}
    drawers = {who for flow in carriers if spec.where == "aggregator" for who in _behind(graph.vertices[flow.source])}
    shared = [flow for flow in carriers if spec.where == "distributed"]
    senders = {flow.source for flow in shared if any(one.path == path and not one.ignored for one in flow.guards)}
    return Insiders(
        path=path,
        spec=spec,
        own=_known_shares(graph, senders),
        there=survivors_of(graph.deployment, path),
        sees=frozenset(sees | (drawers - _senders(graph, ends))) if drawn_clients(spec) else frozenset(),
        readers=frozenset(who for flow in ends for who in _behind(graph.vertices[flow.target])),
    )


def _known_shares(graph: FlowGraph, senders: set[str]) -> dict[str, int]:
    """How many shares each party knows: of the clients that it runs or hosts, or that its fellow operators do."""
    known: dict[str, dict[str, int]] = {}
    for place in (graph.vertices[name] for name in sorted(senders)):
        for party in dict.fromkeys(_behind(place)):
            # The peer of a cohort stands for all other members, and each of them knows its own share only.
            known.setdefault(party, {})[place.id] = 1 if party == place.party else place.weight
    pooled = {party: dict(shares) for party, shares in known.items()}
    pools = {place.operators for place in graph.vertices.values() if len(place.operators) > 1} if known else set()
    for pool in pools:
        for party in pool:
            mine = pooled.setdefault(party, {})
            for fellow in pool:
                for name, count in known.get(fellow, {}).items():
                    mine[name] = max(mine.get(name, 0), count)
    return {party: sum(shares.values()) for party, shares in pooled.items() if shares}


def _senders(graph: FlowGraph, ends: list[Flow]) -> set[str]:
    """Those who only ever send: clients carry the safeguards of the aggregator too, before it applies them."""
    way = [flow for flow in ends if flow.role in _UP]
    first = {flow.source for flow in way} - {flow.target for flow in way}
    return {who for name in first for who in _behind(graph.vertices[name])}


def _behind(place: Vertex) -> Iterator[str]:
    if place.kind == "place":
        yield from (*place.operators, place.host)

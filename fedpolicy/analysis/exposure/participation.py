"""How often a mechanism adds noise, and how units take part in it: in all steps, by chance, once an epoch, or apart."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor

from fedpolicy.analysis.exposure.noise import Towards, drawn_clients, task_of
from fedpolicy.graph import FlowGraph, Path
from fedpolicy.language.model import Deployment
from fedpolicy.language.model.safeguards import DifferentialPrivacy
from fedpolicy.records import dataclass

_SEEN = "sees who is in each sample of clients, which hides nobody then"
# Of these, steps count answers, or nothing.
_PER_ANSWER = {"sparse_vector", "dp_matrix_ftrl", "exponential", "randomised_response", "gnmax", "metric"}
_ROUNDED, _NEARLY = 1.05, 1.005  # rates are rounded
_SEVERAL = "samples of fixed size amplify nothing for a unit with several contributions: no theorem is used for it"
_EPOCHS = "each epoch uses each unit once, in an order that does not depend on the data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """How often noise is added, at least and at most (None: without an end)."""

    least: int
    most: int | None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Participation:
    """
    How units take part: sampled with a rate, or in so many steps at such a distance.

    Each of its `several` contributions is drawn by itself. `epochs` says that each unit takes part in that share of the
    steps, no more.
    """

    rate: float = 1.0
    sampling: str = "none"
    participations: int | None = None
    separation: int | None = None
    several: int = 1
    epochs: bool = False

    def steps(self, steps: int) -> int:
        """In how many of the steps a unit takes part."""
        return max(1, ceil(steps * self.rate * (1 - 1e-12))) if self.epochs else steps


EVERY = Participation()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The most and the least favourable reading, what would make them one, and what that takes for granted."""

    low: Participation | None
    high: Participation | None
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    because: tuple[str, ...] = ()


def steps_of(deployment: Deployment, path: Path, spec: DifferentialPrivacy) -> Steps:
    """How often noise is added: `steps`, else the rounds (dp_sgd: times the local steps); else nobody knows."""
    if spec.steps is not None:
        return Steps(least=spec.steps, most=spec.steps)
    task = task_of(deployment, path)
    if task is None:
        return Steps(least=1, most=None, missing=(".".join(map(str, (*path, "steps"))),))
    wanted = {"rounds": task.rounds}
    if spec.mechanism == "dp_sgd":
        wanted["local_steps"] = task.local_steps
    least = 1
    for number in wanted.values():
        least *= number or 1
    missing = tuple(f"tasks.{path[1]}.{name}" for name, number in wanted.items() if number is None)
    return Steps(least=least, most=None if missing else least, missing=missing)


def sampled(spec: DifferentialPrivacy, at: str, towards: Towards) -> Parts:
    """How units are drawn for each step, as far as whoever looks cannot see it."""
    silent = spec.mechanism in _PER_ANSWER and spec.sampling is None
    if silent or spec.sampling == "none" or spec.sampling_rate == 1.0:
        return Parts(low=EVERY, high=EVERY)
    in_turn = spec.sampling in {"shuffled", "cyclic"}
    if in_turn and not (spec.where == "client" and _takes_part_itself(spec)):
        return _in_epochs(spec, at)
    if spec.where == "client" and (note := _seen_sender(spec)):
        return Parts(low=EVERY, high=EVERY, notes=(note,))
    if towards.sees_sample and drawn_clients(spec):
        return Parts(low=EVERY, high=EVERY, because=(_SEEN,))
    return _by_chance(spec, at)


def _by_chance(spec: DifferentialPrivacy, at: str) -> Parts:
    if spec.sampling_rate is None:
        named = () if spec.sampling else (f"{at}.sampling",)
        return Parts(low=None, high=EVERY, missing=(*named, f"{at}.sampling_rate"))
    part = Participation(rate=spec.sampling_rate, sampling=spec.sampling or "poisson")
    several = spec.contributions_per_unit or 1
    if several > 1:
        if spec.sampling == "fixed":
            return Parts(low=None, high=EVERY, notes=(_SEVERAL,))
        part = Participation(rate=spec.sampling_rate, sampling="poisson", several=several)
        if spec.sampling and spec.mechanism == "laplace":
            return Parts(low=None, high=part)
    if spec.sampling is None:
        return Parts(low=part, high=EVERY, missing=(f"{at}.sampling",))
    return Parts(low=part, high=part)


def _in_epochs(spec: DifferentialPrivacy, at: str) -> Parts:
    """
    Batches that go through the data in turn: each unit counts once an epoch, and nothing is amplified.

    In a known order that is exact. In a shuffled one it is a bound, as the order is drawn without looking at the data
    (quasi-convexity); how much less it may be, no theorem tells (Chua et al. 2024).
    """
    if spec.sampling_rate is None:
        return Parts(low=None, high=EVERY, missing=(f"{at}.sampling_rate",))
    # A last batch may be a part of one, and may be left out; rates are rounded.
    most = max(spec.sampling_rate, 1 / max(1, floor(_NEARLY / spec.sampling_rate)))
    least = 1 / ceil(1 / _NEARLY / spec.sampling_rate)
    low = Participation(rate=least, epochs=True) if spec.sampling == "cyclic" else None
    return Parts(low=low, high=Participation(rate=most, epochs=True), notes=(_EPOCHS,))


def _seen_sender(spec: DifferentialPrivacy) -> str:
    """Why sampling does not amplify what each client does by itself; nothing where it does: for its records."""
    if spec.mechanism != "dp_sgd":
        return "the receiver of an update sees who sent it, so sampling clients adds nothing to each client's own noise"
    return "a client that samples its records takes part in every step itself" if _takes_part_itself(spec) else ""


def _takes_part_itself(spec: DifferentialPrivacy) -> bool:
    """Whether a client, which is the unit, draws of its own records and not whether it takes part."""
    return spec.mechanism == "dp_sgd" and spec.unit == "client"


def participations(spec: DifferentialPrivacy, at: str) -> Parts:
    """A tree adds noise to sums over all steps: what counts is in how many of them one unit takes part."""
    apart = spec.min_separation or 1
    if spec.max_participations is not None:
        part = Participation(participations=spec.max_participations, separation=apart)
        best = Participation(participations=spec.max_participations, separation=spec.min_separation or None)
        missing = () if spec.min_separation or spec.max_participations == 1 else (f"{at}.min_separation",)
        return Parts(low=best if not missing else Participation(participations=1), high=part, missing=missing)
    # Zero stands for every step that the separation leaves.
    return Parts(
        low=Participation(participations=1),
        high=Participation(participations=0, separation=apart),
        missing=(f"{at}.max_participations",),
    )


def fewer_steps(deployment: Deployment, path: Path, spec: DifferentialPrivacy) -> str:
    """How the stated steps contradict the rounds of the task: each round adds noise at least once."""
    task = task_of(deployment, path)
    if task is None or task.rounds is None or spec.steps is None or spec.mechanism in _PER_ANSWER:
        return ""
    return f"{spec.steps:,} step{'s' * (spec.steps > 1)} in {task.rounds:,} rounds" if spec.steps < task.rounds else ""


def lower_rate(graph: FlowGraph, path: Path, spec: DifferentialPrivacy) -> str:
    """How a stated rate contradicts the clients per round, where what is drawn are clients."""
    task = task_of(graph.deployment, path)
    if task is None or task.clients_per_round is None or spec.sampling_rate is None or not drawn_clients(spec):
        return ""
    places = {place for reference in task.runs_on for place in graph.members[reference]}
    clients = sum(graph.vertices[place].weight for place in places)
    drawn = task.clients_per_round / clients
    if spec.sampling_rate * _ROUNDED >= drawn:
        return ""
    return (
        f"a rate of {spec.sampling_rate:g}, but {task.clients_per_round:,} of {clients:,} clients, which is {drawn:.3g}"
    )


def silos_of(deployment: Deployment, path: Path) -> tuple[int, tuple[str, ...]]:
    """In how many instances of the data of a task one person may be, and what is taken for granted about that."""
    task = task_of(deployment, path)
    named = [(name, deployment.datasets.get(name.partition("@")[0])) for name in (task.data if task else ())]
    people = [(name, dataset) for name, dataset in named if dataset and dataset.unit == "person"]
    instances = sum(1 if "@" in name else _instances(deployment, dataset.at) for name, dataset in people)
    if instances <= 1:
        return 1, ()
    if any(dataset.overlap == "possible" for _, dataset in people):
        return instances, (f"one person is in no more than the {instances:,} instances of the data",)
    said = all(dataset.overlap == "none" for _, dataset in people)
    return 1, () if said else (f"nobody is in more than one of the {instances:,} instances of the data",)


def _instances(deployment: Deployment, nodes: Sequence[str]) -> int:
    found = (deployment.nodes[name] for name in nodes if name in deployment.nodes)
    return sum(max(node.count, len(node.party) if isinstance(node.party, tuple) else 1) for node in found)

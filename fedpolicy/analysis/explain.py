"""One disclosure in full: the level after every hop, what did not count, and what would have lowered it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure import Reading
from fedpolicy.analysis.exposure.disclosures import disclosure_of_pair
from fedpolicy.analysis.facts import Disclosure, Step
from fedpolicy.language.model.does import Noise, Sum
from fedpolicy.language.model.safeguards import DifferentialPrivacy, SecureAggregation

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.analysis.exposure.state import Exposure
    from fedpolicy.language.model import Deployment
    from fedpolicy.language.model.flow import Task

_TOLD = (Reading.LOW, Reading.HIGH, Reading.GUARANTEED)


@dataclass(frozen=True, slots=True, kw_only=True)
class HopLevel:
    """A step of a path, and the levels at which its target holds the dataset (declared at worst, guaranteed)."""

    step: Step
    high: int
    guaranteed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One party in one capacity and one dataset: the disclosure, its ways with levels, and what would lower it."""

    disclosure: Disclosure
    ways: tuple[tuple[HopLevel, ...], ...]
    counterfactuals: tuple[Counterfactual, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything that is known about what `party` learns of `dataset`; empty where nothing reaches it."""

    party: str
    dataset: str
    entries: tuple[Explained, ...]


def explain(study: Study, party: str, dataset: str) -> Explanation:
    """
    Explain what a party (or any member of a cohort of that name) learns of a dataset or one instance of it.

    Identical disclosures are explained once, for the first party and instance that match.
    """
    entries = []
    for group in study.disclosures:
        parties = [name for name in group.parties if party in {name, study.lookup.party(name)}]
        wanted = [name for name in group.datasets if dataset in {name, name.partition("@")[0]}]
        # A group speaks of what its parties learn of one another; nobody's own data are meant.
        asked = ((name, [one for one in wanted if study.exposure.items[one].owner != name]) for name in parties)
        found = next(((name, others) for name, others in asked if others), None)
        if found:
            entries.append(_explain(study, group, *found))
    return Explanation(party=party, dataset=dataset, entries=tuple(entries))


def _explain(study: Study, group: Disclosure, party: str, datasets: list[str]) -> Explained:
    pair = disclosure_of_pair(study.exposure, group, party, datasets[0])
    shown = replace(pair, datasets=tuple(datasets), pairs=len(datasets))
    return Explained(
        disclosure=shown,
        ways=tuple(tuple(_level(study.exposure, step, datasets[0]) for step in path) for path in pair.paths),
        counterfactuals=counterfactuals(study, pair),
    )


def _level(exposure: Exposure, step: Step, dataset: str) -> HopLevel:
    index = exposure.items[dataset].index
    return HopLevel(
        step=step,
        high=exposure.holdings(Reading.HIGH).level(step.target, index),
        guaranteed=exposure.holdings(Reading.GUARANTEED).level(step.target, index),
    )


_MEMBERS = 3


_Change = tuple[str, "Deployment"]  # in words, and the deployment with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterfactual:
    """What the levels of one disclosure become under a change; `lowers` says whether any of them falls."""

    change: str
    low: int
    high: int
    guaranteed: int
    lowers: bool


def counterfactuals(study: Study, disclosure: Disclosure) -> tuple[Counterfactual, ...]:
    """
    Try every single change that bears on the paths of a disclosure, and all removals together.

    Only the first party and the first dataset of the disclosure are asked about.
    """
    found = [_try(study, disclosure, *change) for change in _candidates(study.deployment, disclosure)]
    return tuple(sorted(found, key=lambda c: (not c.lowers, c.guaranteed, c.high, c.change)))


def _try(study: Study, disclosure: Disclosure, text: str, changed: Deployment) -> Counterfactual:
    exposure = study.of(changed).exposure
    item = exposure.items.get(disclosure.datasets[0])
    viewer = exposure.viewers.get((disclosure.parties[0], disclosure.role))
    low = high = guaranteed = 0
    if viewer is not None and item is not None:
        views = exposure.views(viewer)
        low, high, guaranteed = (views[reading].level(item.index) for reading in _TOLD)
    lowers = (high, guaranteed) != (disclosure.high, disclosure.guaranteed) and (
        high <= disclosure.high and guaranteed <= disclosure.guaranteed
    )
    return Counterfactual(change=text, low=low, high=high, guaranteed=guaranteed, lowers=lowers)


def _candidates(deployment: Deployment, disclosure: Disclosure) -> Iterator[_Change]:
    steps = [step for path in disclosure.paths for step in path]
    origins = sorted({step.origin for step in steps})
    yield from _removals(deployment, disclosure)
    for origin in origins:
        kind, _, name = origin.partition(".")
        if kind == "tasks" and name in deployment.tasks:
            yield from _safeguards(deployment, name, steps)
    yield from _own_models(deployment, steps)
    yield from _trust(deployment, disclosure)


def _removals(deployment: Deployment, disclosure: Disclosure) -> Iterator[_Change]:
    """Drop the last element of each way in, one at a time and then all."""
    last = sorted({path[-1].origin for path in disclosure.paths if path})
    removable = [origin for origin in last if origin.partition(".")[0] in {"tasks", "api_calls", "flows"}]
    for some in [[origin] for origin in removable] + [removable] * (len(removable) > 1):
        yield f"drop {' and '.join(some)}", _without(deployment, some)


def _without(deployment: Deployment, origins: Sequence[str]) -> Deployment:
    update: dict[str, Mapping[str, object]] = {}
    for origin in origins:
        kind, _, name = origin.partition(".")
        entries = update.get(kind, getattr(deployment, kind))
        update[kind] = {key: value for key, value in entries.items() if key != name}
    return deployment.changed(**update)


def _safeguards(deployment: Deployment, name: str, steps: Sequence[Step]) -> Iterator[_Change]:
    task = deployment.tasks[name]
    if any(step.role == "uplink" and step.origin == f"tasks.{name}" for step in steps):
        least = min(_MEMBERS, _clients(deployment, task))
        if least > 1 and not any(isinstance(safeguard.does, Sum) for safeguard in task.safeguards):
            added = SecureAggregation(kind="secure_aggregation", min_clients=least)
            yield f"secure aggregation over at least {least} clients on tasks.{name}", _with(deployment, name, added)
        if not any(isinstance(s.does, Noise) and s.does.where_of(s) == "client" for s in task.safeguards):
            yield f"differential privacy applied by each client on tasks.{name}", _with(deployment, name, _noise())


def _clients(deployment: Deployment, task: Task) -> int:
    """How many clients there are in a round."""
    total = 0
    for reference in task.runs_on:
        family, at, _ = reference.partition("@")
        node = deployment.nodes[family]
        total += node.count * (1 if at or isinstance(node.party, str) else len(node.party))
    return min(total, task.clients_per_round or total)


def _with(deployment: Deployment, name: str, safeguard: SecureAggregation | DifferentialPrivacy) -> Deployment:
    task = deployment.tasks[name]
    changed = task.changed(safeguards=(*task.safeguards, safeguard))
    return deployment.changed(tasks={**deployment.tasks, name: changed})


def _noise() -> DifferentialPrivacy:
    # A mechanism that is sound in every respect: what is asked is whether one there would help.
    return DifferentialPrivacy(
        kind="differential_privacy",
        where="client",
        noise_multiplier=1e6,
        clipping_norm=1.0,
        sampling="none",
        steps=1,
        delta=1e-12,
        unit="client",
    )


def _own_models(deployment: Deployment, steps: Sequence[Step]) -> Iterator[_Change]:
    """Run an open-weight model of the same kind on the nodes that call."""
    for name, callers in sorted(_called(deployment, steps).items()):
        text = f"run an open-weight model in place of models.{name} on {', '.join(callers)}"
        update = {"ref": None, "weights": "open", "via": None, "provider": None, "weights_at": tuple(callers)}
        changed = deployment.models[name].changed(**update)
        yield text, deployment.changed(models={**deployment.models, name: changed})


def _called(deployment: Deployment, steps: Sequence[Step]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for step in steps:
        if step.role not in {"call", "hosted-training"}:
            continue
        kind, _, name = step.origin.partition(".")
        entry = deployment.tasks[name] if kind == "tasks" else deployment.api_calls[name]
        if entry.model is not None:
            callers = deployment.tasks[name].runs_on if kind == "tasks" else deployment.api_calls[name].from_
            found[entry.model] = sorted({*found.get(entry.model, []), *callers})
    return found


def _trust(deployment: Deployment, disclosure: Disclosure) -> Iterator[_Change]:
    """Let the owner accept those on whose word a safeguard rests."""
    owner = disclosure.datasets[0].partition("@")[2].split(".")[0]
    refused = sorted(
        {who for reason in disclosure.not_counted for who in reason.rests_on if reason.level == "guaranteed"}
    )
    if refused:
        party = deployment.parties.get(owner)
        changed = {owner: party.changed(trusts=(*party.trusts, *refused))} if party else {}
        yield (
            f"{owner} comes to trust {', '.join(refused)}",
            deployment.changed(parties={**deployment.parties, **changed}),
        )

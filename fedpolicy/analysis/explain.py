"""One disclosure in full: the level after every hop, what did not count, and what would have lowered it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fedpolicy.analysis.counterfactual import Counterfactual, counterfactuals
from fedpolicy.analysis.exposure.disclose import disclosure_of_pair
from fedpolicy.analysis.exposure.readings import Reading
from fedpolicy.analysis.facts import Disclosure, Step

if TYPE_CHECKING:
    from fedpolicy.analysis.exposure.state import Exposure
    from fedpolicy.analysis.study import Study

__all__ = ["Explained", "Explanation", "HopLevel", "explain"]


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

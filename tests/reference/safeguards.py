"""What the safeguards of a list do to what one sender sends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tests.reference.movement import LEVELS, Answer, Cap, Contributor, Noise, Seal, Sum, Word
from tests.reference.world import World

UNITS = ("record", "day", "person", "client")
MALLEABLE = ("homomorphic_encryption", "secret_sharing")
SEALING = (*MALLEABLE, "end_to_end_encryption")


def unsaid(guards: Sequence[Any]) -> bool:
    """Whether nobody knows which safeguards there are: then nothing may get through."""
    return any(one.kind == "unknown" for one in guards)


def noisy(world: World, payload: str) -> bool:
    """Whether noise counts on a payload: on numbers, and on what a private mechanism may have made."""
    return world.catalog.payloads[payload].summable or payload in ("intersection", "predictions", "synthetic_data")


def word(world: World, one: Any, places: Iterable[str]) -> tuple[Word, ...]:
    """Whose word a safeguard rests on that is done at some places: theirs, or that of whoever performs it there."""
    found = []
    for place in (hand for one_place in places for hand in world.hands.get(one_place, [one_place])):
        parties = world.words(place)
        if one is not None and one.operated_by:
            here = world.places[place]
            found.append(Word(parties=frozenset(one.operated_by)))
            parties = {world.supplier(here.code, here) or here.party}
        found.append(Word(parties=frozenset(parties), place=place))
    return tuple(found)


def readers(world: World, names: Iterable[str], beside: str | None, threshold: int = 1) -> frozenset[str]:
    """Nodes and parties that can open something; a family means all members, or the sender, if one is enough."""
    found: set[str] = set()
    for name in names:
        if name in world.families or name in world.places:
            members = world.families.get(name, [name])
            found |= {beside} if beside in members and threshold == 1 else {*members}
        else:
            found.add(name)
    return frozenset(found)


def seals(world: World, guards: Sequence[Any], place: str, *, beside: str | None = None) -> tuple[Seal, ...]:
    """The seals that a list puts on what a place sends."""
    found = []
    for one in guards:
        if one.kind in SEALING:
            shared = one.kind == "secret_sharing"
            threshold = one.threshold if shared else 1
            found.append(
                Seal(
                    readers=readers(world, one.of if shared else one.sealed_for, beside, threshold),
                    threshold=threshold,
                    malleable=one.kind in MALLEABLE,
                    words=word(world, one, [place]),
                )
            )
    return tuple(found)


def flow_seals(world: World, flow: Any, source: str) -> tuple[Seal, ...]:
    """The seals on what a flow carries from one place."""
    found = seals(world, flow.safeguards, source, beside=source)
    if flow.sealed_for is not None:
        found += (
            Seal(
                readers=readers(world, flow.sealed_for.of, source, flow.sealed_for.threshold),
                threshold=flow.sealed_for.threshold,
                malleable=False,
                words=word(world, None, [source]),
            ),
        )
    return found


def caps(world: World, guards: Sequence[Any], place: str) -> tuple[Cap, ...]:
    """What de-identification lowers, dataset by dataset."""
    row = world.catalog.safeguards["deidentification"]
    found = []
    for one in guards:
        if one.kind == "deidentification":
            level = LEVELS.index(row.caps[one.method])
            text = max(level, LEVELS.index(row.free_text_cap))
            datasets = world.file.datasets.items()
            levels = tuple(
                (name, text if {"free-text", "unknown"} & {*data.categories} else level) for name, data in datasets
            )
            best = tuple((name, text if "free-text" in data.categories else level) for name, data in datasets)
            found.append(Cap(levels=levels, best=best, words=word(world, one, [place])))
    return tuple(found)


def secure_sums(
    world: World,
    guards: Sequence[Any],
    title: str,
    places: Sequence[str],
    crowd: tuple[Contributor, ...],
    idle: int = 0,
    least_units: int = 0,
    *,
    at: str = "",
    fed: Iterable[str] = (),
    below: tuple[Contributor, ...] = (),
) -> tuple[Sum, ...]:
    """The sums that secure aggregation hides contributions in; some who take part in them may have nothing to add."""
    total = sum(one.count for one in crowd)
    return tuple(
        Sum(
            id=f"{title}.{number}",
            contributors=crowd,
            least=max(1, min(one.min_clients - idle, total)),
            most=max(1, min(one.min_clients - idle, total)),
            words=word(world, one, places),
            least_units=least_units,
            secure=True,
            task=title.split(".")[1],
            at=at,
            fed=frozenset(fed),
            crowd=below or crowd,
        )
        for number, one in enumerate(guards)
        if one.kind == "secure_aggregation"
    )


def on_all(one: Any) -> bool:
    """Whether noise bounds all that one client says, whatever that is made of."""
    return bool(one.unit == "client" or (one.mechanism == "gnmax" and one.sampling in (None, "none")))


def noises(
    world: World,
    guards: Sequence[Any],
    title: str,
    where: str,
    places: Sequence[str],
    covered: frozenset[str],
    counts: Callable[[Any], bool] = bool,
) -> tuple[Noise, ...]:
    """The noise of a list that is added by whom `where` says, at these places, to these instances."""
    found = []
    for number, one in enumerate(guards):
        if one.kind == "differential_privacy" and one.where == where and counts(one):
            weighed = _weighed(world, title, one)
            enough = tuple((item, _enough(world, one, item, covered, weighed)) for item in sorted(covered))
            found.append(Noise(id=f"{title}.{number}", enough=enough, words=word(world, one, places)))
    return tuple(found)


def _weighed(world: World, title: str, one: Any) -> Answer:
    """Whether no contribution weighs more in what is added up than the noise on the sum was made for."""
    section, name, *_ = title.split(".")
    if section != "tasks" or one.where == "client":
        return "yes"
    task = world.file.tasks[name]
    if task.aggregation == "weighted_mean":
        return {True: "yes", False: "no", None: "unknown"}[one.bounded_weights]
    if task.aggregation in ("krum", "stacking"):
        return "no"  # which is no sum
    return "unknown" if task.says_unknown("aggregation") else "yes"


def _enough(world: World, one: Any, item: str, covered: frozenset[str], weighed: Answer) -> Answer:
    """
    Whether noise counts for an instance.

    Generated noise is either so much that no epsilon exceeds the limit, or none, so nothing is accounted for here.
    """
    if one.noise_multiplier == 0:
        return "no"
    (found,) = [i for i in world.instances if i.id == item]
    dataset = world.file.datasets[found.dataset]
    if dataset.unit is not None and one.unit is not None and UNITS.index(one.unit) < UNITS.index(dataset.unit):
        return "no"
    answers: list[Answer] = [_small(world, one.delta, covered), weighed]
    answers += ["unknown"] if dataset.unit is None else []
    answers += ["unknown" for key in ("noise_multiplier", "clipping_norm", "unit") if getattr(one, key) is None]
    return "no" if "no" in answers else "unknown" if "unknown" in answers else "yes"


def _small(world: World, delta: float | None, covered: frozenset[str]) -> Answer:
    """Whether delta is below one over the units of all that is covered."""
    if delta is None:
        return "unknown"
    total, silent = 0.0, False
    for item in (one for one in world.instances if one.id in covered):
        dataset, count = world.file.datasets[item.dataset], world.places[item.place].count
        subjects = 1 if dataset.unit == "client" else dataset.subjects
        silent |= subjects is None
        total += (subjects or 0) * (1 if count == 1 else count / 2)  # of two who stand for all
    if delta >= 1 / max(total, 1):
        return "no"
    return "unknown" if silent else "yes"

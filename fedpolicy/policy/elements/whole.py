"""The deployment as rules look at it, and what is done in it with whose data."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fedpolicy.graph.jobs import UNKNOWN
from fedpolicy.policy.elements.dataset import has_permit
from fedpolicy.policy.elements.shared import open_field, or_perhaps
from fedpolicy.policy.elements.subject_matter import about_health, has_flag, is_private, paths_of
from fedpolicy.policy.elements.usage import used_of
from fedpolicy.policy.fields import Missing, Presence, Type
from fedpolicy.policy.world import World
from fedpolicy.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class Whole:
    """The deployment itself."""

    world: World
    only: tuple[str, ...] | None = None  # the datasets of those whom a law protects, where a rule looks at them alone
    owners: frozenset[str] | None = None  # and who these are
    others: frozenset[str] = frozenset()  # and whom it may protect
    perhaps: tuple[str, ...] = ()  # beside these, the datasets of those whom it may protect
    unsaid: tuple[str, ...] = ()  # the facts on which that hangs

    @property
    def families(self) -> tuple[str, ...]:
        """All datasets."""
        return tuple(sorted(self.world.deployment.datasets)) if self.only is None else self.only


def _trains(whole: Whole, tasks: Iterable[str] | None = None) -> Presence:
    """Whether any task, or any of some, trains a model; not known where nobody says what one does."""
    world = whole.world
    methods = {name: world.deployment.tasks[name].method for name in (tasks or world.deployment.tasks)}
    if any(world.catalog.methods[method].trains for method in methods.values() if method != UNKNOWN):
        return True
    unsure = tuple(f"tasks.{name}.method" for name, method in sorted(methods.items()) if method == UNKNOWN)
    return Missing(unsure) if unsure else False


def _of_protected(whole: Whole, asked: Callable[[Whole], Presence]) -> Presence:
    """What is so of the data of those whom a law protects; where it is only so of others, whom it may, a question."""
    found = asked(whole)
    others = replace(whole, only=whole.perhaps, owners=whole.others)
    return or_perhaps(found, lambda: asked(others), whole.unsaid) if whole.perhaps else found


def _trained_on_personal(whole: Whole) -> Presence:
    """Whether a task trains on personal data of those whom a law protects."""
    found = {name: _worked_on(whole, f"tasks.{name}", "personal") for name in whole.world.deployment.tasks}
    sure = [name for name, about in found.items() if about is True]
    known = _trains(whole, sure) if sure else False
    unsure = [
        name for name, about in found.items() if isinstance(about, Missing) and _trains(whole, [name]) is not False
    ]
    paths = {path for one in (known, *(found[name] for name in unsure)) for path in paths_of(one)}
    return True if known is True else Missing(tuple(sorted(paths))) if paths else False


def _worked_on(whole: Whole, use: str, flag: str) -> Presence:
    world = whole.world
    mine = [
        family
        for family in world.use_data(use)
        if family in whole.families and _theirs(whole, world.owners_used(use, (family,)))
    ]
    return has_flag(world, mine, flag)


def _theirs(whole: Whole, owners: Iterable[str]) -> bool:
    return whole.owners is None or not whole.owners.isdisjoint(owners)


def _used_under_permit(whole: Whole) -> Presence:
    world = whole.world
    permitted = [name for name in whole.families if has_permit(world, [name])]
    theirs = {name: whole.owners if whole.owners is not None else world.owners([name]) for name in permitted}
    return about_health(world, [name for name in permitted if used_of(world, name, theirs[name])])


def _works_on_private(whole: Whole) -> Presence:
    world = whole.world
    worked = {family for name in world.deployment.tasks for family in world.use_data(f"tasks.{name}")}
    return is_private(world, sorted(worked))


WORK = (
    open_field("trains", Type.BOOL, "some task trains a model", _trains),
    open_field(
        "trains_on_personal",
        Type.BOOL,
        "some task trains on personal data; for a law, of those whom it protects",
        lambda whole: _of_protected(whole, _trained_on_personal),
    ),
    open_field(
        "health_under_permit",
        Type.BOOL,
        "a task or call uses health data under a permit that holds",
        lambda whole: _of_protected(whole, _used_under_permit),
    ),
    open_field("works_on_private", Type.BOOL, "some task works on private data", _works_on_private),
)

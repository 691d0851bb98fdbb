"""The organisations whose data of one kind meet in a task, and whether agreements join all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from fedpolicy.policy.elements.agreement import firm_answer, firm_lack, shared_kinds, unconnected
from fedpolicy.policy.elements.dataset import has_permit
from fedpolicy.policy.elements.shared import open_field
from fedpolicy.policy.elements.subject_matter import about_health, is_personal, is_private
from fedpolicy.policy.elements.task_view import TaskView
from fedpolicy.policy.fields import Field, Missing, Presence, Type
from fedpolicy.policy.world import World
from fedpolicy.records import dataclass

Wanted = Callable[[World, str], Presence]

_CONSORTIUM = ("consortium", "joint_controllers")
_CONTRACTS = (*_CONSORTIUM, "data_use", "data_processing")


@dataclass(frozen=True, slots=True)
class _Meeting:
    """Who meets with which data; `missing` are the facts on which it hangs that there are several."""

    owners: list[str]
    families: tuple[str, ...]
    missing: tuple[str, ...] = ()


def _meeting(view: TaskView, wanted: Wanted) -> _Meeting:
    known = {family: wanted(view.world, family) for family in view.families}
    sure = tuple(family for family, found in known.items() if found is True)
    perhaps = tuple(family for family, found in known.items() if found is not False)
    certain = [who for who in _organisations(view, sure) if who not in view.unsure]
    others = _organisations(view, perhaps)
    if len(certain) > 1 or len(others) < 2:  # noqa: PLR2004  several
        return _Meeting(certain, sure)
    unsaid = {path for found in known.values() if isinstance(found, Missing) for path in found.paths}
    places = view.world.whereabouts(who for who in others if who in view.unsure)
    return _Meeting(others, perhaps, tuple(sorted({*unsaid, *places})))


def _organisations(view: TaskView, families: tuple[str, ...]) -> list[str]:
    owners: Iterable[str] = view.world.owners_used(view.use, families) if families else ()
    theirs = (one for one in owners if view.only is None or one in view.only or one in view.unsure)
    return [one for one in theirs if not view.world.is_person(one)]


def _joined(view: TaskView, wanted: Wanted, kinds: Collection[str]) -> Presence:
    found = _meeting(view, wanted)
    chosen = set(kinds)

    def joined(world: World) -> bool:
        each = (shared_kinds(world, found.owners, [family]) for family in found.families)
        return all(not chosen.isdisjoint(some) for some in each)

    return firm_answer(view.world, joined)


def _several(view: TaskView, wanted: Wanted) -> Presence:
    found = _meeting(view, wanted)
    return Missing(found.missing) if found.missing else found.owners


def _permitted(world: World, family: str) -> Presence:
    return has_permit(world, [family]) and about_health(world, [family])


def _private(world: World, family: str) -> Presence:
    return is_private(world, [family])


def _of(name: str, what: str, wanted: Wanted, kinds: Collection[str], said: str) -> tuple[Field, ...]:
    return (
        open_field(name, Type.LIST, f"organisations that own {what} that it works on", lambda v: _several(v, wanted)),
        open_field(
            f"{name}_joined",
            Type.BOOL,
            f"agreements ({said}) join all of them on these data",
            lambda v: _joined(v, wanted, kinds),
        ),
    )


def _without_arrangement(view: TaskView, world: World) -> list[str] | Missing:
    about = tuple(family for family in view.families if is_personal(world, [family]))
    owners = [party for party in world.owners_used(view.use, about) if not world.is_person(party)] if about else []
    if len(owners) == 1:
        return []
    kinds = {"joint_controllers", "data_processing", "data_use"}
    found = list(unconnected(world, owners, kinds, about))
    mine = [party for party in found if view.only is None or party in view.only]
    unsure = [] if mine else [party for party in found if party in view.unsure]
    return Missing(world.whereabouts(unsure)) if unsure else mine


MEMBERS = (
    open_field(
        "without_arrangement",
        Type.LIST,
        "owners of these data, people who hand over their own left out, whom no agreement on joint control, data"
        " processing or data use connects with all the others, directly or through a coordinator",
        lambda v: firm_lack(v.world, lambda world: _without_arrangement(v, world)),
    ),
    *_of(
        "environments",
        "health data under a permit",
        _permitted,
        _CONTRACTS,
        "consortium, joint control, data use or data processing",
    ),
    *_of("members", "private data", _private, _CONSORTIUM, "consortium or joint control"),
)

"""What owners release of all that anybody learns by way of an element."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.graph.lookup import listed_by
from fedpolicy.policy.fields import Missing

if TYPE_CHECKING:
    from fedpolicy.analysis.facts import Disclosure
    from fedpolicy.policy.world import World


class Releases:
    """The releases of one deployment; every answer is worked out when it is asked for."""

    def __init__(self, world: World) -> None:
        self._world = world

    @cached_property
    def _reached_by(self) -> Mapping[str, Sequence[Disclosure]]:
        """What anybody learns by way of each task, call or flow; nothing where no owner releases anything."""
        if (
            all(dataset.releases is None for dataset in self._world.deployment.datasets.values())
            and not self._unreleased
        ):
            return {}
        ways = ((one, {step.origin for path in one.paths for step in path}) for one in self._world.study.disclosures)
        return listed_by((origin, one) for one, origins in ways for origin in origins)

    def releasing(self, origin: str) -> set[str]:
        """The owners who release all that anybody learns of theirs by way of an element."""
        willing: set[str] = set()
        others: set[str] = set()
        for one in self._reached_by.get(origin, ()):
            some = willing if one.allowed is not None and one.high <= one.allowed else others
            some.update(self._world.owners_of(one.datasets))
        return willing - others

    def permits(self, origin: str, *, guaranteed: bool = False) -> bool | Missing:
        """
        Whether the owners release all that anybody learns by way of an element, if there is anything.

        Missing where the file says that nobody knows what an owner releases, and no other one refuses.
        """
        found, unsaid = self._reached_by.get(origin, ()), set[str]()
        for one in found:
            unknown = self.unknown(self._world.lookup.families_of(one.datasets))
            unsaid.update(unknown)
            level = one.guaranteed if guaranteed else one.high
            if not unknown and (one.allowed is None or level > one.allowed):
                return False
        return Missing(tuple(sorted(unsaid))) if unsaid else bool(found)

    def all_permit(self, origins: Iterable[str], *, guaranteed: bool = False) -> bool | Missing:
        """Whether they do by way of every one of some elements."""
        found = [self.permits(origin, guaranteed=guaranteed) for origin in origins]
        missing = sorted({path for one in found if isinstance(one, Missing) for path in one.paths})
        return False if False in found else Missing(tuple(missing)) if missing else bool(found)

    def unknown(self, families: Iterable[str]) -> tuple[str, ...]:
        """The keys that would say what is released of some datasets, where the file says that nobody knows it."""
        return tuple(f"datasets.{name}.releases" for name in families if name in self._unreleased)

    @cached_property
    def _unreleased(self) -> frozenset[str]:
        return frozenset(name for name, one in self._world.deployment.datasets.items() if one.says_unknown("releases"))

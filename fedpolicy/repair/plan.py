"""One plan for a large file, where there is no time to try changes one by one: cut what can be cut, then check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fedpolicy.repair import Change
from fedpolicy.repair.candidates import Pool, Target
from fedpolicy.repair.cuts import Cutter, Network, networks_of


class Planner:
    """
    Makes plans, each one better informed than the one before.

    It remembers, by target, the changes that did not do what was expected of them.
    """

    def __init__(self, pool: Pool, cutter: Cutter, targets: Sequence[Target]) -> None:
        self._pool, self._cutter, self._targets = pool, cutter, targets
        self._barred: dict[int, set[str]] = {}
        self._networks: dict[int, list[Network]] = {}

    def plan(self) -> frozenset[str]:
        """Changes that should clear what can be cleared: networks are cut one after the other, then the rest."""
        chosen: set[str] = set()
        for target in self._ordered():
            if not self._cut(target, chosen):
                self._pick(target, chosen)
        return frozenset(chosen)

    def learn(self, plan: Iterable[str], left: Iterable[int]) -> None:
        """These targets are still there after a plan: its changes that bear on them do not count again."""
        places = set(left)
        for target in self._targets:
            if target.place in places:
                near = {change.id for change in self._pool.changes(target)}
                self._barred.setdefault(target.place, set()).update(near & set(plan))

    def _ordered(self) -> list[Target]:
        # The most severe first; those that a single change clears last, for it may be in place by then.
        return sorted(self._targets, key=lambda one: (not one.disclosures, -one.finding.severity, one.place))

    def _cut(self, target: Target, chosen: set[str]) -> bool:
        barred = self._barred.get(target.place, set())
        networks = self._of(target)
        for network in networks:
            if self._cutter.separates(network, chosen - barred):
                continue
            cut = self._cutter.cut(network, paid=chosen - barred, barred=barred)
            if cut is None:
                return False
            chosen |= {change.id for change in cut}
        return bool(networks)

    def _of(self, target: Target) -> list[Network]:
        if target.place not in self._networks:
            self._networks[target.place] = list(networks_of(self._cutter, target))
        return self._networks[target.place]

    def _pick(self, target: Target, chosen: set[str]) -> None:
        barred = self._barred.get(target.place, set())
        near = [change for change in self._pool.changes(target) if change.id not in barred]
        if not any(change.id in chosen for change in near) and near:
            chosen.add(min(near, key=_direct).id)


def _direct(change: Change) -> bool:
    """What answers the very question of a rule comes first; `min` keeps the cheapest of them."""
    return not change.asks

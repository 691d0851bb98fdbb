"""One plan for a large file, where there is no time to try changes one by one: cut what can be cut, then check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field

from fedpolicy.analysis.repair.change import Change
from fedpolicy.analysis.repair.cuts import Network
from fedpolicy.records import dataclass
from fedpolicy.repairing.options import Options, networks_of
from fedpolicy.repairing.targets import Target

__all__ = ["Foresight"]


@dataclass(slots=True, kw_only=True)
class Foresight:
    """
    Makes plans, each one better informed than the one before.

    `barred` are, by target, changes that did not do what was expected of them.
    """

    options: Options
    targets: Sequence[Target]
    barred: dict[int, set[str]] = field(default_factory=dict)
    _networks: dict[int, list[Network]] = field(default_factory=dict)

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
        for target in self.targets:
            if target.place in places:
                near = {change.id for change in self.options.pool.changes(target)}
                self.barred.setdefault(target.place, set()).update(near & set(plan))

    def _ordered(self) -> list[Target]:
        # The most severe first; those that a single change clears last, for it may be in place by then.
        return sorted(self.targets, key=lambda one: (not one.disclosures, -one.finding.severity, one.place))

    def _cut(self, target: Target, chosen: set[str]) -> bool:
        barred = self.barred.get(target.place, set())
        networks = self._of(target)
        for network in networks:
            if self.options.cutter.separates(network, chosen - barred):
                continue
            found = self.options.cutter.cut(network, paid=chosen - barred, barred=barred)
            if found is None:
                return False
            chosen |= {change.id for change in found}
        return bool(networks)

    def _of(self, target: Target) -> list[Network]:
        if target.place not in self._networks:
            self._networks[target.place] = list(networks_of(self.options.cutter, target))
        return self._networks[target.place]

    def _pick(self, target: Target, chosen: set[str]) -> None:
        barred = self.barred.get(target.place, set())
        near = [one for one in self.options.pool.changes(target) if one.id not in barred]
        if not any(one.id in chosen for one in near) and near:
            chosen.add(min(near, key=_direct).id)


def _direct(change: Change) -> bool:
    """What answers the very question of a rule comes first; `min` keeps the cheapest of them."""
    return not change.asks

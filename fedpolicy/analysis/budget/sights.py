"""
Through which noise each party sees data.

Noise on what came with noise spends nothing more, whatever either spends. So where the first is too weak to count and
the second is not, it matters what one asks for: with every mechanism taken for a bound, however large, the first one
is spent; with those only that keep to a limit, the second one. Both are bounds, and the smaller one is the better.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from fedpolicy.analysis.exposure import BOUNDED, Reading
from fedpolicy.analysis.exposure.budgets import combinations
from fedpolicy.analysis.exposure.mechanisms import Mechanism
from fedpolicy.analysis.exposure.privacy import Effort, Spending, spend
from fedpolicy.analysis.exposure.state import Exposure
from fedpolicy.analysis.exposure.views import View, Viewer
from fedpolicy.graph import Mask
from fedpolicy.records import dataclass, field
from fedpolicy.startup import NamedTuple

Names = tuple[int, ...]


class Sight(NamedTuple):
    """
    How an instance is seen.

    Through which mechanisms in the most and the least favourable reading, and whether without noise as well:
    `certain` in every reading, `possible` in the least favourable one.
    """

    favourable: Names
    unfavourable: Names
    certain: bool
    possible: bool

    @property
    def names(self) -> Names:
        """All mechanisms that count in any reading."""
        return tuple(sorted({*self.favourable, *self.unfavourable}))

    @property
    def undecided(self) -> bool:
        """Whether the readings differ."""
        return self.favourable != self.unfavourable or (self.possible and not self.certain)


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What one party sees in one reading, all capacities together."""

    more: Mask = 0
    noise: dict[int, Mask] = field(default_factory=dict)

    def add(self, view: View) -> None:
        """Count one capacity in."""
        self.more |= view.levels[BOUNDED + 1]
        for mechanism, mask in view.noise.items():
            self.noise[mechanism] = self.noise.get(mechanism, 0) | mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """
    What parties see where every mechanism counts (`exposure`), and where only what keeps to the limit does (`within`).

    `viewers` are the capacities of each party.
    """

    exposure: Exposure
    within: Exposure
    limit: float
    viewers: Mapping[str, Sequence[Viewer]]

    def party(self, party: str) -> _Looks:
        """What one party sees, all capacities together."""
        return _Looks(looking=self, party=party, low=self.seen(party, Reading.LOW), high=self.seen(party, Reading.HIGH))

    def seen(self, party: str, reading: Reading, *, limited: bool = False) -> _Seen:
        """The same in one reading."""
        exposure = self.within if limited else self.exposure
        found = _Seen()
        for viewer in self.viewers[party]:
            found.add(exposure.view(viewer, reading))
        return found

    def told(self, sight: Sight, party: str, effort: Effort = Effort.DECIDE) -> tuple[Spending, float, float]:
        """What is spent towards a party, and epsilon in the most and the least favourable reading."""
        spent = self._spent(sight.names, party, effort)
        if sight.certain or not sight.names:
            return spent, math.inf, math.inf
        low = self._spent(sight.favourable, party, effort, Reading.LOW).least if sight.favourable else 0.0
        high = math.inf if sight.possible else self._spent(sight.unfavourable, party, effort).high
        return spent, min(low, high), high

    def mechanisms(self, sights: Sequence[Sight], party: str) -> tuple[Mechanism, ...]:
        """The mechanisms of some sights as a party sees them."""
        towards = self.exposure.towards(party)
        return tuple(towards[name] for name in sorted({name for sight in sights for name in sight.names}))

    def favourable(self, sights: Sequence[Sight], party: str) -> tuple[Mechanism, ...]:
        """Those that it may see less of: nobody says whether it gets a sum of some, which it could subtract."""
        least, most = (self.exposure.towards(party, one) for one in (Reading.LOW, Reading.HIGH))
        if least is most:
            return ()
        return tuple(least[name] for name in sorted({name for sight in sights for name in sight.favourable}))

    def _spent(self, names: Names, party: str, effort: Effort, reading: Reading = Reading.HIGH) -> Spending:
        towards = self.exposure.towards(party, reading)
        return spend([towards[name] for name in names], self.limit, effort)


@dataclass(slots=True, kw_only=True)
class _Looks:
    """What one party sees; where only what keeps to the limit counts, it is computed if a budget is too large."""

    looking: Looking
    party: str
    low: _Seen
    high: _Seen
    _limited: tuple[_Seen, _Seen] | None = None

    @property
    def everything(self) -> Mask:
        """All that it sees in any reading, own data included."""
        masks = [self.low.more, self.high.more, *self.low.noise.values(), *self.high.noise.values()]
        found = 0
        for mask in masks:
            found |= mask
        return found

    def cells(self, among: Mask) -> Iterator[tuple[tuple[Sight, ...], Mask]]:
        """Split instances by how they are seen; a second sight is there where the limit makes a difference."""
        for sight, cell in _cells(self.low, self.high, among):
            if sight.certain or not sight.names or self._keeps(sight):
                yield (sight,), cell
                continue
            for second, part in _cells(*self._within(), cell):
                yield ((sight,) if second.certain or second == sight else (sight, second)), part

    def _keeps(self, sight: Sight) -> bool:
        return self.looking.told(sight, self.party)[2] <= self.looking.limit

    def _within(self) -> tuple[_Seen, _Seen]:
        if self._limited is None:
            low, high = (self.looking.seen(self.party, one, limited=True) for one in (Reading.LOW, Reading.HIGH))
            self._limited = low, high
        return self._limited


def _cells(low: _Seen, high: _Seen, among: Mask) -> Iterator[tuple[Sight, Mask]]:
    for favourable, first in combinations(low.noise, among):
        for unfavourable, second in combinations(high.noise, first):
            for certain, third in _split(second, low.more):
                for possible, cell in _split(third, high.more):
                    yield Sight(favourable, unfavourable, certain, possible), cell


def _split(mask: Mask, by: Mask) -> Sequence[tuple[bool, Mask]]:
    return [(inside, part) for inside, part in ((True, mask & by), (False, mask & ~by)) if part]

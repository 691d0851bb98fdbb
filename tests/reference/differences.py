"""What is left of a sum where somebody sees a part of it, too (decision 0171)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tests.reference.learn import Fact, Learning
from tests.reference.movement import NONE, RECONSTRUCTABLE, Contributor, Movement, Noise, Sum


@dataclass(frozen=True)
class Part:
    """What somebody sees of a task at a place: the sum of some contributions, or (`single`) each of them."""

    task: str
    at: str
    of: frozenset[Contributor]
    single: bool = False

    def into(self, one: Sum) -> bool:
        """Whether it went into a sum."""
        return self.task == one.task and (self.at in one.fed or (self.single and self.at == one.at))


class Differences:
    """Who sees which parts, as far as what is declared is believed, in one way to read what is missing."""

    def __init__(self, moves: Sequence[Movement], believed: Sequence[Learning]) -> None:
        self.moves, self.believed = moves, believed
        self.noisy = [pair for one in moves for pair in self._noise(one)]
        self.seen: dict[str, set[Part]] = {}
        for one in believed:
            for party, _, fact, pool, place in one.facts():
                for part in self._parts(one, fact, party, pool, place):
                    self.seen.setdefault(party, set()).add(part)
        self.seen = {party: self._together(parts) for party, parts in self.seen.items()}

    def _together(self, parts: set[Part]) -> set[Part]:
        """What somebody sees one by one at a place as one part: of these it has nothing to find out."""
        found = {part for part in parts if not part.single}
        for part in parts - found:
            same = (one.of for one in parts if one.single and (one.task, one.at) == (part.task, part.at))
            found.add(replace(part, of=frozenset().union(*same)))
        return found

    @property
    def _favourable(self) -> bool:
        return self.believed[0].reading.favourable

    def _noise(self, one: Movement) -> Iterator[tuple[Movement, Noise]]:
        """Noise that a place puts on a sum before it sends it on to where it is added to others."""
        good = ("yes", "unknown") if self._favourable else ("yes",)
        if one.adds and one.sums and len(one.way) == 2 and not one.way[1].startswith("model:"):
            yield from ((one, n) for n in one.noises if n.shares is None and any(a in good for _, a in n.enough))

    def _noises_in(self, one: Sum) -> Iterator[Noise]:
        for move, noise in self.noisy:
            # A place may relay what it adds up itself later: what goes down from there is in no sum on the way.
            below = any(each.task == one.task and each.fed <= one.fed for each in move.sums)
            if below and move.way[0] in one.fed and move.way[1] in {one.at, *one.fed}:
                yield noise

    def top(self, fact: Fact) -> Sum | None:
        """The sum that a number is."""
        if len({one.task for one in fact.sums}) != 1 or not all(one.at and one.crowd for one in fact.sums):
            return None
        # A place may relay what it adds up itself later.
        last = [one for one in fact.sums if not any(one.at in each.fed for each in fact.sums if each.at != one.at)]
        return last[0] if last else None

    def _parts(self, one: Learning, fact: Fact, party: str, pool: frozenset[str], place: str) -> Iterator[Part]:
        if not place or one.seen(fact, party, pool) == NONE:
            return
        # Noise of the clients' own is in what they send and in every sum of it alike.
        if not fact.noises <= {n for move in self.moves if move.gives for n in move.noises if n.shares is None}:
            return
        top = self.top(fact)
        # What adds up has its own sum, however little that says.
        here = top is not None and (not (fact.noises or fact.level < RECONSTRUCTABLE) or top.at == place)
        if top is not None and here and self._linear(top.task) and not [*self._noises_in(top)]:
            yield Part(task=top.task, at=top.at, of=frozenset(top.crowd))
        if not fact.sums:
            for move in self.moves:
                if move.gives and move.gives[2] and place in move.way[1:] and self._all_clear(move, party, place):
                    yield Part(task=move.gives[0], at=place, of=frozenset(move.gives[1]), single=True)

    def _linear(self, task: str) -> bool:
        return any(move.gives and move.gives[0] == task for move in self.moves)

    def _all_clear(self, move: Movement, party: str, place: str) -> bool:
        """Whether somebody reads all data in a contribution at a place, as much as it says there."""
        return all(
            any(
                where == place and who == party and self._is_it(one, fact, move) and not fact.sums
                and fact.noises <= {*move.noises}
                and one.seen(fact, party, pool) > NONE
                for who, _, fact, pool, where in one.facts()
            )
            for one in self.believed
            if one.instance.id in (move.only or ())
        )  # fmt: skip

    def _is_it(self, one: Learning, fact: Fact, move: Movement) -> bool:
        """Whether a fact says as much as a contribution does from which names may have been taken out."""
        said = [cap.best if self._favourable else cap.levels for cap in move.caps]
        least = min([RECONSTRUCTABLE, *(dict(some)[one.instance.dataset] for some in said)])
        return fact.level >= RECONSTRUCTABLE or (fact.level >= least and {*move.seals} <= fact.seals)

    def _settled(self, part: Part) -> Part:
        """Without those who may have sent to another place: all of them, if that leaves no sum that anybody knows."""
        sure = frozenset(one for one in part.of if len(self._ends(part.task, one)) == 1)
        return replace(part, of=sure if part.single or sure == part.of else frozenset())

    def _ends(self, task: str, one: Contributor) -> set[str]:
        return {move.way[-1] for move in self.moves if move.gives and move.gives[0] == task and one in move.gives[1]}

    def bare(self, one: Learning, fact: Fact, pool: frozenset[str]) -> bool:
        """Whether sums hide an instance no more from those who subtract."""
        top = self.top(fact)
        if fact.level < RECONSTRUCTABLE or fact.noises or top is None:
            return False
        if self._favourable and one.world.file.tasks[top.task].says_unknown("aggregation"):
            return False  # perhaps it is nothing that anybody can subtract from
        if any(one.counts(noise.words) for noise in self._noises_in(top)):
            return False
        parts = {part for party in (*pool, "public") for part in self.seen.get(party, ()) if part.into(top)}
        if self._favourable:
            parts = {self._settled(part) for part in parts}
        mine = [each for each in top.crowd if one.instance.id in each.items]
        for each in mine:
            others = [part for part in parts if part.of and each not in part.of]
            if others and not any(one.hides(self._less(sum_, others), pool) for sum_ in fact.sums):
                return True
        return False

    def _less(self, one: Sum, parts: Sequence[Part]) -> Sum:
        gone = {each for part in parts if part.into(one) for each in part.of}
        if not gone:
            return one
        items = frozenset(item for each in gone for item in each.items)
        sent_on = one.contributors != one.crowd
        left = tuple(each for each in one.contributors if each not in gone and not (sent_on and each.items <= items))
        count = sum(each.count for each in one.contributors) - sum(each.count for each in left)
        return replace(
            one,
            id=f"{one.id} less {sorted(items)}",
            contributors=left,
            least=max(0, one.least - count),
            most=min(sum(each.count for each in left), one.most),
        )

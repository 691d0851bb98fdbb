"""Who learns what: everything is pushed along every movement until nothing new arrives, then everybody looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tests.reference.movement import BOUNDED, INFERABLE, NONE, VERBATIM, Movement, Noise, Seal, Sum, Word
from tests.reference.world import Instance, Place, World


@dataclass(frozen=True)
class Fact:
    """One form in which an instance is somewhere."""

    level: int
    sums: frozenset[Sum] = frozenset()
    seals: frozenset[Seal] = frozenset()
    noises: frozenset[Noise] = frozenset()
    answered: bool = False  # it comes from a model
    summed: bool = False  # it has been in a sum, whether or not that hides anybody
    wrapped: bool = False  # sealed by somebody, whether or not that counts


@dataclass(frozen=True)
class Reading:
    """How to read what is missing, and whose word counts: everybody's, or that of some."""

    favourable: bool
    trusted: frozenset[str] | None = None


class Learning:
    """What becomes of one instance in one reading."""

    def __init__(self, world: World, movements: Iterable[Movement], instance: Instance, reading: Reading) -> None:
        self.world, self.instance, self.reading = world, instance, reading
        self.at: dict[str, set[Fact]] = {place: set() for place in world.places}
        self.at[instance.place].add(Fact(level=4))
        moves = [one for one in movements if not (one.maybe and reading.favourable)]
        moves = [one for one in moves if one.only is None or instance.id in one.only]
        before = -1
        while before != (now := sum(map(len, self.at.values()))):
            before = now
            for one in moves:
                self._move(one)

    def _move(self, one: Movement) -> None:
        """
        Along the way, place by place.

        What passes on from one place to the next is what the place has of the data that arrive there (decision 0048).
        """
        sent = [new for fact in self._held(one.way[0]) if (new := self._sent(fact, one, one.way[0])) is not None]
        plain = one if one.throughout else Movement(way=one.way, level=one.level, raw=one.raw, sealed=one.sealed)
        for place, following in zip(one.way[1:], (*one.way[2:], ""), strict=True):
            self.at[place] |= {got for fact in sent for got in self._opened(fact, place)}
            if sent and following:
                sent = [new for fact in self._held(place) if (new := self._sent(fact, plain, place)) is not None]

    def _held(self, place: str) -> list[Fact]:
        """What a place sends on: what comes back to where the records are says nothing that they do not say."""
        return [Fact(level=VERBATIM)] if place == self.instance.place else list(self.at[place])

    def _sent(self, fact: Fact, one: Movement, source: str) -> Fact | None:
        cap = one.raw if fact.summed and one.raw else one.level
        # Code that nobody vouches for may send whatever it can read, which a sum is not.
        level = min(fact.level, cap if fact.sums or self._relied_on(source, one) else VERBATIM)
        for cap in one.caps:
            # Nobody takes names out of a sum, or of what cannot be read.
            if not fact.sums and not fact.seals and self._counts(cap.words):
                level = min(level, dict(cap.levels)[self.instance.dataset])
        seals = fact.seals | {seal for seal in one.seals if self._counts(seal.words)}
        wrapped = fact.wrapped or bool(one.seals)
        if level == NONE or (one.sealed and not wrapped and self.reading.trusted is None):
            return None
        # Nobody adds up, or adds noise to, what is sealed so that one cannot compute on it.
        closed = one.adds and any(not seal.malleable for seal in fact.seals)
        sums = fact.sums if closed else fact.sums | {s for s in one.sums if not s.secure or self._counts(s.words)}
        noises = fact.noises if closed else fact.noises | {n for n in one.noises if self._counts(n.words)}
        return Fact(
            level=level,
            sums=sums,
            seals=frozenset() if one.opens else seals,
            noises=frozenset(n for n in noises if self._enough(n)),
            answered=one.way[0].startswith("model:"),
            summed=fact.summed or bool(one.sums),
            wrapped=wrapped and not one.opens,
        )

    def _relied_on(self, source: str, one: Movement) -> bool:
        """Whether what a payload is rests on code that the owner relies on, or that nobody says whose it is."""
        here = self.world.places[source]
        supplier = self.world.supplier(here.code, here)
        word = Word(parties=frozenset({supplier} - {""}), place=source)
        return one.sealed or not here.operators or self._counts((word,))

    def _enough(self, noise: Noise) -> bool:
        answer = dict(noise.enough).get(self.instance.id, "no")
        return answer == "yes" or (answer == "unknown" and self.reading.favourable)

    def _counts(self, words: tuple[Word, ...]) -> bool:
        return self.reading.trusted is None or all(
            word.parties <= self.reading.trusted or self._vouches(word.place) for word in words
        )

    def _opened(self, fact: Fact, place: str) -> Iterator[Fact]:
        """
        A place that can open something does, before it does anything else with it.

        A sum that hides nobody from those who operate it is none to whoever gets it from there.
        """
        pool = {*self.world.places[place].operators}
        seals = frozenset(seal for seal in fact.seals if not self.read_at(seal, place))
        wrapped = fact.wrapped and not (fact.seals and not seals)
        here = replace(fact, seals=seals, wrapped=wrapped)
        yield here
        if pool and not seals and here.sums and not any(self._hides(one, pool) for one in here.sums):
            yield replace(here, sums=frozenset(), summed=False)

    # Enclaves.

    def _verified(self, place: Place) -> bool:
        if place.tee is None or not place.tee.attested:
            return False
        trusted = self.reading.trusted
        return trusted is None or bool({*place.tee.verified_by} & {*trusted, "public"})

    def _kept_out(self, place: Place, who: str) -> bool:
        if not self._verified(place):
            return False
        if place.tee.hides_from is not None:
            return who in place.tee.hides_from
        row = self.world.catalog.enclaves.find(place.tee.kind)
        said = getattr(row, who) if row else None
        return self.reading.favourable if said is None else bool(said)

    def _hidden(self, place: Place, party: str) -> bool:
        """Whether a party is kept out that may have a place, its machine, or both."""
        ways = [who for who, has in (("operator", party in place.operators), ("host", party == place.host)) if has]
        return all(self._kept_out(place, who) for who in ways)

    def _vouches(self, place: str) -> bool:
        here = self.world.places.get(place)
        return here is not None and self._verified(here) and all(self._hidden(here, who) for who in here.operators)

    # Views.

    def read_at(self, seal: Seal, place: str) -> bool:
        """Whether a place can open something by itself."""
        names = {place, *self.world.places[place].operators}
        return seal.threshold == 1 and bool(seal.readers & names)

    def _holds_key(self, reader: str, party: str) -> bool:
        here = self.world.places.get(reader)
        if here is None:
            return reader == party
        return party in {*here.operators, here.host} and not self._hidden(here, party)

    def _opens(self, seal: Seal, party: str) -> bool:
        return sum(self._holds_key(reader, party) for reader in seal.readers) >= seal.threshold

    def _hides(self, one: Sum, pool: set[str]) -> bool:
        if not self._counts(one.words):
            return False
        owner = self.instance.owner
        known = [c for c in one.contributors if c.controlled & pool]
        theirs = [c for c in one.contributors if c not in known and c.owners <= {owner}]
        size = one.most if self.reading.favourable else one.least
        remaining = size - sum(c.count for c in known)
        return remaining >= max(2, sum(c.count for c in theirs) + 1)

    def seen(self, fact: Fact, party: str, pool: set[str]) -> int:
        """The level at which somebody sees a fact, whatever noise is in it."""
        if not all(self._opens(seal, party) for seal in fact.seals):
            return NONE
        return min(fact.level, INFERABLE) if any(self._hides(one, pool) for one in fact.sums) else fact.level

    def views(self) -> dict[tuple[str, str], int]:
        """(party, capacity) -> level, of all who learn anything."""
        seen: dict[tuple[str, str], set[tuple[int, bool]]] = {}
        for place in self.world.places.values():
            for party, role, pool, hidden in self._viewers(place):
                for fact in self.at[place.id]:
                    if hidden and not (fact.answered and place.client and role == "operator"):
                        continue
                    if level := self.seen(fact, party, pool):
                        seen.setdefault((party, role), set()).add((level, bool(fact.noises)))
        return {viewer: self._together(viewer, seen) for viewer in seen}

    def _together(self, viewer: tuple[str, str], seen: dict[tuple[str, str], set[tuple[int, bool]]]) -> int:
        """What somebody learns who learns anything, and who knows what everybody knows too."""
        public = seen.get(("public", "public"), set())
        return max(min(level, BOUNDED) if noisy else level for level, noisy in seen[viewer] | public)

    def _perhaps(self, party: str) -> bool:
        """Whether there may be nobody else: an unknown host or operator may be somebody who is there anyway."""
        return party == "unknown" and self.reading.favourable

    def _viewers(self, place: Place) -> Iterable[tuple[str, str, set[str], bool]]:
        if place.id.startswith("="):
            role = "public" if place.party == "public" else "provider"
            yield place.party, role, {place.party}, False
            return
        for party in place.operators:
            if self._perhaps(party):
                continue  # perhaps there is nobody else
            yield party, "operator", {*place.operators}, self._hidden(place, party)
        if place.host and place.host not in place.operators and not self._perhaps(place.host):
            yield place.host, "host", {place.host}, self._hidden(place, place.host)

"""Who learns what: everything is pushed along every movement until nothing new arrives, then everybody looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

from tests.reference.few import few_for
from tests.reference.movement import (
    BOUNDED,
    INFERABLE,
    NONE,
    RECONSTRUCTABLE,
    VERBATIM,
    Contributor,
    Few,
    Movement,
    Noise,
    Seal,
    Sum,
    Word,
)
from tests.reference.world import Instance, Place, World


@dataclass(frozen=True)
class Fact:
    """One form in which an instance is somewhere."""

    level: int
    sums: frozenset[Sum] = frozenset()
    seals: frozenset[Seal] = frozenset()
    noises: frozenset[Noise] = frozenset()
    told: int = NONE  # how much of it a model tells whoever may ask it
    summed: bool = False  # it has been in a sum, whether or not that hides anybody
    void: frozenset[Seal] = frozenset()  # that may be on it, or not


Leg = tuple[Movement, str, tuple[str, ...]]
Parts = dict[tuple[str, str], set[frozenset[str]]]  # party, noise -> the data in sums of it


@dataclass(frozen=True)
class Reading:
    """
    How to read what is missing, and whose word counts: everybody's, or that of some.

    `vouched`: whether the word of an enclave counts of which nobody says whom it keeps out.
    """

    favourable: bool
    trusted: frozenset[str] | None = None
    vouched: bool = False


class Differing(Protocol):
    """Who can subtract what."""

    def bare(self, one: Learning, fact: Fact, pool: frozenset[str]) -> bool:
        """Whether sums do not hide an instance from those who subtract parts that they see."""


def _size(fact: Fact) -> tuple[object, ...]:
    """Parts come before what they are in, and always in the same order."""
    names = sorted((one.id, sorted(one.items)) for one in fact.sums), sorted(one.id for one in fact.noises)
    readers = [sorted((*seal.readers, str(seal.threshold)) for seal in seals) for seals in (fact.seals, fact.void)]
    return len(fact.sums), *names, *map(sorted, readers), fact.level, fact.told, fact.summed


class Learning:
    """What becomes of one instance in one reading."""

    def __init__(self, world: World, movements: Sequence[Movement], instance: Instance, reading: Reading) -> None:
        self.world, self.instance, self.reading = world, instance, reading
        self.at: dict[str, set[Fact]] = {place: set() for place in world.places}
        self.at[instance.place].add(Fact(level=4))
        self.differences: Differing | None = None  # once it is known what everybody sees of what everybody has
        self._known: dict[tuple[Sum, frozenset[str]], bool] = {}
        moves = [one for one in movements if not (one.maybe and reading.favourable)]
        moves = [one for one in moves if one.only is None or instance.id in one.only]
        legs = [(leg, set[Fact]()) for one in moves for leg in self._legs(one) if leg[2] != (leg[1],)]
        while sum(self._move(leg, sent) for leg, sent in legs):
            pass
        self.numbers = [one for one in moves if one.made and not (one.unsaid and reading.favourable)]
        self.beside: dict[str, set[Fact]] = {}  # what is left of numbers that came by way of others
        for one in self.numbers:
            for place in (end for end in one.way[2:] if not end.startswith("=public")):
                here = world.places[place]
                for new in self._left_of(one, {*here.operators, here.host} - {""}):
                    self.beside.setdefault(place, set()).update(self._opened(new, place))

    def _left_of(self, one: Movement, parties: Iterable[str]) -> Iterator[Fact]:
        """What a number says to those who know some of what it is made of, and did not get it first."""
        world = self.world
        row = world.catalog.payloads[world.file.flows[one.why.partition(".")[2]].payload]
        for some in one.made:
            items = [item for item in world.instances if item.id in some]
            rebuilt = self._rebuilt(one, few_for(world, row, items, one.way[0], parties))
            for fact in self._held(one.way[0]) if rebuilt is not one else ():
                yield from self._sent(fact, rebuilt, one.way[0])

    def _move(self, leg: Leg, sent: set[Fact]) -> bool:
        """Send what has not been sent yet; whether there was any."""
        one, source, targets = leg
        fresh = self._held(source) - sent
        sent |= fresh
        for fact in sorted(fresh, key=_size):
            for new in sorted(set(self._sent(fact, one, source)), key=_size):
                for place in targets:
                    here = {*self._opened(new, place)}
                    self.at[place] |= here - {new} if self._has_part(new, place) else here
        return bool(fresh)

    def _has_part(self, new: Fact, place: str) -> bool:
        """Whether a place has the same in a part of the sum, which it passes on instead (decision 170)."""
        return any(old.sums < new.sums and replace(new, sums=old.sums) == old for old in self.at[place])

    def _legs(self, one: Movement) -> Iterator[Leg]:
        """
        What is sent from where to where.

        What passes on from one place to the next is what the place has of the data that are sent (decision 0048).
        """
        legs = [self._rebuilt(one, few) for few in one.few or (Few(),)]
        one = legs[0]
        kept = one.unsaid and self.reading.favourable
        if kept and one.throughout:
            return
        if one.only is None and self.instance.id not in one.sendable:
            if not kept:
                yield one, one.way[0], one.way[1:]
            return
        if not kept:
            yield one, one.way[0], one.way[1:2]
        # Each of a call gets what the caller made; by a flow or in a task, others pass on what they were told.
        plain = [*(legs[1:] or [one] * len(one.way))] if one.throughout else [self._passed_on(one)] * len(one.way)
        for each, (source, place) in zip(plain, pairwise(one.way[1:]), strict=False):
            yield each, source, (place,)

    def _rebuilt(self, one: Movement, few: Few) -> Movement:
        """A movement that says more of an instance, as it is made of few."""
        rebuilt = self.instance.id in (few.surely if self.reading.favourable else few.surely | few.perhaps)
        return replace(one, level=max(one.level, RECONSTRUCTABLE)) if rebuilt else one

    def _passed_on(self, one: Movement) -> Movement:
        """The same message without what lowers it where it begins; who made it has not changed."""
        return Movement(
            way=one.way,
            level=one.level,
            raw=one.raw,
            counted=one.counted,
            sealed=one.sealed,
            maker=one.maker or one.way[0],
            ships=one.ships,
            tells=one.tells,
            why=one.why,
        )

    def _held(self, place: str) -> set[Fact]:
        """What a place sends on: what comes back to where the records are says nothing that they do not say."""
        return {Fact(level=VERBATIM)} if place == self.instance.place else self.at[place]

    def _sent(self, fact: Fact, one: Movement, source: str) -> Iterator[Fact]:
        relied_on = self._relied_on(source, one)
        yield from self._named(fact, one, relied_on=relied_on)
        if not relied_on:
            # Code that nobody vouches for may send whatever there is, as it is there, and adds nothing up.
            noises = tuple(noise for noise in one.noises if noise.shares is None)
            anything = replace(one, level=VERBATIM, sums=(), caps=(), noises=noises, adds=False, sealed=False)
            yield from self._named(fact, anything, relied_on=relied_on)

    def _named(self, fact: Fact, one: Movement, *, relied_on: bool) -> Iterator[Fact]:
        """What comes of a fact by a movement that is what it is called."""
        cap = max(one.level, one.raw) if fact.summed and one.raw else one.level
        if one.counted and fact.sums and all(each.least_units for each in fact.sums):
            cap = max(cap, RECONSTRUCTABLE)  # it says as much as single contributions to whom it does not hide them
        level = min(fact.level, cap)
        if one.way[-1].startswith("model:"):
            level = min(level, INFERABLE)
        for cap in one.caps:
            # Nobody takes names out of a sum, or of what cannot be read.
            if not fact.sums and not fact.seals and relied_on and self.counts(cap.words):
                said = cap.best if self.reading.favourable else cap.levels
                level = min(level, dict(said)[self.instance.dataset])
        seals = fact.seals | {seal for seal in one.seals if self.counts(seal.words)}
        # Whoever adds up what one cannot compute on has opened it.
        opened = one.adds and any(not seal.malleable for seal in fact.void)
        void = (frozenset() if opened else fact.void) | {seal for seal in one.seals if not self.counts(seal.words)}
        if level == NONE or (one.sealed and not (seals or void)):
            return
        # Nobody adds up, or adds noise to, what is sealed so that one cannot compute on it.
        closed = any(not seal.malleable for seal in fact.seals)
        if closed and one.adds:
            return
        counted = {s for s in one.sums if not s.secure or (relied_on and self.counts(s.words))}
        added = {n for n in one.noises if self._added(n, one) and (relied_on or n.shares is None)}
        noises = fact.noises if closed else fact.noises | added
        # What was to be added up by somebody on whom the owner does not rely may be either.
        for sums in {frozenset(counted), frozenset(one.sums)}:
            yield Fact(
                level=level,
                sums=fact.sums if closed else fact.sums | sums,
                seals=frozenset() if one.opens else seals,
                noises=frozenset(n for n in noises if self._enough(n)),
                told=INFERABLE if one.way[0].startswith("model:") else one.tells,
                summed=fact.summed or (bool(sums) and not closed),
                void=frozenset() if one.opens else void,
            )

    def _relied_on(self, source: str, one: Movement) -> bool:
        """Whether what a payload is rests on code that the owner relies on, or that nobody says whose it is."""
        words = []
        for place in {source, one.maker} - {""}:
            here = self.world.places[place]
            if here.operators or place.startswith("exchange:blind"):
                codes = (here.code, self._shipped(one), *(one.ships if place == one.way[0] else ()))
                suppliers = {self.world.supplier(code, here) for code in codes}
                words.append(Word(parties=frozenset(suppliers - {""}), place=place))
        return self.counts(tuple(words))

    def _shipped(self, one: Movement) -> str:
        """Whose code a task ships."""
        section, _, name = one.why.partition(".")
        return (self.world.file.tasks[name].code_from or "") if section == "tasks" else ""

    def _added(self, noise: Noise, one: Movement) -> bool:
        """Whether noise is there by the word of those who count; what is shared out needs the masks of a sum."""
        masked = noise.shares is None or any(self.counts(each.words) for each in one.sums if each.secure)
        return masked and self.counts(noise.words)

    def _enough(self, noise: Noise) -> bool:
        answer = dict(noise.enough).get(self.instance.id, "no")
        return answer == "yes" or (answer == "unknown" and self.reading.favourable)

    def counts(self, words: tuple[Word, ...]) -> bool:
        return self.reading.trusted is None or all(
            word.parties <= self.reading.trusted or self._vouches(word.place) for word in words
        )

    def _opened(self, fact: Fact, place: str) -> Iterator[Fact]:
        """
        A place that can open something does, before it does anything else with it.

        A sum that hides nobody from those who operate it is none to whoever gets it from there.
        """
        pool = frozenset(self.world.places[place].operators)
        if place.startswith("model:"):  # what is learned of a sum is no sum
            fact = replace(fact, noises=self._left_in(fact, pool))
        seals = frozenset(seal for seal in fact.seals if not self.read_at(seal, place))
        here = replace(fact, seals=seals, void=frozenset()) if fact.seals or fact.void else fact
        yield from {fact, here}  # whoever can open something can pass it on as it is, too
        if pool and not seals and here.sums and not any(self.hides(one, pool) for one in here.sums):
            noises = self._left_in(here, frozenset() if self._owned(place) else pool)
            yield replace(here, sums=frozenset(), summed=False, noises=noises)

    def _owned(self, place: str) -> bool:
        """Whether the owner alone runs and hosts a place, where it takes no noise off its own data (decision 175)."""
        here = self.world.places[place]
        present = {one for one in (*here.operators, here.host) if not self._perhaps(one)}
        return present == {self.instance.owner}

    def _left_in(self, fact: Fact, pool: frozenset[str]) -> frozenset[Noise]:
        """The noise in what is left of a sum, which may be a single contribution."""
        kept = (noise for noise in fact.noises if self._protects(noise, fact, pool))
        return frozenset(self._read(noise, fact) for noise in kept)

    def _read(self, noise: Noise, fact: Fact) -> Noise:
        """It stays what it is in the sum that it was read from."""
        if noise.shares is None:
            return noise
        return replace(noise, shares=replace(noise.shares, inside=noise.shares.within(fact.sums, self.instance.id)))

    def _protects(self, noise: Noise, fact: Fact, pool: frozenset[str]) -> bool:
        """Whether noise is in what those who pool what they know find in a sum."""
        shares = noise.shares
        if shares is None or shares.inside or any(self.hides(one, pool) for one in fact.sums):
            return True
        return all(shares.left(party, shares.within(fact.sums, self.instance.id)) > 0 for party in pool)

    # Enclaves.

    def _verified(self, place: Place, *, lenient: bool) -> bool:
        if place.tee is None or not place.tee.attested:
            return place.enclosed and lenient  # perhaps there is one
        trusted = self.reading.trusted
        return trusted is None or bool({*place.tee.verified_by} & {*trusted, "public"})

    def _kept_out(self, place: Place, who: str, *, lenient: bool) -> bool:
        if not self._verified(place, lenient=lenient):
            return False
        if place.tee is None:
            return True
        if place.tee.hides_from is not None:
            return who in place.tee.hides_from
        row = None if place.tee.says_unknown("hides_from") else self.world.catalog.enclaves.find(place.tee.kind)
        said = getattr(row, who) if row else None
        return lenient if said is None else bool(said)

    def _hidden(self, place: Place, party: str, *, lenient: bool = False) -> bool:
        """Whether a party is kept out that may have a place, its machine, or both."""
        lenient |= self.reading.favourable
        ways = [who for who, has in (("operator", party in place.operators), ("host", party == place.host)) if has]
        return all(self._kept_out(place, who, lenient=lenient) for who in ways)

    def _vouches(self, place: str) -> bool:
        here = self.world.places.get(place)
        if here is None or not self._verified(here, lenient=self.reading.favourable or self.reading.vouched):
            return False
        return all(self._hidden(here, who, lenient=self.reading.vouched) for who in here.operators)

    # Views.

    def read_at(self, seal: Seal, place: str) -> bool:
        """Whether a place can open something by itself."""
        names = {place, *self.world.places[place].operators}
        return seal.threshold == 1 and bool(seal.readers & names)

    def _holds_key(self, reader: str, party: str) -> bool:
        here = self.world.places.get(reader)
        if here is None:
            return reader == party
        there = party in {*here.operators, here.host} and not self._perhaps(party)
        return there and not self._hidden(here, party)

    def _opens(self, seal: Seal, party: str) -> bool:
        return sum(self._holds_key(reader, party) for reader in seal.readers) >= seal.threshold

    def hides(self, one: Sum, pool: frozenset[str]) -> bool:
        key = (one, pool)
        if key not in self._known:
            self._known[key] = self._hides_from(one, pool)
        return self._known[key]

    def _hides_from(self, one: Sum, pool: frozenset[str]) -> bool:
        if not one.secure and not self.counts(one.words):
            return False
        if not any(self.instance.id in each.items for each in one.contributors):
            return False  # what is no contribution hides among none
        known = [c for c in one.contributors if c.controlled & pool]
        theirs = [c for c in one.contributors if c not in known and self.instance.owner in c.owners]
        size = one.most if self.reading.favourable else one.least
        remaining = size - sum(c.count for c in known)
        if remaining < max(2, sum(c.count for c in theirs) + 1):
            return False
        return not one.least_units or self._units_of(one, known, remaining) >= one.least_units

    def _units_of(self, one: Sum, known: Sequence[Contributor], remaining: int) -> int:
        """The units of this dataset in the smallest contributions that may be left."""
        sizes = []
        others = 0
        for each in one.contributors:
            if each not in known:
                had = dict(each.units)
                if self.instance.dataset in had:
                    size = had[self.instance.dataset]
                    guess = one.least_units if self.reading.favourable else 0
                    sizes += [guess if size is None else size] * each.count
                else:
                    others += each.count
        return sum(sorted(sizes)[: max(1, remaining - others)])

    def seen(self, fact: Fact, party: str, pool: frozenset[str]) -> int:
        """The level at which somebody sees a fact, whatever noise is in it."""
        if not all(self._opens(seal, party) for seal in fact.seals):
            return NONE
        hidden = any(self.hides(one, pool) for one in fact.sums)
        if hidden and self.differences is not None:
            hidden = not self.differences.bare(self, fact, pool)
        return min(fact.level, INFERABLE) if hidden else fact.level

    def views(self, parts: Parts) -> dict[tuple[str, str], int]:
        """(party, capacity) -> level, of all who learn anything; `parts` are the sums of some that each party sees."""
        seen: dict[tuple[str, str], set[int]] = {}
        for party, role, fact, pool, _ in self._received():
            if level := self._told(fact, party, pool, parts):
                seen.setdefault((party, role), set()).add(level)
        # What is published tells somebody of itself only where it tells more than everybody.
        published = [*self._published()]
        everybody = max(
            (self._covered(fact, frozenset({"public"}), who) for who, _, fact, *_ in published if who == "public"),
            default=0,
        )
        for party, role, fact, pool, _ in published:
            if self._covered(fact, pool, party) > everybody:
                seen.setdefault((party, role), set()).add(self._told(fact, party, pool, parts))
        # Who learns anything knows what everybody knows too.
        public = seen.get(("public", "public"), set())
        return {viewer: max(levels | public) for viewer, levels in seen.items()}

    def _covered(self, fact: Fact, pool: frozenset[str], party: str) -> int:
        """The level at which somebody sees a fact below its noise, whoever may subtract that."""
        level = self.seen(fact, party, pool)
        return min(level, BOUNDED) if any(self._protects(noise, fact, pool) for noise in fact.noises) else level

    def _told(self, fact: Fact, party: str, pool: frozenset[str], parts: Parts) -> int:
        """The level at which somebody sees a fact, noise that it cannot take away considered."""
        level = self.seen(fact, party, pool)
        kept = [noise for noise in fact.noises if self._protects(noise, fact, pool)] if level else ()
        return min(level, BOUNDED) if any(self._stays(one, fact, party, parts) for one in kept) else level

    def parts(self) -> Parts:
        """The data in each sum with shares of noise that a party gets, by the noise."""
        found: Parts = {}
        for party, _, fact, pool, _ in self.facts():
            for noise in fact.noises if self.seen(fact, party, pool) else ():
                if noise.shares is not None and self._protects(noise, fact, pool):
                    found.setdefault((party, noise.id), set()).add(noise.shares.within(fact.sums, self.instance.id))
        return found

    def facts(self) -> Iterator[tuple[str, str, Fact, frozenset[str], str]]:
        """What everybody has in view: who, in which capacity, what, with whom it pools what it knows, and where."""
        yield from self._received()
        yield from self._published()

    def _received(self) -> Iterator[tuple[str, str, Fact, frozenset[str], str]]:
        for place in self.world.places.values():
            for party, role, pool, hidden in self._viewers(place):
                for fact in (*self.at[place.id], *(() if hidden else self.beside.get(place.id, ()))):
                    if not hidden:
                        yield party, role, fact, pool, place.id
                    elif fact.told and place.client and role == "operator":
                        yield party, role, replace(fact, level=min(fact.level, fact.told)), pool, place.id

    def _stays(self, noise: Noise, fact: Fact, party: str, parts: Parts) -> bool:
        """
        Whether somebody cannot take noise away.

        It subtracts smaller sums that it sees from larger ones; of the data in these, the larger ones say no more.
        """
        if noise.shares is None:
            return True
        within = noise.shares.within(fact.sums, self.instance.id)
        seen = {*parts.get((party, noise.id), ()), *parts.get(("public", noise.id), ())}
        smaller = [part for part in seen if part < within]
        if any(self.instance.id in part for part in smaller):
            return True
        left = within.difference(*smaller)
        if noise.shares.knows(party, left):  # nothing of them is left to find out
            left = within
        return noise.shares.left(party, left) > 0

    def _published(self) -> Iterator[tuple[str, str, Fact, frozenset[str], str]]:
        """What somebody reads of what is published: also with a key, or less its part in a sum."""
        places = self.world.places
        facts = [fact for place in places.values() if place.party == "public" for fact in self.at[place.id]]
        viewers = {(party, role) for place in places.values() for party, role, _, _ in self._viewers(place)}
        known = {party for party, _ in viewers}
        readers = {name for fact in facts for seal in fact.seals for name in seal.readers} - known - places.keys()
        viewers = {one for one in viewers if not self._perhaps(one[0])}
        for fact in facts:
            for party, role in viewers | {(name, "operator") for name in readers}:
                yield party, role, fact, frozenset({party}), ""
        for one in (one for one in self.numbers if "=public" in one.way):
            for party, role in sorted(viewers):
                for fact in self._left_of(one, {party}):
                    yield party, role, fact, frozenset({party}), ""

    def _perhaps(self, party: str) -> bool:
        """Whether there may be nobody else: an unknown host or operator may be somebody who is there anyway."""
        return party == "unknown" and self.reading.favourable

    def _viewers(self, place: Place) -> Iterable[tuple[str, str, frozenset[str], bool]]:
        if place.id.startswith("="):
            role = "public" if place.party == "public" else "provider"
            yield place.party, role, frozenset({place.party}), False
            return
        for party in place.operators:
            if self._perhaps(party):
                continue  # perhaps there is nobody else
            yield party, "operator", frozenset(place.operators), self._hidden(place, party)
        if place.host and place.host not in place.operators and not self._perhaps(place.host):
            yield place.host, "host", frozenset({place.host}), self._hidden(place, place.host)

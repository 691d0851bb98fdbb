"""Which sets of changes clear the chosen findings, and which of them are shown."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, count

from fedpolicy.records import dataclass, field
from fedpolicy.repair import Change, RepairContext
from fedpolicy.repair.candidates import Pool, Target, compatible, names_of, subsets_first, targets_of
from fedpolicy.repair.cuts import Cutter, cuts_of
from fedpolicy.repair.plan import Planner
from fedpolicy.repair.proof import Proof, Prover

_LARGEST = 3  # changes of a set that is tried for a finding that no single change clears
_MOST_SETS = 4_000  # sets that are looked at; none of them is checked for that
_ADDED = 2  # changes that are added against what others bring
_TRIALS = 12  # of changes that might do that
_SMALL = 0.5  # changes of less weight only tidy up


@dataclass(slots=True, kw_only=True)
class Options:
    """What clears what, as far as it was tried."""

    pool: Pool
    prover: Prover
    cutter: Cutter
    changes: dict[str, Change] = field(default_factory=dict)
    _clearing: dict[int, set[frozenset[str]]] = field(default_factory=dict)

    def gather(self, targets: Sequence[Target]) -> None:
        """Collect every change that bears on a target."""
        for target in targets:
            for change in self.pool.changes(target):
                self.changes.setdefault(change.id, change)
            for bundle in self.pool.bundles(target):
                for change in bundle:
                    self.changes.setdefault(change.id, change)
        self.cutter.know(self.changes.values())

    def find(self, targets: Sequence[Target]) -> None:
        """Try single changes, then bundles and cuts, then small sets for what is still not cleared."""
        self._try((one,) for target in targets for one in self.pool.changes(target))
        self._try(bundle for target in targets for bundle in self.pool.bundles(target))
        self._try(cut for target in targets for cut in cuts_of(self.cutter, target))
        for size in range(2, _LARGEST + 1):
            for target in targets:
                if not self.of(target.place):
                    self._search(target, size)

    def against(self, proof: Proof) -> Iterator[frozenset[str]]:
        """The changes of a proof with one more each, against what has come instead of the findings that it clears."""
        context = RepairContext(proof.state.study, self.prover.checker.judge.catalog)
        pool = Pool(context=context, costs=self.pool.costs, fills=self.pool.fills)
        names = names_of(proof.changes)
        found: dict[str, Change] = {}
        for target in targets_of(context, proof.state, proof.outcome.blocking, self.prover.checker):
            for change in pool.changes(target):
                found.setdefault(change.id, self.changes.setdefault(change.id, change))
        self.pool.fitted |= pool.fitted
        for change in sorted(found.values(), key=self.pool.rank):
            if change.id not in names and compatible([*proof.changes, change]):
                yield names | {change.id}

    def of(self, place: int) -> list[frozenset[str]]:
        """The smallest sets that clear a finding, cheapest first."""
        found = subsets_first(iter(self._clearing.get(place, ())))
        return sorted(found, key=lambda one: (self.price(one), sorted(one)))

    def price(self, names: Iterable[str]) -> float:
        """What a set of changes costs."""
        return self.pool.price([self.changes[name] for name in names])

    def members(self, names: Iterable[str]) -> list[Change]:
        """The changes of these names."""
        return [self.changes[name] for name in sorted(names)]

    def _try(self, sets: Iterable[Sequence[Change]]) -> None:
        ranked = {names_of(one): one for one in sets}
        for key, one in sorted(ranked.items(), key=lambda item: (self.pool.price(item[1]), sorted(item[0]))):
            self._note(key, self.prover.measure(one))

    def _note(self, key: frozenset[str], cleared: Iterable[int]) -> None:
        for place in cleared:
            self._clearing.setdefault(place, set()).add(key)

    def _search(self, target: Target, size: int) -> None:
        """Sets of changes that bear on one target; those that contain a smaller one that works are left out."""
        near = self.pool.changes(target)
        ranked = sorted(combinations(near, size), key=lambda some: (self.pool.price(some), sorted(names_of(some))))
        for some in ranked:
            if compatible(some) and not any(known <= names_of(some) for known in self.of(target.place)):
                self._note(names_of(some), self.prover.measure(some))
            if not self.prover.checker.left:
                return


def _complete_sets(options: Options, places: Sequence[int]) -> Iterator[frozenset[str]]:
    """
    Sets of changes that contain, for every finding, one that clears it; by cost, none with another inside.

    A best-first search over the findings in order: at the first that is not cleared yet, each of its options is tried.
    """
    choices = [options.of(place) for place in places]
    distinct = list({tuple(one): one for one in choices if one}.values())
    found: list[frozenset[str]] = []
    seen: set[frozenset[str]] = set()
    number = count()
    heap: list[tuple[float, int, frozenset[str]]] = [(0.0, next(number), frozenset())]
    for _ in range(_MOST_SETS):
        if not heap:
            return
        _, _, chosen = heapq.heappop(heap)
        if any(known <= chosen for known in found):
            continue
        left = next((some for some in distinct if not any(option <= chosen for option in some)), None)
        if left is None:
            found.append(chosen)
            yield chosen
            continue
        for more in _grown(options, chosen, left, seen):
            heapq.heappush(heap, (options.price(more), next(number), more))


def _grown(
    options: Options, chosen: frozenset[str], some: Sequence[frozenset[str]], seen: set[frozenset[str]]
) -> Iterator[frozenset[str]]:
    for option in some:
        more = chosen | option
        if more not in seen and compatible(options.members(more)):
            seen.add(more)
            yield more


def proofs_of(options: Options, targets: Sequence[Target], wanted: int) -> list[Proof]:
    """The proposals, those that clear the most first, then the cheapest; none a part of another."""
    return ranked(options, _searched(options, targets, wanted) if small_enough(options) else _planned(options, targets))


def ranked(options: Options, found: Iterable[Proof]) -> list[Proof]:
    """Proofs in the order in which they are shown, without those of which another is a part."""
    kept: list[Proof] = []
    for proof in sorted(found, key=lambda one: _rank(options, one)):
        if not any(set(_names(other)) <= set(_names(proof)) for other in kept):
            kept.append(proof)
    return kept


def small_enough(options: Options) -> bool:
    """Whether every change can be tried, and half of the trials are left for putting them together."""
    return len(options.changes) <= options.prover.checker.most // 2


def _rank(options: Options, proof: Proof) -> tuple[object, ...]:
    return -len(proof.outcome.cleared), options.pool.price(proof.changes), _names(proof)


def _searched(options: Options, targets: Sequence[Target], wanted: int) -> Iterator[Proof]:
    options.find(targets)
    places = [target.place for target in targets if options.of(target.place)]
    approaches = _Approaches(options, places)
    held: list[frozenset[str]] = []
    count = 0
    for chosen in _complete_sets(options, places) if places else ():
        if approaches.known(chosen):
            held.append(chosen)
        elif (proof := _shrunk(options, chosen, places)) is not None:
            approaches.learn(frozenset(_names(proof)))
            yield proof
            count += 1
        if count == wanted or not options.prover.checker.left:
            return
    for chosen in held:
        proof = None if approaches.same_work(chosen) else _shrunk(options, chosen, places)
        if proof is not None:
            approaches.learn(frozenset(_names(proof)))
            yield proof
            count += 1
        if count == wanted:
            return


class _Approaches:
    """
    How proposals do their main part: the kinds of the changes that clear the most and the worst.

    Alternatives should differ in these: those that differ in small things only, or mix what is proposed already, are
    no alternatives.
    """

    def __init__(self, options: Options, places: Sequence[int]) -> None:
        self._options, self._places = options, places
        self._main: frozenset[str] = frozenset()
        self._approaches: list[frozenset[str]] = []
        self._done: list[frozenset[str]] = []

    def known(self, chosen: frozenset[str]) -> bool:
        """Whether an earlier proposal does the main part in the same way, or in a part of it."""
        return any(way <= self._of(chosen) for way in self._approaches)

    def same_work(self, chosen: frozenset[str]) -> bool:
        """Whether an earlier proposal is the same but for what is only stated or tidied up."""
        return self._work(chosen) in self._done

    def learn(self, chosen: frozenset[str]) -> None:
        """Remember a proposal; the first one says what the main part is."""
        options = self._options
        if not self._approaches:
            clears = {
                name: [place for place in self._places if any(name in one <= chosen for one in options.of(place))]
                for name in sorted(chosen)
            }
            findings = options.prover.goal.chosen
            main = max(sorted(chosen), key=lambda name: sum(1 + findings[place].severity for place in clears[name]))
            self._main = frozenset(name for place in clears[main] for one in options.of(place) for name in one)
        self._approaches.append(self._of(chosen))
        self._done.append(self._work(chosen))

    def _of(self, chosen: frozenset[str]) -> frozenset[str]:
        main = chosen & self._main
        return frozenset(self._options.changes[name].kind for name in self._work(main)) or main

    def _work(self, chosen: frozenset[str]) -> frozenset[str]:
        changes = (self._options.changes[name] for name in chosen)
        return frozenset(one.id for one in changes if one.kind != "declare" and one.weight >= _SMALL)


def _shrunk(options: Options, chosen: frozenset[str], places: Sequence[int]) -> Proof | None:
    """A proof of a set, of what it takes in addition, or of a part where that holds as well."""
    proof = _settled(options, options.prover.prove(options.members(chosen)), frozenset(places))
    if proof is None:
        return None
    names = frozenset(_names(proof))
    for name in sorted(names, key=lambda one: (-options.price([one]), one)) if len(names) > 1 else ():
        rest = frozenset(_names(proof)) - {name}
        if rest and options.prover.measure(options.members(rest)) >= proof.outcome.cleared:
            smaller = options.prover.prove(options.members(rest))
            if smaller is not None and smaller.holds and smaller.outcome.cleared >= proof.outcome.cleared:
                proof = smaller
    return proof


def _settled(options: Options, proof: Proof | None, places: frozenset[int]) -> Proof | None:
    """A proof that holds: itself, or with a change or two more against what comes instead of what it clears."""
    for _ in range(_ADDED + 1):
        if proof is None or not proof.outcome.cleared >= places:
            return None
        if not proof.outcome.blocking:
            return proof
        proof = _improved(options, proof, places)
    return None


def _improved(options: Options, proof: Proof, places: frozenset[int]) -> Proof | None:
    """The first cheap change that leaves less to complain of."""
    for _, chosen in zip(range(_TRIALS), options.against(proof), strict=False):
        found = options.prover.prove(options.members(chosen))
        if found is not None and found.outcome.cleared >= places:
            blocked = {(one.rule, one.fingerprint) for one in found.outcome.blocking}
            if blocked < {(one.rule, one.fingerprint) for one in proof.outcome.blocking}:
                return found
    return None


def _planned(options: Options, targets: Sequence[Target]) -> Iterator[Proof]:
    """Plans, until one clears everything that can be cleared; the best of the others is worth something too."""
    planner = Planner(options.pool, options.cutter, targets)
    best: Proof | None = None
    plans: set[frozenset[str]] = set()
    while options.prover.checker.left:
        plan = planner.plan()
        if not plan or plan in plans:
            break
        plans.add(plan)
        proof = options.prover.prove(options.members(plan))
        proof = _settled(options, proof, proof.outcome.cleared if proof else frozenset()) or proof
        left = {target.place for target in targets} - (proof.outcome.cleared if proof else set())
        if proof is not None and proof.holds and (best is None or proof.outcome.cleared > best.outcome.cleared):
            best = proof
        if not left:
            break
        planner.learn(plan, left)
    if best is not None:
        yield best


def _names(proof: Proof) -> list[str]:
    return [change.id for change in proof.changes]

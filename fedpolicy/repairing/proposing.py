"""Which proved sets of changes are shown: the cheapest, and alternatives that deserve the name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fedpolicy.repairing.foresight import Foresight
from fedpolicy.repairing.options import Options
from fedpolicy.repairing.prove import Proof
from fedpolicy.repairing.search import complete_sets
from fedpolicy.repairing.targets import Target

__all__ = ["proofs_of", "small_enough"]

_ADDED = 2  # changes that are added against what others bring
_TRIALS = 12  # of changes that might do that
_SMALL = 0.5  # changes of less weight only tidy up


def proofs_of(options: Options, targets: Sequence[Target], wanted: int) -> list[Proof]:
    """The proposals, those that clear the most first, then the cheapest; none a part of another."""
    found = list(_tried(options, targets, wanted) if small_enough(options) else _foreseen(options, targets))
    kept: list[Proof] = []
    for proof in sorted(found, key=lambda one: _rank(options, one)):
        if not any(set(_names(other)) <= set(_names(proof)) for other in kept):
            kept.append(proof)
    return kept


def small_enough(options: Options) -> bool:
    """Whether every change can be tried, and half of the trials are left for putting them together."""
    return len(options.changes) <= options.bench.checker.most // 2


def _rank(options: Options, proof: Proof) -> tuple[object, ...]:
    return -len(proof.outcome.cleared), options.pool.price(proof.changes), _names(proof)


def _tried(options: Options, targets: Sequence[Target], wanted: int) -> Iterator[Proof]:
    options.find(targets)
    places = [target.place for target in targets if options.of(target.place)]
    ways = _Ways(options, places)
    held: list[frozenset[str]] = []
    count = 0
    for chosen in complete_sets(options, places) if places else ():
        if ways.known(chosen):
            held.append(chosen)
        elif (proof := _shrunk(options, chosen, places)) is not None:
            ways.learn(frozenset(_names(proof)))
            yield proof
            count += 1
        if count == wanted or not options.bench.checker.left:
            return
    for chosen in held:
        proof = None if ways.alike(chosen) else _shrunk(options, chosen, places)
        if proof is not None:
            ways.learn(frozenset(_names(proof)))
            yield proof
            count += 1
        if count == wanted:
            return


class _Ways:
    """
    The ways in which proposals do their main part: the kinds of the changes that clear the most and the worst.

    Alternatives should differ in these: those that differ in small things only, or mix what is proposed already, are
    no alternatives.
    """

    def __init__(self, options: Options, places: Sequence[int]) -> None:
        self._options, self._places = options, places
        self._main: frozenset[str] = frozenset()
        self._ways: list[frozenset[str]] = []
        self._done: list[frozenset[str]] = []

    def known(self, chosen: frozenset[str]) -> bool:
        """Whether an earlier proposal does the main part in the same way, or in a part of it."""
        return any(way <= self._of(chosen) for way in self._ways)

    def alike(self, chosen: frozenset[str]) -> bool:
        """Whether an earlier proposal is the same but for what is only stated or tidied up."""
        return self._work(chosen) in self._done

    def learn(self, chosen: frozenset[str]) -> None:
        """Remember a proposal; the first one says what the main part is."""
        options = self._options
        if not self._ways:
            clears = {
                name: [place for place in self._places if any(name in one <= chosen for one in options.of(place))]
                for name in sorted(chosen)
            }
            findings = options.bench.goal.chosen
            main = max(sorted(chosen), key=lambda name: sum(1 + findings[place].severity for place in clears[name]))
            self._main = frozenset(name for place in clears[main] for one in options.of(place) for name in one)
        self._ways.append(self._of(chosen))
        self._done.append(self._work(chosen))

    def _of(self, chosen: frozenset[str]) -> frozenset[str]:
        main = chosen & self._main
        return frozenset(self._options.changes[name].kind for name in self._work(main)) or main

    def _work(self, chosen: frozenset[str]) -> frozenset[str]:
        changes = (self._options.changes[name] for name in chosen)
        return frozenset(one.id for one in changes if one.kind != "declare" and one.weight >= _SMALL)


def _shrunk(options: Options, chosen: frozenset[str], places: Sequence[int]) -> Proof | None:
    """A proof of a set, of what it takes in addition, or of a part where that holds as well."""
    proof = _settled(options, options.bench.prove(options.members(chosen)), frozenset(places))
    if proof is None:
        return None
    names = frozenset(_names(proof))
    for name in sorted(names, key=lambda one: (-options.price([one]), one)) if len(names) > 1 else ():
        rest = frozenset(_names(proof)) - {name}
        if rest and options.bench.measure(options.members(rest)) >= proof.outcome.cleared:
            smaller = options.bench.prove(options.members(rest))
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
        found = options.bench.prove(options.members(chosen))
        if found is not None and found.outcome.cleared >= places:
            blocked = {(one.rule, one.fingerprint) for one in found.outcome.blocking}
            if blocked < {(one.rule, one.fingerprint) for one in proof.outcome.blocking}:
                return found
    return None


def _foreseen(options: Options, targets: Sequence[Target]) -> Iterator[Proof]:
    """Plans, until one clears everything that can be cleared; the best of the others is worth something too."""
    foresight = Foresight(options=options, targets=targets)
    best: Proof | None = None
    plans: set[frozenset[str]] = set()
    while options.bench.checker.left:
        plan = foresight.plan()
        if not plan or plan in plans:
            break
        plans.add(plan)
        proof = options.bench.prove(options.members(plan))
        proof = _settled(options, proof, proof.outcome.cleared if proof else frozenset()) or proof
        left = {target.place for target in targets} - (proof.outcome.cleared if proof else set())
        if proof is not None and proof.holds and (best is None or proof.outcome.cleared > best.outcome.cleared):
            best = proof
        if not left:
            break
        foresight.learn(plan, left)
    if best is not None:
        yield best


def _names(proof: Proof) -> list[str]:
    return [change.id for change in proof.changes]

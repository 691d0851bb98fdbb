"""Whether the first proposal is the best there is: every set of changes that could be better is tried."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from fedpolicy.repair import Change
from fedpolicy.repair.candidates import compatible
from fedpolicy.repair.proof import Proof
from fedpolicy.repair.search import Options, ranked

_MOST_SETS = 5_000  # sets that are looked at before it is left open
_PRECISION = 1e-9  # of prices, which are sums of numbers with a point


def optimum(options: Options, proofs: Sequence[Proof], wanted: int) -> tuple[list[Proof], bool]:
    """
    The proposals, with a better one if there is one, and whether none can be better than the first.

    Better is what clears more, or as much for less. Nothing is taken for granted of sets that were not tried: where
    they are more than may be checked, the question stays open.
    """
    sets = _rivals(options, proofs[0]) if proofs else None
    if sets is None:
        return list(proofs), False
    best = proofs[0]
    for some in sets:
        if not options.prover.checker.left:
            return list(proofs), False
        if _could_beat(options, some, len(options.prover.measure(some)), best):
            best = _better(options, best, options.prover.prove(some))
    found = proofs if best is proofs[0] else [best, *proofs]
    return ranked(options, found)[:wanted], bool(options.prover.checker.left)


def _better(options: Options, best: Proof, proof: Proof | None) -> Proof:
    holds = proof is not None and proof.holds
    return proof if proof and holds and _could_beat(options, proof.changes, len(proof.outcome.cleared), best) else best


def _could_beat(options: Options, some: Sequence[Change], cleared: int, best: Proof) -> bool:
    most = len(best.outcome.cleared)
    cheaper = options.pool.price(some) < options.pool.price(best.changes) - _PRECISION
    return cleared > most or (cleared == most and cheaper)


def _rivals(options: Options, best: Proof) -> list[list[Change]] | None:
    """
    The sets that could be better, cheapest first: cheaper ones where everything is cleared, else all.

    None where they are more than may be checked.
    """
    everything = len(best.outcome.cleared) == len(options.prover.goal.chosen)
    limit = options.pool.price(best.changes) - _PRECISION if everything else float("inf")
    changes = sorted(options.changes.values(), key=options.pool.rank)
    looked = list(islice(_below(options, changes, limit), _MOST_SETS + 1))
    sets = [some for some in looked if compatible(some)]
    fits = len(looked) <= _MOST_SETS and len(sets) < options.prover.checker.left
    return sorted(sets, key=options.pool.price) if fits else None


def _below(options: Options, changes: Sequence[Change], limit: float) -> Iterator[list[Change]]:
    """All sets of changes that cost less than a limit; `changes` are in order of their prices."""
    for place, one in enumerate(changes):
        left = limit - options.pool.price([one])
        if left <= 0:
            return
        yield [one]
        for more in _below(options, changes[place + 1 :], left):
            yield [one, *more]

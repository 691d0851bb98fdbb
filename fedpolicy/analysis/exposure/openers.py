"""Whom an enclave keeps out, and who can open what is sealed."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.analysis.exposure import Reading
from fedpolicy.analysis.exposure.fixpoint import Holdings
from fedpolicy.graph import Mask, Vertex

Openers = dict[str, dict[int, Mask]]  # by party and seal, what it can open


def count_readers(holdings: Holdings) -> Openers:
    """
    The instances behind each seal that each party can open, by as many readers as it takes.

    It has those readers in hand that it operates or hosts and from whose enclave it is not kept out.
    """
    found: Openers = {}
    everything = holdings.graph.everything
    for index, seal in enumerate(holdings.graph.seals):
        reached: dict[str, list[Mask]] = {}
        for reader in sorted(seal.readers):
            for party, mask in _behind(holdings, reader, everything):
                _count(reached.setdefault(party, [everything]), mask, seal.threshold)
        for party, counts in reached.items():
            if len(counts) > seal.threshold and counts[-1]:
                found.setdefault(party, {})[index] = counts[-1]
    return found


def _count(counts: list[Mask], mask: Mask, most: int) -> None:
    """
    Count one more for the instances of a mask; `counts` holds those that have been counted so many times.

    It grows with what is counted, up to `most`: a threshold may be a billion, in a cohort of more.
    """
    if len(counts) <= most:
        counts.append(0)
    for number in range(len(counts) - 1, 0, -1):
        counts[number] |= counts[number - 1] & mask


def _behind(holdings: Holdings, reader: str, everything: Mask) -> Iterator[tuple[str, Mask]]:
    """Who has a reader in hand, and for which instances."""
    vertex = holdings.graph.vertices.get(reader)
    if vertex is None:
        yield reader, everything
        return
    for party in dict.fromkeys((*vertex.operators, vertex.host)):
        yield party, everything & ~shielded(holdings, vertex, party)


def shielded(holdings: Holdings, vertex: Vertex, party: str) -> Mask:
    """The instances that an enclave hides from a party that operates or hosts the place."""
    if vertex.enclave is None and not vertex.may_lack(party):
        return 0
    kept_out, reading = vertex.keeps_out(party), holdings.effects.reading
    if kept_out is False or (kept_out is None and reading is not Reading.LOW):
        return 0
    everything = holdings.graph.everything
    if vertex.enclave is None or reading.trusting or "public" in vertex.enclave.verified_by:
        return everything
    found = 0
    for verifier in vertex.enclave.verified_by:
        found |= holdings.effects.trust.accepting(frozenset({verifier}), everything)
    return found

"""On whose word it rests how much others learn, and which owners rely on whom of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fedpolicy.analysis.exposure.state import Exposure
from fedpolicy.graph import FlowGraph, Mask
from fedpolicy.graph.masks import lacking
from fedpolicy.records import dataclass

_FEW_WORDS = 4  # on which a safeguard rests that one client and its software perform


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """
    Those who give their word that others learn no more of somebody else's data; none where all owners rely on all.

    `relied` parts all instances by whom of them the owner relies on.
    """

    given: frozenset[str]
    relied: Mapping[frozenset[str], Mask]


def words_of(exposure: Exposure) -> Words:
    """Those of a deployment."""
    given, relied = _given(exposure), dict[frozenset[str], Mask]()
    for item in exposure.graph.data:
        trusts = exposure.graph.principals[item.owner].trusts & given
        relied[trusts] = relied.get(trusts, 0) | item.bit
    return Words(given=given, relied=relied)


def _given(exposure: Exposure) -> frozenset[str]:
    """
    Those on whose word it rests how much others learn of somebody else's data, where not all owners rely on all.

    What they learn themselves is told apart: a word that protects against whoever gives it is another finding.
    """
    graph, found = exposure.graph, set[str]()
    several = dict[int, frozenset[str]]()  # thousands of flows share what rests on everybody
    for flow in () if exposure.believed else graph.flows:
        said = [guard.rests_on for guard in flow.guards]
        said += [] if flow.aggregate is None else [graph.aggregates[flow.aggregate].rests_on]
        for words in said:
            if len(words) > _FEW_WORDS:
                several[id(words)] = words
                continue
            named = (who for word in words for who in _behind(graph, word))
            found |= {who for who in named if flow.data is None or lacking(flow.data, exposure.own.get(who, 0))}
    checked = (one.enclave.verified_by for one in graph.enclaves.values() if one.enclave)
    return frozenset(found.union(*several.values(), *checked))


def _behind(graph: FlowGraph, word: str) -> Sequence[str]:
    """Who gives a word; instead of an enclave that does not vouch, those who run what is in it."""
    place = graph.enclaves.get(word)
    return (word,) if place is None else place.instead[word]

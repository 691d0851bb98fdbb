"""On whose word what somebody learns stays as little as the file says, judged from the texts of the two rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.reference.analysed import held, hidden, opened
from tests.reference.learned import INFERABLE, Learned, learned, worst
from tests.reference.uses import Truth, verdict

RULES = ("guarantee-rests-on-recipient", "guarantee-rests-on-untrusted")
NOISE = ("noise_multiplier", "clipping_norm", "delta", "unit")  # without which nobody can say what noise does
Reason = tuple[str, frozenset[str]]  # the kind of a safeguard, and those on whose word it rests


def judge(tree: Any, study: Any) -> dict[tuple[str, str], str]:
    """Both, asked of everything that anybody can learn."""
    return worst((rule, one.row, said) for one in learned(tree, study) for rule, said in _rules(study, one))


def _rules(study: Any, one: Learned) -> Iterator[tuple[str, str]]:
    pair = one.one
    if one.private is False or pair.guaranteed <= pair.high:  # with the same facts, which are missing for both
        return
    reasons = [*_reasons(study, one)]
    recipient = any(one.home in words for _, words in reasons)
    bad = recipient or any(kind != "aggregation" for kind, _ in reasons)
    if bad and (said := verdict(_fails(one))):
        yield RULES[0] if recipient else RULES[1], said


def _fails(one: Learned) -> Truth:
    """Whether more may be learned than the file says; perhaps only, where nobody knows whether an enclave vouches."""
    said = {
        guaranteed > one.one.high and (one.allowed is None or guaranteed > one.allowed or one.unsaid)
        for guaranteed in (one.one.guaranteed, one.one.vouched)
    }
    truth = said.pop() if len(said) == 1 else None
    return truth if truth is False or not (one.unsaid or one.private is None) else None


def _reasons(study: Any, one: Learned) -> Iterator[Reason]:
    """What stands on the ways that would be open, and that the owner has no reason to rely on."""
    exposure, pair, graph = study.exposure, one.one, study.graph
    viewer, item = exposure.viewers[pair.parties[0], pair.role], exposure.items[pair.datasets[0]]
    for flow in opened(study, pair):
        units = study.deployment.datasets[item.family].subjects
        guards = [guard for guard in flow.guards if _counts(study, guard, units)]
        said = [(guard.spec.kind, guard.rests_on, guard.aggregate) for guard in guards]
        said += _added_up(study, item, flow)
        for kind, words, number in said:
            refused = exposure.trust.refused(item.owner, words)
            if refused and (number is None or hidden(study, number, pair.parties[0], item)):
                yield kind, frozenset(map(study.lookup.party, refused))
    for place in (graph.vertices[name] for name in viewer.places):
        kept_out = place.enclave is not None and place.enclave.attested and place.keeps_out(pair.parties[0])
        if kept_out and held(study, place.id, item) and not exposure.trust.verifies(item.owner, place.enclave):
            yield "tee", frozenset(map(study.lookup.party, place.enclave.verified_by))


def _added_up(study: Any, item: Any, flow: Any) -> list[tuple[str, frozenset[str], int]]:
    """A plain sum, which whoever only ever had the sum need not be believed to have made."""
    number, graph = flow.aggregate, study.graph
    if number is None or not graph.aggregates[number].summable:
        return []
    single = held(study, flow.source, item) > INFERABLE
    return [("aggregation", graph.aggregates[number].rests_on, number)] if single else []


def _counts(study: Any, guard: Any, units: int | None) -> bool:
    """Whether a safeguard lowers anything, if it is there; noise has to keep to the limit, among so many units."""
    if guard.ignored or guard.spec.kind != "differential_privacy":
        return not guard.ignored
    path = ".".join(map(str, guard.path))
    spent = [one.spent.high for one in study.ledger.shares if one.path == path]
    complete = all(getattr(guard.spec, key) is not None for key in NOISE)
    small = complete and units is not None and guard.spec.delta * units < 1
    return small and any(high <= study.max_epsilon for high in spent)

"""Why a safeguard on a path did not lower what a viewer sees, and which missing facts would decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from math import inf

from fedpolicy.analysis.accounting import INSTALL_HINT
from fedpolicy.analysis.exposure import INFERABLE
from fedpolicy.analysis.exposure.effects import asks_what_it_is, suppliers_of
from fedpolicy.analysis.exposure.fixpoint import Holdings
from fedpolicy.analysis.exposure.mechanisms import noised
from fedpolicy.analysis.exposure.privacy import Protection, Spending, as_noun, judge, over, shown, units_of
from fedpolicy.analysis.exposure.sizes import missing_size
from fedpolicy.analysis.exposure.sums import HIDING
from fedpolicy.analysis.exposure.views import Viewer
from fedpolicy.analysis.facts import NotCounted
from fedpolicy.graph import DataItem, Flow, Guard, Vertex
from fedpolicy.language.model.does import Cap, Noise, Unsaid
from fedpolicy.language.model.types import UNMIXED
from fedpolicy.suggest import few_names

DECLARED, GUARANTEED = "declared", "guaranteed"


def not_counted(
    holdings: Holdings,
    viewer: Viewer,
    item: DataItem,
    trails: Sequence[Sequence[Flow]],
    spent: Spending | None = None,
) -> tuple[NotCounted, ...]:
    """
    Every safeguard met on the paths that does not count, once each, with its last reason.

    `spent` is what all budgets together come to where that is, or may be, too much.
    """
    found: dict[tuple[str, str], NotCounted] = {}
    for trail in trails:
        # What comes too late for one hop may still count on a later one; there it says why it does not.
        onward = reversed(list(enumerate(trail)))
        reasons = [one for at, flow in onward for one in _on_flow(holdings, viewer, item, flow, at)]
        counted = _counted(holdings, viewer, item, trail) if reasons else ()
        for reason in reasons:
            if reason.level == GUARANTEED or reason.safeguard not in counted:
                found.setdefault((reason.safeguard, reason.level), reason)
    overspent = _overspent(viewer, trails, holdings.effects.max_epsilon, spent)
    opened = (reason for trail in trails if trail for reason in _opened(holdings, viewer, trail))
    for reason in (*overspent, *_enclaves(holdings, viewer, item), *opened):
        found.setdefault((reason.safeguard, reason.level), reason)
    return tuple(found[key] for key in sorted(found))


def missing_on(holdings: Holdings, viewer: Viewer, item: DataItem, trails: Sequence[Sequence[Flow]]) -> tuple[str, ...]:
    """The facts that the level along these paths hangs on."""
    found = set(_of_enclaves(holdings, viewer, item, trails))
    for trail in trails:
        for flow in trail:
            found.update(flow.missing)
            found.update(_of_differences(holdings, viewer, item, flow))
            found.update(_of_guards(holdings, item, flow))
            found.update(_of_sums(holdings, flow))
            found.update(_of_hop(holdings, item, flow))
            found.update(filter(None, [missing_size(holdings.effects.catalog, item, flow)]))
    return tuple(sorted(found))


def _of_enclaves(holdings: Holdings, viewer: Viewer, item: DataItem, trails: Sequence[Sequence[Flow]]) -> Iterator[str]:
    """Where the data are at a place of the viewer, or the key to them is, and nobody says whether it sees that."""
    graph = holdings.graph
    if not any(vertex.enclave or vertex.may_lack(viewer.party) for vertex in graph.vertices.values()):
        return
    ends = {trail[-1].target for trail in trails if trail} | {item.place}
    seals = {seal for trail in trails for flow in trail for seal in flow.seals}
    for name in ends.union(*(graph.seals[seal].readers for seal in seals)):
        vertex = graph.vertices.get(name)
        theirs = vertex is not None and viewer.party in (*vertex.operators, vertex.host)
        theirs = theirs and (name in viewer.places or name not in ends)
        if vertex is not None and theirs and (vertex.keeps_out(viewer.party) is None or vertex.may_lack(viewer.party)):
            yield f"nodes.{vertex.family}.{_unsaid(vertex, viewer.party)}"


def _unsaid(vertex: Vertex, party: str) -> str:
    """The key of a node that would say whether somebody sees what is there."""
    if vertex.may_lack(party):
        return "host" if party == vertex.host else "operators"
    return vertex.enclave.key if vertex.enclave else ""


def _counted(holdings: Holdings, viewer: Viewer, item: DataItem, trail: Sequence[Flow]) -> set[str]:
    return {
        ".".join(map(str, guard.path))
        for flow in trail
        for guard in flow.guards
        if not (guard.ignored or _invalid(holdings, viewer, item, flow, guard))
    }


def _of_guards(holdings: Holdings, item: DataItem, flow: Flow) -> Iterator[str]:
    for guard in flow.guards:
        if isinstance(guard.does, Unsaid):
            yield ".".join(map(str, guard.path[:-1]))
        if isinstance(guard.does, Cap) and guard.does.method and "unknown" in item.categories:
            yield f"datasets.{item.family}.categories"
        if isinstance(guard.does, Noise) and not guard.ignored:
            verdict = _protection(holdings, item, flow, guard)
            if not verdict.why:
                yield from verdict.missing


def _of_sums(holdings: Holdings, flow: Flow) -> Iterator[str]:
    sums = [flow.aggregate, *(guard.aggregate for guard in flow.guards)]
    for index in sums:
        if index is not None:
            yield from holdings.graph.aggregates[index].missing


def _of_hop(holdings: Holdings, item: DataItem, flow: Flow) -> Iterator[str]:
    """Who else is where an owner adds up its own data: alone, it takes no noise away from them."""
    vertex = holdings.graph.vertices[flow.target]
    shared = (one for one in holdings.effects.insiders.values() if one.crowd.weights)
    if vertex.party == item.owner and vertex.is_alone is None and any(shared):
        yield from (f"nodes.{vertex.family}.{key}" for key in ("host", "operators") if _lacks(vertex, key))


def _lacks(vertex: Vertex, key: str) -> bool:
    return vertex.may_lack(vertex.host) if key == "host" else any(map(vertex.may_lack, vertex.operators))


def _of_differences(holdings: Holdings, viewer: Viewer, item: DataItem, flow: Flow) -> Iterator[str]:
    """Where somebody may see a part of a sum, too: how many are added up in the others."""
    beside = holdings.differences
    if flow.aggregate is None or beside is None or not beside.asks(holdings, viewer, item, flow.aggregate):
        return
    task = holdings.graph.deployment.tasks[flow.origin.partition(".")[2]]
    counted = "hops.min_clients" if task.hops else "clients_per_round"
    yield f"{flow.origin}.{'aggregation' if task.says_unknown('aggregation') else counted}"


def _on_flow(holdings: Holdings, viewer: Viewer, item: DataItem, flow: Flow, number: int) -> Iterator[NotCounted]:
    for guard in flow.guards:
        why = guard.ignored or _invalid(holdings, viewer, item, flow, guard)
        if why:
            yield _note(guard, why, DECLARED, number)
        else:
            yield from _unaccepted(holdings, item, flow, guard, number)
    if flow.role == "forwarded":
        place = holdings.graph.vertices[flow.source].name
        why = f"{place} can neither open nor add up what is encrypted end to end, so its readers get single ones"
        yield NotCounted(
            safeguard=f"{flow.origin}.aggregation", kind="aggregation", why=why, level=DECLARED, step=number
        )
    if not _summed_before(holdings, item, flow):
        yield from _plain_sum(holdings, viewer, item, flow, number)


def _summed_before(holdings: Holdings, item: DataItem, flow: Flow) -> bool:
    """Whether the sender itself only ever had the sum, so that nobody needs its word for adding up."""
    return flow.aggregate is not None and holdings.level(flow.source, item.index) <= INFERABLE


def _protection(holdings: Holdings, item: DataItem, flow: Flow, guard: Guard) -> Protection:
    graph = holdings.graph
    units = units_of(graph, noised(graph, flow, guard))
    return judge(graph, guard, item.index, units, holdings.effects.max_epsilon)


def _invalid(holdings: Holdings, viewer: Viewer, item: DataItem, flow: Flow, guard: Guard) -> str:
    if isinstance(guard.does, Noise):
        verdict = _protection(holdings, item, flow, guard)
        return verdict.why or (_undecided(verdict.missing) if verdict.missing else "")
    if guard.aggregate is not None:
        return _exposed(holdings, viewer, item, guard.aggregate)
    return ""


def _undecided(missing: Sequence[str]) -> str:
    """What is not declared; an epsilon is not declared but computed, if the means are there."""
    facts = [fact for fact in missing if not fact.endswith(".epsilon")]
    if facts:
        return f"not declared: {', '.join(facts)}"
    return f"whether its epsilon keeps to the limit takes a closer computation: {INSTALL_HINT}"


def _overspent(
    viewer: Viewer, trails: Sequence[Sequence[Flow]], max_epsilon: float, spent: Spending | None
) -> Iterator[NotCounted]:
    if spent is None or spent.high <= max_epsilon:
        return
    proved = max_epsilon < spent.low < inf
    found = as_noun("epsilon", over(spent, max_epsilon) if proved else shown(spent))
    limit = f"{'above the limit of' if max_epsilon < spent.least < inf else 'and the limit is'} {max_epsilon:g}"
    known = f"; it {' and '.join(spent.because)}" if spent.because else ""
    why = f"all that {viewer.party} sees together has {found}, {limit}{known}"
    for trail in trails:
        for number, flow in enumerate(trail):
            for guard in flow.guards:
                if isinstance(guard.does, Noise):
                    yield _note(guard, why, DECLARED, number)


def _exposed(holdings: Holdings, viewer: Viewer, item: DataItem, aggregate: int) -> str:
    if holdings.hiding.hidden(aggregate, (viewer.party,)) >> item.index & 1:
        beside = holdings.differences
        return beside.why(holdings, viewer, item, aggregate) if beside is not None else ""
    left = holdings.hiding.remaining(aggregate, (viewer.party,))
    if left >= HIDING and holdings.graph.aggregates[aggregate].least_units is not None:
        return f"without its own, {viewer.party} sees a sum of too few units to hide anybody"
    return f"without its own, {viewer.party} sees a sum of {left}, which hides nobody"


def _unaccepted(holdings: Holdings, item: DataItem, flow: Flow, guard: Guard, number: int) -> Iterator[NotCounted]:
    if refused := sorted(holdings.effects.trust.refused(item.owner, guard.rests_on)):
        yield _note(guard, _distrusted(item, refused), GUARANTEED, number, tuple(refused))
    elif asks_what_it_is(guard) and (code := _strange(holdings, item, flow)):
        yield _note(guard, f"what it is put on is {code}", GUARANTEED, number)


def _strange(holdings: Holdings, item: DataItem, flow: Flow) -> str:
    """By whose code something is made on which the owner does not rely."""
    if not item.bit & holdings.effects.unvouched(flow):
        return ""
    return f"made by code of {few_names(sorted(suppliers_of(holdings.graph, flow)))}, whom {item.owner} does not trust"


def _distrusted(item: DataItem, refused: Sequence[str]) -> str:
    return f"it rests on the word of {few_names(refused)}, whom {item.owner} does not trust"


def _plain_sum(holdings: Holdings, viewer: Viewer, item: DataItem, flow: Flow, number: int) -> Iterator[NotCounted]:
    if flow.aggregate is None:
        return
    aggregate = holdings.graph.aggregates[flow.aggregate]
    said = partial(NotCounted, safeguard=f"{aggregate.origin}.aggregation", kind="aggregation", step=number)
    rule = holdings.graph.deployment.tasks[aggregate.origin.partition(".")[2]].aggregation
    unmixed = f"{rule} gives back what single clients sent" if rule in UNMIXED else ""
    why = "it adds numbers, and this payload cannot be added" if not aggregate.summable else unmixed
    if why := why or _exposed(holdings, viewer, item, flow.aggregate):
        yield said(why=why, level=DECLARED)
    elif refused := sorted(holdings.effects.trust.refused(item.owner, aggregate.rests_on)):
        yield said(why=_distrusted(item, refused), level=GUARANTEED, rests_on=tuple(refused))
    elif code := _strange(holdings, item, flow):
        yield said(why=f"it is {code}", level=GUARANTEED)


def _enclaves(holdings: Holdings, viewer: Viewer, item: DataItem) -> Iterator[NotCounted]:
    # Most deployments have none, and a party may have thousands of places.
    for place in viewer.places if holdings.enclosed else ():
        vertex = holdings.graph.vertices[place]
        if vertex.enclave is None or not holdings.level(place, item.index):
            continue
        said = partial(NotCounted, safeguard=f"nodes.{vertex.family}.tee", kind="tee")
        if why := _open_enclave(vertex, viewer):
            yield said(why=why, level=DECLARED)
        elif not holdings.effects.trust.verifies(item.owner, vertex.enclave):
            why = f"nobody whom {item.owner} trusts verifies the attestation"
            yield said(why=why, level=GUARANTEED, rests_on=tuple(sorted(vertex.enclave.verified_by)))
        elif vertex.node_kind == "client" and viewer.party in vertex.operators:
            why = f"it hides nothing of what the models on it answer, and {viewer.party} can ask them"
            yield said(why=why, level=DECLARED)


def _opened(holdings: Holdings, viewer: Viewer, trail: Sequence[Flow]) -> Iterator[NotCounted]:
    """What comes sealed to a place of somebody else, which opens it where the viewer looks."""
    vertex = holdings.graph.vertices[trail[-1].target]
    if viewer.party == vertex.party or viewer.party not in (*vertex.operators, vertex.host):
        return
    for seal in (holdings.graph.seals[index] for flow in trail for index in flow.seals):
        if viewer.party not in seal.readers and vertex.opens(seal.readers, seal.threshold):
            why = f"{vertex.name} opens it, which hides nothing from {_capacity(vertex, viewer)}"
            path = ".".join(map(str, seal.path))
            yield NotCounted(safeguard=path, kind="seal", why=why, level=DECLARED, step=len(trail) - 1)


def _open_enclave(vertex: Vertex, viewer: Viewer) -> str:
    """Why an enclave keeps nothing from somebody, whoever checks it."""
    if vertex.enclave is None or not vertex.enclave.attested:
        return "the enclave is not attested"
    kept_out = vertex.keeps_out(viewer.party)
    if kept_out is None:
        return f"it is not said whether it keeps out {_capacity(vertex, viewer)}"
    return "" if kept_out else f"it does not keep out {_capacity(vertex, viewer)}"


def _capacity(vertex: Vertex, viewer: Viewer) -> str:
    return f"its operator, {viewer.party}" if viewer.party in vertex.operators else f"its host, {viewer.party}"


def _note(guard: Guard, why: str, level: str, number: int, rests_on: tuple[str, ...] = ()) -> NotCounted:
    path = ".".join(map(str, guard.path))
    return NotCounted(safeguard=path, kind=guard.spec.kind, why=why, level=level, rests_on=rests_on, step=number)

"""Laws that hold in every deployment, tried on generated ones (DESIGN, section 5)."""

from __future__ import annotations

from copy import deepcopy
from itertools import pairwise

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.catalog import load_catalog
from fedpolicy.graph import bits
from tests.analysis.deployments import EXCHANGING, calls, deployments, flows, mechanism, safeguard, tasks
from tests.helpers import NONE, facts_of, flow_lines, graph_of, pairs, single_pairs, table
from tests.laws import examples

CATALOG = load_catalog()

RANK = {name: rank for rank, name in enumerate(LEVELS)}
LAW = settings(
    max_examples=examples(few=23),
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

TWICE = settings(LAW, max_examples=examples(250, few=23, fewer="it studies two deployments, 40 to 70 ms"))
ADDED = settings(LAW, max_examples=examples(few=30))


def brought(study):
    """The movements of records that nobody declares."""
    return {flow.id for flow in study.graph.flows if flow.role == "records"}


def ranks(deployment, max_epsilon=None):
    return ranks_of(facts_of(deployment, max_epsilon))


def ranks_of(study):
    return {pair: tuple(RANK[name] for name in levels) for pair, levels in table(study).items()}


def assumes_movements(deployment):
    """Whether records are only assumed to have moved; a flow that says how they moved replaces the assumption."""
    flows = graph_of(deployment).flows
    return any(flow.role == "records" and not flow.origin.startswith("tasks.") for flow in flows)


def forwards_ciphertext(deployment):
    """Whether a flow carries what others have sealed, and only that: sealing more then moves more."""
    return any(flow["payload"] == "ciphertext" for flow in deployment.get("flows", {}).values())


def clients_of(deployment):
    nodes = deployment["nodes"]
    return len(nodes["client"]["party"]) + nodes.get("phone", {}).get("count", 0)


def lowered(after, before):
    """The pairs that have lost something. Of what is public, one may be told by itself or as one of everybody."""
    none = tuple(RANK[name] for name in NONE)
    for pair, levels in before.items():
        everybody = after.get(("public", "public", pair[-1]), none)
        known = map(max, after.get(pair, none), everybody)
        if any(new < old for new, old in zip(known, levels, strict=True)):
            yield pair


def never_lower(after, before):
    assert [*lowered(after, before)] == []


@LAW
@given(deployments())
def test_the_levels_of_a_disclosure_are_ordered_and_something(deployment):
    for one in pairs(facts_of(deployment)).values():
        assert one.low <= one.high <= one.vouched <= one.guaranteed
        assert one.guaranteed > 0


@TWICE
@given(deployments())
def test_every_disclosure_has_a_way_from_where_the_data_are_to_whoever_learns(deployment):
    facts = facts_of(deployment)
    vertices = facts.graph.vertices
    stored = {item.id: item.place for item in facts.graph.data}

    for (party, _, dataset), found in single_pairs(facts).items():
        at_home = vertices[stored[dataset]]
        assert found.paths or party in {*at_home.operators, at_home.host}
        for path in found.paths:
            assert path[0].source == stored[dataset]
            assert all(one.target == two.source for one, two in pairwise(path))
            end = vertices[path[-1].target]
            assert end.public or party in {*end.operators, end.host}


@LAW
@given(deployments())
def test_groups_and_pairs_agree(deployment):
    facts = facts_of(deployment)

    single = {pair: (one.low, one.high, one.guaranteed, one.allowed) for pair, one in single_pairs(facts).items()}
    grouped = {
        (party, group.role, dataset): (group.low, group.high, group.guaranteed, group.allowed)
        for group in facts.disclosures
        for party in group.parties
        for dataset in group.datasets
        if (party, group.role, dataset) in single
    }

    assert grouped == single
    assert sum(group.pairs for group in facts.disclosures) == len(single)


def assumed(deployment):
    """Where records are only assumed to have come: to which place, of which instances."""
    graph = graph_of(deployment)
    return {
        (flow.target, index)
        for flow in graph.flows
        if flow.role == "records" and not flow.origin.startswith("tasks.")
        for index in bits(flow.data or 0)
    }


def is_readable(flow):
    """Whether somebody whom a flow reaches can open it."""
    readers = [{*one.get("sealed_for", ())} for one in flow.get("safeguards", ()) if "sealed_for" in one]
    shared = any(one.get("threshold", 1) > 1 for one in flow.get("safeguards", ()))
    ends = {flow["to"], flow.get("via")}
    return flow["payload"] != "code" and not shared and all(ends & {*names, "relay", "store"} for names in readers)


def gives_a_model(flow):
    """Whether whoever gets it runs the model itself from then on, and no longer asks others."""
    return flow.get("data") == ["out"] and flow["payload"] in {"model_weights", "adapter_weights", "aggregate_update"}


def is_said(flow):
    """Whether it is said who can open what a flow carries; ciphertext of data in the clear is refused otherwise."""
    sealed = any({"sealed_for", "of"} & {*one} for one in flow.get("safeguards", ()))
    return flow["payload"] != "ciphertext" or sealed


@ADDED
@given(deployments(), flows())
def test_adding_a_flow_never_lowers_unless_it_replaces_an_assumption(deployment, flow):
    assume(is_said(flow) and not gives_a_model(flow))
    more = {**deployment, "flows": {**deployment.get("flows", {}), "f0": flow}}
    before, after = ranks(deployment), ranks(more)

    if [*lowered(after, before)]:
        assert assumed(deployment) - assumed(more)
        assert is_readable(flow)


@TWICE
@given(deployments(), calls())
def test_adding_a_call_never_lowers(deployment, call):
    assume(not assumes_movements(deployment))
    more = {**deployment, "api_calls": {**deployment.get("api_calls", {}), "call0": call}}

    never_lower(ranks(more), ranks(deployment))


@TWICE
@given(deployments(), st.data())
def test_adding_a_task_that_produces_nothing_new_never_lowers(deployment, data):
    assume(not assumes_movements(deployment))
    task = data.draw(tasks(clients_of(deployment), deployment["datasets"]["notes"]["at"]))
    task.pop("produces", None)
    more = {**deployment, "tasks": {**deployment.get("tasks", {}), "t0": task}}

    never_lower(ranks(more), ranks(deployment))


@TWICE
@given(deployments(), st.data())
def test_adding_a_safeguard_to_a_task_never_raises(deployment, data):
    assume(deployment.get("tasks") and not forwards_ciphertext(deployment))
    name = data.draw(st.sampled_from(sorted(deployment["tasks"])))
    more = deepcopy(deployment)
    task = more["tasks"][name]
    total = task.get("clients_per_round") or clients_of(deployment)
    added = data.draw(safeguard(total, task=True))
    # Nobody can add up what is encrypted end to end, so its readers get single contributions.
    assume(added["kind"] != "end_to_end_encryption")
    # Who is named to read what a method leaves with its aggregator gets it.
    assume(not (added["kind"] == "homomorphic_encryption" and CATALOG.methods[task["method"]].down is None))
    # A sum of one is that contribution, under the name of a sum; and where nobody says how many take part in a round, a
    # sum of few says so.
    if added["kind"] == "secure_aggregation":
        assume(added["min_clients"] > 1 and ("min_clients" in task or added["min_clients"] >= total))
    task["safeguards"] = [*task.get("safeguards", []), added]
    # Who no longer gets to read what it works on is taken to have the records brought.
    before, after = facts_of(deployment), facts_of(more)
    assume(brought(before) == brought(after))

    never_lower(ranks_of(before), ranks_of(after))


@TWICE
@given(deployments(), st.data())
def test_adding_a_safeguard_to_a_flow_never_raises(deployment, data):
    assume(deployment.get("flows") and not forwards_ciphertext(deployment))
    name = data.draw(st.sampled_from(sorted(deployment["flows"])))
    more = deepcopy(deployment)
    flow = more["flows"][name]
    assume(not gives_a_model(flow))  # who can no longer open it has to ask others again
    flow["safeguards"] = [*flow.get("safeguards", []), data.draw(safeguard(4, task=False))]
    before, after = facts_of(deployment), facts_of(more)
    assume(brought(before) == brought(after))

    never_lower(ranks_of(before), ranks_of(after))


@TWICE
@given(deployments(), st.sampled_from(["client", "aggregator", "relay", "store"]), st.booleans())
def test_adding_an_enclave_never_raises(deployment, node, attested):
    assume("tee" not in deployment["nodes"][node])
    more = deepcopy(deployment)
    more["nodes"][node]["tee"] = {"kind": "tdx", "attested": attested, "verified_by": ["agg"]}

    never_lower(ranks(deployment), ranks(more))


@TWICE
@given(deployments(), st.sampled_from(["a", "b", "c", "d"]), st.sampled_from(["agg", "x", "y", "participants"]))
def test_trusting_more_never_raises_the_guarantee_and_changes_nothing_declared(deployment, owner, trusted):
    more = deepcopy(deployment)
    party = more["parties"][owner]
    assume(trusted not in party.get("trusts", []))
    party["trusts"] = [*party.get("trusts", []), trusted]

    before, after = ranks(deployment), ranks(more)

    never_lower(before, after)
    # Who sees no more than everybody, once an enclave counts, is told as one of everybody.
    declared = [{pair: (*levels[:2], 0) for pair, levels in found.items()} for found in (before, after)]
    never_lower(*declared)
    never_lower(*reversed(declared))


@LAW
@given(deployments(), st.sampled_from([0.5, 5.0, 11.0]))
def test_a_larger_limit_on_epsilon_never_raises(deployment, limit):
    never_lower(ranks(deployment, limit), ranks(deployment, limit + 1))


@TWICE
@given(
    deployments(), st.sampled_from(["aggregator", "relay", "store"]), st.sampled_from(["records", "metrics", "logs"])
)
def test_what_a_party_does_with_what_it_has_tells_it_nothing_new(deployment, node, payload):
    place = deployment["nodes"][node]
    party = place["party"]
    own = {"party": party, **({"host": place["host"]} if "host" in place else {})}
    own |= {key: place[key] for key in ("operators", "tee") if key in place}
    more = {
        **deployment,
        "nodes": {**deployment["nodes"], "own": own},
        "flows": {**deployment.get("flows", {}), "f0": {"from": node, "to": "own", "payload": payload}},
    }

    assert ranks(more) == ranks(deployment)


@TWICE
@given(deployments(), st.randoms(use_true_random=False))
def test_the_order_of_the_file_never_matters(deployment, random):
    shuffled = _shuffled(deployment, random)

    one, two = facts_of(deployment), facts_of(shuffled)

    assert one.disclosures == two.disclosures
    assert one.models == two.models
    assert list(flow_lines(one.graph)) == list(flow_lines(two.graph))


def _shuffled(tree, random, key=""):
    """Every mapping in another order, and every list that stands for a set."""
    if isinstance(tree, dict):
        items = list(tree.items())
        random.shuffle(items)
        return {name: _shuffled(value, random, name) for name, value in items}
    if isinstance(tree, list) and key not in {"via", "hops", "safeguards"}:
        return random.sample(tree, len(tree))
    return [_shuffled(value, random) for value in tree] if isinstance(tree, list) else tree


@LAW
@given(deployments(), st.data())
def test_stating_a_missing_fact_stays_within_the_interval(deployment, data):
    stated = data.draw(st.sampled_from(_open_facts(deployment) or [None]))
    assume(stated is not None)
    before, after = ranks(deployment), ranks(stated)

    for pair in before.keys() | after.keys():
        low, high, guaranteed = before.get(pair, (0, 0, 0))
        new_low, new_high, new_guaranteed = after.get(pair, (0, 0, 0))
        assert low <= new_low <= new_high <= high, pair
        assert new_guaranteed <= guaranteed, pair


def _open_facts(deployment):
    """The deployment with one open fact stated, in every way that comes to mind."""
    facts = [*_open_cohorts(deployment), *_open_noise(deployment), *_open_terms(deployment)]
    if "subjects" not in deployment["datasets"]["notes"]:
        facts += [(("datasets", "notes", "subjects"), value) for value in (1, 100, 10**9)]
    return [_stated(deployment, path, value) for path, value in facts]


def _open_cohorts(deployment):
    for name, task in deployment.get("tasks", {}).items():
        least = max((guard.get("min_clients", 1) for guard in task.get("safeguards", ())), default=1)
        if "clients_per_round" not in task and task["method"] in EXCHANGING:
            for count in range(least, clients_of(deployment) + 1):
                yield ("tasks", name, "clients_per_round"), count


def _open_noise(deployment):
    for name, task in deployment.get("tasks", {}).items():
        for index, guard in enumerate(task.get("safeguards", ())):
            if guard["kind"] == "differential_privacy":
                for key, values in _NOISE.items():
                    for value in values if key not in guard else ():
                        yield ("tasks", name, "safeguards", index, key), value


def _open_terms(deployment):
    for name, call in deployment.get("api_calls", {}).items():
        # Who runs a model on a node of the federation trains it by a task, if at all.
        closed = call["model"] == "closed" and "terms" not in deployment["models"]["closed"]
        if closed and "trains_on_inputs" not in call:
            for value in (True, False):
                yield ("api_calls", name, "trains_on_inputs"), value


def _stated(deployment, path, value):
    copy = deepcopy(deployment)
    entry = copy
    for step in path[:-1]:
        entry = entry[step]
    entry[path[-1]] = value
    return copy


_NOISE = {
    "noise_multiplier": (0.0, 1.0),
    "clipping_norm": (1.0,),
    "delta": (1e-9, 0.5),
    "unit": ("record", "client"),
    "steps": (1, 1000),
}


@LAW
@given(st.integers(2, 5), st.data())
def test_splitting_a_cohort_into_its_members_changes_no_level(count, data):
    task = data.draw(tasks(count, ["client"]))
    more = {"call": data.draw(calls())} if data.draw(st.booleans()) else {}
    trusts = data.draw(st.lists(st.sampled_from(["agg", "participants"]), unique=True))
    noise = data.draw(st.none() | mechanism("aggregator"))
    if noise is not None and task["method"] in {"fedavg", "lora"}:
        task["safeguards"] = [*task.get("safeguards", []), noise]
    flow = data.draw(st.none() | flows())
    assume(flow is None or is_said(flow))

    one = ranks(_with_clients({"users": _member(trusts)}, {"party": "users", "count": count}, task, more, flow))
    members = [f"u{number}" for number in range(count)]
    two = ranks(_with_clients(dict.fromkeys(members, _member(trusts)), {"party": members}, task, more, flow))

    names = {"u0": "users.self", "u1": "users.peer"}
    seen = {pair: value for pair, value in two.items() if not _names_others(pair, members[2:])}
    renamed = {(names.get(p, p), r, _renamed(d, names)): value for (p, r, d), value in seen.items()}
    assert renamed == one


def _member(trusts):
    return {"role": "participant", **({"trusts": trusts} if trusts else {})}


def _with_clients(parties, client, task, more, flow):
    return {
        "parties": {
            **parties,
            "agg": {"role": "coordinator"},
            "x": {"role": "processor"},
            "acme": {"role": "provider"},
        },
        "nodes": {
            "client": {"kind": "client", **client},
            "aggregator": {"kind": "aggregator", "party": "agg"},
            "relay": {"kind": "relay", "party": "x"},
            "store": {"kind": "store", "party": "x"},
        },
        "datasets": {"notes": {"at": "client", "categories": "health", "subjects": 100}},
        "models": {
            "base": {"weights": "open", "weights_at": ["client", "aggregator"]},
            "closed": {"weights": "closed", "provider": "acme"},
            "out": {},
        },
        "tasks": {"t": task},
        **({"api_calls": more} if more else {}),
        **({"flows": {"f": flow}} if flow else {}),
    }


def _names_others(pair, others):
    return pair[0] in others or pair[2].partition("@")[2] in others


def _renamed(dataset, names):
    family, _, member = dataset.partition("@")
    return f"{family}@{names.get(member, member)}"

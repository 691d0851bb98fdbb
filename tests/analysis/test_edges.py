"""Small promises of the analyses, exactly: how large a table may be, and how instances are told apart by their ways."""

from __future__ import annotations

from functools import partial
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import pytest

from fedpolicy.analysis.exposure import INFERABLE, VERBATIM, Reading, Trust, sizes, sums
from fedpolicy.analysis.exposure.equivalence import _cells
from fedpolicy.analysis.exposure.rungs import rungs_of
from fedpolicy.analysis.facts import cells_of
from fedpolicy.catalog.rows import LEVELS
from fedpolicy.language.reading import load_text
from fedpolicy.topologies import TOPOLOGIES
from tests.helpers import NONE, calls_of, catalog, facts_of, graph_of, read_case, table


@pytest.mark.parametrize(("many", "hidden"), [(5_000, 0), (5_001, 1)])
def test_a_table_has_room_for_five_thousand_cells(many, hidden):
    seen = {"low": 1, "high": 2, "guaranteed": 2, "allowed": None, "datasets": ("notes@a",)}
    found = SimpleNamespace(parties=tuple(f"p{number}" for number in range(many)), **seen)
    graph = SimpleNamespace(data=[SimpleNamespace(id="notes@a", family="notes", owner="a")])
    cells, left_out = cells_of(SimpleNamespace(graph=graph, lookup=SimpleNamespace(party=str), disclosures=[found]))
    assert (len(cells), left_out) == (0 if hidden else many, hidden)


def test_instances_with_the_same_ways_are_one_cell_whether_few_or_many_come_by_them():
    one, two = ("tasks.t", "uplink"), ("tasks.t", "call")
    few, many = {frozenset({one}): 0b0001, frozenset({one, two}): 0b1000}, {one: 0b0010}

    found = {ways: mask for mask, ways in _cells(0b1111, few, many)}

    assert found == {frozenset({one}): 0b0011, frozenset({one, two}): 0b1000, frozenset(): 0b0100}


def test_an_enclave_of_which_all_is_said_decides_nothing_about_another():
    text = read_case(Path(__file__).parent / "cases/tee-that-may-vouch-for-noise.yaml")[1]
    tee = "{kind: sgx, attested: true, verified_by: [a, b], hides_from: [operator, host]}"
    more = text.replace("  aggregator:", f"  vault: {{kind: store, party: agg, tee: {tee}}}\n  aggregator:")
    one, other = ({(d.parties, d.vouched, d.guaranteed) for d in facts_of(each).disclosures} for each in (text, more))

    assert one == other
    assert any(vouched < guaranteed for _, vouched, guaranteed in one)


NOBODY_KNOWS = """
fedpolicy: 1
name: test
parties: {{a: {{role: participant}}, b: {{role: participant}}, hub: {{role: coordinator}}, x: {{role: processor}}}}
nodes: {{client: {{kind: client, party: [a, b]}}, top: {{kind: {kind}, party: hub}}, relay: {{kind: relay, party: x}}}}
datasets: {{notes: {{at: client, categories: health, subjects: 900}}}}
models: {{base: {{weights: open, weights_at: client}}, out: {{}}}}
tasks: {{train: {{data: notes, runs_on: client, topology: {topology}, {task}}}}}
"""
SUMS = "safeguards: [{kind: secure_aggregation, min_clients: 2}]"


def covered_by(unknown, texts):
    """How many of these could be stated instead; each is within what is computed where nobody knows."""
    widest, rank, stated = table(facts_of(unknown)), LEVELS.index, 0
    for text in texts:
        if load_text(text, "deployment.yaml", catalog()).errors:
            continue
        stated += 1
        known = table(facts_of(text))
        for pair in known.keys() | widest.keys():
            (low, high, sure), (least, most, surest) = known.get(pair, NONE), widest.get(pair, NONE)
            assert rank(least) <= rank(low), (text, pair)
            assert rank(high) <= rank(most), (text, pair)
            assert rank(sure) <= rank(surest), (text, pair)
    return stated


@pytest.mark.parametrize(
    ("task", "kind", "possible"),
    [
        ("method: fedavg, produces: out", "aggregator", 7),
        ("method: fedavg, produces: out", "store", 4),
        (f"method: lora, model: base, aggregator: top, {SUMS}", "aggregator", 3),
        ("method: gradient_boosting, produces: out, top_model_at: client@a, labels_at: client@a", "store", 2),
        ("method: gradient_boosting, via: relay, clients_per_round: 2", "aggregator", 5),
        ("method: vertical_training, model: base, labels_at: client@a, aggregator: top", "aggregator", 2),
        ("method: fedavg, hops: [top], produces: out", "aggregator", 1),
        ("method: evaluation, model: base, via: relay", "aggregator", 5),
        ("method: private_set_intersection", "aggregator", 7),
    ],
)
def test_an_unknown_topology_covers_each_that_could_be_stated(task, kind, possible):
    written = partial(NOBODY_KNOWS.format, task=task, kind=kind)
    stated = covered_by(written(topology="unknown"), [written(topology=one) for one in TOPOLOGIES])

    assert stated == possible


@pytest.mark.parametrize(
    ("task", "kind", "possible"),
    [
        ("data: notes, runs_on: client", "aggregator", 35),
        ("data: notes, runs_on: client, model: base, aggregator: top", "store", 28),
        ("data: notes, runs_on: client, model: shut, produces: out", "aggregator", 35),
        ("data: notes, runs_on: client, topology: vertical, top_model_at: client, labels_at: client@a", "store", 35),
        ("data: notes, runs_on: client@a, hops: [relay], clients_per_round: 1", "aggregator", 28),
    ],
)
def test_an_unknown_method_covers_each_that_could_be_stated(task, kind, possible):
    begin, _, _ = NOBODY_KNOWS.partition("tasks:")
    begin = begin.format(kind=kind).replace("out: {}", "out: {}, shut: {weights: closed, provider: x}")
    asked = (
        "api_calls: {ask: {from: top, model: base, sends: notes@a}}\nflows: {on: {from: top, to: relay, payload: sums}}"
    )
    texts = [f"{begin}tasks: {{train: {{method: {one}, {task}}}}}\n{asked}" for one in catalog().methods]
    unknown = texts.pop([*catalog().methods].index("unknown"))

    assert covered_by(unknown, texts) == possible


def hubs_of_many(number):
    """Hospitals that each add up at a hub of their own, before a coordinator does; one hosts the hub of another."""
    names = [f"h{one:02}" for one in range(number)]
    return f"""
fedpolicy: 1
name: hubs
parties: {{{", ".join(f"{name}: {{role: participant}}" for name in names)}, top: {{role: coordinator}}}}
nodes:
  client: {{kind: client, party: [{", ".join(names)}], host: h00}}
  hub: {{party: [{", ".join(names)}]}}
  aggregator: {{kind: aggregator, party: top}}
datasets:
  notes: {{at: client, categories: health}}
  scans: {{at: client, categories: health, owner: h01}}
tasks:
  train:
    method: fedavg
    data: [notes, scans]
    runs_on: client
    hops: [hub]
    aggregator: aggregator
    clients_per_round: {number}
    min_clients: {number}
"""


def test_what_is_left_of_a_sum_is_what_counting_the_rest_says():
    graph = graph_of(hubs_of_many(4))
    rungs = rungs_of(graph)
    pools = [*((party,) for party in ("h00", "h01", "h02", "top")), ("h01", "h02"), ("h00", "top")]
    compared = 0
    for whole in {one.index: one for one in rungs.sums.values()}.values():
        some = [frozenset(gone) for size in (1, 2) for gone in combinations(whole.contributors, size)]
        for gone, reading in ((gone, reading) for gone in some for reading in (Reading.LOW, Reading.HIGH)):
            left, counted = (sums.Hiding(graph=graph, trust=Trust(graph=graph), reading=reading) for _ in range(2))
            rest = rungs.rest(whole, gone)
            left.count_rest(rest, whole, gone)
            counted.tallies[rest.index] = sums.tally_of(graph, rest)
            for pool in pools:
                assert left.left_in(rest, pool) == counted.left_in(rest, pool)
                assert left.hidden_in(rest, pool) == counted.hidden_in(rest, pool)
                compared += left.left_in(rest, pool) not in {0, whole.k_high}
    assert compared > 20


def test_only_whole_sums_are_counted_whoever_looks_at_what_is_left_of_them(monkeypatch):
    calls = calls_of(monkeypatch, sums, "tally_of")
    counts = []
    for number in (6, 12):
        calls.clear()
        # Of all, the hub of h01 alone protects nobody else's data: it is told apart.
        assert len(facts_of(hubs_of_many(number)).disclosures) == 2 * number + 7
        counts.append(len(calls))

    assert counts == [7, 13]


def asked_by_each(number):
    """Each of many asks one model about its own data, in a call with a name of its own."""
    names = [f"p{n}" for n in range(number)]
    calls = ", ".join(f"ask-{name}: {{from: c@{name}, model: m, sends: x@{name}}}" for name in names)
    parties = ", ".join(f"{name}: {{role: participant}}" for name in names)
    return (
        f"fedpolicy: 1\nname: t\nparties: {{acme: {{role: provider}}, {parties}}}\n"
        f"nodes: {{c: {{kind: client, party: [{', '.join(names)}]}}}}\ndatasets: {{x: {{at: c, categories: health}}}}\n"
        "models: {m: {weights: closed, provider: acme, terms: {trains_on_inputs: false}}}\n"
        f"api_calls: {{{calls}}}\n"
    )


def test_calls_that_say_the_same_of_one_dataset_are_told_of_together():
    told = [list(facts_of(asked_by_each(number)).disclosures) for number in (6, 12)]

    assert [[one.parties for one in some] for some in told] == [[("acme",)], [("acme",)]]
    assert [len(one.datasets) for (one,) in told] == [6, 12]


def report_to_many(number):
    """A hub reports a number of few to each of many by way of one relay."""
    names = [f"p{n}" for n in range(number)]
    return (
        "fedpolicy: 1\nname: t\nparties: {h: {role: coordinator}, "
        + ", ".join(f"{name}: {{role: participant}}" for name in names)
        + "}\nnodes: {c: {kind: client, party: ["
        + ", ".join(names)
        + "]}, hub: {party: h}, relay: {party: h}}\ndatasets: {x: {at: c, categories: health, subjects: 6}}\n"
        "flows: {up: {from: c, to: hub, payload: records, data: x},"
        " report: {from: hub, to: c, via: relay, payload: statistics, data: x}}\n"
    )


def test_what_goes_to_many_by_one_relay_is_one_number_for_each(monkeypatch):
    calls = calls_of(monkeypatch, sizes.Few, "left_to")
    counts = []
    for number in (6, 12):
        calls.clear()
        assert {one.high for one in facts_of(report_to_many(number)).disclosures} == {INFERABLE, VERBATIM}
        counts.append(len(calls))

    assert counts[1] <= 2 * counts[0]

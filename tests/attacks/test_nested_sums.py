"""Sums that go round: the ways of a sum may double with each task, and a few hundred bytes would take all memory."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from fedpolicy import api
from fedpolicy.analysis import AnalysisSettings, Study
from fedpolicy.analysis.exposure import Reading
from fedpolicy.check import report_on
from fedpolicy.errors import InputError
from fedpolicy.limits import USUAL
from fedpolicy.records import replace
from fedpolicy.sources import Source
from tests.language.reading import catalog, one

PEOPLE = "parties: {a: {role: participant}, b: {role: participant}, o: {role: coordinator}}"
SECURE = "safeguards: [{kind: secure_aggregation, min_clients: 2}]"
LEAK = """
fedpolicy: 1
name: leak
parties: {a: {role: participant}, b: {role: coordinator}}
nodes: {n: {kind: client, party: a}, g: {kind: aggregator, party: b}}
datasets: {d: {at: n, categories: [health]}}
flows: {f: {from: n, to: g, payload: records}}
"""


def tasks_that_share_a_place(number, guards=""):
    """Each task adds up what is at the lake, and sends the sum back to where the next one adds up again."""
    nodes = "".join(f"  g{n}: {{kind: aggregator, party: o}}\n" for n in range(number))
    tasks = "".join(
        f"  t{n}: {{method: fedavg, data: d, runs_on: lake, aggregator: g{n}{guards}}}\n" for n in range(number)
    )
    return (
        f"fedpolicy: 1\nname: lake\n{PEOPLE}\nnodes:\n  site: {{kind: client, party: [a, b]}}\n"
        f"  lake: {{kind: client, party: [a, b]}}\n{nodes}"
        "datasets: {d: {at: site, categories: [health]}}\n"
        f"flows: {{f: {{from: site, to: lake, payload: records, data: d}}}}\ntasks:\n{tasks}"
    )  # fmt: skip


def layers(deep, wide):
    """Each layer's tasks pass their sums on to the next layer, which adds them up in so many other ways."""
    each = [(layer, place) for layer in range(deep) for place in range(wide)]
    lakes = "".join(f"  l{layer}: {{kind: client, party: [a, b]}}\n" for layer in range(deep))
    nodes = "".join(f"  g{layer}-{place}: {{kind: aggregator, party: o}}\n" for layer, place in each)
    flows = "".join(
        f"  f{layer}-{place}: {{from: g{layer}-{place}, to: l{layer + 1}, payload: aggregate_update, data: d}}\n"
        for layer, place in each
        if layer + 1 < deep
    )
    tasks = "".join(
        f"  t{layer}-{place}: {{method: fedavg, data: d, runs_on: l{layer}, aggregator: g{layer}-{place}, {SECURE}}}\n"
        for layer, place in each
    )
    return (
        f"fedpolicy: 1\nname: layers\n{PEOPLE}\nnodes:\n  site: {{kind: client, party: [a, b]}}\n{lakes}{nodes}"
        "datasets: {d: {at: site, categories: [health]}}\n"
        f"flows:\n  f: {{from: site, to: l0, payload: records, data: d}}\n{flows}tasks:\n{tasks}"
    )


def tree(clients, regions):
    """Every client reaches every region, and every region sends the sum back to every client."""
    names = [f"h{n}" for n in range(clients)]
    hosts = [f"r{n}" for n in range(regions)]
    parties = "".join(f"  {name}: {{role: participant}}\n" for name in names)
    parties += "".join(f"  {name}: {{role: host}}\n" for name in hosts)
    return (
        f"fedpolicy: 1\nname: tree\nparties:\n  o: {{role: coordinator}}\n{parties}nodes:\n"
        f"  site: {{kind: client, party: [{', '.join(names)}]}}\n  edge: {{kind: relay, party: [{', '.join(hosts)}]}}\n"
        "  top: {kind: aggregator, party: o}\ndatasets: {d: {at: site, categories: [health]}}\n"
        "tasks: {t: {method: fedavg, data: d, runs_on: site, hops: [edge, top]}}\n"
    )


def forms(text):
    study = Study(one(text).deployment, catalog())
    states = study.exposure.holdings(Reading.HIGH).states
    return sum(map(len, states.values())), len(study.graph.flows)


@pytest.mark.parametrize("guards", ["", f", {SECURE}"], ids=["plain", "secure"])
def test_the_forms_of_tasks_that_share_a_place_grow_with_the_tasks(guards):
    few, _ = forms(tasks_that_share_a_place(10, guards))
    many, _ = forms(tasks_that_share_a_place(40, guards))

    assert many < 20 * few


def test_the_forms_of_a_tree_grow_with_its_flows():
    held, flows = forms(tree(60, 12))

    assert held < 4 * flows


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.parametrize("shape", [(14, 2), (30, 2), (9, 6)])
def test_layers_that_double_the_ways_of_a_sum_are_an_error_of_their_file(shape):
    sources = [
        Source(name="layers.yaml", text=layers(*shape).encode()),
        Source(name="leak.yaml", text=LEAK.encode()),
    ]
    report = report_on(sources)

    message = "a sum that goes into further sums, or behind further seals, in 128 ways cannot be followed"
    assert {(error.span.file, error.message) for error in report.errors} == {("layers.yaml", message)}
    assert "leak" in {finding.deployment for finding in report.findings}


def test_a_few_layers_are_followed():
    study = Study(one(layers(6, 2)).deployment, catalog())

    assert study.disclosures


def test_how_often_a_sum_may_go_into_others_has_an_end(monkeypatch):
    monkeypatch.setattr("fedpolicy.analysis.exposure.MAX_NESTED_SUMS", 4)

    with pytest.raises(InputError) as caught:
        Study(one(layers(6, 2)).deployment, catalog()).exposure.holdings(Reading.HIGH)

    message = "a sum that goes into further sums, or behind further seals, in 4 ways cannot be followed"
    assert caught.value.message == message
    assert caught.value.help == "let fewer tasks and flows pass sums on to each other"


def test_how_many_sums_there_may_be_can_be_said():
    deployment = one(layers(3, 2)).deployment
    few = AnalysisSettings(bounds=replace(USUAL, forms=3))

    with pytest.raises(InputError) as caught:
        Study(deployment, catalog(), few).exposure.holdings(Reading.HIGH)

    assert caught.value.message == "more than 3 sums and sealed messages at all places together cannot be followed"
    advice = "let fewer tasks and flows pass sums on to each other, or allow more with `check --max-nodes`"
    assert caught.value.help == advice


GROWING = """
fedpolicy: 1
name: grow
parties: {h0: {role: participant}, h1: {role: participant}, h2: {role: participant}, o: {role: coordinator}}
nodes:
  site: {kind: client, party: [h0, h1, h2], count: 3}
  edge: {kind: aggregator, party: o}
  top: {kind: aggregator, party: o}
datasets: {d: {at: site, owner: o, categories: [health]}}
tasks: {t: {method: fedavg, data: d, runs_on: site, aggregator: site, hops: [edge, site, top]}}
"""


def test_a_tree_that_comes_back_is_refused():
    with pytest.raises(api.Problems) as caught:
        api.loads(GROWING)

    assert "the tree comes back to `site@h0`" in str(caught.value)


PROGRAM = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1_000_000_000, 1_000_000_000))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
from fedpolicy.check import report_on
from fedpolicy.sources import Source
report = report_on([Source(name="f.yaml", text=sys.stdin.buffer.read())])
print(json.dumps([error.message for error in report.errors]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [tasks_that_share_a_place(25, f", {SECURE}"), layers(40, 2), tree(150, 15)],
    ids=["tasks", "layers", "tree"],
)
def test_none_of_them_takes_all_memory(text):
    done = subprocess.run([sys.executable, "-c", PROGRAM], input=text.encode(), capture_output=True, check=False)

    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert all("ways cannot be followed" in message for message in json.loads(done.stdout))


def sealed_in_a_circle(readers):
    """Calls that are sealed, each for one of these, by way of a relay that sends what is sealed back to the caller."""
    names = sorted({*readers})
    calls = "\n".join(
        f"  ask{number}: {{from: caller, sends: notes, model: {name}, safeguards: "
        f"[{{kind: end_to_end_encryption, sealed_for: [{name}]}}]}}"
        for number, name in enumerate(readers)
    )
    return f"""
fedpolicy: 1
name: circle
parties: {{a: {{role: participant}}, y: {{role: host}}, {", ".join(f"{name}: {{role: provider}}" for name in names)}}}
nodes:
  client: {{kind: client, party: a}}
  caller: {{kind: aggregator, party: y}}
  relay: {{kind: relay, party: y}}
datasets: {{notes: {{at: client, categories: health}}}}
models:
{"".join(f"  {name}: {{weights: closed, provider: {name}, via: [relay, {name}]}}{chr(10)}" for name in names)}
api_calls:
{calls}
  plain: {{from: client, sends: notes, model: {names[0]}}}
flows: {{back: {{from: relay, to: caller, payload: ciphertext}}}}
"""


def test_seals_of_the_same_readers_are_one():
    assert Study(one(sealed_in_a_circle(["acme"] * 40)).deployment, catalog()).disclosures


def test_behind_how_many_sets_of_seals_data_may_come_has_an_end():
    report = report_on(
        [
            Source(name="circle.yaml", text=sealed_in_a_circle([f"p{number:02}" for number in range(30)]).encode()),
            Source(name="leak.yaml", text=LEAK.encode()),
        ]
    )

    assert [(error.span.file, error.message, error.help) for error in report.errors] == [
        (
            "circle.yaml",
            "data come to nodes.relay behind more than 1,024 different sets of seals",
            "seal for the same readers, or let fewer flows and calls pass on what another one sealed",
        )
    ]
    assert "leak" in {finding.deployment for finding in report.findings}


def sealed_trainings(number):
    """Trainings of one model by the same clients, each sealed for these."""
    sealed = "safeguards: [{kind: homomorphic_encryption, sealed_for: [site]}]"
    tasks = "".join(
        f"  t{n}: {{method: fedavg, data: d, produces: m, runs_on: site, aggregator: top, {sealed}}}\n"
        for n in range(number)
    )
    return (
        f"fedpolicy: 1\nname: sealed\n{PEOPLE}\nnodes:\n  site: {{kind: client, party: [a, b]}}\n"
        f"  top: {{kind: aggregator, party: o}}\ndatasets: {{d: {{at: site, categories: [health]}}}}\n"
        f"models: {{m: {{weights_at: site}}}}\ntasks:\n{tasks}"
    )


def test_the_forms_of_what_the_same_readers_open_grow_with_the_tasks():
    few, _ = forms(sealed_trainings(8))
    many, _ = forms(sealed_trainings(16))

    assert many < 2.1 * few

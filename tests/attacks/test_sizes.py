"""Files that are larger than anybody writes: one message each, in memory that is bounded."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from fedpolicy.analysis.exposure import Reading
from fedpolicy.analysis.exposure.state import prepare
from fedpolicy.errors import InputError
from fedpolicy.graph.build import build_graph
from fedpolicy.language.reading import load_text
from fedpolicy.limits import MAX_ENTRIES, MAX_FLOWS, MAX_INSTANCES, MAX_ITEMS, Bounds, bounds_for
from fedpolicy.records import replace
from tests.helpers import catalog

HEAD = "fedpolicy: 1\nname: x\nparties: {a: {role: participant}, b: {role: coordinator}}\n"
NODES = "nodes: {n: {kind: client, party: a}, g: {kind: aggregator, party: b}}\n"
DATA = "datasets: {d: {at: n, categories: [health]}}\n"

# In a process with limits: what takes all memory must not take it from the tests.
PROGRAM = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, 1_500_000_000))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
from fedpolicy.check import report_on
from fedpolicy.sources import Source
report = report_on([Source(name="f.yaml", text=sys.stdin.buffer.read())])
errors = [*report.errors, *(error for file in report.files for error in file.errors)]
print(json.dumps([sorted({f"{error.span}: {error.message}" for error in errors}), len(report.findings)]))
"""


def outcome(text):
    done = subprocess.run([sys.executable, "-c", PROGRAM], input=text.encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return json.loads(done.stdout)


def several(word, number):
    return f"[{', '.join([word] * number)}]"


def family(number):
    members = several("a", number)
    return f"{HEAD}nodes: {{n: {{kind: client, party: {members}}}, g: {{kind: aggregator, party: b}}}}\n{DATA}"


def families(number, members):
    first = f"  n0: {{kind: client, party: &p {several('a', members)}}}\n"
    return f"{HEAD}nodes:\n{first}" + "".join(f"  n{n}: {{kind: client, party: *p}}\n" for n in range(1, number))


def strangers(number):
    """Two families that share no party: everybody may send to everybody."""
    one, other = several("a", number), several("b", number)
    return (
        f"{HEAD}nodes: {{n: {{kind: client, party: {one}}}, g: {{kind: service, party: {other}}}}}\n{DATA}"
        "flows: {f: {from: n, to: g, payload: records}}\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (family(MAX_ITEMS + 1), "a list of 20,001 items; at most 20,000 are read"),
        (family(100_000), "a list of 100,000 items; at most 20,000 are read"),
        (f"{HEAD}{NODES}{DATA}tasks: {{t: {{method: fedavg, data: {several('d', 200_000)}, runs_on: n}}}}\n",
         "a list of 200,000 items; at most 20,000 are read"),
        (f"{HEAD}{NODES}{DATA}flows: {{f: {{from: n, to: g, payload: records, via: {several('g', 40_000)}}}}}\n",
         "a list of 40,000 items; at most 20,000 are read"),
        ("fedpolicy: 1\nname: x\nparties:\n" + "".join(f"  p{n}: {{role: host}}\n" for n in range(120_000)),
         "a map of 120,000 keys; at most 100,000 are read"),
        (HEAD + "".join(f"k{n}: 1\n" for n in range(MAX_ENTRIES)), "a map of 100,003 keys; at most 100,000 are read"),
        (families(3, MAX_ITEMS),
         f"60,000 nodes, the members of families counted; at most {MAX_INSTANCES:,} are checked"),
        pytest.param(strangers(1_000), f"the deployment implies more than {MAX_FLOWS:,} flows between its nodes",
                     marks=pytest.mark.slow),
    ],
    ids=["members", "many-members", "data", "via", "parties", "keys", "families", "flows"],
)  # fmt: skip
def test_what_is_too_much_is_one_message(text, message):
    errors, findings = outcome(text)

    assert [error.partition(": ")[2] for error in errors] == [message]
    assert findings == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        (HEAD + "".join(f"k{n}: 1\n" for n in range(30_000)), 501),
        (HEAD + "nodes:\n" + "".join(f"  n{n}: {{kind: klient, party: q{n}}}\n" for n in range(10_000)), 501),
        (f"{HEAD}{NODES}{DATA}tasks: {{t: {{method: fedavg, data: {several('d', 20_000)}, runs_on: n}}}}\n", 501),
    ],
    ids=["keys", "nodes", "names"],
)
def test_thousands_of_mistakes_take_little(text, mistakes):
    errors, _ = outcome(text)

    assert len(errors) == mistakes


def test_instances_of_datasets_are_counted_too():
    nodes = f"nodes: {{n: {{kind: client, party: {several('a', 10_000)}}}}}\n"
    datasets = "datasets:\n" + "".join(f"  d{n}: {{at: n, categories: [health]}}\n" for n in range(6))

    assert outcome(f"{HEAD}{nodes}{datasets}") == [
        ["f.yaml:6:3: 60,000 instances of datasets, one at each node; at most 50,000 are checked"],
        0,
    ]


@pytest.mark.slow
def test_the_largest_family_is_checked():
    errors, findings = outcome(f"{family(MAX_ITEMS)}flows: {{f: {{from: n, to: g, payload: records}}}}\n")

    assert errors == []
    assert findings > 0


@pytest.mark.parametrize(
    ("most", "messages"),
    [
        (2, ["3 nodes, the members of families counted; at most 2 are checked"]),
        (3, []),
    ],
)
def test_how_many_nodes_there_may_be_can_be_said(most, messages):
    found = load_text(family(2), "f.yaml", catalog(), Bounds(nodes=most))

    assert [error.message for error in found.errors] == messages
    assert all("allow more with `check --max-nodes`" in str(error.help) for error in found.errors)


def test_the_other_bounds_go_with_the_number_of_nodes():
    twice = bounds_for(2 * MAX_INSTANCES)

    assert (twice.items, twice.entries, twice.values, twice.flows) == (100_000, 200_000, 4_000_000, 1_000_000)
    assert (twice.bytes, twice.forms) == (40 * 1024 * 1024, 1_000_000)
    assert bounds_for(10) == Bounds(nodes=10)


def test_a_message_about_the_text_names_the_option():
    text = family(2)
    (error,) = load_text(text, "f.yaml", catalog(), replace(Bounds(), bytes=len(text) - 1)).errors

    assert error.message == "the file is too large: 0.0 MiB; at most 0 MiB are read"
    assert error.help.endswith(", or allow more with `check --max-nodes`")
    assert load_text(text, "f.yaml", catalog(), replace(Bounds(), bytes=len(text))).errors == ()


def test_a_message_about_flows_names_the_option():
    found = load_text(strangers(2), "f.yaml", catalog()).documents[0].deployment

    with pytest.raises(InputError, match="more than 3 flows") as raised:
        build_graph(found, catalog(), Bounds(flows=3))

    assert "allow more with `check --max-nodes`" in raised.value.help


def test_a_threshold_of_a_billion_readers_takes_no_room():
    """A cohort may be larger than that; only those who are counted take room."""
    data = "datasets: {d: {at: crowd, categories: [health]}}\n"
    nodes = "nodes: {g: {kind: aggregator, party: b}, crowd: {kind: client, party: a, count: 1000000000000}}\n"
    sealed = "sealed_for: {threshold: 1000000000, of: crowd}"
    flows = f"flows: {{f: {{from: crowd, to: g, payload: records, data: [d], {sealed}}}}}\n"

    document = load_text(HEAD + nodes + data + flows, "x.yaml", catalog()).documents[0]
    exposure = prepare(build_graph(document.deployment, catalog()), catalog())
    assert [exposure.openers(reading) for reading in Reading] == [{}] * len(Reading)

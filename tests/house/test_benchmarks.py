"""The benchmarks measure what they say. Nothing here is timed."""

from __future__ import annotations

import json
import math
import os
import sys
from pathlib import Path

import pytest
from estates import estate, estate_bars, estate_commands
from generate import SHAPES, deployment, system
from measure import RATIO, Command, Sample, growth, interleaved, machine, once, show
from page import BEGIN, END, picture, renewed, tables
from peers import asked, fides, flowstrider, manifests, peer_bars, pytm
from regression import compared, slower
from run import analysis_bars, analysis_commands, bar_row, cold_bars, cold_commands, scale_bars
from stages import stage_bars, stage_rows
from warm import Spent, row

from fedpolicy import api
from fedpolicy.catalog import load_catalog
from fedpolicy.graph.build import build_graph
from fedpolicy.language.reading import load_text

SIZE = 200


@pytest.mark.parametrize("shape", SHAPES)
def test_a_generated_deployment_has_as_many_nodes_and_flows_as_asked(shape):
    catalog = load_catalog()
    loaded = load_text(deployment(SIZE, shape), "generated.yaml", catalog)
    assert loaded.errors == ()
    written = loaded.documents[0].deployment
    assert len(written.flows) + len(written.api_calls) == SIZE
    places = [place for place in build_graph(written, catalog).vertices.values() if place.family in written.nodes]
    assert len(places) == SIZE
    assert (len(system(SIZE, shape).nodes), len(system(SIZE, shape).edges)) == (SIZE, SIZE)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_generated_deployment_is_the_same_every_time(shape):
    assert deployment(SIZE, shape) == deployment(SIZE, shape)


@pytest.mark.parametrize("size", [0, 50, 150])
def test_odd_sizes_are_refused(size):
    with pytest.raises(ValueError, match="not a multiple of 100"):
        system(size)


def test_one_tool_is_measured_beside_fedpolicy():
    names = ("python -c pass", "fedpolicy check", "FlowStrider elicit", "pytm --json", "fideslang, references")
    commands = [Command(name=name, arguments=("true",)) for name in names]
    assert [one.name for one in asked(commands, ["flowstrider"])] == list(names[:3])
    assert [one.name for one in asked(commands, [])] == list(names)


def test_a_run_is_measured():
    seconds, peak, cpu = once(Command(name="start", arguments=(sys.executable, "-c", "pass")))
    assert seconds > 0
    assert 0 < cpu < 10
    assert peak > 1


def test_a_failed_run_is_not_measured(capfd):
    fails = Command(name="broken", arguments=(sys.executable, "-c", "import sys; sys.exit('why')"))
    with pytest.raises(SystemExit, match="broken ended with 1; nothing was measured"):
        once(fails)
    assert "why" in capfd.readouterr().err


def test_what_takes_too_long_is_stopped():
    slow = Command(name="slow", arguments=(sys.executable, "-c", "import time; time.sleep(60)"), limit=0.2)
    assert once(slow)[0] == math.inf


def test_a_machine_says_how_much_is_at_work_on_it(monkeypatch):
    monkeypatch.setattr(os, "getloadavg", lambda: (9.0, 8.0, 7.25), raising=False)
    assert machine().endswith(" cores, a load of 7.2")

    monkeypatch.delattr(os, "getloadavg")
    assert machine().endswith(" cores")


def test_what_takes_too_much_of_the_processor_is_stopped():
    busy = Command(name="busy", arguments=(sys.executable, "-c", "while True: pass"), work=1)
    assert once(busy)[::2] == (math.inf, math.inf)


def test_commands_take_turns(tmp_path):
    log = tmp_path / "log"
    commands = [
        Command(name=name, arguments=("sh", "-c", f"echo {name} >> '{log}'"), codes=(0,)) for name in ("a", "b")
    ]
    samples = interleaved(commands, 2)
    assert log.read_text(encoding="utf-8").split() == ["a", "b", "a", "b", "a", "b"]
    assert [len(samples[name].seconds) for name in ("a", "b")] == [2, 2]


def test_children_may_keep_their_byte_code(monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    ask = "import os, sys; sys.exit('PYTHONDONTWRITEBYTECODE' in os.environ)"
    assert once(Command(name="ask", arguments=(sys.executable, "-c", ask)))[0] > 0


def test_all_tools_read_the_same_file(monkeypatch):
    monkeypatch.setattr("run.script", lambda name: f"/bin/{name}")
    tools = [command.arguments for command in cold_commands() if command.arguments[-1].endswith(".yaml")]
    assert [arguments[0] for arguments in tools] == ["/bin/yamllint", "/bin/check-jsonschema", "/bin/fedpolicy"]
    assert len({arguments[-1] for arguments in tools}) == 1


def test_ratios_are_those_of_the_medians():
    def sample(*seconds, peak=10.0):
        return Sample(seconds=seconds, peak=peak)

    cold = {
        "python -c pass": sample(0.01),
        "fedpolicy --version": sample(0.02),
        "completion of `check`": sample(0.025),
        "yamllint": sample(0.1),
        "check-jsonschema": sample(0.4, 0.5, 0.3),
        "fedpolicy check": sample(0.2, 9.0, 0.1),
    }
    assert [round(bar.value, 2) for bar in cold_bars(cold)] == [0.5, 2.0, 2.0, 2.5]
    scale = {"sites": {1_000: sample(1.0), 10_000: sample(20.0, peak=500.0)}}
    rows = [bar_row(bar) for bar in scale_bars(scale)]
    assert rows == [
        ("sites: time for each element, 10,000 / 1,000", "2.00 x", "1.00 x", "MISSED"),
        ("sites: exponent of growth, 1,000 to 10,000", "1.30", "", ""),
        ("sites: peak at 10,000", "500 MiB", "300 MiB", "MISSED"),
    ]
    large = {"own": {1_000: sample(0.3), 10_000: sample(2.5), 100_000: sample(40.0, peak=4_000.0)}}
    assert [bar_row(bar) for bar in scale_bars(large)][2:] == [
        ("own: peak at 10,000", "10 MiB", "300 MiB", "held"),
        ("own: processor at 10,000", "2.50 s", "3.00 s", "held"),
        ("own: time for each element, 100,000 / 10,000", "1.60 x", "1.00 x", "MISSED"),
        ("own: peak at 100,000", "4000 MiB", "3072 MiB", "MISSED"),
    ]


def test_other_tools_should_take_several_times_as_long():
    def sample(cpu):
        return Sample(seconds=(9.0,), peak=1.0, cpu=(cpu,))

    small = {"fedpolicy check": sample(0.5), "FlowStrider elicit": sample(2.0), "pytm --json": sample(3.0)}
    large = {"fedpolicy check": sample(2.0), "FlowStrider elicit": sample(math.inf)}
    assert [bar_row(bar) for bar in peer_bars({1_000: small, 10_000: large})] == [
        ("sites 1,000: FlowStrider elicit / check", "4.00 x", ">= 5.00 x", "MISSED"),
        ("sites 10,000: FlowStrider elicit / check", "30.00 x", ">= 15.00 x", "held"),
    ]
    assert peer_bars({1_000: large}) == []


def test_graph_and_analyses_alone_may_grow_a_little():
    found = {"sites": {10_000: 100.0, 100_000: 120.0}, "clients": {10_000: 100.0, 100_000: 131.0}}
    assert [bar_row(bar) for bar in stage_bars(found)] == [
        ("sites: graph and analyses for each flow, 100,000 / 10,000", "1.20 x", "1.30 x", "held"),
        ("clients: graph and analyses for each flow, 100,000 / 10,000", "1.31 x", "1.30 x", "MISSED"),
    ]
    assert stage_rows(found)[1] == ("sites 100,000 + 100,000", "120 us")


def test_processor_time_counts_before_wall_time():
    sample = Sample(seconds=(9.0, 9.0, 9.0), peak=1.0, cpu=(1.0, 3.0, 2.0))

    assert (sample.median, sample.work) == (9.0, 2.0)


@pytest.mark.parametrize(("large", "exponent"), [(10.0, 1.0), (100.0, 2.0), (1.0, 0.0)])
def test_growth_is_an_exponent(large, exponent):
    assert growth(1.0, large, 10) == pytest.approx(exponent)


def test_a_regression_is_more_than_a_tenth_of_time_or_memory():
    def sample(cpu, peak=100.0):
        return Sample(seconds=(1.0,), peak=peak, cpu=(cpu,))

    rows = compared(
        {
            "same": (sample(1.0), sample(1.1)),
            "slower": (sample(1.0), sample(1.11)),
            "larger": (sample(1.0), sample(0.5, peak=111.0)),
        }
    )

    assert [row[-1] for row in rows] == ["held", "WORSE", "WORSE"]
    assert slower(rows)
    assert not slower(rows[:1])


def test_the_page_keeps_its_words_and_gets_new_tables():
    measured = tables(
        [{"machine": "Python 3.11, two cores", "tables": [[["tool", "time"], [["x", "1.0 s"]]], [["c"], []]]}]
    )
    page = renewed(f"# Before\n\n{BEGIN}\nold\n{END}\n\nafter\n", measured)

    shown = "| tool |  time |\n| ---- | ----: |\n| x    | 1.0 s |\n\nEvery bar was held."
    assert page == (f"# Before\n\n{BEGIN}\n\nPython 3.11, two cores.\n\n{shown}\n\n{END}\n\nafter\n")
    with pytest.raises(SystemExit, match="has lost the lines"):
        renewed("# No marks\n", measured)


def test_the_page_says_which_bars_were_missed():
    rows = [["a / b", "1.10 x", "1.00 x", "MISSED"], ["c / d", "0.90 x", "1.00 x", "held"], ["e", "0.10", "", ""]]
    page = tables([{"machine": "m", "tables": [[RATIO, rows]]}])

    assert page.endswith("\n\nThese bars were missed:\n\n- a / b: 1.10 x (bar 1.00 x)")


def test_the_picture_has_a_line_for_each_tool():
    drawn = picture({"ours <x>": [(1_000, 0.4), (10_000, 3.0)], "none": []})

    assert drawn.count("<polyline") == 1
    assert [f">{text}<" in drawn for text in ("ours &lt;x&gt;", "1,000", "10,000", "0.1 s", "10 s")] == [True] * 5


@pytest.mark.parametrize("write", [fides, manifests])
def test_every_node_and_flow_is_in_the_languages_of_the_peers(write):
    found = system(SIZE)
    text = json.dumps(write(found)) if write is fides else write(found)

    assert all(node.id in text for node in found.nodes)
    if write is manifests:
        assert text.count("kind: Pod") == text.count("kind: NetworkPolicy") == SIZE
    else:
        assert sum(len(one["egress"]) for one in write(found)["system"] if "egress" in one) <= SIZE


@pytest.mark.parametrize("shape", SHAPES)
def test_analyses_and_the_check_read_the_same_deployment(shape, tmp_path, monkeypatch):
    monkeypatch.setattr("run.script", lambda name: f"/bin/{name}")
    commands = analysis_commands(tmp_path, shape, SIZE)

    assert [command.arguments[1] for command in commands] == ["check", "control", "diff", "repair"]
    assert {command.arguments[2] for command in commands} == {str(tmp_path / "deployment.yaml")}
    other = (tmp_path / "other.yaml").read_text(encoding="utf-8")
    assert other != deployment(SIZE, shape)
    assert load_text(other, "other.yaml", load_catalog()).errors == ()


def test_analyses_are_compared_with_the_check_of_the_same_run():
    def sample(seconds):
        return Sample(seconds=(seconds,), peak=1.0)

    asked = {"sites": {"fedpolicy check": sample(2.0), "fedpolicy diff": sample(5.0), "fedpolicy repair": sample(7.0)}}
    assert [bar_row(bar) for bar in analysis_bars(asked)] == [
        ("sites: diff / check", "2.50 x", "3.00 x", "held"),
        ("sites: repair / check", "3.50 x", "3.00 x", "MISSED"),
    ]


def test_an_estate_has_as_many_deployments_as_asked_and_some_leak(tmp_path):
    report = api.check([estate(tmp_path, 10)])

    names = [name for file in report.files for name in file.deployments]
    assert sorted(names) == [f"deployment-{number:05}" for number in range(10)]
    assert {finding.deployment for finding in report.findings} == {"deployment-00000", "deployment-00005"}


def test_an_estate_is_checked_in_one_process_and_in_two(tmp_path, monkeypatch):
    monkeypatch.setattr("estates.script", lambda name: f"/bin/{name}")
    commands = estate_commands(tmp_path, (1, 2))

    assert [command.name for command in commands] == ["1 files, --jobs 1", "2 files, --jobs 1", "2 files, --jobs 2"]
    assert [len(list(Path(command.arguments[2]).rglob("*.yaml"))) for command in commands] == [1, 2, 2]
    samples = {
        command.name: Sample(seconds=(seconds,), peak=1, cpu=(work,))
        for command, seconds, work in zip(commands, (1.0, 1.8, 1.2), (1.0, 1.6, 1.7), strict=True)
    }
    assert [bar_row(bar) for bar in estate_bars(samples, (1, 2))] == [
        ("estate: time for each file, 2 / 1", "0.80 x", "1.00 x", "held"),
        ("estate of 2: --jobs 2 / --jobs 1", "0.67 x", "0.62 x", "MISSED"),
    ]


def test_a_table_is_markdown():
    assert show(("what", "time"), [("a", "10 ms")]).splitlines() == [
        "| what |  time |",
        "| ---- | ----: |",
        "| a    | 10 ms |",
    ]


def test_other_tools_get_every_node_and_every_flow():
    found = system(SIZE)
    dfd = flowstrider(found)["dfd"]
    assert set(dfd["nodes"]) == {node.id for node in found.nodes} | {"openai"}
    assert set(dfd["edges"]) == {edge.id for edge in found.edges}
    assert sorted(name for cluster in dfd["clusters"].values() for name in cluster["node_ids"]) == sorted(
        node.id for node in found.nodes
    )
    program = pytm(found)
    compile(program, "model.py", "exec")
    assert program.count("\nDataflow(") == SIZE
    assert program.count(".inBoundary = ") == SIZE


def test_a_row_of_warm_checks_is_made_of_medians():
    some = [Spent(1, 2, 3), Spent(9, 4, 5), Spent(3, 2, 2)]
    assert row("warm", some, bare=3.5) == ("warm", "3.0", "2.0", "3.0", "7.0", "2.0 x")

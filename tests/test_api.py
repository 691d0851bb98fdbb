"""What programs may rely on."""

from __future__ import annotations

import doctest
import json
import re
from pathlib import Path

import jsonschema
import networkx as nx
import pytest

from fedpolicy import api
from fedpolicy.files import schemas_dir

ROOT = Path(__file__).parent.parent
NOTES = ROOT / "examples/clinical-notes/deployment.yaml"


@pytest.fixture(scope="module")
def facts():
    (document,) = api.load(NOTES)
    return api.facts(document)


def test_the_example_of_the_docstring_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert doctest.testmod(api).failed == 0


def test_the_graph_is_a_networkx_multigraph(facts):
    graph = api.to_networkx(facts.graph)

    assert isinstance(graph, nx.MultiDiGraph)
    ways = [data["origin"] for _, _, data in graph.in_edges("parties.openai", data=True) if data["role"] == "call"]
    assert sorted(set(ways)) == ["api_calls.translate", "tasks.score"]
    assert nx.has_path(graph, "nodes.client@aphp", "nodes.tracker")


def test_every_flow_of_the_json_graph_joins_vertices_that_are_there(facts):
    graph = api.to_json(facts.graph)
    ids = {vertex["id"] for vertex in graph["vertices"]}

    assert graph["version"] == api.GRAPH_VERSION == 1
    assert {flow["from"] for flow in graph["flows"]} | {flow["to"] for flow in graph["flows"]} <= ids
    assert len({flow["id"] for flow in graph["flows"]}) == len(graph["flows"])


@pytest.mark.parametrize(
    "deployment", sorted((ROOT / "examples").glob("*/deployment.yaml")), ids=lambda p: p.parent.name
)
def test_the_json_graph_follows_its_schema(deployment):
    schema = json.loads((schemas_dir() / "graph.schema.json").read_text(encoding="utf-8"))
    (document,) = api.load(deployment)

    jsonschema.validate(api.to_json(api.graph(document)), schema)


def test_all_mistakes_are_raised_together():
    with pytest.raises(api.Problems) as caught:
        api.loads("fedpolicy: 1\nname: 3\nparties: {a: {role: boss}}\n", "x.yaml")

    lines = [error.span.line for error in caught.value.errors]
    assert lines == [2, 3]


def test_a_file_that_is_not_there_is_a_problem():
    with pytest.raises(api.Problems, match=re.escape("`nowhere.yaml` does not exist")):
        api.load("nowhere.yaml")


def test_checking_counts_all_five_verdicts():
    report = api.check([NOTES])

    assert set(report.counts) == set(api.Verdict)
    assert report.counts[api.Verdict.FAIL] == sum(f.verdict is api.Verdict.FAIL for f in report.findings) > 0


WAIVERS = """\
fedpolicy_waivers: 1
waivers:
  trial:
    rule: private-data-to-closed-model
    element: parties.openai
    reason: A trial
    owner: alice
    approved_by: bob
    expires: 2999-01-01
"""


def test_waivers_and_a_baseline_are_read_for_settings(tmp_path):
    (tmp_path / "waivers.yaml").write_text(WAIVERS, encoding="utf-8")
    waivers = api.load_waivers(tmp_path / "waivers.yaml")
    waived = api.check([NOTES], api.Settings(waivers=waivers, today="2026-11-22"))
    (tmp_path / "baseline.json").write_text(api.write_baseline(waived.findings), encoding="utf-8")
    baseline = api.load_baseline(str(tmp_path / "baseline.json"))
    known = api.check([NOTES], api.Settings(waivers=waivers, today="2026-11-22", baseline=baseline))

    assert waived.counts[api.Verdict.WAIVED] == 1
    assert {finding.verdict for finding in known.findings} == {api.Verdict.WAIVED}
    assert known.baseline.total == len(waived.findings) - 1


@pytest.mark.parametrize("load", [api.load_waivers, api.load_baseline])
def test_what_excuses_must_be_there_and_right(load, tmp_path):
    (tmp_path / "broken").write_text("waivers: [", encoding="utf-8")

    with pytest.raises(api.Problems, match="does not exist"):
        load(tmp_path / "nowhere")
    with pytest.raises(api.FedPolicyError):
        load(tmp_path / "broken")


def test_exposures_are_rows_for_a_table_without_what_a_party_learns_of_its_own(facts):
    rows = api.exposures(facts)

    assert len(rows) == 15
    assert [row for row in rows if row["party"] == "openai"] == [
        {"party": "openai", "role": "provider", "dataset": f"letters@{owner}", "declared_low": 4, "declared": 4,
         "guaranteed": 4, "allowed": 0}
        for owner in ("aphp", "charite", "lumc")
    ]  # fmt: skip
    assert {row["dataset"] for row in rows if row["party"] == "lumc"} == {"letters@aphp", "letters@charite"}


def test_what_if_is_asked_of_a_study(facts):
    (alone, *_) = api.smallest_coalitions(facts, "letters", api.LEVELS.index("reconstructable")).coalitions

    assert alone.parties == ("openai",)
    assert api.what_if_removed(facts, "openai").changes.control


def test_every_name_that_is_listed_is_there_and_no_other():
    assert [name for name in dir(api) if not hasattr(api, name)] == []
    assert dir(api) == sorted(api.__all__)
    with pytest.raises(AttributeError, match=r"^module 'fedpolicy\.api' has no attribute 'no_such_name'$"):
        api.no_such_name  # noqa: B018

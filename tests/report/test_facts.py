"""What was computed, as JSON and as text, on real deployments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import jsonschema
import pytest

from fedpolicy import analysis, api, check
from fedpolicy.analysis.explain import explain
from fedpolicy.files import schemas_dir
from fedpolicy.language.model import Deployment
from fedpolicy.language.model.types import Level, OpennessClass, TrainingData, Unit, Weights
from fedpolicy.report import PLAIN
from fedpolicy.report.facts import facts_text, why_text
from fedpolicy.report.facts_json import facts_json
from fedpolicy.settings import Settings
from fedpolicy.sources import Source

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/deployment.yaml"))
RUNNING = next(path for path in EXAMPLES if path.parent.name == "clinical-notes")
SCHEMA = json.loads((schemas_dir() / "facts.schema.json").read_text(encoding="utf-8"))
SETTINGS = Settings()
CATALOG = check.catalog_of(SETTINGS)
GOLDEN = Path(__file__).parent / "golden" / "facts"

CROWD = """
fedpolicy: 1
name: crowd
parties:
  tum: {role: coordinator}
  users: {role: participant}
nodes:
  phone: {kind: client, party: [%s]}
  aggregator: {kind: aggregator, party: tum}
datasets:
  typed: {at: phone, categories: [free-text], subjects: 10}
models:
  base: {weights: open, weights_at: [phone, aggregator]}
  adapted: {weights_at: [phone, aggregator]}
tasks:
  adapt: {method: fedavg, model: base, produces: adapted, data: [typed], runs_on: phone, rounds: 2}
"""


# What a schema of answers lists as words of the language, and the declaration that has them.
WORDS = {
    ("facts", "setting"): get_args(get_args(Deployment.types["setting"])[0]),
    ("facts", "unit"): (*get_args(Unit), "unknown"),
    ("graph", "unit"): (*get_args(Unit), "unknown"),
    ("facts", "class"): get_args(OpennessClass),
    ("facts", "lowest"): get_args(OpennessClass),
    ("facts", "highest"): get_args(OpennessClass),
    ("facts", "claimed"): get_args(OpennessClass),
    ("facts", "weights"): get_args(Weights),
    ("facts", "training_data"): get_args(TrainingData),
    ("facts", "low"): get_args(Level),
    ("facts", "high"): get_args(Level),
    ("facts", "guaranteed"): get_args(Level),
    ("facts", "guaranteed_low"): get_args(Level),
    ("facts", "allowed"): get_args(Level),
}


def listed(schema, key):
    """Each list of words that stands under a key."""
    if isinstance(schema, dict):
        under = [schema.get("properties", {}).get(key, {})]
        ways = [way for one in under for way in (one, *one.get("anyOf", ()))]
        yield from (tuple(way["enum"]) for way in ways if "enum" in way)
    inside = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for value in inside:
        yield from listed(value, key)


@pytest.mark.parametrize(("name", "key"), WORDS, ids="-".join)
def test_the_words_of_answers_are_those_of_the_language(name, key):
    schema = json.loads((schemas_dir() / f"{name}.schema.json").read_text(encoding="utf-8"))
    found = set(listed(schema, key))

    assert found == {WORDS[name, key]}


@pytest.mark.parametrize("unit", ["day", "unknown"])
def test_a_unit_that_the_language_has_fits_both_schemas(unit):
    text = crowd_text(1).replace("subjects: 10", f"subjects: 10, unit: {unit}")
    document, facts = check.study_of(Source(name="crowd.yaml", text=text.encode()), CATALOG, SETTINGS)
    graph = json.loads((schemas_dir() / "graph.schema.json").read_text(encoding="utf-8"))

    jsonschema.validate(rows_of(document, facts), SCHEMA)
    jsonschema.validate(api.to_json(api.graph(document)), graph)


def facts_of(path):
    text = path.read_bytes()
    document, facts = check.study_of(Source(name=f"{path.parent.name}/{path.name}", text=text), CATALOG, SETTINGS)
    return document, facts


def rows_of(document, facts):
    pairs = facts.pairs()
    return json.loads(facts_json(document, facts, pairs, version="0.0.0"))


def crowd(members):
    return check.study_of(Source(name="crowd.yaml", text=crowd_text(members).encode()), CATALOG, SETTINGS)


def crowd_text(members):
    parties = "".join(f"  p{number}: {{role: participant}}\n" for number in range(members))
    return CROWD.replace("  users: {role: participant}\n", parties) % ", ".join(f"p{n}" for n in range(members))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_facts_of_every_example_fit_the_schema(path):
    jsonschema.Draft202012Validator(SCHEMA).validate(rows_of(*facts_of(path)))


def test_the_schema_is_a_schema_that_allows_no_other_key():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    with pytest.raises(jsonschema.ValidationError, match="'more' was unexpected"):
        jsonschema.Draft202012Validator(SCHEMA).validate(rows_of(*facts_of(RUNNING)) | {"more": 1})


def test_openai_gets_every_letter_along_two_ways_with_lines():
    document, facts = facts_of(RUNNING)
    text = RUNNING.read_text(encoding="utf-8").splitlines()
    rows = [row for row in rows_of(document, facts)["disclosures"] if row["party"] == "openai"]

    assert [(row["dataset"], row["as"], row["low"], row["high"], row["guaranteed"]) for row in rows] == [
        (f"letters@{owner}", "provider", "verbatim", "verbatim", "verbatim") for owner in ("aphp", "charite", "lumc")
    ]
    for row in rows:
        owner = row["dataset"].partition("@")[2]
        assert [(hop["from"], hop["to"]) for path in row["paths"] for hop in path] == [
            (f"client@{owner}", "openai")
        ] * 2
        assert [text[path[0]["line"] - 1].split(":")[0].strip() for path in row["paths"]] == ["score", "translate"]
        assert row["path"] == row["paths"][0]


def test_there_is_one_row_for_each_pair_and_none_for_own_data():
    document, facts = facts_of(RUNNING)
    rows = rows_of(document, facts)["disclosures"]
    pairs = [(row["party"], row["as"], row["dataset"]) for row in rows]

    assert len(pairs) == len(set(pairs)) == sum(one.pairs for one in facts.disclosures)
    assert all(row["count"] == 1 for row in rows)
    assert all(row["dataset"] != f"letters@{row['party']}" for row in rows)


def test_beyond_ten_thousand_pairs_a_group_is_one_row(monkeypatch):
    document, facts = crowd(12)
    single = rows_of(document, facts)["disclosures"]
    monkeypatch.setattr(analysis, "MOST_PAIRS", len(single) - 1)
    grouped = rows_of(document, facts)["disclosures"]

    assert {row["count"] for row in single} == {1}
    assert sum(row["count"] for row in grouped) == len(single)
    assert len(grouped) < len(single)
    for row in grouped:
        assert row["dataset"] != f"typed@{row['party']}"
        assert (row["party"], row["as"], row["dataset"], row["high"]) in [
            (one["party"], one["as"], one["dataset"], one["high"]) for one in single
        ]
    assert [set(row) for row in grouped] == [set(single[0])] * len(grouped)


def test_long_lists_of_names_are_cut_and_counted(monkeypatch):
    monkeypatch.setattr(analysis, "MOST_PAIRS", 0)
    rows = rows_of(*crowd(120))
    models = {model["id"]: model for model in rows["models"]}
    group = max(rows["disclosures"], key=lambda row: row["count"])

    assert (len(models["adapted"]["contains"]), models["adapted"]["contains_count"]) == (100, 120)
    assert (len(group["parties"]), group["parties_count"]) == (100, 120)
    jsonschema.Draft202012Validator(SCHEMA).validate(rows)


def test_a_flow_names_whole_datasets_rather_than_their_instances():
    flows = rows_of(*crowd(3))["flows"]

    assert {tuple(flow["data"]) for flow in flows if flow["role"] == "downlink"} == {("typed",)}


def test_the_facts_read_like_this(golden):
    document, facts = facts_of(RUNNING)

    golden(facts_text(document, facts, PLAIN), GOLDEN / "clinical-notes.txt")


@pytest.mark.parametrize(
    ("party", "dataset"),
    [("openai", "letters"), ("charite", "letters@aphp"), ("aphp", "letters@aphp"), ("public", "letters")],
)
def test_an_explanation_reads_like_this(party, dataset, golden):
    document, facts = facts_of(RUNNING)
    explanation = explain(facts, party, dataset)

    golden(why_text(explanation, document, facts, CATALOG, PLAIN), GOLDEN / f"why-{party}-{dataset}.txt")


def test_a_deployment_where_nobody_learns_anything_says_so():
    text = b"fedpolicy: 1\nname: alone\n"
    document, facts = check.study_of(Source(name="alone.yaml", text=text), CATALOG, SETTINGS)

    assert "nobody learns anything about data that are not its own" in facts_text(document, facts, PLAIN)

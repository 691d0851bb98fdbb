"""The JSON of a report, as its schema and docs/json.md promise it."""

from __future__ import annotations

import json

import jsonschema
import pytest

from fedpolicy.files import schemas_dir
from fedpolicy.report.formats import load_format

SCHEMA = json.loads((schemas_dir() / "report.schema.json").read_text(encoding="utf-8"))


def written(report):
    return json.loads(load_format("json").render(report))


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", ["full", "clean", "nothing", "stopped"])
def test_every_report_fits_the_schema(name, made):
    jsonschema.Draft202012Validator(SCHEMA).validate(written(getattr(made, name)()))


def test_the_schema_allows_no_other_key(made):
    report = written(made.full()) | {"more": 1}

    with pytest.raises(jsonschema.ValidationError, match="'more' was unexpected"):
        jsonschema.Draft202012Validator(SCHEMA).validate(report)


def test_the_five_counts_are_always_there(made):
    assert written(made.clean())["summary"] == {"fail": 0, "unknown": 0, "pass": 30, "not_applicable": 2, "waived": 0}


def test_the_first_way_in_is_the_path_and_all_are_the_paths(made):
    finding = written(made.full())["findings"][0]

    assert finding["path"] == finding["paths"][0]
    assert [[hop["to"] for hop in path] for path in finding["paths"]] == [["openai"], ["gateway", "openai"]]
    assert finding["path"][0] == {
        "from": "client@aphp",
        "to": "openai",
        "payload": "prompts",
        "flow": "tasks.score.prompts",
        "implied_by": "tasks.score (llm_judge)",
        "file": "clinic/deployment.yaml",
        "line": 15,
    }


def test_an_error_has_its_place_or_none(made):
    first, second = written(made.nothing())["errors"]

    assert (first["file"], first["line"], first["column"]) == ("clinic/broken.yaml", 2, 1)
    assert (second["file"], second["line"], second["column"]) == ("clinic/broken.yaml", None, None)


def test_a_missing_fact_says_whether_it_decides(made):
    facts = {row["fact"]: row for row in written(made.full())["missing"]}

    assert facts["api_calls.translate.trains_on_inputs"]["rules"] == ["inputs-kept", "transfer-without-basis"]
    assert facts["api_calls.translate.trains_on_inputs"]["decides"] is False

"""`fedpolicy catalog`: what the catalogue knows, and how old its facts are."""

import json

import pytest
from jsonschema import Draft202012Validator

from fedpolicy.catalog import load_catalog
from fedpolicy.catalog.rows import ROWS
from fedpolicy.files import schemas_dir
from fedpolicy.report.catalog import matching_rows, rows_json, rows_text
from fedpolicy.suggest import listed

OWN = """
models:
  acme/old: {weights: open, source: https://acme.example/card, as_of: 2001-01-01}
"""


def test_every_section_is_counted(run):
    lines = run("catalog", "--today", "2026-11-28").stdout.splitlines()

    assert lines[0].split() == ["section", "rows", "median", "age", "older", "than", "half", "a", "year"]
    assert {line.split()[0] for line in lines[1:]} >= {"models", "providers", "licences", "countries"}


def test_the_oldest_row_comes_first(run, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(OWN, encoding="utf-8")

    first, *_, last = run("catalog", "--age", "--today", "2026-11-28", "--catalog", str(own)).stdout.splitlines()

    assert first == "2001-01-01  models.acme/old"
    assert last.endswith("older than half a year on 2026-11-28")


def test_only_old_rows_of_a_section_are_listed_where_one_is_named(run, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(OWN, encoding="utf-8")
    wanted = ("--age", "--today", "2026-11-28", "--catalog", str(own))

    first, *more, last = run("catalog", "models", *wanted).stdout.splitlines()

    assert first == "2001-01-01  models.acme/old"
    assert all(line[12:].startswith("models.") for line in more)
    assert last == f"{len(more) + 1} rows older than half a year on 2026-11-28"
    assert run("catalog", "models", "acme/old", *wanted).stdout.splitlines() == [
        "2001-01-01  models.acme/old",
        "1 row older than half a year on 2026-11-28",
    ]


def test_ages_are_json_for_programs(run, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(OWN, encoding="utf-8")
    wanted = ("--format", "json", "--today", "2026-11-28", "--catalog", str(own))
    schema = Draft202012Validator(json.loads((schemas_dir() / "ages.schema.json").read_text(encoding="utf-8")))
    old = {"section": "models", "id": "acme/old", "as_of": "2001-01-01", "days": 9462}

    whole = json.loads(run("catalog", *wanted).stdout)
    one = json.loads(run("catalog", "models", "acme/old", "--age", *wanted).stdout)

    schema.validate(whole)
    schema.validate(one)
    assert whole["old"][0] == old
    assert len(whole["old"]) == sum(section["old"] for section in whole["sections"])
    assert {section["section"] for section in whole["sections"]} == set(ROWS)
    assert json.loads(run("catalog", "--age", *wanted).stdout) == whole
    assert (one["today"], one["old"]) == ("2026-11-28", [old])
    assert one["sections"] == [{"section": "models", "rows": 1, "median_days": 9462, "old": 1}]


def test_nothing_is_old_before_anybody_looked(run):
    assert run("catalog", "--age", "--today", "2001-01-01").stdout == "0 rows older than half a year on 2001-01-01\n"


CATALOG = load_catalog()


@pytest.mark.parametrize("section", [name for name in ROWS if name != "models"])  # 2,000 rows, which take seconds
def test_every_section_can_be_listed_and_each_row_has_a_source(section):
    found = matching_rows(getattr(CATALOG, section), "")
    lines = rows_text(section, found).splitlines()
    rows = json.loads(rows_json(section, found))

    assert lines[-1] == f"{len(found):,} rows of {section}"
    assert len(lines) == len(found) + 1
    assert all(len(line) <= 100 for line in lines)
    assert rows["section"] == section
    assert all(row["id"] and row["source"] and row["as_of"] for row in rows["rows"])


def test_a_row_is_told_whole(run):
    lines = run("catalog", "providers", "openai").stdout.splitlines()

    assert lines[0] == "providers.openai"
    assert "  jurisdiction            US" in lines
    assert "  terms                   retention_days: 30; trains_on_inputs: no; human_review: yes;" in lines


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (("countries", "CH"), ["CH"]),
        (("countries", "switzer"), ["CH"]),
        (("safeguards", "encryption"), ["end_to_end_encryption", "homomorphic_encryption"]),
        (("levels", "records"), ["reconstructable", "verbatim"]),
    ],
)
def test_a_query_is_an_id_or_a_part_of_what_a_row_says(arguments, ids, run):
    rows = json.loads(run("catalog", *arguments, "--format", "json").stdout)["rows"]

    assert [row["id"] for row in rows] == ids


@pytest.mark.parametrize(
    ("arguments", "message", "advice"),
    [
        (("contries",), "the catalogue has no section `contries`", "did you mean `countries`? known: artefacts, "),
        (("methods", "lorra"), "nothing in methods matches `lorra`", "did you mean `lora`?"),
    ],
)
def test_what_is_not_there_is_suggested(arguments, message, advice, run):
    done = run("catalog", *arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {message}\n  = help: {advice}")


def test_thirty_known_words_are_all_named():
    words = [f"word-{number}" for number in range(31)]

    assert listed(words[:30]) == ", ".join(words[:30])
    assert listed(words) == f"{', '.join(words[:30])} and 1 more"

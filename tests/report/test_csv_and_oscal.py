"""Rows for spreadsheets, and documents for governance teams."""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import replace

import pytest

from fedpolicy.errors import OutputError
from fedpolicy.report.formats import load_format
from fedpolicy.report.formats.csv import COLUMNS
from fedpolicy.report.summarise import summarise


def rows(report):
    return list(csv.DictReader(io.StringIO(load_format("csv").render(report))))


def test_a_finding_is_a_row(made):
    first = rows(made.full())[0]

    assert tuple(first) == COLUMNS
    assert (first["verdict"], first["severity"], first["rule"]) == ("fail", "critical", "private-data-to-closed-model")
    assert (first["file"], first["line"], first["column"]) == ("clinic/deployment.yaml", "17", "3")
    assert first["elements"] == "parties.openai; datasets.letters@aphp"


def test_every_finding_has_its_row_whatever_its_verdict(made):
    assert sorted(row["verdict"] for row in rows(made.full())) == ["fail"] * 3 + ["unknown"] * 2 + ["waived"]


def test_a_cell_is_never_larger_than_a_spreadsheet_takes(made):
    crowd = next(row for row in rows(made.full()) if row["rule"] == "single-update-visible")

    assert crowd["elements"].endswith("; datasets.letters@clinic-99; and 9,900 more")
    assert len(crowd["elements"]) < 32_000


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_a_cell_is_never_a_formula(start, made):
    (row,) = rows(summarise([replace(made.BLOCK, message=f'{start}HYPERLINK("x")')], [], []))

    assert row["message"] == f'\'{start.replace(chr(9), " ")}HYPERLINK("x")'


def test_oscal_without_its_extra_says_what_to_install(made, monkeypatch):
    monkeypatch.setitem(sys.modules, "trestle.oscal.assessment_results", None)

    with pytest.raises(OutputError, match="needs compliance-trestle") as raised:
        load_format("oscal").render(made.full())
    assert raised.value.help == "install it: pip install 'fedpolicy[oscal]'"


@pytest.fixture
def trestle():
    return pytest.importorskip("trestle.oscal.assessment_results", reason="needs the extra `oscal`")


@pytest.mark.parametrize("name", ["full", "clean", "nothing"])
def test_oscal_is_read_back_by_trestle(name, made, trestle, tmp_path):
    file = tmp_path / "results.json"
    file.write_text(load_format("oscal").render(getattr(made, name)()), encoding="utf-8")
    read = trestle.AssessmentResults.oscal_read(file)

    assert read.metadata.oscal_version.root.root == "1.2.1"
    assert len(read.results) == 1


def test_oscal_relates_findings_to_observations(made, trestle):
    del trestle
    (result,) = json.loads(load_format("oscal").render(made.full()))["assessment-results"]["results"]
    known = {row["uuid"]: row["title"] for row in result["observations"]}
    states = {
        row["target"]["target-id"]: (row["target"]["status"]["state"], row["target"]["status"]["reason"])
        for row in result["findings"]
    }

    assert states == {
        "inputs-kept": ("not-satisfied", "other"),
        "private-data-to-closed-model": ("not-satisfied", "fail"),
        "single-update-visible": ("not-satisfied", "fail"),
        "threshold-too-low": ("not-satisfied", "fail"),
        "transfer-without-basis": ("not-satisfied", "other"),
        "unpinned-model": ("not-satisfied", "other"),
    }
    for row in result["findings"]:
        assert [known[one["observation-uuid"]] for one in row["related-observations"]] == [row["title"]]
    assert {row["name"]: row["value"] for row in result["props"]}["waived-count"] == "1"


def test_oscal_is_what_trestle_checks_even_where_it_is_not_installed(made):
    from fedpolicy.report.formats.oscal import _document  # noqa: PLC0415  what is written where the extra is

    document = _document(made.nothing())

    assert "clinic/broken.yaml:2:1: nam: unknown key `nam`" in document["results"][0]["remarks"]
    assert document["import-ap"]["href"] == f"#{document['back-matter']['resources'][0]['uuid']}"
    assert len(_document(made.full())["results"][0]["observations"]) == 6

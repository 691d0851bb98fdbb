"""The conformance suite is what this version computes, and its runner notices what is not."""

from __future__ import annotations

import json
import sys

import pytest

from conformance import run
from tools import conformance

NAMES = sorted(path.name for path in conformance.CASES.iterdir())


def test_there_are_enough_cases_and_each_has_its_parts():
    assert len(NAMES) >= 300
    for name in NAMES:
        parts = sorted(path.name for path in (conformance.CASES / name).iterdir())
        assert parts == ["facts.json", "findings.json", "input.yaml"]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in NAMES[::20] else pytest.mark.slow) for name in NAMES]
)
def test_a_case_is_current(name):
    """After a change of the language: `make conformance`, and read the difference."""
    found = conformance.answer((conformance.CASES / name / "input.yaml").read_text(encoding="utf-8"))
    for part in ("facts", "findings"):
        written = json.loads((conformance.CASES / name / f"{part}.json").read_text(encoding="utf-8"))
        assert json.loads(json.dumps(found[part])) == written


def test_the_cases_are_those_of_the_tests_and_the_examples():
    assert {name for name, _, _ in conformance.inputs()} >= set(NAMES)


def engine(tmp_path, changed):
    program = tmp_path / "engine.py"
    program.write_text(
        "import json, pathlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    place = pathlib.Path(name).parent\n"
        "    parts = ('facts', 'findings')\n"
        "    found = {part: json.loads((place / f'{part}.json').read_text('utf-8')) for part in parts}\n"
        f"    {changed}\n"
        "    print(json.dumps({'input': name, **found}))\n",
        encoding="utf-8",
    )
    return [sys.executable, str(program)]


@pytest.mark.parametrize(
    ("changed", "what", "row"),
    [
        ("pass", ["same facts", "same findings"], ""),
        ("found.pop('facts')", ["same findings"], ""),
        ("found['findings'] = found['findings'][1:]", ["other findings", "same facts"], 'missing: {"elements":'),
        ("found['facts'][0]['flows'] = []", ["other facts", "same findings"], "missing: test flows"),
        ("sys.exit('it broke')", ["no answer"], "it broke"),
    ],
)
def test_an_engine_is_compared_part_by_part(changed, what, row, tmp_path):
    case = conformance.CASES / "analysis-data-that-nobody-brought"

    told = list(run.compared(engine(tmp_path, changed), [case]))

    assert sorted(one for _, one, _ in told) == what
    assert any(one.startswith(row) for _, _, one in told)

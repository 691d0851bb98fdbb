"""Rows are drawn to be held against their sources, and what was found is counted."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tools import sample

LEDGERS = sorted(Path(sample.__file__).with_name("held").glob("*.csv"))


def _read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_day_draws_the_same_eighty_models(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["sample", "2030-01-02"])
    sample.main()
    drawn = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    models = {
        kind: list(dict.fromkeys(row["model"] for row in drawn if row["kind"] == kind)) for kind in ("hosted", "open")
    }

    assert models == {kind: [row.id for row in rows] for kind, rows in sample.sample("2030-01-02").items()}
    assert [len(found) for found in models.values()] == [40, 40]
    assert models["hosted"] != [row.id for row in sample.sample("2030-01-03")["hosted"]]
    assert {row["verdict"] for row in drawn} == {""}
    assert all(row["value"] and row["source"] for row in drawn)


@pytest.mark.parametrize(
    ("verdicts", "told", "passed"),
    [
        (
            ["right"] * 99 + ["wrong"],
            ["100 fields of 1 models: 99 right, 1 wrong, 0 unreachable (1.0% wrong)", "a/b.x: no"],
            True,
        ),
        (
            ["right"] * 98 + ["wrong"],
            ["99 fields of 1 models: 98 right, 1 wrong, 0 unreachable (1.0% wrong)", "a/b.x: no"],
            False,
        ),
        (
            ["right", ""],
            ["2 fields of 1 models: 1 right, 0 wrong, 0 unreachable (0.0% wrong)", "a/b.x: no verdict"],
            False,
        ),
        ([], ["0 fields of 0 models: 0 right, 0 wrong, 0 unreachable (0.0% wrong)"], False),
    ],
)
def test_more_than_one_wrong_field_in_a_hundred_is_too_many(verdicts, told, passed):
    held = [{"kind": "open", "model": "a/b", "field": "x", "verdict": verdict, "note": "no"} for verdict in verdicts]

    assert sample.counted(held) == (told, passed)


@pytest.mark.parametrize("path", LEDGERS, ids=lambda path: path.stem)
def test_what_was_held_is_complete_and_good_enough(path):
    held = _read(path)
    models = {kind: len({row["model"] for row in held if row["kind"] == kind}) for kind in ("hosted", "open")}

    # A ledger of `more` holds only what no draw had held before.
    assert models == {"hosted": 40, "open": 40} or (path.stem.endswith("-more") and min(models.values()) >= 20)
    assert all(row["source"] for row in held)
    assert sample.counted(held)[1], sample.counted(held)[0]

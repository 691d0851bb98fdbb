"""How often a command collects garbage, by how much it leaves behind."""

from __future__ import annotations

import gc

import pytest

from fedpolicy.cli import COLLECTIONS, COLLECTIONS_OF_CODE, COLLECTIONS_OF_ONE


@pytest.fixture
def usual():
    """The thresholds of a process that lives for one command."""
    before = gc.get_threshold()
    gc.set_threshold(*COLLECTIONS)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("usual")
def test_the_trees_of_thousands_of_programs_do_not_pile_up(run, tmp_path):
    (tmp_path / "app.py").write_text("import openai\n", encoding="utf-8")
    run("scan", str(tmp_path))

    assert gc.get_threshold() == COLLECTIONS_OF_CODE


@pytest.mark.usefixtures("usual")
def test_a_check_of_one_file_ends_before_anything_is_collected(run, example):
    run("check", str(example))

    assert gc.get_threshold() == COLLECTIONS_OF_ONE


def test_whoever_calls_us_keeps_what_it_has_set(run, example, tmp_path):
    before = gc.get_threshold()
    run("check", str(example))
    run("scan", str(tmp_path))

    assert gc.get_threshold() == before

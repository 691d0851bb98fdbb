"""Importers against public files, which are not part of the project: where they are missing, tests are skipped."""

import os
from pathlib import Path

import pytest

from tests.house.pages import ROOT
from tests.scan.measure import PAGE, built, rows, score, tables, written

CORPUS = Path(os.environ.get("FEDPOLICY_CORPUS", ROOT.parent / "shared" / "corpus"))

here = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of public files is not here: set FEDPOLICY_CORPUS")


@here
@pytest.mark.parametrize("table", built())
def test_facts_of_public_files_are_found(table):
    found = score(table, CORPUS)
    assert (found.wrong, found.missed, found.beyond) == ([], [], [])


@pytest.mark.parametrize("table", tables())
def test_rows_are_written_once_and_whole(table):
    found = rows(table)
    assert len(set(found)) == len(found)
    assert all(all(row) or not row.place for row in found)


@here
def test_the_page_says_what_was_measured():
    text = PAGE.read_text(encoding="utf-8")
    assert text == written(text, CORPUS)

"""Every format against golden files; a format dropped into the folder is tested by its goldens alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from fedpolicy.report.formats import format_ids, load_format
from fedpolicy.report.formats.text import draw
from fedpolicy.report.words import Look

GOLDEN = Path(__file__).parent / "golden"
REPORTS = ("full", "clean", "nothing")


@pytest.mark.parametrize("name", format_ids())
@pytest.mark.parametrize("report", REPORTS)
def test_a_report_is_written_as_its_golden_file_shows(name, report, made, golden):
    form = load_format(name)

    golden(form.render(getattr(made, report)()), GOLDEN / f"{report}{form.SUFFIX}")


def test_the_terminal_is_narrow_and_colourful(made, golden):
    golden(draw(made.full(made.BROKEN), Look(width=72, colour=True)), GOLDEN / "terminal.ansi")


@pytest.mark.parametrize("name", format_ids())
def test_the_same_report_is_written_with_the_same_bytes(name, made):
    assert load_format(name).render(made.full()) == load_format(name).render(made.full())


@pytest.mark.parametrize("name", format_ids())
def test_a_format_says_what_it_is(name):
    form = load_format(name)

    assert form.SUMMARY
    assert form.SUFFIX.startswith(".")


def test_no_golden_file_is_an_orphan():
    suffixes = [load_format(name).SUFFIX for name in format_ids()]
    expected = {f"{report}{suffix}" for report in REPORTS for suffix in suffixes} | {"terminal.ansi"}

    assert {path.name for path in GOLDEN.iterdir() if path.is_file()} == expected

"""Every format against golden files; a format dropped into the folder is tested by its goldens alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from fedpolicy.errors import OutputError
from fedpolicy.report.formats import format_ids, load_format
from fedpolicy.report.formats.text import draw
from fedpolicy.report.style import Style

GOLDEN = Path(__file__).parent / "golden"
REPORTS = ("full", "clean", "nothing", "stopped")


def written(name, report):
    """What a format makes of a report; one whose extra is not installed skips the test."""
    try:
        return load_format(name).render(report)
    except OutputError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", format_ids())
@pytest.mark.parametrize("report", REPORTS)
def test_a_report_is_written_as_its_golden_file_shows(name, report, made, golden):
    text = written(name, getattr(made, report)())

    golden(text, GOLDEN / f"{report}{load_format(name).SUFFIX}")


def test_the_terminal_is_narrow_and_colourful(made, golden):
    golden(draw(made.full(made.BROKEN), Style(width=72, colour=True)), GOLDEN / "terminal.ansi")


@pytest.mark.parametrize("name", format_ids())
def test_the_same_report_is_written_with_the_same_bytes(name, made):
    assert written(name, made.full()) == written(name, made.full())


@pytest.mark.parametrize("name", format_ids())
def test_a_format_says_what_it_is(name):
    form = load_format(name)

    assert form.SUMMARY
    assert form.SUFFIX.startswith(".")


def test_no_golden_file_is_an_orphan():
    suffixes = [load_format(name).SUFFIX for name in format_ids()]
    expected = {f"{report}{suffix}" for report in REPORTS for suffix in suffixes} | {"terminal.ansi"}

    assert {path.name for path in GOLDEN.iterdir() if path.is_file()} == expected

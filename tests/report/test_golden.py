"""Every format against golden files; a format dropped into the folder is tested by its goldens alone."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from importlib import resources
from pathlib import Path

import pytest

from fedpolicy.errors import OutputError
from fedpolicy.report import Style
from fedpolicy.report.formats import format_ids, load_format
from fedpolicy.report.formats.text import draw

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

    golden(plain(text), GOLDEN / f"{report}{load_format(name).SUFFIX}")


PARTS = {
    kind: resources.files("fedpolicy.report").joinpath(f"page.{kind}").read_text(encoding="utf-8").strip()
    for kind in ("css", "js")
}


def plain(text):
    """A page without its style and script, which are the same in all: a new line of style changes no golden file."""
    for kind, part in PARTS.items():
        digest = b64encode(sha256(part.encode()).digest()).decode()
        text = text.replace(part, f"page.{kind}").replace(digest, f"digest-of-page.{kind}")
    return text


def test_a_page_holds_its_style_and_script_once_and_allows_them_by_their_digests(made):
    text = plain(written("html", made.full()))

    assert re.search("style-src 'sha256-digest-of-page.css'; script-src 'sha256-digest-of-page.js'", text)
    assert text.count("<style>page.css</style>") == text.count("<script>page.js</script>") == 1


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

"""Words, lists, columns."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedpolicy.report import PLAIN, Style, amount, cells, clean, listing, wrap
from tests.laws import examples


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (list("abcdef"), "a, b, c, d, e and f"),
        (list("abcdefg"), "a, b and 5 more"),
        ([f"letters@{number}" for number in range(10_000)], "letters@0, letters@1 and 9,998 more"),
    ],
)
def test_a_list_names_a_few_and_counts_the_rest(items, text):
    assert listing(items) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0 files"), (1, "1 file"), (10_000, "10,000 files")])
def test_amounts_have_plurals(number, text):
    assert amount(number, "file") == text


def test_a_plural_may_be_irregular():
    assert amount(2, "party", "parties") == "2 parties"


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("é", 1), ("e\u0301", 1), ("名", 2)])
def test_columns_are_what_a_terminal_shows(text, columns):
    assert cells(text) == columns


def test_cleaning_keeps_the_length():
    assert clean("a\tb\x1b[1m") == "a b�[1m"


def test_prose_is_broken_at_the_width_with_its_indent():
    assert wrap("one two three four five six seven eight", Style(width=40), "= why: ", "  ") == [
        "= why: one two three four five six seven",
        "  eight",
    ]


def test_paragraphs_stay_apart():
    assert wrap("one\ntwo", PLAIN, "- ", "  ") == ["- one", "  two"]


def test_only_what_asks_for_colour_gets_it():
    assert PLAIN.paint("high", "x") == "x"
    assert Style(colour=True).paint("high", "x") == "\x1b[31mx\x1b[0m"
    assert Style(colour=True).paint("high", "") == ""


@given(
    st.lists(st.text("ab -é", min_size=0, max_size=12), max_size=40).map(" ".join),
    st.integers(40, 60),
    st.text("x: ", max_size=50),
)
@settings(max_examples=examples(few=200))
def test_prose_is_broken_as_the_standard_library_breaks_it(text, width, first):
    expected = textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )

    assert wrap(text, Style(width=width), first, "  ") == expected

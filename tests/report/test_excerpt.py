"""Source lines with underlines."""

from __future__ import annotations

import pytest

from fedpolicy.findings import Span
from fedpolicy.report import Style
from fedpolicy.report.excerpt import snippet

LINES = (
    "fedpolicy: 1",
    "tasks:",
    "  adapt: {method: lora}",
    "  名前: {method: lora}",
    "\tcolumn:\tvalue",
    "  bell: \x1b[31mred\x07",
    "",
)


def span(line, column, end_column, end_line=0):
    return Span(file="d.yaml", line=line, column=column, end_line=end_line or line, end_column=end_column)


def shown(*place, width=100, **more):
    return snippet(span(*place), LINES, Style(width=width), **more)


def test_a_span_is_underlined_in_its_line():
    assert shown(3, 3, 8) == [
        " --> d.yaml:3:3",
        "  |",
        "3 |   adapt: {method: lora}",
        "  |   ^^^^^",
        "  |",
    ]


def test_a_label_stands_behind_the_underline():
    assert shown(3, 3, 8, label="here")[3] == "  |   ^^^^^ here"


def test_wide_characters_take_two_columns():
    assert shown(4, 3, 5)[2:4] == ["4 |   名前: {method: lora}", "  |   ^^^^"]


def test_a_tab_takes_one_column():
    assert shown(5, 2, 8)[2:4] == ["5 |  column: value", "  |  ^^^^^^"]


def test_what_would_steer_the_terminal_is_replaced():
    assert shown(6, 3, 7)[2] == "6 |   bell: �[31mred�"


@pytest.mark.parametrize("place", [(0, 1, 1), (8, 1, 2), (99, 1, 2)])
def test_a_line_that_is_not_there_leaves_the_place(place):
    assert [line.strip() for line in shown(*place)] == [f"--> d.yaml:{place[0]}:1"]


def test_a_file_that_could_not_be_read_leaves_the_place():
    assert snippet(span(3, 3, 8), ()) == [" --> d.yaml:3:3"]


def test_an_empty_span_or_line_has_one_mark():
    assert shown(3, 8, 8)[3] == "  |        ^"
    assert shown(7, 1, 1)[2:4] == ["7 |", "  | ^"]


def test_a_column_behind_the_end_is_marked_at_the_end():
    assert shown(2, 40, 44)[3] == "  |       ^"


def test_a_span_that_ends_at_the_start_of_the_next_line_is_one_line():
    assert shown(3, 3, 1, 4)[2:4] == ["3 |   adapt: {method: lora}", "  |   ^^^^^^^^^^^^^^^^^^^^^"]


def test_several_lines_have_a_bar():
    assert shown(1, 1, 9, 3) == [
        " --> d.yaml:1:1",
        "  |",
        "1 | / fedpolicy: 1",
        "2 | | tasks:",
        "3 | |   adapt: {method: lora}",
        "  |",
    ]


def test_many_lines_are_cut_in_the_middle():
    lines = [f"line {number}" for number in range(1, 21)]
    drawn = snippet(span(5, 1, 3, 20), lines)

    assert [line.rstrip() for line in drawn[2:-1]] == [
        " 5 | / line 5",
        " 6 | | line 6",
        " 7 | | line 7",
        " 8 | | line 8",
        "...  |",
        "20 | | line 20",
    ]


@pytest.mark.parametrize("start", [1, 200, 5_000_000])
def test_a_very_long_line_is_cut_around_the_span(start):
    lines = ["x" * (start - 1) + "HERE" + "y" * 5_000_000]
    drawn = snippet(span(1, start, start + 4), lines, Style(width=60))

    text, marks = drawn[2], drawn[3]
    assert len(text) <= 60
    assert [text[i] for i, mark in enumerate(marks) if mark == "^"] == list("HERE")


def test_a_span_longer_than_the_line_is_cut_too():
    drawn = snippet(span(1, 3, 4_000_000), ["z" * 5_000_000], Style(width=60))

    assert [len(line) for line in drawn[2:4]] == [60, 60]


def test_colour_changes_no_column():
    plain, coloured = shown(3, 3, 8), snippet(span(3, 3, 8), LINES, Style(colour=True), "high")

    assert "\x1b[31m^^^^^\x1b[0m" in coloured[3]
    assert len(plain) == len(coloured)

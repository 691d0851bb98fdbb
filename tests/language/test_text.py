"""Bytes become text, or one message that says where they do not."""

from __future__ import annotations

import pytest

from fedpolicy.errors import InputError
from fedpolicy.language.reading.text import decode
from fedpolicy.limits import MAX_BYTES

UNSEEN = "it ends a line that editors do not show (delete it: a reader would see another text than fedpolicy reads)"


def problem(data):
    with pytest.raises(InputError) as caught:
        decode(data, "f.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff", "f.yaml:1:1: the byte 0xff is not UTF-8 (save it as UTF-8)"),
        ("é\nüx".encode() + b"\xfc", "f.yaml:2:3: the byte 0xfc is not UTF-8 (save it as UTF-8)"),
        (b"\xef\xbb\xbfab\xff", "f.yaml:1:3: the byte 0xff is not UTF-8 (save it as UTF-8)"),
        ("a: 1".encode("utf-16"), "f.yaml:1:1: the file is UTF-16, not UTF-8 (save it as UTF-8)"),
        ("a: 1".encode("utf-16-be"), "f.yaml:1:1: the control character U+0000 is not allowed in YAML (delete it)"),
        ("\ufeffa: 1".encode("utf-32"), "f.yaml:1:1: the file is UTF-32, not UTF-8 (save it as UTF-8)"),
        (b"a: \x1b[31m", "f.yaml:1:4: the control character U+001B is not allowed in YAML (delete it)"),
        ("a:\r\n b\u0007", "f.yaml:2:3: the control character U+0007 is not allowed in YAML (delete it)"),
        ("a: b # \u2028c: d", f"f.yaml:1:8: the character U+2028 is not allowed: {UNSEEN}"),
        ("a: \ud800", "f.yaml:1:4: the control character U+D800 is not allowed in YAML (delete it)"),
    ],
)
def test_what_is_no_text_has_a_place(data, said):
    assert problem(data) == said


def test_a_file_above_the_limit_is_refused_before_it_is_decoded():
    assert "the file is too large: 20.0 MiB; at most 20 MiB are read" in problem(b"\xff" * (MAX_BYTES + 1))


@pytest.mark.parametrize("data", ["\ufeffa: 1", "\ufeffa: 1".encode()])
def test_a_byte_order_mark_is_no_part_of_the_text(data):
    assert decode(data, "f.yaml").content == "a: 1"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_end_as_editors_end_them(ending):
    text = decode(ending.join(["a", "b c", "d"]), "f.yaml")

    assert text.lines == ("a", "b c", "d")
    span = text.span(text.content.index("d"), len(text.content))
    assert (span.line, span.column, span.end_line, span.end_column) == (3, 1, 3, 2)


def test_columns_count_characters_not_bytes():
    text = decode("é😀x".encode(), "f.yaml")

    assert str(text.span(2, 3)) == "f.yaml:1:3"

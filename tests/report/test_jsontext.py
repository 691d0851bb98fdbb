"""JSON that shows what it says, and says what it was given."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedpolicy.report.rows import json_text

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.recursive(TEXTS | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)))
def test_it_means_what_it_was_given_and_can_be_seen(document):
    text = json_text(document)

    assert json.loads(text) == document
    assert all(char.isprintable() or char == "\n" for char in text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("größe 北京", '"größe 北京"\n'),
        ("a\u202eb\u2028", '"a\\u202eb\\u2028"\n'),
        ("\x7f\x9b", '"\\u007f\\u009b"\n'),
        ("\U000e0041", '"\\udb40\\udc41"\n'),
        ("\udcff.yaml", '"\\\\xff.yaml"\n'),
        ("\\xff\udcff", '"\\\\xff\\\\xff"\n'),
        ("gr\udcc3\udcb6ße", '"größe"\n'),
        ("half \ud800", '"half \ufffd"\n'),
    ],
)
def test_what_cannot_be_seen_is_an_escape(text, written):
    assert json_text(text) == written

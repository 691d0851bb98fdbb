"""The core schema of YAML 1.2."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedpolicy.yaml12 import ScalarError, plain_scalar, tagged_scalar

TEXTS = [
    "NO",
    "no",
    "yes",
    "Yes",
    "on",
    "off",
    "y",
    "n",
    "nUll",
    "TrUe",
    "0o8",
    "0x",
    "0xg",
    "1_000",
    "1:30",
    "2027-06-30",
]
TEXTS += [
    "12e03x",
    "1.2.3",
    "-",
    "+",
    ".",
    "e3",
    "0e9e39f",
    "--1",
    "1-1",
    "inf",
    "nan",
    "-.nan",
    "0b1",
    "Infinity",
    "=",
    "<<",
]


@pytest.mark.parametrize("text", TEXTS)
def test_text_stays_text(text):
    assert plain_scalar(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("true", True),
        ("FALSE", False),
        ("0", 0),
        ("-12", -12),
        ("+12", 12),
        ("0755", 755),
        ("0o17", 15),
        ("0xFF", 255),
        ("1.0", 1.0),
        (".5", 0.5),
        ("-.5", -0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("1.0e-6", 1.0e-6),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("+.inf", math.inf),
    ],
)
def test_numbers_booleans_and_null(text, value):
    found = plain_scalar(text)

    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_a_number():
    assert math.isnan(plain_scalar(".NaN"))


def test_a_number_of_thousands_of_digits_is_refused():
    with pytest.raises(ScalarError, match="5,000 digits"):
        plain_scalar("9" * 5000)


@pytest.mark.parametrize(
    ("text", "tag", "value"),
    [("3", "str", "3"), ("3", "int", 3), ("3", "float", 3.0), ("true", "bool", True), ("", "null", None)],
)
def test_a_tag_says_what_a_scalar_is(text, tag, value):
    found = tagged_scalar(text, tag)

    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "tag"), [("x", "int"), ("3.5", "int"), ("true", "int"), ("yes", "bool"), ("x", "null")]
)
def test_a_scalar_that_is_not_what_its_tag_says_is_refused(text, tag):
    with pytest.raises(ScalarError, match=f"!!{tag}"):
        tagged_scalar(text, tag)


@given(st.integers())
def test_integers_read_as_they_are_written(number):
    assert plain_scalar(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_read_as_they_are_written(number):
    assert plain_scalar(repr(number)) == number


@given(st.text(max_size=20))
def test_no_text_breaks_the_resolver(text):
    found = plain_scalar(text)

    assert found == text or not isinstance(found, str)

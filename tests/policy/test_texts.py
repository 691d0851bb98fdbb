"""Messages in the deployment's own words."""

import pytest

from fedpolicy.policy.fields import Type
from fedpolicy.policy.texts import fill, placeholders, value_words


@pytest.mark.parametrize(
    ("kind", "values", "text"),
    [
        (Type.LEVEL, [4], "verbatim"),
        (Type.LEVEL, [2, 3], "inferable to reconstructable"),
        (Type.TEXT, ["black_box", "gray_box"], "black_box or gray_box"),
        (Type.TEXT, [], "unknown"),
        (Type.BOOL, [True], "yes"),
        (Type.INT, [40000], "40,000"),
        (Type.NUMBER, [1e-6], "1e-06"),
        (Type.LIST, [[]], "none"),
        (Type.LIST, [["a"]], "a"),
        (Type.LIST, [["a", "b", "c"]], "a, b and c"),
        (Type.LIST, [[f"p{n}" for n in range(10_000)]], "p0, p1 and 9,998 more"),
    ],
)
def test_values_are_said_in_words(kind, values, text):
    assert value_words(kind, values) == text


def test_placeholders_are_filled_and_lines_are_joined():
    assert fill("{a} learns\n  {b.c}", {"a": "openai", "b.c": "letters"}.__getitem__) == "openai learns letters"
    assert placeholders("{a} and { b.c }") == [("a", 1), ("b.c", 9)]


@pytest.mark.parametrize(
    ("days", "text"),
    [("1", "for 1 day"), ("11", "for 11 days"), ("2.1", "for 2.1 days"), ("unknown", "for unknown days")],
)
def test_one_thing_is_said_in_the_singular(days, text):
    assert fill("for {days} days", {"days": days}.__getitem__) == text

"""Suggestions are near, few and the same every time."""

from __future__ import annotations

import pytest

from fedpolicy.suggest import advise, did_you_mean, listed, misspelt, nearest, shown_value, visible

KEYS = ["method", "model", "data", "runs_on", "aggregator", "clients_per_round", "min_clients", "noise_multiplier"]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("metod", "method"),
        ("run_on", "runs_on"),
        ("runs-on", "runs_on"),
        ("Aggregator", "aggregator"),
        ("noise", "noise_multiplier"),
        ("min_client", "min_clients"),
        ("xyzzy", None),
        ("", None),
    ],
)
def test_the_nearest_word(word, found):
    assert nearest(word, KEYS) == found


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("openai/gtp-4o", "openai/gpt-4o"),
        ("openai-gpt-4o", "openai/gpt-4o"),
        ("opnai/gpt-4o", "openai/gpt-4o"),
        ("meta/llama-3.1-70b-instruct", None),
        ("meta/llama-3.1-8b", None),
        ("meta/llama-3.2-8b-instruct", None),
        ("meta/llama-3.1-8b-instrukt", "meta/llama-3.1-8b-instruct"),
        ("mistral/mistral-small", None),
        ("openai/gpt-4", None),
        ("openai/gpt-4o-mini", None),
        ("nova/pra", None),
        ("nova/por", "nova/pro"),
    ],
)
def test_another_size_or_version_is_no_slip_of_the_pen(word, found):
    known = ["openai/gpt-4o", "meta/llama-3.1-8b-instruct", "mistral/mistral-large", "nova/pro"]
    assert misspelt(word, known) == found


def test_the_order_of_the_known_words_never_matters():
    assert nearest("ba", ["bb", "bc", "bat", "bar"]) == nearest("ba", ["bar", "bat", "bc", "bb"]) == "bar"


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("node-4999x", "node-4999"),
        ("nod-4999", "node-4999"),
        ("xode-4999", "node-4999"),
        ("ndoe-7", "node-7"),
        ("nd", None),
    ],
)
def test_among_thousands_of_words_one_letter_may_be_wrong(word, found):
    assert nearest(word, dict.fromkeys(f"node-{number}" for number in range(5000))) == found


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        ("a1", ["a2"], "known: a2"),
        ("stra", ["star", "tree"], "did you mean `star`? known: star, tree"),
        ("word7", [f"word{number}" for number in range(70, 101)], "did you mean `word70`?"),
        ("x", [], ""),
    ],
)
def test_advice(word, known, said):
    assert advise(word, known) == said


def test_marks_stand_before_the_suggestion():
    assert did_you_mean("hospitl", ["hospital"], mark="*") == "did you mean `*hospital`?"


def test_long_lists_are_cut():
    assert listed([str(number) for number in range(32)]).endswith(", 28, 29 and 2 more")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("text", "`text`"),
        ("3", '`"3"`'),
        ("true", '`"true"`'),
        ("", '`""`'),
        ("x" * 70, f"`{'x' * 60}...`"),
        ("a\nb\x1b", "`a\\nb\\x1b`"),
        (3, "`3`"),
        (True, "`true`"),
        (10**400, f"`{'1' + '0' * 59}`"),
        ({}, "a map"),
        ((), "a list"),
        (None, "no value"),
    ],
)
def test_values_are_shown_as_they_are_written(value, said):
    assert shown_value(value) == said


def test_nothing_that_a_terminal_obeys_is_shown():
    assert visible("a\x1b[31m\u2028b") == "a\\x1b[31m\\u2028b"

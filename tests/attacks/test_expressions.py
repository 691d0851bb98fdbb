"""Rules that would take all memory or time are mistakes when they are loaded; what is accepted takes little of both."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from fedpolicy.limits import MAX_EXPRESSION, MAX_FILTERED, MAX_FILTERS, MAX_ITEM_EXPRESSION, MAX_JOINS, MAX_PATTERNS
from fedpolicy.policy.expression import EvaluationError, Expression, activator
from fedpolicy.policy.texts import is_large
from tests.attacks.largest_rules import LANGUAGE, LARGEST, NESTED

EMPTY = {"a.text": "", "a.list": []}


def doubled(levels):
    inner = "".join(f"[v{n - 1}+v{n - 1}].all(v{n}," for n in range(1, levels))
    return f'["a"].all(v0,{inner}true{")" * levels}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (doubled(2), "`+` inside `all(...)` makes something new of each item"),
        (doubled(12), "`+` inside `all(...)` makes something new of each item"),
        (doubled(28), f"more than {MAX_ITEM_EXPRESSION} characters inside `all(...)`"),
        ("a.list.all(x, size(a.list + a.list) > 0)", "`+` inside `all(...)`"),
        ("a.list . exists\n (x, (a.text + x) == '')", "`+` inside `exists(...)`"),
        ("a.list.exists_one(x, bytes (a.text) == b'')", "`bytes` inside `exists_one(...)`"),
        ("size(a.list.filter(x, string(a.text) == x)) > 0", "`string` inside `filter(...)`"),
        ("size(a.list.map(x, a.list)) > 0", "`map` makes new lists"),
        ("size(a.list.map(x, true, x)) > 0", "`map` makes new lists"),
        (f"a.list.all(x, size([{'x,' * 200}x]) > 0)", f"more than {MAX_ITEM_EXPRESSION} characters inside `all(...)`"),
        (f"size({'+'.join(['a.list'] * (MAX_JOINS + 2))}) > 0", f"more than {MAX_JOINS} times `+`"),
        (f"size(a.list{'.filter(x, true)' * (MAX_FILTERS + 1)}) > 0", f"more than {MAX_FILTERS} times `filter`"),
        ("true" + " && true" * 1000, f"at most {MAX_EXPRESSION:,} are read"),
        ("a.list.all(x, x == ')' // )\n + '')", "`+` inside `all(...)`"),
        ("a.list.all(x, a.text.matches('x'))", "`matches` inside `all(...)` reads its pattern anew for each item"),
        ("a.list.exists(x, matches (x, 'x'))", "`matches` inside `exists(...)` reads its pattern anew for each item"),
        (
            "a.text.matches('x') || " * MAX_PATTERNS + "a.text.matches('y')",
            "more than 2 times `matches` in one expression; ask with contains, startsWith or endsWith",
        ),
    ],
)
def test_what_could_take_all_memory_is_a_mistake(text, message):
    found = LANGUAGE.compile(text)

    assert not isinstance(found, Expression)
    assert any(message in one.message for one in found)
    assert 0 <= found[0].offset < len(text)


def test_lists_within_lists_of_short_words_are_not_looked_at_beforehand():
    """The bound on rounds is enough: `benchmarks/rules.py` says what the largest cost."""
    expression, text, items = NESTED
    rule, facts = LANGUAGE.compile(expression), {"a.text": text, "a.list": items}
    assert not is_large(facts.values())
    assert rule.judge(facts, activator()(facts), large=False).value is True


@pytest.mark.parametrize(
    ("values", "large"),
    [
        (["a" * 100, ["a" * 100] * 100, 10**9, True], False),
        (["a" * 101], True),
        ([["a"] * 101], True),
        ([["a" * 101]], True),
    ],
)
def test_what_is_large(values, large):
    assert is_large(values) is large


@pytest.mark.parametrize(
    "text",
    [
        "a.list.all(x, x == 'a + b')",
        'a.list.all(x, x == "bytes(x)") && size(a.list + a.list) >= 0',
        "a.list.exists(x, x.startsWith('a')) || a.text.contains('map(')",
        "true // + + + + + + + + + + + + + + + + + + + + + a.list.map(x, x + x)",
        "size(a.list.filter(x, x != 'a')) >= 0",
    ],
)  # fmt: skip
def test_what_only_looks_is_accepted(text):
    assert isinstance(LANGUAGE.compile(text), Expression)


def test_filter_reads_short_lists_only():
    rule = LANGUAGE.compile("size(a.list.filter(x, x != 'a')) >= 0")
    short, long = ({"a.text": "", "a.list": ["b"] * number} for number in (MAX_FILTERED, MAX_FILTERED + 1))

    assert rule.judge(short, activator()(short)).value is True
    with pytest.raises(EvaluationError, match="`filter` reads at most 2,000 items, and there are 2,001"):
        rule.judge(long, activator()(long))


PROGRAM = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1_000_000_000, 1_000_000_000))
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
from fedpolicy.policy.expression import activator, language
from fedpolicy.policy.fields import Type
text, items = json.loads(sys.stdin.read())
facts = {"a.text": "x" * 1_000_000, "a.list": [f"d{n}" for n in range(items)]}
rule = language({"a.text": Type.TEXT, "a.list": Type.LIST}).compile(text)
print(rule.judge(facts, activator()(facts)).value)
"""


@pytest.mark.parametrize(
    ("text", "items"),
    [
        (f"size(a.list{'.filter(x, true)' * MAX_FILTERS}) > 0", MAX_FILTERED),
        (f"a.list.all(x, size([{'x,' * 85}x]) > 0)", 9_000),
        (f"size({'+'.join(['a.text'] * (MAX_JOINS + 1))}) > 0", 1),
        (f"size({'+'.join(['a.list'] * (MAX_JOINS + 1))}) > 0", 9_000),
        (f"size([{'a.list,' * 500}a.list]) > 0", 9_000),
    ],
    ids=["filters", "lists", "texts", "joined", "listed"],
)
def test_what_is_accepted_takes_little_memory(text, items):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps([text, items]),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert (done.stdout, done.stderr) == ("True\n", "")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a.text == open('/etc/passwd')", "open"),
        ("a.text == read('fedpolicy.yaml')", "read"),
        ("a.text == getenv('HOME')", "getenv"),
        ("http.get('https://example.org') == a.text", "get"),
        ("a.text == __import__('os').name", "__import__"),
        ("eval(a.text)", "eval"),
        ("a.text.matches('(a+)+$') || range(1000000000).all(x, x > 0)", "range"),
        ("a.list.sort() == a.list", "sort"),
        ("now() > timestamp('2026-01-01T00:00:00Z')", "now"),
    ],
)
def test_there_is_nothing_that_reads_or_reaches_or_repeats(text, name):
    """A rule knows its fields and pure functions; what repeats goes over a list that is there."""
    found = LANGUAGE.compile(text)

    assert not isinstance(found, Expression)
    assert any(name in f"{one.message} {one.unknown}" for one in found), found


@pytest.mark.parametrize("text", ["while (true) {}", "for (x in a.list) {}", "f = x -> f(x)", "a.list.all(x, all(x))"])
def test_there_are_no_loops_and_no_functions_of_ones_own(text):
    assert not isinstance(LANGUAGE.compile(text), Expression)


LOOKED = "it would look at {:,} characters, and at most 50,000,000 are read; compare shorter values"


@pytest.mark.parametrize(
    ("text", "facts", "looked"),
    [
        ("a.list.all(x, !a.text.contains('ab'))", ("a" * 1_000_000, ["d"] * 1_000), 2_000_000_000),
        ("a.list.all(x, a.text != x)", ("a" * 1_000_000, ["d"] * 1_000), 1_000_000_000),
        ("a.list.all(x, a.list.exists(y, y.contains(x)))", ("", ["d" * 9_000] * 100), 270_000_000),
        ("a.list.all(x, a.list == a.list)", ("", ["d"] * 8_000), 128_008_000),
        ("a.text.contains('ab') && " * 90 + "true", ("a" * 1_200_000, []), 108_000_000),
    ],
)
def test_what_would_look_at_too_much_is_not_judged(text, facts, looked):
    rule, values = LANGUAGE.compile(text), dict(zip(("a.text", "a.list"), facts, strict=True))
    with pytest.raises(EvaluationError) as raised:
        rule.judge(values, activator()(values))
    assert str(raised.value) == LOOKED.format(looked)


@pytest.mark.parametrize(
    ("expression", "text", "items"),
    [
        pytest.param(*given, id=name, marks=pytest.mark.slow if name == "patterns" else ())
        for name, given in LARGEST.items()
    ],
)
def test_what_looks_at_just_so_much_is_judged(expression, text, items):
    rule, values = LANGUAGE.compile(expression), {"a.text": text, "a.list": items}
    assert rule.judge(values, activator()(values)).value is True


@pytest.mark.parametrize(
    ("pattern", "matches"), [("(a+)+$", True), ("(a|a)*b", False), ("(.*)*x", False), (r"\\pL{300}", True)]
)
def test_a_pattern_does_not_try_again_and_again(pattern, matches):
    rule, facts = LANGUAGE.compile(f"a.text.matches('{pattern}')"), {"a.text": "a" * 100_000, "a.list": []}
    assert rule.judge(facts, activator()(facts)).value is matches


def test_a_pattern_that_would_be_too_large_is_refused():
    rule, facts = LANGUAGE.compile("a.text.matches('((a{1000}){1000}){1000}')"), {"a.text": "a", "a.list": []}
    with pytest.raises(EvaluationError, match="invalid regular expression"):
        rule.judge(facts, activator()(facts))


def test_empty_facts_are_judged():
    assert LANGUAGE.compile("a.list.all(x, x == a.text)").judge(EMPTY, activator()(EMPTY)).value is True

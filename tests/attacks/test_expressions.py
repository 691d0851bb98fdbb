"""Rules that would take all memory are mistakes when they are loaded; what is accepted takes little."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from fedpolicy.limits import MAX_EXPRESSION, MAX_FILTERED, MAX_FILTERS, MAX_ITEM_EXPRESSION, MAX_JOINS
from fedpolicy.policy.expression import EvaluationError, Expression, activator, language
from fedpolicy.policy.fields import Type

LANGUAGE = language({"a.text": Type.TEXT, "a.list": Type.LIST})
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
    ],
)
def test_what_could_take_all_memory_is_a_mistake(text, message):
    found = LANGUAGE.compile(text)

    assert not isinstance(found, Expression)
    assert any(message in one.message for one in found)
    assert 0 <= found[0].offset < len(text)


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
        ("a.list.all(x, a.text != x && !a.text.contains(x))", 2_000),
        (f"size({'+'.join(['a.text'] * (MAX_JOINS + 1))}) > 0", 1),
        (f"size({'+'.join(['a.list'] * (MAX_JOINS + 1))}) > 0", 9_000),
        (f"size([{'a.list,' * 500}a.list]) > 0", 9_000),
    ],
    ids=["filters", "lists", "reads", "texts", "joined", "listed"],
)
def test_what_is_accepted_takes_little_memory(text, items):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps([text, items]),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.stdout == "True\n", done.stderr[-2000:]


def test_empty_facts_are_judged():
    assert LANGUAGE.compile("a.list.all(x, x == a.text)").judge(EMPTY, activator()(EMPTY)).value is True

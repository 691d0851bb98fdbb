"""No text is decoded as the locale says: files and processes are UTF-8 on every machine."""

from __future__ import annotations

import ast
import re

import pytest

from tests.house.pages import ROOT

FILES = sorted(path for folder in ("fedpolicy", "tests", "benchmarks", ".ci") for path in (ROOT / folder).rglob("*.py"))
# What takes `encoding` at which place.
TEXTS = {"read_text": 0, "write_text": 1}
PROCESSES = {"run", "Popen", "check_output"}
CALLS = re.compile(rf"\b({'|'.join((*TEXTS, *PROCESSES))})\b")


def by_locale(source):
    """Lines of calls that read or write text and do not say how it is encoded."""
    for node in ast.walk(ast.parse(source)) if CALLS.search(source) else ():
        name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
        if name in TEXTS or name in PROCESSES:
            given = {one.arg: ast.unparse(one.value) for one in node.keywords}
            text = len(node.args) <= TEXTS[name] if name in TEXTS else name in PROCESSES and given.get("text") == "True"
            if text and not given.keys() & {"encoding", None}:
                yield node.lineno


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("subprocess.run(x, text=True)", [1]),
        ("subprocess.run(x, encoding='utf-8')", []),
        ("subprocess.run(x, **options)", []),
        ("\nPopen(x, text=True)", [2]),
        ("path.read_text()", [1]),
        ("path.read_text('utf-8')", []),
        ("path.write_text(x)", [1]),
        ("path.write_text(x, encoding='utf-8')", []),
    ],
)
def test_such_calls_are_found(source, lines):
    assert list(by_locale(source)) == lines


def test_every_text_says_how_it_is_encoded():
    assert FILES
    found = {path.relative_to(ROOT).as_posix(): list(by_locale(path.read_text(encoding="utf-8"))) for path in FILES}
    assert {name: lines for name, lines in found.items() if lines} == {}

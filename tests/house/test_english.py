"""What reports say reads as if somebody had written it for the reader: the worst patterns are refused."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from fedpolicy.report import reason
from tests.house.pages import ROOT

RULES = sorted(ROOT.glob("policies/*/*.yaml"))
WORST = (
    "whose inside",
    "lie open",
    "that this is all right",
    "be it a",
    "do not know what",
    "what neither does",
    "for the same reason",
    "at the position's word",
    "because it is there",
    "and never the",
    "draw out",
    "drawn out",
    "this is all right",
    "ends without",
    "who can infer",
    "can tell together",
    "somebody whom",
    "whoever runs the machines",
    "to whoever",
    "for whoever",
    "by whoever",
    "is told so",
    "cannot be told",
    "lies open",
    "another one than",
    "in another way than",
    "is no kind of safeguard",
    "` is no pack",
    "files tell of",
    ", a closed model",
    "the owner allows none",
)
# Pages that speak of the past.
PAST = {"upgrading.md"}
MODULES = sorted(ROOT.glob("fedpolicy/**/*.py"))
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every text of more than one word in a module, but for what documents the code itself; help is for readers."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inner = "cli/commands" not in path.as_posix()
    apart = set()
    for node in ast.walk(tree):
        first = node.body[0] if isinstance(node, DOCUMENTED) and node.body else None
        is_doc = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        if is_doc and (inner or not getattr(node, "decorator_list", ())):
            apart.add(first.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in apart and " " in node.value:
            yield node.lineno, node.value


@cache
def files():
    """What rule files and the heads of packs say, by their paths."""
    return {path: yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader) for path in RULES}


def test_a_rule_speaks_plainly():
    wrong, long = [], []
    for path, rule in files().items():
        told = " ".join(str(rule.get(key, "")) for key in ("title", "holds", "message", "why", "help")).lower()
        wrong += [(path.name, phrase) for phrase in WORST if phrase in told]
        long += [path.name] if len(str(rule.get("title", "")).split()) > 18 else []

    assert wrong == []
    assert long == []


def test_every_rule_has_a_sentence_for_where_it_passes():
    """A page shows it to people, so it is a sentence of its own and not what is wrong where the rule fails."""
    rules = [rule for rule in files().values() if "id" in rule]
    said = [rule.get("holds", "") for rule in rules]

    assert [rule["id"] for rule in rules if not 3 <= len(rule.get("holds", "").split()) <= 20] == []
    assert [text for text in said if text.endswith(".") or not text[0].isupper()] == []
    assert [rule["id"] for rule in rules if rule["holds"] == rule["title"]] == []
    assert len(set(said)) == len(said) > 100


def test_a_message_speaks_plainly():
    found = []
    for path in MODULES:
        # A text over several lines is one text; most modules have no such phrase anywhere.
        source = re.sub(r"""["']\s*\w*["']""", "", path.read_text(encoding="utf-8").lower())
        read = texts(path) if any(phrase in source for phrase in WORST) else ()
        found += [(path.name, line, phrase) for line, text in read for phrase in WORST if phrase in text.lower()]

    assert found == []


def test_a_page_speaks_plainly():
    pages = [page for page in ROOT.glob("docs/*.md") if page.name not in PAST]
    found = [(page.name, phrase) for page in pages for phrase in WORST if phrase in page.read_text("utf-8").lower()]

    assert found == []


def test_the_texts_of_a_module_are_found(tmp_path):
    code = tmp_path / "module.py"
    code.write_text(
        '"""Doc of a module."""\ndef f(x):\n    """Doc of it."""\n    return f"what {x} lies open"\n', encoding="utf-8"
    )

    assert [text for _, text in texts(code)] == ["what ", " lies open"]


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("Data leave. Critical, because no attack is needed.", "Data leave."),
        ("Data leave.\nHigh: it is 3.5 times as bad. It stays so.", "Data leave.\nIt stays so."),
        ("High noise protects. Medium-sized sums do, too.", "High noise protects. Medium-sized sums do, too."),
    ],
)
def test_a_report_does_not_argue_about_severity(why, told):
    assert reason(why) == told


def test_every_reason_is_still_there_without_its_severity():
    for path, rule in files().items():
        why = str(rule.get("why", ""))
        assert not why or len(re.findall(r"\w+", reason(" ".join(why.split())))) >= 8, path

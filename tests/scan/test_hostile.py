"""Whatever stands in a file: evidence, or a reason why it was not read. Nothing else comes out, and no bug."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fedpolicy.scan import Unread
from fedpolicy.scan.draft import draft_of
from fedpolicy.scan.gather import Fact
from fedpolicy.scan.groups import projects_of
from fedpolicy.scan.importers import importers
from fedpolicy.scan.reading import File
from fedpolicy.scan.reading.embedded import embedded_files
from fedpolicy.scan.rules import RULES
from fedpolicy.scan.services import Services
from tests.laws import examples

SERVICES = Services()
CASES = [
    (case["file"], case["text"])
    for path in sorted((Path(__file__).parent / "evidence").glob("*.yaml"))
    for case in yaml.safe_load_all(path.read_text(encoding="utf-8"))
]
TREES = [
    (name, tree)
    for name, text in CASES
    if name.endswith((".yml", ".yaml", ".json", ".default")) and ": !" not in text
    for tree in yaml.safe_load_all(text)
]
ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9**30) | st.floats() | st.text(max_size=4) | st.just("${X}"),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["path", "args", "name", ""]), inner, max_size=2)
    ),
    max_leaves=4,
)


def told(file):
    """Everything that is done with a file after it was read."""
    facts: list[Fact] = []
    places: list[tuple[str, str]] = []
    try:
        inside_of_it = [part.file for part in embedded_files(file)]
    except Unread as unread:
        inside_of_it = []
        places.append((unread.why, unread.span.file))
    asked = [(who, one, each) for each in (file, *inside_of_it) for who, one in importers().items()]
    for who, one, inside in asked:
        try:
            facts += [Fact(evidence=each, importer=who) for each in one.read(inside)] if one.wants(inside) else []
        except Unread as unread:
            places.append((unread.why, unread.span.file))
    assert all(why and place for why, place in places)
    said = [fact.evidence for fact in facts]
    for rule in RULES:
        list(rule.find(said))
    return [draft_of(group) for group in projects_of(facts)]


def replaced(tree, path, value):
    """The tree with another value at the end of a path of numbers."""
    if not path or not isinstance(tree, (dict, list)) or not tree:
        return value
    if isinstance(tree, dict):
        key = list(tree)[path[0] % len(tree)]
        return tree | {key: replaced(tree[key], path[1:], value)}
    at = path[0] % len(tree)
    return [*tree[:at], replaced(tree[at], path[1:], value), *tree[at + 1 :]]


@settings(deadline=None, max_examples=examples(few=250))
@given(st.sampled_from(TREES), st.lists(st.integers(0, 9), min_size=1, max_size=7), ODD)
def test_a_value_of_another_kind_anywhere(case, path, value):
    name, tree = case
    # As JSON on one line a key: `participants:` has to be found by its bytes.
    changed = replaced(tree, path, value)
    lines = changed.items() if isinstance(changed, dict) else {"x": changed}.items()
    text = "".join(f"{key}: {json.dumps(each)}\n" for key, each in lines)
    told(File(name, (json.dumps(changed) if name.endswith((".json", ".default")) else text).encode(), SERVICES))


@settings(deadline=None, max_examples=examples(few=200))
@given(st.sampled_from(CASES), st.integers(0, 400), st.integers(0, 40), st.text(max_size=5))
def test_a_text_that_is_cut_and_mended_anywhere(case, start, length, more):
    name, text = case
    told(File(name, (text[:start] + more + text[start + length :]).encode(errors="replace"), SERVICES))


@settings(deadline=None, max_examples=examples(few=100))
@given(st.sampled_from(CASES), st.binary(max_size=60))
def test_bytes_of_any_kind(case, content):
    told(File(case[0], content + case[1].encode()[:80], SERVICES))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("app/config_fed_server.conf", "workflows = [{path = nvflare.X, args.num_rounds = " + "9" * 5000 + "}]"),
        ("pyproject.toml", "[tool.flwr.app.config]\nnum-server-rounds = " + "9" * 5000),
        ("pyproject.toml", "[tool.flwr.app.config]\nnum-server-rounds = 0x" + "9" * 5000),
        ("job.py", "import nvflare\nnvflare.XRecipe(min_clients=0x" + "9" * 5000 + ")"),
        ("meta.json", '{"min_clients": "\u00b2", "deploy_map": {"app": ["@ALL"]}}'),
        ("deep.py", "import openai\nx = " + "(" * 5000 + ")" * 5000),
        ("long.py", "import openai\nx = " + "+".join("1" * 20000)),
        ("chain.py", "import openai\nx = a" + ".b" * 20000),
        ("calls.py", "import openai\nx = openai" + ".b" * 900 + "()"),
        ("calls.py", "import openai\nx = openai" + ".b()" * 400),
    ],
)
def test_numbers_and_texts_that_nobody_means(name, text):
    told(File(name, text.encode(), SERVICES))

"""Laws of the language: order and notation never matter."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fedpolicy.language.reading.source import read
from tests.language.reading import ACCEPT, load, plain_documents
from tests.laws import examples


def _deployments(text):
    loaded = load(text)
    assert [str(error) for error in loaded.errors] == []
    return [document.deployment for document in loaded.documents]


def _shuffled(tree, draw):
    if isinstance(tree, dict):
        keys = draw(st.permutations(list(tree)))
        return {key: _shuffled(tree[key], draw) for key in keys}
    return [_shuffled(item, draw) for item in tree] if isinstance(tree, list) else tree


@pytest.mark.parametrize("path", ACCEPT, ids=lambda path: path.stem)
@settings(max_examples=examples(40, few=20, fewer="it is tried on each of the files that are accepted"))
@given(data=st.data())
def test_the_order_of_keys_never_matters(path, data):
    tree = plain_documents(path)[0]

    assert _deployments(json.dumps(_shuffled(tree, data.draw))) == _deployments(json.dumps(tree))


@pytest.mark.no_cover  # the same lines for each case
@pytest.mark.parametrize("path", ACCEPT, ids=lambda path: path.stem)
def test_json_and_yaml_of_the_same_data_are_the_same(path):
    written = _deployments(path.read_bytes())

    as_json = [json.dumps(tree, indent="\t") for tree in plain_documents(path)]
    assert [_deployments(text)[0] for text in as_json] == written


# Control characters are refused, as are those that change the order of what is shown; and libyaml breaks lines at three
# characters where YAML 1.2 does not.
HIDING = "".join(map(chr, (*range(0x2028, 0x202F), *range(0x2066, 0x206A))))
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=HIDING), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def _listed(tree):
    if isinstance(tree, dict):
        return {key: _listed(value) for key, value in tree.items()}
    return [_listed(item) for item in tree] if isinstance(tree, tuple) else tree


@given(VALUES)
def test_any_json_reads_as_itself(value):
    tree = {"value": value}
    source = read(json.dumps(tree), "f.json")

    assert source.errors == []
    assert _listed(source.documents[0].tree) == tree


@given(VALUES.filter(lambda tree: tree is not None), st.booleans())
def test_any_yaml_that_is_written_reads_as_itself(tree, flow):
    # The writer quotes what YAML 1.1 would take for something else; the rest means the same in YAML 1.2.
    text = yaml.safe_dump(tree, default_flow_style=flow, allow_unicode=True)
    # Numbers such as 0E0, which have no dot, are texts for the writer and numbers in YAML 1.2.
    assume(not re.search(r"\d[eE][-+]?\d", text))
    source = read(text, "f.yaml")

    assert source.errors == []
    assert _listed(source.documents[0].tree) == tree


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_no_text_breaks_the_loader(data):
    loaded = load(data)

    assert loaded.errors or loaded.documents
    assert all(error.span is not None and error.help for error in loaded.errors)


PUNCTUATION = [*"[]{}:,-&*!|>'\"#%@ \n\tab1?", "<<", "---\n", "...\n", "&a ", "*a", ": "]


@given(st.lists(st.sampled_from(PUNCTUATION), max_size=60))
def test_no_punctuation_breaks_the_loader(parts):
    loaded = load("".join(parts))

    assert loaded.errors or loaded.documents
    assert all(error.span is not None and error.help for error in loaded.errors)


@given(VALUES)
def test_no_values_break_the_loader(tree):
    sections = ("parties", "nodes", "datasets", "models", "tasks", "api_calls", "flows", "agreements", "governance")
    text = json.dumps({"fedpolicy": 1, "name": "x", **dict.fromkeys(sections, tree)})

    loaded = load(text)

    assert loaded.errors or loaded.documents
    assert all(error.span is not None and error.help for error in loaded.errors)

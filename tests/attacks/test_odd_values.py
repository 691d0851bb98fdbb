"""Anything may stand anywhere in a deployment: it is a value of the language or a mistake, and never a crash."""

from __future__ import annotations

import json
import math

import pytest

from tests.language.reading import ACCEPT, load, plain_documents

pytestmark = pytest.mark.no_cover  # thousands of deployments
ODD = [
    {},
    {"a": 1},
    {"kind": {}},
    {"kind": ["norm_bound"]},
    {"value": {}},
    {"value": [["b"]]},
    {"value": "x", "evidence": ["x"]},
    {"value": "a", "reference": {}},
    [],
    [[]],
    [{}],
    [None],
    ["a", "a"],
    [["a"]],
    ["unknown"],
    None,
    -1,
    10**25,
    10**299,
    1.5,
    math.inf,
    math.nan,
    True,
    "",
    "unknown",
    "public",
    "a@b@c",
]


def paths(tree, path=()):
    if path:
        yield path
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield from paths(value, (*path, key))


def put(tree, path, value):
    if not path:
        return value
    if isinstance(tree, dict):
        return {key: put(item, path[1:], value) if key == path[0] else item for key, item in tree.items()}
    return [put(item, path[1:], value) if place == path[0] else item for place, item in enumerate(tree)]


def places():
    """One path for each place of the language, in a document that has it."""
    found = {}
    for document in (one for path in ACCEPT for one in plain_documents(path) or ()):
        for path in paths(document):
            kind = tuple("*" if isinstance(step, int) or (nth == 1 and len(path) > 1) else step
                         for nth, step in enumerate(path))  # fmt: skip
            found.setdefault(kind, (document, path))
    return list(found.values())


PLACES = places()


def test_the_places_are_those_of_the_whole_language():
    assert len(PLACES) > 200


@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("odd", ODD, ids=json.dumps)
def test_an_odd_value_is_read_or_told(odd, every):
    for document, path in PLACES[ODD.index(odd) % every :: every]:
        text = json.dumps(put(document, path, odd)).replace("Infinity", ".inf").replace("NaN", ".nan")
        for error in load(text).errors:
            assert error.message, path
            assert error.span, path

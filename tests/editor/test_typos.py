"""Slips of the pen: what a schema can say, the real YAML language server says; all else `check` and `lsp` say."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
import yaml

from fedpolicy import api
from tests.editor.yamlserver import needed, validated

FOLDER = Path(__file__).parent / "typos"
BASE = (FOLDER / "base.yaml").read_text(encoding="utf-8")
TYPOS = yaml.safe_load((FOLDER / "typos.yaml").read_text(encoding="utf-8"))
# What no schema can know.
BEYOND = {
    "ids",
    "ids of the catalogue",
    "numbers that contradict each other",
    "impossible days",
    "words that are open on purpose",
}


def texts():
    for one in TYPOS:
        assert BASE.count(one["old"]) >= 1, one
        yield pytest.param(one, BASE.replace(one["old"], one["new"], 1), id=f"{one['kind']}: {one['new'].strip()[:40]}")


def test_the_base_has_no_slip():
    (document,) = api.loads(BASE)
    assert document.deployment.name == "typos"


def test_there_are_enough_of_each_kind():
    kinds = Counter(one["kind"] for one in TYPOS)
    assert sum(kinds.values()) >= 66
    assert set(kinds) >= {"key", "section", "id", "word", "type", "date", "country", "indentation", "brackets"}
    assert {one["why"] for one in TYPOS if not one.get("schema", True)} == BEYOND


@pytest.mark.parametrize(("typo", "text"), list(texts()))
def test_a_check_refuses_it_at_its_line(typo, text):
    with pytest.raises(api.Problems) as caught:
        api.loads(text)
    places = [error.span.line for error in caught.value.errors if error.span]
    line = text[: text.index(typo["new"])].count("\n") + 1

    assert any(line - 1 <= place <= line + 2 for place in places), [str(error) for error in caught.value.errors]


@pytest.fixture(scope="module")
def said():
    """What the YAML language server says of each text, by its own schema validation."""
    needed()
    return asyncio.run(validated([BASE, *(param.values[1] for param in texts())]))


def test_the_schema_raises_no_false_alarm(said):
    assert said[0] == []


def test_the_schema_flags_every_slip_that_a_schema_can_know(said):
    silent = [
        one["new"] for one, messages in zip(TYPOS, said[1:], strict=True) if not messages and one.get("schema", True)
    ]
    loud = [
        one["new"] for one, messages in zip(TYPOS, said[1:], strict=True) if messages and not one.get("schema", True)
    ]

    assert silent == []
    assert loud == []

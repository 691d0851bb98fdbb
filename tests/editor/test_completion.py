"""What may be written at a place, in texts that are whole, half written or broken."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import yaml

from fedpolicy.check import judge_of
from fedpolicy.lsp import open_page
from fedpolicy.lsp.completion import offers
from fedpolicy.settings import Settings
from tests.editor.yamlserver import completed, needed

CASES = yaml.safe_load((Path(__file__).parent / "completions.yaml").read_text(encoding="utf-8"))
SETTINGS = Settings()
JUDGE, _ = judge_of(SETTINGS)


def at(text):
    """What is offered at the mark."""
    whole, line, column = split(text)
    return offers(open_page("d.yaml", whole, JUDGE, SETTINGS, None), line, column)


@pytest.mark.parametrize("case", CASES["places"], ids=lambda case: case["text"])
def test_what_is_offered(case):
    _, found = at(CASES["base"] + case["text"])
    words = [one.word for one in found]

    assert len(set(words)) == len(words)
    if "all" in case:
        assert set(words) == set(case["all"])
    assert set(case.get("some", ())) <= set(words)
    assert set(case.get("none", ())) & set(words) == set()


def test_an_empty_file_begins_with_what_is_required():
    _, found = at("|")
    assert [one.word for one in sorted(found, key=lambda one: one.sort)][:2] == ["fedpolicy", "name"]
    assert {one.word: one.text for one in found}["parties"] == "parties:\n  "


def test_what_is_offered_says_what_it_means():
    _, keys = at(CASES["base"] + "  t: {|")
    _, methods = at(CASES["base"] + "  t: {method: lor|")
    _, kinds = at(CASES["base"] + "  t: {safeguards: [{kind: secure|")

    assert {one.word: one.about for one in keys}["data"].startswith("The datasets it works on. ")
    assert methods[0].about.endswith("needs weights of the model, sends up adapter_update")
    assert kinds[0].about


def test_the_text_before_is_remembered_while_a_line_is_broken():
    whole = open_page("d.yaml", CASES["base"] + "  t: {method: lora}\n", JUDGE, SETTINGS, None)
    broken = CASES["base"] + "  t: {method: lora, data: [\nflows:\n  f: {from: agg}\n"
    page = open_page("d.yaml", broken, JUDGE, SETTINGS, whole)
    line = broken.count("\n", 0, broken.index("data: [") + 7)
    _, found = offers(page, line, len("  t: {method: lora, data: ["))

    assert page.errors
    assert {one.word for one in found} == {"notes", "notes@north", "notes@south"}


def test_the_schema_completes_in_the_real_yaml_language_server():
    needed()
    places = CASES["schema"]
    assert len(places) >= 20
    found = asyncio.run(completed([split(case["text"]) for case in places]))

    missing = [(case["text"], set(case["some"]) - got) for case, got in zip(places, found, strict=True)]
    assert [one for one in missing if one[1]] == []


def split(text):
    """The text without its mark, and where that stood."""
    place = text.index("|")
    return text.replace("|", "", 1), text.count("\n", 0, place), place - text.rfind("\n", 0, place) - 1

"""Every value and key has its place, and what does not exist has that of its nearest ancestor."""

from __future__ import annotations

import pytest

from tests.language.reading import load, one

TEXT = """\
fedpolicy: 1
name: spans   # a comment
parties:
  a: {role: participant, jurisdiction: [NO, 'SE']}
  b: &b
    role: [participant]
    trusts: a

  c: *b
  d: {<<: *b, sector: "health"}
  e:
    <<: [{name: E}, *b]
nodes:
  n:
    party: a
summary: |
  eu


datasets:
  x: {at: n, owner: a, categories: {value: health, evidence: declared}, subjects: {value: 3, evidence: measured}}
tasks:
  t: {method: evaluation, data: x, runs_on: n, hops: []}
flows:
  f: {from: n, to: b, payload: logs, sealed_for: [a, b]}
"""


def excerpt(span):
    lines = TEXT.split("\n")[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    return "\n".join([lines[0][span.column - 1 :], *lines[1:]])


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        (("name",), "spans", "name"),
        (("parties", "a"), "{role: participant, jurisdiction: [NO, 'SE']}", "a"),
        (("parties", "a", "role"), "participant", "role"),
        (("parties", "a", "jurisdiction", 1), "'SE'", "'SE'"),
        (("parties", "b", "trusts"), "a", "trusts"),
        (("parties", "c"), "*b", "c"),
        (("parties", "c", "role"), "[participant]", "role"),
        (("parties", "d", "sector"), '"health"', "sector"),
        (("parties", "d", "role"), "[participant]", "role"),
        (("parties", "e", "name"), "E", "name"),
        (("parties", "e", "trusts"), "a", "trusts"),
        (("summary",), "|\n  eu", "summary"),
        (("datasets", "x", "categories"), "health", "categories"),
        (("datasets", "x", "subjects"), "3", "subjects"),
    ],
)
def test_values_and_keys_have_their_places(path, value, key):
    spans = one(TEXT).spans

    assert excerpt(spans.at(path)) == value
    assert excerpt(spans.key(path)) == key


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        (("parties", "a", "sector"), "{role: participant, jurisdiction: [NO, 'SE']}", "a"),
        (("parties", "a", "role", 0), "participant", "role"),
        (("parties", "a", "role", "x", "y"), "participant", "role"),
        (("flows", "f", "sealed_for", "of", 1), "b", "b"),
        (("tasks", "t", "safeguards", 3, "kind"), "{method: evaluation, data: x, runs_on: n, hops: []}", "t"),
    ],
)
def test_what_is_not_there_has_the_place_of_what_is_around_it(path, value, key):
    spans = one(TEXT).spans

    assert excerpt(spans.at(path)) == value
    assert excerpt(spans.key(path)) == key


def test_the_document_is_from_its_first_key_to_its_last_value():
    spans = one(TEXT).spans

    assert excerpt(spans.at(())) == TEXT.rstrip("\n")
    assert excerpt(spans.key(())) == "fedpolicy"
    assert excerpt(spans.key(("governance", "audit_log"))) == "fedpolicy"


def test_a_block_ends_with_its_last_value():
    spans = one(TEXT).spans

    assert excerpt(spans.at(("parties", "b"))) == "&b\n    role: [participant]\n    trusts: a"


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (("flows", "f", "sealed_for", "of", 1), ("flows", "f", "sealed_for", 1)),
        (("parties", "a", "role", 0), ("parties", "a", "role")),
        (("parties", "a", "sector"), ("parties", "a", "sector")),
        (("parties", "b", "role", 0), ("parties", "b", "role", 0)),
    ],
)
def test_paths_are_shown_as_they_were_written(path, written):
    assert one(TEXT).spans.written(path) == written


def test_places_count_from_the_start_of_the_file_in_every_document():
    loaded = load("fedpolicy: 1\nname: one\n---\nfedpolicy: [\n---\nfedpolicy: 1\nname: three\n")

    assert [str(document.spans.at(("name",))) for document in loaded.documents] == [
        "deployment.yaml:2:7",
        "deployment.yaml:7:7",
    ]
    assert [str(error.span) for error in loaded.errors] == ["deployment.yaml:4:12"]


def test_many_entries_are_found_by_name():
    entries = "".join(f"  p{number}: {{role: participant}}\n" for number in range(1000))
    spans = one(f"fedpolicy: 1\nname: many\nparties:\n{entries}").spans

    assert [spans.at(("parties", f"p{number}", "role")).line for number in (0, 500, 999)] == [4, 504, 1003]

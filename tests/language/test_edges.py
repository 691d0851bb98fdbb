"""Mistakes at the edge of what is one: where a check stops, what it leaves to another, and how much it names."""

from __future__ import annotations

import pytest

from fedpolicy.language.reading.compose import MAX_SCALAR
from fedpolicy.language.reading.mistakes import MAX_REPORTED
from fedpolicy.language.rewriting import Put, Remove, in_order
from tests.language.reading import load, messages, mistakes

WORLD = """parties: {a: {role: participant}, b: {role: participant}, agg: {role: coordinator}}
nodes:
  client: {kind: client, party: [a, b]}
  edge: {kind: aggregator, party: agg}
  region: {kind: aggregator, party: agg}
datasets: {notes: {at: client, categories: health}}
"""
TRAINED = "models: {m: {weights: open, weights_at: client}}\n"
TRAINING = f"{TRAINED}tasks: {{t: {{method: fedavg, model: m, data: notes, runs_on: client, %s}}}}\n"
LOOP = "models: {%s}\n"


def loop(names):
    """Models of which each falls back to the next, and the last to the first."""
    return LOOP % ", ".join(
        f"{one}: {{fallback: {two}}}" for one, two in zip(names, names[1:] + names[:1], strict=True)
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            TRAINING % "topology: tree, hops: [{at: edge}, {at: region}], aggregator: edge",
            "tasks.t.aggregator: the tree comes back to `edge`, where it has been already",
            id="an aggregator that is a hop below the last one",
        ),
        pytest.param(
            TRAINING % "topology: tree, hops: [{at: edge}, {at: region}], aggregator: region",
            None,
            id="an aggregator that is the last hop",
        ),
        pytest.param(
            TRAINING % "topology: vertical, aggregator: unknown",
            "tasks.t.aggregator: `unknown` cannot stand for `aggregator`, which names nodes",
            id="no place for the top is missing where the aggregator is wrong",
        ),
        pytest.param(
            TRAINING % "topology: vertical, aggregater: edge",
            "tasks.t.aggregater: unknown key `aggregater`",
            id="no place for the top is missing where the aggregator is misspelt",
        ),
        pytest.param(
            TRAINED.replace("client}", "client, digest: '  '}"),
            "models.m.digest: `digest` is empty",
            id="an empty digest is empty and no more",
        ),
        pytest.param(loop("ab"), None, id="two models that stand in for one another"),
        pytest.param(loop("a"), "`a` cannot stand in for itself (", id="a model that stands in for itself"),
    ],
)
def test_one_mistake_is_said_once(body, expected):
    found = mistakes(WORLD + body)
    assert len(found) == (expected is not None), found
    assert not expected or expected in found[0]


@pytest.mark.parametrize("more", [0, 1])
def test_a_value_is_as_long_as_it_may_be(more):
    found = mistakes(f"summary: {'x' * (MAX_SCALAR + more)}\n")
    advice = "a value of 1,048,577 characters; at most 1,048,576 are read (refer to a file instead)"
    assert found == [f"3:10: {advice}"] * more


@pytest.mark.parametrize("many", [499, 500, 501])
def test_a_text_is_given_up_with_its_five_hundredth_mistake(many):
    found = messages(load("".join(f'k{number}: "\\a"\n' for number in range(many))))
    assert sum("the control character" in one for one in found) == min(many, MAX_REPORTED)
    assert any("too many mistakes" in one for one in found) == (many >= MAX_REPORTED)


@pytest.mark.parametrize("text", ['"x"\ty', "'a\tb' c"])
def test_a_tab_within_a_line_indents_nothing(text):
    assert ["something is left behind a value" in one for one in mistakes(f"summary: {text}\n")] == [True]


def test_a_kind_that_an_alias_could_have_brought_is_not_missing():
    text = "tasks: {{t: {{method: fedavg, runs_on: client, safeguards: [{{limit: 2}}]}}}}\nsummary: {}\n"
    found = [[one for one in mistakes(text.format(summary)) if "`kind`" in one] for summary in ("*gone", "here")]
    assert [len(one) for one in found] == [0, 1]


def test_later_items_of_a_list_are_removed_first():
    below = ("tasks", "t", "safeguards")
    edits = [Remove(path=(*below, 0)), Put(path=(*below, 1, "limit"), value=2), Remove(path=(*below, 2))]
    assert in_order(edits) == [edits[1], edits[2], edits[0]]


@pytest.mark.parametrize(("many", "more"), [(500, []), (501, ["1 more mistake of this document is not shown"])])
def test_mistakes_beyond_the_first_five_hundred_are_counted(many, more):
    found = mistakes("".join(f"k{number}: 1\n" for number in range(many)))
    assert len(found) == MAX_REPORTED + len(more)
    assert [one for one in found if "more mistake" in one] == [
        f"503:1: {one} (mend the ones above first)" for one in more
    ]


@pytest.mark.parametrize(("many", "last"), [(99, "a bracket that is never closed"), (100, "too many broken documents")])
def test_a_file_is_given_up_with_its_hundredth_broken_document(many, last):
    found = messages(load("a: [\n---\n" * many))
    assert len(found) == many + (many == 100)
    assert last in found[-1]


def test_a_key_of_its_author_holds_what_is_anchored_and_means_nothing():
    assert mistakes("x-own: &own {anything: [goes]}\nsummary: here\n") == mistakes("summary: here\n")

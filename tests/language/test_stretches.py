"""A file of which most lines are written alike is read as if none were, wherever these lines stand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedpolicy.language.reading import source, stretches
from fedpolicy.language.reading.source import read
from fedpolicy.language.reading.text import decode
from tests.language.reading import load, messages

LINES = "".join(f"  n{number}: {{kind: client, party: p{number}}}\n" for number in range(60))
BROKEN = LINES.replace("n57:", "n56:")


def both(text):
    """What is read of a text with its stretches, and as it stands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "_MANY", 2)
        patch.setattr(stretches, "_LEAST", 2)
        quick = read(text, "f.yaml")
        patch.setattr(source, "_read_alike", lambda *_: False)
        return told(quick), told(read(text, "f.yaml"))


def told(found):
    """All that reading says, the place of every value and key included."""
    documents = [
        (one.tree, one.index, one.flawed, one.lost, one.spans.root, *map(list, one.spans.marks.places),
         list(one.spans.marks.after), one.spans.marks.labels, one.spans.marks.alias)
        for one in found.documents
    ]  # fmt: skip
    return documents, [str(error) for error in found.errors], found.silent, found.lines


@pytest.mark.parametrize(
    ("text", "short"),
    [
        pytest.param(f"a:\n{LINES}b: 1\n", True, id="entries of a map"),
        pytest.param(
            f"a:\n  x: 1\n{LINES}  y: {{z: 1}}\n{LINES.replace('n', 'm')}b:\n- c:\n{LINES}", True, id="others"
        ),
        pytest.param(f"a: &a\n{LINES}b: *a\nc:\n  <<: *a\n---\nd:\n{LINES}", True, id="an anchor, and two documents"),
        pytest.param(f"a: |\n{LINES}", False, id="lines of a text"),
        pytest.param(f"a: 'x\n{LINES}'\n", False, id="lines in quotes"),
        pytest.param(f"a: {{\n{LINES}}}\n", False, id="commas are missing in brackets"),
        pytest.param(f"a: x\n{LINES}", False, id="a map behind a word"),
        pytest.param(f"a:\n{BROKEN}", False, id="a key twice"),
        pytest.param(f"a:\n{LINES}  x: 1\n{LINES}", False, id="the same keys again"),
        pytest.param(f"a:\n{LINES}b: [\n", False, id="a mistake behind them"),
        pytest.param("a:\n" + LINES.replace("n57:", "57:"), False, id="a key that is a number"),
        pytest.param("a:\n" + LINES.replace("kind:", "true:"), False, id="a key that is no text in every line"),
        pytest.param("a:\n" + LINES.replace("p57", "9" * 301), False, id="a number of absurd length"),
        pytest.param("a:\n" + LINES.replace("kind", "party"), False, id="one key twice in every line"),
        pytest.param("".join(f"{'  ' * n}- \n" for n in range(70)) + LINES, False, id="deeper than is read"),
    ],
)
def test_what_stands_for_many_lines_is_what_they_say(monkeypatch, text, short):
    used = []
    honest = vars(source)["_read_alike"]
    monkeypatch.setattr(source, "_read_alike", lambda *given: used.append(honest(*given)) or used[-1])
    quick, whole = both(text)
    assert quick == whole
    assert used == [short]


WORDS = st.sampled_from(
    ["a", "b1", "x.y", "null", "12", "1.5", "0x1f", "_z", "a/b", "a@b", "2024-01-01", "-a", "~", "<<"]
)
VALUES = WORDS | st.lists(WORDS, min_size=1, max_size=3).map(lambda some: f"[{', '.join(some)}]")
LINE = st.builds(
    lambda name, pairs: f"  {name}: {{{', '.join(f'{key}: {value}' for key, value in pairs)}}}",
    WORDS | st.integers(0, 99).map("n{}".format),
    st.lists(st.tuples(st.sampled_from(["kind", "party"]) | WORDS, VALUES), min_size=1, max_size=2),
)
ANY = st.sampled_from(
    ["# c", "", "x: 1", "a:", "  y: 2", "    z: 3", "s: |", '  t: "a', 'b"', "p: {", "}", "- a", "  - c: d", "m: &a",
     "  n: *a", "  <<: *a", "  ? a", "---", "...", "words", "  k: !!str 1", "  }", "key: value: x"]
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(LINE, LINE, LINE, ANY), max_size=14), st.sampled_from(["\n", "\n", "\r\n"]))
def test_lines_mean_the_same_wherever_they_stand(lines, ending):
    quick, whole = both("a:\n" + ending.join(lines))
    assert quick == whole


def test_a_mistake_in_one_of_many_lines_has_its_place():
    text = f"fedpolicy: 1\nname: x\nparties:\n  p: {{role: participant}}\nnodes:\n{LINES}"
    assert messages(load(text))[0].startswith("deployment.yaml:6:29: nodes.n0.party: no party `p0`")


def test_after_a_thousand_braces_in_vain_no_more_is_looked_for():
    broken = "".join(f"  {number}: {{a: 'b'}}\n" for number in range(999))
    assert cut_of(f"a:\n{broken}b:\n{LINES}") == 1
    assert cut_of(f"a:\n{broken}  x: {{a: 'b'}}\nb:\n{LINES}") == 0


def cut_of(text):
    """How many stretches are taken out of a text."""
    return len(stretches.without_stretches(decode(text, "f.yaml"))[1])

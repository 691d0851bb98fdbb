"""Messages in the deployment's own words."""

import pytest

from fedpolicy.files import policies_dir
from fedpolicy.policy.fields import Type
from fedpolicy.policy.load import load_rules
from fedpolicy.policy.texts import fill, placeholders, value_words
from tests.policy.worlds import judged

NOISY = """
fedpolicy: 1
name: noisy
parties: {{a: {{role: participant}}, b: {{role: coordinator}}}}
nodes: {{c: {{kind: client, party: a}}, t: {{kind: tracker, party: b}}}}
datasets: {{notes: {{at: c, categories: health}}}}
flows:
  f: {{from: c, to: t, payload: metrics,
      safeguards: [{{kind: differential_privacy, where: client, clipping_norm: 1, unit: record, {stated}}}]}}
"""


@pytest.mark.parametrize(
    ("kind", "values", "text"),
    [
        (Type.LEVEL, [4], "verbatim"),
        (Type.LEVEL, [2, 3], "inferable to reconstructable"),
        (Type.TEXT, ["black_box", "gray_box"], "black_box or gray_box"),
        (Type.TEXT, [], "unknown"),
        (Type.BOOL, [True], "yes"),
        (Type.INT, [40000], "40,000"),
        (Type.NUMBER, [1e-6], "1e-06"),
        (Type.LIST, [[]], "none"),
        (Type.LIST, [["a"]], "a"),
        (Type.LIST, [["a", "b", "c"]], "a, b and c"),
        (Type.LIST, [[f"p{n}" for n in range(10_000)]], "p0, p1 and 9,998 more"),
    ],
)
def test_values_are_said_in_words(kind, values, text):
    assert value_words(kind, values) == text


def test_placeholders_are_filled_and_lines_are_joined():
    assert fill("{a} learns\n  {b.c}", {"a": "openai", "b.c": "letters"}.__getitem__) == "openai learns letters"
    assert placeholders("{a} and { b.c }") == (("a", 1), ("b.c", 9))


@pytest.mark.parametrize(
    ("days", "text"),
    [("1", "for 1 day"), ("11", "for 11 days"), ("2.1", "for 2.1 days"), ("unknown", "for unknown days")],
)
def test_one_thing_is_said_in_the_singular(days, text):
    assert fill("for {days} days", {"days": days}.__getitem__) == text


@pytest.mark.parametrize(
    ("stated", "text"),
    [
        (
            "step_epsilon: 0.5, step_delta: 1.0e-6, step_sensitivity: 1.0",
            "noise for an epsilon of 0.5 a step, clipping norm 1",
        ),
        ("step_epsilon: 0.5", "noise unknown, clipping norm 1"),
        ("noise_multiplier: 2", "noise of multiplier 2, clipping norm 1"),
    ],
)
def test_noise_is_named_as_the_file_states_it(stated, text):
    (rule,) = load_rules([str(policies_dir() / "federation" / "dp-parameters-incomplete.yaml")])

    (finding,) = judged(NOISY.format(stated=stated), rule).findings
    assert finding.message == (
        f"flows.f declares differential privacy with {text}, delta unknown and unit record; nobody can check a "
        "guarantee of which a part is unknown"
    )

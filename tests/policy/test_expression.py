"""The CEL adapter: every trap of the library (research: engines, section 4) is a test."""

import subprocess
import sys
from datetime import date
from types import MappingProxyType

import pytest
from cel_expr_python import cel

from fedpolicy.policy.expression import BadExpression, EvaluationError, Expression, Truth, activator, language
from fedpolicy.policy.fields import CONSTANTS, Type

FIELDS = {
    "model.class": Type.TEXT,
    "model.rank": Type.INT,
    "model.size": Type.NUMBER,
    "model.pinned": Type.BOOL,
    "model.names": Type.LIST,
    "model.level": Type.LEVEL,
    "disclosure.as": Type.TEXT,
}
SPOKEN = language(FIELDS, asked=FIELDS, params={"limit": Type.INT}, scope="rule_a")


def compiled(text):
    found = SPOKEN.compile(text)
    assert isinstance(found, Expression), found
    return found


def judged(text, **facts):
    values = {name.replace("__", "."): value for name, value in facts.items()}
    expression = compiled(text)
    presence = {f"has.{name}": name in values for name in expression.asks}
    return expression.judge(values, activator()({"rule_a.params.limit": 2, **CONSTANTS, **values, **presence}))


def test_an_error_value_is_truthy_and_is_no_yes():
    raw = cel.NewEnv(variables={"m": cel.Type.Map(cel.Type.STRING, cel.Type.STRING)}).compile("m.a == 'x'")
    assert raw.eval(data={"m": {}}).value()  # the trap: a text that says what went wrong
    assert judged("model.class == 'x'") == Truth(None, ("model.class",))


@pytest.mark.parametrize("text", ["model.rank", "model.names", "'yes'", "size(model.names)", "model.class"])
def test_only_a_question_is_an_expression_of_a_rule(text):
    (mistake,) = SPOKEN.compile(text)
    assert mistake.message.endswith("not true or false")


def test_the_raised_error_of_the_iteration_budget_is_a_rule_error():
    with pytest.raises(EvaluationError, match="Iteration budget exceeded"):
        judged("model.names.all(a, model.names.all(b, model.names.all(c, a == b && b == c)))", model__names=["x"] * 200)


def test_an_error_without_an_absent_field_is_a_rule_error():
    with pytest.raises(EvaluationError, match="divide by zero"):
        judged("1 / model.rank == 1", model__rank=0)


def test_an_error_beside_an_absent_field_is_blamed_on_the_field():
    assert judged("1 / model.rank == 1 && model.pinned", model__rank=0) == Truth(None, ("model.pinned",))


def test_absence_names_all_absent_fields_not_only_the_last():
    text = "model.class == 'x' && model.pinned && model.rank > 1"
    assert judged(text, model__rank=2) == Truth(None, ("model.class", "model.pinned"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("model.pinned && false", False),
        ("false && model.pinned", False),
        ("model.pinned || true", True),
        ("true || model.pinned", True),
        ("model.pinned || model.rank > 1", True),
        ("model.rank > 1 ? true : model.pinned", True),
        ("['a', 'b'].exists(x, x == model.class || x == 'b')", True),
        ("['a', 'b'].all(x, x == model.class && x == 'c')", False),
    ],
)
def test_an_absent_field_does_not_matter_where_the_rest_decides(text, value):
    assert judged(text, model__rank=2) == Truth(value)


def test_has_asks_for_presence_and_moves_no_character():
    assert judged("has(model.class) && model.class == 'x'", model__class="x") == Truth(value=True)
    assert judged("has(model.class) && model.class == 'x'") == Truth(value=False)
    assert judged("! has( model . class )") == Truth(value=True)
    (mistake,) = SPOKEN.compile("has(model.class) && model.klass == 'x'")
    assert mistake == BadExpression("there is no field `model.klass`", 20, unknown="model.klass")


def test_has_in_a_text_is_text():
    assert judged("model.class == 'has(model.rank)'", model__class="has(model.rank)") == Truth(value=True)


@pytest.mark.parametrize("bad", [("a",), {"a"}, date(2026, 1, 1), MappingProxyType({})])
def test_a_value_that_cel_has_no_type_for_is_never_an_answer(bad):
    # The library calls it an error, which `||` would hide; contexts hold plain values only (test_context).
    with pytest.raises(EvaluationError):
        judged("model.class == 'a'", model__class=bad)


def test_whole_numbers_and_fractions_do_not_mix_silently():
    (mistake,) = SPOKEN.compile("model.size > 1")
    assert mistake.message == "`>` does not work on (double, int); write whole numbers as 1.0 here"


def test_a_reserved_word_can_be_a_field():
    assert judged("disclosure.as == 'host'", disclosure__as="host") == Truth(value=True)


def test_levels_and_classes_are_numbers_with_names():
    assert judged("model.level >= RECONSTRUCTABLE && VERBATIM == 4", model__level=3) == Truth(value=True)
    assert judged("BLACK_BOX < GRAY_BOX && GRAY_BOX < OPEN_WEIGHT && OPEN_WEIGHT < OPEN_SOURCE") == Truth(value=True)


def test_parameters_of_rules_that_share_an_activation_are_kept_apart():
    other = language(FIELDS, params={"limit": Type.INT}, scope="rule_b").compile("params.limit == 5")
    mine = compiled("params.limit == 2")
    shared = activator()({"rule_a.params.limit": 2, "rule_b.params.limit": 5})
    assert mine.judge({}, shared).value is True
    assert other.judge({}, shared).value is True


def test_every_mistake_of_an_expression_is_told():
    found = SPOKEN.compile("model.klass == 'a' &&\n  model.rnk > 1")
    assert [(mistake.unknown, mistake.offset) for mistake in found] == [("model.klass", 0), ("model.rnk", 24)]


def test_an_expression_knows_what_it_reads():
    text = "model.names.exists(r, r.startsWith(model.class)) && has(model.size) && 'model.rank' != 'x' // model.class"
    assert compiled(text).reads == {"model.names", "model.class"}
    assert compiled(text).asks == {"model.size"}


def test_loading_rules_does_not_need_the_library_before_one_is_compiled():
    code = "import sys, fedpolicy.policy.load, fedpolicy.policy.evaluate; print('cel_expr_python' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "False\n"


def test_a_mistake_points_at_its_character_in_its_line():
    text = "model.rank > 1 &&\n  model.rank > > 1"
    (found,) = SPOKEN.compile(text)
    assert found.unknown == ""
    assert (text[: found.offset], text[found.offset :]) == ("model.rank > 1 &&\n  model.rank > ", "> 1")

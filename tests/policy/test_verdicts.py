"""Three-valued logic: laws over random expressions and facts, of which some are not known."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from fedpolicy.findings import Verdict
from fedpolicy.policy.expression import Expression, Truth, activator, language
from fedpolicy.policy.fields import Type
from fedpolicy.policy.finding import combine
from tests.laws import examples

NAMES = ("model.a", "model.b", "model.c")
SPOKEN = language(dict.fromkeys(NAMES, Type.BOOL), asked=NAMES)
ACTIVATE = activator()

leaves = st.sampled_from([*NAMES, "true", "false"])
formulas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        inner.map(lambda text: f"!({text})"),
    ),
    max_leaves=8,
)
facts = st.dictionaries(st.sampled_from(NAMES), st.booleans())


def judge(text, known):
    expression = SPOKEN.compile(text)
    assert isinstance(expression, Expression)
    return expression.judge(known, ACTIVATE(known))


def completions(known):
    open_names = [name for name in NAMES if name not in known]
    for values in product([True, False], repeat=len(open_names)):
        yield {**known, **dict(zip(open_names, values, strict=True))}


@given(formulas, formulas, facts)
def test_and_or_absorb_whatever_the_order(left, right, known):
    for operator in ("&&", "||"):
        assert judge(f"{left} {operator} {right}", known).value == judge(f"{right} {operator} {left}", known).value


@given(formulas, facts)
def test_an_answer_holds_however_the_missing_facts_turn_out(text, known):
    answer = judge(text, known).value
    if answer is not None:
        assert all(judge(text, whole).value is answer for whole in completions(known))


@given(formulas, facts)
def test_everything_known_is_decided_and_what_is_missing_is_named(text, known):
    assert all(judge(text, whole).value is not None for whole in completions(known))
    found = judge(text, known)
    if found.value is None:
        assert set(found.absent) == {name for name in NAMES if name in text and name not in known}


@given(formulas, facts, st.sampled_from(NAMES), st.booleans())
def test_one_more_fact_never_turns_an_answer_around(text, known, name, value):
    before = judge(text, known).value
    after = judge(text, {name: value, **known}).value
    assert before is None or after is before


@settings(max_examples=examples(few=10))
@given(facts)
def test_presence_is_always_known(known):
    expression = SPOKEN.compile("has(model.a)")
    assert expression.judge(known, ACTIVATE({**known, "has.model.a": "model.a" in known})) == Truth("model.a" in known)


verdicts = st.lists(st.sampled_from([v for v in Verdict if v is not Verdict.WAIVED]), min_size=1, max_size=5)


@given(verdicts)
def test_cases_combine_whatever_their_order(cases):
    assert combine(cases) == combine(cases[::-1])


@given(verdicts, verdicts)
def test_more_cases_never_turn_pass_into_fail_or_fail_into_pass(some, more):
    decided = {Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE}
    before, after = combine(some)[0], combine(some + more)[0]
    assert {before, after} != {Verdict.PASS, Verdict.FAIL}
    assert after not in decided or after is before or {before, after} == {Verdict.PASS, Verdict.NOT_APPLICABLE}

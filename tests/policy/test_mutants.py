"""Mistakes put into expressions on purpose."""

import pytest

from fedpolicy.policy.mutants import mutants_of


def texts(expression):
    return {mutant.text for mutant in mutants_of(expression)}


@pytest.mark.parametrize(
    ("expression", "mutants"),
    [
        ("a.b == 'x'", {"a.b != 'x'"}),
        ("a.n < 3", {"a.n >= 3", "a.n < 4"}),
        ("a.flag", {"!a.flag"}),
        ("!a.flag", {"a.flag"}),
        ("a && b", {"!a && b", "a && !b", "b", "a"}),
        ("a || b", {"!a || b", "a || !b", "b", "a"}),
        ("x.level >= RECONSTRUCTABLE", {"x.level < RECONSTRUCTABLE", "x.level >= INFERABLE", "x.level >= VERBATIM"}),
        ("x.rank == BLACK_BOX", {"x.rank != BLACK_BOX", "x.rank == GRAY_BOX"}),
        ("x in ['a', 'b']", {"x in ['b']", "x in ['a']"}),
        ("x.exists(e, f) && c", {"x.exists(e, f) && !c", "x.exists(e, f)", "c"}),
        ("x == true", {"x != true", "x == false"}),
        ("1.5 < x", {"1.5 >= x", "4.0 < x"}),
        ("", set()),
    ],
)
def test_every_mutant_of_an_expression(expression, mutants):
    assert texts(expression) == mutants


def test_conjunctions_bind_closer_than_disjunctions():
    assert {"c", "a && b", "b || c", "a || c"} <= texts("a && b || c")


def test_parts_inside_brackets_are_dropped_too():
    assert {"!(b)", "!(a)", "x.exists(e, f)", "x.exists(e, e)"} <= texts("!(a && b)") | texts("x.exists(e, e || f)")


def test_strings_are_left_alone():
    assert texts("a == '&& || == 3 true'") == {"a != '&& || == 3 true'"}


def test_mutants_come_once_and_in_order():
    found = list(mutants_of("a && a && b == 2"))

    assert [one.offset for one in found] == sorted(one.offset for one in found)
    assert len({one.text for one in found}) == len(found)

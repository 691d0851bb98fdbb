"""Mutants are small changes of the code that counts, each can be made, and the same seed draws the same."""

from __future__ import annotations

import ast

import pytest

from tools.mutants.changes import mutants_of, mutated
from tools.mutants.choosing import Recorded, drawn, source_of
from tools.mutants.page import explained

CODE = '''
"""A module."""
from typing import TYPE_CHECKING

__all__ = ["near"]
if TYPE_CHECKING:
    LIMIT = 7


def near(one: int | None, other: int = 3, *, words: tuple[str, ...] = ("exact",)) -> bool:
    """Whether they are near."""
    if one is None or not words:
        raise ValueError("there is nothing to compare")
    return max(one, other) - 2 < other
'''
CHANGES = {
    ("3", "4"),
    ("3", "2"),
    ("('exact',)", "()"),
    ("'exact'", "'no_exact'"),
    ("if one is None or not words:", "if not (one is None or not words):"),
    ("if one is None or not words:", "if False:"),
    ("one is None or not words", "one is None and (not words)"),
    ("one is None or not words", "not words"),
    ("one is None or not words", "one is None"),
    ("one is None", "one is not None"),
    ("not words", "words"),
    ("raise ValueError('there is nothing to compare')", "pass"),
    ("return max(one, other) - 2 < other", "return not max(one, other) - 2 < other"),
    ("max(one, other) - 2 < other", "max(one, other) - 2 <= other"),
    ("max(one, other) - 2 < other", "max(one, other) - 2 > other"),
    ("max(one, other) - 2", "max(one, other) + 2"),
    ("max(one, other)", "min(one, other)"),
    ("2", "3"),
    ("2", "1"),
}


def test_what_counts_is_changed_and_nothing_else():
    assert {(one.before, one.after) for one in mutants_of("near.py", CODE)} == CHANGES


@pytest.mark.parametrize("mutant", mutants_of("near.py", CODE), ids=lambda one: f"{one.before} to {one.after}")
def test_a_mutant_differs_by_its_change_alone(mutant):
    before, after = ast.unparse(ast.parse(CODE)), ast.unparse(mutated(mutant, CODE))
    assert after != before
    assert compile(mutated(mutant, CODE), "near.py", "exec")
    assert mutant.after in after
    assert len(after.splitlines()) == len(before.splitlines())


def test_a_function_holds_what_its_body_holds_and_no_defaults():
    assert {(one.before, one.body) for one in mutants_of("near.py", CODE) if one.before in {"2", "3"}} == {
        ("2", "near"),
        ("3", ""),
    }


def test_changes_that_read_the_same_are_numbered():
    found = mutants_of("twice.py", "def twice(one: int) -> int:\n    return one + 1 + 1\n")
    assert [one.nth for one in found if (one.before, one.after) == ("1", "2")] == [1, 2]
    assert len({one.key for one in found}) == len(found)


def test_the_same_seed_draws_the_same(monkeypatch):
    monkeypatch.setattr("tools.mutants.choosing.files_of", lambda room: [f"fedpolicy/{room}/masks.py"])
    first = drawn("graph", 6, 7)
    assert first == drawn("graph", 6, 7)
    assert first != drawn("graph", 6, 8)
    assert len({(one.file, one.function) for one in first}) == 6


def test_of_many_cases_of_one_test_a_few_come_before_another_test():
    cases = [(f"tests/graph/test_a.py::test_many[{number}]", 0.01) for number in range(9)]
    others = [("tests/graph/test_a.py::test_other", 0.02), ("tests/policy/test_b.py::test_far", 0.01)]
    mutant = next(one for one in mutants_of("fedpolicy/graph/near.py", CODE) if one.body)
    seen = Recorded(tests=[*cases, *others], lines={mutant.file: {str(mutant.line): list(range(11))}})

    found = [name.partition("::")[2] for name in seen.tests_of(mutant)]

    assert found == [
        *(f"test_many[{number}]" for number in range(6)),
        "test_other",
        *(f"test_many[{number}]" for number in range(6, 9)),
        "test_far",
    ]


def test_what_is_said_while_a_module_is_imported_is_tried_where_all_of_its_room_is_compared():
    file = "fedpolicy/graph/masks.py"
    mutant = next(one for one in mutants_of(file, source_of(file)) if not one.body)
    tests = [("tests/graph/test_whole.py::test_all", 0.9), ("tests/graph/test_a.py::test_one", 0.02)]
    seen = Recorded(tests=tests, lines={file: {str(line): [1] for line in range(99)}})

    assert seen.tests_of(mutant) == [name for name, _ in tests]


def test_what_is_explained_is_there():
    keys = {one.key for file in {key[0] for key in explained()} for one in mutants_of(file, source_of(file))}

    assert set(explained()) - keys == set()

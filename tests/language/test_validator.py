"""Our reader of the language, beside the one that pydantic makes from the same annotations."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from fedpolicy.language.model import Deployment
from fedpolicy.language.model.party import Governance
from fedpolicy.language.model.safeguards import NormBound, SecureAggregation
from fedpolicy.language.reading.validator import Invalid, validated, validated_as
from fuzz.twin import both_read, trees
from tests.attacks.test_odd_values import ODD, PLACES, put

ROOT = Path(__file__).parents[2]
FILES = [*sorted(ROOT.glob("examples/*/*.yaml")), *sorted(ROOT.glob("tests/language/**/*.yaml"))]


def _tuples(tree):
    if isinstance(tree, dict):
        return {key: _tuples(value) for key, value in tree.items()}
    return tuple(map(_tuples, tree)) if isinstance(tree, list) else tree


def test_both_read_the_same_of_every_file_and_find_the_same_in_the_same_order():
    read = [(path.name, *both_read(tree)) for path in FILES for tree in trees(path.read_bytes())]

    assert [(name, ours) for name, ours, _ in read] == [(name, theirs) for name, _, theirs in read]
    assert len([name for name, ours, _ in read if isinstance(ours, tuple)]) > 50
    assert len([name for name, ours, _ in read if isinstance(ours, list)]) > 30


def test_true_is_no_version_to_either():
    ours, theirs = both_read({"fedpolicy": True, "name": "x"})

    assert ours == theirs == [("literal_error", ("fedpolicy",), "True")]


@pytest.mark.no_cover  # thousands of trees
def test_both_say_the_same_of_any_value_in_any_place():
    said = set()
    for document, path in PLACES:
        for odd in ODD if path != ("fedpolicy",) else ():  # its version is looked at before anything else
            ours, theirs = both_read(_tuples(put(document, path, odd)))
            assert repr(ours) == repr(theirs), (path, odd)
            said |= {flaw[0] for flaw in ours} if isinstance(ours, list) else set()

    assert len(said) == 20  # every word for a flaw


def test_what_is_wrong_is_told_in_the_order_of_the_declarations_and_unknown_keys_last():
    with pytest.raises(Invalid) as caught:
        validated({"odd": 1, "nodes": {"public": {"party": 1}}, "fedpolicy": 1, "name": ""})

    assert [(flaw.type, flaw.path, flaw.of_key) for flaw in caught.value.flaws] == [
        ("string_too_short", ("name",), False),
        ("value_error", ("nodes", "public"), True),
        ("value_error", ("nodes", "public", "party"), False),
        ("extra_forbidden", ("odd",), False),
    ]


def test_what_is_left_out_has_its_default_and_is_not_stated():
    found = validated({"fedpolicy": 1, "name": "x"})

    assert isinstance(found, Deployment)
    assert found.stated == {"fedpolicy", "name"}
    assert (found.nodes, found.setting, found.governance) == ({}, None, Governance())
    assert not found.says_unknown("setting")
    assert validated({"fedpolicy": 1, "name": "x", "setting": None}).says_unknown("setting")


def test_an_entry_says_by_its_own_name_what_a_file_says_by_a_word_of_python():
    tree = {"from": "a", "to": "b", "payload": "logs"}

    found = validated({"fedpolicy": 1, "name": "x", "flows": {"f": tree}}).flows["f"]

    assert (found.from_, found.stated) == (("a",), {"from_", "to", "payload"})


def test_an_entry_never_changes():
    entry = NormBound(kind="norm_bound", limit=1.0)

    with pytest.raises(AttributeError, match="`limit` of an entry cannot be set; see `changed`"):
        entry.limit = 2.0
    with pytest.raises(AttributeError, match="`limit` of an entry cannot be deleted"):
        del entry.limit
    changed = entry.changed(limit=2.0, operated_by=("a",))
    assert (entry.limit, entry.stated) == (1.0, {"kind", "limit"})
    assert (changed.limit, changed.stated) == (2.0, {"kind", "limit", "operated_by"})


def test_entries_that_say_the_same_are_equal_whatever_they_leave_to_defaults():
    entry = NormBound(kind="norm_bound")
    same = validated_as(NormBound, {"kind": "norm_bound", "limit": None})

    assert entry == same
    assert hash(entry) == hash(same)
    assert entry != entry.changed(limit=1.0)
    assert entry != "norm_bound"
    assert pickle.loads(pickle.dumps(same)) == same  # noqa: S301  our own
    assert pickle.loads(pickle.dumps(same)).stated == same.stated  # noqa: S301  our own
    assert repr(entry) == (
        "NormBound(operated_by=None, controlled_by=None, approved_by=None, code_signed_by=None, kind='norm_bound',"
        " limit=None)"
    )


def test_an_entry_is_not_made_without_what_it_needs_or_of_what_it_does_not_know():
    with pytest.raises(TypeError, match=r"lacks \['min_clients'\] and does not know \['least'\]"):
        SecureAggregation(kind="secure_aggregation", least=3)

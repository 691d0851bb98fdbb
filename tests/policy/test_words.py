"""What rules may compare is what the language and the catalogue say, word for word."""

from __future__ import annotations

from typing import get_args, get_origin, get_type_hints

import pytest

from fedpolicy.catalog.rows import ROWS
from fedpolicy.language.model import Deployment
from fedpolicy.language.model.shape import entries_under, entry_shape
from fedpolicy.policy.elements import KINDS

# Words that the rules add to those of the language: a node's enclave is told about as a safeguard.
ADDED = {"safeguard.kind": {"tee"}, "disclosure.as": {"public"}}
# A closed key that a word list of its own describes better: what the file says is compared with what was computed.
OTHERWISE = {"disclosure.as": {"any"}}


def literals(hint):
    if "Literal" in str(get_origin(hint)):
        yield frozenset(map(str, get_args(hint)))
    for inner in get_args(hint):
        yield from literals(inner)


def words_of_the_language():
    kinds = frozenset()
    for entry in entries_under(Deployment):
        for key in entry_shape(entry).values():
            choices = frozenset((key.shape.items or key.shape).choices)
            if key.name == "kind" and len(choices) == 1:
                kinds |= choices
            elif len(choices) > 1:
                yield choices
    yield kinds
    for row in ROWS.values():
        for hint in get_type_hints(row).values():
            yield from literals(hint)


LISTS = set(words_of_the_language())
FIELDS = {f"{kind.name}.{field.name}": field for kind in KINDS.values() for field in kind.fields if field.choices}


@pytest.mark.parametrize("name", FIELDS)
def test_words_that_rules_may_compare_are_those_that_files_may_hold(name):
    words = set(FIELDS[name].choices) - ADDED.get(name, set()) | OTHERWISE.get(name, set())
    alike = [known for known in LISTS if len(known & words) > 1 and len(known & words) * 2 > len(known)]

    assert not alike or words in alike, sorted(words ^ max(alike, key=lambda known: len(known & words)))


def test_every_key_that_rules_may_read_is_read_by_them():
    fields = {field.name.rpartition(".")[2] for kind in KINDS.values() for field in kind.fields}
    keys = {key.name for entry in entries_under(Deployment) for key in entry_shape(entry).values() if key.rule}

    assert keys - fields == set()


def test_help_of_a_key_is_what_the_reference_says():
    (sector,) = (field for field in KINDS["party"].fields if field.name == "sector")

    assert sector.about == "the sector it belongs to, such as healthcare"

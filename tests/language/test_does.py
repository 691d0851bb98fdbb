"""What safeguards do is declared once, with keys that they have."""

from __future__ import annotations

import pytest

from fedpolicy.language.model.does import Cap, Noise, Seal, Sum
from fedpolicy.language.model.safeguards import KINDS
from fedpolicy.language.model.shape import entry_shape, words_of
from fedpolicy.language.reading.validator import validated_as
from tests.language.reading import catalog

DOES = {kind: entry.does for kind, entry in KINDS.items() if entry.does is not None}


@pytest.mark.parametrize("kind", DOES)
def test_keys_that_a_safeguard_does_something_by_are_its_own(kind):
    does, keys = DOES[kind], entry_shape(KINDS[kind])
    named = [
        getattr(does, name) for name in ("readers", "threshold", "clients", "where", "method") if hasattr(does, name)
    ]

    assert [name for name in named if name and name not in keys] == []


def test_each_kind_does_what_the_literature_says():
    found = {kind: type(does) for kind, does in DOES.items()}
    known = {
        "secure_aggregation": Sum,
        "differential_privacy": Noise,
        "homomorphic_encryption": Seal,
        "end_to_end_encryption": Seal,
        "secret_sharing": Seal,
        "deidentification": Cap,
        "filter": Cap,
    }

    assert known.items() <= found.items()
    assert DOES["homomorphic_encryption"].malleable
    assert DOES["secret_sharing"].malleable
    assert not DOES["end_to_end_encryption"].malleable


def test_only_what_does_something_lowers_in_the_catalogue():
    lowering = {kind for kind, does in DOES.items() if not (isinstance(does, Cap) and does.uncounted)}

    rows = catalog().safeguards

    assert {name for name, row in rows.items() if row.lowers} == (lowering | {"tee"}) & set(rows)


def test_what_lowers_by_a_method_has_a_level_for_each_in_the_catalogue():
    capped = {kind: does for kind, does in DOES.items() if isinstance(does, Cap) and does.method}

    for kind, does in capped.items():
        assert set(catalog().safeguards[kind].caps) == set(words_of(KINDS[kind], does.method))


def test_a_filter_says_why_it_counts_for_nothing():
    found = validated_as(KINDS["filter"], {"kind": "filter", "name": "svt"})

    assert found.does.why_uncounted(found) == "a filter named svt gives no guarantee that could be counted"
    assert found.does.method_of(found) == ""

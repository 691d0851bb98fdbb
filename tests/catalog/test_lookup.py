"""Rows are found by id and alias, and read only when they are looked at."""

from __future__ import annotations

import pytest

from fedpolicy.catalog import load_catalog
from fedpolicy.catalog.sections import shipped_facts
from fedpolicy.errors import CatalogError


@pytest.fixture(scope="module")
def catalog():
    return load_catalog()


def test_a_model_is_found_by_its_id(catalog):
    row = catalog.model("openai/gpt-4o")

    assert (row.id, row.weights, row.provider) == ("openai/gpt-4o", "closed", "openai")


def test_every_alias_leads_to_its_row(catalog):
    found = 0
    for section, find in (
        (catalog.models, catalog.model),
        (catalog.providers, catalog.provider),
        (catalog.licences, catalog.licence),
    ):
        for row in section.values():
            assert find(row.id) is row
            for alias in row.aliases:
                assert find(alias) is row, alias
                found += 1
    assert found > 50


@pytest.mark.parametrize("ref", ["", "openai/gpt-4o ", "nobody/nothing"])
def test_what_is_not_there_is_none(catalog, ref):
    assert catalog.model(ref) is None
    assert catalog.provider(ref) is None
    assert catalog.licence(ref) is None


def test_sections_are_read_on_first_use_and_once():
    catalog = load_catalog()
    assert repr(catalog.models) == repr(catalog.licences) == "Section(not read yet)"

    first = catalog.payloads["records"]

    assert catalog.payloads["records"] is first
    assert repr(catalog.payloads) == "Section(28 rows)"
    assert repr(catalog.models) == "Section(not read yet)"


def test_rows_come_in_the_order_of_their_ids(catalog):
    for name in ("methods", "models", "countries"):
        assert list(getattr(catalog, name)) == sorted(getattr(catalog, name))


def test_nothing_can_be_changed(catalog):
    with pytest.raises(TypeError):
        catalog.models["ours/a"] = None
    with pytest.raises(TypeError):
        catalog.safeguards["deidentification"].caps["expert"] = "none"
    with pytest.raises(AttributeError):
        catalog.model("openai/gpt-4o").weights = "open"
    with pytest.raises(AttributeError):
        catalog.models = {}


def test_an_installation_without_its_catalogue_says_so(tmp_path):
    with pytest.raises(CatalogError, match=r"lacks its section models \(install fedpolicy again\)"):
        shipped_facts(tmp_path, "models")

"""Rows are found by id and alias, and read only when they are looked at."""

from __future__ import annotations

import pytest

from fedpolicy import catalog as room
from fedpolicy.catalog import load_catalog
from fedpolicy.catalog.read import build_row, compose_shipped, plain
from fedpolicy.catalog.rows import ROWS
from fedpolicy.catalog.section import GENERATED, Section, merged_facts
from fedpolicy.errors import CatalogError, Problems
from fedpolicy.files import catalog_dir


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


# Several texts are called `modified-mit` or `exaone`.
@pytest.mark.parametrize("ref", ["", "openai/gpt-4o ", "nobody/nothing", "modified-mit", "exaone"])
def test_what_is_not_there_is_none(catalog, ref):
    assert catalog.model(ref) is None
    assert catalog.provider(ref) is None
    assert catalog.licence(ref) is None


def test_rows_are_read_on_first_use_and_once():
    room._shipped.cache_clear()  # noqa: SLF001  what others have read of it
    catalog = load_catalog()
    assert repr(catalog.models) == "Section(models: 0 rows read)"

    first = catalog.model("openai/gpt-4o")

    assert catalog.model("openai/gpt-4o") is first
    assert repr(catalog.models) == "Section(models: 1 rows read)"
    assert repr(catalog.providers) == "Section(providers: 0 rows read)"
    assert load_catalog().model("openai/gpt-4o") is first


@pytest.mark.parametrize("section", ROWS)
def test_rows_read_one_by_one_are_those_of_the_whole_file(catalog, section):
    paths = [catalog_dir() / f"{section}.yaml", catalog_dir() / GENERATED / f"{section}.yaml"]
    files = [plain(compose_shipped(path.read_text(encoding="utf-8")))[section] for path in paths if path.exists()]

    assert set(getattr(catalog, section)) == {name for rows in files for name in rows}
    for name in getattr(catalog, section):
        facts = merged_facts(*(rows[name] for rows in files if name in rows))
        assert getattr(catalog, section)[name] == build_row(section, name, facts)


def test_an_alias_is_not_found_where_it_only_stands_in_another_word():
    catalog = load_catalog()

    assert catalog.model("gpt") is None
    assert catalog.model("developer") is None


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
        Section("models", tmp_path, {}).find("openai/gpt-4o")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "weights: [open",
            "generated/models.yaml:5:1: the shipped catalogue is damaged: did not find expected ',' or ']'",
        ),
        ("weight: open", "models.yaml:1:1: the shipped catalogue is damaged: models.a/b: "),
    ],
)
def test_a_damaged_file_is_told_with_its_place(tmp_path, row, message):
    (tmp_path / "generated").mkdir()
    (tmp_path / "models.yaml").write_text("models:\n", encoding="utf-8")
    text = f"# made\nmodels:\n  a/b:\n    {row}\n  c/d:\n    weights: open\n    source: x\n    as_of: 2026-01-01\n"
    (tmp_path / "generated" / "models.yaml").write_text(text, encoding="utf-8")
    models = Section("models", tmp_path, {})

    with pytest.raises(CatalogError) as caught:
        models.find("a/b")

    assert message in str(Problems([caught.value]))
    assert caught.value.help == "install fedpolicy again"
    assert models.find("c/d").weights == "open"

"""A user's own catalogue files. A file dropped into accept/ or reject/ is a test."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fedpolicy.catalog import load_catalog
from fedpolicy.errors import CatalogError, Problems

HERE = Path(__file__).parent
ACCEPTED = sorted((HERE / "accept").glob("*.yaml"))
REJECTED = sorted((HERE / "reject").glob("*.yaml"))


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_rows_of_an_accepted_file_are_in_the_catalogue(path):
    catalog = load_catalog([path])

    # The base loader reads every scalar as text, which is what is compared.
    written = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  builds text only
    for section, rows in written.items():
        for name, facts in rows.items():
            row = getattr(catalog, section)[name]
            assert row.id == name
            assert row.as_of == facts["as_of"]
            sources = facts["source"] if isinstance(facts["source"], list) else [facts["source"]]
            assert list(row.source) == sources


@pytest.mark.parametrize("path", REJECTED, ids=lambda path: path.stem)
def test_every_mistake_of_a_rejected_file_is_reported(path, monkeypatch, request):
    monkeypatch.chdir(path.parent)
    with pytest.raises(Problems) as caught:
        load_catalog([Path(path.name)])

    said = f"{caught.value}\n"
    expected = path.with_suffix(".expected.txt")
    if request.config.getoption("--update-golden", default=False):
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", REJECTED, ids=lambda path: path.stem)
def test_every_mistake_has_a_place_and_advice(path):
    with pytest.raises(Problems) as caught:
        load_catalog([path])

    for error in caught.value.errors:
        assert isinstance(error, CatalogError)
        assert error.span.file == path.as_posix()
        assert error.help


def write(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_facts_are_read_with_their_types():
    catalog = load_catalog([HERE / "accept" / "own-model.yaml"])

    model = catalog.model("german-notes")
    assert (model.id, model.parameters_b, model.interface) == ("charite/german-notes-7b", 7, ("text", "embeddings"))
    assert (model.tasks, model.training_data) == (None, None)
    assert catalog.provider("charite-ai").terms.trains_on_inputs is False
    assert catalog.provider("charite-ai").terms.human_review is None


def test_an_own_row_replaces_the_shipped_one_whole():
    catalog = load_catalog([HERE / "accept" / "replaced-terms.yaml"])

    assert load_catalog().provider("openai").jurisdiction == "US"
    assert catalog.provider("openai").jurisdiction is None
    assert catalog.provider("openai").terms.retention_days == 0


def test_one_text_may_stand_for_a_list():
    assert load_catalog([HERE / "accept" / "own-method.yaml"]).methods["heavy_hitters"].to_runner == ("prompts",)


def test_norway_needs_no_quotes():
    assert load_catalog([HERE / "accept" / "unquoted-norway.yaml"]).countries["NO"].name == "Norway"


def test_a_later_file_wins(tmp_path):
    row = "models:\n  ours/a: {weights: %s, source: 'https://ours.example', as_of: 2026-11-01}\n"
    first = write(tmp_path, "first.yaml", row % "closed")
    second = write(tmp_path, "second.yaml", row % "open")

    assert load_catalog([first, second]).model("ours/a").weights == "open"
    assert load_catalog([second, first]).model("ours/a").weights == "closed"


def test_a_later_file_may_name_what_an_earlier_or_later_one_adds(tmp_path):
    evidence = "source: 'https://ours.example', as_of: 2026-11-01"
    model = write(tmp_path, "model.yaml", f"models:\n  ours/a: {{licence: LicenseRef-ours, {evidence}}}\n")
    licence = write(
        tmp_path, "licence.yaml", f"licences:\n  LicenseRef-ours: {{name: Ours, category: open, {evidence}}}\n"
    )

    assert load_catalog([model, licence]).licence("LicenseRef-ours").category == "open"


def test_mistakes_of_all_files_come_at_once_in_the_order_given(tmp_path):
    second = write(tmp_path, "a.yaml", "model: {}\n")
    first = write(tmp_path, "b.yaml", "provider: {}\n")

    with pytest.raises(Problems) as caught:
        load_catalog([first, second, tmp_path / "missing.yaml", tmp_path])

    assert [(Path(error.span.file).name, error.message) for error in caught.value.errors] == [
        ("b.yaml", "there is no such section"),
        ("a.yaml", "there is no such section"),
        ("missing.yaml", "No such file or directory"),
        (tmp_path.name, "Is a directory"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"models: {a: \xff\xfe}\n", "the file is not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"models: " + b"{a: " * 100_000, "nested too deeply"),
        (b"models: {a: '" + b"x" * 5_000_000 + b"'}\n", "the file is larger than 4 MiB"),
        (b"# nothing\n", "the file is empty"),
    ],
    ids=["not UTF-8", "nested lists", "nested maps", "huge", "only a comment"],
)
def test_hostile_files_get_one_clear_message(tmp_path, content, message):
    path = tmp_path / "own.yaml"
    path.write_bytes(content)

    with pytest.raises(Problems) as caught:
        load_catalog([path])

    assert [error.message for error in caught.value.errors] == [message]

"""Repositories that list models are read from clones, and what they said last stays."""

from __future__ import annotations

import subprocess

import pytest

from fedpolicy.errors import CatalogError, Problems
from tools import generated, indexes, refresh

PAGES = {
    "src/schema/models/models/old.ts": """export default {
  name: 'Old One',
  identifiers: { apiNames: ['old-1', 'one-latest'] },
  capabilities: { features: ['chat-completions'] },
metadata: {retirementDate: '2026-05-31', replacement: 'New One'},
""",
    "src/schema/models/models/new.ts": """export default {
  name: 'New One',
  identifiers: { apiNames: ['new-1', 'one-latest'] },
  capabilities: { features: ['chat-completions'] },
""",
    "src/schema/models/models/reader.ts": """export default {
  name: 'Reader',
  identifiers: { apiNames: ['ocr-1'] },
  capabilities: { features: ['ocr'] },
""",
    "models/one.yml": """release:
  type: language
  architecture: transformer decoder
  huggingface: https://huggingface.co/acme/one
  license: {distribution: {name: Apache-2.0}}
  components:
    - {name: Model architecture}
    - {name: Model parameters (Final), license: MIT}
    - {name: Datasets}
""",
    "models/two.yml": "release: {type: language, huggingface: https://huggingface.co/papers/2309.16609}\n",
    "models/three.yml": "release: {type: image, huggingface: https://huggingface.co/acme/three}\n",
}


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    path = tmp_path_factory.mktemp("clones") / "acme" / "lists"
    for name, text in PAGES.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text, encoding="utf-8")
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "-m", "Lists"]):
        subprocess.run(["git", "-C", str(path), *words], check=True)
    return indexes.cloned("acme/lists", path.parents[1])


def test_a_name_that_a_newer_model_took_over_does_not_end(clone):
    said = {one.name: one.facts for one in indexes.mistral_names(clone)}

    assert said == {
        "new-1": {"mode": "chat", "route": "mistral"},
        "old-1": {"mode": "chat", "route": "mistral", "shutdown_on": "2026-05-31", "replaced_by": "new-1"},
        "one-latest": {"mode": "chat", "route": "mistral"},
    }


def test_parts_that_are_published_are_told_of_models_on_the_hub(clone):
    said = list(indexes.openness_rows(clone))

    assert [one.name for one in said] == ["acme/one"]
    assert said[0].facts == {
        "architecture": "open",
        "training_data": "described",
        "published": True,
        "license": "MIT",
        "mode": "chat",
    }
    assert said[0].origin.source(said[0].member) == f"https://github.com/acme/lists @{clone.commit} models/one.yml"


def test_what_they_said_last_stays(clone, tmp_path):
    last = tmp_path / "last.json"
    said = {"acme/lists": list(indexes.openness_rows(clone))}
    indexes.renewed(said, last)
    kept = indexes.kept(last)
    indexes.renewed(kept, tmp_path / "again.json")

    assert [(one.name, one.facts, one.origin.day) for one in kept["acme/lists"]] == [
        ("acme/one", said["acme/lists"][0].facts, clone.day)
    ]
    assert (tmp_path / "again.json").read_bytes() == last.read_bytes()


def test_a_repository_that_is_not_reached_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(indexes, "cloned", lambda *_: None)
    monkeypatch.setattr(indexes, "renewed", lambda *_: None)
    said, unreached = refresh.indexed(tmp_path)

    assert unreached == list(refresh.INDEXES)
    assert said["mistral"]  # as the file beside the reader has it
    assert said["openness"]


def test_a_fact_by_hand_that_a_package_contradicts_is_told_with_its_place(tmp_path):
    path = tmp_path / "models.yaml"
    path.write_text(
        "models:\n  a/b:\n    weights: gated\n    licence: MIT\n    training_data: open\n    parameters_b: 7\n"
        "    source: https://x.example\n    as_of: 2026-01-01\n",
        encoding="utf-8",
    )
    made = {"weights": "open", "licence": "Apache-2.0", "training_data": "described", "parameters_b": 7.24}
    rows = {"a/b": {**made, "source": ["https://pypi.org/project/mteb/9.0/ some.py"]}}

    assert generated.contradicted(rows, path) == [
        "models.yaml:4:14: a/b.licence: MIT by hand, Apache-2.0 in https://pypi.org/project/mteb/9.0/ some.py"
    ]
    assert generated.contradicted({}, path) == []


def test_a_file_of_the_last_time_that_is_no_yaml_is_told_with_its_place(tmp_path):
    path = tmp_path / "models.yaml"
    path.write_text("models:\n  a/b:\n    weights: [open\n    as_of: 2026-01-01\n", encoding="utf-8")

    with pytest.raises(CatalogError) as caught:
        generated.rows_in(path)

    assert str(Problems([caught.value])).startswith("models.yaml:4:10: ")

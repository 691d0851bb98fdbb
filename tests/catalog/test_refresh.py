"""What packages say becomes rows: made of archives that hold just what is read of the real ones."""

from __future__ import annotations

import hashlib
import json
import subprocess
import zipfile

import pytest

from tools import generated, hub, indexes, refresh, wheels

DAYS = {"openai": "2026-11-20", "anthropic": "2026-11-24", "litellm": "2026-11-19", "mteb": "2026-10-26"}
FILES = {
    "openai": {
        "openai/types/shared/chat_model.py": '''
from typing import Literal
ChatModel = Literal["gpt-9", "gpt-9-2030-01-01", "gpt-8", "gpt-7", "o9"]
"""Deprecated values:

- "gpt-9-2030-01-01",
  "gpt-8": Not a supported model ID.
- "gpt-8":
  Announced shutdown
  date: 2031-02-03. See the page.
- "gpt-7": Announced shutdown date:
  2024-05-06.
"""
''',
        "openai/types/embedding_model.py": 'EmbeddingModel = Literal["text-embedding-9"]\n',
    },
    "anthropic": {
        "anthropic/types/model.py": 'Model = Union[Literal["claude-opus-9"], str]\n',
        "anthropic/_data/deprecated_models.py": 'DEPRECATED_MODELS = {"claude-opus-9": "January 2nd, 2031"}\n',
    },
    "litellm": {
        "litellm/model_prices_and_context_window_backup.json": json.dumps(
            {
                "gpt-8": {"litellm_provider": "openai", "mode": "chat", "deprecation_date": "2040-01-01"},
                "gemini/gemini-9-pro": {
                    "litellm_provider": "gemini",
                    "mode": "chat",
                    "successor_model": "gemini/gemini-10",
                },
                "gemini/lyria-9": {
                    "litellm_provider": "gemini",
                    "mode": "chat",
                    "supported_output_modalities": ["audio"],
                },
                "gemini/gemini-gemma-9": {"litellm_provider": "gemini", "mode": "chat"},
                "azure/gpt-9": {"litellm_provider": "azure", "mode": "chat", "deprecation_date": "2032-01-01"},
                "azure/gpt-9-2030-01-01": {
                    "litellm_provider": "azure",
                    "mode": "chat",
                    "deprecation_date": "2031-06-01",
                },
                "azure/eu/gpt-9": {"litellm_provider": "azure", "mode": "chat"},
                "eu.anthropic.claude-opus-9": {"litellm_provider": "bedrock_converse", "mode": "chat"},
                "mistral/mistral-large-9": {"litellm_provider": "mistral", "mode": "chat"},
                "vertex_ai/text-embedding-large-9": {
                    "litellm_provider": "vertex_ai-embedding-models",
                    "mode": "embedding",
                },
                "gemini-9-pro": {
                    "litellm_provider": "vertex_ai-language-models",
                    "mode": "chat",
                    "successor_model": "gemini-10",
                },
                "gemini-10": {"litellm_provider": "vertex_ai-language-models", "mode": "chat"},
                "vertex_ai/jamba-9@001": {"litellm_provider": "vertex_ai-ai21_models", "mode": "chat"},
                "vertex_ai/acme/one-9-maas": {"litellm_provider": "vertex_ai-acme_models", "mode": "chat"},
                "vertex_ai/eu/acme/one-9-maas": {"litellm_provider": "vertex_ai-acme_models", "mode": "chat"},
                "bedrock_mantle/acme.one-9": {"litellm_provider": "bedrock_mantle", "mode": "chat"},
                "bedrock_mantle/us-gov-west-1/acme.one-9": {"litellm_provider": "bedrock_mantle", "mode": "chat"},
                "dall-e-9": {"litellm_provider": "openai", "mode": "image_generation"},
                "ft:gpt-8": {"litellm_provider": "openai", "mode": "chat"},
                "deepinfra/a/b": {"litellm_provider": "deepinfra", "mode": "chat"},
            }
        )
    },
    "mteb": {
        "mteb/models/model_implementations/some.py": """
LICENCE = "mit"
one = ModelMeta(name="acme/one", open_weights=True, license=LICENCE, n_parameters=118_000_000, public_training_code="https://x")
two = ModelMeta(name="acme/two", open_weights=False, license="mit")
own = ModelMeta(name="google/nine", open_weights=True, license="nobody-knows-it", public_training_code="")
"""
    },
    "llmfit": {
        "llmfit-9.0.data/scripts/llmfit": '\x7fELF\x00[\n  {\n    "name": "acme/one", "license": "apache-2.0"},'
        ' {"name": "google/ten", "license": "mit"}, {"name": "acme/eight", "license": "exaone"},'
        ' {"name": "acme/copy-of-one", "license": "mit"}, {"name": "acme/nine"}]\x00more'
    },
    "transformers": {
        "transformers/models/one/configuration_one.py": '@auto_docstring(checkpoint="acme/one")\nclass One: ...\n',
        "transformers/models/two/configuration_two.py": '@auto_docstring(checkpoint="hf-internal-testing/x")\n',
    },
}

OPENNESS = indexes.Clone(repo="acme/openness", commit="abc1234", day="2026-05-11")
INDEXED = {
    "models.dev": [],
    "hub": [
        wheels.Said(
            origin=hub.Page(day="2026-11-01"),
            member=name,
            name=name,
            facts={"weights": weights, "license": "apache-2.0", "n_parameters": 9_000_000_000, "mode": "chat"},
        )
        for name, weights in {"acme/eight": "gated", "google/ten": "open"}.items()
    ],
    "mistral": [
        wheels.Said(
            origin=indexes.Clone(repo="acme/docs", commit="def5678", day="2026-08-21"),
            member="models/large.ts",
            name="mistral-large-9",
            facts={"mode": "chat", "route": "mistral", "shutdown_on": "2031-04-05", "replaced_by": "mistral-large-10"},
        )
    ],
    "openness": [
        wheels.Said(origin=OPENNESS, member=f"models/{name}.yml", name=f"acme/{name}", facts=facts)
        for name, facts in {
            "one": {"training_data": "described", "architecture": "open"},
            "free": {"published": True, "license": "MIT", "mode": "chat"},
            "fenced": {"published": True, "license": "llama2", "architecture": "open"},
            "empty": {},
        }.items()
    ],
}


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    found = {}
    for name, files in FILES.items():
        path = folder / f"{name}.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for member, text in files.items():
                archive.writestr(member, text)
        found[name] = wheels.Wheel(name=name, version="9.0", day=DAYS.get(name, "2026-11-21"), path=path)
    return {**refresh.said_by(found), **INDEXED}


@pytest.fixture(scope="module")
def rows(said):
    return refresh.rows_of(said, refresh.hand_rows())


def test_a_name_of_a_known_family_has_what_all_of_it_have(rows):
    row = rows["openai/gpt-9"]

    assert row["aliases"] == ["gpt-9", "gpt-9-2030-01-01"]
    assert (row["weights"], row["licence"], row["tasks"]) == ("closed", "LicenseRef-openai-terms", ["text-generation"])
    assert row["source"][0] == "https://pypi.org/project/openai/9.0/ openai/types/shared/chat_model.py"
    assert row["as_of"] <= "2026-11-20"


def test_the_providers_own_package_wins_and_its_day_is_read_across_lines(rows):
    assert rows["openai/gpt-8"]["shutdown_on"] == "2031-02-03"
    assert rows["openai/gpt-7"]["shutdown_on"] == "2024-05-06"
    assert rows["anthropic/claude-opus-9"]["shutdown_on"] == "2031-01-02"


def test_a_cloud_has_days_and_names_of_its_own(rows):
    azure = rows["microsoft-azure/gpt-9"]

    assert azure["aliases"] == ["azure/gpt-9", "azure/gpt-9-2030-01-01"]
    assert (azure["shutdown_on"], azure["shutdowns"]) == ("2032-01-01", {"azure/gpt-9-2030-01-01": "2031-06-01"})
    assert "licence" not in azure
    assert rows["amazon-bedrock/anthropic.claude-opus-9"]["aliases"] == ["eu.anthropic.claude-opus-9"]


def test_a_cloud_calls_models_of_others_by_their_publishers(rows):
    vertex, bedrock = rows["google-vertex/acme/one-9-maas"], rows["amazon-bedrock/acme.one-9"]

    assert (vertex["provider"], vertex["aliases"]) == ("google-vertex", ["vertex_ai/acme/one-9-maas"])
    assert (bedrock["provider"], bedrock["aliases"]) == ("amazon-bedrock", ["acme.one-9"])
    assert not {"developer", "weights", "licence"} & {*vertex, *bedrock}


def test_a_name_that_may_be_published_says_nothing_of_its_weights(rows):
    for name in (
        "mistral/mistral-large-9",
        "google/gemini-gemma-9",
        "google-vertex/jamba-9@001",
        "google-vertex/text-embedding-large-9",
    ):
        assert not {"developer", "weights", "licence"} & set(rows[name]), name


def test_a_successor_is_named_as_its_provider_names_it(rows):
    assert rows["google/gemini-9-pro"]["replaced_by"] == "gemini-10"
    assert rows["google-vertex/gemini-9-pro"]["replaced_by"] == "vertex_ai/gemini-10"


def test_weights_that_can_be_had_come_with_licence_size_and_code(rows):
    assert rows["acme/one"] == {
        "developer": "acme",
        "weights": "open",
        "architecture": "open",
        "inference_code": "open",
        "training_code": "open",
        "training_data": "described",
        "licence": "MIT",
        "parameters_b": 0.118,
        "tasks": ["embedding"],
        "source": [
            "https://pypi.org/project/mteb/9.0/ mteb/models/model_implementations/some.py",
            "https://github.com/acme/openness @abc1234 models/one.yml",
            "https://pypi.org/project/transformers/9.0/ transformers/models/one",
            "https://pypi.org/project/llmfit/9.0/ llmfit-9.0.data/scripts/llmfit",
        ],
        "as_of": "2026-05-11",
    }
    # Some of Google's weights are gated, and the package does not say which.
    assert "weights" not in rows["google/nine"]
    assert "training_code" not in rows["google/nine"]  # an empty address is none


def test_what_answers_in_sound_writes_no_text(rows):
    assert rows["google/lyria-9"]["provider"] == "google"
    assert "tasks" not in rows["google/lyria-9"]


def test_what_is_no_model_or_somebody_elses_is_left_out(rows):
    assert not {"acme/two", "openai/dall-e-9", "openai/ft:gpt-8", "hf-internal-testing/x", "a/b"} & set(rows)
    assert not [name for name in rows if "/eu/" in name]


def test_what_a_provider_documents_is_a_day_and_a_successor(rows):
    row = rows["mistral/mistral-large-9"]

    assert (row["shutdown_on"], row["replaced_by"]) == ("2031-04-05", "mistral-large-10")
    assert row["source"][0] == "https://github.com/acme/docs @def5678 models/large.ts"
    assert row["as_of"] == "2026-08-21"


def test_the_hub_says_whether_there_is_a_gate(rows):
    assert rows["acme/eight"] == {
        "developer": "acme",
        "weights": "gated",
        "licence": "Apache-2.0",
        "parameters_b": 9.0,
        "tasks": ["text-generation"],
        "source": ["https://huggingface.co/acme/eight"],
        "as_of": "2026-11-01",
    }
    assert rows["google/ten"]["weights"] == "open"  # though others of Google's are gated


def test_a_licence_of_the_hub_is_read_out_of_a_program_and_adds_no_model(rows, said):
    assert {one.name: one.facts["license"] for one in said["llmfit"]} == {
        "acme/one": "apache-2.0",
        "google/ten": "mit",
        "acme/copy-of-one": "mit",
    }
    assert rows["google/ten"]["source"][-1] == "https://pypi.org/project/llmfit/9.0/ llmfit-9.0.data/scripts/llmfit"
    assert rows["acme/one"]["licence"] == "MIT"  # mteb comes first
    assert "acme/copy-of-one" not in rows


def test_a_program_without_its_table_is_told(tmp_path):
    path = tmp_path / "llmfit.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("llmfit-9.0.data/scripts/llmfit", b"\x7fELF\xff")

    with pytest.raises(SystemExit, match=r"llmfit-9.0.data/scripts/llmfit has no table of models any more"):
        list(wheels.llmfit_licences(wheels.Wheel(name="llmfit", version="9.0", day="2026-11-21", path=path)))


def test_published_weights_count_as_open_under_an_open_licence_only(rows):
    # The index does not say whether there is a gate.
    assert (rows["acme/free"]["weights"], rows["acme/free"]["tasks"]) == ("open", ["text-generation"])
    assert "weights" not in rows["acme/fenced"]
    assert "acme/empty" not in rows


def test_every_name_of_the_sdks_leads_to_a_row_and_none_outlives_its_day(rows, said):
    by_hand = {name: identity for identity, row in refresh.hand_rows().items() for name in row.get("aliases") or ()}
    leads = by_hand | {alias: identity for identity, row in rows.items() for alias in row.get("aliases", ())}
    for one in (*said["openai"], *said["anthropic"], *said["mistral"]):
        row = rows[leads[one.name]]
        if day := one.facts.get("shutdown_on"):
            assert day == row.get("shutdowns", {}).get(one.name, row.get("shutdown_on")), one.name
    assert len({one.name for one in said["openai"]} & set(leads)) == 6


def test_a_name_that_leads_nowhere_or_lost_its_day_is_told():
    catalog = refresh.load_catalog()
    lost = wheels.Said(origin=OPENNESS, member="x", name="gpt-0", facts={})
    ended = wheels.Said(origin=OPENNESS, member="x", name="gpt-5.5", facts={"shutdown_on": "2020-01-01"})
    known = wheels.Said(origin=OPENNESS, member="x", name="gpt-4", facts={"shutdown_on": "2026-10-23"})

    assert list(refresh.unresolved(catalog, [lost, ended, known])) == [
        "gpt-0 leads to no row",
        "gpt-5.5 ends on 2020-01-01, and openai/gpt-5.5 does not say so",
    ]


def test_a_licence_that_nobody_knows_is_told(said):
    told = (
        "no row for the licence nobody-knows-it of google/nine in "
        "https://pypi.org/project/mteb/9.0/ mteb/models/model_implementations/some.py"
    )

    assert refresh.unknown_licences(said["mteb"]) == [told]
    assert refresh.unknown_licences(said["mteb"] * 3) == [f"{told}, and of 2 more"]


def test_a_hand_written_row_keeps_its_id_and_gets_the_day(said):
    hand = {
        "ours/gpt": {
            "aliases": ["gpt-8"],
            "provider": "openai",
            "weights": "closed",
            "source": "x",
            "as_of": "2020-01-01",
        }
    }
    row = refresh.rows_of(said, hand)["ours/gpt"]

    assert (row["shutdown_on"], "aliases" in row) == ("2031-02-03", False)


def test_a_model_that_no_package_mentions_any_more_keeps_its_day(rows):
    ended = {"provider": "openai", "shutdown_on": "2020-01-01", "source": ["x"], "as_of": "2019-01-01"}
    kept = generated.with_ended(rows, {"openai/old": ended, "acme/gone": {"weights": "open"}, "acme/one": {}})

    assert kept["openai/old"] == ended
    assert "acme/gone" not in kept
    assert kept["acme/one"] == rows["acme/one"]
    assert list(kept) == sorted(kept)


def test_the_file_is_yaml_that_a_person_can_compare(rows):
    text = generated.written({"acme/one": rows["acme/one"]})

    assert text.splitlines()[1:5] == ["models:", '  "acme/one":', '    developer: "acme"', '    weights: "open"']
    assert text == generated.written({"acme/one": rows["acme/one"]})


def test_a_wheel_that_is_not_the_listed_one_is_refused(tmp_path, monkeypatch):
    (tmp_path / "openai-9.0.whl").write_bytes(b"something else")
    lock = (
        '[[packages]]\nname = "openai"\nversion = "9.0"\nwheels = [{url = "https://x/openai-9.0.whl", '
        'upload-time = 2026-11-20T01:00:00Z, hashes = {sha256 = "%s"}}]\n'
    )
    monkeypatch.setattr(wheels, "_run", lambda *_: lock % hashlib.sha256(b"the real one").hexdigest())

    with pytest.raises(SystemExit, match="is not the file that the index lists"):
        wheels.newest(tmp_path, ["openai"])


def test_a_tool_that_fails_is_told(monkeypatch, tmp_path):
    failed = subprocess.CompletedProcess([], 1, stdout="", stderr="no such index\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)

    with pytest.raises(SystemExit, match=r"uv pip compile - \.\.\. failed: no such index"):
        wheels.newest(tmp_path)

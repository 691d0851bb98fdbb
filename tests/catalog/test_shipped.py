"""What ships: complete rows, known names, the language's words."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from fedpolicy.catalog import load_catalog
from fedpolicy.catalog.extra import read_extra
from fedpolicy.catalog.rows import LEVELS, LISTS, ROWS, AttackRow, TermsRow
from fedpolicy.catalog.section import GENERATED
from fedpolicy.files import catalog_dir
from fedpolicy.language.model.dataset import Model
from fedpolicy.language.model.flow import Task
from fedpolicy.language.model.safeguards import KINDS, Deidentification
from fedpolicy.language.model.types import Level

PAYLOADS = {
    "verbatim": "records prompts completions logs",
    "reconstructable": "embeddings activations gradients model_update adapter_update head_update soft_prompt "
    "prompt_text logits labels gradient_histograms sketches kv_cache synthetic_data",
    "inferable": "aggregate_update model_weights adapter_weights statistics histograms intersection sums metrics "
    "scalars predictions",
    "none": "ciphertext code configuration hyperparameters",
}
METHODS = """unknown
    fedavg fedprox scaffold full_finetuning lora qlora adapter prefix_tuning prompt_tuning instruction_tuning dpo rlhf
    derivative_free_prompt_tuning discrete_prompt_optimization textual_gradient zeroth_order in_context_learning rag
    llm_judge labelling synthetic_data_generation knowledge_distillation proxy_tuning embedding_head hosted_finetuning
    offsite_tuning split_learning vertical_training gradient_boosting federated_analytics private_set_intersection
    inference evaluation
    input_transformation black_box_prompt_tuning
"""
TASK_PAYLOADS = {
    "fedavg": ("weights", "model_update", "model_weights", ("records",)),
    "lora": ("weights", "adapter_update", "adapter_weights", ("records",)),
    "prompt_tuning": ("weights", "soft_prompt", "soft_prompt", ("records",)),
    "derivative_free_prompt_tuning": ("logits", "soft_prompt", "soft_prompt", ("prompts", "embeddings")),
    "textual_gradient": ("text", "prompt_text", "prompt_text", ("prompts",)),
    "zeroth_order": ("text", "scalars", "scalars", ("prompts",)),
    "llm_judge": ("text", None, None, ("prompts",)),
    "knowledge_distillation": ("logits", "logits", "logits", ("prompts",)),
    "hosted_finetuning": ("none", None, None, ("records",)),
    "split_learning": ("weights", "activations", "gradients", ("activations",)),
}


def choices(model, name):
    # The words of a field of the language, however deep its type wraps them.
    return set(re.findall(r"'(\w+)'", str(model.types[name])))


@pytest.fixture(scope="module")
def catalog():
    return load_catalog()


@pytest.fixture(scope="module")
def rows(catalog):
    return [(section, row) for section in ROWS for row in getattr(catalog, section).values()]


def test_shipped_files_pass_the_check_of_a_users_own_files():
    # Keys, types, words, sources, dates, duplicates, aliases, names of licences, providers and payloads.
    read = read_extra(sorted(catalog_dir().glob("*.yaml")), {})

    assert set(read) == set(ROWS)
    assert all(read.values())


@pytest.mark.no_cover  # the same lines for each of a thousand rows
def test_generated_files_pass_it_too():
    # A name that is taken, a licence or provider that nobody knows, a day that is none.
    shipped = load_catalog()
    made = sorted((catalog_dir() / GENERATED).glob("*.yaml"))

    assert [path.name for path in made] == ["models.yaml"]
    assert len(read_extra(made, {name: getattr(shipped, name) for name in ROWS})["models"]) > 1_000


def test_every_section_has_its_own_file():
    assert {path.stem for path in catalog_dir().glob("*.yaml")} == set(ROWS)


def test_texts_are_sentences_or_titles_without_stray_space(rows):
    for _, row in rows:
        for field in fields(row):
            value = getattr(row, field.name)
            if isinstance(value, str):
                assert value == " ".join(value.split()), (row.id, field.name)
                assert value, (row.id, field.name)


def test_levels_are_those_of_the_language_in_order(catalog):
    ranked = sorted(catalog.levels.values(), key=lambda row: row.rank)

    assert tuple(row.id for row in ranked) == LEVELS == get_args(Level)
    assert [row.rank for row in ranked] == [0, 1, 2, 3, 4]
    assert catalog.levels["bounded"].max_epsilon == 10
    assert all(row.max_epsilon is None for row in ranked if row.id != "bounded")


def test_middle_levels_are_tied_to_published_attacks(catalog):
    for level in ("inferable", "reconstructable"):
        attacks = catalog.levels[level].attacks
        assert len(attacks) >= 4
        assert len({attack.url for attack in attacks}) == len(attacks)
        assert all(attack.url.startswith("https://") for attack in attacks)


def test_payloads_are_those_of_the_language_at_their_levels(catalog):
    expected = {name: level for level, names in PAYLOADS.items() for name in names.split()}

    assert {name: row.level for name, row in catalog.payloads.items()} == expected


def test_an_aggregate_reveals_less_than_single_updates_and_can_be_added(catalog):
    aggregates = [row for row in catalog.payloads.values() if row.aggregate]

    assert {row.id for row in aggregates} == {"aggregate_update", "model_weights", "adapter_weights", "sums"}
    assert all(row.summable and row.level == "inferable" for row in aggregates)


def test_readable_payloads_cannot_be_added(catalog):
    for name in ("records", "prompts", "completions", "logs", "prompt_text", "labels", "ciphertext", "synthetic_data"):
        assert not catalog.payloads[name].summable, name


def test_only_ciphertext_is_sealed_and_what_carries_nothing_reveals_nothing(catalog):
    carries = {row.id: row.carries for row in catalog.payloads.values() if row.carries != "all"}

    assert carries == {
        "ciphertext": "sealed",
        "code": "nothing",
        "configuration": "nothing",
        "hyperparameters": "nothing",
    }
    assert all(catalog.payloads[name].level == "none" for name in carries)


def test_methods_are_those_of_the_language(catalog):
    assert set(catalog.methods) == set(METHODS.split())


@pytest.mark.parametrize(("name", "expected"), TASK_PAYLOADS.items())
def test_methods_need_and_send_what_the_language_says(catalog, name, expected):
    row = catalog.methods[name]

    assert (row.needs, row.up, row.down, row.to_runner) == expected


def test_methods_fit_together(catalog):
    for row in catalog.methods.values():
        if row.topology == "star":
            assert row.up, row.id
        if row.needs not in ("none", "emulator"):
            assert row.to_runner, row.id
        if row.down:
            assert row.up, row.id
        assert row.hosted == (row.id == "hosted_finetuning")
        assert row.trains or row.output, row.id


def test_topologies_of_methods_are_words_of_the_language(catalog):
    known = choices(Task, "topology")

    assert {row.topology for row in catalog.methods.values()} <= known
    assert {name for row in catalog.methods.values() for name in row.up_in or ()} <= known


def test_a_vertical_forest_sends_gradients_and_a_horizontal_one_histograms(catalog):
    row = catalog.methods["gradient_boosting"]

    assert (row.up, row.up_in["vertical"], row.down) == ("gradient_histograms", "gradients", "sums")
    assert catalog.payloads[row.up].level == "reconstructable"
    assert catalog.payloads[row.up].summable


def test_safeguards_are_those_of_the_language(catalog):
    assert set(catalog.safeguards) <= {*KINDS, "tee"}


def test_only_what_hides_something_lowers(catalog):
    assert {row.id for row in catalog.safeguards.values() if not row.lowers} == {
        "norm_bound",
        "filter",
        "update_inspection",
        "robust_aggregation",
        "attestation",
        "leakage_audit",
    }


def test_deidentification_caps_every_method_and_never_frees_text(catalog):
    row = catalog.safeguards["deidentification"]

    assert set(row.caps) == choices(Deidentification, "method")
    assert row.free_text_cap == "reconstructable"
    assert all(row.caps is None for row in catalog.safeguards.values() if row.id != "deidentification")


def test_aspects_of_models_are_words_of_the_language(catalog):
    for aspect in ("weights", "architecture", "inference_code", "training_code", "training_data"):
        used = {getattr(row, aspect) for row in catalog.models.values()} - {None}
        assert used, aspect
        assert used <= choices(Model, aspect), aspect
    assert {word for row in catalog.models.values() for word in row.interface or ()} <= choices(Model, "interface")


def test_there_are_enough_models_providers_and_licences(catalog):
    assert len(catalog.models) >= 1_000
    assert sum("text-generation" in (row.tasks or ()) for row in catalog.models.values()) >= 400
    assert len(catalog.providers) >= 12
    assert len(catalog.licences) >= 15


def test_closed_models_have_a_provider(catalog):
    closed = [row for row in catalog.models.values() if row.weights == "closed"]

    assert closed
    assert [row.id for row in closed if row.provider is None] == []


def test_every_provider_has_a_country(catalog):
    assert [row.id for row in catalog.providers.values() if row.jurisdiction is None] == []


def test_countries_are_read_as_text(catalog):
    assert catalog.countries["NO"].name == "Norway"
    assert catalog.countries["NO"].eea is True
    assert all(re.fullmatch(r"[A-Z]{2}", code) for code in catalog.countries)


def test_names_for_lists_are_the_fields_that_are_lists_of_text():
    kinds = {field.name: str(field.type) for row in ROWS.values() for field in fields(row)}

    assert {name for name, kind in kinds.items() if kind.startswith("tuple[") and "AttackRow" not in kind} == set(LISTS)


def test_the_wheel_takes_the_catalogue_from_the_package():
    assert catalog_dir() == Path(load_catalog.__code__.co_filename).parent


def test_no_row_ends_before_what_replaces_it(catalog):
    models = catalog.models
    for row in models.values():
        seen = [row]
        while (after := models.find(seen[-1].replaced_by or "")) is not None:
            assert after not in seen, f"{row.id} is replaced in a circle"
            seen.append(after)


def test_sources_of_generated_facts_name_a_package_and_its_file(catalog):
    sources = {source for row in catalog.models.values() for source in row.source if "pypi.org" in source}

    assert all(re.fullmatch(r"https://pypi\.org/project/[\w-]+/[\d.]+/ [\w./-]+", source) for source in sources)


def test_a_name_of_last_years_models_has_its_day(catalog):
    assert catalog.model("gpt-4").shutdown_on == "2026-10-23"
    assert catalog.model("gpt-4o").shutdowns == {"gpt-4o-2024-05-13": "2026-10-23"}
    assert catalog.model("claude-opus-5-5").weights == "closed"
    assert catalog.model("anthropic.claude-opus-5-5").provider == "amazon-bedrock"


def test_training_data_are_as_open_as_the_data_sets_that_a_model_names(catalog):
    assert catalog.training_data(catalog.models["facebook/wav2vec2-base"]) == "open"
    assert catalog.training_data(catalog.models["EleutherAI/pythia-70m"]) == "described"  # the Pile was taken down
    assert catalog.training_data(catalog.models["tiiuae/falcon-7b"]) == "described"
    assert catalog.training_data(catalog.models["openai/gpt-4o"]) == catalog.models["openai/gpt-4o"].training_data


def test_every_data_set_is_named_by_a_model(catalog):
    named = {name for row in catalog.models.values() for name in row.trained_on}

    assert named == set(catalog.datasets)


def test_every_key_of_a_row_is_read_somewhere():
    root = Path(load_catalog.__code__.co_filename).parents[1]
    keys = {field.name for row in (*ROWS.values(), AttackRow, TermsRow) for field in fields(row)}
    for path in sorted(root.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if path.name != "rows.py" and any(key in text for key in keys):
            keys -= {
                node.attr if isinstance(node, ast.Attribute) else node.value
                for node in ast.walk(ast.parse(text))
                if isinstance(node, ast.Attribute | ast.Constant)
            }

    # What names a receiver of prompts to LiteLLM waits for a reader of its settings.
    assert keys <= {"callbacks"}


def test_the_most_used_open_models_and_those_of_papers_have_weights_and_a_licence(catalog):
    names = Path(__file__).with_name("most_used.txt").read_text(encoding="utf-8").split()
    rows = {name: catalog.model(name) for name in names}

    assert len(rows) > 100
    assert not [name for name, row in rows.items() if row is None or not row.weights or not row.licence]

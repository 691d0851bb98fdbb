"""Openness: the class of a model follows from its aspects, the known ones and those that nobody states."""

from __future__ import annotations

from itertools import product

import pytest

from fedpolicy.analysis.openness import CLASSES, classify
from tests.helpers import facts_of

WEIGHTS = ("open", "gated", "closed")
CODE = ("open", "closed")
DATA = ("open", "described", "undisclosed")
LICENCES = ("open", "restricted")
INTERFACES = (("text",), ("top_logprobs", "text"), ("logprobs",), ("embeddings",), ("fine_tuning",), ())


def class_of(weights, architecture, inference, training, data, licence, interface):
    """The table of the four classes, in other words than the code's."""
    inside = architecture == "open" and inference == "open"
    if weights == "closed":
        return "gray_box" if {"logprobs", "embeddings"} & set(interface) else "black_box"
    if not inside:
        return "gray_box"
    everything = training == "open" and data != "undisclosed" and licence == "open"
    return "open_source" if everything else "open_weight"


EVERY = list(product(WEIGHTS, CODE, CODE, CODE, DATA, LICENCES, INTERFACES))
NAMES = ("weights", "architecture", "inference_code", "training_code", "training_data", "licence", "interface")


def said(**aspects):
    """Aspects as `classify` takes them: gated weights can be had, like open ones."""
    return {**aspects, **({"weights": "open"} if aspects.get("weights") == "gated" else {})}


@pytest.mark.parametrize("weights", WEIGHTS)
def test_every_combination_of_known_aspects_has_its_class(weights):
    for values in EVERY:
        if values[0] == weights:
            found = classify(said(**dict(zip(NAMES, values, strict=True))))
            assert found == (class_of(*values),) * 2, values


@pytest.mark.parametrize("unknown", NAMES)
def test_an_unknown_aspect_leaves_the_classes_that_it_could_lead_to(unknown):
    place = NAMES.index(unknown)
    by_rest: dict[tuple[object, ...], list[str]] = {}
    for values in EVERY:
        rest = (*values[:place], *values[place + 1 :])
        # Of weights that can be had nobody takes the code for closed because it is not mentioned.
        if unknown not in {"architecture", "inference_code"} or values[0] == "closed" or values[place] == "open":
            by_rest.setdefault(rest, []).append(class_of(*values))

    for rest, classes in by_rest.items():
        known = dict(zip((name for name in NAMES if name != unknown), rest, strict=True))
        ranks = [CLASSES.index(name) for name in classes]
        assert classify(said(**known)) == (CLASSES[min(ranks)], CLASSES[max(ranks)]), rest


def test_nothing_known_leaves_everything_open():
    assert classify({}) == ("black_box", "open_source")


MODELS = {
    "closed": (
        {"weights": "closed", "architecture": "closed", "inference_code": "closed", "interface": "text"},
        "black_box",
    ),
    "closed-with-logits": ({"weights": "closed", "interface": ["text", "logprobs"]}, "gray_box"),
    "closed-with-top-tokens": ({"weights": "closed", "interface": ["text", "top_logprobs"]}, "black_box"),
    "weights-without-code": ({"weights": "open", "architecture": "open", "inference_code": "closed"}, "gray_box"),
    "weights": (
        {"weights": "open", "architecture": "open", "inference_code": "open", "training_data": "undisclosed"},
        "open_weight",
    ),
    "gated": (
        {"weights": "gated", "architecture": "open", "inference_code": "open", "training_code": "closed"},
        "open_weight",
    ),
    "everything": (
        {
            "weights": "open",
            "architecture": "open",
            "inference_code": "open",
            "training_code": "open",
            "training_data": "described",
            "licence": "Apache-2.0",
        },
        "open_source",
    ),
    "licence-restricts": (
        {
            "weights": "open",
            "architecture": "open",
            "inference_code": "open",
            "training_code": "open",
            "training_data": "open",
            "licence": "CC-BY-NC-4.0",
        },
        "open_weight",
    ),
    "licence-unknown": (
        {
            "weights": "open",
            "architecture": "open",
            "inference_code": "open",
            "training_code": "open",
            "training_data": "open",
            "licence": "LicenseRef-our-own",
        },
        "",
    ),
    "nothing-said": ({"weights": "open"}, ""),
    "weights-without-a-word-on-code": ({"weights": "open", "training_data": "undisclosed"}, "open_weight"),
    "in-the-catalogue": ({"ref": "openai/gpt-4o"}, "black_box"),
    "in-the-catalogue-open": ({"ref": "meta-llama/Llama-3.1-8B-Instruct"}, "open_weight"),
    "own-words-over-the-catalogue": (
        {"ref": "meta-llama/Llama-3.1-8B-Instruct", "inference_code": "closed"},
        "gray_box",
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_deployment_classifies_its_models(name):
    aspects, wanted = MODELS[name]

    (model,) = facts_of({"models": {"m": aspects}}).models

    assert model.cls == wanted
    assert (model.lowest == model.highest) == bool(wanted)


def test_what_is_claimed_changes_nothing_and_is_kept():
    (model,) = facts_of({"models": {"m": {"ref": "openai/gpt-4o", "claims": "open_source"}}}).models

    assert (model.cls, model.claimed) == ("black_box", "open_source")


def test_the_missing_aspects_are_named():
    aspects = {"weights": "open", "architecture": "open", "inference_code": "open", "licence": "Apache-2.0"}

    (model,) = facts_of({"models": {"m": aspects}}).models

    assert (model.lowest, model.highest) == ("open_weight", "open_source")
    assert set(model.missing) >= {"models.m.training_code", "models.m.training_data"}


def produced(base, **task):
    found = facts_of(
        {
            "parties": {"a": {"role": "participant"}, "acme": {"role": "provider"}},
            "nodes": {"client": {"kind": "client", "party": "a"}},
            "datasets": {"notes": {"at": "client", "categories": "health"}},
            "models": {"base": base, "out": {}, "other": {}},
            "tasks": {"t": {"model": "base", "produces": "out", "data": "notes", "runs_on": "client", **task}},
        }
    )
    return {model.id: model for model in found.models}["out"]


OPEN = {
    "weights": "open",
    "architecture": "open",
    "inference_code": "open",
    "training_code": "open",
    "training_data": "open",
    "licence": "Apache-2.0",
    "weights_at": "client",
}


def test_what_is_tuned_at_home_is_as_open_as_its_base():
    assert produced({**OPEN, "training_code": "closed"}, method="lora").cls == "open_weight"
    assert produced({**OPEN, "architecture": "closed"}, method="lora").cls == "gray_box"


def test_what_a_provider_tunes_has_closed_weights():
    model = produced({"weights": "closed", "provider": "acme", "interface": "text"}, method="hosted_finetuning")

    assert (model.aspects["weights"], model.cls) == ("closed", "black_box")


def test_what_is_tuned_at_home_is_not_closed_by_a_hosted_task_on_the_same_base():
    both = {
        "parties": {"a": {"role": "participant"}, "acme": {"role": "provider"}},
        "nodes": {"client": {"kind": "client", "party": "a"}},
        "datasets": {"notes": {"at": "client", "categories": "health"}},
        "models": {"base": {**OPEN, "training_code": "closed", "via": "acme"}, "own": {}, "theirs": {"via": "acme"}},
        "tasks": {
            "home": {"method": "lora", "model": "base", "produces": "own", "data": "notes", "runs_on": "client"},
            "away": {
                "method": "hosted_finetuning",
                "model": "base",
                "produces": "theirs",
                "data": "notes",
                "runs_on": "client",
            },
        },
    }

    models = {model.id: model for model in facts_of(both).models}

    assert models["own"].aspects["weights"] == "open"
    assert models["theirs"].aspects["weights"] == "closed"


def test_a_learned_prompt_has_no_class():
    model = produced({"weights": "closed", "provider": "acme", "interface": "text"}, method="textual_gradient")

    assert (model.kind, model.cls) == ("prompt", "")


ACCESS = [
    # method, the base model, how it is reached, whether the method can work that way
    ("lora", {"weights": "open", "weights_at": "client"}, "weights", True),
    ("lora", {"weights": "closed", "provider": "acme", "interface": ["text", "fine_tuning"]}, "hosted", True),
    ("lora", {"weights": "closed", "provider": "acme", "interface": "text"}, "hosted", False),
    ("lora", {"weights": "closed", "provider": "acme"}, "hosted", None),
    ("lora", {"weights": "open", "via": "acme"}, "hosted", None),
    ("hosted_finetuning", {"weights": "closed", "provider": "acme", "interface": "fine_tuning"}, "hosted", True),
    ("textual_gradient", {"weights": "closed", "provider": "acme", "interface": "text"}, "remote", True),
    ("zeroth_order", {"weights": "closed", "provider": "acme", "interface": "text"}, "remote", True),
    ("knowledge_distillation", {"weights": "closed", "provider": "acme", "interface": "text"}, "remote", False),
    ("knowledge_distillation", {"weights": "closed", "provider": "acme", "interface": "top_logprobs"}, "remote", False),
    ("knowledge_distillation", {"weights": "closed", "provider": "acme", "interface": "logprobs"}, "remote", True),
    ("knowledge_distillation", {"weights": "closed", "provider": "acme"}, "remote", None),
    ("knowledge_distillation", {"weights": "open", "weights_at": "client"}, "weights", True),
    ("embedding_head", {"weights": "closed", "provider": "acme", "interface": "embeddings"}, "remote", True),
    ("embedding_head", {"weights": "closed", "provider": "acme", "interface": "text"}, "remote", False),
    ("llm_judge", {"weights": "closed", "provider": "acme", "interface": "text"}, "remote", True),
    ("llm_judge", {"weights": "open"}, "remote", True),
]


@pytest.mark.parametrize(("method", "base", "how", "feasible"), ACCESS)
def test_access_follows_from_who_holds_the_weights_and_what_an_interface_offers(method, base, how, feasible):
    found = facts_of(
        {
            "parties": {
                "a": {"role": "participant"},
                "b": {"role": "participant"},
                "acme": {"role": "provider"},
                "x": {"role": "coordinator"},
            },
            "nodes": {
                "client": {"kind": "client", "party": ["a", "b"]},
                "aggregator": {"kind": "aggregator", "party": "x"},
            },
            "datasets": {"notes": {"at": "client", "categories": "health"}},
            "models": {"m": base},
            "tasks": {"t": {"method": method, "model": "m", "data": "notes", "runs_on": "client"}},
        }
    )

    (access,) = found.models[0].access

    assert (access.use, access.how, access.feasible) == ("tasks.t", how, feasible)
    assert bool(access.why) == (feasible is not True)

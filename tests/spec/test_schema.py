"""The schema is current, valid, and helps with every key."""

from __future__ import annotations

import json
from typing import get_args

import jsonschema
import pytest

from fedpolicy.spec import models, safeguards, schema
from fedpolicy.spec.descriptions import DESCRIPTIONS, ENTRIES, describe
from fedpolicy.spec.shape import entry_shape
from fedpolicy.spec.types import Entry
from tests.spec.reading import catalog

ENTRY_TYPES = {
    name: value
    for module in (models, safeguards)
    for name, value in vars(module).items()
    if isinstance(value, type) and issubclass(value, Entry) and name not in ("Entry", "Operated")
}


def test_the_schema_is_current():
    written = schema.schema_path().read_text(encoding="utf-8")

    assert written == schema.render_schema(catalog()), "run: python -m fedpolicy.spec.schema"


def test_the_schema_is_a_schema():
    jsonschema.Draft7Validator.check_schema(schema.build_schema(catalog()))


def test_every_key_has_help_and_none_is_left_over():
    assert {name: set(keys) for name, keys in DESCRIPTIONS.items()} == {
        name: set(entry_shape(entry)) for name, entry in ENTRY_TYPES.items()
    }
    assert set(ENTRIES) == set(ENTRY_TYPES)
    assert all(text.endswith(".") for keys in DESCRIPTIONS.values() for text in keys.values())


def test_editors_show_the_help():
    built = schema.build_schema(catalog())
    task = built["definitions"]["Task"]["properties"]

    assert built["properties"]["parties"]["markdownDescription"] == DESCRIPTIONS["Deployment"]["parties"]
    assert task["runs_on"]["description"] == task["runs_on"]["markdownDescription"] == DESCRIPTIONS["Task"]["runs_on"]


def test_the_ids_of_the_catalogue_are_offered_and_others_are_possible():
    validator = jsonschema.Draft7Validator(schema.build_schema(catalog()))
    flow = {"from": "a", "to": "b", "payload": "something-of-our-own"}
    offered = validator.schema["definitions"]["Flow.payload"]["anyOf"][0]["enum"]

    assert "model_update" in offered
    assert validator.is_valid({"fedpolicy": 1, "name": "x", "flows": {"f": flow}})


def test_writing_replaces_the_old_schema_whole(tmp_path, monkeypatch):
    target = tmp_path / "deployment.schema.json"
    target.write_text("old", encoding="utf-8")
    monkeypatch.setattr(schema, "schemas_dir", lambda: tmp_path)

    schema.main()

    assert json.loads(target.read_text(encoding="utf-8"))["title"] == "fedpolicy deployment"
    assert [path.name for path in tmp_path.iterdir()] == ["deployment.schema.json"]


@pytest.mark.parametrize(("entry", "key", "said"), [("Node", "party", "the party that operates it"), ("X", "y", "")])
def test_help_fits_behind_a_key(entry, key, said):
    assert describe(entry, key) == said


def test_every_safeguard_of_the_language_has_its_class():
    kinds = {
        get_args(entry.model_fields["kind"].annotation)[0] for entry in get_args(get_args(safeguards.Safeguard)[0])
    }

    assert kinds | {"tee"} == set(catalog().safeguards)

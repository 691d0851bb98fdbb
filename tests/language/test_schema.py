"""The schema is current, valid, and helps with every key."""

from __future__ import annotations

import json

import jsonschema
import pytest

from fedpolicy.language.model import Deployment
from fedpolicy.language.model.shape import entries_under, entry_shape
from fedpolicy.language.reading import schema
from tests.language.reading import catalog

ENTRIES = {entry.__name__: entry_shape(entry) for entry in entries_under(Deployment)}


def test_the_schema_is_current():
    written = schema.schema_path().read_text(encoding="utf-8")

    assert written == schema.render_schema(catalog()), "run: python -m fedpolicy.language.reading.schema"


def test_the_schema_is_a_schema():
    jsonschema.Draft7Validator.check_schema(schema.build_schema(catalog()))


def test_every_key_has_help():
    helps = [key.about for keys in ENTRIES.values() for key in keys.values()]

    assert all(text.endswith(".") for text in helps)


def test_editors_show_the_help():
    built = schema.build_schema(catalog())
    task = built["$defs"]["Task"]["properties"]

    assert built["properties"]["parties"]["markdownDescription"] == ENTRIES["Deployment"]["parties"].about
    assert task["runs_on"]["description"] == task["runs_on"]["markdownDescription"] == ENTRIES["Task"]["runs_on"].about


def test_the_ids_of_the_catalogue_are_offered_and_others_are_possible():
    validator = jsonschema.Draft7Validator(schema.build_schema(catalog()))
    flow = {"from": "a", "to": "b", "payload": "something-of-our-own"}
    offered = validator.schema["$defs"]["ApiCall.payload"]["anyOf"][0]["enum"]

    assert "model_update" in offered
    assert validator.is_valid({"fedpolicy": 1, "name": "x", "flows": {"f": flow}})


def test_writing_replaces_the_old_schema_whole(tmp_path, monkeypatch):
    target = tmp_path / "deployment.schema.json"
    target.write_text("old", encoding="utf-8")
    monkeypatch.setattr(schema, "schemas_dir", lambda: tmp_path)

    schema.write_schema()

    assert json.loads(target.read_text(encoding="utf-8"))["title"] == "fedpolicy deployment"
    assert [path.name for path in tmp_path.iterdir()] == ["deployment.schema.json"]
    assert target.stat().st_mode & 0o777 == 0o644


def test_each_list_of_words_and_the_claim_stand_once():
    found = [json.dumps(value) for value in values_of(schema.build_schema(catalog())) if "enum" in value]
    claims = [value for value in values_of(schema.build_schema(catalog())) if "evidence" in value.get("properties", {})]

    assert sorted(found) == sorted(set(found))
    assert len(claims) == 1


def values_of(schema):
    if isinstance(schema, dict):
        yield schema
    for value in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from values_of(value)


@pytest.mark.parametrize(
    ("claim", "valid"),
    [
        ({"value": "client", "evidence": "declared"}, True),
        ({"value": "clients"}, False),
        ({"value": {"value": "client"}}, False),
        ({"evidence": "declared"}, False),
        ({"value": "client", "evidence": "sworn"}, False),
        ({"value": "client", "because": "x"}, False),
    ],
)
def test_a_claim_holds_what_its_key_may_hold(claim, valid):
    document = {"fedpolicy": 1, "name": "x", "nodes": {"n": {"party": "p", "kind": claim}}}

    assert jsonschema.Draft7Validator(schema.build_schema(catalog())).is_valid(document) == valid


def test_the_text_is_the_schema():
    built = schema.build_schema(catalog())

    assert json.loads(schema.render_schema(catalog())) == built
    assert max(map(len, schema.render_schema(catalog()).splitlines())) < 250


def test_every_key_that_holds_ids_says_what_they_name():
    built = schema.build_schema(catalog())
    silent = [
        f"{name}.{key.name}"
        for name, keys in ENTRIES.items()
        for key in keys.values()
        if key.names is None and name != "Deployment"
        if {"$ref": "#/$defs/id"} in below(built, built["$defs"][name]["properties"][key.name])
    ]

    assert silent == []


def below(built, value):
    for part in values_of(value):
        yield part
        name = part.get("$ref", "").rpartition("/")[2]
        if name and name[0].islower():
            yield from below(built, built["$defs"][name])

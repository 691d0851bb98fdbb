"""
The JSON schema of the language, generated from the models: help, completion and checks while somebody writes.

    python -m fedpolicy.spec.schema

writes `schemas/deployment.schema.json`. It is draft 7, which editors know best. It accepts what the loader
accepts before it looks at cross references. The catalogue's ids are offered, not enforced: users add their own.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fedpolicy.catalog.load import load_catalog
from fedpolicy.resources import schemas_dir
from fedpolicy.spec.claims import EVIDENCE
from fedpolicy.spec.model.deployment import Deployment
from fedpolicy.spec.model.entry import Entry
from fedpolicy.spec.model.types import ID_PATTERN, RESERVED
from fedpolicy.spec.shape import Key, entries_under, entry_shape

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog

__all__ = ["build_schema", "main", "render_schema", "schema_path"]

Schema = dict[str, Any]

_INLINE = 150  # characters of a value's schema that is repeated in its claim; longer ones become definitions
_ID: Schema = {"type": "string", "pattern": ID_PATTERN}
_NAME: Schema = {"pattern": ID_PATTERN.partition("(")[0] + "$", "not": {"enum": list(RESERVED)}}
_COUNTRY: Schema = {"type": "string", "pattern": "^[A-Z]{2}$"}
_PLAIN = ("Deployment", "fedpolicy")  # the one value that cannot be a claim
# Keys whose values are ids of the catalogue.
_CATALOGUE = {
    ("Task", "method"): "methods",
    ("ApiCall", "payload"): "payloads",
    ("Flow", "payload"): "payloads",
    ("Dataset", "categories"): "categories",
    ("Model", "ref"): "models",
    ("Model", "provider"): "providers",
    ("Model", "licence"): "licences",
}


def schema_path() -> Path:
    """Where the generated schema is kept."""
    return schemas_dir() / "deployment.schema.json"


def build_schema(catalog: Catalog) -> Schema:
    """The schema as a tree, with the ids of this catalogue for completion."""
    raw = Deployment.model_json_schema(by_alias=True, ref_template="#/definitions/{model}")
    definitions: Schema = _shared()
    below = raw.pop("$defs")
    root = _entry(Deployment, raw, definitions, catalog)
    for entry in entries_under(Deployment):
        if entry is not Deployment:
            definitions[entry.__name__] = _entry(entry, below[entry.__name__], definitions, catalog)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "fedpolicy deployment",
        **root,
        "definitions": dict(sorted(definitions.items())),
    }


def render_schema(catalog: Catalog) -> str:
    """The schema as the text of its file."""
    return json.dumps(build_schema(catalog), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the schema; the old one stays whole until the new one is complete."""
    target = schema_path()
    text = render_schema(load_catalog())
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, suffix=".tmp", delete=False) as handle:
        handle.write(text)
    Path(handle.name).chmod(0o644)
    os.replace(handle.name, target)  # noqa: PTH105  atomic on every system


def _shared() -> Schema:
    return {
        "id": _ID,
        "ids": {"anyOf": [_ref("id"), {"type": "array", "items": _or_claim(_ref("id")), "minItems": 1}]},
        "any_ids": {"anyOf": [_ref("id"), {"type": "array", "items": _or_claim(_ref("id"))}]},
        "name": _NAME,
        "country": _COUNTRY,
        "evidence": {
            "description": "On what the value rests.",
            "markdownDescription": "On what the value rests.",
            "enum": list(EVIDENCE),
        },
        "reference": {
            "description": "Where that can be read.",
            "markdownDescription": "Where that can be read.",
            "type": "string",
        },
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _entry(entry: type[Entry], raw: Schema, definitions: Schema, catalog: Catalog) -> Schema:
    help_text = " ".join((entry.__doc__ or "").split())
    found: Schema = {"description": help_text, "markdownDescription": help_text, "type": "object"}
    found["properties"] = {
        name: _property(entry, key, raw["properties"][name], definitions, catalog)
        for name, key in entry_shape(entry).items()
    }
    if "required" in raw:
        found["required"] = raw["required"]
    return {**found, "additionalProperties": False}


def _property(entry: type[Entry], key: Key, raw: Schema, definitions: Schema, catalog: Catalog) -> Schema:
    place = (entry.__name__, key.name)
    found: Schema = {"description": key.about, "markdownDescription": key.about}
    if isinstance(raw.get("default"), (str, int, bool)):
        found["default"] = raw["default"]
    value = _value(raw)
    if "additionalProperties" in value or place == _PLAIN:
        return {**found, **value}
    if place == ("Party", "jurisdiction"):
        value = {"anyOf": [_ref("country"), {"type": "array", "items": _or_claim(_ref("country")), "minItems": 1}]}
    options = [*_offered(place, catalog), *value.get("anyOf", [value])]
    if key.open:
        options.append({"const": "unknown"})
    value = options[0] if len(options) == 1 else {"anyOf": options}
    return {**found, **_claimable(".".join(place), value, definitions)}


def _claimable(name: str, value: Schema, definitions: Schema) -> Schema:
    if len(json.dumps(value)) > _INLINE:
        definitions[name] = value
        value = _ref(name)
    return _or_claim(value)


def _or_claim(value: Schema) -> Schema:
    properties = {"value": value, "evidence": _ref("evidence"), "reference": _ref("reference")}
    claim = {"type": "object", "properties": properties, "required": ["value"], "additionalProperties": False}
    return {"anyOf": [*value.get("anyOf", [value]), claim]}


def _offered(place: tuple[str, str], catalog: Catalog) -> list[Schema]:
    section = _CATALOGUE.get(place)
    return [{"enum": sorted(getattr(catalog, section))}] if section else []


def _value(raw: Mapping[str, Any]) -> Schema:
    """One value's schema without the words of its generator."""
    if "patternProperties" in raw:
        inner = next(iter(raw["patternProperties"].values()))
        return {"type": "object", "propertyNames": _ref("name"), "additionalProperties": inner}
    if raw.get("pattern") == ID_PATTERN:
        return _ref("id")
    options = [_value(option) for option in raw.get("anyOf", raw.get("oneOf", ())) if option != {"type": "null"}]
    if options:
        return _choice(options)
    kept = {key: raw[key] for key in raw if key not in ("title", "default", "x-open", "x-rule", "description")}
    if isinstance(kept.get("items"), dict):
        kept["items"] = _or_claim(_value(kept["items"]))
    if isinstance(kept.get("additionalProperties"), dict):
        kept["additionalProperties"] = _or_claim(_value(kept["additionalProperties"]))
    return kept


def _choice(options: list[Schema]) -> Schema:
    for name, extra in (("ids", {"minItems": 1}), ("any_ids", {})):
        several = {"type": "array", "items": _or_claim(_ref("id")), **extra}
        if _ref("id") in options and several in options:
            options = [_ref(name), *(option for option in options if option not in (_ref("id"), several))]
    return options[0] if len(options) == 1 else {"anyOf": options}


if __name__ == "__main__":
    main()

"""
The JSON schema of the language, made from its declarations: help, completion and checks while somebody writes.

    python -m fedpolicy.language.reading.schema

writes `schemas/deployment.schema.json`. It is draft 7, which editors know best. It accepts what the loader
accepts before it looks at cross references. The catalogue's ids are offered, not enforced: users add their own.
Each list of words and each type of value is one definition, and a claim is one for all of them.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from fedpolicy.catalog import Catalog, load_catalog, summary
from fedpolicy.files import schemas_dir
from fedpolicy.language.model import Deployment
from fedpolicy.language.model.entry import Entry
from fedpolicy.language.model.shape import Key, entries_under, entry_shape
from fedpolicy.language.model.types import DAY_PATTERN, ID_PATTERN, NUMBERS, RESERVED, Name, Read, Written
from fedpolicy.language.reading import OWN, VERSION
from fedpolicy.language.reading.claims import EVIDENCE

Schema = dict[str, Any]

_ID: Schema = {"type": "string", "pattern": ID_PATTERN}
_NAME: Schema = {"pattern": ID_PATTERN.partition("(")[0] + "$", "not": {"enum": list(RESERVED)}}
_COUNTRY: Schema = {"type": "string", "pattern": "^[A-Z]{2}$"}
_PLAIN = ("Deployment", "fedpolicy")  # the one value that cannot be a claim
_UNKNOWN: Schema = {"const": "unknown"}
# Keys whose values are ids of the catalogue.
_CATALOGUE = {
    ("Task", "method"): "methods",
    ("ApiCall", "payload"): "payloads",
    ("Flow", "payload"): "payloads",
    ("Dataset", "categories"): "categories",
    ("Model", "ref"): "models",
    ("Model", "provider"): "providers",
    ("Model", "licence"): "licences",
    ("Tee", "kind"): "enclaves",
}
# Those whose rows are explained where they are offered; models are too many.
_TOLD = {"methods", "payloads", "categories", "providers", "licences", "enclaves"}
_WIDTH = 120  # of a line


def schema_path() -> Path:
    """Where the generated schema is kept."""
    return schemas_dir() / "deployment.schema.json"


def build_schema(catalog: Catalog) -> Schema:
    """The schema as a tree, with the ids of this catalogue for completion."""
    definitions = _shared(sorted(catalog.countries))
    names = {_content(value): name for name, value in definitions.items()}
    root = _entry(Deployment, _Values(definitions, names), catalog)
    for entry in entries_under(Deployment):
        if entry is not Deployment:
            definitions[entry.__name__] = _entry(entry, _Values(definitions, names), catalog)
    root["patternProperties"] = {f"^{OWN}": True}  # their author's own
    head = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": f"urn:fedpolicy:schema:deployment:{VERSION}",
        "title": "fedpolicy deployment",
    }
    return {**head, **root, "$defs": dict(sorted(definitions.items()))}


def render_schema(catalog: Catalog) -> str:
    """The schema as the text of its file."""
    return written(build_schema(catalog))


def write_schema() -> None:
    """Write the schema; the old one stays whole until the new one is complete."""
    target = schema_path()
    text = render_schema(load_catalog())
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, suffix=".tmp", delete=False) as handle:
        handle.write(text)
    Path(handle.name).chmod(0o644)
    os.replace(handle.name, target)  # noqa: PTH105  atomic on every system


class _Values:
    """The definitions of values, each once: the same value under another key is the same definition."""

    def __init__(self, definitions: Schema, names: dict[str, str]) -> None:
        self.definitions, self.names = definitions, names

    def claimable(self, value: Schema, name: str, *, open: bool) -> Schema:  # noqa: A002  the word of the language
        """A value, `unknown` if the key is `open`, or a claim of either."""
        found = self._words(value, name)
        if "$ref" not in found:
            found = self.named(found, f"{name}s" if name in self.definitions else name)
        return _or_claim(found, *([_UNKNOWN] if open else []))

    def named(self, value: Schema, name: str) -> Schema:
        """The definition of a value, made where there is none; `name` is what it is called then."""
        name = self.names.setdefault(_content(value), name)
        self.definitions[name] = value
        return _ref(name)

    def _words(self, value: Any, name: str) -> Any:  # noqa: ANN401  any part of a schema
        """The same with the list of words by name; the ids of the catalogue, which have no type, stay."""
        if isinstance(value, list):
            return [self._words(item, name) for item in value]
        if not isinstance(value, dict):
            return value
        if "enum" in value and "type" in value:
            return self.named(value, name)
        return {key: self._words(item, name) for key, item in value.items()}


def _shared(countries: Sequence[str]) -> Schema:
    def said(about: str, **value: object) -> Schema:
        return {"description": about, "markdownDescription": about, **value}

    words = {
        "text": {"type": "string"},
        "yes_or_no": {"type": "boolean"},
        "id": _ID,
        "ids": _several("id", {"minItems": 1}),
        "any_ids": _several("id", {}),
        "day": {"type": "string", "format": "date", "pattern": DAY_PATTERN},
        "country": {"anyOf": [{"enum": list(countries)}, _COUNTRY]},
        "countries": _several("country", {"minItems": 1}),
        **{name: _value(kind) for name, kind in NUMBERS.items()},
    }
    return {
        **words,
        "name": _NAME,
        "claim": {
            "type": "object",
            "properties": {
                "value": True,
                "evidence": said("On what the value rests.", enum=list(EVIDENCE)),
                "reference": said("Where that can be read.", type="string"),
            },
            "required": ["value"],
            "additionalProperties": False,
        },
    }


def _content(value: Schema) -> str:
    return json.dumps(value, sort_keys=True)


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _several(name: str, extra: Schema) -> Schema:
    return {"anyOf": [_ref(name), {"type": "array", "items": _or_claim(_ref(name)), **extra}]}


def _or_claim(value: Schema, *others: Schema) -> Schema:
    # `properties` binds claims only: no value is a map with the key `value`.
    claimed = {"anyOf": [value, *others]} if others else value
    return {"anyOf": [value, *others, _ref("claim")], "properties": {"value": claimed}}


def _entry(entry: type[Entry], values: _Values, catalog: Catalog) -> Schema:
    help_text = " ".join((entry.__doc__ or "").split())
    found: Schema = {"description": help_text, "markdownDescription": help_text, "type": "object"}
    keys = entry_shape(entry)
    found["properties"] = {name: _property(entry, key, values, catalog) for name, key in keys.items()}
    required = [name for name, key in keys.items() if key.required]
    if required:
        found["required"] = required
    return {**found, "additionalProperties": False}


def _property(entry: type[Entry], key: Key, values: _Values, catalog: Catalog) -> Schema:
    place = (entry.__name__, key.name)
    found: Schema = {"description": key.about, "markdownDescription": key.about}
    if isinstance(key.default, (str, int, bool)):
        found["default"] = key.default
    value = _value(entry.types[key.attribute])
    if "additionalProperties" in value and key.unknown is not ...:
        return {**found, "anyOf": [value, _UNKNOWN]}
    if "additionalProperties" in value or place == _PLAIN:
        return {**found, **value}
    if place == ("Party", "jurisdiction"):
        value = _ref("countries")
    value = _with_offers(value, _offered(place, catalog), ".".join(place), values)
    return {**found, **values.claimable(value, ".".join(place), open=key.unknown is not ...)}


def _with_offers(value: Schema, offered: Sequence[Schema], called: str, values: _Values) -> Schema:
    """The same, with the words that an editor offers in front."""
    if not offered:
        return value
    if value not in (_ref("ids"), _ref("any_ids")):
        return {"anyOf": [*offered, *value.get("anyOf", [value])]}
    word = values.named(offered[0], f"{called}.words")
    return {"anyOf": [word, {"type": "array", "items": _or_claim(word, _ref("id"))}, value]}


def _offered(place: tuple[str, str], catalog: Catalog) -> list[Schema]:
    section = _CATALOGUE.get(place)
    if not section:
        return []
    names = sorted(getattr(catalog, section))
    offered: Schema = {"enum": names}
    if section in _TOLD:
        offered["markdownEnumDescriptions"] = [summary(section, name, catalog) for name in names]
    return [offered]


_TYPES: Mapping[object, str] = {str: "string", bool: "boolean", int: "integer", float: "number"}
_BOUNDS = {"gt": "exclusiveMinimum", "lt": "exclusiveMaximum", "le": "maximum", "ge": "minimum"}


def _value(annotation: Any) -> Schema:  # noqa: ANN401  typing's own forms have no common type
    """The schema of what an annotation says, by the names of what it shares with others."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is None:
        return {"type": _TYPES[annotation]} if annotation in _TYPES else _ref(annotation.__name__)
    if origin is Annotated:
        return _marked(*inner)
    if origin is Literal:
        return {**({"enum": [*inner]} if len(inner) > 1 else {"const": inner[0]}), "type": _TYPES[type(inner[0])]}
    if origin is tuple:
        return {"items": _or_claim(_value(inner[0])), "type": "array"}
    if origin is dict:
        return _by_id(inner[0], _value(inner[1]))
    options = [_value(one) for one in inner if one is not NoneType]
    return {"anyOf": options} if len(options) > 1 else options[0]


def _by_id(name: object, inner: Schema) -> Schema:
    named = {"type": "object", "propertyNames": _ref("name"), "additionalProperties": inner}
    return named if name is Name else {"additionalProperties": _or_claim(inner), "type": "object"}


def _marked(annotation: Any, mark: object) -> Schema:  # noqa: ANN401
    if isinstance(mark, Read):
        return _ref(mark.called)
    if isinstance(mark, Written):
        return _value(mark.schema)
    found = _value(annotation)
    bounds = {word: getattr(mark, name) for name, word in _BOUNDS.items() if getattr(mark, name) is not None}
    length = getattr(mark, "min_length", 0)
    least = {"minItems" if found["type"] == "array" else "minLength": length} if length else {}
    return dict(sorted({**found, **bounds, **least}.items()))


def written(schema: dict[str, Any]) -> str:
    """The text of a schema, with a line break at its end."""
    return "".join(_lines(schema, "", "")) + "\n"


def _lines(value: Any, indent: str, before: str) -> Iterator[str]:  # noqa: ANN401  JSON
    short = json.dumps(value, ensure_ascii=False)
    # What has properties of its own is read from top to bottom.
    if not isinstance(value, (dict, list)) or (len(indent + before + short) < _WIDTH and "description" not in short):
        yield before + short
        return
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    yield f"{before}{opening}"
    yield from _inner_lines(value, f"{indent} ")
    yield f"\n{indent}{closing}"


def _inner_lines(value: Any, inner: str) -> Iterator[str]:  # noqa: ANN401  JSON
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        yield "\n" + _wrapped([json.dumps(item, ensure_ascii=False) for item in value], inner)
        return
    pairs = value.items() if isinstance(value, dict) else (("", item) for item in value)
    for number, (name, item) in enumerate(pairs):
        yield f"{',' if number else ''}\n{inner}"
        yield from _lines(item, inner, f"{json.dumps(name, ensure_ascii=False)}: " if name else "")


def _wrapped(words: Sequence[str], indent: str) -> str:
    """Words on as few lines as they need; none is broken, whatever it holds."""
    lines = [indent]
    for number, word in enumerate(words):
        part = f"{word}{',' if number + 1 < len(words) else ''}"
        if len(lines[-1]) + len(part) + 1 > _WIDTH and lines[-1].strip():
            lines[-1] = lines[-1].rstrip()
            lines.append(indent)
        lines[-1] += f"{part} "
    return "\n".join(line.rstrip() for line in lines)


if __name__ == "__main__":
    write_schema()

"""A file in accept/ loads without a mistake; one in reject/ says exactly what stands in the file beside it."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest

from fedpolicy.language.model import Deployment
from fedpolicy.language.model.entry import Entry
from fedpolicy.language.model.shape import entries_under, entry_shape
from fedpolicy.language.reading.schema import schema_path
from tests.language.reading import ACCEPT, REJECT, load, messages, plain_documents

VALIDATOR = jsonschema.Draft7Validator(json.loads(schema_path().read_text(encoding="utf-8")))
COMPARABLE = [path for path in REJECT if plain_documents(path)]
# The same for all safeguards.
OF_ALL = {"operated_by", "controlled_by", "approved_by", "code_signed_by"}
SCHEMA_ACCEPTS = re.compile(rb"^# schema: accepts, only cross references show it$", re.MULTILINE)


@pytest.mark.parametrize("path", ACCEPT, ids=lambda path: path.name)
def test_accepted(path):
    loaded = load(path.read_bytes(), path.name)

    assert messages(loaded) == []
    assert loaded.documents


@pytest.mark.parametrize("path", ACCEPT, ids=lambda path: path.name)
def test_the_schema_accepts_what_the_loader_accepts(path):
    for document in plain_documents(path):
        assert [error.message for error in VALIDATOR.iter_errors(document)] == []


@pytest.mark.parametrize("path", REJECT, ids=lambda path: path.stem)
def test_rejected(path, golden):
    found = messages(load(path.read_bytes(), path.name))

    assert found
    assert found == list(dict.fromkeys(found)), "a mistake is said twice"
    golden("\n".join(found) + "\n", path.with_suffix(".expected.txt"))


@pytest.mark.parametrize("path", COMPARABLE, ids=lambda path: path.stem)
def test_the_schema_rejects_what_one_value_or_key_shows(path):
    accepted = all(VALIDATOR.is_valid(document) for document in plain_documents(path))

    assert accepted == bool(SCHEMA_ACCEPTS.search(path.read_bytes()))


@pytest.mark.parametrize("path", REJECT, ids=lambda path: path.stem)
def test_every_mistake_has_its_place_and_advice(path):
    for error in load(path.read_bytes(), path.name).errors:
        assert error.span is not None
        assert error.span.file == path.name
        assert error.help, error.message


@pytest.mark.parametrize("path", REJECT, ids=lambda path: path.stem)
def test_no_words_of_the_validator_reach_the_user(path):
    text = "\n".join(messages(load(path.read_bytes(), path.name)))

    assert not re.search(r"pydantic|tuple|Input should|literal_error|function-|Extra inputs|NoneType|\bdict\b", text)


def test_every_key_of_the_language_is_in_an_accepted_case():
    used = {}
    for path in ACCEPT:
        for document in load(path.read_bytes()).documents:
            _note_keys(document.deployment, used)
    entries = {entry.__name__: entry_shape(entry) for entry in entries_under(Deployment)}
    known = {name: set(keys) - OF_ALL for name, keys in entries.items()}

    assert {
        name: sorted(keys - used.get(name, set())) for name, keys in known.items() if keys - used.get(name, set())
    } == {}


def _note_keys(value, used):
    if isinstance(value, Entry):
        entry = type(value)
        names = {entry.declared[key].alias or key for key in value.stated}
        used.setdefault(entry.__name__, set()).update(names)
        for key in value.stated:
            _note_keys(getattr(value, key), used)
    elif isinstance(value, (dict, tuple)):
        for item in value.values() if isinstance(value, dict) else value:
            _note_keys(item, used)

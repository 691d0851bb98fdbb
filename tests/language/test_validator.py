"""What a wheel carries of the models reads, and refuses, the same as the models themselves."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from fedpolicy.catalog.load import load_catalog
from fedpolicy.language.reading import validator
from fedpolicy.language.reading.load import load_text
from fedpolicy.language.reading.validator import COMPILED, is_compiled, schema_source

ROOT = Path(__file__).parents[2]
FILES = [*sorted(ROOT.glob("examples/*/*.yaml")), *sorted(ROOT.glob("tests/language/**/*.yaml"))]


@pytest.fixture
def compiled(monkeypatch):
    """Give the module that a wheel carries; remembers nothing of other tests, and they nothing of it."""
    module = ModuleType(COMPILED)
    exec(schema_source(), module.__dict__)  # noqa: S102  our own source
    validator._reader.cache_clear()  # noqa: SLF001  what it remembers is the question
    yield lambda: monkeypatch.setitem(sys.modules, COMPILED, module) or module
    validator._reader.cache_clear()  # noqa: SLF001  what it remembers is the question


def everything():
    catalog = load_catalog()
    for path in FILES:
        loaded = load_text(path.read_bytes(), path.name, catalog)
        yield path.name, [one.deployment for one in loaded.documents], [str(error) for error in loaded.errors]


def test_both_read_the_same_and_find_the_same_mistakes(compiled):
    usual = list(everything())
    assert not is_compiled()
    compiled()
    validator._reader.cache_clear()  # noqa: SLF001  what it remembers is the question

    assert is_compiled()
    assert list(everything()) == usual
    assert any(errors for _, _, errors in usual)
    assert any(documents for _, documents, _ in usual)


def test_what_another_version_made_is_not_used_and_not_even_looked_at(monkeypatch):
    source = schema_source().replace("def schema():\n", "def schema():\n    import pydantic_of_tomorrow\n")
    assert "of_tomorrow" in source
    module = ModuleType(COMPILED)
    exec(source, module.__dict__)  # noqa: S102  our own source
    module.MADE = {"fedpolicy": "0", "pydantic": "2"}
    monkeypatch.setitem(sys.modules, COMPILED, module)

    assert not is_compiled()


def test_the_source_is_the_same_every_time():
    assert schema_source() == schema_source()
    assert "0x" not in schema_source()

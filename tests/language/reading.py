"""What the tests of the language share."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from fedpolicy.catalog import Catalog, load_catalog
from fedpolicy.language.reading import Document, Loaded, load_text
from fedpolicy.language.reading.source import read

HERE = Path(__file__).parent
ACCEPT = sorted((HERE / "accept").iterdir())
REJECT = sorted((HERE / "reject").glob("*.yaml"))


@lru_cache(maxsize=1)
def catalog() -> Catalog:
    return load_catalog()


def load(text: str | bytes, name: str = "deployment.yaml") -> Loaded:
    return load_text(text, name, catalog())


def one(text: str | bytes) -> Document:
    """The only document of a text without mistakes."""
    loaded = load(text)
    assert messages(loaded) == []
    (document,) = loaded.documents
    return document


def messages(loaded: Loaded) -> list[str]:
    return [str(error) for error in loaded.errors]


def mistakes(body: str) -> list[str]:
    """The mistakes of a document that starts as every document does, without the file's name."""
    return [message.removeprefix("deployment.yaml:") for message in messages(load(f"fedpolicy: 1\nname: x\n{body}"))]


def plain_documents(path: Path) -> list[object] | None:
    """The documents of a file as another tool sees them (lists, not tuples); None where its YAML is broken."""
    source = read(path.read_bytes(), path.name)
    if source.errors:
        return None
    return [json.loads(json.dumps(raw.tree)) for raw in source.documents]

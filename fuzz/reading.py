"""What judges share: a text as its documents, and documents as plain trees."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from fedpolicy import api
from fedpolicy.errors import FedPolicyError, Problems
from fedpolicy.language.reading.source import read
from fuzz.command import Broken, Vacuous, bounded
from fuzz.target import Box


@cache
def catalog() -> api.Catalog:
    """The facts that ship, read once."""
    return api.load_catalog()


def loaded(box: Box) -> tuple[tuple[api.Document, ...], list[FedPolicyError]]:
    """The documents of the only input, or its mistakes; one of both is there."""
    name, text = box.only
    errors: list[FedPolicyError] = []
    with bounded(("load", name), box.seconds):
        try:
            found = api.loads(text, name)
        except Problems as problems:
            found, errors = (), list(problems.errors)
    if not found and not errors:
        raise Broken("vanished", ("load", name), "neither a deployment nor a mistake")
    return found, errors


def sound(box: Box) -> tuple[api.Document, ...]:
    """The documents of an input that has no mistakes. Raises Vacuous otherwise."""
    found, _ = loaded(box)
    if not found:
        raise Vacuous
    return found


def trees_of(box: Box) -> list[Any]:
    """The trees of an input as another tool sees them: maps, lists and scalars."""
    name, text = box.only
    return [plain(raw.tree) for raw in read(text, name).documents]


def plain(tree: Any) -> Any:
    """A tree as JSON has it."""
    return json.loads(json.dumps(tree))

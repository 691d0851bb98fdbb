"""Does a tree of YAML have the shape that the type of a field asks for? Every mistake, each with its place."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml

from fedpolicy.catalog.read import Place, plain
from fedpolicy.errors import CatalogError
from fedpolicy.limits import MAX_QUANTITY
from fedpolicy.records import dataclass

_SIMPLE: Mapping[Any, tuple[tuple[type, ...], str, str]] = {
    str: ((str,), "text", "put it in quotes"),
    bool: ((bool,), "true or false", "write true or false, without quotes"),
    int: ((int,), "a whole number", "write digits only, without quotes"),
    float: ((int, float), "a number", "write a number, without quotes"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where the check is: the file, the node, and the dotted path that the user would write."""

    place: Place
    node: yaml.Node
    path: str

    def into(self, node: yaml.Node, key: str = "") -> Spot:
        """One step down."""
        return Spot(place=self.place, node=node, path=f"{self.path}.{key}" if self.path and key else self.path or key)

    def error(self, message: str, advice: str) -> CatalogError:
        """One mistake here."""
        return CatalogError(message, span=self.place.span(self.node), help=advice, path=self.path)


def suggestion(word: str, known: Collection[str], otherwise: str = "") -> str:
    """Advice for a word that is not known: the nearest one, else `otherwise`, else all of them."""
    near = get_close_matches(word, sorted(known), n=1)
    return f"did you mean {near[0]}?" if near else otherwise or f"use one of: {', '.join(known)}"


def entries(spot: Spot, errors: list[CatalogError]) -> dict[str, tuple[Spot, Spot]]:
    """The entries of a mapping as (key, value) by key; a key that is no text or stands twice is a mistake."""
    found: dict[str, tuple[Spot, Spot]] = {}
    if not isinstance(spot.node, yaml.MappingNode):
        errors.append(spot.error("this must be a mapping", "write `key: value` lines, indented"))
        return found
    for key, value in spot.node.value:
        word = plain(key)
        if not isinstance(word, str):
            errors.append(spot.into(key).error("a key must be text", "put the key in quotes"))
        elif word in found:
            errors.append(spot.into(key, word).error("this key stands twice", "keep one of the two"))
        else:
            found[word] = (spot.into(key, word), spot.into(value, word))
    return found


def misfits(hint: Any, spot: Spot) -> Iterator[CatalogError]:  # noqa: ANN401  a type of any kind
    """What is wrong with a value, given the type of its field."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        if not _is_null(spot.node):
            yield from misfits(next(arg for arg in args if arg is not NoneType), spot)
    elif origin is Literal:
        yield from _no_choice(args, spot)
    elif origin is tuple:
        yield from _no_list(args[0], spot)
    elif origin is Mapping:
        yield from _no_mapping(args, spot)
    elif is_dataclass(hint) and isinstance(hint, type):
        yield from misfits_of_class(hint, spot)
    else:
        yield from _no_scalar(hint, spot)


def misfits_of_class(row: type, spot: Spot, title: Spot | None = None) -> Iterator[CatalogError]:
    """What is wrong with a mapping that should hold the fields of a dataclass; its key is its `id` and `title`."""
    errors: list[CatalogError] = []
    hints = {name: hint for name, hint in get_type_hints(row).items() if name != "id"}
    found = entries(spot, errors)
    yield from errors
    for name, (key, value) in found.items():
        if name in hints:
            yield from misfits(hints[name], value)
        else:
            yield key.error("there is no such key", suggestion(name, hints))
    if isinstance(spot.node, yaml.MappingNode):
        yield from (
            (title or spot).error(f"{field.name} is missing", f"add `{field.name}:`")
            for field in fields(row)
            if field.name in hints and field.name not in found
            if field.default is MISSING and field.default_factory is MISSING
        )


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and plain(node) is None


def _no_scalar(hint: Any, spot: Spot) -> Iterator[CatalogError]:  # noqa: ANN401  a type of any kind
    types, name, advice = _SIMPLE[hint]
    value = plain(spot.node) if isinstance(spot.node, yaml.ScalarNode) else None
    if not isinstance(value, types) or (isinstance(value, bool) and hint is not bool):
        yield spot.error(f"this must be {name}", advice)
    elif isinstance(value, (int, float)) and not abs(value) <= MAX_QUANTITY:
        yield spot.error("this number is out of range", f"write a number of at most {MAX_QUANTITY:,}")


def _no_choice(choices: tuple[str, ...], spot: Spot) -> Iterator[CatalogError]:
    value = plain(spot.node) if isinstance(spot.node, yaml.ScalarNode) else None
    if not isinstance(value, str):
        yield spot.error("this must be one word", f"use one of: {', '.join(choices)}")
    elif value not in choices:
        yield spot.error(f"{value} is not a value of this key", suggestion(value, choices))


def _no_list(item: Any, spot: Spot) -> Iterator[CatalogError]:  # noqa: ANN401  a type of any kind
    if isinstance(spot.node, yaml.SequenceNode):
        for node in spot.node.value:
            yield from misfits(item, spot.into(node))
    elif isinstance(spot.node, yaml.ScalarNode) and not is_dataclass(item):
        yield from misfits(item, spot)
    else:
        yield spot.error("this must be a list", "write `[a, b]`, or one `- item` a line")


def _no_mapping(args: tuple[Any, ...], spot: Spot) -> Iterator[CatalogError]:
    errors: list[CatalogError] = []
    found = entries(spot, errors)
    yield from errors
    for key, value in found.values():
        yield from misfits(args[0], key)
        yield from misfits(args[1], value)

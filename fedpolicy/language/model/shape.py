"""The shape of the language, read off its declarations: which keys an entry has, and what stands behind each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from fedpolicy.language.model.entry import NAMED, Declared, Entry, Named
from fedpolicy.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """
    What may stand in one place.

    An entry (a map of known keys), an entry chosen by its `kind`, a map by id, a list, or else one value: one of some
    `choices`, else of the type `scalar`.
    """

    entry: type[Entry] | None = None
    kinds: Mapping[str, type[Entry]] | None = None
    values: Shape | None = None
    items: Shape | None = None
    choices: tuple[str, ...] = ()
    scalar: type | None = None

    def entry_for(self, tree: object) -> type[Entry] | None:
        """The entry that this tree is meant to be, where that can be said."""
        if self.kinds is None:
            return self.entry
        kind = tree.get("kind") if isinstance(tree, dict) else None
        if isinstance(kind, dict):
            kind = kind.get("value")
        return self.kinds.get(kind) if isinstance(kind, str) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """
    One key of an entry: its help, and what may stand behind it.

    `open` ones may be written `unknown`; rules may read those with `rule`; `names` says what the values name.
    `attribute` is its name in Python, `unknown` what it holds where nobody knows (`...`: it cannot be unknown).
    """

    name: str
    attribute: str
    about: str
    open: bool
    required: bool
    default: object
    rule: bool
    names: Named | None
    unknown: object
    shape: Shape


VALUE = Shape()


@cache
def entry_shape(entry: type[Entry]) -> Mapping[str, Key]:
    """The keys of an entry as users write them (`from`, not `from_`), in the order of their declaration."""
    return {key.name: key for key in (_key(entry.declared[name], name, kind) for name, kind in entry.types.items())}


def entries_under(entry: type[Entry]) -> Iterator[type[Entry]]:
    """An entry and all that may stand below it, each once."""
    found = {entry: None}
    pending = [entry]
    while pending:
        below = {inner: None for key in entry_shape(pending.pop()).values() for inner in _inside(key.shape)}
        pending += [inner for inner in below if inner not in found]
        found |= below
    yield from found


def _inside(shape: Shape) -> Iterator[type[Entry]]:
    if shape.entry is not None:
        yield shape.entry
    yield from (shape.kinds or {}).values()
    for nested in (shape.values, shape.items):
        if nested is not None:
            yield from _inside(nested)


def paths_in(entry: type[Entry], dots: int) -> Iterator[str]:
    """The keys of an entry, with those of the entries behind them, joined by at most so many dots."""
    for name, key in entry_shape(entry).items():
        yield name
        below = [] if not dots else [key.shape.entry] if key.shape.entry else (key.shape.kinds or {}).values()
        yield from (f"{name}.{path}" for inner in below for path in paths_in(inner, dots - 1))


def words_of(entry: type[Entry], name: str) -> tuple[str, ...]:
    """All words that a key can hold."""
    shape = entry_shape(entry)[name].shape
    return (shape.items or shape).choices


def _key(declared: Declared, name: str, annotation: Any) -> Key:  # noqa: ANN401  typing's own forms
    return Key(
        name=declared.alias or name,
        attribute=name,
        about=declared.about,
        open=declared.open,
        required=declared.default is ...,
        default=None if declared.default is ... else declared.default,
        rule=declared.rule,
        names=NAMED[declared.names] if declared.names else None,
        unknown=declared.unknown,
        shape=_shape(annotation),
    )


def _shape(annotation: Any) -> Shape:  # noqa: ANN401  typing's own forms have no common type
    origin = get_origin(annotation)
    if origin is Annotated:
        return _shape(get_args(annotation)[0])
    if origin is Literal:
        return Shape(choices=tuple(str(choice) for choice in get_args(annotation)), scalar=str)
    if origin is Union or origin is UnionType:
        return _union([_bare(arg) for arg in get_args(annotation) if arg is not NoneType])
    if origin is tuple:
        return Shape(items=_shape(get_args(annotation)[0]))
    if origin is dict:
        return Shape(values=_shape(get_args(annotation)[1]))
    return _plain(annotation) if isinstance(annotation, type) else VALUE


def _plain(annotation: type) -> Shape:
    return Shape(entry=annotation) if issubclass(annotation, Entry) else Shape(scalar=annotation)


def _bare(annotation: Any) -> Any:  # noqa: ANN401
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _union(members: list[Any]) -> Shape:
    if len(members) == 1:
        return _shape(members[0])
    if all(isinstance(member, type) and issubclass(member, Entry) for member in members):
        return Shape(kinds={get_args(member.types["kind"])[0]: member for member in members})
    return VALUE

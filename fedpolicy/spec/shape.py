"""The shape of the language, read off the models: which keys an entry has, and what stands behind each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from fedpolicy.records import dataclass
from fedpolicy.spec.types import Entry

__all__ = ["VALUE", "Key", "Shape", "entry_shape"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """
    What may stand in one place.

    An entry (a map of known keys), an entry chosen by its `kind`, a map by id, a list, or else one value.
    """

    entry: type[Entry] | None = None
    kinds: Mapping[str, type[Entry]] | None = None
    values: Shape | None = None
    items: Shape | None = None
    choices: tuple[str, ...] = ()

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
    """One key of an entry; `open` ones may be written `unknown`."""

    name: str
    open: bool
    required: bool
    shape: Shape


VALUE = Shape()


@cache
def entry_shape(entry: type[Entry]) -> Mapping[str, Key]:
    """The keys of an entry as users write them (`from`, not `from_`), in the order of the models."""
    return {field.alias or name: _key(field.alias or name, field) for name, field in entry.model_fields.items()}


def _key(name: str, field: FieldInfo) -> Key:
    extra = field.json_schema_extra
    opened = isinstance(extra, dict) and bool(extra.get("x-open"))
    return Key(name=name, open=opened, required=field.is_required(), shape=_shape(field.annotation))


def _shape(annotation: Any) -> Shape:  # noqa: ANN401  typing's own forms have no common type
    origin = get_origin(annotation)
    if origin is Annotated:
        return _shape(get_args(annotation)[0])
    if origin is Literal:
        return Shape(choices=tuple(str(choice) for choice in get_args(annotation)))
    if origin is Union or origin is UnionType:
        return _union([_bare(arg) for arg in get_args(annotation) if arg is not NoneType])
    if origin is tuple:
        return Shape(items=_shape(get_args(annotation)[0]))
    if origin is dict:
        return Shape(values=_shape(get_args(annotation)[1]))
    return Shape(entry=annotation) if isinstance(annotation, type) and issubclass(annotation, Entry) else VALUE


def _bare(annotation: Any) -> Any:  # noqa: ANN401
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _union(members: list[Any]) -> Shape:
    if len(members) == 1:
        return _shape(members[0])
    if all(isinstance(member, type) and issubclass(member, Entry) for member in members):
        return Shape(kinds={get_args(member.model_fields["kind"].annotation)[0]: member for member in members})
    return VALUE

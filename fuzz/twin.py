"""The language once more, as pydantic reads it: made from the same annotations, and nothing of our own reader's."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, reduce
from operator import or_
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationError, create_model
from pydantic_core import PydanticCustomError

from fedpolicy.language.model import Deployment
from fedpolicy.language.model.entry import Entry
from fedpolicy.language.model.shape import Shape, entry_shape
from fedpolicy.language.model.types import Read, Within, Written
from fedpolicy.language.reading import OWN, check_header
from fedpolicy.language.reading.claims import lift
from fedpolicy.language.reading.source import read
from fedpolicy.language.reading.validator import Invalid, validated

_STRICT = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)
_BOUNDS = ("gt", "lt", "le", "ge")


def trees(text: bytes) -> Iterator[object]:
    """What the validator gets of each document of a file."""
    for raw in read(text, "d.yaml").documents:
        if check_header(raw.tree, entry_shape(Deployment))[1]:
            own = {key: value for key, value in raw.tree.items() if not key.startswith(OWN)}
            yield lift(own, Shape(entry=Deployment)).tree


def both_read(tree: object) -> tuple[object, object]:
    """A tree as our reader has it and as pydantic has it: its values and what was stated, or else what is wrong."""
    try:
        ours: object = _values(validated(tree))
    except Invalid as error:
        ours = [(flaw.type, (*flaw.path, *["[key]"] * flaw.of_key), repr(flaw.value)) for flaw in error.flaws]
    try:
        theirs: object = _values(_twin(Deployment).model_validate(tree))
    except ValidationError as error:
        theirs = [
            (one["type"].replace("model_attributes", "model"), tuple(_steps(one["loc"], tree)), repr(one["input"]))
            for one in error.errors(include_url=False)
        ]
    return ours, theirs


def _steps(location: tuple[Any, ...], tree: Any) -> Iterator[Any]:
    """The same without the kinds that pydantic puts among the keys."""
    for step in location:
        if isinstance(tree, dict) and step not in tree and step == tree.get("kind"):
            continue
        yield step
        if isinstance(tree, dict):
            tree = tree.get(step)
        elif isinstance(tree, tuple) and isinstance(step, int):
            tree = tree[step]


def _values(value: Any) -> Any:
    if isinstance(value, Entry):
        return type(value).__name__, sorted(value.stated), {name: _values(getattr(value, name)) for name in value.types}
    if isinstance(value, BaseModel):
        fields = {name: _values(getattr(value, name)) for name in type(value).model_fields}
        return type(value).__name__, sorted(value.model_fields_set), fields
    if isinstance(value, dict):
        return [(key, _values(one)) for key, one in value.items()]
    return tuple(map(_values, value)) if isinstance(value, tuple) else (type(value), value)


@cache
def _twin(entry: type[Entry]) -> type[BaseModel]:
    fields = {}
    for name, kind in entry.types.items():
        key = entry.declared[name]
        default = {} if isinstance(key.default, Entry) else {"default": key.default}
        default = default or {"default_factory": _twin(type(key.default))}
        fields[name] = (_annotation(kind), Field(alias=key.alias, **default))
    return create_model(entry.__name__, __config__=_STRICT, **fields)


def _annotation(kind: Any) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return Annotated[(_annotation(inner[0]), *_marks(inner[1]))]
    if origin is tuple:
        return tuple[_annotation(inner[0]), ...]
    if origin is dict:
        return dict[_annotation(inner[0]), _annotation(inner[1])]
    if origin in (Union, UnionType):
        found = reduce(or_, (_annotation(one) for one in inner))
        kinds = all(isinstance(one, type) and issubclass(one, Entry) for one in inner)
        return Annotated[found, Field(discriminator="kind")] if kinds else found
    if origin is Literal:
        return Annotated[kind, BeforeValidator(_no_truth)] if 1 in inner else kind
    return _twin(kind) if issubclass(kind, Entry) else kind


def _no_truth(value: object) -> object:
    """Pydantic takes `true` for 1 among choices, also where it is strict."""
    if value is True:
        raise PydanticCustomError("literal_error", "`true` is no number")
    return value


def _marks(mark: object) -> Iterator[object]:
    if isinstance(mark, Read):
        yield PlainValidator(mark.by)
    elif isinstance(mark, Within):
        bounds = {name: getattr(mark, name) for name in _BOUNDS if getattr(mark, name) is not None}
        yield Field(min_length=mark.min_length or None, **bounds)
    elif isinstance(mark, Written):
        yield BeforeValidator(mark.by)
        if mark.filled:
            yield Field(min_length=1)

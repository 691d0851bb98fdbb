"""
A tree -> the entries of the language, or everything in it that does not fit its place.

A reader of an entry is made from its declarations when the first such entry is read: a file uses few of them, and a
check is short. Nothing is converted: `"3"` is not 3. Sequences are tuples.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from math import isfinite
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from fedpolicy.language.model import Deployment
from fedpolicy.language.model.entry import Entry
from fedpolicy.language.model.types import Read, Within, Written
from fedpolicy.language.reading.spans import Path
from fedpolicy.records import dataclass

Reader = Callable[[Any], Any]
One = TypeVar("One", bound=Entry)


@dataclass(frozen=True, slots=True)
class Flaw:
    """
    One value that does not fit: why, as a word, and where.

    `limit` is the bound that it breaks, `said` what the reader of its type said, and `of_key` whether the key is meant.
    """

    type: str
    value: object
    path: Path = ()
    limit: float = 0
    said: str = ""
    of_key: bool = False

    def under(self, step: str | int) -> Flaw:
        """The same, seen from one level above."""
        return Flaw(self.type, self.value, (step, *self.path), self.limit, self.said, self.of_key)


class Invalid(Exception):  # noqa: N818  it is the answer to a question
    """What has been read is no such entry."""

    def __init__(self, flaws: Iterable[Flaw]) -> None:
        """Hold every flaw, in the order of the declarations."""
        super().__init__("this does not fit the language")
        self.flaws = tuple(flaws)


def validated(tree: object) -> Deployment:
    """Read a whole deployment. Raises Invalid with every flaw."""
    return validated_as(Deployment, tree)


def validated_as(entry: type[One], tree: object) -> One:
    """Read one entry. Raises Invalid with every flaw."""
    found: One = _entry(entry)(tree)
    return found


@cache
def _entry(entry: type[Entry]) -> Reader:
    keys = {entry.declared[name].alias or name: (name, _reader(kind)) for name, kind in entry.types.items()}
    blank = {name: entry.declared[name].default for name in entry.types}
    needed = frozenset(written for written, (name, _) in keys.items() if blank[name] is ...)
    places = {written: place for place, written in enumerate(keys)}

    @lru_cache(maxsize=1024)  # many entries of a file state the same keys
    def told(*written: str) -> tuple[frozenset[str], frozenset[str]]:
        """What is stated by these keys, and which are missing."""
        return frozenset(keys[one][0] for one in written if one in keys), needed.difference(written)

    def read(tree: object) -> Entry:
        if not isinstance(tree, dict):
            raise _wrong("model_type", tree)
        stated, missing = told(*tree)
        values = blank.copy()
        flaws: list[Flaw] = []
        for written, value in tree.items():
            name, reader = keys.get(written) or (written, _superfluous)
            try:
                values[name] = reader(value)
            except Invalid as error:
                flaws += [flaw.under(written) for flaw in error.flaws]
        if flaws or missing:
            flaws += [Flaw("missing", tree, (written,)) for written in missing]
            raise Invalid(sorted(flaws, key=lambda flaw: places.get(str(flaw.path[0]), len(places))))
        return entry.made(values, stated)

    return read


def _superfluous(value: object) -> object:
    raise _wrong("extra_forbidden", value)


def _reader(annotation: Any) -> Reader:  # noqa: ANN401  typing's own forms have no common type
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is None:
        return _PLAIN[annotation] if annotation in _PLAIN else _later(annotation)
    return _FORMS[origin](*inner)


def _later(entry: type[Entry]) -> Reader:
    return lambda value: _entry(entry)(value)  # noqa: PLW0108  its reader is made when it is needed


def _marked(annotation: Any, mark: Read | Within | Written) -> Reader:  # noqa: ANN401
    if isinstance(mark, Read):
        return _own(mark.by)
    inner = _reader(annotation)
    return _bounded(inner, mark) if isinstance(mark, Within) else _rewritten(inner, mark)


def _own(by: Reader) -> Reader:
    def read(value: object) -> object:
        try:
            return by(value)
        except ValueError as error:
            raise _wrong("value_error", value, said=str(error)) from None

    return read


def _rewritten(inner: Reader, mark: Written) -> Reader:
    def read(value: object) -> object:
        found = inner(mark.by(value))
        if mark.filled and not found:
            raise _wrong("too_short", value)
        return found

    return read


# By the bound: the word for what lies beyond it, and what that is.
_BEYOND: Sequence[tuple[str, str, Callable[[Any, float], bool]]] = (
    ("le", "less_than_equal", operator.gt),
    ("lt", "less_than", operator.ge),
    ("ge", "greater_than_equal", operator.lt),
    ("gt", "greater_than", operator.le),
    ("min_length", "string_too_short", lambda value, limit: len(value) < limit),
)


def _bounded(inner: Reader, mark: Within) -> Reader:
    limits = ((name, getattr(mark, bound), beyond) for bound, name, beyond in _BEYOND)
    bounds = [(name, limit, beyond) for name, limit, beyond in limits if limit is not None]

    def read(value: object) -> object:
        found = inner(value)
        for name, limit, beyond in bounds:
            if beyond(found, limit):
                raise _wrong(name, value, limit=limit)
        return found

    return read


def _word(*words: object) -> Reader:
    known = {(type(word), word): word for word in words}  # 1 is not true
    texts = {word: word for word in words if isinstance(word, str)}

    def read(value: object) -> object:
        if type(value) is str and value in texts:
            return texts[value]
        if isinstance(value, (str, int)) and (type(value), value) in known:
            return known[type(value), value]
        raise _wrong("literal_error", value)

    return read


def _one_of(*members: Any) -> Reader:  # noqa: ANN401
    some = [member for member in members if member is not NoneType]
    inner = _reader(some[0]) if len(some) == 1 else _tagged(some)
    return inner if len(some) == len(members) else lambda value: None if value is None else inner(value)


def _tagged(members: list[type[Entry]]) -> Reader:
    """One of several entries, each with a `kind` of its own."""
    kinds = {kind: member for member in members for kind in get_args(member.types["kind"])}

    def read(value: object) -> object:
        if not isinstance(value, dict):
            raise _wrong("model_type", value)
        if "kind" not in value:
            raise _wrong("union_tag_not_found", value)
        kind = value["kind"]
        if not isinstance(kind, str) or kind not in kinds:
            raise _wrong("union_tag_invalid", value)
        return _entry(kinds[kind])(value)

    return read


def _each(item: Any, _: object) -> Reader:  # noqa: ANN401
    inner = _reader(item)

    def read(value: object) -> object:
        if not isinstance(value, tuple):
            raise _wrong("tuple_type", value)
        found, flaws = [], []
        for place, one in enumerate(value):
            try:
                found.append(inner(one))
            except Invalid as error:
                flaws += [flaw.under(place) for flaw in error.flaws]
        if flaws:
            raise Invalid(flaws)
        return tuple(found)

    return read


def _by_id(id_: Any, item: Any) -> Reader:  # noqa: ANN401
    name, inner = _reader(id_), _reader(item)

    def read(value: object) -> object:
        if not isinstance(value, dict):
            raise _wrong("dict_type", value)
        found: dict[object, object] = {}
        flaws: list[Flaw] = []
        for key, one in value.items():
            try:
                name(key)
            except Invalid as error:
                flaws += [Flaw(flaw.type, key, (key,), flaw.limit, flaw.said, of_key=True) for flaw in error.flaws]
            try:
                found[key] = inner(one)
            except Invalid as error:
                flaws += [flaw.under(key) for flaw in error.flaws]
        if flaws:
            raise Invalid(flaws)
        return found

    return read


def _exactly(kind: type, word: str) -> Reader:
    def read(value: object) -> object:
        if type(value) is kind:
            return value
        raise _wrong(word, value)

    return read


def _number(value: object) -> float:
    """A whole number is a number, too, where it is not too large for one."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong("float_type", value)
    try:
        found = float(value)
    except OverflowError:
        raise _wrong("float_type", value) from None
    if not isfinite(found):
        raise _wrong("finite_number", value)
    return found


_PLAIN: Mapping[type, Reader] = {
    str: _exactly(str, "string_type"),
    bool: _exactly(bool, "bool_type"),
    int: _exactly(int, "int_type"),
    float: _number,
}


_FORMS: Mapping[object, Callable[..., Reader]] = {
    Annotated: _marked,
    Literal: _word,
    Union: _one_of,
    UnionType: _one_of,
    tuple: _each,
    dict: _by_id,
}


def _wrong(word: str, value: object, *, limit: float = 0, said: str = "") -> Invalid:
    return Invalid([Flaw(word, value, limit=limit, said=said)])

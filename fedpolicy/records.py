"""
`dataclass` as the standard library has it, but quicker to define.

The standard library compiles six methods for each frozen class. A check defines about a hundred classes, which took a
seventh of its time with Python 3.11. Here `__init__` alone is compiled; the other methods read the fields with one
getter each. Type checkers see the standard decorator, and classes behave as if it had made them: see
tests/house/test_records.py.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

_Methods = dict[str, Callable[..., Any]]


def _quick(*, frozen: bool = False, slots: bool = False, eq: bool = True, **other: bool) -> Callable[[type], type]:
    """Make a frozen class with slots from its annotations; any other kind is left to the standard library."""
    if not (frozen and slots) or other.keys() - {"kw_only"}:
        return dataclasses.dataclass(frozen=frozen, slots=slots, eq=eq, **other)

    def decorate(cls: type) -> type:
        made: type[Any] = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, **other)(cls)
        fields = dataclasses.fields(made)
        names = tuple(one.name for one in fields)
        methods = {"__init__": _init(made, fields), **_reading(names), **_FROZEN, **(_equality(names) if eq else {})}
        for name, method in methods.items():
            if name not in cls.__dict__:  # what a class says itself holds
                setattr(made, name, method)
        return made

    return decorate


def _init(cls: type, fields: tuple[dataclasses.Field[Any], ...]) -> Callable[..., None]:
    known: dict[str, Any] = {"_made": object()}
    named: list[str] = []
    plain: list[str] = []
    body: list[str] = []
    for one in fields:
        value = one.name
        default = ""
        if one.default is not dataclasses.MISSING:
            default, known[f"_default_{value}"] = f"=_default_{value}", one.default
        elif one.default_factory is not dataclasses.MISSING:
            default, known[f"_make_{value}"] = "=_made", one.default_factory
            value = f"_make_{value}() if {value} is _made else {value}"
        (named if one.kw_only else plain).append(one.name + default)
        # A slot sets itself in two thirds of the time that it takes to be found by its name.
        known[f"_set_{one.name}"] = getattr(cls, one.name).__set__
        body.append(f"_set_{one.name}(self, {value})")
    arguments = ", ".join(["self", *plain, *(["*", *named] if named else [])])
    exec(f"def __init__({arguments}):\n " + "\n ".join(body or ["pass"]), known)  # noqa: S102  names of our own classes
    made: Callable[..., None] = known["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _reading(names: tuple[str, ...]) -> _Methods:
    def shown(self: object) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    def state(self: object) -> list[object]:
        return [getattr(self, name) for name in names]

    def restore(self: object, values: list[object]) -> None:
        for name, value in zip(names, values, strict=True):
            object.__setattr__(self, name, value)

    return {"__repr__": shown, "__getstate__": state, "__setstate__": restore}


def _equality(names: tuple[str, ...]) -> _Methods:
    read: Callable[[object], object] = attrgetter(*names) if names else lambda _: ()

    def equal(self: object, other: object) -> bool:
        return read(self) == read(other) if other.__class__ is self.__class__ else NotImplemented

    return {"__eq__": equal, "__hash__": lambda self: hash(read(self))}


def _refuse_to_set(_: object, name: str, __: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


_FROZEN: _Methods = {"__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _quick

"""
`dataclass` as the standard library has it, but quicker to define.

The standard library compiles up to six methods for each class. A check defines about 150 classes, which took a seventh
of its time with Python 3.11. Here `__init__` alone is compiled, once for all classes of one form; the other methods
read the fields with one getter each. Type checkers see the standard decorator, and classes behave as if it had made
them: see tests/house/test_records.py.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache
from operator import attrgetter, ge, gt, le, lt
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

_Methods = dict[str, Callable[..., Any]]
_MADE: Any = object()  # the default of a field whose default is made anew each time


def _quick(
    *, frozen: bool = False, slots: bool = False, eq: bool = True, order: bool = False, **other: bool
) -> Callable[[type], type]:
    """Make a class with slots from its annotations; any other kind is left to the standard library."""
    standard = dataclasses.dataclass(frozen=frozen, slots=slots, eq=eq, order=order, **other)
    if not slots or other.keys() - {"kw_only"}:
        return standard

    def decorate(cls: type) -> type:
        if hasattr(cls, "__post_init__"):
            return standard(cls)
        # Without any, the standard library would write a signature there, which takes longer than all the rest.
        cls.__doc__ = cls.__doc__ or cls.__name__
        made: type[Any] = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, **other)(cls)
        fields = dataclasses.fields(made)
        names = tuple(one.name for one in fields)
        methods = {"__init__": _init(made, fields), "__repr__": _shown(names)}
        methods |= {**_reading(names), **_FROZEN} if frozen else {}
        methods |= _equality(names) if eq else {}
        methods |= _order(names) if order else {}
        for name, method in methods.items():
            if name not in cls.__dict__:  # what a class says itself holds
                setattr(made, name, method)
        if eq and not frozen:
            setattr(made, "__hash__", None)  # noqa: B010  what can change has no hash
        return made

    return decorate


def _init(cls: type, fields: tuple[dataclasses.Field[Any], ...]) -> Callable[..., None]:
    """Fill in a template: what differs between two classes of one form are names, and what the names mean."""
    plain = [one for one in fields if not one.kw_only]
    named = [one for one in fields if one.kw_only]
    known: dict[str, Any] = {"_made": _MADE, "__builtins__": {}}
    defaults: dict[str, object] = {}
    made = []
    for place, one in enumerate([*plain, *named]):
        # A slot sets itself in two thirds of the time that it takes to be found by its name.
        known[f"_set_{place}"] = getattr(cls, one.name).__set__
        if one.default is not dataclasses.MISSING:
            defaults[one.name] = one.default
        elif one.default_factory is not dataclasses.MISSING:
            defaults[one.name], known[f"_make_{place}"] = _MADE, one.default_factory
            made.append(place)
    code = _template(len(plain), len(named), tuple(made)).replace(
        co_varnames=("self", *(one.name for one in (*plain, *named))),
        co_name="__init__",
        co_qualname=f"{cls.__qualname__}.__init__",
    )
    positional = tuple(defaults[one.name] for one in plain if one.name in defaults)
    init = FunctionType(code, known, "__init__", positional)
    init.__kwdefaults__ = {one.name: defaults[one.name] for one in named if one.name in defaults}
    init.__module__ = cls.__module__
    return init


@cache
def _template(plain: int, named: int, made: tuple[int, ...]) -> CodeType:
    """`__init__` of so many positional and named arguments; those at the places `made` have a factory."""
    names = [f"_{place}" for place in range(plain + named)]
    values = [
        f"_make_{place}() if {name} is _made else {name}" if place in made else name for place, name in enumerate(names)
    ]
    body = [f"_set_{place}(self, {value})" for place, value in enumerate(values)]
    arguments = ", ".join(["self", *names[:plain], *(["*", *names[plain:]] if named else [])])
    source = f"def __init__({arguments}):\n " + "\n ".join(body or ["pass"])
    code: CodeType = compile(source, "<record>", "exec").co_consts[0]
    return code


def _shown(names: tuple[str, ...]) -> Callable[[object], str]:
    def shown(self: object) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return shown


def _reading(names: tuple[str, ...]) -> _Methods:
    def state(self: object) -> list[object]:
        return [getattr(self, name) for name in names]

    def restore(self: object, values: list[object]) -> None:
        for name, value in zip(names, values, strict=True):
            object.__setattr__(self, name, value)

    return {"__getstate__": state, "__setstate__": restore}


def _equality(names: tuple[str, ...]) -> _Methods:
    read: Callable[[object], object] = attrgetter(*names) if names else lambda _: ()

    def equal(self: object, other: object) -> bool:
        return read(self) == read(other) if other.__class__ is self.__class__ else NotImplemented

    return {"__eq__": equal, "__hash__": lambda self: hash(read(self))}


def _order(names: tuple[str, ...]) -> _Methods:
    read: Callable[[object], Any] = attrgetter(*names) if names else lambda _: ()

    def comparing(compare: Callable[[Any, Any], bool]) -> Callable[[object, object], bool]:
        return lambda self, other: (
            compare(read(self), read(other)) if other.__class__ is self.__class__ else NotImplemented
        )

    return {"__lt__": comparing(lt), "__le__": comparing(le), "__gt__": comparing(gt), "__ge__": comparing(ge)}


def _refuse_to_set(_: object, name: str, __: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


_FROZEN: _Methods = {"__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _quick

"""
`dataclass` as the standard library has it, but quicker to define.

A check defines about 200 classes. The standard library looks at each of their fields with a regular expression and
compiles up to six methods for each class, which took a fifth of a check's time with Python 3.11; to import it, with all
that looks at code, took a twentieth. Here `__init__` alone is compiled, when the first object is made, once for all
classes of as many fields, or was when the wheel was built; the other methods read the fields with one getter each; and
what `dataclasses.fields` looks at is made when it does. Type checkers see the standard decorator, and classes behave as
if it had made them: see tests/house/test_records.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache
from operator import attrgetter, ge, gt, le, lt
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, cast

__all__ = ["dataclass", "field", "replace"]

_Methods = dict[str, Callable[..., Any]]
FORMS = "fedpolicy._data.forms"  # a module of the wheel; a checkout has none
_CARRIED = 32  # fields; no class of a check has as many
_MADE: Any = object()  # the default of a field whose default is made anew each time
_MISSING: Any = object()  # the default of a field that has none
_UNLIKE = ("ClassVar", "InitVar", "dataclasses.", "KW_ONLY")  # annotations that are no fields


class _Factory:
    """How a default is made anew for each object."""

    __slots__ = ("default_factory",)

    def __init__(self, default_factory: Callable[[], Any]) -> None:
        self.default_factory = default_factory


def _field(*, default_factory: Callable[[], Any]) -> Any:  # noqa: ANN401  stands for a default of any type
    """What a class says of a field whose default is made anew; the standard library can say more."""
    return _Factory(default_factory)


# What a class says of a field: its type, whether it is given by name, and its default; one that is made anew is a
# `_Factory`. A tuple: a check makes a thousand of them.
_Told = tuple[str, bool, Any]


def _quick(
    *, frozen: bool = False, slots: bool = False, eq: bool = True, order: bool = False, **other: bool
) -> Callable[[type], type]:
    """Make a class with slots from its annotations; any other kind is left to the standard library."""

    def standard(cls: type) -> type:
        import dataclasses  # noqa: PLC0415  no class of a plain check needs it

        for name, value in [*cls.__dict__.items()]:
            if type(value) is _Factory:
                setattr(cls, name, dataclasses.field(default_factory=value.default_factory))
        return dataclasses.dataclass(frozen=frozen, slots=slots, eq=eq, order=order, **other)(cls)

    if not slots or other.keys() - {"kw_only"}:
        return standard

    def decorate(cls: type) -> type:
        told = _told(cls, named=other.get("kw_only", False))
        if told is None:
            return standard(cls)
        names = tuple(told)
        methods: dict[str, Any] = {**_COMMON, **(_FROZEN if frozen else {})}
        methods |= _equality(names) if eq else {}
        methods |= _order(names) if order else {}
        if eq and not frozen:
            methods["__hash__"] = None  # what can change has no hash
        return _made(cls, told, methods)

    return decorate


def _told(cls: type, *, named: bool) -> Mapping[str, _Told] | None:
    """The fields of a class, those of its bases first; None where it has something that is not known here."""
    told: dict[str, _Told] = {}
    for base in reversed(cls.__mro__[1:-1]):
        if "__record__" in base.__dict__:
            told |= base.__dict__["__record__"]
        elif "__dataclass_fields__" in base.__dict__:
            return None
    for name, kind in cls.__annotations__.items():
        if not isinstance(kind, str):
            return None
        if not kind.startswith(_UNLIKE):
            told[name] = kind, named, cls.__dict__.get(name, _MISSING)
        elif not kind.startswith("ClassVar"):
            return None
    return told if _is_plain(told.values()) and not hasattr(cls, "__post_init__") else None


def _is_plain(told: Collection[_Told]) -> bool:
    """Whether every default is a value that cannot change, or made anew, and none stands before a field without."""
    placed = [default is not _MISSING for _, named, default in told if not named]
    return placed == sorted(placed) and all(default is _MISSING or _holds(default) for _, _, default in told)


def _holds(default: Any) -> bool:  # noqa: ANN401  of any field
    """Whether every object can have this default; what a `Field` of the standard library says, it reads itself."""
    of = type(default)
    return of is _Factory or (default.__hash__ is not None and (of.__module__, of.__name__) != ("dataclasses", "Field"))


def _made(cls: type, told: Mapping[str, _Told], methods: Mapping[str, Any]) -> type:
    """The same class with slots, as the standard library makes it anew."""
    of_bases = {name for base in cls.__mro__[1:-1] for name in base.__dict__.get("__slots__", ())}
    own = {name: value for name, value in cls.__dict__.items() if name not in told and name not in _NOT_OWN}
    later = [_Later(name, make) for name, make in _LATER]
    body: dict[str, Any] = {
        **methods,
        **{one.name: one for one in later},
        "__match_args__": tuple([name for name, (_, named, _) in told.items() if not named]),
        **own,
        "__record__": told,
        "__slots__": tuple([name for name in told if name not in of_bases]),
    }
    made = type(cls)(cls.__name__, cls.__bases__, body)
    made.__qualname__ = cls.__qualname__
    for one in later:
        one.owner = made
    return made


_NOT_OWN = ("__dict__", "__weakref__")


class _Later:
    """What a class has once somebody asks for it."""

    __slots__ = ("make", "name", "owner")

    def __init__(self, name: str, make: Callable[[Any], Any]) -> None:
        self.name, self.make = name, make
        self.owner: type = _Later

    def __get__(self, instance: object, _: type | None = None) -> Any:  # noqa: ANN401  whatever is made
        made = self.make(self.owner)
        setattr(self.owner, self.name, made)
        return made.__get__(instance) if instance is not None and hasattr(made, "__get__") else made


def _standard(cls: Any) -> Any:  # noqa: ANN401  a class of another library
    """A class of the same fields without methods, made by the standard library."""
    import dataclasses  # noqa: PLC0415  what few classes are asked for

    # Without words there, the standard library would write a signature, which takes longer than all the rest.
    body: dict[str, Any] = {"__doc__": cls.__name__, "__annotations__": {}}
    for name, (kind, named, default) in cls.__record__.items():
        made = {"default_factory": default.default_factory} if type(default) is _Factory else {"default": default}
        body["__annotations__"][name] = kind
        body[name] = dataclasses.field(kw_only=named, **({} if default is _MISSING else made))
    return dataclasses.dataclass(init=False, repr=False, eq=False, match_args=False)(type(cls.__name__, (), body))


# What few classes are asked for, and `__init__`, which few need at once.
_LATER: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("__init__", lambda cls: _init(cls, cls.__record__)),
    ("__dataclass_fields__", lambda cls: _standard(cls).__dataclass_fields__),
    ("__dataclass_params__", lambda cls: _standard(cls).__dataclass_params__),
)


def _init(cls: type, told: Mapping[str, _Told]) -> Callable[..., None]:
    """Fill in a form: what differs between two classes of as many fields are names, and what the names mean."""
    plain = [name for name, (_, by_name, _) in told.items() if not by_name]
    named = [name for name, (_, by_name, _) in told.items() if by_name]
    known: dict[str, Any] = {"__builtins__": {}}
    defaults: dict[str, object] = {}
    for place, name in enumerate([*plain, *named]):
        # A slot sets itself in two thirds of the time that it takes to be found by its name.
        write, default = getattr(cls, name).__set__, told[name][2]
        if type(default) is _Factory:
            write, default = _fresh(write, default.default_factory), _MADE
        if default is not _MISSING:
            defaults[name] = default
        known[f"_set_{place}"] = write
    code = form(len(told)).replace(
        co_argcount=1 + len(plain),
        co_kwonlyargcount=len(named),
        co_varnames=("self", *plain, *named),
        co_name="__init__",
        co_qualname=f"{cls.__qualname__}.__init__",
    )
    positional = tuple(defaults[name] for name in plain if name in defaults)
    init = FunctionType(code, known, "__init__", positional)
    init.__kwdefaults__ = {name: defaults[name] for name in named if name in defaults}
    init.__module__ = cls.__module__
    return init


def _fresh(write: Callable[..., None], make: Callable[[], Any]) -> Callable[..., None]:
    return lambda self, value: write(self, make() if value is _MADE else value)


@cache
def form(count: int) -> CodeType:
    """`__init__` of so many fields: as a wheel carries it, or compiled, which takes as long as a hundred objects."""
    code = _carried().get(count)
    if code is None:
        known: dict[str, Any] = {}
        exec(_form_source(count), known)  # noqa: S102  nothing but a number goes in
        code = known["form"].__code__
    return cast("CodeType", code)


@cache
def _carried() -> Mapping[int, CodeType]:
    try:
        return cast("Mapping[int, CodeType]", __import__(FORMS, fromlist=["FORMS"]).FORMS)
    except ImportError:  # a checkout
        return {}


def _form_source(count: int) -> str:
    body = [f"_set_{place}(self, _{place})" for place in range(count)] or ["pass"]
    return f"def form({', '.join(['self', *[f'_{place}' for place in range(count)]])}):\n " + "\n ".join(body) + "\n"


def forms_source() -> str:
    """The module of a wheel."""
    forms = [f"{_form_source(count)}FORMS[{count}] = form.__code__\n" for count in range(_CARRIED)]
    return '"""Made by hatch_build.py."""\n\nFORMS = {}\n' + "".join(forms)


def _shown(self: Any) -> str:  # noqa: ANN401  of any class that is made here
    values = ", ".join([f"{name}={getattr(self, name)!r}" for name in self.__record__])
    return f"{type(self).__qualname__}({values})"


def _state(self: Any) -> list[object]:  # noqa: ANN401  see above
    return [getattr(self, name) for name in self.__record__]


def _restore(self: Any, values: list[object]) -> None:  # noqa: ANN401  see above
    for name, value in zip(self.__record__, values, strict=True):
        object.__setattr__(self, name, value)


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


def _refuse(_: object, name: str, *value: object) -> None:
    from dataclasses import FrozenInstanceError  # noqa: PLC0415  a mistake in a program

    raise FrozenInstanceError(f"cannot {'assign to' if value else 'delete'} field {name!r}")


def _changed(one: Any, /, **changes: object) -> object:  # noqa: ANN401  an object of any class
    """The same object with other values; what is not made here is left to the standard library."""
    record = getattr(type(one), "__record__", None)
    if record is None:
        import dataclasses  # noqa: PLC0415  no class of a plain check needs it

        return dataclasses.replace(one, **changes)
    return type(one)(**{name: getattr(one, name) for name in record if name not in changes}, **changes)


_COMMON: _Methods = {"__repr__": _shown, "__replace__": _changed}
_FROZEN: _Methods = {
    "__getstate__": _state,
    "__setstate__": _restore,
    "__setattr__": _refuse,
    "__delattr__": _refuse,
}

if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:
    dataclass, field, replace = _quick, _field, _changed

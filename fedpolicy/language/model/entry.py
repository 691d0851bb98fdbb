"""What every element of the language is: an entry with keys, each declared once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NoReturn, Self

from fedpolicy.records import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """
    What may be named: kinds of things, and built-in words.

    `repeats`: a list may name one thing twice. `last` is what the last name of a way may be.
    """

    kinds: tuple[str, ...]
    words: tuple[str, ...] = ()
    repeats: bool = False
    last: Named | None = None


# By the word that `key(names=...)` says.
NAMED: Mapping[str, Named] = {
    "party": Named(("party",)),
    "parties": Named(("party",), ("participants",)),
    "anybody": Named(("party",), ("unknown",)),
    "suppliers": Named(("party",), ("unknown", "own", "public")),
    "operators": Named(("party",), ("unknown",), repeats=True),
    "recipients": Named(("party",), ("participants", "public")),
    "runner": Named(("party", "provider"), ("unknown",)),
    "verifiers": Named(("party",), ("public",)),
    "readers": Named(("node", "party")),
    "ends": Named(("node", "party"), ("public", "unknown")),
    "nodes": Named(("node",)),
    "hops": Named(("node",), repeats=True, last=Named(("node", "party", "provider"), ("unknown",))),
    "relays": Named(("node",), repeats=True, last=Named(("node", "party"), ("unknown",))),
    "model": Named(("model",)),
    "datasets": Named(("dataset",)),
    "contents": Named(("dataset", "model")),
    "categories": Named(("category",), ("unknown",)),
    "covered": Named(("dataset", "category")),
    "countries": Named(("country",)),
    "region": Named(("country", "region"), ("EU",)),
    "method": Named(("method",)),
    "payload": Named(("payload",)),
    "catalogue model": Named(("catalogue model",)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What is declared of a key besides what may stand there; see `key`."""

    about: str
    default: Any = ...
    open: bool = False
    rule: bool = False
    names: str = ""
    alias: str | None = None
    unknown: Any = ...


# Asked of `type`: from Python 3.14 on, a class that has none itself shows those of its own type, `_Kind`.
_annotations: Callable[[type], Mapping[str, Any]] = vars(type)["__annotations__"].__get__


class _Kind(type):
    """The type of entries: takes the declarations out of a class, so that what is left are its methods."""

    declared: Mapping[str, Declared]
    types: Mapping[str, Any]

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> _Kind:
        own = {word: value for word, value in body.items() if isinstance(value, Declared)}
        made = super().__new__(cls, name, bases, {word: value for word, value in body.items() if word not in own})
        made.declared = {**getattr(made, "declared", {}), **own}
        annotated = {word: kind for word, kind in _annotations(made).items() if word in made.declared}
        made.types = {**getattr(made, "types", {}), **annotated}
        return made


class Entry(metaclass=_Kind):
    """
    One entry of the language: what a file says of it, and the defaults of all else. It never changes.

    `declared` holds what is said of its keys, `types` their annotations, both by attribute; `stated` names those
    that the file states.
    """

    __slots__ = ("__dict__", "stated")

    declared: ClassVar[Mapping[str, Declared]]
    types: ClassVar[Mapping[str, Any]]
    stated: frozenset[str]

    def __init__(self, **values: object) -> None:
        """Make one of values that are known to fit; `made` is for what was read."""
        blank = {name: key.default for name, key in self.declared.items()}
        lacking, unknown = {name for name in blank if blank[name] is ...} - values.keys(), values.keys() - blank.keys()
        if lacking or unknown:
            raise TypeError(f"{type(self).__name__} lacks {sorted(lacking)} and does not know {sorted(unknown)}")
        _fill(self, {**blank, **values}, frozenset(values))

    @classmethod
    def made(cls, values: dict[str, Any], stated: frozenset[str]) -> Self:
        """One of a value for each of its attributes, of which these were stated."""
        one = cls.__new__(cls)
        _fill(one, values, stated)
        return one

    def changed(self, **values: object) -> Self:
        """The same with other values."""
        return self.made({**self.__dict__, **values}, self.stated | values.keys())

    def says_unknown(self, attribute: str) -> bool:
        """Whether the file says that this is not known: no default of the catalogue's holds then."""
        return getattr(self, attribute) is None and attribute in self.stated

    def __eq__(self, other: object) -> bool:
        """Two are equal that say the same, whatever of it they leave to defaults."""
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        """As equality has it."""
        return hash((type(self), *self.__dict__.values()))

    def __repr__(self) -> str:
        """As it would be made."""
        said = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({said})"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: others may hold it, too."""
        raise AttributeError(f"`{name}` of an entry cannot be set; see `changed`")

    def __delattr__(self, name: str) -> NoReturn:
        """Refuse, as well."""
        raise AttributeError(f"`{name}` of an entry cannot be deleted")

    def __getstate__(self) -> object:
        """What another process needs."""
        return self.__dict__, self.stated

    def __setstate__(self, state: tuple[dict[str, Any], frozenset[str]]) -> None:
        """Be what another process was told of."""
        _fill(self, *state)


# A slot sets itself in half of the time that it takes to be found by its name.
_SLOTS: Mapping[str, Any] = {name: Entry.__dict__[name] for name in ("__dict__", "stated")}
_set_values, _set_stated = (slot.__set__ for slot in _SLOTS.values())


def _fill(one: Entry, values: dict[str, Any], stated: frozenset[str]) -> None:
    _set_values(one, values)
    _set_stated(one, stated)


def key(
    about: str,
    default: Any = ...,  # noqa: ANN401  whatever the annotation says
    *,
    open: bool = False,  # noqa: A002  the word of the language
    rule: bool = False,
    names: str = "",
    alias: str | None = None,
    unknown: Any = ...,  # noqa: ANN401
) -> Any:  # noqa: ANN401  what stands for a value of any type
    """
    Declare a key: its help, what it means left out (no default: it has to be there), and how far it reaches.

    An `open` key may be absent or `unknown`: the fact is not known, which is not the same as none. `rule` says that
    rules may read it, by its own name; `names` what its values name, a word of `NAMED`. A closed key, left out, means
    its default; it may be `unknown` too where it says as what that is read.
    """
    if open:
        default = unknown = None
    return Declared(about=about, default=default, open=open, rule=rule, names=names, alias=alias, unknown=unknown)

"""What every element of the language is: an entry with keys, each declared once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Unpack

from pydantic import BaseModel, ConfigDict, Field

from fedpolicy.records import dataclass

__all__ = ["NAMED", "Declared", "Entry", "Named", "key"]


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


class Entry(BaseModel):
    """
    One entry of the language: frozen, strict, and closed to unknown keys.

    `declared` holds what is said of its keys. pydantic gets their annotations and defaults, no more: it would take
    longer to carry the rest through each start than to validate a file.
    """

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", defer_build=True, populate_by_name=False, allow_inf_nan=False
    )
    declared: ClassVar[Mapping[str, Declared]] = {}

    def __init_subclass__(cls, **options: Unpack[ConfigDict]) -> None:
        """Take the declarations out of the class before pydantic looks at it."""
        super().__init_subclass__(**options)
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Declared)}
        for name, key in own.items():
            if key.alias:
                setattr(cls, name, Field(key.default, alias=key.alias))
            elif key.default is ...:
                delattr(cls, name)
            else:
                setattr(cls, name, key.default)
        cls.declared = {**cls.declared, **own}

    def says_unknown(self, attribute: str) -> bool:
        """Whether the file says that this is not known: no default of the catalogue's holds then."""
        return getattr(self, attribute) is None and attribute in self.model_fields_set


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

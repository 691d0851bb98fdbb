"""What every element of the language is: an entry with keys, each declared once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from fedpolicy.records import dataclass

__all__ = ["NAMED", "Entry", "Named", "key"]


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
    "operators": Named(("party",), ("unknown",), repeats=True),
    "recipients": Named(("party",), ("participants", "public")),
    "runner": Named(("party", "provider"), ("unknown",)),
    "readers": Named(("node", "party")),
    "ends": Named(("node", "party"), ("public", "unknown")),
    "nodes": Named(("node",)),
    "hops": Named(("node",), repeats=True, last=Named(("node", "party", "provider"), ("unknown",))),
    "relays": Named(("node",), repeats=True, last=Named(("node", "party"), ("unknown",))),
    "model": Named(("model",)),
    "datasets": Named(("dataset",)),
    "contents": Named(("dataset", "model")),
    "categories": Named(("category",)),
    "covered": Named(("dataset", "category")),
    "countries": Named(("country",)),
    "method": Named(("method",)),
    "payload": Named(("payload",)),
    "catalogue model": Named(("catalogue model",)),
}


class Entry(BaseModel):
    """One entry of the language: frozen, strict, and closed to unknown keys."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", defer_build=True, populate_by_name=False, allow_inf_nan=False
    )


def key(
    about: str,
    default: Any = ...,  # noqa: ANN401  whatever the annotation says
    *,
    open: bool = False,  # noqa: A002  the word of the language
    rule: bool = False,
    names: str = "",
    alias: str | None = None,
) -> Any:  # noqa: ANN401  pydantic reads a field's default
    """
    Declare a key: its help, what it means left out (no default: it has to be there), and how far it reaches.

    An `open` key may be absent or `unknown`: the fact is not known, which is not the same as none. `rule` says that
    rules may read it, by its own name; `names` what its values name, a word of `named.py`.
    """
    extra: dict[str, JsonValue] = {"x-open": open, "x-rule": rule, "x-names": names}
    absent: Any = None if open else default
    return Field(absent, description=about, json_schema_extra=extra, alias=alias)

"""What every element of the language is: an entry with keys, each declared once."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

__all__ = ["Entry", "key"]


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

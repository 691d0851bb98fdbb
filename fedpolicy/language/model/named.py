"""What the values of a key name: things of the document or of the catalogue, and which of the built-in words."""

from __future__ import annotations

from collections.abc import Mapping

from fedpolicy.records import dataclass

__all__ = ["NAMED", "Named"]


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

"""Fallbacks of models that lead back to where they started."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fedpolicy.language.reading.checks.base import Contradiction, contradiction
from fedpolicy.language.reading.names import Names
from fedpolicy.language.reading.view import entries, ids

__all__ = ["check_fallbacks"]

_SHOWN = 6  # models of a loop that a message names


def check_fallbacks(names: Names) -> Iterator[Contradiction]:
    """One mistake a loop; of loops that share a model, the first one."""
    after = {
        str(path[1]): [name for _, name in ids(model, "fallback")] for path, model in entries(names.root, "models")
    }
    for loop in _loops(after):
        first = loop.index(min(loop))
        way = [*loop[first:], *loop[:first]]
        named = [*way[:_SHOWN], "..."] if len(way) > _SHOWN else way
        message = f"the fallback leads back to the model itself: {' -> '.join([*named, way[0]])}"
        yield contradiction(("models", way[0], "fallback"), message, "end the chain with a model without `fallback`")


def _loops(after: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """The loops that a walk over all models closes; each model and each fallback is visited once."""
    done: set[str] = set()
    said: set[str] = set()
    for start in sorted(after):
        way: dict[str, Iterator[str]] = {} if start in done else {start: iter(after[start])}
        while way:
            here = next(reversed(way))
            name = next(way[here], None)
            if name is None:
                done.add(here)
                way.popitem()
            elif name in way and name not in said and here not in said:
                models = list(way)
                loop = models[models.index(name) :]
                said.update(loop)
                yield loop
            elif name not in way and name not in done and name in after:
                way[name] = iter(after[name])

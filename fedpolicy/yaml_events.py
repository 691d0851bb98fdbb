"""
The events of the YAML parser, the same whatever its version.

Newer parsers stop at a nesting depth of their own, and may say so before they give the events that lead there. Readers
have lower bounds, and words for them; so what stands before that depth is read once more, and the reader meets its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import compress, count, islice
from typing import Any

import yaml

__all__ = ["events"]

_TOO_DEEP = "nesting depth"  # in the words of libyaml 0.2.6 and later, as PyYAML 6.0.4 carries it


def events(text: str, loader: Any) -> Iterator[Any]:  # noqa: ANN401  PyYAML's two loaders have no common type
    """Yield the events of a text; raises yaml.YAMLError where it is no YAML."""
    given = count(1)
    try:
        # Counted without a turn of a loop for each: a large file has half a million.
        yield from compress(iter(loader(text).get_event, None), given)
    except yaml.MarkedYAMLError as error:
        if error.problem_mark is None or _TOO_DEEP not in (error.problem or ""):
            raise
        before = text[: error.problem_mark.index]
    else:
        return
    yield from islice(iter(loader(before).get_event, None), next(given) - 1, None)

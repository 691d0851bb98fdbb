"""Regular expressions that are compiled when something is looked for: a check needs a third of those that it loads."""

from __future__ import annotations

import re
from typing import Any, cast

__all__ = ["pattern"]


class _Later:
    """What has been written and not yet compiled. What is asked for once stays at hand."""

    def __init__(self, source: str, flags: int) -> None:
        self.pattern, self._flags = source, flags

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever a pattern has
        found = getattr(re.compile(self.pattern, self._flags), name)
        setattr(self, name, found)
        return found


def pattern(source: str, flags: int = 0) -> re.Pattern[str]:
    """Write one down. It has what a compiled one has, and is not an argument of `re.search` and the like."""
    return cast("re.Pattern[str]", _Later(source, flags))

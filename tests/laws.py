"""How often a law is tried: fully by `make laws`, which CI runs, and a third as often beside all other tests."""

from __future__ import annotations

import os

__all__ = ["examples"]

_FULL = os.environ.get("FEDPOLICY_LAWS") == "full"


def examples(full: int, few: int | None = None) -> int:
    """The number of examples of a law; `few` is how many there are beside all other tests, if not a third."""
    return full if _FULL else few or max(8, full // 3)

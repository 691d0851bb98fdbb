"""Closer bounds on ε through dp-accounting."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from fedpolicy.analysis.accounting.quick import bound
from fedpolicy.analysis.accounting.releases import Bound, Release

__all__ = ["tight_bound"]


def tight_bound(releases: Sequence[Release], delta: float) -> Bound | None:
    """See `fedpolicy.analysis.accounting.tight_bound`."""
    return bound(releases, delta) if find_spec("dp_accounting") else None

"""What the analyses may be told."""

from __future__ import annotations

from fedpolicy.records import dataclass

__all__ = ["AnalysisSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisSettings:
    """`max_epsilon` is the largest privacy budget that still counts as `bounded` (None: the catalogue's)."""

    max_epsilon: float | None = None

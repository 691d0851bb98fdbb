"""What every row of the catalogue says."""

from __future__ import annotations

from fedpolicy.records import dataclass

__all__ = ["Row"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What every row says. An optional fact that is None is unknown, never "no"."""

    id: str
    source: tuple[str, ...]
    as_of: str
    note: str | None = None

"""How folders are searched; whoever names files needs no more than this."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.searching.skipped import Skipped

__all__ = ["Search"]


def _quiet(_: object) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """
    How folders are searched.

    `exclude` are patterns of paths below a searched folder, as in `.gitignore`; `gitignore` leaves out what git
    ignores; `note` is told, once a repository, where git gives no answer; `skip` is told what is left out.
    """

    exclude: Sequence[str] = ()
    gitignore: bool = True
    note: Callable[[str], None] = _quiet
    skip: Callable[[Skipped], None] = _quiet

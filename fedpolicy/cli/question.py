"""Which deployment the commands that ask about one are asked about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fedpolicy import check, sources
from fedpolicy.cli.terminal import stdin_bytes
from fedpolicy.records import dataclass
from fedpolicy.settings import Settings

if TYPE_CHECKING:
    from fedpolicy.analysis.study import Study
    from fedpolicy.language.reading.load import Document

__all__ = ["Question"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A deployment, and how it is read."""

    file: str
    deployment: str = ""
    catalogs: Sequence[Path] = ()
    max_epsilon: float | None = None

    def study(self) -> tuple[Document, Study]:
        """Read the deployment, ready to be analysed. Raises what cannot be used."""
        settings = Settings(catalogs=self.catalogs, max_epsilon=self.max_epsilon)
        source = next(sources.find([self.file], stdin_bytes))
        return check.study_of(source, check.catalog_of(settings), settings, self.deployment)

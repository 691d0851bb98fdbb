"""One thing wrong in a document, before it has a file and a line."""

from __future__ import annotations

from dataclasses import dataclass

from fedpolicy.errors import SpecError
from fedpolicy.spec.spans import Path, Spans

__all__ = ["Mistake", "dotted"]


def dotted(path: Path) -> str:
    """`tasks.adapt.safeguards.0.min_clients`."""
    return ".".join(map(str, path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """
    Something wrong at a path, and what to write instead.

    `key` puts it at the key instead of the value. `rests_on` are the entries, such as `("nodes", "client")`,
    that must be sound before this can be said.
    """

    path: Path
    message: str
    help: str = ""
    key: bool = False
    rests_on: frozenset[Path] = frozenset()

    def error(self, spans: Spans) -> SpecError:
        """The same with its place."""
        span = spans.key(self.path) if self.key else spans.at(self.path)
        return SpecError(self.message, span=span, help=self.help, path=dotted(self.path))

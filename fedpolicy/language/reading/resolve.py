"""Cross references and contradictions: what no single value shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.language.reading.checks import CHECKS
from fedpolicy.language.reading.checks.base import Contradiction
from fedpolicy.language.reading.mistakes import Mistake
from fedpolicy.language.reading.names import Names
from fedpolicy.language.reading.references import references
from fedpolicy.language.reading.spans import Path
from fedpolicy.language.reading.unresolved import unresolved

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog

__all__ = ["resolve"]


def resolve(tree: object, catalog: Catalog, known: Iterable[Mistake] = ()) -> list[Mistake]:
    """
    Every name that means nothing, and everything that contradicts something else.

    `known` are mistakes found before: nothing is said that rests on a value that is wrong itself.
    """
    if not isinstance(tree, dict):
        return []
    before = list(known)
    broken = _Broken(before)
    lost = frozenset(str(path[0]) for path in broken.paths if len(path) == 1)
    names = Names(root=tree, catalog=catalog, lost=lost)
    found = [mistake for mistake in _unresolved(names) if not broken.touches(mistake.path)]
    broken = _Broken([*before, *found])
    return found + [
        one.mistake for one in _contradictions(names) if not broken.touches(one.mistake.path, *one.rests_on)
    ]


def _unresolved(names: Names) -> Iterator[Mistake]:
    for reference in references(names.root):
        mistake = unresolved(reference, names)
        if mistake is not None:
            yield mistake


def _contradictions(names: Names) -> Iterator[Contradiction]:
    for check in CHECKS:
        yield from check(names)


class _Broken:
    """The paths of known mistakes, and everything above them."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.paths = {path for mistake in mistakes for path in (mistake.path, *mistake.also)}
        self._above = {path[:length] for path in self.paths for length in range(len(path) + 1)}

    def touches(self, *paths: Path) -> bool:
        """Whether one of these is wrong itself, holds something wrong, or lies in something wrong."""
        return any(self._overlaps(path) for path in paths)

    def _overlaps(self, path: Path) -> bool:
        return path in self._above or any(path[:length] in self.paths for length in range(len(path) + 1))

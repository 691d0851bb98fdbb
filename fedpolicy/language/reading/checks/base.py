"""What the checks share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from fedpolicy.language.reading.mistakes import Mistake
from fedpolicy.language.reading.names import Names
from fedpolicy.language.reading.spans import Path
from fedpolicy.records import dataclass

__all__ = ["Check", "Contradiction", "clients_of", "contradiction"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A mistake that only several values together show; it is not said where one of these is wrong itself."""

    mistake: Mistake
    rests_on: tuple[Path, ...] = ()


Check = Callable[[Names], Iterator[Contradiction]]


def contradiction(
    path: Path, message: str, advice: str, *, rests_on: Iterable[Path] = (), key: bool = False
) -> Contradiction:
    """Say one; `key` means that the key is superfluous, or missing and expected in its entry."""
    mistake = Mistake(path=path, message=message, help=advice, key=key, absence=key)
    return Contradiction(mistake=mistake, rests_on=tuple(rests_on))


def clients_of(names: Names, path: Path, key: str, references: Iterable[str]) -> tuple[int | None, tuple[Path, ...]]:
    """How many owners stand behind the nodes of a key, and the values that this rests on."""
    wanted = list(references)
    families = {reference.partition("@")[0] for reference in wanted}
    rests = [(*path, key), *(("nodes", family, part) for family in families for part in ("party", "count"))]
    return names.clients(wanted), tuple(rests)

"""One thing wrong in a document, before it has a file and a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fedpolicy.errors import SpecError
from fedpolicy.language.reading.spans import Path, Spans
from fedpolicy.records import dataclass
from fedpolicy.suggest import visible

__all__ = ["MAX_REPORTED", "Mistake", "dotted", "located"]

MAX_REPORTED = 500  # mistakes of one document; what follows is one line that counts the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """
    Something wrong at a path, and what to write instead.

    `key` puts it at the key instead of the value. `help` may be worked out late: suggestions take time, and
    a file can have thousands of mistakes. `also` are paths that are as wrong as this one, though they are not
    where the mistake stands: the key that was misspelt. `absence` marks what is only about a key that is not there.
    """

    path: Path
    message: str
    help: str | Callable[[], str] = ""
    key: bool = False
    also: tuple[Path, ...] = ()
    absence: bool = False

    def error(self, spans: Spans) -> SpecError:
        """The same with its place."""
        span = spans.key(self.path) if self.key else spans.at(self.path)
        advice = self.help if isinstance(self.help, str) else self.help()
        return SpecError(self.message, span=span, help=advice, path=dotted(spans.written(self.path)))


def dotted(path: Path) -> str:
    """`tasks.adapt.safeguards.0.min_clients`."""
    return visible(".".join(map(str, path)))


def located(mistakes: Iterable[Mistake], spans: Spans) -> list[SpecError]:
    """The mistakes of a document in the order of their places."""
    places = [(spans.key(found.path) if found.key else spans.at(found.path), found) for found in mistakes]
    places.sort(key=lambda place: (place[0], place[1].path[-1:] and str(place[1].path), place[1].message))
    errors = [found.error(spans) for _, found in places[:MAX_REPORTED]]
    more = len(places) - len(errors)
    if more:
        message = f"{more} more mistakes of this document are not shown"
        errors.append(SpecError(message, span=places[MAX_REPORTED][0], help="mend the ones above first"))
    return errors

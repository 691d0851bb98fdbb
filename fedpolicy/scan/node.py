"""A value of a foreign file with its place, whatever format the file is in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from fedpolicy.findings import Span
from fedpolicy.records import dataclass
from fedpolicy.scan.evidence import Evidence, Strength, written

__all__ = ["Node", "Path", "dotted", "settled", "single"]

Path = tuple[str | int, ...]
# ${VAR}, $(VAR), $VAR, {{ template }}, {variable}, __VAR__, <your value>: filled in by somebody else.
_OPEN = re.compile(r"\$\{|\$\(|\$[A-Za-z_]|\{\{|\{[A-Za-z_][\w.]*\}|__[A-Z][A-Z0-9_]*__|^<[^<>]*>$")


def settled(text: str) -> bool:
    """Whether a text means what it says: nothing has to be filled in."""
    return _OPEN.search(text) is None


def dotted(path: Path) -> str:
    """A path of keys as people write it: `participants[0].org`."""
    parts = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(parts).removeprefix(".")


def single(value: object, span: Span, *path: str) -> Node:
    """A value that stands alone, such as one line of a script."""
    return Node(value=value, at=lambda _: span, path=path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One value; `at` gives the place of a path of the file."""

    value: object
    at: Callable[[Path], Span]
    path: Path = ()

    def get(self, *steps: str | int) -> Node | None:
        """The value behind some keys; None where one of them is missing."""
        here: object = self.value
        for step in steps:
            if isinstance(here, dict) and step in here:
                here = here[step]
                continue
            if not (isinstance(here, (tuple, list)) and isinstance(step, int) and step < len(here)):
                return None
            here = here[step]
        return Node(value=here, at=self.at, path=(*self.path, *steps))

    def items(self) -> Iterator[tuple[str, Node]]:
        """The keys of a map with their values; of anything else, nothing."""
        if isinstance(self.value, dict):
            for key, value in self.value.items():
                yield str(key), Node(value=value, at=self.at, path=(*self.path, key))

    def each(self) -> Iterator[Node]:
        """The values of a list; of anything else, nothing."""
        if isinstance(self.value, (tuple, list)):
            for index, value in enumerate(self.value):
                yield Node(value=value, at=self.at, path=(*self.path, index))

    def text(self, *steps: str | int) -> str | None:
        """A scalar as text; None where it is missing, open, or no scalar."""
        found = self.get(*steps)
        said = written(found.value) if found else None
        return said if said is not None and settled(said) else None

    @property
    def span(self) -> Span:
        """Where it stands."""
        return self.at(self.path)

    def says(
        self, subject: str, attribute: str, value: object, *, strength: Strength = Strength.CONFIGURED, note: str = ""
    ) -> Evidence:
        """What this place says of something."""
        return Evidence(
            subject=subject,
            attribute=attribute,
            value=written(value),
            span=self.span,
            key=dotted(self.path),
            strength=strength,
            note=note,
        )

    def tells(self, subject: str, attribute: str) -> Evidence:
        """What this place says of something in its own words; unknown where somebody else has to fill it in."""
        said = written(self.value)
        known = said is not None and settled(said)
        return self.says(subject, attribute, said if known else None, note="" if known else f"stands as `{said}`")

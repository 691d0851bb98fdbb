"""Lists of requirements of Python: packages that may be used, which proves nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fedpolicy.scan import Evidence, Strength, single

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File

_REQUIREMENTS = re.compile(r"requirements[\w.-]*\.txt")
_PACKAGE = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_WORDS = {"model": "call", "router": "gateway", "tracker": "tracker", "tracer": "tracker"}


def wants(file: File) -> bool:
    """A list of requirements, by its name."""
    return _REQUIREMENTS.fullmatch(file.path.name) is not None


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for number, line in enumerate(file.text.split("\n"), 1):
        found = _PACKAGE.match(line)
        name = re.sub(r"[-_.]+", "-", found[1]).lower() if found else ""
        row = file.services.packages.get(name)
        if row and row.kind in _WORDS:
            place = single(name, file.line(number, 1, len(line) + 1), name)
            note = "its package is listed, which proves no use"
            yield place.says(f"{_WORDS[row.kind]}:{row.id}", "used", None, strength=Strength.DECLARED, note=note)

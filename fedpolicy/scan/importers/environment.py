"""Files of variables (`.env`): keys by their names, addresses of models and trackers, and literal secrets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fedpolicy.scan.reading.variables import lines, told

if TYPE_CHECKING:
    from fedpolicy.scan import Evidence
    from fedpolicy.scan.reading import File


def wants(file: File) -> bool:
    """A file that is called `.env`, `.env.SITE` or `NAME.env`."""
    name = file.path.name
    return name == ".env" or name.startswith(".env.") or name.endswith(".env")


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    return told(file.services, f"environment:{file.path.name}", lines(file))

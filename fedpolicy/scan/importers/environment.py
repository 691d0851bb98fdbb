"""Files of variables (`.env`): keys by their names, addresses of models and trackers, and literal secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan.node import single
from fedpolicy.scan.reading.variables import Variable, told

if TYPE_CHECKING:
    from fedpolicy.scan.evidence import Evidence
    from fedpolicy.scan.reading.files import File

__all__ = ["read", "wants"]

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=(.*)")
_COMMENT = re.compile(r"\s+#.*$")


def wants(file: File) -> bool:
    """A file that is called `.env`, `.env.SITE` or `NAME.env`."""
    name = file.path.name
    return name == ".env" or name.startswith(".env.") or name.endswith(".env")


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    return told(file.services, f"environment:{file.path.name}", _variables(file))


def _variables(file: File) -> Iterator[Variable]:
    for number, line in enumerate(file.text.split("\n"), 1):
        if found := _LINE.match(line):
            value = _plain(found[2].strip())
            place = file.line(number, found.start(1) + 1, len(line) + 1)
            yield Variable(name=found[1], value=value, node=single(value, place, found[1]))


def _plain(value: str) -> str:
    """A value without its quotes, or without the comment behind it."""
    if value[:1] in ("'", '"') and value.endswith(value[0]) and len(value) > 1:
        return value[1:-1]
    return _COMMENT.sub("", value)

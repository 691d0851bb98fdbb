"""Modelfiles of Ollama: the model that one's own is made from, its adapters, and whether the cloud runs it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan import Evidence, single
from fedpolicy.scan.reading.servers import pulled

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File

_FROM = re.compile(rb"^\s*FROM\s+\S", re.MULTILINE | re.IGNORECASE)
_LINE = re.compile(r"\s*(FROM|ADAPTER)\s+(\S+)\s*$", re.IGNORECASE)
_FILE = re.compile(r"[./~].*|.*\.(?:gguf|bin|safetensors)", re.IGNORECASE)
_QUOTES = '"""'


def wants(file: File) -> bool:
    """A file that is called `Modelfile`, `Modelfile.NAME` or `NAME.modelfile`, and begins with a model."""
    name = file.path.name.lower()
    named = name == "modelfile" or name.startswith("modelfile.") or name.endswith(".modelfile")
    return named and _FROM.search(file.content) is not None


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for number, line in _outside(file.text.split("\n")):
        if found := _LINE.match(line):
            node = single(found[2], file.line(number, found.start(2) + 1, found.end(2) + 1), found[1].upper())
            if found[1].upper() == "ADAPTER":
                yield node.tells("model:own", "adapter")
            elif _FILE.fullmatch(found[2]):
                yield node.tells("model:own", "storage")
            else:
                yield pulled(node, found[2])


def _outside(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The lines that are no part of a long text, which may hold anything."""
    inside = False
    for number, line in enumerate(lines, 1):
        if not inside:
            yield number, line
        inside ^= line.count(_QUOTES) % 2 == 1

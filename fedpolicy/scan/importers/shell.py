"""Shell scripts and Makefiles: connections whose other end nobody checks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fedpolicy.scan.evidence import Evidence

if TYPE_CHECKING:
    from fedpolicy.scan.reading.files import File

__all__ = ["read", "wants"]

_UNCHECKED = re.compile(r"StrictHostKeyChecking[= ](?:no|off)\b|UserKnownHostsFile[= ]/dev/null")


def wants(file: File) -> bool:
    """A script with a word of ssh's."""
    return file.path.suffix == ".sh" and b"StrictHostKeyChecking" in file.content


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for number, line in enumerate(file.text.split("\n"), 1):
        found = _UNCHECKED.search(line.partition("#")[0])
        if found:
            place = file.line(number, found.start() + 1, found.end() + 1)
            yield Evidence(subject="ssh", attribute="host_keys", value="unchecked", span=place)

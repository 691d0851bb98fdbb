"""PySyft up to 0.9: servers of its Helm chart, and on which side they stand. Later releases are not known here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fedpolicy.scan.reading.variables import found

if TYPE_CHECKING:
    from fedpolicy.scan import Evidence
    from fedpolicy.scan.reading import File


def wants(file: File) -> bool:
    """YAML of the chart, by the sections that it has together."""
    words = (b"server:", b"side:", b"seaweedfs:")
    return file.path.suffix in (".yml", ".yaml") and all(word in file.content for word in words)


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for root in file.yaml[:1]:
        name, side = found(root, "server.name"), found(root, "server.side")
        if name and side:
            yield name.says(f"node:{name.value}", "role", "client")
            yield side.tells(f"node:{name.value}", "side")

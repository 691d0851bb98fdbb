"""OpenTelemetry collectors: where traces, which may hold prompts in full, are sent on to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fedpolicy.scan.reading.variables import literals
from fedpolicy.scan.services import TRACKS

if TYPE_CHECKING:
    from fedpolicy.scan.evidence import Evidence, ForeignNode
    from fedpolicy.scan.reading.files import File

__all__ = ["read", "wants"]


def wants(file: File) -> bool:
    """YAML with exporters and the pipelines that use them."""
    words = (b"exporters:", b"pipelines:", b"receivers:")
    head = b"apiVersion:" in file.content
    return file.path.suffix in (".yml", ".yaml") and not head and all(word in file.content for word in words)


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for root in file.yaml[:1]:
        exporters, pipelines = root.get("exporters"), root.get("service", "pipelines")
        used = {str(one.value) for _, each in (pipelines.items() if pipelines else ()) for one in _listed(each)}
        for name, exporter in exporters.items() if exporters else ():
            endpoint = exporter.get("endpoint")
            if name not in used or endpoint is None:
                continue
            row = file.services.behind(str(endpoint.value))
            subject = f"tracker:{row.id if row and row.kind in TRACKS else 'otlp'}"
            yield endpoint.tells(subject, "address")
            insecure = exporter.get("tls", "insecure")
            if insecure and insecure.value is True:
                yield insecure.says(subject, "tls", "false")
            yield from literals(exporter, subject)


def _listed(pipeline: ForeignNode) -> list[ForeignNode]:
    found = pipeline.get("exporters")
    return list(found.each()) if found else []

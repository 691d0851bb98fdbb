"""OpenTelemetry collectors: where traces, which may hold prompts in full, are sent on to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan.reading.variables import literals
from fedpolicy.scan.services import TRACKS, Services

if TYPE_CHECKING:
    from fedpolicy.scan import Evidence, ForeignNode
    from fedpolicy.scan.reading import File


def wants(file: File) -> bool:
    """YAML with exporters and the pipelines that use them."""
    words = (b"exporters:", b"pipelines:", b"receivers:")
    head = b"apiVersion:" in file.content
    return file.path.suffix in (".yml", ".yaml") and not head and all(word in file.content for word in words)


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for root in file.yaml[:1]:
        pipelines = root.items("service", "pipelines")
        used = {str(one.value) for _, pipeline in pipelines for one in pipeline.each("exporters")}
        for name, exporter in root.items("exporters"):
            endpoint = exporter.get("endpoint")
            if name in used and endpoint:
                yield from _exporter(file.services, exporter, endpoint)


def _exporter(services: Services, exporter: ForeignNode, endpoint: ForeignNode) -> Iterator[Evidence]:
    row = services.behind(str(endpoint.value))
    subject = f"tracker:{row.id if row and row.kind in TRACKS else 'otlp'}"
    yield endpoint.tells(subject, "address")
    insecure = exporter.get("tls", "insecure")
    if insecure and insecure.value is True:
        yield insecure.says(subject, "tls", "false")
    yield from literals(exporter, subject)

"""Substra: what the chart of an organisation's backend is told of the orchestrator, TLS and exports of models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan import NONE, Evidence, ForeignNode
from fedpolicy.scan.reading.variables import found, switch, told_by

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File


def wants(file: File) -> bool:
    """YAML with an organisation and its orchestrator, or of the orchestrator itself."""
    if file.path.suffix not in (".yml", ".yaml") or b"orchestrator:" not in file.content:
        return False
    return any(word in file.content for word in (b"organizationName:", b"verifyClientMSPID:"))


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for root in file.yaml[:1]:
        if name := found(root, "organizationName"):
            yield name.says(f"node:{name.value}", "role", "client")
            yield name.tells(f"node:{name.value}", "party")
        yield from told_by(root, {"orchestrator.host": ("federation", "address")})
        encrypted = found(root, "orchestrator.tls.enabled")
        if encrypted and isinstance(encrypted.value, bool):
            proved = found(root, "orchestrator.tls.mtls.enabled")
            both = "mtls" if proved and proved.value is True else "tls"
            yield encrypted.says("federation", "transport", both if encrypted.value else NONE)
        yield from _channels(root)
        yield from switch(root, "oidc.enabled", "federation", "oidc")


def _channels(root: ForeignNode) -> Iterator[Evidence]:
    named = [pair for entry in root.each("orchestrator", "channels") for pair in entry.items()]
    for channel in dict(named).values():
        yield from switch(channel, "model_export_enabled", "federation", "model_export")

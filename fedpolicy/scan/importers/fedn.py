"""FEDn and Scaleout: combiners, where clients find them, the store of models in between, and claims of noise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan import Evidence, ForeignNode, Strength
from fedpolicy.scan.reading.variables import found, literals, told_by

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File

_DP = "safeguard:differential_privacy"
_CLAIMS = {"epsilon": (_DP, "epsilon"), "delta": (_DP, "delta"), "max_grad_norm": (_DP, "clipping_norm")}


def wants(file: File) -> bool:
    """Settings of a combiner or a client, by their names and keys."""
    name = file.path.name
    if name.startswith(("settings-combiner", "settings-client", "client.y")):
        return b"discover_host" in file.content
    return name == "client_settings.yaml" and b"global_rounds" in file.content


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for root in file.yaml[:1]:
        yield from _address(root, "discover_host", "discover_port", "federation")
        if root.get("global_rounds"):
            yield from _claimed(root)
        elif root.get("max_clients"):
            yield from _combiner(root)


def _claimed(root: ForeignNode) -> Iterator[Evidence]:
    """A training script may read these, or not."""
    if epsilon := found(root, "epsilon"):
        note = "a parameter is no proof that code uses it"
        yield epsilon.says(_DP, "used", None, strength=Strength.DECLARED, note=note)
    yield from told_by(root, {**_CLAIMS, "global_rounds": ("app", "rounds")})


def _combiner(root: ForeignNode) -> Iterator[Evidence]:
    name = found(root, "name")
    subject = f"node:{name.value}" if name else "node:combiner"
    if name:
        yield name.says(subject, "role", "server")
    yield from _address(root, "host", "port", subject)
    yield from told_by(root, {
        "max_clients": ("app", "max_clients"),
        "storage.storage_config.storage_endpoint_url": ("storage", "address"),
    })  # fmt: skip
    secure = found(root, "storage.storage_config.storage_secure_mode")
    if secure and isinstance(secure.value, bool):
        yield secure.says("storage", "tls", secure.value)
    yield from literals(root, subject)


def _address(root: ForeignNode, host: str, port: str, subject: str) -> Iterator[Evidence]:
    if place := found(root, host):
        number = root.text(port)
        yield place.says(subject, "address", f"{place.value}:{number}" if number else place.value)

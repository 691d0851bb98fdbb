"""Compose: services, their images, ports and secrets, and whom variables of the environment lead to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fedpolicy.scan.evidence import BUILT, Evidence
from fedpolicy.scan.node import Node
from fedpolicy.scan.reading.inheritance import environment, files, includes
from fedpolicy.scan.reading.servers import started
from fedpolicy.scan.reading.variables import told

if TYPE_CHECKING:
    from fedpolicy.scan.reading.files import File

__all__ = ["read", "wants"]


def wants(file: File) -> bool:
    """YAML that begins a map of services, or that includes some by its name."""
    if file.path.suffix not in (".yml", ".yaml"):
        return False
    named = file.path.name.startswith(("compose", "docker-compose"))
    return re.search(rb"^(?:services|include):" if named else rb"^services:", file.content, re.MULTILINE) is not None


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for document in file.yaml[:1]:
        file.needs += [(str(one.value), one.span) for one in includes(document)]
        services = document.get("services")
        for name, service in services.items() if services else ():
            said = [*_service(file, document, name, service), *_closed(document, name, service)]
            profiles = [one.text() for one in _listed(service, "profiles")]
            yield from (_optional(one, profiles) for one in said) if profiles else said


def _service(file: File, document: Node, name: str, service: Node) -> Iterator[Evidence]:
    subject = f"service:{name}"
    if image := service.get("image"):
        said = image.tells(subject, "image")
        yield replace(said, note=BUILT) if service.get("build") else said
        known = file.services.image(str(image.value))
        if known and known.kind == "own":
            yield image.says(subject, "serves", "own")
    ports = service.get("ports")
    for port in ports.each() if ports else ():
        yield port.tells(subject, "port") if not isinstance(port.value, dict) else port.says(subject, "port", None)
    given = environment(file, document, service)
    yield from told(file.services, subject, given)
    words = [found for key in ("entrypoint", "command") if (found := service.get(key))]
    yield from started(file.services.image(service.text("image") or ""), words, given, subject)
    for one in _listed(service, "secrets"):
        secret = one.text("source") if isinstance(one.value, dict) else one.text()
        if secret:
            yield one.says(f"secret:{secret}", "held_by", subject)
    for one in files(service):
        yield one.tells(subject, "env_file")


def _closed(document: Node, name: str, service: Node) -> Iterator[Evidence]:
    """A service all of whose networks are internal reaches nobody outside."""
    found = service.get("networks")
    names = [*(key for key, _ in found.items()), *(str(one.value) for one in found.each())] if found else []
    if found and names and all(document.text("networks", one, "internal") == "true" for one in names):
        yield found.says(f"service:{name}", "egress", "closed")


def _listed(service: Node, key: str) -> list[Node]:
    found = service.get(key)
    return list(found.each()) if found else []


def _optional(one: Evidence, profiles: Sequence[str | None]) -> Evidence:
    """A call of a service that is started only with a profile may be made."""
    if one.attribute != "from":
        return one
    note = f"only with the profile {' or '.join(filter(None, profiles))}"
    return replace(one, attribute="used", value=None, note=note)

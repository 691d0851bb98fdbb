"""Compose: services, their images, ports and secrets, and whom variables of the environment lead to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fedpolicy.scan.evidence import BUILT, Evidence
from fedpolicy.scan.node import Node, settled
from fedpolicy.scan.services import CALLED, is_own

if TYPE_CHECKING:
    from fedpolicy.scan.reading.files import File

__all__ = ["read", "wants"]

_SECRET = re.compile(r"(?:API_KEY|TOKEN|PASSWORD|PASSWD|SECRET(?:_KEY)?)$")
# Where a program finds a model to ask, by the names that programs use.
_ADDRESS = re.compile(r"^(?:LLM|OPENAI|MODEL|CHAT)\w*(?:ENDPOINT|BASE_URL|API_BASE|HOST|HOST_IP|URL)$")
_STORE = re.compile(r"^(?:REDIS_URL|QDRANT_HOST|QDRANT_URL|MILVUS_HOST|CHROMA_HOST|WEAVIATE_URL)$")


def wants(file: File) -> bool:
    """YAML that begins a map of services."""
    return file.path.suffix in (".yml", ".yaml") and re.search(rb"^services:", file.content, re.MULTILINE) is not None


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for document in file.yaml[:1]:
        services = document.get("services")
        for name, service in services.items() if services else ():
            yield from _service(file, name, service)


def _service(file: File, name: str, service: Node) -> Iterator[Evidence]:
    subject = f"service:{name}"
    if image := service.get("image"):
        told = image.tells(subject, "image")
        yield replace(told, note=BUILT) if service.get("build") else told
        known = file.services.image(str(image.value))
        if known and known.kind == "own":
            yield image.says(subject, "serves", "own")
    ports = service.get("ports")
    for port in ports.each() if ports else ():
        yield port.tells(subject, "port") if not isinstance(port.value, dict) else port.says(subject, "port", None)
    variables = list(_variables(service.get("environment")))
    for key, value, node in variables:
        yield from _variable(file, subject, key, value, node)
    yield from _calls(file, subject, variables)


def _variable(file: File, subject: str, key: str, value: str, node: Node) -> Iterator[Evidence]:
    if _SECRET.search(key):
        literal = bool(value) and settled(value)
        yield node.says(f"secret:{key}", "literal" if literal else "held_by", subject)
    if key.endswith("TLS_ENABLED"):
        yield node.tells(subject, "tls")
    row = file.services.variables.get(key)
    if row and row.kind == "vector_store":
        yield node.says(subject, "vector_store", row.id)
    if _STORE.match(key):
        yield node.says(subject, "vector_store", "own" if settled(value) and is_own(value) else None)


def _calls(file: File, subject: str, variables: list[tuple[str, str, Node]]) -> Iterator[Evidence]:
    """Whom a service asks: the address decides; a key alone says only whom it may ask."""
    keys = [(key, node) for key, _, node in variables if _is_called(file, key)]
    addresses = [
        (value, node) for key, value, node in variables if _ADDRESS.match(key) or key in file.services.addresses
    ]
    for value, node in addresses:
        behind = file.services.behind(value) if settled(value) else None
        if behind and behind.kind in CALLED:
            yield node.says(f"call:{behind.id}", "from", subject)
        elif keys and not (settled(value) and is_own(value)):
            yield node.says("call:unknown", "from", subject)
    if keys and not addresses:
        key, node = keys[0]
        row = file.services.variables[key]
        yield node.says(f"call:{row.id}", "used", None, note=f"{key} makes a call possible, and proves none")


def _is_called(file: File, key: str) -> bool:
    row = file.services.variables.get(key)
    return row is not None and row.kind in CALLED


def _variables(environment: Node | None) -> Iterator[tuple[str, str, Node]]:
    if environment is None:
        return
    for name, node in environment.items():
        yield name, "" if node.value is None else str(node.value), node
    for node in environment.each():
        name, _, value = str(node.value).partition("=")
        yield name, value, node

"""Envoy AI Gateway: to which hosts a route passes prompts on, with which models, keys and fallbacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from fedpolicy.records import dataclass
from fedpolicy.scan.reading.cloud import profile_of
from fedpolicy.scan.reading.manifest import Manifest, manifests
from fedpolicy.scan.services import CALLED, Services

if TYPE_CHECKING:
    from fedpolicy.catalog.rows import ServiceRow
    from fedpolicy.scan import Evidence, ForeignNode
    from fedpolicy.scan.reading import File

_MODEL = "x-ai-eg-model"
_SAME = "it is the recipient of the first choice, too"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """One way out of a route: the reference to it, the backend's name, its host, and whom the catalogue knows there."""

    reference: ForeignNode
    backend: str
    host: ForeignNode
    row: ServiceRow

    @property
    def rank(self) -> int:
        """Which choice it is; the first is 0."""
        priority = self.reference.get("priority")
        return priority.value if priority and isinstance(priority.value, int) else 0


def wants(file: File) -> bool:
    """YAML with a route of the gateway."""
    return file.path.suffix in (".yml", ".yaml") and b"AIGatewayRoute" in file.content


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    objects = manifests(file)
    for route in objects:
        if route.kind == "AIGatewayRoute":
            yield from _route(file.services, route, objects)


def _route(services: Services, route: Manifest, objects: Sequence[Manifest]) -> Iterator[Evidence]:
    subject = f"gateway:{route.name}"
    for rule in route.node.each("spec", "rules"):
        listed = list(rule.each("backendRefs"))
        ways = [way for one in listed if (way := _way(services, one, objects))]
        first = {way.row.id for way in ways if way.rank == 0}
        for way in ways:
            yield from _told(services, way, subject, same=way.row.id in first)
            yield from _models(rule, f"call:{way.row.id}")
            yield from _around(way, subject, objects)
        if any(one.text("kind") == "InferencePool" for one in listed):
            for header in _headers(rule):
                yield header.tells("model:own", "served")


def _way(services: Services, reference: ForeignNode, objects: Sequence[Manifest]) -> _Way | None:
    """The host behind a reference of a route, where a backend for models leads to one that the catalogue knows."""
    name = reference.text("name")
    for one in objects:
        if one.kind != "AIServiceBackend" or one.name != name:
            continue
        target = one.node.text("spec", "backendRef", "name")
        backend = next((each for each in objects if (each.kind, each.name) == ("Backend", target)), None)
        for endpoint in backend.node.each("spec", "endpoints") if backend else ():
            host = endpoint.get("fqdn", "hostname")
            row = services.behind(str(host.value)) if host else None
            if host and row and row.kind in CALLED:
                return _Way(reference=reference, backend=str(target), host=host, row=row)
    return None


def _told(services: Services, way: _Way, subject: str, *, same: bool) -> Iterator[Evidence]:
    call = f"call:{way.row.id}"
    yield way.host.says(call, "from", subject)
    if region := services.region(str(way.host.value)):
        yield way.host.says(call, "region", region)
    if way.rank:
        yield way.reference.says(call, "fallback", subject, note=_SAME if same else "")


def _headers(rule: ForeignNode) -> Iterator[ForeignNode]:
    for match in rule.each("matches"):
        for header in match.each("headers"):
            value = header.get("value")
            if header.text("name") == _MODEL and value:
                yield value


def _models(rule: ForeignNode, subject: str) -> Iterator[Evidence]:
    for header in _headers(rule):
        yield header.tells(subject, "model")
        if profile := profile_of(str(header.value)):
            yield header.says(subject, "profile", profile)


def _around(way: _Way, subject: str, objects: Sequence[Manifest]) -> Iterator[Evidence]:
    """What policies say of a way: whether it is encrypted, and which secrets it is used with."""
    name = way.reference.text("name")
    for one in objects:
        named = {target.text("name") for target in one.node.each("spec", "targetRefs")}
        if one.kind == "BackendTLSPolicy" and way.backend in named:
            if host := one.node.get("spec", "validation", "hostname"):
                yield host.says(f"call:{way.row.id}", "transport", "tls")
        elif one.kind == "BackendSecurityPolicy" and name in named:
            for secret in _secrets(one.node):
                yield secret.says(f"secret:{secret.value}", "held_by", subject)


def _secrets(node: ForeignNode) -> Iterator[ForeignNode]:
    """The names that references to secrets hold, wherever they stand."""
    for key, value in node.items():
        name = value.get("name") if key.lower().endswith("secretref") else None
        if name and isinstance(name.value, str):
            yield name
        else:
            yield from _secrets(value)
    for one in node.each():
        yield from _secrets(one)

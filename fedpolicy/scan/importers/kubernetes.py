"""Kubernetes: what workloads hold and ask, names inside that stand for hosts outside, and secrets in files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from fedpolicy.scan.reading.manifest import Manifest, is_manifest, manifests, variable
from fedpolicy.scan.reading.servers import container
from fedpolicy.scan.reading.variables import Variable, looks_real, told, variables
from fedpolicy.scan.services import CALLED, TRACKS, Services

if TYPE_CHECKING:
    from fedpolicy.scan import Evidence, ForeignNode
    from fedpolicy.scan.reading import File

_REGION = "topology.kubernetes.io/region"


def wants(file: File) -> bool:
    """YAML that begins objects of Kubernetes."""
    return is_manifest(file)


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    objects = manifests(file)
    outside = dict(_outside(objects))
    for one in objects:
        if one.pod:
            yield from _workload(file.services, one, objects, outside)
        elif one.kind in _KINDS:
            yield from _KINDS[one.kind](file.services, one)


def _workload(
    services: Services, one: Manifest, objects: Sequence[Manifest], outside: dict[str, str]
) -> Iterator[Evidence]:
    subject = f"workload:{one.name}"
    for node in one.containers():
        given = list(_environment(node, objects, one.namespace))
        yield from container(services, node, subject, ("command", "args"), given)
        yield from told(services, subject, given, outside)
        yield from _references(node, subject)
    if one.pod and (region := one.pod.get("nodeSelector", _REGION)):
        yield region.tells(subject, "region")
    if one.pod and (runtime := one.pod.get("runtimeClassName")) and str(runtime.value).startswith("kata-"):
        yield runtime.tells(subject, "runtime")


def _environment(container: ForeignNode, objects: Sequence[Manifest], namespace: str) -> Iterator[Variable]:
    """The variables of a container: its own, and those of maps and secrets of the same file that it takes whole."""
    for node in container.each("env"):
        if (said := variable(node)) is not None:
            yield said
    for source in container.each("envFrom"):
        for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            name = source.text(key, "name")
            for one in objects:
                if (one.kind, one.name, one.namespace) == (kind, name, namespace):
                    for each in (*variables(one.node.get("data")), *variables(one.node.get("stringData"))):
                        yield Variable(name=each.name, value=each.value, node=source, given=kind == "Secret")


def _references(container: ForeignNode, subject: str) -> Iterator[Evidence]:
    for source in container.each("envFrom"):
        if name := source.text("secretRef", "name"):
            yield source.says(f"secret:{name}", "held_by", subject)


def _outside(objects: Sequence[Manifest]) -> Iterator[tuple[str, str]]:
    """Names inside the cluster that stand for hosts outside."""
    for one in objects:
        host = one.node.text("spec", "externalName") if one.kind == "Service" else None
        if host:
            short = f"{one.name}.{one.namespace}"
            for name in (one.name, short, f"{short}.svc", f"{short}.svc.cluster.local"):
                yield name, host


def _service(_: Services, one: Manifest) -> Iterator[Evidence]:
    if host := one.node.get("spec", "externalName"):
        yield host.tells(f"service:{one.name}", "leads_to")


def _mesh(services: Services, one: Manifest) -> Iterator[Evidence]:
    for host in one.node.each("spec", "hosts"):
        row = services.behind(str(host.value))
        if row and row.kind in (*CALLED, *TRACKS):
            kind = "call" if row.kind in CALLED else "tracker"
            yield host.says(
                f"{kind}:{row.id}", "used", None, note="the mesh lets everybody reach it, which proves no use"
            )


def _ingress(_: Services, one: Manifest) -> Iterator[Evidence]:
    place = one.node.get("spec", "tls") or one.node.get("spec", "rules")
    if place:
        yield place.says(f"ingress:{one.name}", "tls", bool(one.node.get("spec", "tls")))


def _secret(_: Services, one: Manifest) -> Iterator[Evidence]:
    """The keys of a secret, and whether its values stand in the file."""
    for field, encoded in (("data", True), ("stringData", False)):
        for name, node in one.node.items(field):
            real = isinstance(node.value, str) and looks_real(name, node.value, encoded=encoded)
            if real:
                yield node.says(f"secret:{one.name}.{name}", "literal", f"secret:{one.name}")
            else:
                yield node.says(f"secret:{one.name}", "key", name)


def _sealed(_: Services, one: Manifest) -> Iterator[Evidence]:
    for entry in one.node.each("spec", "data"):
        if key := entry.get("secretKey"):
            yield key.tells(f"secret:{one.name}", "key")
    for name, node in one.node.items("spec", "encryptedData"):
        yield node.says(f"secret:{one.name}", "key", name)


_KINDS: dict[str, Callable[[Services, Manifest], Iterator[Evidence]]] = {
    "Secret": _secret,
    "Service": _service,
    "ServiceEntry": _mesh,
    "Ingress": _ingress,
    "SealedSecret": _sealed,
    "ExternalSecret": _sealed,
}

"""Objects of Kubernetes in a file, and the containers of those that start some."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fedpolicy.records import dataclass
from fedpolicy.scan.node import Node, settled
from fedpolicy.scan.reading.variables import Variable

if TYPE_CHECKING:
    from fedpolicy.scan.reading.files import File

__all__ = ["Manifest", "is_manifest", "looks_real", "manifests", "variable"]

_HEAD = re.compile(rb"^apiVersion:", re.MULTILINE)
_PODS = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet", "ReplicationController", "Rollout"),
        ("spec", "template", "spec"),
    ),
}
_PLACEHOLDER = re.compile(
    r"[A-Z][A-Z0-9_]*|.*(?:replace|change.?me|your|example|placeholder|redacted|dummy|xxx|todo|<|\{).*|.*\s.*",
    re.IGNORECASE | re.DOTALL,
)
_SHORTEST = 8  # of a text that may be a secret
_PUBLIC = (".crt", ".pub", ".cer", "ca.pem", "_user", "_username", "username", "user")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One object: its kind, its name and namespace, and what it says."""

    kind: str
    name: str
    namespace: str
    node: Node

    @property
    def pod(self) -> Node | None:
        """What its pods are made of, where it starts some."""
        return self.node.get(*_PODS[self.kind]) if self.kind in _PODS else None

    @property
    def labels(self) -> dict[str, str]:
        """The labels of its pods."""
        steps = ("metadata",) if self.kind == "Pod" else (*_PODS[self.kind][:-1], "metadata")
        found = self.node.get(*steps, "labels")
        return {name: str(node.value) for name, node in found.items()} if found else {}

    def containers(self) -> Iterator[Node]:
        """The containers of its pods, those that only prepare first."""
        for key in ("initContainers", "containers"):
            found = self.pod.get(key) if self.pod else None
            yield from found.each() if found else ()


def is_manifest(file: File) -> bool:
    """Whether a file may hold objects of Kubernetes."""
    return file.path.suffix in (".yml", ".yaml") and _HEAD.search(file.content) is not None


def manifests(file: File) -> list[Manifest]:
    """The objects of a file, those in lists too. Raises Unread."""
    found: list[Manifest] = []
    for document in file.yaml:
        items = document.get("items")
        listed = list(items.each()) if items and str(document.text("kind")).endswith("List") else [document]
        for one in listed:
            kind = one.text("kind")
            if kind and one.get("apiVersion"):
                name = one.text("metadata", "name") or ""
                namespace = one.text("metadata", "namespace") or "default"
                found.append(Manifest(kind=kind, name=name, namespace=namespace, node=one))
    return found


def variable(node: Node) -> Variable | None:
    """An entry of `env`; what comes from a secret, a map or the pod is given by somebody else."""
    name, value = node.text("name"), node.get("value")
    if name is None:
        return None
    said = "" if value is None or value.value is None else str(value.value)
    return Variable(name=name, value=said, node=node, given=node.get("valueFrom") is not None)


def looks_real(name: str, value: str, *, encoded: bool) -> bool:
    """Whether an entry of a Secret may be one. It is never decoded; a stand-in for a value is none."""
    if name.lower().endswith(_PUBLIC) or len(value) < _SHORTEST or not settled(value):
        return False
    return encoded or _PLACEHOLDER.fullmatch(value) is None

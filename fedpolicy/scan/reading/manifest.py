"""Objects of Kubernetes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fedpolicy.records import dataclass
from fedpolicy.scan import ForeignNode
from fedpolicy.scan.reading import File
from fedpolicy.scan.reading.variables import Variable

_HEAD = re.compile(rb"^apiVersion:", re.MULTILINE)
_PODS = {
    "Pod": ("spec",),
    "ServingRuntime": ("spec",),
    "ClusterServingRuntime": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet", "ReplicationController", "Rollout"),
        ("spec", "template", "spec"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One object: its kind, its name and namespace, and what it says."""

    kind: str
    name: str
    namespace: str
    node: ForeignNode

    @property
    def pod(self) -> ForeignNode | None:
        """What its pods are made of, where it starts some."""
        return self.node.get(*_PODS[self.kind]) if self.kind in _PODS else None

    @property
    def labels(self) -> dict[str, str]:
        """The labels of its pods."""
        steps = ("metadata",) if len(_PODS[self.kind]) == 1 else (*_PODS[self.kind][:-1], "metadata")
        return {name: str(node.value) for name, node in self.node.items(*steps, "labels")}

    def containers(self) -> Iterator[ForeignNode]:
        """The containers of its pods, those that only prepare first."""
        for key in ("initContainers", "containers"):
            yield from self.pod.each(key) if self.pod else ()


def is_manifest(file: File) -> bool:
    """Whether a file may hold objects of Kubernetes."""
    return file.path.suffix in (".yml", ".yaml") and _HEAD.search(file.content) is not None


def manifests(file: File) -> list[Manifest]:
    """The objects of a file, those in lists too. Raises Unread."""
    found: list[Manifest] = []
    for document in file.yaml:
        in_list = document.get("items") and str(document.text("kind")).endswith("List")
        listed = document.each("items") if in_list else [document]
        for one in listed:
            kind = one.text("kind")
            if kind and one.get("apiVersion"):
                name = one.text("metadata", "name") or ""
                namespace = one.text("metadata", "namespace") or "default"
                found.append(Manifest(kind=kind, name=name, namespace=namespace, node=one))
    return found


def variable(node: ForeignNode) -> Variable | None:
    """An entry of `env`; what comes from a secret, a map or the pod is given by somebody else."""
    name, value = node.text("name"), node.get("value")
    if name is None:
        return None
    said = "" if value is None or value.value is None else str(value.value)
    return Variable(name=name, value=said, node=node, given=node.get("valueFrom") is not None)

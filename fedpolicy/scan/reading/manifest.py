"""Objects of Kubernetes, and the files that stand inside of a ConfigMap, with places in the one around them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fedpolicy.findings import Span
from fedpolicy.records import dataclass, replace
from fedpolicy.scan import Evidence, ForeignNode, Unread
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


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedFile:
    """A file inside another one: what it is there, and how many lines and columns before it."""

    file: File
    around: str
    key: str
    lines: int
    columns: int

    def at(self, span: Span) -> Span:
        """The place in the file around."""
        return replace(
            span,
            file=self.around,
            line=span.line + self.lines,
            end_line=span.end_line + self.lines,
            column=span.column + self.columns,
            end_column=span.end_column + self.columns,
        )

    def placed(self, one: Evidence) -> Evidence:
        """A fact of it with its place in the file around."""
        return replace(one, span=self.at(one.span), key=f"{self.key}.{one.key}".rstrip("."))


def embedded_files(file: File) -> Iterator[EmbeddedFile]:
    """The files in the ConfigMaps of a file that have a name with an ending and stand there as they are."""
    if not is_manifest(file) or b"ConfigMap" not in file.content:
        return
    try:
        objects = manifests(file)
    except Unread:
        return
    for one in objects:
        for name, node in one.node.items("data") if one.kind == "ConfigMap" else ():
            if "." in name and isinstance(node.value, str) and (part := _part(file, name, node)):
                yield part


def _part(file: File, name: str, node: ForeignNode) -> EmbeddedFile | None:
    """A text over several lines, each of which stands in the file, with the same space before it."""
    text = str(node.value)
    lines = file.text.split("\n")
    first = next((line for line in text.split("\n") if line.strip()), "")
    above = text.split("\n").index(first) if first else 0
    for at in range(node.span.line, min(node.span.line + 3 + above, len(lines))):
        if first and lines[at].endswith(first) and not lines[at].removesuffix(first).strip():
            inside = File(name, text.encode(), file.services)
            columns = len(lines[at]) - len(first)
            return EmbeddedFile(file=inside, around=file.name, key=f"data.{name}", lines=at - above, columns=columns)
    return None

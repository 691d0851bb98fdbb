"""Files that stand inside of a ConfigMap of Kubernetes: as files of their own, with places in the one around them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fedpolicy.findings import Span
from fedpolicy.records import dataclass
from fedpolicy.scan.evidence import Evidence, Unread
from fedpolicy.scan.node import Node
from fedpolicy.scan.reading.files import File
from fedpolicy.scan.reading.manifest import is_manifest, manifests

__all__ = ["Part", "parts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
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


def parts(file: File) -> Iterator[Part]:
    """The files in the ConfigMaps of a file that have a name with an ending and stand there as they are."""
    if not is_manifest(file) or b"ConfigMap" not in file.content:
        return
    try:
        objects = manifests(file)
    except Unread:
        return
    for one in objects:
        data = one.node.get("data") if one.kind == "ConfigMap" else None
        for name, node in data.items() if data else ():
            if "." in name and isinstance(node.value, str) and (part := _part(file, name, node)):
                yield part


def _part(file: File, name: str, node: Node) -> Part | None:
    """A text over several lines, each of which stands in the file, with the same space before it."""
    text = str(node.value)
    lines = file.text.split("\n")
    first = next((line for line in text.split("\n") if line.strip()), "")
    above = text.split("\n").index(first) if first else 0
    for at in range(node.span.line, min(node.span.line + 3 + above, len(lines))):
        if first and lines[at].endswith(first) and not lines[at].removesuffix(first).strip():
            inside = File(name, text.encode(), file.services)
            columns = len(lines[at]) - len(first)
            return Part(file=inside, around=file.name, key=f"data.{name}", lines=at - above, columns=columns)
    return None

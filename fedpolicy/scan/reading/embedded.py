"""Files inside of another one, with places in it: in a ConfigMap, in a script that writes them, code of a notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from fedpolicy.findings import Span
from fedpolicy.records import dataclass, replace
from fedpolicy.scan import Evidence, ForeignNode, Unread, settled
from fedpolicy.scan.reading import File
from fedpolicy.scan.reading.manifest import is_manifest, manifests
from fedpolicy.scan.reading.notebook import Notebook, is_notebook
from fedpolicy.scan.reading.shell import is_script, shell_texts


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedFile:
    """A file inside another one: what it is there, and where a place of it is in the one around."""

    file: File
    key: str
    at: Callable[[Span], Span]

    def placed(self, one: Evidence) -> Evidence:
        """A fact of it with its place in the file around."""
        return replace(one, span=self.at(one.span), key=f"{self.key}.{one.key}".rstrip("."))


def embedded_files(file: File) -> Iterator[EmbeddedFile]:
    """The files that stand in one as they are. Raises Unread."""
    if is_notebook(file):
        book = Notebook(file)
        yield EmbeddedFile(file=book.code, key="cells", at=book.at)
    elif is_manifest(file) and b"ConfigMap" in file.content:
        yield from _in_maps(file)
    elif b"<<" in file.content and is_script(file.path, file.content):
        lines = file.text.split("\n")
        for one in (each for each in shell_texts(lines) if each.name and settled(each.name)):
            inside = File(one.name, one.text(lines).encode(), file.services)
            before = Span(file=file.name, line=one.first - 1, column=0)
            yield EmbeddedFile(file=inside, key=one.name, at=partial(_behind, before))


def _in_maps(file: File) -> Iterator[EmbeddedFile]:
    """Those that have a name with an ending."""
    try:
        objects = manifests(file)
    except Unread:  # whoever reads the objects says so
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
            before = Span(file=file.name, line=at - above, column=len(lines[at]) - len(first))
            inside = File(name, text.encode(), file.services)
            return EmbeddedFile(file=inside, key=f"data.{name}", at=partial(_behind, before))
    return None


def _behind(before: Span, span: Span) -> Span:
    """A place, so many lines and columns further."""
    return replace(
        span,
        file=before.file,
        line=span.line + before.line,
        end_line=span.end_line + before.line,
        column=span.column + before.column,
        end_column=span.end_column + before.column,
    )

"""Several edits of one document of a text, and the proof that the new text says what was meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fedpolicy.language.model.deployment import Deployment
from fedpolicy.language.model.shape import Shape
from fedpolicy.language.reading.claims import lift
from fedpolicy.language.reading.load import Document, load_text
from fedpolicy.language.reading.source import read
from fedpolicy.language.rewriting.edits import Edit, Remove, in_order
from fedpolicy.language.rewriting.layout import Layout, UnwritableError
from fedpolicy.language.rewriting.splice import Splice, splice_of

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog

__all__ = ["rewritten"]

_BOM = "\ufeff"


def rewritten(
    text: str, document: Document, edits: Sequence[Edit], expected: Deployment, catalog: Catalog
) -> tuple[str, Document]:
    """
    The text with these edits of a document, and that document as it is read back.

    Every character outside of what is edited stays. Raises UnwritableError where that cannot be, or where the new text
    would not say exactly `expected`.
    """
    left = in_order(edits)
    bom = _BOM if text.startswith(_BOM) else ""
    content = text.removeprefix(_BOM)
    while left:
        layout = _layout(content, document)
        some = _independent(layout, left)
        left = [edit for edit in left if edit not in some]
        content = _applied(content, [splice_of(layout, edit) for edit in some])
    loaded = load_text(content, document.file, catalog)
    found = next((one for one in loaded.documents if one.index == document.index), None)
    if loaded.errors or found is None or found.deployment != expected:
        raise _other(document)
    return bom + content, found


def _layout(content: str, document: Document) -> Layout:
    source = read(content, document.file)
    if source.errors or len(source.documents) <= document.index:
        raise _other(document)
    raw = source.documents[document.index]
    lifted = frozenset(lift(raw.tree, Shape(entry=Deployment)).claims)
    return Layout(marks=raw.spans.marks, root=raw.spans.root, lifted=lifted)


def _independent(layout: Layout, edits: Sequence[Edit]) -> list[Edit]:
    """Edits that can be made at once: of different entries, and one for each collection in brackets."""
    first = edits[0]
    if len(first.path) == 1 or (isinstance(first, Remove) and layout.in_brackets(layout.root)):
        return [first]
    chosen: dict[object, Edit] = {}
    for edit in edits:
        section = edit.path[0]
        row = layout.find((section,))
        single = section == "governance" or row is None or layout.in_brackets(row)
        if len(edit.path) > 1:
            chosen.setdefault(section if single else edit.path[:2], edit)
    return list(chosen.values())


def _applied(content: str, splices: list[Splice]) -> str:
    for splice in sorted(splices, reverse=True):
        content = content[: splice.start] + splice.text + content[splice.end :]
    return content


def _other(document: Document) -> UnwritableError:
    message = f"`{document.file}` is written so that this cannot be changed without changing something else"
    return UnwritableError(message, span=document.spans.at(()), help="change it by hand")

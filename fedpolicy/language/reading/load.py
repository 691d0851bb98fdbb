"""Text -> deployments, or every mistake in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from pydantic import ValidationError

from fedpolicy.errors import FedPolicyError
from fedpolicy.findings import Span
from fedpolicy.language.model.deployment import Deployment
from fedpolicy.language.model.shape import Shape, entry_shape
from fedpolicy.language.reading.claims import Claim, Lifted, lift
from fedpolicy.language.reading.header import check_header
from fedpolicy.language.reading.mistakes import Mistake, dotted, located
from fedpolicy.language.reading.participants import spelt_out
from fedpolicy.language.reading.resolve import resolve
from fedpolicy.language.reading.source import Raw, read
from fedpolicy.language.reading.spans import Spans
from fedpolicy.language.reading.validating import validated
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog

__all__ = ["Document", "Loaded", "load_text"]

_REPORT = "report it with the file: this is a bug in fedpolicy"
_ROOT = Shape(entry=Deployment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """
    One deployment and where it stands.

    `claims` holds, by dotted path, what was said with evidence; `unknowns` the dotted paths that say `unknown`.
    `index` counts the documents of the file from 0.
    """

    deployment: Deployment
    file: str
    index: int
    spans: Spans
    claims: Mapping[str, Claim] = field(default_factory=dict)
    unknowns: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a file holds: the documents without mistakes, and the mistakes in the others, in the order of the text."""

    documents: tuple[Document, ...] = ()
    errors: tuple[FedPolicyError, ...] = ()
    lines: tuple[str, ...] = ()


def load_text(text: str | bytes, name: str, catalog: Catalog) -> Loaded:
    """
    Read every deployment of a file; `name` is what errors call the file.

    Nothing is raised for bad input: each mistake is one error, and a broken document does not hide the others.
    """
    source = read(text, name)
    documents: list[Document] = []
    errors: list[FedPolicyError] = list(source.errors)
    # What YAML already complains about is not wrong a second time: an alias of nothing is no missing value.
    said = {_start(error) for error in errors}
    for raw in source.documents:
        document, mistakes = _read_document(raw, name, catalog)
        errors += [mistake for mistake in mistakes if _start(mistake) not in said]
        if document is not None and not raw.flawed:
            documents.append(document)
    return Loaded(documents=tuple(documents), errors=tuple(sorted(errors, key=_place)), lines=source.lines)


def _start(error: FedPolicyError) -> tuple[int, int]:
    return _place(error).line, _place(error).column


def _place(error: FedPolicyError) -> Span:
    return error.span or Span(file="")


def _read_document(raw: Raw, name: str, catalog: Catalog) -> tuple[Document | None, list[FedPolicyError]]:
    mistakes, readable = check_header(raw.tree, entry_shape(Deployment))
    if not readable:
        return None, [*located(mistakes, raw.spans)]
    lifted = lift(raw.tree, _ROOT)
    mistakes += lifted.mistakes
    deployment, found = _validated(lifted.tree, mistakes)
    mistakes += found
    mistakes += resolve(lifted.tree, catalog, mistakes)
    if raw.lost:
        mistakes = [mistake for mistake in mistakes if not mistake.absence]
    spans = Spans(marks=raw.spans.marks, root=raw.spans.root, lifted=frozenset(lifted.claims))
    if deployment is None and not mistakes and not raw.flawed:
        mistakes = [Mistake(path=(), message="this document cannot be read, and nobody can say why", help=_REPORT)]
    if mistakes or deployment is None:
        return None, [*located(mistakes, spans)]
    return _document(deployment, raw, lifted, spans, name), []


def _validated(tree: object, mistakes: list[Mistake]) -> tuple[Deployment | None, list[Mistake]]:
    try:
        return validated(tree), []
    except ValidationError as error:
        from fedpolicy.language.reading.explain import explain  # noqa: PLC0415  only a mistake pays for it

        # A place that is already known to be wrong is not wrong a second time.
        known = {mistake.path for mistake in mistakes}
        return None, [found for found in explain(error, tree, _ROOT) if found.path not in known]


def _document(deployment: Deployment, raw: Raw, lifted: Lifted, spans: Spans, name: str) -> Document:
    return Document(
        deployment=spelt_out(deployment),
        file=name,
        index=raw.index,
        spans=spans,
        claims={dotted(path): claim for path, claim in lifted.claims.items()},
        unknowns=frozenset(map(dotted, lifted.unknowns)),
    )

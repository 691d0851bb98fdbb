"""Text -> deployments, or every mistake in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError

from fedpolicy.errors import FedPolicyError, SpecError
from fedpolicy.spec.claims import Claim, Lifted, lift
from fedpolicy.spec.mistakes import dotted
from fedpolicy.spec.models import Deployment
from fedpolicy.spec.shape import Shape
from fedpolicy.spec.source import Raw, read
from fedpolicy.spec.spans import Spans

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog

__all__ = ["Document", "Loaded", "load_text"]

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
    """Read every deployment of a file; `name` is what errors call the file."""
    source = read(text, name)
    documents: list[Document] = []
    errors = list(source.errors)
    for raw in source.documents:
        lifted = lift(raw.tree, _ROOT)
        spans = Spans(marks=raw.spans.marks, root=raw.spans.root, lifted=frozenset(lifted.claims))
        try:
            deployment = Deployment.model_validate(lifted.tree)
        except ValidationError as error:
            errors += [
                SpecError(item["msg"], span=spans.at(item["loc"]), path=dotted(item["loc"])) for item in error.errors()
            ]
            continue
        documents.append(_document(deployment, raw, lifted, spans, name))
    return Loaded(documents=tuple(documents), errors=tuple(errors), lines=source.lines)


def _document(deployment: Deployment, raw: Raw, lifted: Lifted, spans: Spans, name: str) -> Document:
    return Document(
        deployment=deployment,
        file=name,
        index=raw.index,
        spans=spans,
        claims={dotted(path): claim for path, claim in lifted.claims.items()},
        unknowns=frozenset(map(dotted, lifted.unknowns)),
    )

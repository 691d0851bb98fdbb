"""Text -> deployments, or every mistake in them: YAML with positions, checked whole, and what to write instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fedpolicy.errors import FedPolicyError, InputError
from fedpolicy.findings import Span
from fedpolicy.language.model import Deployment
from fedpolicy.language.model.shape import Shape, entry_shape
from fedpolicy.language.reading.claims import Claim, Lifted, lift
from fedpolicy.language.reading.mistakes import Mistake, dotted, located
from fedpolicy.language.reading.resolve import resolve, spelt_out
from fedpolicy.language.reading.source import Raw, read
from fedpolicy.language.reading.spans import Spans
from fedpolicy.language.reading.validator import Invalid, validated
from fedpolicy.limits import USUAL, Bounds
from fedpolicy.records import dataclass, field
from fedpolicy.suggest import nearest, shown_value

if TYPE_CHECKING:
    from fedpolicy.catalog import Catalog

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

    def with_something(self) -> Document:
        """The same, if there is something to judge. Raises InputError where it is about no data and no model."""
        said = self.deployment
        if said.datasets or said.models or said.tasks or said.api_calls or said.flows:
            return self
        message = f"`{said.name}` says nothing of data or models, so there is nothing to check"
        advice = "write whose data there are (`datasets`) and what is done with them (`tasks`, `api_calls`, `flows`)"
        raise InputError(message, span=self.spans.at(("name",)), help=f"{advice}; `fedpolicy init` writes an example")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a file holds: the documents without mistakes, and the mistakes in the others, in the order of the text."""

    documents: tuple[Document, ...] = ()
    errors: tuple[FedPolicyError, ...] = ()
    lines: tuple[str, ...] = ()


def load_text(text: str | bytes, name: str, catalog: Catalog, bounds: Bounds = USUAL) -> Loaded:
    """
    Read every deployment of a file; `name` is what errors call the file.

    Nothing is raised for bad input: each mistake is one error, and a broken document does not hide the others.
    """
    source = read(text, name, bounds)
    documents: list[Document] = []
    errors: list[FedPolicyError] = list(source.errors)
    # What YAML already complains about is not wrong a second time: an alias of nothing is no missing value.
    said = {_start(error) for error in errors} | {(span.line, span.column) for span in source.silent}
    for raw in source.documents:
        document, mistakes = _read_document(raw, name, catalog, bounds)
        errors += [mistake for mistake in mistakes if _start(mistake) not in said]
        if document is not None and not raw.flawed:
            documents.append(document)
    return Loaded(documents=tuple(documents), errors=tuple(sorted(errors, key=_place)), lines=source.lines)


def _start(error: FedPolicyError) -> tuple[int, int]:
    return _place(error).line, _place(error).column


def _place(error: FedPolicyError) -> Span:
    return error.span or Span(file="")


def _read_document(
    raw: Raw, name: str, catalog: Catalog, bounds: Bounds
) -> tuple[Document | None, list[FedPolicyError]]:
    mistakes, readable = check_header(raw.tree, entry_shape(Deployment))
    if not readable:
        return None, [*located(mistakes, raw.spans)]
    lifted = lift(_ours(raw.tree), _ROOT)
    mistakes += lifted.mistakes
    deployment, found = _validated(lifted.tree, mistakes)
    mistakes += found
    mistakes += resolve(lifted.tree, catalog, mistakes, bounds)
    if raw.lost:
        mistakes = [mistake for mistake in mistakes if not mistake.absence]
    spans = Spans(marks=raw.spans.marks, root=raw.spans.root, lifted=frozenset(lifted.claims))
    if deployment is None and not mistakes and not raw.flawed:
        mistakes = [Mistake(path=(), message="this document cannot be read, and nobody can say why", help=_REPORT)]
    if mistakes or deployment is None:
        return None, [*located(mistakes, spans)]
    return _document(deployment, raw, lifted, spans, name), []


def _ours(tree: object) -> object:
    """The tree without the keys that are its author's own, such as `x-templates`: they hold what is anchored."""
    if not isinstance(tree, dict) or not any(key.startswith(OWN) for key in tree):
        return tree
    return {key: value for key, value in tree.items() if not key.startswith(OWN)}


def _validated(tree: object, mistakes: list[Mistake]) -> tuple[Deployment | None, list[Mistake]]:
    try:
        return validated(tree), []
    except Invalid as error:
        from fedpolicy.language.reading.explain import validation_mistakes  # noqa: PLC0415  only a mistake pays for it

        # A place that is already known to be wrong is not wrong a second time.
        known = {mistake.path for mistake in mistakes}
        return None, [found for found in validation_mistakes(error, tree, _ROOT) if found.path not in known]


def _document(deployment: Deployment, raw: Raw, lifted: Lifted, spans: Spans, name: str) -> Document:
    return Document(
        deployment=spelt_out(deployment),
        file=name,
        index=raw.index,
        spans=spans,
        claims={dotted(path): claim for path, claim in lifted.claims.items()},
        unknowns=frozenset(map(dotted, lifted.unknowns)),
    )


VERSION = 1
OWN = "x-"  # begins the keys at the top of a document that mean nothing here
_BESIDE = {"fedpolicy_waivers": "--waivers", "fedpolicy_site": "--site"}  # begin files that a check takes beside ours
_START = f"start with `fedpolicy: {VERSION}` and a `name`"


def check_header(tree: object, known: Mapping[str, object]) -> tuple[list[Mistake], bool]:
    """What is wrong with the top of a document, and whether it is worth reading on."""
    if not isinstance(tree, dict):
        kind = "a list" if isinstance(tree, tuple) else shown_value(tree)
        return [Mistake(path=(), message=f"a deployment is a map of keys; this is {kind}", help=_START)], False
    if "fedpolicy" not in tree:
        return _without_version(tree, known)
    return _with_version(tree["fedpolicy"])


def _without_version(tree: Mapping[str, object], known: Mapping[str, object]) -> tuple[list[Mistake], bool]:
    for key, option in _BESIDE.items():
        if key in tree:
            advice = f"check a deployment, and name this file with `{option}`"
            return [Mistake(path=(key,), message=f"`{key}` is no deployment", help=advice, key=True)], False
    if nearest("fedpolicy", [key for key in tree if key not in known]):
        return [], True  # misspelt, which is said as an unknown key
    sections = [key for key in tree if key in known and key not in ("name", "summary")]
    message = "the document has no `fedpolicy` key, which names the version of the language"
    return [Mistake(path=("fedpolicy",), message=message, help=_START, key=True)], bool(sections)


def _with_version(value: object) -> tuple[list[Mistake], bool]:
    if value == VERSION and type(value) is int:
        return [], True
    if type(value) is int:
        message = f"version {shown_value(value)} of the language is not known"
        advice = f"this fedpolicy reads `fedpolicy: {VERSION}`; newer versions need a newer fedpolicy"
        return [Mistake(path=("fedpolicy",), message=message, help=advice)], False
    message = f"{shown_value(value)} is not a version of the language"
    return [Mistake(path=("fedpolicy",), message=message, help=f"write `fedpolicy: {VERSION}`, without quotes")], True


def the_one(documents: Sequence[Document], file: str, name: str) -> Document:
    """The only deployment of a file, or the one with this name. Raises InputError where that is open."""
    found = [document for document in documents if name in ("", document.deployment.name)]
    names = ", ".join(f"`{document.deployment.name}`" for document in documents)
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError(f"`{file}` holds no deployment `{name}`", help=f"it holds {names}")
    raise InputError(f"`{file}` holds {len(found)} deployments", help=f"say which with --deployment: {names}")

"""Text -> raw trees with positions: YAML 1.2 (and so JSON), several documents a file."""

from __future__ import annotations

import re

import yaml

from fedpolicy.errors import FedPolicyError, InputError, SpecError
from fedpolicy.findings import Span
from fedpolicy.language.reading.compose import Composer
from fedpolicy.language.reading.mistakes import Fatal, Notes, yaml_mistake
from fedpolicy.language.reading.spans import Marks, Spans
from fedpolicy.language.reading.text import Text, decode
from fedpolicy.limits import USUAL, Bounds
from fedpolicy.records import dataclass, field
from fedpolicy.startup import pattern

_MARKER = pattern(r"^---(?=\s|$)", re.MULTILINE)
_MANY = 50  # lines that may be alike: of fewer the parser takes no time
_MAX_BROKEN = 100  # documents of a file whose syntax errors are reported; each costs another start of the parser
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # without libyaml the parser in Python, which is slow


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """
    One document before validation.

    `flawed` says that its YAML has mistakes though it could be read, `lost` that keys are missing because of them.
    """

    tree: object
    spans: Spans
    index: int
    flawed: bool = False
    lost: bool = False


@dataclass(slots=True, kw_only=True)
class YamlSource:
    """What a file holds: its documents that could be read, and the mistakes in its YAML. `Notes` tells the rest."""

    documents: list[Raw] = field(default_factory=list)
    errors: list[FedPolicyError] = field(default_factory=list)
    silent: list[Span] = field(default_factory=list)
    twice: list[Span] = field(default_factory=list)
    lines: tuple[str, ...] = ()


def read(data: str | bytes, name: str, bounds: Bounds = USUAL, *, foreign: bool = False) -> YamlSource:
    """
    Read every document of a file; a broken one does not hide the others. Documents without content do not count.

    A `foreign` file is for another program. What a tag of that program makes of a text, nobody knows: `<!tag text>`.
    """
    source = YamlSource()
    try:
        text = decode(data, name, bounds.bytes)
    except InputError as error:
        source.errors.append(error)
        return source
    source.lines = text.lines
    alike = not foreign and text.content.count(": {") >= _MANY and _read_alike(text, source, bounds)
    if not alike:
        _read_documents(text, source, bounds, foreign=foreign)
    if not source.documents and not source.errors:
        source.errors.append(_empty(name))
    return source


def _empty(name: str) -> InputError:
    message = "the file holds no deployment: it is empty or has only comments"
    return InputError(message, span=Span(file=name), help="start with `fedpolicy: 1` and a `name`")


def _read_alike(text: Text, source: YamlSource, bounds: Bounds) -> bool:
    """Read a file of which most lines are written alike; whether that was all, and nothing is wrong."""
    from fedpolicy.language.reading.stretches import without_stretches  # noqa: PLC0415  few files are large

    short, stretches = without_stretches(text)
    if not stretches:
        return False
    found = YamlSource()
    notes = Notes(text=short, errors=found.errors, silent=found.silent)
    stopped = _read_from(0, Composer(Marks(text=short), notes, bounds, stretches), found)
    if stopped is not None or found.errors or found.silent or stretches:
        return False
    source.documents += found.documents
    return True


def _read_documents(text: Text, source: YamlSource, bounds: Bounds, *, foreign: bool) -> None:
    notes = Notes(text=text, errors=source.errors, silent=source.silent, twice=source.twice)
    composer = Composer(Marks(text=text), notes, bounds, foreign=foreign)
    offset = 0
    for _ in range(_MAX_BROKEN):
        stopped = _read_from(offset, composer, source)
        marker = None if stopped is None else _MARKER.search(text.parsed, max(stopped, offset + 1))
        if marker is None:
            return
        offset = marker.start()
    message = "too many broken documents; the rest of the file is not read"
    source.errors.append(SpecError(message, span=text.span(offset, offset), help="mend the ones above first"))


def _read_from(offset: int, composer: Composer, source: YamlSource) -> int | None:
    """Read documents from here on; where one is broken, say behind which offset the next one may start."""
    text = composer.marks.text
    errors = len(source.errors)
    try:
        for tree, root in composer.documents(text.parsed[offset:], offset, _LOADER):
            if tree is not None:
                source.documents.append(_raw(composer, root, tree, source, flawed=len(source.errors) > errors))
            errors = len(source.errors)
    except Fatal as fatal:
        source.errors.append(fatal.error)
        return fatal.resume
    except yaml.MarkedYAMLError as error:
        found, stopped = yaml_mistake(error, text, offset, composer.opened)
        source.errors.append(found)
        return stopped
    return None


def _raw(composer: Composer, root: int, tree: object, source: YamlSource, *, flawed: bool) -> Raw:
    spans = Spans(marks=composer.marks, root=root)
    return Raw(tree=tree, spans=spans, index=len(source.documents), flawed=flawed, lost=composer.lost)

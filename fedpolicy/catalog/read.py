"""
The files of a catalogue: YAML to plain values, and these to rows.

YAML is read as YAML 1.2: `NO` is Norway, `2026-08-05` is text, a key stands once.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import yaml

from fedpolicy.catalog.rows import LISTS, ROWS, AttackRow, Row, TermsRow
from fedpolicy.errors import CatalogError
from fedpolicy.findings import Span
from fedpolicy.limits import MAX_DIGITS, hidden
from fedpolicy.records import dataclass
from fedpolicy.yaml12 import events, is_text, plain_scalar

if TYPE_CHECKING:

    class Mark(Protocol):
        """A place as PyYAML says it, counting from 0; its own two classes differ."""

        line: int
        column: int


DEEPEST = 16
LARGEST = 4 * 1024 * 1024
_BASE: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BASE):  # type: ignore[misc]  # libyaml where there is one
    """Finds no types: `plain` reads scalars itself, as YAML 1.2 does."""

    def resolve(self, _kind: object, _value: object, _implicit: object) -> str:
        """Say nothing of a scalar: what PyYAML would look up, nobody reads."""
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A file being read, by the name that the user knows it by."""

    name: str

    def span(self, node: yaml.Node) -> Span:
        """Where a node stands."""
        start, end = node.start_mark, node.end_mark
        return Span(
            file=self.name,
            line=start.line + 1,
            column=start.column + 1,
            end_line=end.line + 1,
            end_column=end.column + 1,
        )

    def at(self, mark: Mark | None) -> Span:
        """One character of the file, or the file."""
        if mark is None:
            return Span(file=self.name)
        line, column = mark.line + 1, mark.column + 1
        return Span(file=self.name, line=line, column=column, end_line=line, end_column=column + 1)


def tree_of(text: str, place: Place) -> yaml.Node | None:
    """Parse a user's document to its tree; raise CatalogError where it is no YAML, too deep, or uses aliases."""
    try:
        _bound(text, place)
        return compose_shipped(text)
    except yaml.MarkedYAMLError as error:
        said = ", ".join(part for part in (error.context, error.problem) if part)
        span = place.at(error.problem_mark or error.context_mark)
        raise CatalogError(said, span=span, help="correct the YAML at this place") from error
    except yaml.reader.ReaderError as error:
        # The offset counts bytes.
        before = text.encode()[: error.position].decode(errors="ignore").split("\n")
        span = place.at(yaml.Mark(place.name, 0, len(before) - 1, len(before[-1]), None, 0))
        raise CatalogError(str(error.reason), span=span, help="remove this character") from error


def compose_shipped(text: str) -> yaml.Node | None:
    """Parse a document that is known to be harmless; None if it is empty."""
    node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    return node


def plain(node: yaml.Node | None) -> Any:  # noqa: ANN401  a parsed value
    """The value of a tree without its places: dicts, lists, text, numbers, true, false and None."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    if isinstance(node, yaml.ScalarNode):
        # The style of a plain scalar is empty; quoted and block scalars are always text.
        return node.value if node.style else plain_scalar(node.value)
    return None


def _bound(text: str, place: Place) -> None:
    # The composer recurses in C and follows aliases, so both are bounded before it runs.
    if len(text) > LARGEST:
        raise CatalogError("the file is larger than 4 MiB", span=place.at(None), help="split the file")
    found = hidden(text)
    if found:
        mark = yaml.Mark(place.name, 0, found.line - 1, found.column - 1, None, 0)
        raise CatalogError(found.message, span=place.at(mark), help=found.help)
    depth = 0
    for event in events(text, _Loader):
        span = place.at(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            raise CatalogError("a catalogue file cannot use YAML aliases", span=span, help="write the value out")
        if getattr(event, "tag", None):
            raise CatalogError("a catalogue file cannot use YAML tags", span=span, help="put text in quotes instead")
        _bound_number(event, span)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise CatalogError("nested too deeply", span=span, help=f"use at most {DEEPEST} levels")


def _bound_number(event: Any, span: Span) -> None:  # noqa: ANN401  one of the parser's
    if not isinstance(event, yaml.ScalarEvent) or event.style or len(event.value) <= MAX_DIGITS:
        return
    if not is_text(event.value):
        message = f"a number of {len(event.value):,} digits is too long; at most {MAX_DIGITS} are read"
        raise CatalogError(message, span=span, help="write a shorter one, or quote it if it is text")


def build_row(section: str, key: str, facts: Mapping[str, Any]) -> Row:
    """Make a row of what was checked before."""
    made: dict[str, Any] = {name: _frozen(name, value) for name, value in facts.items()}
    return ROWS[section](id=key, **made)


def _frozen(name: str, value: Any) -> Any:  # noqa: ANN401  a parsed value
    if name == "terms":
        return TermsRow(**value)
    if name == "attacks":
        return tuple(AttackRow(**attack) for attack in value)
    if value is None:
        return None
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, dict):
        return MappingProxyType(value)
    return (value,) if name in LISTS else value

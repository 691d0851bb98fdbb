"""What an editor asks about a place in a text: hover, definition, references, rename, symbols, levels at line ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from lsprotocol import types

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.catalog import summary
from fedpolicy.language.reading.spans import place_of
from fedpolicy.lsp.completion import about_key, about_symbol, about_word, catalogue_rows
from fedpolicy.lsp.cursor import Path, shape_at
from fedpolicy.lsp.diagnostics import range_of

if TYPE_CHECKING:
    from fedpolicy.findings import Span
    from fedpolicy.language.reading.source import Raw
    from fedpolicy.lsp import OpenPage, Symbol

_KINDS = {
    "parties": types.SymbolKind.Class,
    "nodes": types.SymbolKind.Module,
    "datasets": types.SymbolKind.Struct,
    "models": types.SymbolKind.Object,
    "tasks": types.SymbolKind.Function,
    "api_calls": types.SymbolKind.Function,
    "flows": types.SymbolKind.Event,
}


def hover(page: OpenPage, line: int, column: int) -> str:
    """What stands at a place (from 1), in Markdown; empty where there is nothing to say."""
    found = page.path_at(line, column)
    if found is None:
        return ""
    raw, path, is_key = found
    symbol = page.symbol_at(line, column)
    if symbol is not None:
        return about_symbol(symbol[1], page.assessment_of(raw)) or f"`{symbol[1].name}` of {symbol[1].section}"
    shape, key = shape_at(path, _kind(raw, path))
    if is_key or key is None:
        return f"**{path[-1]}**: {about_key(key)}" if key else ""
    word = _value(raw.tree, path)
    if not isinstance(word, str):
        return about_key(key)
    listed = dict(catalogue_rows(key, page.catalog)).get(word)
    if not listed and key.name == "kind" and not shape.choices:
        listed = summary("enclaves", word, page.catalog)
    return f"**{word}**: {listed or about_word(word, key, shape.items or shape)}"


def definition(page: OpenPage, line: int, column: int) -> Span | None:
    """Where the id at a place is declared."""
    found = page.symbol_at(line, column)
    return found[0].spans.key((found[1].section, found[1].name)) if found else None


def places(page: OpenPage, line: int, column: int, *, declared: bool) -> list[Span]:
    """Every place where the id at a place is used, and where it is declared if that is asked for."""
    found = page.symbol_at(line, column)
    if found is None:
        return []
    raw, symbol = found
    own = [raw.spans.key((symbol.section, symbol.name))] if declared else []
    return [*own, *(span for span, _ in page.uses(raw, symbol))]


def edits_of_rename(page: OpenPage, line: int, column: int, new: str) -> list[tuple[Span, str]]:
    """What to write where, so that an id has another name. Members of a family keep what follows the `@`."""
    found = page.symbol_at(line, column)
    if found is None:
        return []
    raw, symbol = found
    own = (raw.spans.key((symbol.section, symbol.name)), new)
    return [own, *_renamed(page, raw, symbol, new)]


def _renamed(page: OpenPage, raw: Raw, symbol: Symbol, new: str) -> Iterator[tuple[Span, str]]:
    for span, written in page.uses(raw, symbol):
        yield span, f"{new}{written.removeprefix(symbol.name)}"
    if symbol.section == "parties":
        yield from _members(page, raw, symbol.name, new)


def _members(page: OpenPage, raw: Raw, old: str, new: str) -> Iterator[tuple[Span, str]]:
    """`client@aphp` is called after its party."""
    for one in page.references(raw):
        family, at, member = one.name.partition("@")
        party, dot, number = member.partition(".")
        if at and party == old and page.symbol_of(raw, one):
            yield page.named(raw.spans.at(one.path), one.name), f"{family}@{new}{dot}{number}"


def symbols(page: OpenPage) -> list[types.DocumentSymbol]:
    """Sections and their entries."""
    found = []
    for raw in page.documents:
        if isinstance(raw.tree, dict):
            for section, entries in raw.tree.items():
                if section in _KINDS and isinstance(entries, dict):
                    inner = [_symbol(raw, (section, name), _KINDS[section]) for name in entries]
                    found.append(_symbol(raw, (section,), types.SymbolKind.Namespace, inner))
    return found


def _symbol(
    raw: Raw, path: Path, kind: types.SymbolKind, children: list[types.DocumentSymbol] | None = None
) -> types.DocumentSymbol:
    key, value = range_of(raw.spans.key(path)), range_of(raw.spans.at(path))
    whole = types.Range(key.start, max(key.end, value.end, key=lambda one: (one.line, one.character)))
    return types.DocumentSymbol(name=str(path[-1]), kind=kind, range=whole, selection_range=key, children=children)


def hints(page: OpenPage, first: int, last: int) -> list[tuple[int, str]]:
    """For lines (from 1) where a flow begins, said or implied: the most that somebody learns by it, and who."""
    worst: dict[int, tuple[int, str]] = {}
    for known in page.good if page.current else ():
        for one in known.study.disclosures:
            for path in one.paths:
                span = place_of(known.document, _entry_of(path[-1].path)) if path else None
                if span is not None and first <= span.line <= last:
                    told = (one.high, _told(one.high, one.parties))
                    worst[span.line] = max(worst.get(span.line, (-1, "")), told)
    return sorted((line, text) for line, (_, text) in worst.items())


def _told(level: int, parties: tuple[str, ...]) -> str:
    names = ", ".join(parties[:2]) + (f" and {len(parties) - 2} more" if len(parties) > 2 else "")  # noqa: PLR2004
    return f"{names}: {LEVELS[level]}"


def _entry_of(path: Path) -> str:
    return ".".join(str(step) for step in path[:2])


def _kind(raw: Raw, path: Path) -> str:
    for end in range(len(path), 0, -1):
        found = _value(raw.tree, path[:end])
        if isinstance(found, Mapping) and isinstance(found.get("kind"), str):
            return str(found["kind"])
    return ""


def _value(tree: object, path: Path) -> object:
    for step in path:
        if isinstance(tree, Mapping):
            tree = tree.get(step)
        elif isinstance(tree, tuple) and isinstance(step, int) and step < len(tree):
            tree = tree[step]
        else:
            return None
    return tree

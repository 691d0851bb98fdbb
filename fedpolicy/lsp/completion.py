"""What may be written at the cursor, and what each word means: keys, choices, ids of this file and of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.catalog import Catalog, summary
from fedpolicy.language.model.shape import Key, Shape, entry_shape
from fedpolicy.lsp import SECTIONS, OpenPage, Symbol
from fedpolicy.lsp.cursor import Cursor, cursor_at, shape_at
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.check import Assessment
    from fedpolicy.language.model.entry import Entry

# The section of the catalogue that a kind of name, or a key whose words are open, is looked up in.
_ROWS = {
    "method": "methods",
    "payload": "payloads",
    "category": "categories",
    "country": "countries",
    "provider": "providers",
    "catalogue model": "models",
}
_KEYS = {"ref": "models", "licence": "licences", "provider": "providers", "region": "regions"}
_MOST = 6  # disclosures of a dataset that a hover lists


def about_key(key: Key) -> str:
    """The help of a key, whether it must be there, and what leaving it out means."""
    if key.required:
        return f"{key.about} **Required.**"
    return key.about if not key.open else f"{key.about} Left out, or `unknown`: rules that need it ask."


def about_word(word: str, key: Key | None, shape: Shape) -> str:
    """What a choice means, as far as the language says so."""
    if shape.kinds and word in shape.kinds:
        return " ".join((shape.kinds[word].__doc__ or "").split())
    if word == "unknown":
        return "Nobody knows. Both ends are computed, and rules that need it answer unknown."
    return f"One of the words of `{key.name}`." if key else ""


def catalogue_rows(key: Key | None, catalog: Catalog) -> Iterator[tuple[str, str]]:
    """The ids of the catalogue that may stand behind a key, each with its line."""
    sections = [_KEYS[key.name]] if key and key.name in _KEYS else []
    sections += [_ROWS[kind] for kind in (key.names.kinds if key and key.names else ()) if kind in _ROWS]
    for section in dict.fromkeys(sections):
        for name in getattr(catalog, section):
            yield name, summary(section, name, catalog)


def about_symbol(symbol: Symbol, known: Assessment | None) -> str:
    """What was computed about an id of the document."""
    if known is None:
        return ""
    tell = {"datasets": _dataset, "models": _model, "parties": _party}.get(symbol.section)
    return tell(known, symbol.name) if tell else ""


def _dataset(known: Assessment, name: str) -> str:
    lines = []
    for one in known.study.disclosures:
        if any(item.partition("@")[0] == name for item in one.datasets):
            low, high = LEVELS[one.low], LEVELS[one.high]
            level = high if low == high else f"{low} to {high}"
            lines.append(f"- **{level}**: {', '.join(one.parties)}, as {one.role}")
    more = f"\n- and {len(lines) - _MOST} more" if len(lines) > _MOST else ""
    listed = "\n".join(lines[:_MOST]) or "- nobody but its owner"
    return f"Who can learn `{name}`:\n\n{listed}{more}"


def _model(known: Assessment, name: str) -> str:
    facts = next((one for one in known.study.models if one.id == name), None)
    if facts is None:
        return ""
    cls = facts.cls if facts.lowest == facts.highest else f"{facts.lowest} to {facts.highest}"
    ran = f"; run by {', '.join(facts.runners)}" if facts.runners else ""
    missing = f"\n\nNot known: {', '.join(f'`{one}`' for one in facts.missing)}" if facts.missing else ""
    return f"`{name}` is **{cls.replace('_', ' ')}**{ran}{missing}"


def _party(known: Assessment, name: str) -> str:
    party = known.document.deployment.parties.get(name)
    if party is None:
        return ""
    learned = [one for one in known.study.disclosures if name in one.parties]
    worst = max((one.high for one in learned), default=0)
    roles = ", ".join(party.role)
    return f"`{name}`: {roles}. The most it can learn of others' data: **{LEVELS[worst]}**"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One thing to write: the word, the text that is put in for what was `written`, and what it means."""

    word: str
    text: str
    about: str
    sort: str
    key: bool = False


def offers(page: OpenPage, line: int, column: int) -> tuple[str, list[Offer]]:
    """What was written of the word at a place (both count from 0), and everything that may stand there."""
    cursor = cursor_at(page.lines, line, column)
    if cursor is None:
        return "", []
    # A word such as `unknown` may be built in and mean something of its own: the last says what it means here.
    found = list({one.word: one for one in _at(page, cursor, line)}.values())
    return cursor.written, [one for one in found if one.word.lower().startswith(cursor.written.lower())] or found


def _at(page: OpenPage, cursor: Cursor, line: int) -> Iterator[Offer]:
    shape, key = shape_at(cursor.path, cursor.kind)
    if cursor.key:
        yield from _keys(shape, cursor)
        return
    inner = shape.items if shape.items and not (cursor.path and isinstance(cursor.path[-1], int)) else shape
    if inner.choices and inner.kinds:
        yield from _values(page, inner, None, line)
        return
    if inner.entry is not None or inner.kinds:
        yield from _keys(inner, cursor)
    yield from _values(page, inner, key, line)


def _keys(shape: Shape, cursor: Cursor) -> Iterator[Offer]:
    entry = shape.entry or (shape.kinds or {}).get(cursor.kind)
    if entry is None and shape.kinds:
        about = "Which one it is; the other keys follow from it."
        yield Offer(word="kind", text="kind: ", about=about, sort="0kind", key=True)
        return
    if entry is not None:
        yield from _of_entry(entry, cursor)


def _of_entry(entry: type[Entry], cursor: Cursor) -> Iterator[Offer]:
    for place, (name, key) in enumerate(entry_shape(entry).items()):
        if name in cursor.present:
            continue
        sort = f"{'0' if key.required else '1'}{place:03}"
        yield Offer(word=name, text=_key_text(name, key, cursor), about=about_key(key), sort=sort, key=True)


def _key_text(name: str, key: Key, cursor: Cursor) -> str:
    """A section begins a block; anything else goes on behind the colon."""
    block = key.shape.values is not None and not cursor.inline and not cursor.path
    return f"{name}:\n  " if block else f"{name}: "


def _values(page: OpenPage, shape: Shape, key: Key | None, line: int) -> Iterator[Offer]:
    words = list(shape.choices) or (["true", "false"] if shape.scalar is bool else [])
    for place, word in enumerate(words):
        about = about_word(word, key, shape) if shape.choices else ""
        yield Offer(word=word, text=word, about=about, sort=f"0{place:03}")
    if key is None:
        return
    yield from _named(page, key, line)
    for name, about in catalogue_rows(key, page.catalog):
        yield Offer(word=name, text=name, about=about, sort=f"2{name}")
    if key.name == "kind" and not words and key.about:
        for name in page.catalog.enclaves:
            yield Offer(word=name, text=name, about=summary("enclaves", name, page.catalog), sort=f"2{name}")
    if key.open or key.unknown is not ...:
        yield Offer(word="unknown", text="unknown", about=about_word("unknown", key, shape), sort="9unknown")


def _named(page: OpenPage, key: Key, line: int) -> Iterator[Offer]:
    """Ids of this document and built-in words."""
    if key.names is None:
        return
    raw = page.document_at(line + 1)
    names = page.names(raw) if raw is not None else None
    for kind in key.names.kinds:
        if kind in SECTIONS and names is not None:
            for name in names.declared(SECTIONS[kind]):
                yield Offer(word=name, text=name, about=f"of {SECTIONS[kind]}", sort=f"1{name}")
                for member in sorted(names.members_of(kind, name)) if kind in ("node", "dataset") else ():
                    word = f"{name}@{member}"
                    yield Offer(word=word, text=word, about=f"one of `{name}`", sort=f"1{word}")
    for word in key.names.words:
        yield Offer(word=word, text=word, about="built in", sort=f"3{word}")

"""What a word of the language means, in a line: keys, choices, ids of the catalogue, ids of the document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.catalog.summary import summary
from fedpolicy.language.model.shape import Key, Shape

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog
    from fedpolicy.check import Assessment
    from fedpolicy.lsp.page import Symbol

__all__ = ["about_key", "about_symbol", "about_word", "catalogue_rows"]

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

"""A user's own catalogue files: read and checked whole, with the names that they use; every mistake at once."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import yaml

from fedpolicy.catalog.read import Place, build_row, plain, tree_of
from fedpolicy.catalog.rows import LEVELS, ROWS, DatasetRow, LevelRow, ModelRow, ProviderRow, Row
from fedpolicy.catalog.section import Section
from fedpolicy.catalog.shape import Spot, entries, misfits_of_class, suggestion
from fedpolicy.errors import CatalogError, Problems
from fedpolicy.files import HERE, Files
from fedpolicy.language.model.does import Noise, Seal, Sum
from fedpolicy.language.model.safeguards import KINDS
from fedpolicy.language.model.types import is_day

Known = tuple[Mapping[str, Row], Mapping[str, str]]
Rows = Callable[[str], Known]
Places = Sequence[tuple[str, Row, Spot]]
_LINKS = (
    ("models", "licence", "licences"),
    ("models", "provider", "providers"),
    ("models", "trained_on", "datasets"),
    ("services", "provider", "providers"),
    ("artefacts", "payload", "payloads"),
    ("providers", "jurisdiction", "countries"),
    ("providers", "serves", "countries"),
    ("providers", "not_served_in", "countries"),
    ("licences", "not_granted_in", "countries"),
    ("regions", "country", "countries"),
    ("methods", "up", "payloads"),
    ("methods", "down", "payloads"),
    ("methods", "up_in", "payloads"),
    ("methods", "to_runner", "payloads"),
    ("methods", "output", "payloads"),
)
_ALIASED = ("enclaves", "models", "providers", "licences")


_SOURCE = re.compile(r"(https?://|arXiv:|doi:)\S.*")
_COUNTRY = re.compile(r"[A-Z]{2}")
_HIDING = tuple(kind for kind, entry in KINDS.items() if isinstance(entry.does, (Noise, Seal, Sum)))
# An enclave hides, too, though it is written on a node.
_SAFEGUARDS = (*_HIDING, "tee", *(kind for kind in KINDS if kind not in _HIDING))
_FIXED = {"levels": LEVELS, "safeguards": _SAFEGUARDS}
OwnRows = list[tuple[str, Row, Spot]]


def broken_links(own: Places, rows: Rows) -> Iterator[CatalogError]:
    """The mistakes of `own` rows (section, row, place); `rows` gives all rows of a section, shipped and own."""
    for section, field, target in _LINKS:
        if any(name == section for name, _, _ in own):
            known, named = rows(target)
            for spot in _words(own, section, field):
                if spot.node.value not in known and spot.node.value not in named:
                    advice = suggestion(spot.node.value, known, f"add it under `{target}:`, or leave it out")
                    yield spot.error(f"{spot.node.value} is not among the {target} of the catalogue", advice)
    for section in _ALIASED:
        if any(name == section for name, _, _ in own):
            yield from _clashes(own, section, *rows(section))
    yield from _too_open(own, rows)


def _too_open(own: Places, rows: Rows) -> Iterator[CatalogError]:
    """Models whose training data are called open although they name data that nobody can have."""
    for _, row, spot in own:
        if isinstance(row, ModelRow) and row.training_data == "open" and row.trained_on:
            known, _named = rows("datasets")
            for name in row.trained_on:
                if name in known and not cast("DatasetRow", known[name]).can_be_had:
                    said = entries(spot, [])["training_data"][1]
                    yield said.error(f"{name} cannot be had, or not whole", "write `described`, or leave it out")


def _known(shipped: Mapping[str, Row], own: Mapping[str, Row]) -> Known:
    """All rows of a section, and the ids of those that have aliases, by these; what ships is not parsed for it."""
    made = shipped.aliases() if isinstance(shipped, Section) else {}
    named = {alias: name for alias, name in made.items() if name not in own}
    return ChainMap(dict(own), cast("dict[str, Row]", shipped)), {**_by_alias(own.values()), **named}


def _by_alias(rows: Iterable[Row]) -> dict[str, str]:
    return {alias: row.id for row in rows for alias in _aliases(row)}


def _aliases(row: Row) -> tuple[str, ...]:
    aliases: tuple[str, ...] = getattr(row, "aliases", ())
    return aliases


def _words(own: Places, section: str, field: str, only: str = "") -> Iterator[Spot]:
    # The scalars of one field: one text, the items of a list, or the values of a mapping.
    for name, row, spot in own:
        if name == section and only in ("", row.id):
            pair = entries(spot, []).get(field)
            if pair is not None:
                yield from _scalars(pair[1])


def _scalars(spot: Spot) -> Iterator[Spot]:
    if isinstance(spot.node, yaml.ScalarNode):
        yield spot
    elif isinstance(spot.node, yaml.SequenceNode):
        yield from (spot.into(item) for item in spot.node.value)
    else:
        yield from (spot.into(value, key.value) for key, value in spot.node.value)


def _clashes(own: Places, section: str, rows: Mapping[str, Row], named: Mapping[str, str]) -> Iterator[CatalogError]:
    mine = {row.id for name, row, _ in own if name == section}
    shipped = {alias: name for alias, name in named.items() if name not in mine}
    owners = dict(shipped)
    told: set[str] = set()
    for name, row, spot in own:
        if name == section:
            if row.id in shipped:
                advice = f"replace {shipped[row.id]} itself, or choose another id"
                yield spot.error(f"{row.id} is already an alias of {shipped[row.id]}", advice)
            for alias in _words(own, section, "aliases", row.id):
                yield from _clash(alias, row.id, rows, owners, told)
                owners.setdefault(alias.node.value, row.id)


def _clash(
    spot: Spot, owner: str, rows: Mapping[str, Row], owners: Mapping[str, str], told: set[str]
) -> Iterator[CatalogError]:
    alias = spot.node.value
    circle = _circle(owner, alias, rows)
    if circle:
        if not told.issuperset(circle):
            yield spot.error(f"aliases run in a circle: {' -> '.join(circle)}", "let one row carry the other names")
        told.update(circle)
    elif alias in rows:
        yield spot.error(f"{alias} is the id of another row", "remove the alias, or that row")
    elif alias in owners:
        yield spot.error(f"{alias} is already an alias of {owners[alias]}", "let one row carry this alias")


def _circle(start: str, alias: str, rows: Mapping[str, Row]) -> tuple[str, ...]:
    # The way from a row by this alias, from id to alias, back to the row; empty where there is none.
    ways: list[tuple[str, ...]] = [(start, alias)]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        if way[-1] == start:
            return way
        if way[-1] in rows and way[-1] not in seen:
            seen.add(way[-1])
            ways.extend((*way, name) for name in _aliases(rows[way[-1]]))
    return ()


def read_extra(
    paths: Sequence[Path], shipped: Mapping[str, Mapping[str, Row]], files: Files = HERE
) -> dict[str, dict[str, Row]]:
    """
    The rows of the user's files by section and id; a later file wins.

    Raises Problems with one CatalogError per mistake, in the order of files and places.
    """
    errors: list[CatalogError] = []
    found: OwnRows = []
    for path in paths:
        found += _read_file(path, errors, files)
    # The row that wins stands for its id; what it replaces is not looked at further.
    own = list({(section, row.id): (section, row, spot) for section, row, spot in found}.values())
    rows = {section: {row.id: row for name, row, _ in own if name == section} for section in ROWS}
    errors += broken_links(own, lambda section: _known(shipped.get(section, {}), rows[section]))
    if errors:
        order = {files.name(path): place for place, path in enumerate(paths)}
        raise Problems(sorted(errors, key=lambda error: (order[error.span.file], error.span) if error.span else ()))
    return rows


def _read_file(path: Path, errors: list[CatalogError], files: Files) -> OwnRows:
    place = Place(name=files.name(path))
    try:
        tree = tree_of(_text(files.content(path)), place)
    except CatalogError as error:
        errors.append(error)
        return []
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        errors.append(CatalogError(reason, span=place.at(None), help="name a catalogue file that can be read"))
        return []
    except UnicodeDecodeError:
        errors.append(CatalogError("the file is not UTF-8", span=place.at(None), help="save it as UTF-8"))
        return []
    if tree is None:
        advice = f"write at least one section: {', '.join(ROWS)}"
        errors.append(CatalogError("the file is empty", span=place.at(None), help=advice))
        return []
    return _read_sections(Spot(place=place, node=tree, path=""), errors)


def _text(data: bytes) -> str:
    return data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")


def _read_sections(spot: Spot, errors: list[CatalogError]) -> OwnRows:
    found: OwnRows = []
    for section, (key, value) in entries(spot, errors).items():
        if section not in ROWS:
            errors.append(key.error("there is no such section", suggestion(section, ROWS)))
            continue
        for name, (row_key, row_value) in entries(value, errors).items():
            mistakes = [*_bad_id(section, name, row_key), *_bad_row(section, row_key, row_value)]
            if not mistakes:
                found.append((section, build_row(section, name, plain(row_value.node)), row_value))
            errors += mistakes
    return found


def _bad_id(section: str, name: str, spot: Spot) -> Iterator[CatalogError]:
    fixed = _FIXED.get(section)
    if fixed is not None and name not in fixed:
        yield spot.error(f"the language fixes its {section}; a row can only be replaced", suggestion(name, fixed))
    if section == "countries" and not _COUNTRY.fullmatch(name):
        yield spot.error("this is not a country code", "write the ISO 3166-1 code of two capitals, such as NO")


def _bad_row(section: str, key: Spot, spot: Spot) -> Iterator[CatalogError]:
    mistakes = list(misfits_of_class(ROWS[section], spot, title=key))
    yield from mistakes
    if not mistakes:
        row = build_row(section, key.node.value, plain(spot.node))
        yield from _bad_facts(row, {key: value for key, (_, value) in entries(spot, []).items()})


def _bad_facts(row: Row, spots: Mapping[str, Spot]) -> Iterator[CatalogError]:
    for field in ("as_of", "adequacy_until", "shutdown_on"):
        value = getattr(row, field, None)
        if isinstance(value, str) and not is_day(value):
            yield spots[field].error(f"{value} is not a date", "write it as YYYY-MM-DD")
    for name, day in (getattr(row, "shutdowns", None) or {}).items():
        if not is_day(day):
            yield spots["shutdowns"].error(f"{day} is not a date", f"write the day of {name} as YYYY-MM-DD")
    if isinstance(row, ProviderRow) and row.serves is not None and row.not_served_in is not None:
        yield spots["not_served_in"].error("the countries are said twice", "keep `serves` or `not_served_in`")
    if not row.source:
        yield spots["source"].error("source is empty", "say where others can look the facts up")
    for source in row.source:
        if not _SOURCE.fullmatch(source):
            advice = "write an address (https://...), arXiv:... or doi:..."
            yield spots["source"].error(f"{source} is not a source that others can look up", advice)
    if isinstance(row, LevelRow) and row.id in LEVELS and row.rank != LEVELS.index(row.id):
        yield spots["rank"].error("the rank of a level is fixed", f"write {LEVELS.index(row.id)}")

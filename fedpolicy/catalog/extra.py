"""A user's own catalogue files: read, checked whole, and every mistake reported at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from fedpolicy.catalog.links import broken_links
from fedpolicy.catalog.read import Place, compose, plain
from fedpolicy.catalog.rows import LEVELS, ROWS, LevelRow, Row
from fedpolicy.catalog.sections import build_row
from fedpolicy.catalog.shape import Look, entries, misfits_of_class, suggestion
from fedpolicy.errors import CatalogError, Problems
from fedpolicy.files import HERE, Files
from fedpolicy.language.model.does import Noise, Seal, Sum
from fedpolicy.language.model.safeguards import KINDS

__all__ = ["read_extra"]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SOURCE = re.compile(r"(https?://|arXiv:|doi:)\S.*")
_COUNTRY = re.compile(r"[A-Z]{2}")
_HIDING = tuple(kind for kind, entry in KINDS.items() if isinstance(entry.does, (Noise, Seal, Sum)))
# An enclave hides, too, though it is written on a node.
_SAFEGUARDS = (*_HIDING, "tee", *(kind for kind in KINDS if kind not in _HIDING))
_FIXED = {"levels": LEVELS, "safeguards": _SAFEGUARDS}

OwnRows = list[tuple[str, Row, Look]]


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
    own = list({(section, row.id): (section, row, look) for section, row, look in found}.values())
    rows = {section: {row.id: row for name, row, _ in own if name == section} for section in ROWS}
    errors += broken_links(own, lambda section: {**shipped.get(section, {}), **rows[section]})
    if errors:
        order = {files.name(path): place for place, path in enumerate(paths)}
        raise Problems(sorted(errors, key=lambda error: (order[error.span.file], error.span) if error.span else ()))
    return rows


def _read_file(path: Path, errors: list[CatalogError], files: Files) -> OwnRows:
    place = Place(name=files.name(path))
    try:
        tree = compose(_text(files.content(path)), place)
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
    return _read_sections(Look(place=place, node=tree, path=""), errors)


def _text(data: bytes) -> str:
    return data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")


def _read_sections(look: Look, errors: list[CatalogError]) -> OwnRows:
    found: OwnRows = []
    for section, (key, value) in entries(look, errors).items():
        if section not in ROWS:
            errors.append(key.error("there is no such section", suggestion(section, ROWS)))
            continue
        for name, (row_key, row_value) in entries(value, errors).items():
            mistakes = [*_bad_id(section, name, row_key), *_bad_row(section, row_key, row_value)]
            if not mistakes:
                found.append((section, build_row(section, name, plain(row_value.node)), row_value))
            errors += mistakes
    return found


def _bad_id(section: str, name: str, look: Look) -> Iterator[CatalogError]:
    fixed = _FIXED.get(section)
    if fixed is not None and name not in fixed:
        yield look.error(f"the language fixes its {section}; a row can only be replaced", suggestion(name, fixed))
    if section == "countries" and not _COUNTRY.fullmatch(name):
        yield look.error("this is not a country code", "write the ISO 3166-1 code of two capitals, such as NO")


def _bad_row(section: str, key: Look, look: Look) -> Iterator[CatalogError]:
    mistakes = list(misfits_of_class(ROWS[section], look, title=key))
    yield from mistakes
    if not mistakes:
        row = build_row(section, key.node.value, plain(look.node))
        yield from _bad_facts(row, {key: value for key, (_, value) in entries(look, []).items()})


def _bad_facts(row: Row, looks: Mapping[str, Look]) -> Iterator[CatalogError]:
    for field in ("as_of", "adequacy_until"):
        value = getattr(row, field, None)
        if isinstance(value, str) and not _is_day(value):
            yield looks[field].error(f"{value} is not a date", "write it as YYYY-MM-DD")
    if not row.source:
        yield looks["source"].error("source is empty", "say where others can look the facts up")
    for source in row.source:
        if not _SOURCE.fullmatch(source):
            advice = "write an address (https://...), arXiv:... or doi:..."
            yield looks["source"].error(f"{source} is not a source that others can look up", advice)
    if isinstance(row, LevelRow) and row.id in LEVELS and row.rank != LEVELS.index(row.id):
        yield looks["rank"].error("the rank of a level is fixed", f"write {LEVELS.index(row.id)}")


def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False

"""The catalogue: its sections and their age, rows of one section, one row in full; models with their openness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from fedpolicy.analysis.openness import classify_row
from fedpolicy.catalog.rows import OLD_FACTS, ROWS, DatasetRow, LicenceRow, ModelRow, Row
from fedpolicy.report import PLAIN, Style, amount, clean, wrap
from fedpolicy.report.rows import json_text

if TYPE_CHECKING:
    from fedpolicy.catalog import Catalog

_TITLES = ("name", "title", "cloud")
_BESIDE = {"id", "source", "as_of", "note", "aloud", *_TITLES}  # what a line of a list shows elsewhere, or not
_MOST_ID = 40  # columns
_MOST_LISTED = 3  # of the values of one fact, in a list of rows


Named = Iterable[tuple[str, "Row"]]  # rows, each with its section


def ages_text(named: Named, today: str) -> str:
    """A table of the sections, with the age of their rows."""
    lines = [f"{'section':<12}{'rows':>6}{'median age':>12}{'older than half a year':>24}"]
    for name, number, median, old in _sections(named, today):
        lines.append(f"{name:<12}{number:>6,}{amount(median, 'day'):>12}{old:>24,}")
    return "".join(f"{line}\n" for line in lines)


def old_text(named: Named, today: str) -> str:
    """Those of these rows that are old, the oldest first."""
    found = _old(named, today)
    lines = [f"{row.as_of}  {clean(f'{name}.{row.id}')}" for name, row in found]
    lines.append(f"{amount(len(found), 'row')} older than half a year on {today}")
    return "".join(f"{line}\n" for line in lines)


def ages_json(named: Named, today: str) -> str:
    """Both for programs."""
    rows, keys = list(named), ("section", "rows", "median_days", "old")
    found = {
        "version": 1,
        "today": today,
        "old_after_days": OLD_FACTS,
        "sections": [dict(zip(keys, one, strict=True)) for one in _sections(rows, today)],
        "old": [
            {"section": name, "id": row.id, "as_of": row.as_of, "days": _days(row, today)}
            for name, row in _old(rows, today)
        ],
    }
    return json_text(found)


def all_rows(catalog: Catalog) -> Iterator[tuple[str, Row]]:
    """Every row with its section."""
    yield from ((name, row) for name in ROWS for row in getattr(catalog, name).values())


def _days(row: Row, today: str) -> int:
    return (date.fromisoformat(today) - date.fromisoformat(row.as_of)).days


def _sections(named: Named, today: str) -> Iterator[tuple[str, int, int, int]]:
    """Each section, how many rows of it there are, how old the middle one is, and how many are old."""
    found: dict[str, list[int]] = {}
    for name, row in named:
        found.setdefault(name, []).append(_days(row, today))
    for name, ages in found.items():
        yield name, len(ages), sorted(ages)[len(ages) // 2], sum(age > OLD_FACTS for age in ages)


def _old(named: Named, today: str) -> list[tuple[str, Row]]:
    old = [(name, row) for name, row in named if _days(row, today) > OLD_FACTS]
    return sorted(old, key=lambda one: (one[1].as_of, f"{one[0]}.{one[1].id}"))


def matching_rows(rows: Mapping[str, Row], query: str) -> list[Row]:
    """The row with this id or alias; else those of which the query is a part of what they say, in any case, by id."""
    if query in rows:
        return [rows[query]]
    found = list(rows.values())
    exact = [row for row in found if query in getattr(row, "aliases", ())]
    return exact or [row for row in found if not query or any(query.casefold() in text for text in _texts(row))]


def _texts(row: Row) -> Iterator[str]:
    for name, value in _plain(row).items():
        if name not in {"source", "as_of"}:
            yield from (text.casefold() for text in _flat(value))


def _plain(value: Any) -> Any:  # noqa: ANN401  whatever a row says
    """Dataclasses and maps as maps, lists as lists."""
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def _flat(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        yield from (text for one in value for text in _flat(one))
    elif isinstance(value, dict):
        yield from (text for pair in value.items() for one in pair for text in _flat(one))


def rows_text(section: str, rows: Sequence[Row], look: Style = PLAIN) -> str:
    """A line a row, and how many there are; of a single row everything that is known, with its sources."""
    if len(rows) == 1:
        return "".join(f"{line}\n" for line in _whole(section, rows[0], look))
    wide = min(max(len(row.id) for row in rows), _MOST_ID)
    lines = [f"{clean(row.id):<{wide}}  {clean(_line(row))}" for row in rows]
    cut = [line if len(line) <= look.width else f"{line[: look.width - 1]}…" for line in lines]
    return "".join(f"{line}\n" for line in (*cut, f"{amount(len(rows), 'row')} of {section}"))


def _title(row: Row) -> str:
    return next((str(getattr(row, name)) for name in _TITLES if getattr(row, name, None)), "")


def _line(row: Row) -> str:
    facts = [_fact(name, value) for name, value in _plain(row).items() if name not in _BESIDE]
    return "  ".join(part for part in (_title(row), ", ".join(fact for fact in facts if fact)) if part)


def _fact(name: str, value: object) -> str:
    """One fact, short enough for a list: nothing that is not known, and a yes by its name."""
    if value is True:
        return name
    if (
        isinstance(value, (list, tuple))
        and 0 < len(value) <= _MOST_LISTED
        and all(isinstance(one, str) for one in value)
    ):
        return f"{name} {' '.join(value)}"
    return f"{name} {value}" if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def _whole(section: str, row: Row, look: Style) -> Iterator[str]:
    yield f"{section}.{clean(row.id)}"
    for name, value in _plain(row).items():
        if name != "id" and value not in (None, {}, []):
            yield from wrap(_said(value), look, f"  {name:<22}  ", " " * 26)


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_said(one)}" for name, one in value.items() if one is not None)
    return ", ".join(map(_said, value)) if isinstance(value, list) else " ".join(str(value).split())


def rows_json(section: str, rows: Sequence[Row]) -> str:
    """The same for programs; what is not known is null."""
    found: list[dict[str, Any]] = [_plain(row) for row in rows]
    return json_text({"version": 1, "section": section, "rows": found})


_ASPECTS = ("weights", "architecture", "inference_code", "training_code", "training_data", "licence", "interface")
_OBTAINABLE = {
    "open": "which can be had",
    "gated": "which can be had after accepting terms",
    "part": "of which a part was published",
    "withdrawn": "which its publishers no longer offer",
    "no": "which was never published",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """A row, its class (the most closed and the most open that the known facts allow), its licence and its data."""

    row: ModelRow
    lowest: str
    highest: str
    licence: LicenceRow | None
    trained_on: tuple[DatasetRow, ...]
    training_data: str | None

    @property
    def cls(self) -> str:
        """The class in words."""
        return self.lowest if self.lowest == self.highest else f"{self.lowest} or {self.highest}"


def matching_models(catalog: Catalog, query: str = "", classes: Sequence[str] = ()) -> Iterator[ModelEntry]:
    """The models whose id, alias, developer, licence or provider contains the query, in any case, by id."""
    wanted = query.casefold()
    for name in catalog.models:
        row = catalog.models[name]
        said = (row.id, *row.aliases, row.developer or "", row.licence or "", row.provider or "")
        if any(wanted in text.casefold() for text in said):
            entry = _entry(row, catalog)
            if not classes or entry.cls in classes:
                yield entry


def _entry(row: ModelRow, catalog: Catalog) -> ModelEntry:
    lowest, highest = classify_row(row, catalog)
    return ModelEntry(
        row=row,
        lowest=lowest,
        highest=highest,
        licence=catalog.licence(row.licence) if row.licence else None,
        trained_on=tuple(catalog.datasets[one] for one in row.trained_on),
        training_data=catalog.training_data(row),
    )


def models_text(entries: Sequence[ModelEntry], look: Style = PLAIN) -> str:
    """Write a table of several models, and one model in full."""
    lines = list(_one_model(entries[0], look)) if len(entries) == 1 else list(_models_table(entries))
    return "\n".join(lines) + "\n"


def _models_table(entries: Sequence[ModelEntry]) -> Iterator[str]:
    names = max((len(entry.row.id) for entry in entries), default=0)
    classes = max((len(entry.cls) for entry in entries), default=0)
    for entry in entries:
        yield f"{clean(entry.row.id):<{names}}  {entry.cls:<{classes}}  {entry.row.licence or 'licence not known'}"
    yield ""
    yield f"{amount(len(entries), 'model')}; name one to see everything that is known of it, with sources"


def _one_model(entry: ModelEntry, look: Style) -> Iterator[str]:
    row = entry.row
    yield look.paint("bold", clean(row.id))
    facts: list[tuple[str, str]] = [("class", entry.cls)]
    said = {name: getattr(row, name) for name in _ASPECTS} | {"training_data": entry.training_data}
    facts += [(name.replace("_", " "), _model_words(value)) for name, value in said.items()]
    facts += [("trained on", f"{data.name}, {_OBTAINABLE[data.obtainable]}") for data in entry.trained_on]
    facts += [("licence is", _licence(entry.licence))] if entry.licence else []
    facts += (
        [("developer", _model_words(row.developer)), ("run by", _model_words(row.provider))] if row.provider else []
    )
    facts += [("switched off", row.shutdown_on)] if row.shutdown_on else []
    facts += [("instead", row.replaced_by)] if row.replaced_by else []
    facts += [("also called", ", ".join(row.aliases))] if row.aliases else []
    facts += [("note", row.note)] if row.note else []
    facts += [("source", source) for source in row.source]
    facts += [("as of", str(row.as_of))]
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        yield from wrap(value, look, f"  {name:<{width}}  ", " " * (width + 4))


def _licence(row: LicenceRow) -> str:
    parts = [f"{row.name} ({row.category})"]
    for name in ("redistribution", "derivatives", "commercial_use", "output_use"):
        value = getattr(row, name)
        if value is not None:
            parts.append(f"{name.replace('_', ' ')} {value}")
    if row.field_of_use == "restricted":
        parts.append("fields of use are excluded")
    return "; ".join(parts)


def _model_words(value: object) -> str:
    if value is None:
        return "not known"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def models_json(entries: Sequence[ModelEntry]) -> str:
    """Write the models as JSON."""
    return json_text({"version": 1, "models": [_model_row(entry) for entry in entries]})


def _model_row(entry: ModelEntry) -> dict[str, Any]:
    known = {"class": entry.lowest if entry.lowest == entry.highest else None}
    row = replace(entry.row, shutdowns=dict(entry.row.shutdowns) if entry.row.shutdowns else None)
    known["training_data"] = entry.training_data
    return {**asdict(row), **known, "classes": [entry.lowest, entry.highest]}

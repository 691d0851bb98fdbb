"""`fedpolicy catalog`: what the catalogue knows, where its facts come from, and how old they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from fedpolicy.cli.options import answer_options, catalog_option, form_option, today_option
from fedpolicy.cli.terminal import emit, look_for
from fedpolicy.errors import SettingsError

if TYPE_CHECKING:
    from fedpolicy.catalog import Catalog
    from fedpolicy.catalog.rows import Row


@click.command("catalog")
@click.argument("section", default="")
@click.argument("query", default="")
@click.option("--age", is_flag=True, help="List the rows that are older than half a year, the oldest first.")
@form_option(["text", "json"], "How to write rows.", shown=False)
@today_option("Judge ages as on this day; default: the day in UTC.")
@catalog_option
@answer_options
def command(section: str, query: str, **options: Any) -> None:  # noqa: ANN401  click's
    """
    List what the catalogue knows, with its sources.

    SECTION is providers, methods, payloads, categories, countries, safeguards, levels, licences, models, ...; without
    one, all are named, with the age of their rows. QUERY is an id, an alias, or a part of anything that a row says.

    \b
    Examples:
      fedpolicy catalog
      fedpolicy catalog providers
      fedpolicy catalog methods lora
      fedpolicy catalog countries CH
    """  # noqa: D301  click reads the \b itself
    from fedpolicy.catalog import load_catalog

    catalog = load_catalog(options["catalogs"])
    found = _found(catalog, section, query) if section else None
    if found is None or options["age"]:
        emit(_ages(catalog, section, found, options), options["output"])
    else:
        emit(_rows(section, found, options), options["output"])


def _ages(catalog: Catalog, section: str, found: Sequence[Row] | None, options: Mapping[str, Any]) -> str:
    """How old the rows of every section are, or which of some are old."""
    from fedpolicy.cli.trust import day_of
    from fedpolicy.report.catalog import ages_json, ages_text, all_rows, old_text

    named = all_rows(catalog) if found is None else ((section, row) for row in found)
    write = ages_json if options["form"] == "json" else old_text if options["age"] else ages_text
    return write(named, day_of(options))


def _rows(section: str, found: Sequence[Row], options: Mapping[str, Any]) -> str:
    """Rows of a section."""
    from fedpolicy.report.catalog import rows_json, rows_text

    if options["form"] == "json":
        return rows_json(section, found)
    return rows_text(section, found, look_for(options["output"], no_color=options["no_color"]))


def _found(catalog: Catalog, section: str, query: str) -> Sequence[Row]:
    """The rows that are asked for. Raises SettingsError where there is no such section, or nothing matches."""
    from fedpolicy.catalog.rows import ROWS
    from fedpolicy.report.catalog import matching_rows
    from fedpolicy.suggest import advise

    if section not in ROWS:
        raise SettingsError(f"the catalogue has no section `{section}`", help=advise(section, sorted(ROWS)))
    rows = getattr(catalog, section)
    found = matching_rows(rows, query)
    if not found:
        raise SettingsError(f"nothing in {section} matches `{query}`", help=advise(query, list(rows)))
    return found

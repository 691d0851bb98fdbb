"""`fedpolicy catalog`: what the catalogue knows, where its facts come from, and how old they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from fedpolicy.cli.options import answer_options, catalog_option, form_option, today_option
from fedpolicy.cli.terminal import emit, look_for
from fedpolicy.errors import SettingsError


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
    List what the catalogue knows: its sections, the rows of one, or everything about one row, with sources.

    SECTION is providers, methods, payloads, categories, countries, safeguards, levels, licences, models, ...; without
    one, all are named, with the age of their rows. QUERY is an id, an alias, or a part of anything that a row says.

    \b
    Examples:
      fedpolicy catalog
      fedpolicy catalog providers
      fedpolicy catalog methods lora
      fedpolicy catalog countries CH
    """  # noqa: D301  click reads the \b itself
    emit((_rows if section else _ages)(section, query, options), options["output"])


def _ages(_section: str, _query: str, options: Mapping[str, Any]) -> str:
    """Every section, and how old its rows are."""
    from fedpolicy.catalog import load_catalog
    from fedpolicy.cli.trust import day_of
    from fedpolicy.report.catalog import ages_text, all_rows, old_text

    catalog, today = load_catalog(options["catalogs"]), day_of(options)
    return old_text(all_rows(catalog), today) if options["age"] else ages_text(catalog, today)


def _rows(section: str, query: str, options: Mapping[str, Any]) -> str:
    """Rows of a section. Raises SettingsError where there is no such section, or nothing matches."""
    from fedpolicy.catalog import load_catalog
    from fedpolicy.catalog.rows import ROWS
    from fedpolicy.cli.trust import day_of
    from fedpolicy.report.catalog import matching_rows, old_text, rows_json, rows_text
    from fedpolicy.suggest import advise

    catalog = load_catalog(options["catalogs"])
    if section not in ROWS:
        raise SettingsError(f"the catalogue has no section `{section}`", help=advise(section, sorted(ROWS)))
    rows = getattr(catalog, section)
    found = matching_rows(rows, query)
    if not found:
        raise SettingsError(f"nothing in {section} matches `{query}`", help=advise(query, list(rows)))
    if options["age"]:
        return old_text(((section, row) for row in found), day_of(options))
    if options["form"] == "json":
        return rows_json(section, found)
    return rows_text(section, found, look_for(options["output"], no_color=options["no_color"]))

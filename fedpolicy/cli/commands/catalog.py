"""`fedpolicy catalog`: where the facts of the catalogue come from, and how old they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fedpolicy.cli.options import catalog_option, debug_option, output_option
from fedpolicy.cli.terminal import emit

__all__ = ["command"]


@click.command("catalog")
@click.option("--age", is_flag=True, help="List every row that is older than half a year, the oldest first.")
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Judge ages as on this day; default: the day in UTC.",
)
@catalog_option
@output_option
@debug_option
def command(catalogs: tuple[Path, ...], output: str | None, **options: Any) -> None:  # noqa: ANN401  click's
    """Show how many rows each section of the catalogue has, and how old they are."""
    from fedpolicy.catalog import load_catalog
    from fedpolicy.cli.trust import day_of
    from fedpolicy.report.catalog import ages_text

    emit(ages_text(load_catalog(catalogs), day_of(options), rows=options["age"]), output)

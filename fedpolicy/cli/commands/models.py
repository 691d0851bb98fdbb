"""`fedpolicy models`: what the catalogue knows of foundation models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import click

from fedpolicy.cli.options import catalog_option, colour_option, debug_option, output_option
from fedpolicy.cli.terminal import emit, look_for
from fedpolicy.errors import SettingsError
from fedpolicy.language.model.words import OpennessClass

__all__ = ["command"]


@click.command("models")
@click.argument("query", default="")
@click.option(
    "--class", "classes", multiple=True, type=click.Choice(get_args(OpennessClass)), help="Models of this class only."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to write the list.")
@catalog_option
@output_option
@colour_option
@debug_option
def command(
    query: str, form: str, output: str | None, classes: tuple[str, ...], catalogs: tuple[Path, ...], *, no_color: bool
) -> None:
    """
    List the models of the catalogue with their openness.

    QUERY is part of an id, an alias, a developer, a provider or a licence. The id of one model shows everything that is
    known of it, with sources. Your own models: --catalog FILE, or openness keys in the deployment.
    """
    _list(query, classes, catalogs, form, output, no_color=no_color)


def _list(
    query: str,
    classes: Sequence[str],
    catalogs: Sequence[Path],
    form: str,
    output: str | None,
    *,
    no_color: bool,
) -> None:
    """List models. Raises SettingsError where none is found."""
    from fedpolicy.catalog.load import load_catalog
    from fedpolicy.report import models
    from fedpolicy.suggest import did_you_mean

    catalog = load_catalog(catalogs)
    found = list(models.matching_models(catalog, query, classes))
    exact = catalog.model(query)
    if exact is not None:
        found = [entry for entry in found if entry.row.id == exact.id]
    if not found:
        near = did_you_mean(query, list(catalog.models)) or "`fedpolicy models` lists all"
        advice = f"{near}; for a model that is not there, say its openness in the deployment"
        raise SettingsError(f"no model matches `{query}`", help=advice)
    look = look_for(output, no_color=no_color)
    emit(models.as_json(found) if form == "json" else models.as_text(found, look), output)

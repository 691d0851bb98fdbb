"""`fedpolicy models`: what the catalogue knows of foundation models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from fedpolicy.cli.options import answer_options, catalog_option, form_option
from fedpolicy.cli.terminal import emit, look_for
from fedpolicy.errors import SettingsError
from fedpolicy.language.model.types import OpennessClass

if TYPE_CHECKING:
    from fedpolicy.report.catalog import ModelEntry


@click.command("models")
@click.argument("query", default="")
@click.option(
    "--class", "classes", multiple=True, type=click.Choice(get_args(OpennessClass)), help="Models of this class only."
)
@form_option(["text", "json"], "How to write the list.", shown=False)
@catalog_option
@answer_options
def command(query: str, form: str, output: str | None, *, no_color: bool, **wanted: Any) -> None:  # noqa: ANN401  click's
    """
    List the models of the catalogue with their openness.

    QUERY is part of an id, an alias, a developer, a provider or a licence. The id of one model shows everything that is
    known of it, with sources. Your own models: --catalog FILE, or openness keys in the deployment.
    """
    from fedpolicy.report.catalog import models_json, models_text

    found = _found(query, wanted["classes"], wanted["catalogs"])
    look = look_for(output, no_color=no_color)
    emit(models_json(found) if form == "json" else models_text(found, look), output)


def _found(query: str, classes: Sequence[str], catalogs: Sequence[Path]) -> list[ModelEntry]:
    """Models of the catalogue. Raises SettingsError where none is found."""
    from fedpolicy.catalog import load_catalog
    from fedpolicy.report.catalog import matching_models
    from fedpolicy.suggest import did_you_mean

    catalog = load_catalog(catalogs)
    found = list(matching_models(catalog, query, classes))
    exact = catalog.model(query)
    if exact is not None:
        found = [entry for entry in found if entry.row.id == exact.id]
    if not found:
        near = did_you_mean(query, list(catalog.models)) or "`fedpolicy models` lists all"
        advice = f"{near}; for a model that is not there, say its openness in the deployment"
        raise SettingsError(f"no model matches `{query}`", help=advice)
    return found

"""`fedpolicy models`: what the catalogue knows of foundation models."""

from __future__ import annotations

from pathlib import Path

import click

from fedpolicy.cli.options import catalog_option, colour_option, debug_option, output_option

__all__ = ["command"]

_CLASSES = ("open_source", "open_weight", "gray_box", "black_box")


@click.command("models")
@click.argument("query", default="")
@click.option("--class", "classes", multiple=True, type=click.Choice(_CLASSES), help="Models of this class only.")
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
    from fedpolicy.cli.listing import list_models  # noqa: PLC0415  the rooms are heavy; help and completion need none

    list_models(query, classes, catalogs, form, output, no_color=no_color)

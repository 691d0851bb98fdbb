"""`fedpolicy facts`: print what was computed, before any rule judges it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fedpolicy import __version__
from fedpolicy.cli.options import (
    catalog_option,
    colour_option,
    debug_option,
    deployment_option,
    epsilon_option,
    output_option,
)
from fedpolicy.cli.terminal import emit, look_of, stdin_bytes
from fedpolicy.report.words import PLAIN

if TYPE_CHECKING:
    from fedpolicy.pipeline import Settings
    from fedpolicy.report.words import Look
    from fedpolicy.sources import Source

__all__ = ["command"]


@click.command("facts")
@click.argument("file")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to write the facts.",
)
@deployment_option
@catalog_option
@epsilon_option
@output_option
@colour_option
@debug_option
def command(
    file: str,
    form: str,
    deployment: str,
    catalogs: Sequence[Path],
    max_epsilon: float,
    output: str | None,
    no_color: bool,  # noqa: FBT001
) -> None:
    """
    Print what was computed about a deployment: models, flows, and who can learn what about whose data.

    FILE is a deployment, or - for standard input.
    """
    from fedpolicy import pipeline, sources  # noqa: PLC0415  the rooms are heavy; help and completion need none

    source = next(sources.find([file], stdin_bytes))
    settings = pipeline.Settings(catalogs=catalogs, max_epsilon=max_epsilon)
    look = PLAIN if output else look_of(sys.stdout, no_color=no_color)
    emit(_written(source, settings, deployment, form, look), output)


def _written(source: Source, settings: Settings, deployment: str, form: str, look: Look) -> str:
    from fedpolicy import pipeline  # noqa: PLC0415

    catalog = pipeline.catalog_of(settings)
    document, facts = pipeline.facts_of(source, catalog, settings, deployment)
    if form == "json":
        from fedpolicy.report.facts.json import facts_json  # noqa: PLC0415

        pairs = pipeline.pairs(facts, catalog, settings)
        return facts_json(document, facts, pairs, max_epsilon=settings.max_epsilon, version=__version__)
    from fedpolicy.report.facts.text import facts_text  # noqa: PLC0415

    return facts_text(document, facts, look)

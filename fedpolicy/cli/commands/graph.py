"""`fedpolicy graph`: print the data-flow graph, for those who write their own rules over it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from fedpolicy.cli.options import catalog_option, debug_option, deployment_option, output_option
from fedpolicy.cli.terminal import emit, stdin_bytes

__all__ = ["command"]


@click.command("graph")
@click.argument("file")
@deployment_option
@catalog_option
@output_option
@debug_option
def command(file: str, deployment: str, catalogs: tuple[Path, ...], output: str | None) -> None:
    """
    Print every place, model and flow of a deployment as JSON, as input for other tools.

    FILE is a deployment, or - for standard input. Implied flows say what implies them.
    """
    from fedpolicy import pipeline, sources  # noqa: PLC0415  the rooms are heavy; help and completion need none
    from fedpolicy.graph.export import to_json  # noqa: PLC0415

    settings = pipeline.Settings(catalogs=catalogs)
    source = next(sources.find([file], stdin_bytes))
    _, facts = pipeline.facts_of(source, pipeline.catalog_of(settings), settings, deployment)
    emit(json.dumps(to_json(facts.graph), indent=2, ensure_ascii=False) + "\n", output)

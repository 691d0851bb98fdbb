"""`fedpolicy graph`: print the data-flow graph, for those who write their own rules over it."""

from __future__ import annotations

from pathlib import Path

import click

from fedpolicy.cli.options import catalog_option, debug_option, deployment_option, output_option

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
    from fedpolicy.cli import asking  # noqa: PLC0415  the rooms are heavy; help and completion need none

    asking.graph(asking.Question(file=file, deployment=deployment, catalogs=catalogs), output)

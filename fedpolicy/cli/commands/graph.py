"""`fedpolicy graph`: print the data-flow graph, for those who write their own rules over it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fedpolicy.cli.options import catalog_option, debug_option, deployment_option, output_option
from fedpolicy.cli.question import timed
from fedpolicy.cli.terminal import emit

if TYPE_CHECKING:
    from fedpolicy.cli.question import Question

__all__ = ["command"]


@click.command("graph")
@click.argument("file")
@deployment_option
@catalog_option
@output_option
@debug_option
@timed
def command(file: str, deployment: str, catalogs: tuple[Path, ...], output: str | None) -> None:
    """
    Print every place, model and flow of a deployment as JSON, as input for other tools.

    FILE is a deployment, or - for standard input. Implied flows say what implies them.
    """
    from fedpolicy.cli.question import Question

    _answer(Question(file=file, deployment=deployment, catalogs=catalogs), output)


def _answer(question: Question, output: str | None) -> None:
    """Write the graph as JSON."""
    from fedpolicy.graph.export import to_json
    from fedpolicy.report.rows import json_text

    _, found = question.study()
    emit(json_text(to_json(found.graph)), output)

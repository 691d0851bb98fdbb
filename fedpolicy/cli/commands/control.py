"""`fedpolicy control`: who can take what away from whom."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fedpolicy.cli.options import (
    catalog_option,
    colour_option,
    debug_option,
    deployment_option,
    output_option,
    owner_option,
)
from fedpolicy.cli.question import timed
from fedpolicy.cli.terminal import emit, look_for

if TYPE_CHECKING:
    from fedpolicy.cli.question import Question

__all__ = ["command"]


@click.command("control")
@click.argument("file")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to write the matrix.")
@owner_option
@deployment_option
@catalog_option
@output_option
@colour_option
@debug_option
@timed
def command(
    file: str, form: str, owner: str, deployment: str, catalogs: Sequence[Path], output: str | None, *, no_color: bool
) -> None:
    """
    Print the continuity matrix: what each participant can do in each task and call, and who can end it, through what.

    FILE is a deployment, or - for standard input. `run`: compute with the models; `join`: take part in rounds; `keep`:
    leave with a working copy; `inspect`: look into the weights.
    """
    from fedpolicy.cli.question import Question

    _answer(Question(file=file, deployment=deployment, catalogs=catalogs), form, output, owner=owner, no_color=no_color)


def _answer(question: Question, form: str, output: str | None, *, owner: str, no_color: bool) -> None:
    """Write the continuity matrix."""
    from fedpolicy.report.control import as_json as control_json
    from fedpolicy.report.control import as_text as control_text

    document, found = question.study()
    matrix = found.continuity
    if owner:
        from fedpolicy.report.owner import matrix_of_owner, must_be_party

        matrix = matrix_of_owner(matrix, must_be_party(owner, document.deployment))
    name = document.deployment.name
    emit(
        control_json(name, matrix)
        if form == "json"
        else control_text(name, matrix, found.graph.principals, look_for(output, no_color=no_color)),
        output,
    )

"""`fedpolicy facts`: print what was computed, before any rule judges it."""

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
    epsilon_option,
    output_option,
    owner_option,
)
from fedpolicy.cli.question import timed
from fedpolicy.cli.terminal import emit, look_for

if TYPE_CHECKING:
    from fedpolicy.cli.question import Question

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
@owner_option
@deployment_option
@catalog_option
@epsilon_option
@output_option
@colour_option
@debug_option
@timed
def command(
    file: str,
    form: str,
    owner: str,
    deployment: str,
    catalogs: Sequence[Path],
    max_epsilon: float | None,
    output: str | None,
    no_color: bool,  # noqa: FBT001
) -> None:
    """
    Print what was computed about a deployment: models, flows, and who can learn what about whose data.

    FILE is a deployment, or - for standard input.
    """
    from fedpolicy.cli.question import Question

    question = Question(file=file, deployment=deployment, catalogs=catalogs, max_epsilon=max_epsilon)
    _answer(question, form, output, owner=owner, no_color=no_color)


def _answer(question: Question, form: str, output: str | None, *, owner: str, no_color: bool) -> None:
    """Write what was computed."""
    from fedpolicy import __version__
    from fedpolicy.report.facts import facts_text
    from fedpolicy.report.facts_json import facts_json

    document, found = question.study()
    if owner:
        from fedpolicy.report.owner import must_be_party, study_of_owner

        found = study_of_owner(found, must_be_party(owner, document.deployment))
    if form == "json":
        text = facts_json(document, found, found.pairs(), version=__version__)
    else:
        text = facts_text(document, found, look_for(output, no_color=no_color))
    emit(text, output)

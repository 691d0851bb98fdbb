"""`fedpolicy why`: explain what one party learns of one dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from fedpolicy.cli.options import (
    catalog_option,
    colour_option,
    debug_option,
    deployment_option,
    epsilon_option,
    output_option,
)

__all__ = ["command"]


@click.command("why")
@click.argument("file")
@click.argument("party")
@click.argument("dataset")
@deployment_option
@catalog_option
@epsilon_option
@output_option
@colour_option
@debug_option
def command(
    file: str,
    party: str,
    dataset: str,
    deployment: str,
    catalogs: Sequence[Path],
    max_epsilon: float | None,
    output: str | None,
    no_color: bool,  # noqa: FBT001
) -> None:
    """
    Explain what PARTY can learn of DATASET, hop by hop, and what would lower it.

    DATASET is a dataset (letters) or one instance of it (letters@aphp). PARTY may be `public` or `unknown`.

    \b
    Example:
      fedpolicy why deployment.yaml openai letters
    """  # noqa: D301  click reads the \b itself
    from fedpolicy.cli import asking  # noqa: PLC0415  the rooms are heavy; help and completion need none

    question = asking.Question(file=file, deployment=deployment, catalogs=catalogs, max_epsilon=max_epsilon)
    asking.why(question, party, dataset, output, no_color=no_color)

"""`fedpolicy budget`: the privacy ledger, in epsilon per dataset and recipient."""

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


@click.command("budget")
@click.argument("file")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to write the ledger.")
@click.option("--tight", is_flag=True, help="Compute every epsilon as closely as possible; takes the extra `dp`.")
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
    max_epsilon: float | None,
    output: str | None,
    *,
    tight: bool,
    no_color: bool,
) -> None:
    """
    Print how much each recipient can learn about one unit of each dataset, in epsilon, composed over all tasks.

    FILE is a deployment, or - for standard input. Every epsilon is computed from the declared mechanism and compared
    with what is claimed. Without noise it is infinite.
    """
    from fedpolicy.cli import asking  # noqa: PLC0415  the rooms are heavy; help and completion need none

    question = asking.Question(file=file, deployment=deployment, catalogs=catalogs, max_epsilon=max_epsilon)
    asking.budget(question, form, output, tight=tight, no_color=no_color)

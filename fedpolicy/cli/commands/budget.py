"""`fedpolicy budget`: the privacy ledger, in epsilon per dataset and recipient."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
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
from fedpolicy.errors import SettingsError

if TYPE_CHECKING:
    from fedpolicy.cli.question import Question

__all__ = ["command"]


_FORMATS = ["text", "json", "svg", "dp-registry"]


@click.command("budget")
@click.argument("file")
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", help="How to write the ledger.")
@click.option("--tight", is_flag=True, help="Compute every epsilon as closely as possible; takes the extra `dp`.")
@owner_option
@deployment_option
@catalog_option
@epsilon_option
@output_option
@colour_option
@debug_option
@timed
def command(  # noqa: PLR0913  one option, one parameter
    file: str,
    form: str,
    owner: str,
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
    with what is claimed. Without noise it is infinite. As svg: how epsilon grows over the steps of each mechanism.
    As dp-registry: a draft entry of the OpenDP deployments registry.
    """
    from fedpolicy.cli.question import Question

    question = Question(file=file, deployment=deployment, catalogs=catalogs, max_epsilon=max_epsilon)
    _answer(question, form, output, owner=owner, tight=tight, no_color=no_color)


def _answer(question: Question, form: str, output: str | None, *, owner: str, tight: bool, no_color: bool) -> None:
    """Write the privacy ledger. Raises SettingsError where the closest computation cannot be had."""
    from fedpolicy.analysis.accounting import INSTALL_HINT
    from fedpolicy.analysis.exposure.spending import Effort
    from fedpolicy.report.budget import as_json as budget_json
    from fedpolicy.report.budget import as_text as budget_text

    if tight and not _installed("dp_accounting"):
        message = "the closest computation needs a library that is not installed"
        raise SettingsError(message, help=f"run `{INSTALL_HINT}`, or leave `--tight` out")
    document, found = question.study()
    ledger = found.accounted(Effort.CLOSEST if tight else Effort.CLOSE)
    if owner:
        from fedpolicy.report.owner import ledger_of_owner, must_be_party

        ledger = ledger_of_owner(found, ledger, must_be_party(owner, document.deployment))
    name, limit = document.deployment.name, found.max_epsilon
    if form == "svg":
        from fedpolicy.report.budget_formats import as_svg

        emit(as_svg(name, ledger, limit), output)
        return
    if form == "dp-registry":
        from fedpolicy.report.budget_formats import as_registry_entry

        emit(as_registry_entry(document.deployment, ledger), output)
        return
    emit(
        budget_json(name, ledger, limit)
        if form == "json"
        else budget_text(name, ledger, limit, look_for(output, no_color=no_color)),
        output,
    )


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ValueError:  # a module that was taken out of sight
        return False

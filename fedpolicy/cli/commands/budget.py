"""`fedpolicy budget`: the privacy ledger, in epsilon per dataset and recipient."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from fedpolicy.cli.options import FILE, form_option, owner_option
from fedpolicy.cli.question import Question, study_options
from fedpolicy.errors import SettingsError

if TYPE_CHECKING:
    from fedpolicy.analysis.budget import Ledger
    from fedpolicy.language.model import Deployment


@click.command("budget")
@click.argument("file", type=FILE)
@form_option(["text", "json", "svg", "dp-registry"], "How to write the ledger.", shown=False)
@click.option("--tight", is_flag=True, help="Compute every epsilon as closely as possible; takes the extra `dp`.")
@owner_option
@study_options
def command(question: Question, form: str, owner: str, *, tight: bool) -> None:
    """
    Print what each recipient can learn of one unit, in epsilon.

    FILE is a deployment, or - for standard input. Each dataset has its own epsilon, composed over all tasks. It is
    computed from the declared mechanism and compared with what is claimed. Without noise it is infinite. As svg: how
    epsilon grows over the steps of each mechanism. As dp-registry: a draft entry of the OpenDP deployments registry.
    """
    from fedpolicy.analysis.exposure.privacy import Effort

    if tight:
        _must_be_installed("dp_accounting")
    document, study = question.study()
    ledger = study.accounted(Effort.CLOSEST if tight else Effort.CLOSE)
    if owner:
        from fedpolicy.report.owner import ledger_of_owner, must_be_party

        ledger = ledger_of_owner(study, ledger, must_be_party(owner, document.deployment))
    question.answer(_written(question, form, document.deployment, ledger, study.max_epsilon))


def _written(question: Question, form: str, deployment: Deployment, ledger: Ledger, limit: float) -> str:
    from fedpolicy.report import budget

    if form == "text":
        return budget.as_text(deployment.name, ledger, limit, question.look())
    if form == "json":
        return budget.as_json(deployment.name, ledger, limit)
    from fedpolicy.report import budget_formats

    if form == "svg":
        return budget_formats.as_svg(deployment.name, ledger, limit)
    return budget_formats.as_registry_entry(deployment, ledger)


def _must_be_installed(name: str) -> None:
    from fedpolicy.analysis.accounting import INSTALL_HINT

    try:
        there = find_spec(name) is not None
    except ValueError:  # a module that was taken out of sight
        there = False
    if not there:
        message = "the closest computation needs a library that is not installed"
        raise SettingsError(message, help=f"run `{INSTALL_HINT}`, or leave `--tight` out")

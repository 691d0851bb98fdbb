"""`fedpolicy control`: who can take what away from whom."""

from __future__ import annotations

import click

from fedpolicy.cli.options import FILE, answer_options, catalog_option, deployment_option, form_option, owner_option
from fedpolicy.cli.question import Question, with_question


@click.command("control")
@click.argument("file", type=FILE)
@form_option(["text", "json"], "How to write the matrix.", shown=False)
@owner_option
@deployment_option
@catalog_option
@answer_options
@with_question
def command(question: Question, form: str, owner: str) -> None:
    """
    Print what each participant can do, and who can end it.

    FILE is a deployment, or - for standard input. Each task and call is told, and through what somebody can end it.
    `run`: compute with the models; `join`: take part in rounds; `keep`: leave with a working copy; `inspect`: look into
    the weights.
    """
    from fedpolicy.report.control import as_json, as_text

    document, study = question.study()
    name, matrix = document.deployment.name, study.continuity
    if owner:
        from fedpolicy.report.owner import matrix_of_owner, must_be_party

        matrix = matrix_of_owner(matrix, must_be_party(owner, document.deployment))
    if form == "json":
        question.answer(as_json(name, matrix))
    else:
        question.answer(as_text(name, matrix, study.graph.principals, question.look()))

"""`fedpolicy facts`: print what was computed, before any rule judges it."""

from __future__ import annotations

import click

from fedpolicy.cli.options import FILE, form_option, owner_option
from fedpolicy.cli.question import Question, study_options


@click.command("facts")
@click.argument("file", type=FILE)
@form_option(["text", "json"], "How to write the facts.")
@owner_option
@study_options
def command(question: Question, form: str, owner: str) -> None:
    """
    Print what was computed: who can learn what about whose data.

    FILE is a deployment, or - for standard input.
    """
    from fedpolicy import __version__
    from fedpolicy.report.facts import facts_text
    from fedpolicy.report.facts_json import facts_json

    document, study = question.study()
    if owner:
        from fedpolicy.report.owner import must_be_party, study_of_owner

        study = study_of_owner(study, must_be_party(owner, document.deployment))
    if form == "json":
        question.answer(facts_json(document, study, study.pairs(), version=__version__))
    else:
        question.answer(facts_text(document, study, question.look()))

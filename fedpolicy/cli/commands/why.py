"""`fedpolicy why`: explain what one party learns of one dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fedpolicy.cli.options import FILE
from fedpolicy.cli.question import Question, study_options
from fedpolicy.errors import SettingsError
from fedpolicy.report import listing

if TYPE_CHECKING:
    from fedpolicy.analysis import Study


@click.command("why")
@click.argument("file", type=FILE)
@click.argument("party")
@click.argument("dataset")
@study_options
def command(question: Question, party: str, dataset: str) -> None:
    """
    Explain what PARTY can learn of DATASET, hop by hop.

    It also says what would lower it. DATASET is a dataset (letters) or one instance of it (letters@aphp). PARTY may be
    `public` or `unknown`.

    \b
    Example:
      fedpolicy why deployment.yaml openai letters
    """  # noqa: D301  click reads the \b itself
    from fedpolicy.analysis.explain import explain
    from fedpolicy.report.facts import why_text

    document, study = question.study()
    _must_exist(party, dataset, study)
    question.answer(why_text(explain(study, party, dataset), document, study, study.catalog, question.look()))


def _must_exist(party: str, dataset: str, facts: Study) -> None:
    graph = facts.graph
    parties = {name for one in graph.principals.values() for name in (one.id, one.party)} | {"public", "unknown"}
    datasets = {name for item in graph.data for name in (item.id, item.family)}
    for kind, name, known in (("party", party, parties), ("dataset", dataset, datasets)):
        if name not in known:
            raise SettingsError(f"there is no {kind} `{name}` in this deployment", help=_suggest(name, known))


def _suggest(name: str, known: set[str]) -> str:
    from fedpolicy.suggest import nearest

    near = nearest(name, known)
    return f"did you mean `{near}`?" if near else f"there are {listing(sorted(known), 12)}"

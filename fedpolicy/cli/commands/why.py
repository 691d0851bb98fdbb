"""`fedpolicy why`: explain what one party learns of one dataset."""

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
)
from fedpolicy.cli.question import timed
from fedpolicy.cli.terminal import emit, look_for
from fedpolicy.errors import SettingsError
from fedpolicy.report.style import listing

if TYPE_CHECKING:
    from fedpolicy.analysis.study import Study
    from fedpolicy.cli.question import Question

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
@timed
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
    from fedpolicy.cli.question import Question

    question = Question(file=file, deployment=deployment, catalogs=catalogs, max_epsilon=max_epsilon)
    _answer(question, party, dataset, output, no_color=no_color)


def _answer(question: Question, party: str, dataset: str, output: str | None, *, no_color: bool) -> None:
    """Write what one party learns of one dataset. Raises SettingsError where there is no such party or dataset."""
    from fedpolicy.analysis.explain import explain
    from fedpolicy.report.facts import why_text

    document, found = question.study()
    _must_exist(party, dataset, found)
    explanation = explain(found, party, dataset)
    emit(why_text(explanation, document, found, found.catalog, look_for(output, no_color=no_color)), output)


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

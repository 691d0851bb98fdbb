"""`fedpolicy whatif`: what if somebody turns?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, get_args

import click

from fedpolicy.cli.options import FILE, form_option
from fedpolicy.cli.question import Question, study_options
from fedpolicy.errors import SettingsError
from fedpolicy.language.model.types import Level

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.analysis.whatif import Scenario

_QUESTIONS = ("compromise", "collude", "remove", "without", "smallest_coalition")


@click.command("whatif")
@click.argument("file", type=FILE)
@click.option(
    "--compromise", metavar="NODE|PARTY", help="It is taken over: its safeguards vanish, what it sees is seen."
)
@click.option("--collude", metavar="PARTY,PARTY", help="These parties pool what they see.")
@click.option("--remove", metavar="PARTY", help="It withdraws everything that it operates, hosts or may revoke.")
@click.option("--without", metavar="SAFEGUARD", help="This safeguard is not there, such as tasks.adapt.safeguards.0.")
@click.option("--smallest-coalition", metavar="DATASET", help="Which parties together learn too much of it?")
@click.option(
    "--level",
    type=click.Choice(get_args(Level)[1:]),
    default="reconstructable",
    show_default=True,
    help="What counts as too much for --smallest-coalition.",
)
@click.option(
    "--size", type=click.IntRange(1, 6), default=3, show_default=True, help="The most parties of a coalition to try."
)
@form_option(["text", "json"], "How to write the answer.", shown=False)
@study_options
def command(question: Question, form: str, level: str, size: int, **given: str | None) -> None:
    """
    Ask what changes against today with one assumption less. Give exactly one of the first five options.

    FILE is a deployment, or - for standard input.
    """
    chosen = {name: value for name in _QUESTIONS if (value := given[name]) is not None}
    if len(chosen) != 1:
        names = " and ".join(f"--{name.replace('_', '-')}" for name in chosen) or "none of them"
        raise SettingsError(f"give exactly one question, not {names}", help="`fedpolicy whatif --help` lists them")
    if dataset := chosen.get("smallest_coalition"):
        _answer_coalitions(question, dataset, level, size, form)
    else:
        _answer_scenario(question, chosen, form)


def _answer_coalitions(question: Question, dataset: str, level: str, size: int, form: str) -> None:
    from fedpolicy.analysis.facts import LEVELS
    from fedpolicy.analysis.whatif.coalitions import smallest_coalitions
    from fedpolicy.report.changes import coalitions_json, coalitions_text

    document, study = question.study()
    _must_be(dataset, {text for item in study.graph.data for text in (item.id, item.family)}, "dataset")
    found = smallest_coalitions(study, dataset, LEVELS.index(level), size=size)
    if form == "json":
        question.answer(coalitions_json(document.deployment.name, dataset, found))
    else:
        question.answer(coalitions_text(document.deployment.name, dataset, found, question.look()))


def _answer_scenario(question: Question, chosen: Mapping[str, str], form: str) -> None:
    from fedpolicy.report.changes import scenario_json, scenario_text

    document, study = question.study()
    ((kind, value),) = chosen.items()
    scenario = _colluding(value, study) if kind == "collude" else _scenario(kind, value, study)
    if form == "json":
        question.answer(scenario_json(document.deployment.name, scenario))
    else:
        question.answer(scenario_text(document.deployment.name, scenario, question.look()))


def _scenario(kind: str, value: str, study: Study) -> Scenario:
    from fedpolicy.analysis import whatif

    parties = _parties(study)
    supposed, known, what = {
        "compromise": (whatif.what_if_compromised, {*parties, *study.graph.members}, "node or party"),
        "remove": (whatif.what_if_removed, parties, "party"),
        "without": (whatif.what_if_without, whatif.safeguards_of(study.deployment), "safeguard"),
    }[kind]
    _must_be(value, known, what)
    return supposed(study, value)


def _colluding(value: str, study: Study) -> Scenario:
    from fedpolicy.analysis.whatif import what_if_colluding

    several = [name.strip() for name in value.split(",") if name.strip()]
    for one in several:
        _must_be(one, _parties(study), "party")
    if len(set(several)) < 2:  # noqa: PLR2004  it takes two
        raise SettingsError("collusion takes two parties", help="write them like --collude tum,charite")
    return what_if_colluding(study, several)


def _parties(study: Study) -> set[str]:
    return {name for one in study.graph.principals.values() for name in (one.id, one.party)}


def _must_be(value: str, known: Collection[str], what: str) -> None:
    from fedpolicy.suggest import advise

    if value not in known:
        raise SettingsError(f"there is no {what} `{value}` in this deployment", help=advise(value, sorted(known)))

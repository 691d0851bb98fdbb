"""`fedpolicy whatif`: what if somebody turns?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, get_args

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
from fedpolicy.cli.terminal import emit
from fedpolicy.errors import SettingsError
from fedpolicy.language.model.words import Level

if TYPE_CHECKING:
    from fedpolicy.analysis.study import Study
    from fedpolicy.analysis.whatif.scenarios import Scenario
    from fedpolicy.cli.question import Question

__all__ = ["command"]


@click.command("whatif")
@click.argument("file")
@click.option(
    "--compromise", metavar="NODE|PARTY", help="It is taken over: its safeguards vanish, what it sees is seen."
)
@click.option("--collude", metavar="PARTY,PARTY", help="These parties pool what they see.")
@click.option("--remove", metavar="PARTY", help="It withdraws everything that it operates, hosts or may revoke.")
@click.option("--without", metavar="SAFEGUARD", help="This safeguard is not there, such as tasks.adapt.safeguards.0.")
@click.option(
    "--smallest-coalition", "coalition", metavar="DATASET", help="Which parties together learn too much of it?"
)
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
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to write the answer.")
@deployment_option
@catalog_option
@epsilon_option
@output_option
@colour_option
@debug_option
@timed
def command(  # noqa: PLR0913, PLR0917  one argument an option
    file: str,
    compromise: str | None,
    collude: str | None,
    remove: str | None,
    without: str | None,
    coalition: str | None,
    level: str,
    size: int,
    form: str,
    deployment: str,
    catalogs: tuple[Path, ...],
    max_epsilon: float | None,
    output: str | None,
    *,
    no_color: bool,
) -> None:
    """
    Ask what changes against today with one assumption less. Give exactly one of the first five options.

    FILE is a deployment, or - for standard input.
    """
    from fedpolicy.cli.question import Question

    question = Question(file=file, deployment=deployment, catalogs=catalogs, max_epsilon=max_epsilon)
    given = {
        "compromise": compromise,
        "collude": collude,
        "remove": remove,
        "without": without,
        "smallest-coalition": coalition,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    _answer(question, chosen, level, size, form, output, no_color=no_color)


def _answer(
    question: Question,
    chosen: Mapping[str, str],
    level: str,
    size: int,
    form: str,
    output: str | None,
    *,
    no_color: bool,
) -> None:
    """Answer one question. Raises SettingsError where none or several are asked, or names are not known."""
    from fedpolicy.analysis.facts import LEVELS
    from fedpolicy.analysis.whatif.coalitions import smallest_coalitions
    from fedpolicy.cli.terminal import look_for
    from fedpolicy.report.changes import coalitions_json, coalitions_text, scenario_json, scenario_text

    if len(chosen) != 1:
        asked = " and ".join(f"--{name}" for name in chosen) or "none of them"
        raise SettingsError(f"give exactly one question, not {asked}", help="`fedpolicy whatif --help` lists them")
    document, facts = question.study()
    ((kind, value),) = chosen.items()
    name = document.deployment.name
    look = look_for(output, no_color=no_color)
    if kind == "smallest-coalition":
        _must_be(value, {text for item in facts.graph.data for text in (item.id, item.family)}, "dataset")
        found = smallest_coalitions(facts, value, LEVELS.index(level), size=size)
        emit(
            coalitions_json(name, value, found) if form == "json" else coalitions_text(name, value, found, look), output
        )
        return
    scenario = _scenario(kind, value, facts)
    emit(scenario_json(name, scenario) if form == "json" else scenario_text(name, scenario, look), output)


def _scenario(kind: str, value: str, facts: Study) -> Scenario:
    from fedpolicy.analysis.whatif.scenarios import (
        safeguards_of,
        what_if_colluding,
        what_if_compromised,
        what_if_removed,
        what_if_without,
    )

    parties = {name for one in facts.graph.principals.values() for name in (one.id, one.party)}
    if kind == "compromise":
        _must_be(value, {*parties, *facts.graph.members}, "node or party")
        return what_if_compromised(facts, value)
    if kind == "collude":
        several = [name.strip() for name in value.split(",") if name.strip()]
        for one in several:
            _must_be(one, parties, "party")
        if len(set(several)) < 2:  # noqa: PLR2004  it takes two
            raise SettingsError("collusion takes two parties", help="write them like --collude tum,charite")
        return what_if_colluding(facts, several)
    if kind == "remove":
        _must_be(value, parties, "party")
        return what_if_removed(facts, value)
    _must_be(value, safeguards_of(facts.deployment), "safeguard")
    return what_if_without(facts, value)


def _must_be(value: str, known: Collection[str], what: str) -> None:
    from fedpolicy.suggest import advise

    if value not in known:
        raise SettingsError(f"there is no {what} `{value}` in this deployment", help=advise(value, sorted(known)))

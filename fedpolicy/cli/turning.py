"""What `fedpolicy whatif` does."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.analysis.whatif.coalitions import smallest_coalitions
from fedpolicy.analysis.whatif.scenarios import (
    Scenario,
    safeguards_of,
    what_if_colluding,
    what_if_compromised,
    what_if_removed,
    what_if_without,
)
from fedpolicy.cli.asking import Question, computed, look_for
from fedpolicy.cli.terminal import emit
from fedpolicy.errors import SettingsError
from fedpolicy.report.whatif import coalitions_json, coalitions_text, scenario_json, scenario_text
from fedpolicy.suggest import advise

if TYPE_CHECKING:
    from fedpolicy.analysis.study import Study

__all__ = ["whatif"]


def whatif(
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
    if len(chosen) != 1:
        asked = " and ".join(f"--{name}" for name in chosen) or "none of them"
        raise SettingsError(f"give exactly one question, not {asked}", help="`fedpolicy whatif --help` lists them")
    document, facts = computed(question)
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
    if value not in known:
        raise SettingsError(f"there is no {what} `{value}` in this deployment", help=advise(value, sorted(known)))

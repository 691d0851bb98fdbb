"""What the commands that ask about one deployment do: facts, why, graph, control, budget."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from fedpolicy import __version__, pipeline, sources
from fedpolicy.analysis.accounting import INSTALL_HINT
from fedpolicy.analysis.explain import explain
from fedpolicy.cli.terminal import emit, look_of, stdin_bytes
from fedpolicy.errors import SettingsError
from fedpolicy.graph.export import to_json
from fedpolicy.report.budget import as_json as budget_json
from fedpolicy.report.budget import as_text as budget_text
from fedpolicy.report.control import as_json as control_json
from fedpolicy.report.control import as_text as control_text
from fedpolicy.report.facts import facts_text, why_text
from fedpolicy.report.facts_json import facts_json
from fedpolicy.report.rows import json_text
from fedpolicy.report.style import PLAIN, Style, listing
from fedpolicy.suggest import nearest

if TYPE_CHECKING:
    from fedpolicy.analysis.study import Study
    from fedpolicy.language.reading.load import Document

__all__ = ["Question", "budget", "computed", "control", "facts", "graph", "look_for", "why"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which deployment is asked about, and how it is read."""

    file: str
    deployment: str = ""
    catalogs: Sequence[Path] = ()
    max_epsilon: float | None = None

    @property
    def settings(self) -> pipeline.Settings:
        """The same for the pipeline."""
        return pipeline.Settings(catalogs=self.catalogs, max_epsilon=self.max_epsilon)


def facts(question: Question, form: str, output: str | None, *, no_color: bool) -> None:
    """Write what was computed."""
    document, found = computed(question)
    if form == "json":
        text = facts_json(document, found, found.pairs(), version=__version__)
    else:
        text = facts_text(document, found, look_for(output, no_color=no_color))
    emit(text, output)


def why(question: Question, party: str, dataset: str, output: str | None, *, no_color: bool) -> None:
    """Write what one party learns of one dataset. Raises SettingsError where there is no such party or dataset."""
    document, found = computed(question)
    _must_exist(party, dataset, found)
    explanation = explain(found, party, dataset)
    emit(why_text(explanation, document, found, found.catalog, look_for(output, no_color=no_color)), output)


def graph(question: Question, output: str | None) -> None:
    """Write the graph as JSON."""
    _, found = computed(question)
    emit(json_text(to_json(found.graph)), output)


def control(question: Question, form: str, output: str | None, *, no_color: bool) -> None:
    """Write the continuity matrix."""
    document, found = computed(question)
    matrix = found.continuity
    name = document.deployment.name
    emit(
        control_json(name, matrix)
        if form == "json"
        else control_text(name, matrix, found.graph.principals, look_for(output, no_color=no_color)),
        output,
    )


def budget(question: Question, form: str, output: str | None, *, tight: bool, no_color: bool) -> None:
    """Write the privacy ledger. Raises SettingsError where the closest computation cannot be had."""
    if tight and not _installed("dp_accounting"):
        message = "the closest computation needs a library that is not installed"
        raise SettingsError(message, help=f"run `{INSTALL_HINT}`, or leave `--tight` out")
    document, found = computed(question)
    ledger = found.closest_ledger if tight else found.ledger
    name, limit = document.deployment.name, found.max_epsilon
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


def computed(question: Question) -> tuple[Document, Study]:
    """Read the deployment that is asked about, ready to be analysed. Raises what cannot be used."""
    source = next(sources.find([question.file], stdin_bytes))
    catalog = pipeline.catalog_of(question.settings)
    return pipeline.study_of(source, catalog, question.settings, question.deployment)


def look_for(output: str | None, *, no_color: bool) -> Style:
    """How to write to a file or to standard output."""
    return PLAIN if output else look_of(sys.stdout, no_color=no_color)


def _must_exist(party: str, dataset: str, facts: Study) -> None:
    graph = facts.graph
    parties = {name for one in graph.principals.values() for name in (one.id, one.party)} | {"public", "unknown"}
    datasets = {name for item in graph.data for name in (item.id, item.family)}
    for kind, name, known in (("party", party, parties), ("dataset", dataset, datasets)):
        if name not in known:
            raise SettingsError(f"there is no {kind} `{name}` in this deployment", help=_suggest(name, known))


def _suggest(name: str, known: set[str]) -> str:
    near = nearest(name, known)
    return f"did you mean `{near}`?" if near else f"there are {listing(sorted(known), 12)}"

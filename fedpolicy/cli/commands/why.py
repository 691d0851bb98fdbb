"""`fedpolicy why`: explain what one party learns of one dataset."""

from __future__ import annotations

import sys
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
from fedpolicy.cli.terminal import emit, look_of, stdin_bytes
from fedpolicy.errors import SettingsError
from fedpolicy.report.words import PLAIN

if TYPE_CHECKING:
    from fedpolicy.analysis.facts import Facts
    from fedpolicy.pipeline import Settings
    from fedpolicy.report.words import Look
    from fedpolicy.sources import Source

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
def command(
    file: str,
    party: str,
    dataset: str,
    deployment: str,
    catalogs: Sequence[Path],
    max_epsilon: float,
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
    from fedpolicy import pipeline, sources  # noqa: PLC0415  the rooms are heavy; help and completion need none

    source = next(sources.find([file], stdin_bytes))
    settings = pipeline.Settings(catalogs=catalogs, max_epsilon=max_epsilon)
    look = PLAIN if output else look_of(sys.stdout, no_color=no_color)
    emit(_written(source, settings, (deployment, party, dataset), look), output)


def _written(source: Source, settings: Settings, asked: tuple[str, str, str], look: Look) -> str:
    from fedpolicy import pipeline  # noqa: PLC0415
    from fedpolicy.analysis.explain import explain  # noqa: PLC0415
    from fedpolicy.report.facts.why import why_text  # noqa: PLC0415

    deployment, party, dataset = asked
    catalog = pipeline.catalog_of(settings)
    document, facts = pipeline.facts_of(source, catalog, settings, deployment)
    _must_exist(party, dataset, facts)
    explanation = explain(facts, catalog, party, dataset, settings.analysis)
    return why_text(explanation, document, facts, catalog, look)


def _must_exist(party: str, dataset: str, facts: Facts) -> None:
    graph = facts.graph
    parties = {name for one in graph.principals.values() for name in (one.id, one.party)} | {"public", "unknown"}
    datasets = {name for item in graph.data for name in (item.id, item.family)}
    for kind, name, known in (("party", party, parties), ("dataset", dataset, datasets)):
        if name not in known:
            raise SettingsError(f"there is no {kind} `{name}` in this deployment", help=_suggest(name, known))


def _suggest(name: str, known: set[str]) -> str:
    from fedpolicy.report.words import listing  # noqa: PLC0415
    from fedpolicy.spec.suggest import nearest  # noqa: PLC0415

    near = nearest(name, known)
    return f"did you mean `{near}`?" if near else f"there are {listing(sorted(known), 12)}"

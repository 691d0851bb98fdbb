"""`fedpolicy diff`: what a change does to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from fedpolicy.cli.errors import exit_code, say_errors
from fedpolicy.cli.inputs import heard_within, lost_of, watch_of
from fedpolicy.cli.options import (
    FILE,
    answer_options,
    catalog_option,
    config_options,
    epsilon_option,
    fail_on_option,
    form_option,
    links_option,
    owner_option,
    timeout_option,
    waiver_options,
)
from fedpolicy.cli.terminal import emit, look_for

if TYPE_CHECKING:
    from fedpolicy.cli.choices import Choices
    from fedpolicy.findings import Finding
    from fedpolicy.report import Style
    from fedpolicy.report.diff import Comparison
    from fedpolicy.settings import Settings
    from fedpolicy.sources import Skipped, Source


@click.command("diff")
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@click.option("--pack", "packs", multiple=True, metavar="NAME|PATH", help="Rules to check; default: federation.")
@fail_on_option("The least severity of an introduced finding that makes the exit code 1.")
@click.option("--strict/--no-strict", default=None, help="Count introduced unknowns as failing.")
@form_option(["text", "json", "markdown"], "How to write what differs; markdown suits a pull request.")
@click.option(
    "--drift",
    "drift",
    multiple=True,
    metavar="PATH",
    help="Tell what OLD and NEW differ in from the files below PATH, as each of them has these; may be repeated.",
)
@catalog_option
@epsilon_option
@waiver_options
@config_options
@owner_option
@timeout_option
@links_option
@answer_options
def command(old: str, new: str, form: str, output: str | None, **options: Any) -> int:  # noqa: ANN401  click's
    """
    Show what changes between two states of a deployment.

    It says who learns more or less, who gains or loses control, and which findings come and go.
    OLD and NEW are files, folders, or either of them at a git revision, as in main:deployments/fedpolicy.yaml.
    Renamed nodes and a new order change nothing. Exit code 1 is only for what NEW introduces
    and no waiver covers.
    """
    from fedpolicy.cli.choices import choices_of
    from fedpolicy.cli.trust import with_waivers

    choices = choices_of(options)
    settings = replace(with_waivers(choices, options), overview=options["owner"] or None)
    comparison = _compared(old, new, choices, settings, options["drift"])
    comparison = replace(comparison, links=options["links"], root=choices.settings.root)
    no_color = options["no_color"]
    say_errors(comparison.errors, no_color=no_color)
    emit(_written(comparison, form, look_for(output, no_color=no_color)), output)
    # Only what the new state introduces counts, and of that only what nobody has waived.
    return exit_code(comparison.errors, failing=choices.failing(comparison.introduced))


def _compared(old: str, new: str, choices: Choices, settings: Settings, drift: Sequence[str]) -> Comparison:
    from fedpolicy.cli.revisions import overlooked, sources_of
    from fedpolicy.cli.run import outer_overrides
    from fedpolicy.comparison import compare

    skipped: list[Skipped] = []
    before, after = sources_of(old, choices.search), sources_of(new, replace(choices.search, skip=skipped.append))
    after = [*after, *overlooked(old, before, new, after)]
    beside = _drift((old, before), (new, after), choices, settings, drift)
    begin, lost = heard_within(choices.timeout), lost_of(watch_of(), choices.timeout)
    found = compare(before, after, settings, begin, lost, beside=beside)
    return replace(found, overrides=(*found.overrides, *outer_overrides(choices, skipped)))


def _drift(
    old: tuple[str, Sequence[Source]],
    new: tuple[str, Sequence[Source]],
    choices: Choices,
    settings: Settings,
    paths: Sequence[str],
) -> tuple[Sequence[Finding], Sequence[Finding]]:
    """What each state differs in from what runs; nothing where nobody asks."""
    if not paths:
        return (), ()
    from fedpolicy.cli.repository import drift_at

    before, after = (drift_at(state, sources, paths, choices, settings) for state, sources in (old, new))
    return before, after


def _written(comparison: Comparison, form: str, look: Style) -> str:
    from fedpolicy.report.diff import as_json, as_markdown, as_text

    if form == "text":
        return as_text(comparison, look)
    return (as_json if form == "json" else as_markdown)(comparison)

"""`fedpolicy diff`: what a change does to whom."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from fedpolicy.cli.errors import exit_code
from fedpolicy.cli.options import (
    catalog_option,
    colour_option,
    config_from_option,
    config_option,
    debug_option,
    epsilon_option,
    isolated_option,
    links_option,
    output_option,
    owner_option,
    timeout_option,
    waiver_options,
)
from fedpolicy.cli.question import lost_of, watch_of
from fedpolicy.cli.terminal import emit, look_of
from fedpolicy.report.style import PLAIN

if TYPE_CHECKING:
    from fedpolicy.cli.choices import Choices
    from fedpolicy.findings import Finding
    from fedpolicy.report.diff import Comparison
    from fedpolicy.searching.search import Skipped
    from fedpolicy.settings import Settings
    from fedpolicy.sources import Source

__all__ = ["command"]


@click.command("diff")
@click.argument("old")
@click.argument("new")
@click.option("--pack", "packs", multiple=True, metavar="NAME|PATH", help="Rules to check; default: federation.")
@click.option(
    "--fail-on",
    type=click.Choice(["critical", "high", "medium", "low", "info", "never"]),
    default=None,
    show_default="high",
    help="The least severity of an introduced finding that makes the exit code 1.",
)
@click.option("--strict/--no-strict", default=None, help="Count introduced unknowns as failing.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="How to write what differs; markdown suits a pull request.",
)
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
@config_option
@config_from_option
@isolated_option
@owner_option
@timeout_option
@links_option
@output_option
@colour_option
@debug_option
def command(old: str, new: str, form: str, output: str | None, **options: Any) -> int:  # noqa: ANN401  click's
    """
    Show what changes between two states of a deployment: who learns more or less, who gains or loses control, and
    which findings come and go.

    OLD and NEW are files, folders, or either of them at a git revision, as in main:deployments/fedpolicy.yaml.
    Renamed nodes and a new order change nothing. Exit code 1 is only for what NEW introduces
    and no waiver covers.
    """
    return _diff(old, new, form, output, options)


def _diff(old: str, new: str, form: str, output: str | None, options: Mapping[str, Any]) -> int:
    """Compare, write what differs, and give the exit code. Raises InputError for what git does not have."""
    from fedpolicy.cli.choices import choose, find_config
    from fedpolicy.cli.messages import report_errors
    from fedpolicy.cli.revisions import overlooked, sources_of
    from fedpolicy.cli.run import outer_overrides
    from fedpolicy.cli.trust import with_waivers
    from fedpolicy.comparison import compare, unwatched
    from fedpolicy.report.summarise import must_fail

    config = find_config(options["config"], isolated=options["isolated"], revision=options["config_from"])
    choices = choose(config, options)
    settings = replace(with_waivers(choices, config, options), overview=options["owner"] or None)
    skipped: list[Skipped] = []
    before, after = sources_of(old, choices.search), sources_of(new, replace(choices.search, skip=skipped.append))
    after = [*after, *overlooked(old, before, new, after)]
    beside = _drift((old, before), (new, after), choices, settings, options["drift"])
    watch = watch_of()
    comparison = compare(
        before,
        after,
        settings,
        partial(watch.begin, seconds=choices.timeout) if watch else unwatched,
        lost_of(watch, choices.timeout),
        beside=beside,
    )
    overrides = (*comparison.overrides, *outer_overrides(choices, skipped))
    comparison = replace(comparison, overrides=overrides, links=options["links"], root=choices.settings.root)
    no_color = options["no_color"]
    report_errors(comparison.errors, look=look_of(sys.stderr, no_color=no_color))
    emit(_written(comparison, form, output, no_color=no_color), output)
    # Only what the new state introduces counts, and of that only what nobody has waived.
    return exit_code(
        comparison.errors, failing=must_fail(comparison.introduced, choices.fail_on, strict=choices.strict)
    )


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


def _written(comparison: Comparison, form: str, output: str | None, *, no_color: bool) -> str:
    from fedpolicy.report.comment import as_markdown
    from fedpolicy.report.diff import as_json, as_text

    if form == "text":
        return as_text(comparison, PLAIN if output else look_of(sys.stdout, no_color=no_color))
    return (as_json if form == "json" else as_markdown)(comparison)

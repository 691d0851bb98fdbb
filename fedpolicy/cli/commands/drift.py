"""`fedpolicy drift`: what a declaration says against what files show."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from fedpolicy.cli.errors import exit_code
from fedpolicy.cli.options import (
    baseline_options,
    catalog_option,
    colour_option,
    config_from_option,
    config_option,
    debug_option,
    isolated_option,
    timeout_option,
    waiver_options,
)
from fedpolicy.cli.terminal import chatter, look_of
from fedpolicy.report.formats import format_ids, load_format

if TYPE_CHECKING:
    from fedpolicy.cli.outputs import Output
    from fedpolicy.findings import Report

__all__ = ["command"]

_SEVERITIES = ("critical", "high", "medium", "low", "info")


@click.command("drift")
@click.argument("file", default=".", metavar="[FILE]")
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--also",
    multiple=True,
    metavar="FILE",
    help="Another file, or folder, of declarations that the same PATHS run; may be repeated.",
)
@click.option("--select", multiple=True, metavar="RULE", help="Check these rules only; may be repeated.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Leave these rules out; may be repeated.")
@click.option(
    "--fail-on",
    type=click.Choice([*_SEVERITIES, "never"]),
    default=None,
    show_default="high",
    help="The least severity that makes the exit code 1.",
)
@click.option("--strict", is_flag=True, default=None, help="Count unknown as failing.")
@click.option(
    "--format", "form", type=click.Choice(format_ids()), default="text", show_default=True, help="How to report."
)
@click.option(
    "--exclude", multiple=True, metavar="PATTERN", help="Leave these paths out, as in .gitignore; may be repeated."
)
@click.option(
    "--output",
    "-o",
    "outputs",
    multiple=True,
    metavar="[FORMAT:]FILE",
    help="Write the report to a file; may be repeated.",
)
@catalog_option
@timeout_option
@waiver_options
@baseline_options
@config_option
@config_from_option
@isolated_option
@colour_option
@debug_option
def command(file: str, paths: tuple[str, ...], form: str, outputs: tuple[str, ...], **options: Any) -> int:  # noqa: ANN401  click's
    """
    Compare a declaration with what runs: who takes part, what protects it, whom it calls.

    FILE holds one declaration or several, or is a folder that is searched for them; PATHS are the folders or files that
    run them. Both are the current folder by default.
    Each difference is a finding: declared and not found, found and not declared, or contradicting. What no file can
    show is a question. Nothing of the files is run.
    """
    return _drift(file, paths or (".",), form, outputs, options)


def _drift(file: str, paths: Sequence[str], form: str, outputs: Sequence[str], options: Mapping[str, Any]) -> int:
    from fedpolicy.cli.choices import choose, find_config
    from fedpolicy.cli.outputs import plan, write_all
    from fedpolicy.cli.repository import drift_of
    from fedpolicy.cli.trust import trusted_settings
    from fedpolicy.report.summarise import must_fail

    planned = plan(outputs, form)
    config = find_config(options["config"], isolated=options["isolated"], revision=options["config_from"])
    choices = choose(config, options)
    report, compared = drift_of([file, *options["also"]], paths, choices, trusted_settings(choices, config, options))
    write_all([(output, _written(report, output, no_color=options["no_color"])) for output in planned])
    errors = [*report.errors, *(error for one in report.files for error in one.errors)]
    if errors:
        from fedpolicy.cli.messages import report_errors

        report_errors(errors, look=look_of(sys.stderr, no_color=options["no_color"]))
    elif not compared:
        chatter("note: nothing was compared: name the folders with the files that run what is declared\n")
    failing = must_fail(report.findings, choices.fail_on, strict=choices.strict)
    return exit_code(errors, failing=failing, evaluated=compared)


def _written(report: Report, output: Output, *, no_color: bool) -> str:
    chosen = load_format(output.form)
    draw = getattr(chosen, "draw", None)
    if draw and output.file is None:
        drawn: str = draw(report, look_of(sys.stdout, no_color=no_color))
        return drawn
    return chosen.render(report)

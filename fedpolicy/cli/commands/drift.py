"""`fedpolicy drift`: what a declaration says against what files show."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

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
    scanning_options,
    timeout_option,
    waiver_options,
)
from fedpolicy.cli.terminal import chatter, look_of

__all__ = ["command"]


@click.command("drift")
@click.argument("file", default=".", metavar="[FILE]")
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--also",
    multiple=True,
    metavar="FILE",
    help="Another file, or folder, of declarations that the same PATHS run; may be repeated.",
)
@scanning_options
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
    from fedpolicy.cli.outputs import plan, write_all, written
    from fedpolicy.cli.repository import drift_of
    from fedpolicy.cli.trust import trusted_settings
    from fedpolicy.report.summarise import must_fail

    planned = plan(outputs, form, verbose=options["verbose"])
    config = find_config(options["config"], isolated=options["isolated"], revision=options["config_from"])
    choices = choose(config, options)
    report, compared = drift_of([file, *options["also"]], paths, choices, trusted_settings(choices, config, options))
    write_all([(output, written(report, output, no_color=options["no_color"])) for output in planned])
    errors = [*report.errors, *(error for one in report.files for error in one.errors)]
    if errors:
        from fedpolicy.cli.messages import report_errors

        report_errors(errors, look=look_of(sys.stderr, no_color=options["no_color"]))
    elif not compared:
        chatter("note: nothing was compared: name the folders with the files that run what is declared\n")
    failing = must_fail(report.findings, choices.fail_on, strict=choices.strict)
    return exit_code(errors, failing=failing, evaluated=compared)

"""`fedpolicy drift`: what a declaration says against what files show."""

from __future__ import annotations

from typing import Any

import click

from fedpolicy.cli.errors import exit_code, say_errors
from fedpolicy.cli.options import (
    FILE,
    catalog_option,
    colour_option,
    debug_option,
    scanning_options,
    timeout_option,
    trust_options,
)
from fedpolicy.cli.terminal import chatter


@click.command("drift")
@click.argument("file", default=".", metavar="[FILE]", type=FILE)
@click.argument("paths", nargs=-1, metavar="[PATHS]...", type=FILE)
@click.option(
    "--also",
    multiple=True,
    metavar="FILE",
    help="Another file, or folder, of declarations that the same PATHS run; may be repeated.",
)
@scanning_options
@catalog_option
@timeout_option
@trust_options
@colour_option
@debug_option
def command(file: str, paths: tuple[str, ...], also: tuple[str, ...], **options: Any) -> int:  # noqa: ANN401  click's
    """
    Compare a declaration with what runs.

    It looks at who takes part, what protects it and whom it calls. FILE holds one declaration or several, or is a
    folder that is searched for them; PATHS are the folders or files that run them. Both are the current folder by
    default. Each difference is a finding: declared and not found, found and not declared, or contradicting. What no
    file can show is a question. Nothing of the files is run.
    """
    from fedpolicy.cli.choices import choices_of
    from fedpolicy.cli.outputs import plan, write_reports
    from fedpolicy.cli.repository import drift_of
    from fedpolicy.cli.trust import trusted_settings

    planned = plan(options["outputs"], options["form"], verbose=options["verbose"])
    choices = choices_of(options)
    settings, verbose = trusted_settings(choices, options), bool(options["verbose"])
    report, compared = drift_of([file, *also], paths or (".",), choices, settings, verbose=verbose)
    write_reports(report, planned, no_color=options["no_color"])
    errors = say_errors(report.mistakes, no_color=options["no_color"])
    if not errors and not compared:
        chatter("note: nothing was compared: name the folders with the files that run what is declared\n")
    return exit_code(errors, failing=choices.failing(report.findings), evaluated=compared)

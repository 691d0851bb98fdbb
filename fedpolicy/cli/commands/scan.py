"""`fedpolicy scan`: from the files of a repository to findings at their lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from fedpolicy.cli.errors import exit_code, say_errors
from fedpolicy.cli.options import (
    FILE,
    colour_option,
    debug_option,
    links_option,
    rule_options,
    scanning_options,
    timeout_option,
    trust_options,
)
from fedpolicy.cli.terminal import chatter
from fedpolicy.errors import SettingsError
from fedpolicy.report.formats import load_format

if TYPE_CHECKING:
    from fedpolicy.cli.outputs import Output
    from fedpolicy.scan.gather import Gathered


@click.command("scan")
@click.argument("paths", nargs=-1, metavar="[PATHS]...", type=FILE)
@rule_options
@scanning_options
@timeout_option
@links_option
@trust_options
@colour_option
@debug_option
def command(paths: tuple[str, ...], **options: Any) -> int:  # noqa: ANN401  click's
    """
    Judge the files that frameworks and infrastructure run on.

    It reads NVFLARE, Flower, Kubernetes, Terraform, Python and more. PATHS are folders or files of a repository; by
    default the current folder. Nothing of it is run, and no secret is kept. Findings stand at the lines of these files;
    `fedpolicy import` writes down the deployment that they tell of.
    """
    from fedpolicy.cli.choices import choices_of
    from fedpolicy.cli.outputs import plan, write_reports
    from fedpolicy.cli.repository import scan_paths
    from fedpolicy.cli.trust import trusted_settings

    planned = plan(options["outputs"], options["form"], verbose=options["verbose"])
    _must_need_no_declaration(planned)
    choices = choices_of(options)
    report, gathered = scan_paths(paths or (".",), choices, trusted_settings(choices, options))
    drafted = any(file.deployments for file in report.files)
    _tell(gathered, verbose=bool(options["verbose"]), drafted=drafted)
    write_reports(replace(report, links=options["links"]), planned, no_color=options["no_color"])
    say_errors(report.errors, no_color=options["no_color"])
    return exit_code(report.errors, failing=choices.failing(report.findings), evaluated=bool(gathered.facts))


def _must_need_no_declaration(planned: Sequence[Output]) -> None:
    """A record is of what somebody declares, and a statement binds a declaration. Raises SettingsError."""
    for output in planned:
        form = load_format(output.form)
        if getattr(form, "RECORD", False) or output.form == "in-toto":
            advice = "`fedpolicy import` writes one; then `fedpolicy check`"
            raise SettingsError(f"the format `{output.form}` needs a declaration", help=advice)


def _tell(gathered: Gathered, *, verbose: bool, drafted: bool) -> None:
    """What was read, what was not and why, and how to go on: on standard error, beside any format."""
    from fedpolicy.cli.repository import tell_unread
    from fedpolicy.cli.run import tell_skipped
    from fedpolicy.report import amount

    read = ", ".join(f"{count} of {name}" for name, count in sorted(gathered.read.items())) or "none"
    chatter(f"note: looked at {amount(gathered.looked_at, 'file')}; files with evidence: {read}\n")
    if gathered.aside:
        chatter(f"note: left out {amount(gathered.aside, 'file')} of tests, tutorials and documentation\n")
    tell_skipped(gathered.skipped, named=verbose)
    tell_unread(gathered, verbose=verbose)
    if drafted:
        chatter("note: `fedpolicy import` drafts the deployment that these files describe\n")
    elif not gathered.facts:
        chatter(
            "note: no file here says anything: name a folder with files of NVFLARE, Flower, Kubernetes, Python, ...\n"
        )

"""`fedpolicy check`: judge deployments by the rules."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from fedpolicy.cli.errors import INTERRUPTED, exit_code
from fedpolicy.cli.options import (
    SEVERITIES,
    baseline_options,
    catalog_option,
    colour_option,
    config_from_option,
    config_option,
    debug_option,
    epsilon_option,
    estate_options,
    isolated_option,
    links_option,
    owner_option,
    pack_option,
    param_option,
    waiver_options,
)
from fedpolicy.cli.terminal import chatter, look_of
from fedpolicy.errors import Interrupted
from fedpolicy.records import replace
from fedpolicy.report.formats import beside_of, format_ids, load_format

if TYPE_CHECKING:
    from fedpolicy.cli.choices import Choices
    from fedpolicy.cli.outputs import Output
    from fedpolicy.config.find import Config
    from fedpolicy.findings import Report
    from fedpolicy.policy.site.file import SitePolicy
    from fedpolicy.report.formats import Format
    from fedpolicy.settings import Settings

__all__ = ["command"]


def _ids(_context: click.Context, _option: click.Parameter, given: Sequence[str]) -> tuple[str, ...]:
    """Read `--select a --select b` and `--select a,b` alike."""
    return tuple(part for text in given for part in (piece.strip() for piece in text.split(",")) if part)


@click.command("check")
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@pack_option
@click.option("--select", multiple=True, callback=_ids, metavar="RULE", help="Check these rules only.")
@click.option("--ignore", multiple=True, callback=_ids, metavar="RULE", help="Leave these rules out.")
@param_option
@catalog_option
@epsilon_option
@click.option(
    "--fail-on",
    type=click.Choice([*SEVERITIES, "never"]),
    default=None,
    show_default="high",
    help="The least severity that makes the exit code 1.",
)
@click.option("--strict/--no-strict", default=None, help="Count unknown as failing.")
@click.option(
    "--format",
    "form",
    type=click.Choice(format_ids()),
    default="text",
    show_default=True,
    help="How to write the report.",
)
@click.option("--quiet", "-q", is_flag=True, help="Print the last line of the report only: verdict and counts.")
@owner_option
@click.option("--fixes", is_flag=True, help="Try a change for each cause and prove it on a copy; takes longer.")
@click.option("--causes", is_flag=True, help="Name the cause of each finding in json and sarif, too.")
@estate_options
@click.option(
    "--changed",
    is_flag=True,
    help="PATHS are the files of a change, as a hook names them: what is no deployment is passed over, and where"
    " settings change, everything is checked.",
)
@click.option(
    "--site",
    "sites",
    multiple=True,
    metavar="FILE",
    help="Judge by the policy of one site as well, which nothing of the federation can switch off; may be repeated.",
)
@click.option("--watch", is_flag=True, help="Check again whenever a file changes, until Ctrl-C.")
@waiver_options
@baseline_options
@config_option
@config_from_option
@isolated_option
@click.option(
    "--output",
    "-o",
    "outputs",
    multiple=True,
    metavar="[FORMAT:]FILE",
    help="Write the report to a file, in its own format if one is given; may be repeated.",
)
@links_option
@colour_option
@debug_option
def command(paths: tuple[str, ...], form: str, outputs: tuple[str, ...], **options: Any) -> int:  # noqa: ANN401  click's
    """
    Judge deployments by the rules.

    PATHS are files, folders (searched for fedpolicy.yaml, *.fedpolicy.yaml and YAML with a top-level `fedpolicy:` key)
    or - for standard input; by default the current folder.

    \b
    Examples:
      fedpolicy check deployment.yaml
      fedpolicy check . --fail-on medium --output sarif:fedpolicy.sarif --output text:-
      fedpolicy check deployment.yaml --pack federation --pack ./our-rules
    """  # noqa: D301  click reads the \b itself
    if options.pop("watch"):
        from fedpolicy.cli.repeat import repeated

        return repeated(lambda: _check(paths, form, outputs, options), paths, outputs, options)
    return _check(paths, form, outputs, options)


def _check(paths: Sequence[str], form: str, outputs: Sequence[str], options: Mapping[str, Any]) -> int:
    """Check, write the reports, say what could not be used, and give the exit code."""
    from fedpolicy.cli.choices import choose, find_config
    from fedpolicy.cli.outputs import must_be_writable, plan, write_all, written
    from fedpolicy.cli.run import is_whole, report_of
    from fedpolicy.cli.trust import trusted_settings

    planned = plan(outputs, form, verbose=options["verbose"])
    must_be_writable(planned, paths)
    policies = _policies(options["sites"], paths)
    config = find_config(options["config"], isolated=options["isolated"], revision=options["config_from"])
    choices = choose(config, options)
    forms = [load_format(one.form) for one in planned]
    settings = trusted_settings(choices, config, options)
    settings = replace(settings, overview=_overview(forms, options), beside=beside_of(forms))
    if options["changed"]:
        from fedpolicy.cli.changed import of_changed

        paths = of_changed(paths, choices)
        if not paths:
            chatter("note: no deployment is among what changed\n")
            return 0
    report = report_of(paths, settings, choices, options)
    settings = replace(settings, whole=is_whole(paths or ["."], choices))
    report = _told_more(report, settings, config, {**options, "timeout": choices.timeout}, forms)
    if policies:
        from fedpolicy.cli.demands import with_sites

        report = with_sites(report, policies, paths, choices)
    report = replace(report, links=options["links"])
    no_color = options["no_color"]
    errors = _told(report, no_color=no_color)
    causes, quiet = options["causes"], options["quiet"]
    texts = [(output, written(_shown(report, output, causes=causes), output, no_color=no_color)) for output in planned]
    write_all([(output, _last(text, output) if quiet else text) for output, text in texts])
    return _exit_code(report, errors, choices)


def _policies(sites: Sequence[str], paths: Sequence[str]) -> list[SitePolicy]:
    """What sites demand. Read first: where it cannot be read, nothing passes."""
    if not sites:
        return []
    from fedpolicy.cli.demands import read_policies

    return read_policies(sites, paths)


def _overview(forms: Sequence[Format], options: Mapping[str, Any]) -> str | None:
    """For whom reports say more than findings, if any does."""
    asked = options["causes"] or options["fixes"] or options["owner"]
    asked = asked or any(getattr(form, "OVERVIEW", False) for form in forms)
    return options["owner"] if asked else None


def _told_more(
    report: Report, settings: Settings, config: Config, options: Mapping[str, Any], forms: Sequence[Format]
) -> Report:
    """The report with what its formats need beside findings."""
    if any(getattr(form, "BASIS", False) for form in forms):
        from fedpolicy.cli.basis import basis_of

        report = replace(report, basis=basis_of(settings))
    if not report.overviews and not options["owner"]:
        return report
    if options["owner"]:
        from fedpolicy.cli.pages import for_owner

        report = for_owner(report, options["owner"])
    if options["fixes"] or any(getattr(form, "FIXES", False) for form in forms):
        from fedpolicy.cli.pages import with_proofs

        report = with_proofs(report, settings, config, options["timeout"])
    return report


def _shown(report: Report, output: Output, *, causes: bool) -> Report:
    """What a format shows, which does not depend on the formats beside it."""
    if causes or not report.overviews or getattr(load_format(output.form), "OVERVIEW", False):
        return report
    return replace(report, overviews=(), findings=tuple(replace(one, cause="") for one in report.findings))


def _last(text: str, output: Output) -> str:
    """The last line of what people read; programs get all."""
    return f"{text.splitlines()[-1]}\n" if output.form in {"text", "full", "concise"} else text


def _told(report: Report, *, no_color: bool) -> list[Exception]:
    """What could not be used, and whether somebody stopped the run."""
    if report.interruption:
        # A terminal has written ^C where the next line would begin.
        start = "\n" if sys.stderr.isatty() else ""
        chatter(f"{start}{report.interruption}\n")
    found = [*report.errors, *(error for file in report.files for error in file.errors)]
    errors = [error for error in found if not isinstance(error, Interrupted)]
    if errors:
        from fedpolicy.cli.messages import report_errors

        lines = {file.name: file.lines for file in report.files}
        report_errors(errors, lines, look=look_of(sys.stderr, no_color=no_color))
    return errors


def _exit_code(report: Report, errors: Sequence[Exception], choices: Choices) -> int:
    from fedpolicy.report.summarise import must_fail

    if report.interruption:
        return INTERRUPTED
    failing = must_fail(report.findings, choices.fail_on, strict=choices.strict)
    return exit_code(errors, failing=failing, evaluated=bool(report.evaluated))

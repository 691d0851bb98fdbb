"""`fedpolicy check`: judge deployments by the rules."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from fedpolicy.cli.errors import CLEAN, INTERRUPTED, exit_code, say_errors
from fedpolicy.cli.options import (
    catalog_option,
    colour_option,
    debug_option,
    epsilon_option,
    estate_options,
    fail_on_option,
    form_option,
    links_option,
    owner_option,
    pack_option,
    param_option,
    trust_options,
)
from fedpolicy.cli.terminal import chatter
from fedpolicy.errors import Interrupted
from fedpolicy.records import replace
from fedpolicy.report.formats import beside_of, format_ids, load_format

if TYPE_CHECKING:
    from fedpolicy.cli.choices import Choices
    from fedpolicy.cli.outputs import Output
    from fedpolicy.findings import Report
    from fedpolicy.policy.site import SitePolicy
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
@fail_on_option("The least severity that makes the exit code 1.")
@click.option("--strict/--no-strict", default=None, help="Count unknown as failing.")
@form_option(format_ids(), "How to write the report.", usual="text")
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
@trust_options
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
    return (_repeated if options.pop("watch") else _check)(paths, form, outputs, options)


def _repeated(paths: Sequence[str], form: str, outputs: Sequence[str], options: Mapping[str, Any]) -> int:
    from fedpolicy.cli.changed import repeated

    return repeated(lambda: _check(paths, form, outputs, options), paths, outputs, options)


def _check(paths: Sequence[str], form: str, outputs: Sequence[str], options: Mapping[str, Any]) -> int:
    """Check, write the reports, say what could not be used, and give the exit code."""
    from fedpolicy.cli.choices import choices_of
    from fedpolicy.cli.outputs import must_be_writable, plan

    planned = plan(outputs, form, verbose=options["verbose"])
    must_be_writable(planned, paths)
    policies = _policies(options["sites"], paths)
    choices = choices_of(options)
    settings = _settings(planned, choices, options)
    if options["changed"] and not (paths := _changed(paths, choices)):
        return CLEAN
    report = _judged(paths, settings, planned, choices, options)
    report = _with_sites(report, policies, paths, choices)
    return _answer(report, planned, choices, options)


def _policies(sites: Sequence[str], paths: Sequence[str]) -> list[SitePolicy]:
    """What sites demand. Read first: where it cannot be read, nothing passes."""
    if not sites:
        return []
    from fedpolicy.cli.demands import read_policies

    return read_policies(sites, paths)


def _with_sites(report: Report, policies: Sequence[SitePolicy], paths: Sequence[str], choices: Choices) -> Report:
    if not policies:
        return report
    from fedpolicy.cli.demands import with_sites

    return with_sites(report, policies, paths, choices)


def _settings(planned: Sequence[Output], choices: Choices, options: Mapping[str, Any]) -> Settings:
    """What is believed, and for whom reports say more than findings, if any does."""
    from fedpolicy.cli.trust import trusted_settings

    more = options["causes"] or options["fixes"] or options["owner"] or _any(planned, "OVERVIEW")
    beside = beside_of([load_format(one.form) for one in planned])
    return replace(trusted_settings(choices, options), overview=options["owner"] if more else None, beside=beside)


def _any(planned: Sequence[Output], wish: str) -> bool:
    """Whether one of the formats wishes for something beside findings."""
    return any(getattr(load_format(one.form), wish, False) for one in planned)


def _changed(paths: Sequence[str], choices: Choices) -> Sequence[str]:
    from fedpolicy.cli.changed import of_changed

    found = of_changed(paths, choices)
    if not found:
        chatter("note: no deployment is among what changed\n")
    return found


def _judged(
    paths: Sequence[str], settings: Settings, planned: Sequence[Output], choices: Choices, options: Mapping[str, Any]
) -> Report:
    from fedpolicy.cli.run import check_paths, is_whole

    report = check_paths(paths, settings, choices, options)
    settings = replace(settings, whole=is_whole(paths or ["."], choices))
    if _any(planned, "BASIS"):
        from fedpolicy.cli.statement import basis_of

        report = replace(report, basis=basis_of(settings))
    proofs = options["fixes"] or _any(planned, "FIXES")
    return _with_pages(report, settings, choices, options["owner"], proofs=proofs)


def _with_pages(report: Report, settings: Settings, choices: Choices, owner: str, *, proofs: bool) -> Report:
    """The report with what formats for people need beside findings."""
    if owner:
        from fedpolicy.cli.run import for_owner

        report = for_owner(report, owner)
    if proofs and (report.overviews or owner):
        from fedpolicy.cli.run import with_proofs

        report = with_proofs(report, settings, choices)
    return report


def _answer(report: Report, planned: Sequence[Output], choices: Choices, options: Mapping[str, Any]) -> int:
    """Write the reports, say what could not be used or who stopped the run, and give the exit code."""
    report = replace(report, links=options["links"])
    if report.interruption:
        # A terminal has written ^C where the next line would begin.
        start = "\n" if sys.stderr.isatty() else ""
        chatter(f"{start}{report.interruption}\n")
    errors = [error for error in report.mistakes if not isinstance(error, Interrupted)]
    say_errors(errors, report.files, no_color=options["no_color"])
    _write(report, planned, options)
    if report.interruption:
        return INTERRUPTED
    return exit_code(errors, failing=choices.failing(report.findings), evaluated=bool(report.evaluated))


def _write(report: Report, planned: Sequence[Output], options: Mapping[str, Any]) -> None:
    from fedpolicy.cli.outputs import rendered, write_all

    texts = []
    for output in planned:
        text = rendered(_shown(report, output, causes=options["causes"]), output, no_color=options["no_color"])
        texts.append((output, _last(text, output) if options["quiet"] else text))
    write_all(texts)


def _shown(report: Report, output: Output, *, causes: bool) -> Report:
    """What a format shows, which does not depend on the formats beside it."""
    if causes or not report.overviews or _any([output], "OVERVIEW"):
        return report
    return replace(report, overviews=(), findings=tuple(replace(one, cause="") for one in report.findings))


def _last(text: str, output: Output) -> str:
    """The last line of what people read; programs get all."""
    return f"{text.splitlines()[-1]}\n" if output.form in {"text", "full", "concise"} else text

"""What `fedpolicy check` does with its options: reports are written, and the exit code says how it went."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fedpolicy.cli.choices import Choices, choices_of
from fedpolicy.cli.errors import CLEAN, INTERRUPTED, exit_code, say_errors
from fedpolicy.cli.outputs import Output, must_be_writable, plan, rendered, write_all
from fedpolicy.cli.run import check_paths, for_owner, is_whole, with_proofs
from fedpolicy.cli.terminal import chatter
from fedpolicy.cli.trust import trusted_settings
from fedpolicy.errors import Interrupted
from fedpolicy.records import replace
from fedpolicy.report.formats import beside_of, load_format

if TYPE_CHECKING:
    from fedpolicy.findings import Report
    from fedpolicy.policy.site import SitePolicy
    from fedpolicy.settings import Settings


def checked(options: Mapping[str, Any]) -> int:
    """Check what the options name, once, or again whenever a file changes; the exit code."""
    paths, form, outputs = options["paths"], options["form"], options["outputs"]
    if not options["watch"]:
        return _check(paths, form, outputs, options)
    from fedpolicy.cli.changed import repeated  # noqa: PLC0415  few wait for changes

    return repeated(lambda: _check(paths, form, outputs, options), paths, outputs, options)


def _check(paths: Sequence[str], form: str, outputs: Sequence[str], options: Mapping[str, Any]) -> int:
    """Check, write the reports, say what could not be used, and give the exit code."""
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
    from fedpolicy.cli.demands import read_policies  # noqa: PLC0415  few checks ask for it

    return read_policies(sites, paths)


def _with_sites(report: Report, policies: Sequence[SitePolicy], paths: Sequence[str], choices: Choices) -> Report:
    if not policies:
        return report
    from fedpolicy.cli.demands import with_sites  # noqa: PLC0415  few checks ask for it

    return with_sites(report, policies, paths, choices)


def _settings(planned: Sequence[Output], choices: Choices, options: Mapping[str, Any]) -> Settings:
    """What is believed, and for whom reports say more than findings, if any does."""
    more = options["causes"] or options["fixes"] or options["owner"] or _any(planned, "OVERVIEW")
    beside = beside_of([load_format(one.form) for one in planned])
    return replace(trusted_settings(choices, options), overview=options["owner"] if more else None, beside=beside)


def _any(planned: Sequence[Output], wish: str) -> bool:
    """Whether one of the formats wishes for something beside findings."""
    return any(getattr(load_format(one.form), wish, False) for one in planned)


def _changed(paths: Sequence[str], choices: Choices) -> Sequence[str]:
    from fedpolicy.cli.changed import of_changed  # noqa: PLC0415  few checks ask for it

    found = of_changed(paths, choices)
    if not found:
        chatter("note: no deployment is among what changed\n")
    return found


def _judged(
    paths: Sequence[str], settings: Settings, planned: Sequence[Output], choices: Choices, options: Mapping[str, Any]
) -> Report:
    report = check_paths(paths, settings, choices, options)
    settings = replace(settings, whole=is_whole(paths or ["."], choices))
    if _any(planned, "BASIS"):
        from fedpolicy.cli.statement import basis_of  # noqa: PLC0415  few checks ask for it

        report = replace(report, basis=basis_of(settings))
    proofs = options["fixes"] or _any(planned, "FIXES")
    return _with_pages(report, settings, choices, options["owner"], proofs=proofs)


def _with_pages(report: Report, settings: Settings, choices: Choices, owner: str, *, proofs: bool) -> Report:
    """The report with what formats for people need beside findings."""
    if owner:
        report = for_owner(report, owner)
    if proofs and (report.overviews or owner):
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

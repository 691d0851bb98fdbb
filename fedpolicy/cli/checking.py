"""What `fedpolicy check` does with its options."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fedpolicy.cli.configured import Choices, choose, find_config
from fedpolicy.cli.errors import BUG, CLEAN, FINDINGS, INTERRUPTED, UNUSABLE
from fedpolicy.cli.judging import judged
from fedpolicy.cli.messages import report_errors
from fedpolicy.cli.outputs import Output, must_have_folders, plan, write_all
from fedpolicy.cli.terminal import chatter, look_of
from fedpolicy.cli.trusted import trusted
from fedpolicy.errors import Interrupted, is_bug
from fedpolicy.findings import Report, Severity
from fedpolicy.report.formats import load_format
from fedpolicy.report.summarise import must_fail

if TYPE_CHECKING:
    from fedpolicy.report.style import Style

__all__ = ["check"]


def check(paths: Sequence[str], form: str, outputs: Sequence[str], options: Mapping[str, Any]) -> int:
    """Check, write the reports, say what could not be used, and give the exit code."""
    planned = plan(outputs, form)
    must_have_folders(planned)
    config = find_config(options["config"], isolated=options["isolated"], revision=options["config_from"])
    choices = choose(config, options)
    settings = trusted(choices, config, options)
    report = judged(paths, settings, choices, options)
    no_color = options["no_color"]
    errors = _told(report, no_color=no_color)
    write_all([(output, _written(report, output, no_color=no_color)) for output in planned])
    return _exit_code(report, errors, choices)


def _told(report: Report, *, no_color: bool) -> list[Exception]:
    """What could not be used, and whether somebody stopped the run."""
    if report.interruption:
        # A terminal has written ^C where the next line would begin.
        start = "\n" if sys.stderr.isatty() else ""
        chatter(f"{start}{report.interruption}\n")
    found = [*report.errors, *(error for file in report.files for error in file.errors)]
    errors = [error for error in found if not isinstance(error, Interrupted)]
    lines = {file.name: file.lines for file in report.files}
    report_errors(errors, lines, look=look_of(sys.stderr, no_color=no_color))
    return errors


def _written(report: Report, output: Output, *, no_color: bool) -> str:
    chosen = load_format(output.form)
    draw: Callable[[Report, Style], str] | None = getattr(chosen, "draw", None)
    if draw and output.file is None:
        return draw(report, look_of(sys.stdout, no_color=no_color))
    return chosen.render(report)


def _exit_code(report: Report, errors: Sequence[Exception], choices: Choices) -> int:
    if report.interruption:
        return INTERRUPTED
    if errors or not report.evaluated:
        return BUG if any(map(is_bug, errors)) else UNUSABLE
    threshold = None if choices.fail_on == "never" else Severity[choices.fail_on.upper()]
    return FINDINGS if must_fail(report, threshold, strict=choices.strict) else CLEAN

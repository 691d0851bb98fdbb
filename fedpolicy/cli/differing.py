"""What `fedpolicy diff` does."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from fedpolicy.cli.configured import choose, find_config
from fedpolicy.cli.errors import BUG, CLEAN, FINDINGS, UNUSABLE
from fedpolicy.cli.messages import report_errors
from fedpolicy.cli.revisions import overlooked, sources_of
from fedpolicy.cli.terminal import emit, look_of
from fedpolicy.cli.trusted import with_waivers
from fedpolicy.comparing import compare
from fedpolicy.errors import is_bug
from fedpolicy.findings import Severity, Verdict
from fedpolicy.report.diff import Comparison, as_json, as_markdown, as_text
from fedpolicy.report.style import PLAIN

__all__ = ["diff"]


def diff(old: str, new: str, form: str, output: str | None, options: Mapping[str, Any]) -> int:
    """Compare, write what differs, and give the exit code. Raises InputError for what git does not have."""
    config = find_config(options["config"], isolated=options["isolated"], revision=options["config_from"])
    choices = choose(config, options)
    settings = with_waivers(choices, config, options)
    before, after = (sources_of(side, choices.search) for side in (old, new))
    comparison = compare(before, [*after, *overlooked(old, before, new, after)], settings)
    no_color = options["no_color"]
    report_errors(comparison.errors, look=look_of(sys.stderr, no_color=no_color))
    emit(_written(comparison, form, output, no_color=no_color), output)
    if comparison.errors:
        return BUG if any(map(is_bug, comparison.errors)) else UNUSABLE
    return FINDINGS if _fails(comparison, choices.fail_on, strict=choices.strict) else CLEAN


def _written(comparison: Comparison, form: str, output: str | None, *, no_color: bool) -> str:
    if form == "text":
        return as_text(comparison, PLAIN if output else look_of(sys.stdout, no_color=no_color))
    return (as_json if form == "json" else as_markdown)(comparison)


def _fails(comparison: Comparison, fail_on: str, *, strict: bool) -> bool:
    """Only what the new state introduces counts, and of that only what nobody has waived."""
    if fail_on == "never":
        return False
    counted = {Verdict.FAIL, Verdict.UNKNOWN} if strict else {Verdict.FAIL}
    least = Severity[fail_on.upper()]
    return any(one.verdict in counted and one.severity >= least for one in comparison.introduced)

"""Which findings are to be cleared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fedpolicy import pipeline
from fedpolicy.errors import SettingsError
from fedpolicy.findings import Finding, Severity, Verdict
from fedpolicy.records import dataclass
from fedpolicy.spec.suggest import advise

if TYPE_CHECKING:
    from fedpolicy.policy.models import Rule
    from fedpolicy.sources import Source

__all__ = ["Choice", "chosen_findings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """
    What the user wants cleared: findings by the beginnings of their fingerprints, by rules, or all that fail a check.

    `fail_on` is the word of a severity, or `never`; `strict` counts what is unknown as failing.
    """

    fail_on: str = "high"
    strict: bool = False
    findings: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


def chosen_findings(
    found: Sequence[Finding], choice: Choice, source: Source, settings: pipeline.Settings, rules: Sequence[Rule]
) -> tuple[list[Finding], Severity]:
    """
    The findings to clear, and the least severity at which nothing new may fail.

    What is waived or known is not among them. Raises SettingsError for a fingerprint or a rule that there is not.
    """
    _must_exist(choice, found, rules)
    counting = _counting(source, settings)
    counted = {Verdict.FAIL, Verdict.UNKNOWN} if choice.strict else {Verdict.FAIL}
    least = Severity.CRITICAL if choice.fail_on == "never" else Severity[choice.fail_on.upper()]
    chosen = []
    for one in found:
        named = any(one.fingerprint.startswith(mark.lower()) for mark in choice.findings)
        by_rule = one.rule in choice.rules and one.verdict in counted
        everything = not (choice.findings or choice.rules) and choice.fail_on != "never"
        severe = everything and one.verdict in counted and one.severity >= least
        counts = counting is None or (one.rule, one.fingerprint) in counting
        if named or ((by_rule or severe) and counts):
            chosen.append(one)
    return chosen, min([least, *(one.severity for one in chosen)])


def _must_exist(choice: Choice, found: Sequence[Finding], rules: Sequence[Rule]) -> None:
    for mark in choice.findings:
        if not mark or not any(one.fingerprint.startswith(mark.lower()) for one in found):
            advice = "`fedpolicy check --format json` shows the fingerprint of each finding"
            raise SettingsError(f"no finding has the fingerprint `{mark}`", help=advice)
    known = sorted({rule.id for rule in rules})
    for name in choice.rules:
        if name not in known:
            raise SettingsError(f"no rule of this run is called `{name}`", help=advise(name, known))


def _counting(source: Source, settings: pipeline.Settings) -> set[tuple[str, str]] | None:
    """The rules and fingerprints that a check counts; None where nothing is waived or known beforehand."""
    if not (settings.waivers or settings.baseline):
        return None
    shown = pipeline.check([source], settings).findings
    return {(one.rule, one.fingerprint) for one in shown if one.verdict is not Verdict.WAIVED}

"""The verdict of a report in one line, its counts in another, what must not be forgotten, and whom laws protect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from fedpolicy.findings import Report, RuleInfo, Severity, Verdict
from fedpolicy.overview import Scope
from fedpolicy.records import replace
from fedpolicy.report import Style, amount, clean, listing, wrap
from fedpolicy.report.summarise import OUT_OF_SCOPE, day_words, must_fail

if TYPE_CHECKING:
    from fedpolicy.page import PageSection

_COUNTED = (
    (Verdict.FAIL, "critical"),
    (Verdict.UNKNOWN, "unknown"),
    (Verdict.PASS, "pass"),
    (Verdict.NOT_APPLICABLE, "dim"),
    (Verdict.WAIVED, "medium"),
)
_STYLES = {
    "FAIL": "critical",
    "OPEN": "unknown",
    "OUTSIDE": "unknown",
    "PASS": "pass",
    "ERROR": "error",
    "STOPPED": "error",
}


def verdict_word(report: Report) -> str:
    """
    FAIL, OPEN (nothing fails, and some questions are open), PASS; OUTSIDE, where no pack protects anybody here; or
    ERROR and STOPPED, where not all was judged.

    A word says what an exit code says, and says it without colour.
    """
    if report.interruption:
        return "STOPPED"
    if report.errors or not report.evaluated or any(file.errors for file in report.files):
        return "ERROR"
    if must_fail(report.findings, report.fail_on, strict=report.strict):
        return "FAIL"
    if protects_nobody(report):
        return "OUTSIDE"
    return "OPEN" if report.counts.get(Verdict.UNKNOWN) else "PASS"


def verdict_style(report: Report) -> str:
    """How the word is painted."""
    return _STYLES[verdict_word(report)]


def verdict_line(report: Report, causes: int) -> str:
    """What was judged, and what came of it: `FAIL  clinic: 9 findings from 3 causes (3 critical); 2 questions open`."""
    names = [name for file in report.files for name in file.deployments]
    subject = clean(names[0]) if len(names) == 1 else amount(len(names), "deployment")
    fails = report.counts.get(Verdict.FAIL, 0)
    new = "new " if report.baseline else ""
    found = f"{amount(fails, f'{new}finding')} from {amount(causes, 'cause')}" if fails else f"no {new}findings"
    grades = f" ({severities(report, most=2)}{_below(report)})" if fails else ""
    unknown = report.counts.get(Verdict.UNKNOWN, 0)
    asked = f"; {amount(unknown, 'question')} open" if unknown else ""
    broken = len(report.errors) + sum(len(file.errors) for file in report.files) - bool(report.interruption)
    wrong = f"{amount(broken, 'mistake')} in the input; " if broken > 0 else ""
    if not report.evaluated:
        return f"{verdict_word(report)}  nothing was evaluated"
    if verdict_word(report) == "OUTSIDE":
        return f"OUTSIDE  {subject}: no owner within the scope of {listing(report.packs)}"
    return f"{verdict_word(report)}  {subject}: {wrong}{found}{grades}{asked}"


def _below(report: Report) -> str:
    """Why a run that found something does not fail."""
    if must_fail(report.findings, report.fail_on, strict=report.strict):
        return ""
    return "; no finding fails" if report.fail_on == "never" else f"; none is {report.fail_on} or worse"


def severities(report: Report, most: int = len(Severity)) -> str:
    """How many findings of each severity there are, the worst first; of `most` severities only."""
    failed = Counter(finding.severity for finding in report.findings if finding.verdict is Verdict.FAIL)
    return ", ".join(f"{failed[severity]:,} {severity.label}" for severity in sorted(failed, reverse=True)[:most])


def counts_line(report: Report, look: Style) -> str:
    """All five verdicts, counted; the severities of what fails; how many deployments and rules there are."""
    grades = severities(report)
    return f"{counts(report, look)} ({f'{grades}; ' if grades else ''}{extent(report)})"


def counts(report: Report, look: Style) -> str:
    """All five verdicts, counted."""
    return ", ".join(
        look.paint(
            style if report.counts[verdict] else "dim", f"{report.counts[verdict]:,} {verdict.replace('_', ' ')}"
        )
        for verdict, style in _COUNTED
    )


def remarks(report: Report, look: Style) -> list[str]:
    """Which facts are old, what a baseline hides, what settings changed, and whether somebody stopped the run."""
    # The day itself stands beside the extent.
    old = [line for one in day_words(replace(report, dated=False), look.width) for line in wrap(one, look, "", "    ")]
    whom = [line for one in scope_words(report) for line in wrap(one, look, "", "    ")]
    stopped = [look.paint("error", str(report.interruption))] if report.interruption else []
    return [*old, *whom, *_known(report, look), *_overridden(report, look), *stopped]


def scope(look: Style) -> list[str]:
    """What no report covers."""
    lines = wrap(f"not covered: {', '.join(OUT_OF_SCOPE)} (docs/limits.md)", look, "", "    ")
    return [look.paint("dim", line) for line in lines]


def _known(report: Report, look: Style) -> list[str]:
    if report.baseline is None:
        return []
    from fedpolicy.report.annotations import baseline_words  # noqa: PLC0415  few reports have a baseline

    return wrap(baseline_words(report.baseline), look, "", "    ")


def _overridden(report: Report, look: Style) -> list[str]:
    if not report.overrides:
        return []
    from fedpolicy.report.rows import override_lines  # noqa: PLC0415  few reports have any

    return [line for one in override_lines(report.overrides) for line in wrap(one, look, "", "    ")]


def extent(report: Report) -> str:
    """How many deployments were judged, and by how many rules."""
    deployments = amount(sum(len(file.deployments) for file in report.files), "deployment")
    rules = (
        f"{amount(len(report.rules), 'rule')} of {listing(report.packs)}"
        if report.packs
        else amount(len(report.rules), "rule")
    )
    broken = sum(bool(file.errors) for file in report.files)
    day = f", judged as on {report.today}" if report.dated and report.today else ""
    return f"{deployments}, {rules}{day}" + (f"; {amount(broken, 'file')} with mistakes" if broken else "")


def protects_nobody(report: Report) -> bool:
    """Whether every pack of a report protects somebody, and nobody of any deployment is among them."""
    scoped = {scope.pack for scope in report.scopes}
    return bool(scoped) and scoped == set(report.packs) and not any(scope.owners for scope in report.scopes)


def scope_words(report: Report) -> list[str]:
    """A sentence for each pack that protects the owners of some countries only."""
    return [_words(list(found)) for _, found in groupby(_by_pack(report), key=lambda scope: scope.pack)]


def scope_rows(report: Report) -> list[dict[str, Any]]:
    """The same as data, a row for each pack and deployment."""
    names = ("pack", "owners_in", "file", "deployment", "owners", "others")
    return [{name: getattr(scope, name) for name in names} for scope in _by_pack(report)]


def scope_notes(report: Report) -> list[dict[str, Any]]:
    """The same as notes of a run, in SARIF."""
    return [{"level": "note", "message": {"text": f"{words}."}} for words in scope_words(report)]


def _by_pack(report: Report) -> list[Scope]:
    return sorted(report.scopes, key=lambda scope: scope.pack)


def _words(scopes: Sequence[Scope]) -> str:
    *first, last = ("the EEA" if code == "EEA" else code for code in scopes[0].owners_in)
    where = f"owners in {', '.join(first)} or {last}" if first else f"owners in {last}"
    without = [scope.deployment for scope in scopes if not scope.owners]
    begin = f"{scopes[0].pack} protects {where}"
    if len(without) == len(scopes):
        return f"{begin}: no owner within the scope of this pack"
    if without:
        return f"{begin}: no owner within the scope of this pack in {listing(without)}"
    if len(scopes) > 1:
        return begin
    return f"{begin}: {', '.join(_owners(scopes[0]))}"


def _owners(scope: Scope) -> Iterator[str]:
    sure = [owner for owner in scope.owners if owner not in scope.unplaced]
    if sure:
        yield f"here {listing(sure)}"
    if scope.unplaced:
        yield f"perhaps {listing(scope.unplaced)} (place not stated)"
    if scope.others:
        yield f"not {listing(scope.others)}"


_HOLDING = (
    "As the files have it, for all owners. Each sentence is about what its rule looks at; where a more specific rule"
    " has a finding, that finding counts."
)


def holding(report: Report, lead: str = "") -> PageSection:
    """What holds, for a page: a sentence for each rule that judged something, and passed everywhere."""
    from fedpolicy.page import Items, PageSection, Paragraph  # noqa: PLC0415  a plain check makes no page

    held: dict[str, bool] = {}
    for one in report.overviews:
        held.update({rule: holds and held.get(rule, True) for rule, holds in one.held.items()})
    rules = sorted(report.rules, key=lambda rule: (-rule.severity, rule.id))
    said = tuple(f"{_passing(rule)} (`{rule.id}`)" for rule in rules if held.get(rule.id))
    silent = sum(rule.id not in held for rule in rules)
    rest = f" {amount(silent, 'rule')} found nothing here to judge." if silent else ""
    intro = Paragraph(text=f"{lead}{_HOLDING}{rest}")
    blocks = (intro, Items(items=said)) if said else (intro,)
    return PageSection(id="holds", title=f"What holds: {amount(len(said), 'rule')}", blocks=blocks, folded=True)


def _passing(rule: RuleInfo) -> str:
    return rule.holds or f"Nothing was found of “{rule.title}”"

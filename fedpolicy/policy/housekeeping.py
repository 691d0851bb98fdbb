"""The rules about waivers and baselines themselves: the pack `fedpolicy`, which no file holds."""

from __future__ import annotations

from collections.abc import Mapping

from fedpolicy.findings import Finding, RuleInfo, Severity, Span, Verdict
from fedpolicy.policy.identity import fingerprint

__all__ = ["OWN_IDS", "OWN_PACK", "OWN_RULES", "own_finding"]

OWN_PACK = "fedpolicy"
OWN_RULES: Mapping[str, RuleInfo] = {
    rule.id: rule
    for rule in (
        RuleInfo(
            id="baseline-fixed",
            pack=OWN_PACK,
            title="An entry of the baseline is fixed",
            severity=Severity.INFO,
            principle="verifiability",
            why="An entry that stays would hide the same finding when it comes back.",
            help="Write the baseline anew with `fedpolicy baseline`; it gets shorter.",
        ),
        RuleInfo(
            id="waiver-expired",
            pack=OWN_PACK,
            title="A waiver has expired",
            severity=Severity.LOW,
            principle="verifiability",
            why="It waives nothing any more: what it covered counts again, at its own severity.",
            help="Mend what it was about, or have it approved again with a new date; then remove this entry.",
        ),
        RuleInfo(
            id="waiver-self-approved",
            pack=OWN_PACK,
            title="A waiver is approved by its own owner",
            severity=Severity.HIGH,
            principle="verifiability",
            why="A waiver needs two people. One that somebody grants to themselves waives nothing.",
            help="Let somebody else approve it, and name them in `approved_by`.",
        ),
        RuleInfo(
            id="waiver-unknown-rule",
            pack=OWN_PACK,
            title="A waiver names a rule that does not exist",
            severity=Severity.LOW,
            principle="verifiability",
            why="It waives nothing, whatever its author believes.",
            help="Correct the name (`fedpolicy rules` lists them), or name the pack that has the rule.",
        ),
        RuleInfo(
            id="waiver-unused",
            pack=OWN_PACK,
            title="A waiver waives nothing",
            severity=Severity.LOW,
            principle="verifiability",
            why="An entry that nothing needs would hide the same finding when it comes back.",
            help="Remove it. If it is about a deployment that this run does not check, name that in `deployment`.",
        ),
    )
}
OWN_IDS = tuple(OWN_RULES)


def own_finding(rule: RuleInfo, element: str, message: str, span: Span, notes: tuple[str, ...] = ()) -> Finding:
    """Tell what is wrong with one waiver or baseline."""
    return Finding(
        rule=rule.id,
        pack=rule.pack,
        title=rule.title,
        principle=rule.principle,
        severity=rule.severity,
        verdict=Verdict.FAIL,
        elements=(element,),
        message=message,
        span=span,
        notes=notes,
        why=rule.why,
        help=rule.help,
        fingerprint=fingerprint(rule.id, element),
    )

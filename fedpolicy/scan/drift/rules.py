"""The rules of drift: declared and not found, found and not declared, contradicting; and what one of them tells."""

from __future__ import annotations

from fedpolicy.findings import Finding, Related, RuleInfo, Severity, Span, Verdict
from fedpolicy.policy.housekeeping import coded_finding
from fedpolicy.records import dataclass, replace

__all__ = ["INFOS", "PACK", "Drift", "drift_finding"]

PACK = "drift"
_CRITICAL, _HIGH, _MEDIUM, _LOW = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW
_DECLARE = "Declare it (`fedpolicy import` drafts the lines), or take it out of what runs."
_REMOVE = "Take it out of the declaration, or scan the folder that holds it as well."
_AGREE = "Correct the one of the two that is wrong."
_SILENT = "What nobody declares, nobody has judged."
_GONE = "A declaration that says more than what runs is not read as a promise any more."


def _rule(name: str, severity: Severity, principle: str, title: str, why: str, advice: str) -> RuleInfo:
    return RuleInfo(id=name, pack=PACK, title=title, severity=severity, principle=principle, why=why, help=advice)


_ALL = (
    _rule("call-not-declared", _HIGH, "data-locality", "Code calls a model of others that is not declared",
          "Whoever runs a model sees what is sent to it, and the declaration knows of no such call.", _DECLARE),
    _rule("call-not-found", _LOW, "verifiability", "A declared call is in no file", _GONE, _REMOVE),
    _rule("deployment-not-declared", _MEDIUM, "verifiability", "Files tell of a deployment that is not declared",
          _SILENT, "Declare it (`fedpolicy import`), or name the folders that belong to this declaration."),
    _rule("deployment-not-found", _HIGH, "verifiability", "No file tells of a declared deployment",
          "What cannot be compared is not confirmed.", "Name the folder with the files that run it."),
    _rule("egress-differs", _HIGH, "data-locality", "A policy of the network lets out more than is declared",
          "The policy was compiled from a declaration, and somebody has opened it since.",
          "Compile it anew: `fedpolicy enforce --target networkpolicy`."),
    _rule("enclave-differs", _HIGH, "integrity", "An enclave is another one than declared",
          "An enclave counts by its kind and by who checks what runs in it.", _AGREE),
    _rule("method-differs", _MEDIUM, "verifiability", "A task trains in another way than declared",
          "What travels, and to whom, follows from how a task trains.", _AGREE),
    _rule("model-differs", _MEDIUM, "verifiability", "Another model is used than declared",
          "Openness, licence and terms are those of the model that runs.", _AGREE),
    _rule("node-not-declared", _HIGH, "autonomy", "A party takes part that is not declared",
          "Each node sees what it is sent, and no rule has looked at this one.", _DECLARE),
    _rule("node-not-found", _MEDIUM, "verifiability", "A declared node does not take part", _GONE, _REMOVE),
    _rule("number-differs", _MEDIUM, "verifiability", "A number is another one than declared",
          "Sums and privacy budgets are counted by such numbers.", _AGREE),
    _rule("party-differs", _HIGH, "autonomy", "Another party than declared runs a node",
          "Who runs a node sees what it sees.", _AGREE),
    _rule("region-differs", _HIGH, "data-locality", "A machine stands in another region than declared",
          "Which law holds, and whether data leave it, follows from where machines stand.", _AGREE),
    _rule("safeguard-differs", _HIGH, "verifiability", "A declared safeguard is not what runs",
          "Verdicts count the safeguard that is declared. What runs protects less, or not at all.",
          "Configure the safeguard that is declared, or declare what runs."),
    _rule("safeguard-not-declared", _LOW, "verifiability", "A safeguard that runs is not declared",
          "Nobody who reads the declaration knows that it may not be taken out.", _DECLARE),
    _rule("safeguard-not-found", _HIGH, "verifiability", "No file shows a declared safeguard",
          "Training code may add it without a configuration that says so, so nobody can tell from these files.",
          "Show where it is: scan the code, or take it out of the declaration."),
    _rule("task-not-declared", _MEDIUM, "verifiability", "A job runs that is not declared", _SILENT, _DECLARE),
    _rule("task-not-found", _LOW, "verifiability", "A declared task is in no file", _GONE, _REMOVE),
    _rule("tracker-not-declared", _MEDIUM, "data-locality", "A tracker gets metrics and is not declared",
          "Metrics of single clients tell the party that runs the tracker about their data.", _DECLARE),
    _rule("tracker-not-found", _LOW, "verifiability", "A declared tracker is in no file", _GONE, _REMOVE),
    _rule("transport-differs", _HIGH, "input-privacy", "Connections are protected otherwise than declared",
          "What is declared is judged; what is configured is what somebody on the way has to break.", _AGREE),
    _rule("what-no-file-shows", Severity.INFO, "verifiability", "What is declared and no file can show",
          "These files neither confirm nor contradict it.", "Scan the folders that would show it as well."),
)  # fmt: skip
INFOS = {rule.id: rule for rule in _ALL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """
    One difference: what it is about, where it is found, and where it is declared (or where that would stand).

    `what` tells differences of one element apart, in a fingerprint that no line changes. `compared` is the place that
    the files are named after in which nothing was found.
    """

    rule: str
    element: str
    message: str
    found: Span | None = None
    declared: Span
    what: str = ""
    verdict: Verdict = Verdict.FAIL
    severity: Severity | None = None
    compared: Span | None = None


def drift_finding(drift: Drift, deployment: str) -> Finding:
    """The difference as a finding, at the file that runs where there is one; the message names the other place."""
    info = INFOS[drift.rule]
    span = drift.found or drift.declared
    other = drift.declared if drift.found else drift.compared
    said = _said(drift)
    message = f"{drift.message} ({said} {other})" if other else drift.message
    parts = (deployment, drift.element, drift.what)
    told = coded_finding(info, (drift.element,), message, span, *parts, deployment=deployment, verdict=drift.verdict)
    severity = info.severity if drift.severity is None else drift.severity
    return replace(told, severity=severity, related=(Related(text=said, span=other),) if other else ())


def _said(drift: Drift) -> str:
    if drift.found is None:
        return "compared with"
    return "it would stand in" if drift.rule.endswith("-not-declared") else "declared in"

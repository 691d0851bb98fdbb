"""The rules of drift: declared and not found, found and not declared, contradicting; and what one of them tells."""

from __future__ import annotations

from fedpolicy.findings import Finding, Related, RuleInfo, Severity, Span, Verdict
from fedpolicy.policy.housekeeping import coded_finding
from fedpolicy.records import dataclass, replace

PACK = "drift"
_CRITICAL, _HIGH, _MEDIUM, _LOW = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW
_DECLARE = "Declare it (`fedpolicy import` drafts the lines), or take it out of what runs."
_REMOVE = "Take it out of the declaration, or scan the folder that holds it as well."
_AGREE = "Correct whichever of the two is wrong."
_SILENT = "What is not declared has not been judged."
_GONE = "Nobody can rely on a declaration that lists what does not run."


def _rule(name: str, severity: Severity, principle: str, title: str, why: str, advice: str) -> RuleInfo:
    return RuleInfo(id=name, pack=PACK, title=title, severity=severity, principle=principle, why=why, help=advice)


_ALL = (
    _rule("call-not-declared", _HIGH, "data-locality", "A call to a model that others run is not declared",
          "The party that runs a model sees what is sent to it, and no rule has looked at this call.", _DECLARE),
    _rule("call-not-found", _LOW, "verifiability", "No file makes a declared call", _GONE, _REMOVE),
    _rule("deployment-not-declared", _MEDIUM, "verifiability", "Files describe a deployment that is not declared",
          _SILENT, "Declare it (`fedpolicy import`), or name the folders that belong to this declaration."),
    _rule("deployment-not-found", _HIGH, "verifiability", "No file describes a declared deployment",
          "What cannot be compared is not confirmed.", "Name the folder with the files that run it."),
    _rule("egress-differs", _HIGH, "data-locality", "A network policy lets out more than is declared",
          "The policy was compiled from a declaration and has been opened since.",
          "Compile it again: `fedpolicy enforce --target networkpolicy`."),
    _rule("enclave-differs", _HIGH, "integrity", "An enclave is not the one that is declared",
          "An enclave counts by its kind and by who checks what runs in it.", _AGREE),
    _rule("method-differs", _MEDIUM, "verifiability", "A task does not train as declared",
          "What travels, and to whom, follows from how a task trains.", _AGREE),
    _rule("model-differs", _MEDIUM, "verifiability", "The model in use is not the one that is declared",
          "Openness, licence and terms are those of the model that runs.", _AGREE),
    _rule("node-not-declared", _HIGH, "autonomy", "A node that is not declared takes part",
          "Each node sees what it is sent, and no rule has looked at this one.", _DECLARE),
    _rule("node-not-found", _MEDIUM, "verifiability", "A declared node does not take part", _GONE, _REMOVE),
    _rule("number-differs", _MEDIUM, "verifiability", "A number is not the one that is declared",
          "Secure sums and privacy budgets rest on these numbers.", _AGREE),
    _rule("party-differs", _HIGH, "autonomy", "A node is not run by the party that is declared",
          "The party that runs a node sees what the node sees.", _AGREE),
    _rule("region-differs", _HIGH, "data-locality", "A machine is not in the region that is declared",
          "Where machines stand decides which law applies to the data, and whether data leave its reach.", _AGREE),
    _rule("safeguard-differs", _HIGH, "verifiability", "A safeguard does not run as declared",
          "Verdicts count the safeguard that is declared. What runs protects less, or not at all.",
          "Configure the safeguard that is declared, or declare what runs."),
    _rule("safeguard-not-declared", _LOW, "verifiability", "A safeguard that runs is not declared",
          "Readers of the declaration cannot know that it must stay.", _DECLARE),
    _rule("safeguard-not-found", _HIGH, "verifiability", "No file shows a declared safeguard",
          "Training code may add it without saying so in any configuration, so these files cannot settle it.",
          "Show where it is: scan the code, or take it out of the declaration."),
    _rule("task-not-declared", _MEDIUM, "verifiability", "A job that is not declared runs", _SILENT, _DECLARE),
    _rule("task-not-found", _LOW, "verifiability", "No file runs a declared task", _GONE, _REMOVE),
    _rule("tracker-not-declared", _MEDIUM, "data-locality", "A tracker that is not declared gets metrics",
          "Metrics of single clients tell the party that runs the tracker about their data.", _DECLARE),
    _rule("tracker-not-found", _LOW, "verifiability", "No file uses a declared tracker", _GONE, _REMOVE),
    _rule("transport-differs", _HIGH, "input-privacy", "Connections are not protected as declared",
          "Verdicts rest on what is declared. An eavesdropper only has to break what is configured.", _AGREE),
    _rule("what-no-file-shows", Severity.INFO, "verifiability", "Declared facts that these files do not show",
          "These files neither confirm nor contradict them.", "Scan the folders that would show them as well."),
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
    return "it would be declared in" if drift.rule.endswith("-not-declared") else "declared in"

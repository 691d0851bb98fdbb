"""The rules about a run itself, its waivers and its baseline: the pack `fedpolicy`; and what a run has looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from fedpolicy.findings import Finding, RuleInfo, Severity, Span, Verdict, fingerprint
from fedpolicy.records import dataclass, replace

if TYPE_CHECKING:
    from fedpolicy.settings import Settings

OWN_PACK = "fedpolicy"
GONE = "deployment-gone"  # the one that a waiver may be about, as it is about a deployment


def _own(name: str, title: str, severity: Severity, why: str, advice: str) -> RuleInfo:
    principle = "verifiability"
    return RuleInfo(id=name, pack=OWN_PACK, title=title, severity=severity, principle=principle, why=why, help=advice)


OWN_RULES: Mapping[str, RuleInfo] = {
    rule.id: rule
    for rule in (
        _own(
            "baseline-fixed",
            "An entry of the baseline is fixed",
            Severity.INFO,
            "An entry that stays would hide the same finding when it comes back.",
            "Write the baseline anew with `fedpolicy baseline`; it gets shorter.",
        ),
        _own(
            GONE,
            "A deployment is not there any more",
            Severity.HIGH,
            "Nobody judges it any more, and what it says may go on all the same. A file that no search finds any"
            " more, a renamed deployment and a removed one look alike from here.",
            "Bring it back under its name. If it ends indeed, have that approved: a waiver of this rule with"
            " `deployment` set to its name.",
        ),
        _own(
            "waiver-expired",
            "A waiver has expired",
            Severity.LOW,
            "It waives nothing any more: what it covered counts again, at its own severity.",
            "Mend what it was about, or have it approved again with a new date; then remove this entry.",
        ),
        _own(
            "waiver-self-approved",
            "A waiver is approved by its own owner",
            Severity.HIGH,
            "A waiver needs two people. One that somebody grants to themselves waives nothing.",
            "Let somebody else approve it, and name them in `approved_by`.",
        ),
        _own(
            "waiver-unknown-rule",
            "A waiver names a rule that does not exist",
            Severity.LOW,
            "It waives nothing, whatever its author believes.",
            "Correct the name (`fedpolicy rules` lists them), or name the pack that has the rule.",
        ),
        _own(
            "waiver-unused",
            "A waiver waives nothing",
            Severity.LOW,
            "An entry that nothing needs would hide the same finding when it comes back.",
            "Remove it. If it is about a deployment that this run does not check, name that in `deployment`.",
        ),
    )
}
OWN_IDS = tuple(OWN_RULES)
# Rules on foreign files, which only a scan loads: whoever configures or ignores them makes no mistake.
SCAN_IDS = (
    "any-algorithm-runs", "attestation-of-nothing", "claim-without-code", "documents-at-others", "egress-open",
    "encryption-without-keys", "files-do-not-fit", "files-leave-beside", "filter-that-lets-all-pass",
    "filter-without-bound",
    "gateway-falls-back", "image-not-pinned", "keys-in-one-hand", "literal-secret", "model-at-unknown-address",
    "model-code-not-pinned", "model-elsewhere", "model-may-be-asked", "model-of-others", "nobody-takes-part",
    "noise-of-zero", "one-key-for-all-sites", "one-party-for-all-sites", "peer-data-unpickled", "ssh-host-unchecked",
    "telemetry-on", "tracker-of-others", "transport-open", "upload-to-others", "what-files-cannot-say",
)  # fmt: skip
# Rules on a declaration beside foreign files, which only `drift` and `diff` load.
DRIFT_IDS = (
    "call-not-declared", "call-not-found", "deployment-not-declared", "deployment-not-found", "egress-differs",
    "enclave-differs", "method-differs", "model-differs", "node-not-declared", "node-not-found", "number-differs",
    "party-differs", "region-differs", "safeguard-differs", "safeguard-not-declared", "safeguard-not-found",
    "task-not-declared", "task-not-found", "tracker-not-declared", "tracker-not-found", "transport-differs",
    "what-no-file-shows",
)  # fmt: skip
CODED_IDS = (*SCAN_IDS, *DRIFT_IDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """
    What a run has looked at.

    `rules` are names, `deployments` pairs of file and name, as `file` names files from the root of the repository.
    `known` gives all rules that exist, also those that this run leaves out. `whole` says that every file and rule
    could be used, `everything` that no file of the repository was left out besides.
    """

    rules: AbstractSet[str]
    deployments: AbstractSet[tuple[str, str]]
    known: Callable[[], AbstractSet[str]]
    whole: bool
    everything: bool = False
    file: Callable[[str], str] = str

    @property
    def files(self) -> frozenset[str]:
        """The files that hold a deployment which was judged."""
        return frozenset(file for file, _ in self.deployments)

    def about(self, finding: Finding) -> str:
        """The file that a finding is about."""
        return self.file(finding.span.file)

    def has_seen(self, file: str, deployment: str) -> bool:
        """Whether a deployment was judged; one whose file is not said may be anywhere."""
        if file:
            return (file, deployment) in self.deployments
        return self.everything and any(name == deployment for _, name in self.deployments)

    def has_seen_all(self, files: Sequence[str], deployment: str) -> bool:
        """Whether all that a waiver may be about was judged: these files, or patterns of them, or any file."""
        if self.everything:
            return not deployment or any(name == deployment for _, name in self.deployments)
        return bool(files) and all(
            any(one == file and deployment in ("", name) for one, name in self.deployments) for file in files
        )


def matches(text: str, pattern: str) -> bool:
    """Whether a text is meant by a pattern, in which `*` stands for any characters."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text, re.DOTALL) is not None


def as_set(findings: Sequence[Finding], settings: Settings) -> tuple[Finding, ...]:
    """The findings of these rules obey the settings of rules, as all others do."""
    ignored = (*settings.ignore, *settings.disabled)
    kept = []
    for finding in findings:
        if finding.pack != OWN_PACK or finding.rule not in OWN_RULES:
            kept.append(finding)
        elif not any(fnmatchcase(finding.rule, pattern) for pattern in ignored):
            word = settings.severities.get(finding.rule)
            kept.append(replace(finding, severity=Severity[word.upper()]) if word else finding)
    return tuple(kept)


def gone(name: str, span: Span, failing: int) -> Finding:
    """Tell that a deployment is not there any more; `failing` of its findings went with it."""
    lost = f", and with it {failing} finding{'' if failing == 1 else 's'} that nobody has resolved" if failing else ""
    return replace(
        own_finding(OWN_RULES[GONE], "deployment", f"the deployment {name} is gone{lost}", span), deployment=name
    )


def own_finding(rule: RuleInfo, element: str, message: str, span: Span, notes: tuple[str, ...] = ()) -> Finding:
    """Tell what is wrong with one waiver or baseline."""
    return replace(coded_finding(rule, (element,), message, span, element), notes=notes)


def coded_finding(
    rule: RuleInfo, elements: tuple[str, ...], message: str, span: Span, *parts: str,
    deployment: str = "", verdict: Verdict = Verdict.FAIL,
) -> Finding:  # fmt: skip
    """What a rule says that is written in code; with the rule, `parts` are its identity across runs."""
    said = {
        name: getattr(rule, name) for name in ("pack", "title", "principle", "severity", "why", "help", "references")
    }
    return Finding(
        rule=rule.id,
        verdict=verdict,
        elements=elements,
        message=message,
        span=span,
        deployment=deployment,
        fingerprint=fingerprint(rule.id, *parts),
        **said,
    )

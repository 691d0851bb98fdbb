"""
Evidence and drafts -> one report, with every finding at the line of the file that it comes from.

A draft goes the way of any deployment. What a configuration cannot say is one question per draft.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from fedpolicy.check import Checked, Judge, assess, report_of
from fedpolicy.errors import FedPolicyError
from fedpolicy.findings import Finding, Report, RuleInfo, Severity, SourceFile, Span, Verdict
from fedpolicy.language.reading import load_text
from fedpolicy.overview import ScanReading, UnreadFile
from fedpolicy.policy import chosen_id
from fedpolicy.policy.housekeeping import CODED_IDS, coded_finding
from fedpolicy.report.summarise import in_file_order
from fedpolicy.scan import PACK, Evidence, EvidenceRule
from fedpolicy.scan.draft import Draft, draft_of
from fedpolicy.scan.gather import Fact, Gathered, NotRead
from fedpolicy.scan.groups import Project, projects_of
from fedpolicy.scan.outflow import CALLS, CLOSER
from fedpolicy.scan.rules import RULES
from fedpolicy.scan.shown import shown_lines
from fedpolicy.settings import Settings

DRAFT = "the draft of "  # before the name of the file that a deployment is named after

_MISFIT = RuleInfo(
    id="files-do-not-fit",
    pack=PACK,
    title="Files of one deployment contradict each other",
    severity=Severity.MEDIUM,
    principle="verifiability",
    why="What one file says cannot be true of the sites that another one names, so they may not belong together.",
    help="Scan the folders one by one, or let `fedpolicy import` write the draft and correct it.",
)
_NOBODY = RuleInfo(
    id="nobody-takes-part",
    pack=PACK,
    title="No file tells of a whole deployment",
    severity=Severity.INFO,
    principle="verifiability",
    why="Single files were judged. Who learns what about whom depends on the sites and their server.",
    help="Also scan the folder with the NVFLARE project, or with what starts Flower; or write a declaration.",
)
# Versions of models stand in files that importers do not read yet, so a draft proves nothing by leaving them out. The
# others are told by rules on evidence, at each place.
_UNREAD = frozenset({"model-unpinned", "unencrypted-transport", "filter-is-not-a-safeguard"})
_QUESTION = "what-files-cannot-say"
_MOST = 4  # words that one question names
_ASKED = RuleInfo(
    id=_QUESTION,
    pack=PACK,
    title="Facts that no configuration states",
    severity=Severity.INFO,
    principle="verifiability",
    why="Configurations say what runs. Only people can say whose data it is, under which law and agreement.",
    help="`fedpolicy import` writes the draft; fill it in, and `fedpolicy check` decides.",
)
INFOS = tuple(sorted((*(rule.info for rule in RULES), _ASKED, _MISFIT, _NOBODY), key=lambda rule: rule.id))


def drafts(gathered: Gathered) -> list[Draft]:
    """A draft of each deployment that the files tell of."""
    return [draft_of(group) for group in projects_of(gathered.facts)]


def judged(
    gathered: Gathered,
    judge: Judge,
    settings: Settings,
    errors: Sequence[FedPolicyError] = (),
    *,
    begin: Callable[[str], None] = lambda _: None,
    lost: Container[str] = (),
) -> Report:
    """Everything that was found, as one report. `begin` hears of each draft before it is judged; `lost` are not."""
    groups = projects_of(gathered.facts)
    findings, counts = _on_evidence(gathered.facts, groups)
    names: dict[str, tuple[str, ...]] = {}
    for group in (one for one in groups if DRAFT + one.file not in lost):
        begin(DRAFT + group.file)
        draft = draft_of(group)
        findings += _on_draft(draft, judge, counts, gathered)
        names[draft.file] = (draft.name,)
    if gathered.facts and not groups:
        findings.append(_nobody([fact.evidence for fact in gathered.facts]))
    report = report_at(findings, names, counts, judge, settings, PACK, errors)
    rules = sorted((*INFOS, *report.rules), key=lambda rule: (rule.id, rule.pack))
    packs = tuple(sorted({PACK, *report.packs}))
    report = replace(report, rules=tuple(rules), packs=packs, reading=reading_of(gathered))
    seen = {(fact.file, group.name) for group in groups for fact in group.facts}
    return excused(report, settings, seen | {(fact.file, "") for fact in gathered.facts}, gathered)


def report_at(
    findings: Sequence[Finding], names: Mapping[str, Sequence[str]], counts: Counter[Verdict], judge: Judge,
    settings: Settings, pack: str, errors: Sequence[FedPolicyError] = (),
) -> Report:  # fmt: skip
    """Findings of a pack at the files that they stand in, nothing excused; `names` are the deployments of files."""
    kept = obeying(findings, settings, pack)
    checked = [_of_file(name, kept, names) for name in sorted({one.span.file for one in kept} | set(names))]
    counted, plain = Checked(file=SourceFile(name=""), counts=counts), replace(settings, waivers=None, baseline=None)
    report = report_of([*checked, counted], judge, plain, errors)
    return replace(report, files=tuple(file for file in report.files if file.name))


def excused(report: Report, settings: Settings, seen: AbstractSet[tuple[str, str]], gathered: Gathered) -> Report:
    """
    The same without what is waived or known, by the files that findings stand in.

    `seen` are the files that were looked at, each with a deployment that it belongs to. Where some were left out or
    not read, nothing is called fixed or unused; nor is what a check of declarations has to say, which may stand in the
    same waivers and baseline.
    """
    if not (settings.waivers or settings.baseline):
        return report
    from fedpolicy.policy.excuse import excuse  # noqa: PLC0415  most runs excuse nothing

    files = {name: tuple(sorted(one for file, one in seen if file == name)) for name in {file for file, _ in seen}}
    looked_at = tuple(SourceFile(name=name, deployments=names) for name, names in sorted(files.items()))
    rules = report.rules if settings.whole and not gathered.not_read else ()
    done = in_file_order(excuse(replace(report, files=looked_at, rules=rules), replace(settings, whole=False)))
    return replace(done, files=(*report.files, *done.files[len(looked_at) :]), rules=report.rules)


def reading_of(gathered: Gathered) -> ScanReading:
    """How much was read, and what was not."""
    return ScanReading(
        looked_at=gathered.looked_at,
        read=dict(sorted(gathered.read.items())),
        aside=gathered.aside,
        not_read=tuple(
            UnreadFile(why=one.why, file=one.span.file, line=one.span.line, column=one.span.column)
            for one in gathered.not_read
        ),
    )


def _of_file(name: str, findings: Sequence[Finding], names: Mapping[str, Sequence[str]]) -> Checked:
    mine = [one for one in findings if one.span.file == name]
    file = SourceFile(name=name, lines=shown_lines(name, mine), deployments=tuple(names.get(name, ())))
    return Checked(file=file, findings=mine, counts=Counter(one.verdict for one in mine))


def _on_evidence(facts: Sequence[Fact], groups: Sequence[Project]) -> tuple[list[Finding], Counter[Verdict]]:
    """
    Each rule on each deployment, and on what belongs to none.

    A fact that belongs to several counts only where all of them say so; what one file says several times is told once.
    """
    inside = {fact for group in groups for fact in group.facts}
    sets = [(group.name, [fact.evidence for fact in group.facts]) for group in groups]
    sets.append(("", [fact.evidence for fact in facts if fact not in inside]))
    holders = Counter(one for _, said in sets for one in set(said))
    found: dict[tuple[str, str, str], Finding] = {}
    places: set[tuple[str, Span]] = set()
    silent = 0
    for rule in RULES:
        told = [(name, one, message) for name, said in sets for one, message in rule.find(said)]
        agreed = Counter(one for _, one in {(name, one) for name, one, _ in told})
        silent += not told
        for name, one, message in told:
            if agreed[one] == holders[one] and (rule.info.id, one.span) not in places:
                places.add((rule.info.id, one.span))
                found.setdefault((rule.info.id, one.span.file, message), _told(rule, one, message, name))
    return _closest(list(found.values())), Counter({Verdict.NOT_APPLICABLE: silent if facts else 0})


def _closest(findings: Sequence[Finding]) -> list[Finding]:
    """Where a rule says more of a call, the one that there is a call is left out."""
    told = {(one.elements, one.span.file) for one in findings if one.rule in CLOSER}
    return [one for one in findings if one.rule != CALLS or (one.elements, one.span.file) not in told]


def obeying(findings: Sequence[Finding], settings: Settings, pack: str) -> list[Finding]:
    """The findings of a pack that no file holds obey the settings of rules, as all others do."""
    left_out = (*settings.ignore, *settings.disabled)
    kept = [one for one in findings if one.pack != pack or chosen_id(one.rule, settings.select, left_out)]
    words = {rule: Severity[word.upper()] for rule, word in settings.severities.items() if rule in CODED_IDS}
    return [replace(one, severity=words.get(one.rule, one.severity)) for one in kept]


def _told(rule: EvidenceRule, one: Evidence, message: str, deployment: str) -> Finding:
    parts = (one.span.file, one.subject, one.attribute, one.key)
    return coded_finding(
        rule.info, (one.subject,), message, one.span, *parts, deployment=deployment, verdict=rule.verdict
    )


def _on_draft(draft: Draft, judge: Judge, counts: Counter[Verdict], gathered: Gathered) -> list[Finding]:
    """What the rules say of a draft. Files that do not fit together are a question, and stop no other."""
    loaded = load_text(draft.text, draft.file, judge.catalog)
    why = f"left out of the draft of {draft.file}"
    gathered.not_read += [NotRead(why=f"{why}: {reason}", span=span) for reason, span in draft.left_out]
    if loaded.errors:
        return [_contradiction(loaded.errors, draft)]
    assessed = assess(loaded.documents[0], judge).whole()
    kept = [one for one in assessed.findings if one.rule not in _UNREAD]
    failed = [_placed(one, draft) for one in kept if one.verdict is Verdict.FAIL and not _assumes(one, draft)]
    asked = [one for one in kept if one.verdict is Verdict.UNKNOWN or _assumes(one, draft)]
    counts.update({one: assessed.counts.get(one, 0) for one in (Verdict.PASS, Verdict.NOT_APPLICABLE)})
    return [*failed, *([_question(asked, draft)] if asked else [])]


def _assumes(finding: Finding, draft: Draft) -> bool:
    """Whether a finding rests on what the draft only assumes."""
    ways = (hop.implied_by or hop.flow for path in finding.paths for hop in path)
    return not draft.assumed.isdisjoint(finding.elements) or any(
        way.startswith(f"{one} ") or way == one for way in ways for one in draft.assumed
    )


def _contradiction(errors: Sequence[FedPolicyError], draft: Draft) -> Finding:
    """Files that do not fit together: nobody can tell what they say, which is no pass."""
    line = errors[0].span.line if errors[0].span else 1
    message = f"nothing in {draft.file} was judged: {errors[0].message}"
    return _own(_MISFIT, message, draft.sources.get(line, draft.start), draft.name)


def _nobody(said: Sequence[Evidence]) -> Finding:
    """Where no file says who takes part in what, nothing was decided, which is no pass."""
    named = [one for one in said if one.kind == "node" and one.attribute == "role"]
    message = "no file says who takes part, so it is open who learns what"
    if named:
        names = _listed(sorted({one.name for one in named}))
        message = f"files name {names}, but not what they run together, so it is open who learns what"
    return _own(_NOBODY, message, (named or said)[0].span, "")


def _own(info: RuleInfo, message: str, span: Span, deployment: str) -> Finding:
    """A question of ours."""
    elements, verdict = (deployment or "repository",), Verdict.UNKNOWN
    return coded_finding(info, elements, message, span, deployment or span.file, deployment=deployment, verdict=verdict)


def _placed(finding: Finding, draft: Draft) -> Finding:
    """The same at the line of the file that the line of the draft comes from, with every step of its ways."""
    paths = tuple(
        tuple(replace(hop, span=draft.sources.get(hop.span.line, draft.start)) for hop in path)
        for path in finding.paths
    )
    return replace(finding, span=draft.sources.get(finding.span.line, draft.start), deployment=draft.name, paths=paths)


def _listed(words: Sequence[str]) -> str:
    rest = len(words) - _MOST
    return ", ".join(words[:_MOST]) + (f", and {rest} more" if rest > 0 else "")


def _question(asked: Sequence[Finding], draft: Draft) -> Finding:
    sent = {f"{one}.sends" for one in draft.assumed if one.startswith("api_calls.")}
    # The last word of each: who says it of whom is for the draft.
    facts = sorted({fact.rpartition(".")[2] for one in asked for fact in (one.missing or sent)})
    message = f"the rest depends on facts that these files cannot state: {_listed(facts)}"
    return _own(_ASKED, message, draft.start, draft.name)

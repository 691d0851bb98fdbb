"""A deployment and what is wrong with it -> proved proposals, and why nothing else helps; or one for each cause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from fedpolicy import check
from fedpolicy.errors import SettingsError
from fedpolicy.findings import Finding, Report, Severity, Verdict
from fedpolicy.limits import MAX_REPAIR_FLOWS
from fedpolicy.overview import Fix
from fedpolicy.records import dataclass, field, replace
from fedpolicy.repair import FILL_IN, Change, RepairContext
from fedpolicy.repair.candidates import Pool, Target, targets_of
from fedpolicy.repair.cuts import Cutter
from fedpolicy.repair.goal import goal_of
from fedpolicy.repair.optimum import optimum
from fedpolicy.repair.proof import Checker, Proof, Prover, checker_of
from fedpolicy.repair.search import Options, proofs_of, small_enough
from fedpolicy.report.grouping import CauseGroup, groups_of
from fedpolicy.report.repair import OpenValue, Proposal, Repairs, RepairStep, Stuck, difference
from fedpolicy.settings import Settings
from fedpolicy.suggest import advise

if TYPE_CHECKING:
    from fedpolicy.check import Assessment, Judge
    from fedpolicy.policy import Rule
    from fedpolicy.sources import Source

_MOST, _LEAST = 300, 2
_FLOWS = 13_000  # flows that all changed copies together may have; about two seconds
MOST_FIXES = 10  # causes of a report; those that are left out are the least severe
_LARGE = 30_000  # bytes of a file from which on a search takes longer than anybody waits for a page
_WHOLE = 1  # cost from which on a dropped entry is more than what nothing uses any more


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


def _chosen_findings(subject: RepairSubject, choice: Choice) -> tuple[list[Finding], Severity]:
    """
    The findings to clear, and the least severity at which nothing new may fail.

    What is waived or known is not among them. Raises SettingsError for a fingerprint or a rule that there is not.
    """
    found, counting = subject.before.findings, subject.counting
    _must_exist(choice, found, subject.judge.rules)
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


def _counting(source: Source, settings: Settings) -> frozenset[tuple[str, str]] | None:
    """The rules and fingerprints that a check counts; None where nothing is waived or known beforehand."""
    if not (settings.waivers or settings.baseline):
        return None
    shown = check.report_on([source], settings).findings
    return frozenset((one.rule, one.fingerprint) for one in shown if one.verdict is not Verdict.WAIVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """
    What is asked for.

    `rechecks` limits how many changed copies are checked (None: by the size of the deployment, and shared by so many
    `searches`), `flows` how many flows they may have together, `fills` are values for blanks by dotted path.
    """

    source: Source
    settings: Settings
    costs: Mapping[str, float]
    choice: Choice
    deployment: str = ""
    proposals: int = 3
    rechecks: int | None = None
    flows: int = MAX_REPAIR_FLOWS
    searches: int = 1
    fills: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairSubject:
    """What searches on one deployment share: how it is judged, what it is before, and which findings a check counts."""

    judge: Judge
    before: Assessment
    counting: frozenset[tuple[str, str]] | None


def subject_of(source: Source, settings: Settings, deployment: str = "") -> RepairSubject:
    """Read and judge it. Raises Problems for a file, a rule or a catalogue that cannot be used."""
    checker = checker_of(settings)
    document = check.document_of(source, checker.judge.catalog, deployment)
    return RepairSubject(judge=checker.judge, before=checker.state(document), counting=_counting(source, settings))


def repair(request: Request, subject: RepairSubject | None = None) -> Repairs:
    """Search. Raises what `subject_of` raises, which is not done again, and SettingsError for the choice."""
    subject = subject or subject_of(request.source, request.settings, request.deployment)
    before, checker = subject.before, Checker(judge=subject.judge)
    document = before.document
    chosen, least = _chosen_findings(subject, request.choice)
    overrides = check.overrides_in(request.settings, checker.judge.catalog)
    answer = Repairs(
        name=document.deployment.name, file=document.file, chosen=tuple(chosen), least=least, overrides=overrides
    )
    if not chosen:
        return answer
    checker.most, checker.most_flows = _most(request, len(before.study.graph.flows)), request.flows
    context = RepairContext(before.study, checker.judge.catalog)
    goal = goal_of(chosen, before, checker.judge.rules, least, strict=request.choice.strict)
    source = request.source.text.decode("utf-8")
    options = Options(
        pool=Pool(context=context, costs=request.costs, fills=request.fills),
        prover=Prover(checker=checker, document=document, source=source, goal=goal),
        cutter=Cutter(context=context, costs=request.costs),
    )
    targets = targets_of(context, before, chosen, checker)
    options.gather(targets)
    _must_fit(request.fills, options)
    planned = not small_enough(options)
    proofs = proofs_of(options, targets, request.proposals)
    stopped, optimal = not checker.left, False
    if not planned:
        proofs, optimal = optimum(options, proofs, request.proposals)
    return replace(
        answer,
        proposals=tuple(_proposal(number, one, options, source, answer) for number, one in enumerate(proofs, 1)),
        stuck=tuple(_stuck(options, targets, proofs)),
        rechecks=checker.spent,
        most=checker.most,
        stopped=stopped,
        exhausted=checker.exhausted,
        most_flows=checker.most_flows,
        planned=planned,
        optimal=optimal,
    )


def _most(request: Request, flows: int) -> int:
    return request.rechecks or max(_LEAST, min(_MOST, _FLOWS // max(1, flows * request.searches)))


def _must_fit(fills: Mapping[str, str], options: Options) -> None:
    """Refuse a value that no change asks for."""
    for path in fills:
        if path not in options.pool.fitted:
            blanks = {blank.dotted for change in options.changes.values() for blank in change.blanks}
            known = sorted(blanks - options.pool.fitted)
            advice = advise(path, known) if known else "there is nothing to fill in"
            raise SettingsError(f"no change of this deployment writes `{path}`", help=advice)


def _proposal(number: int, proof: Proof, options: Options, source: str, answer: Repairs) -> Proposal:
    cleared = proof.outcome.cleared
    found = tuple(enumerate(answer.chosen))
    # Whoever applies the patch by hand must not get a value that stands for nothing.
    shown = None if proof.text is None or FILL_IN in source else proof.text.replace(FILL_IN, "unknown")
    return Proposal(
        number=number,
        changes=tuple(_step(change, options) for change in proof.changes),
        clears=tuple(one for place, one in found if place in cleared),
        leaves=tuple(one for place, one in found if place not in cleared),
        new=tuple(replace(one, message=one.message.replace(FILL_IN, "(to be filled in)")) for one in proof.outcome.new),
        text=proof.text,
        diff=difference(source, shown or proof.text, answer.file) if proof.text is not None else "",
        unwritable=proof.unwritable,
    )


def _step(change: Change, options: Options) -> RepairStep:
    blanks = tuple(OpenValue(path=blank.dotted, what=blank.what) for blank in change.blanks)
    return RepairStep(
        id=change.id, kind=change.kind, cost=options.pool.price([change]), text=change.text, blanks=blanks
    )


def _stuck(options: Options, targets: Sequence[Target], proofs: Sequence[Proof]) -> Iterator[Stuck]:
    cleared = {place for proof in proofs for place in proof.outcome.cleared}
    for target in targets:
        if target.place not in cleared:
            yield Stuck(finding=target.finding, why=_why(options, target, options.prover.checker))


def _why(options: Options, target: Target, checker: Checker) -> str:
    near = len(options.pool.changes(target))
    if not near:
        return "no change of this file bears on it: it asks for something that is to be obtained, not chosen"
    regressions = options.prover.regressions_for(target.place)
    if regressions:
        return f"what clears it brings something as severe: {', '.join(regressions)}"
    if not checker.left:
        bear = "one change bears" if near == 1 else f"{near} changes bear"
        return f"nothing was found that clears it before the search stopped; {bear} on it"
    if near == 1:
        return "the one change of this file that bears on it does not clear it"
    return f"none of the {near} changes of this file that bear on it clears it, alone or with others"


def with_fixes(report: Report, sources: Mapping[str, Source], settings: Settings, costs: Mapping[str, float]) -> Report:
    """
    Try changes for the worst causes, until their copies have had as many flows as those of one search may have.

    `sources` are the files by name. A cause for which nothing holds gets no fix. Raises what `repair` raises.
    """
    groups = groups_of(report)[:MOST_FIXES]
    subjects: dict[tuple[str, str], RepairSubject] = {}
    fixes: dict[tuple[str, str], dict[str, Fix]] = {}
    left = _FLOWS
    for group in groups:
        request = _request(group, sources.get(group.file), settings, costs, len(groups))
        if request is None or left <= 0:
            continue
        place = (group.file, group.deployment)
        if place not in subjects:
            subjects[place] = subject_of(request.source, settings, group.deployment)
        repairs = repair(request, subjects[place])
        left -= repairs.rechecks * len(subjects[place].before.study.graph.flows)
        if fix := _fix(repairs.proposals, group.worst.severity):
            fixes.setdefault(place, {})[group.cause] = fix
    overviews = (replace(one, fixes=fixes.get((one.file, one.deployment), {})) for one in report.overviews)
    return replace(report, overviews=tuple(overviews))


def _request(
    group: CauseGroup, source: Source | None, settings: Settings, costs: Mapping[str, float], searches: int
) -> Request | None:
    marks = tuple(one.fingerprint for one in group.findings if one.verdict is Verdict.FAIL and one.fingerprint)
    if not marks or source is None or len(source.text) >= _LARGE:
        return None
    return Request(
        source=source,
        settings=settings,
        costs=costs,
        choice=Choice(findings=marks),
        deployment=group.deployment,
        proposals=1,
        searches=searches,
    )


def _fix(proposals: Sequence[Proposal], severity: Severity) -> Fix | None:
    """The first proposal. Nobody gives up a task for a finding that is not grave."""
    if not proposals:
        return None
    best = proposals[0]
    drops = any(step.kind == "drop" and step.cost >= _WHOLE for step in best.changes)
    if drops and severity < Severity.HIGH:
        return None
    new = tuple(f"{one.severity.label}[{one.rule}] {one.message}" for one in best.new)
    return Fix(steps=tuple(step.text for step in best.changes), clears=len(best.clears), new=new, diff=best.diff)

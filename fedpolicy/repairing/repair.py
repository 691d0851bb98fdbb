"""A deployment and what is wrong with it -> proved proposals, and why nothing else helps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING

from fedpolicy import pipeline
from fedpolicy.analysis.repair.case import Case
from fedpolicy.analysis.repair.change import FILL_IN
from fedpolicy.analysis.repair.cuts import Cutter
from fedpolicy.errors import SettingsError
from fedpolicy.records import dataclass
from fedpolicy.repairing.checking import Checker, checker_of
from fedpolicy.repairing.choice import Choice, chosen_findings
from fedpolicy.repairing.goal import goal_of
from fedpolicy.repairing.options import Options
from fedpolicy.repairing.pool import Pool
from fedpolicy.repairing.proposing import proofs_of, small_enough
from fedpolicy.repairing.prove import Bench, Proof
from fedpolicy.repairing.targets import Target, targets_of
from fedpolicy.report.repair import Proposal, Repairs, Stuck, difference
from fedpolicy.spec.suggest import advise

if TYPE_CHECKING:
    from fedpolicy.sources import Source

__all__ = ["Request", "repair"]

_MOST, _LEAST = 300, 2
_FLOWS = 13_000  # flows that all changed copies together may have; about two seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """
    What is asked for.

    `rechecks` limits how many changed copies are checked (None: by the size of the deployment), `fills` are values
    for blanks by dotted path.
    """

    source: Source
    settings: pipeline.Settings
    costs: Mapping[str, float]
    choice: Choice
    deployment: str = ""
    proposals: int = 3
    rechecks: int | None = None
    fills: Mapping[str, str] = field(default_factory=dict)


def repair(request: Request) -> Repairs:
    """Search. Raises Problems for a file, a rule or a catalogue that cannot be used, SettingsError for the choice."""
    checker = checker_of(request.settings)
    document = pipeline.document_of(request.source, checker.catalog, request.deployment)
    before = checker.state(document)
    chosen, least = chosen_findings(before.findings, request.choice, request.source, request.settings, checker.rules)
    answer = Repairs(name=document.deployment.name, file=document.file, chosen=tuple(chosen), least=least)
    if not chosen:
        return answer
    checker.most = _most(request, len(before.facts.graph.flows))
    case = Case(before.facts, checker.catalog)
    goal = goal_of(chosen, before, checker.rules, least, strict=request.choice.strict)
    source = request.source.text.decode("utf-8")
    options = Options(
        pool=Pool(case=case, costs=request.costs, fills=request.fills),
        bench=Bench(checker=checker, document=document, source=source, goal=goal),
        cutter=Cutter(case=case, costs=request.costs),
    )
    targets = targets_of(case, before, chosen, checker)
    options.gather(targets)
    _must_fit(request.fills, options)
    planned = not small_enough(options)
    proofs = proofs_of(options, targets, request.proposals)
    return replace(
        answer,
        proposals=tuple(_proposal(number, one, options, source, answer) for number, one in enumerate(proofs, 1)),
        stuck=tuple(_stuck(options, targets, proofs)),
        rechecks=checker.spent,
        most=checker.most,
        stopped=not checker.left,
        planned=planned,
    )


def _most(request: Request, flows: int) -> int:
    return request.rechecks or max(_LEAST, min(_MOST, _FLOWS // max(1, flows)))


def _must_fit(fills: Mapping[str, str], options: Options) -> None:
    """Refuse a value that no change asks for."""
    for path in fills:
        if path not in options.pool.fitted:
            blanks = {".".join(map(str, b.path)) for change in options.changes.values() for b in change.blanks}
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
        changes=proof.changes,
        costs=tuple(options.pool.price([change]) for change in proof.changes),
        clears=tuple(one for place, one in found if place in cleared),
        leaves=tuple(one for place, one in found if place not in cleared),
        new=tuple(replace(one, message=one.message.replace(FILL_IN, "(to be filled in)")) for one in proof.outcome.new),
        text=proof.text,
        diff=difference(source, shown or proof.text, answer.file) if proof.text is not None else "",
        unwritable=proof.unwritable,
    )


def _stuck(options: Options, targets: Sequence[Target], proofs: Sequence[Proof]) -> Iterator[Stuck]:
    cleared = {place for proof in proofs for place in proof.outcome.cleared}
    for target in targets:
        if target.place not in cleared:
            yield Stuck(finding=target.finding, why=_why(options, target, options.bench.checker))


def _why(options: Options, target: Target, checker: Checker) -> str:
    near = len(options.pool.changes(target))
    if not near:
        return "no change of this file bears on it: it asks for something that is to be obtained, not chosen"
    instead = options.bench.instead_of(target.place)
    if instead:
        return f"what clears it brings something as severe: {', '.join(instead)}"
    if not checker.left:
        return f"nothing was found that clears it before the search stopped; {near} changes bear on it"
    if near == 1:
        return "the one change of this file that bears on it does not clear it"
    return f"none of the {near} changes of this file that bear on it clears it, alone or with others"

"""A deployment and what is wrong with it -> proved proposals, and why nothing else helps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from fedpolicy import pipeline
from fedpolicy.analysis.repair.case import Case
from fedpolicy.analysis.repair.cuts import Cutter
from fedpolicy.findings import Severity
from fedpolicy.records import dataclass
from fedpolicy.repairing.checking import checker_of
from fedpolicy.repairing.choice import Choice, chosen_findings
from fedpolicy.repairing.foresight import Foresight
from fedpolicy.repairing.goal import goal_of
from fedpolicy.repairing.options import Options
from fedpolicy.repairing.pool import Pool
from fedpolicy.repairing.prove import Bench, Proof
from fedpolicy.repairing.search import complete_sets
from fedpolicy.repairing.targets import Target, targets_of

if TYPE_CHECKING:
    from fedpolicy.findings import Finding
    from fedpolicy.sources import Source
    from fedpolicy.spec.load import Document

__all__ = ["Proposal", "Repairs", "Request", "repair"]

_MOST, _LEAST = 300, 2
_SMALL = 0.5  # changes of less weight only tidy up
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A set of changes that was proved, and what it costs."""

    proof: Proof
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Repairs:
    """
    The answer.

    `stuck` are the chosen findings that no proposal clears, with the number of changes that bear on them. `stopped`
    says that more changed copies would have been checked.
    """

    document: Document
    source: str
    chosen: tuple[Finding, ...]
    least: Severity
    proposals: tuple[Proposal, ...] = ()
    stuck: tuple[tuple[Finding, int], ...] = ()
    rechecks: int = 0
    most: int = 0
    stopped: bool = False


def repair(request: Request) -> Repairs:
    """Search. Raises Problems for a file, a rule or a catalogue that cannot be used, SettingsError for the choice."""
    checker = checker_of(request.settings)
    document = pipeline.document_of(request.source, checker.catalog, request.deployment)
    text = request.source.text.decode("utf-8")
    before = checker.state(document)
    chosen, least = chosen_findings(before.findings, request.choice, request.source, request.settings, checker.rules)
    if not chosen:
        return Repairs(document=document, source=text, chosen=(), least=least)
    flows = len(before.facts.graph.flows)
    checker.most = request.rechecks or max(_LEAST, min(_MOST, _FLOWS // max(1, flows)))
    case = Case(before.facts, checker.catalog)
    goal = goal_of(chosen, before.findings, least, strict=request.choice.strict)
    options = Options(
        pool=Pool(case=case, costs=request.costs, fills=request.fills),
        bench=Bench(checker=checker, document=document, source=text, goal=goal),
        cutter=Cutter(case=case, costs=request.costs),
    )
    targets = targets_of(case, before, chosen, checker)
    options.gather(targets)
    proofs = list(_proofs(options, targets, request.proposals))
    return Repairs(
        document=document,
        source=text,
        chosen=tuple(chosen),
        least=least,
        proposals=tuple(Proposal(proof=one, cost=options.pool.price(one.changes)) for one in proofs),
        stuck=tuple(_stuck(options, targets, proofs)),
        rechecks=checker.spent,
        most=checker.most,
        stopped=not checker.left,
    )


def _proofs(options: Options, targets: Sequence[Target], wanted: int) -> list[Proof]:
    """The proposals, cheapest first, none a part of another."""
    checker = options.bench.checker
    small = len(options.changes) <= checker.most // 2
    found = _tried(options, targets, wanted) if small else _foreseen(options, targets)
    kept: list[Proof] = []
    ranked = sorted(found, key=lambda one: (-len(one.outcome.cleared), options.pool.price(one.changes), _names(one)))
    for proof in ranked:
        if not any(set(_names(other)) <= set(_names(proof)) for other in kept):
            kept.append(proof)
    return kept


def _tried(options: Options, targets: Sequence[Target], wanted: int) -> Iterator[Proof]:
    options.find(targets)
    places = [target.place for target in targets if options.of(target.place)]
    ways = _Ways(options, places)
    held: list[frozenset[str]] = []
    count = 0
    for chosen in complete_sets(options, places) if places else ():
        if ways.known(chosen):
            held.append(chosen)
        elif (proof := _shrunk(options, chosen, places)) is not None:
            ways.learn(frozenset(_names(proof)))
            yield proof
            count += 1
        if count == wanted or not options.bench.checker.left:
            return
    for chosen in held:
        proof = None if ways.alike(chosen) else _shrunk(options, chosen, places)
        if proof is not None:
            ways.learn(frozenset(_names(proof)))
            yield proof
            count += 1
        if count == wanted:
            return


class _Ways:
    """
    The ways in which proposals do their main part: the kinds of the changes that clear the most.

    Alternatives should differ in these: those that differ in small things only, or mix what is proposed already, are
    no alternatives.
    """

    def __init__(self, options: Options, places: Sequence[int]) -> None:
        self._options, self._places = options, places
        self._main: frozenset[str] = frozenset()
        self._ways: list[frozenset[str]] = []
        self._done: list[frozenset[str]] = []

    def known(self, chosen: frozenset[str]) -> bool:
        """Whether an earlier proposal does the main part in the same way, or in a part of it."""
        return any(way <= self._of(chosen) for way in self._ways)

    def alike(self, chosen: frozenset[str]) -> bool:
        """Whether an earlier proposal is the same but for what is only stated or tidied up."""
        return self._work(chosen) in self._done

    def learn(self, chosen: frozenset[str]) -> None:
        """Remember a proposal; the first one says what the main part is."""
        options = self._options
        if not self._ways:
            clears = {
                name: [place for place in self._places if any(name in one <= chosen for one in options.of(place))]
                for name in sorted(chosen)
            }
            main = max(sorted(chosen), key=lambda name: len(clears[name]))
            self._main = frozenset(name for place in clears[main] for one in options.of(place) for name in one)
        self._ways.append(self._of(chosen))
        self._done.append(self._work(chosen))

    def _of(self, chosen: frozenset[str]) -> frozenset[str]:
        main = chosen & self._main
        return frozenset(self._options.changes[name].kind for name in self._work(main)) or main

    def _work(self, chosen: frozenset[str]) -> frozenset[str]:
        changes = (self._options.changes[name] for name in chosen)
        return frozenset(one.id for one in changes if one.kind != "declare" and one.weight >= _SMALL)


def _shrunk(options: Options, chosen: frozenset[str], places: Sequence[int]) -> Proof | None:
    """A proof of a set or, where it holds as well, of a part of it."""
    proof = options.bench.prove(options.members(chosen))
    if proof is None or not proof.holds or not proof.outcome.cleared >= set(places):
        return None
    for name in sorted(chosen, key=lambda one: (-options.price([one]), one)) if len(chosen) > 1 else ():
        rest = frozenset(_names(proof)) - {name}
        if rest and options.bench.measure(options.members(rest)) >= proof.outcome.cleared:
            smaller = options.bench.prove(options.members(rest))
            if smaller is not None and smaller.holds and smaller.outcome.cleared >= proof.outcome.cleared:
                proof = smaller
    return proof


def _foreseen(options: Options, targets: Sequence[Target]) -> Iterator[Proof]:
    """Plans, until one clears everything that can be cleared; the best of the others is worth something too."""
    foresight = Foresight(options=options, targets=targets)
    best: Proof | None = None
    plans: set[frozenset[str]] = set()
    while options.bench.checker.left:
        plan = foresight.plan()
        if not plan or plan in plans:
            break
        plans.add(plan)
        proof = options.bench.prove(options.members(plan))
        left = {target.place for target in targets} - (proof.outcome.cleared if proof else set())
        if proof is not None and proof.holds and (best is None or proof.outcome.cleared > best.outcome.cleared):
            best = proof
        if not left:
            break
        foresight.learn(plan, left)
    if best is not None:
        yield best


def _names(proof: Proof) -> list[str]:
    return [change.id for change in proof.changes]


def _stuck(options: Options, targets: Sequence[Target], proofs: Sequence[Proof]) -> Iterator[tuple[Finding, int]]:
    cleared = {place for proof in proofs for place in proof.outcome.cleared}
    for target in targets:
        if target.place not in cleared:
            yield target.finding, len(options.pool.changes(target))

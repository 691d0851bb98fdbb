"""The proof of a proposal: it is applied to a copy, read back, and checked by all rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from fedpolicy.check import Assessment, Judge, assess, judge_of
from fedpolicy.errors import Problems
from fedpolicy.language.model import Deployment
from fedpolicy.language.reading import Document
from fedpolicy.language.reading.resolve import resolve
from fedpolicy.language.rewriting import Edit, distinct_edits, edited, plain_tree
from fedpolicy.language.rewriting.layout import UnwritableError
from fedpolicy.language.rewriting.splice import rewritten
from fedpolicy.limits import MAX_REPAIR_FLOWS
from fedpolicy.records import dataclass, field, replace
from fedpolicy.repair import SECTIONS, Change
from fedpolicy.repair.goal import Goal, GoalOutcome
from fedpolicy.settings import Settings

if TYPE_CHECKING:
    from fedpolicy.findings import Finding
    from fedpolicy.policy import Rule


@dataclass(slots=True, kw_only=True)
class Checker:
    """
    Checks states of one deployment; `spent` counts how many changed ones, of at most `most`.

    `flows` counts the flows of all of them, of at most `most_flows`: time follows them, however many copies there are.
    """

    judge: Judge
    most: int = 0
    spent: int = 0
    flows: int = 0
    most_flows: int = MAX_REPAIR_FLOWS

    @property
    def left(self) -> int:
        """How many changed states may still be checked."""
        return 0 if self.exhausted else max(0, self.most - self.spent)

    @property
    def exhausted(self) -> bool:
        """Whether the changed states have had as many flows as all of them may have."""
        return self.flows >= self.most_flows

    def state(self, document: Document, rules: Sequence[Rule] | None = None) -> Assessment:
        """Check a document by all rules, or by some. Raises Problems where a rule cannot be evaluated."""
        judge = self.judge if rules is None else replace(self.judge, rules=rules)
        return assess(document, judge).whole()

    def recheck(self, document: Document, rules: Sequence[Rule] | None = None) -> Assessment:
        """The same for a changed one, which is counted."""
        self.spent += 1
        state = self.state(document, rules)
        self.flows += len(state.study.graph.flows)
        return state

    def copy(self, document: Document, deployment: Deployment) -> Document | None:
        """The document with another deployment in memory; None where it would contradict itself."""
        if resolve(plain_tree(deployment), self.judge.catalog):
            return None
        return replace(document, deployment=deployment)

    def rules_of(self, findings: Iterable[Finding]) -> tuple[Rule, ...]:
        """The rules that these findings come from."""
        wanted = {(finding.rule, finding.pack) for finding in findings}
        return tuple(rule for rule in self.judge.rules if (rule.id, rule.pack) in wanted)


def checker_of(settings: Settings) -> Checker:
    """Load the catalogue and the rules. Raises Problems."""
    judge, errors = judge_of(settings)
    if errors:
        raise Problems(errors)
    return Checker(judge=judge)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """
    What became of a set of changes.

    `text` is the whole new file, None where it cannot be written (`unwritable` says why); a proof in memory holds all
    the same. `state` is the changed deployment, with all that was found.
    """

    changes: tuple[Change, ...]
    outcome: GoalOutcome
    state: Assessment
    text: str | None = None
    unwritable: UnwritableError | None = None

    @property
    def holds(self) -> bool:
        """Whether something is cleared and nothing as severe has come instead."""
        return bool(self.outcome.cleared) and not self.outcome.blocking


@dataclass(slots=True, kw_only=True)
class Prover:
    """Where sets of changes of one document are tried; each set once."""

    checker: Checker
    document: Document
    source: str
    goal: Goal
    _measured: dict[frozenset[str], frozenset[int] | None] = field(default_factory=dict)
    _proved: dict[frozenset[str], Proof | None] = field(default_factory=dict)

    def measure(self, changes: Sequence[Change]) -> frozenset[int]:
        """
        Which chosen findings a set of changes clears, by their own rules only.

        None of them where it does not fit the file, or where the search may not check any more.
        """
        key = frozenset(change.id for change in changes)
        if key not in self._measured:
            copy = self._copy(self._edits(changes))
            if copy is None:
                self._measured[key] = None
            elif self.checker.left:
                rules = self.checker.rules_of(self.goal.chosen)
                state = self.checker.recheck(copy, rules)
                self._measured[key] = self.goal.outcome(state).cleared
        return self._measured.get(key) or frozenset()

    def prove(self, changes: Sequence[Change]) -> Proof | None:
        """Check a set by all rules, on the text as it would be written. None where it does not fit the file."""
        key = frozenset(change.id for change in changes)
        if key not in self._proved and self.checker.left:
            self._proved[key] = self._prove(tuple(sorted(changes, key=_order)))
        return self._proved.get(key)

    def regressions_for(self, place: int) -> list[str]:
        """The rules that fail instead wherever a finding is cleared; none where it never was."""
        tried = [proof for proof in self._proved.values() if proof is not None and place in proof.outcome.cleared]
        return sorted({finding.rule for proof in tried for finding in proof.outcome.blocking})

    def _prove(self, changes: tuple[Change, ...]) -> Proof | None:
        edits = self._edits(changes)
        expected = self._changed(edits)
        if expected is None:
            return None
        text, unwritable = None, None
        try:
            text, copy = rewritten(self.source, self.document, edits, expected, self.checker.judge.catalog)
        except UnwritableError as error:
            found = self._copy(edits)
            if found is None:
                return None
            copy, unwritable = found, error
        state = self.checker.recheck(copy)
        outcome = self.goal.outcome(state)
        return Proof(changes=changes, outcome=outcome, state=state, text=text, unwritable=unwritable)

    def _edits(self, changes: Sequence[Change]) -> tuple[Edit, ...]:
        sizes = {name: len(getattr(self.document.deployment, name)) for name in SECTIONS}
        return distinct_edits((edit for change in changes for edit in change.edits), sizes)

    def _copy(self, edits: Sequence[Edit]) -> Document | None:
        changed = self._changed(edits)
        return None if changed is None else self.checker.copy(self.document, changed)

    def _changed(self, edits: Sequence[Edit]) -> Deployment | None:
        """The deployment with these edits; None where they do not fit, or where it would do nothing any more."""
        changed = edited(self.document.deployment, edits)
        if changed is None or not (changed.tasks or changed.api_calls or changed.flows):
            return None
        return changed


def _order(change: Change) -> tuple[object, ...]:
    """What only tidies up comes last."""
    return change.weight < 1, change.kind, change.id

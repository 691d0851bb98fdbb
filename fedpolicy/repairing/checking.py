"""The stages of a check, run again and again on changed copies of one deployment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fedpolicy import pipeline
from fedpolicy.analysis.study import Study
from fedpolicy.policy.chosen import chosen_rules
from fedpolicy.policy.evaluate import evaluate
from fedpolicy.records import dataclass
from fedpolicy.spec.load import Document
from fedpolicy.spec.resolve import resolve
from fedpolicy.spec.rewrite.tree import plain_tree

if TYPE_CHECKING:
    from fedpolicy.catalog.load import Catalog
    from fedpolicy.findings import Finding
    from fedpolicy.policy.models import Rule
    from fedpolicy.spec.model.deployment import Deployment

__all__ = ["Checked", "Checker", "checker_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One state of a deployment: what was computed and what the rules say of it, nothing excused."""

    document: Document
    facts: Study
    findings: tuple[Finding, ...]


@dataclass(slots=True, kw_only=True)
class Checker:
    """Checks states of one deployment; `spent` counts how many changed ones, of at most `most`."""

    catalog: Catalog
    rules: Sequence[Rule]
    settings: pipeline.Settings
    most: int = 0
    spent: int = 0

    @property
    def left(self) -> int:
        """How many changed states may still be checked."""
        return max(0, self.most - self.spent)

    def state(self, document: Document, rules: Sequence[Rule] | None = None) -> Checked:
        """Check a document by all rules, or by some. Raises Problems where a rule cannot be evaluated."""
        facts = Study(document.deployment, self.catalog, self.settings.analysis)
        chosen = self.rules if rules is None else rules
        found = evaluate(facts, document, chosen).whole()
        return Checked(document=document, facts=facts, findings=found.findings)

    def recheck(self, document: Document, rules: Sequence[Rule] | None = None) -> Checked:
        """The same for a changed one, which is counted."""
        self.spent += 1
        return self.state(document, rules)

    def copy(self, document: Document, deployment: Deployment) -> Document | None:
        """The document with another deployment in memory; None where it would contradict itself."""
        if resolve(plain_tree(deployment), self.catalog):
            return None
        return replace(document, deployment=deployment)

    def rules_of(self, findings: Iterable[Finding]) -> tuple[Rule, ...]:
        """The rules that these findings come from."""
        wanted = {(finding.rule, finding.pack) for finding in findings}
        return tuple(rule for rule in self.rules if (rule.id, rule.pack) in wanted)


def checker_of(settings: pipeline.Settings) -> Checker:
    """Load the catalogue and the rules. Raises Problems."""
    return Checker(catalog=pipeline.catalog_of(settings), rules=chosen_rules(settings), settings=settings)

"""What a rule is once its file has been read and its expressions compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from fedpolicy.findings import Reference, RuleInfo, Severity, Span
from fedpolicy.policy.expression import Expression
from fedpolicy.policy.fields import Type, Value
from fedpolicy.records import dataclass

__all__ = ["PRINCIPLES", "Param", "Rule"]

PRINCIPLES: Mapping[str, str] = {
    "data-locality": "raw data stay where they arise",
    "data-minimisation": "no more is collected, sent or kept than the purpose needs",
    "input-privacy": "nobody sees single contributions",
    "output-privacy": "results say nothing about single people",
    "autonomy": "participants decide for themselves and can leave",
    "transparency": "participants can know what they take part in",
    "verifiability": "what is promised can be checked",
    "integrity": "nobody can tamper with data, models or updates",
    "heterogeneity": "unequal participants can take part",
    "licence-freedom": "licences allow what is done with models and data",
    "lawfulness": "legal duties are met",
    "continuity": "the work goes on when somebody leaves",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One thing about a rule that users may set; `value` is what holds now, levels as numbers."""

    name: str
    type: Type
    about: str
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """
    One rule, ready to be judged.

    `scope` keeps its parameters apart from those of other rules. `spans` are the places of its parts in its
    file, `path` is that file (to read its examples from). `absent` says how the rule decides when something that it
    asks for with `has()` is not stated. Where `graver` holds, a finding is one step more severe, and where `slight`
    holds, it is low. `behind` names more specific rules, after which it has nothing to add.
    `owners_in` are the countries, or EEA, of those to whom a law applies; before the day `applies_from` a finding is of
    severity info. `tags` are requirements of standards, such as `owasp-llm-2026:LLM02`.
    """

    id: str
    pack: str
    title: str
    principle: str
    severity: Severity
    applies_to: str
    match: Expression | None
    require: Expression
    message: str
    why: str
    help: str
    references: tuple[Reference, ...]
    false_positives: tuple[str, ...] = ()
    at: str = ""
    absent: str = ""
    absent_why: str = ""
    behind: tuple[str, ...] = ()
    owners_in: tuple[str, ...] = ()
    applies_from: str = ""
    tags: tuple[str, ...] = ()
    params: tuple[Param, ...] = ()
    scope: str = ""
    graver: Expression | None = None
    slight: Expression | None = None
    span: Span
    spans: Mapping[str, Span] = field(default_factory=dict)
    path: str = ""

    @property
    def info(self) -> RuleInfo:
        """What a report says about the rule itself."""
        return RuleInfo(
            id=self.id,
            pack=self.pack,
            title=self.title,
            severity=self.severity,
            principle=self.principle,
            why=self.why,
            help=self.help,
            references=self.references,
            false_positives=self.false_positives,
            tags=self.tags,
        )

    @property
    def values(self) -> dict[str, Value]:
        """Its parameters as an activation holds them."""
        return {f"{self.scope}.params.{param.name}": param.value for param in self.params}

    @property
    def variables(self) -> frozenset[str]:
        """The fields that its expressions read or ask for."""
        return frozenset[str]().union(*(part.reads | part.asks for part in self.expressions))

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """Everything that it asks of an element."""
        return tuple(part for part in (self.match, self.require, self.graver, self.slight) if part)

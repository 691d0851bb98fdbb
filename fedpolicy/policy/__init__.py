"""
Facts -> Findings: rules are data, expressions are CEL, verdicts have three values.

Here is what a rule is once its file has been read, and what users say about rules: which ones, with what, how severe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import filter as filter_
from fnmatch import fnmatchcase
from typing import Any

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.errors import FedPolicyError, SettingsError
from fedpolicy.findings import Reference, RuleInfo, Severity, Span
from fedpolicy.limits import MAX_QUANTITY
from fedpolicy.policy.expression import Expression
from fedpolicy.policy.fields import Type, Value
from fedpolicy.records import dataclass, field, replace
from fedpolicy.suggest import advise, shown_value

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
# What else says how much a rule matters, where users say it.
_FIXED: Mapping[str, Any] = {"graver": None, "slight": None, "applies_from": ""}
_BOOLEANS = {"true": True, "false": False}


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
    holds: str = ""
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
        return RuleInfo(**{name: getattr(self, name) for name in RuleInfo.__annotations__})

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


def select_rules(
    rules: Sequence[Rule], select: Sequence[str], ignore: Sequence[str], errors: list[FedPolicyError]
) -> tuple[Rule, ...]:
    """The selected rules (none said: all) without the ignored ones; a pattern that matches none is an error."""
    if not select and not ignore:
        return tuple(rules)
    from fedpolicy.policy.housekeeping import CODED_IDS, OWN_IDS  # noqa: PLC0415  most runs take all rules

    ids = [rule.id for rule in rules]
    errors += [_no_rule(pattern, rules) for pattern in select if not filter_((*ids, *CODED_IDS), pattern)]
    errors += [_no_rule(pattern, rules) for pattern in ignore if not filter_((*ids, *OWN_IDS, *CODED_IDS), pattern)]
    return tuple(rule for rule in rules if chosen_id(rule.id, select, ignore))


def chosen_id(name: str, select: Sequence[str], ignore: Sequence[str]) -> bool:
    """Whether a rule is selected (none said: all) and not ignored."""
    selected = not select or any(fnmatchcase(name, pattern) for pattern in select)
    return selected and not any(fnmatchcase(name, pattern) for pattern in ignore)


def set_params(
    chosen: Sequence[Rule], known: Sequence[Rule], params: Mapping[str, str], errors: list[FedPolicyError]
) -> tuple[Rule, ...]:
    """Set parameters by `rule-id.name`; what is not of the parameter's type is an error."""
    rules = {rule.id: rule for rule in chosen}
    everywhere = {rule.id: rule for rule in known}
    for setting, text in params.items():
        name, _, key = setting.partition(".")
        rule = rules.get(name) or everywhere.get(name)
        error = _set(rule, key, text, rules) if rule else _no_rule(name, known)
        if error:
            errors.append(error)
    return tuple(rules[rule.id] for rule in chosen)


def set_severities(
    chosen: Sequence[Rule], known: Sequence[Rule], severities: Mapping[str, str], errors: list[FedPolicyError]
) -> tuple[Rule, ...]:
    """Set severities by rule id."""
    labels = {severity.label: severity for severity in Severity}
    for name, word in severities.items():
        if name not in {rule.id for rule in known}:
            errors.append(_no_rule(name, known))
        if word not in labels:
            advice = advise(word, list(labels), called="use one of")
            errors.append(SettingsError(f"{shown_value(word)} is not a severity of {name}", help=advice))
    wanted = {name: labels[word] for name, word in severities.items() if word in labels}
    return tuple(replace(rule, **_FIXED, severity=wanted[rule.id]) if rule.id in wanted else rule for rule in chosen)


def typed(kind: Type, value: object) -> Value | None:
    """A value of a parameter's type (levels as numbers), or None; numbers are bounded as those of deployments are."""
    if kind is Type.LEVEL:
        return LEVELS.index(value) if isinstance(value, str) and value in LEVELS else None
    if kind is Type.TEXT:
        return value if isinstance(value, str) else None
    if kind is Type.BOOL:
        return value if isinstance(value, bool) else None
    if kind is Type.LIST:
        items = list(value) if isinstance(value, (list, tuple)) else None
        return items if items is not None and all(isinstance(item, str) for item in items) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= MAX_QUANTITY:
        return None
    return float(value) if kind is Type.NUMBER else value if isinstance(value, int) else None


def _set(rule: Rule, key: str, text: str, rules: dict[str, Rule]) -> SettingsError | None:
    param = next((param for param in rule.params if param.name == key), None)
    if param is None:
        names = [param.name for param in rule.params]
        advice = advise(key, names) if names else "the rule has none"
        return SettingsError(f"the rule {rule.id} has no parameter `{key}`", help=advice)
    value = _parsed(param, text)
    if value is None:
        what = f"a level: {', '.join(LEVELS)}" if param.type is Type.LEVEL else f"of type {param.type}"
        what += f", at most {MAX_QUANTITY:,}" if param.type in {Type.INT, Type.NUMBER} else ""
        return SettingsError(f"{rule.id}.{key} cannot be {shown_value(text)}", help=f"write something {what}")
    if rule.id in rules:
        params = tuple(replace(one, value=value) if one.name == key else one for one in rule.params)
        rules[rule.id] = replace(rule, params=params)
    return None


def _parsed(param: Param, text: str) -> Value | None:
    if param.type is Type.LIST:
        return [part.strip() for part in text.split(",") if part.strip()]
    if param.type is Type.BOOL:
        return _BOOLEANS.get(text)
    if param.type in {Type.TEXT, Type.LEVEL}:
        return typed(param.type, text)
    try:
        return typed(param.type, int(text) if param.type is Type.INT else float(text))
    except ValueError:
        return None


def _no_rule(name: str, rules: Sequence[Rule]) -> SettingsError:
    advice = advise(name, [rule.id for rule in rules])
    return SettingsError(f"no rule is called `{name}`", help=advice)

"""What users say about rules: which ones, with which parameters, how severe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import filter as filter_
from fnmatch import fnmatchcase
from typing import Any

from fedpolicy.analysis.facts import LEVELS
from fedpolicy.errors import FedPolicyError, SettingsError
from fedpolicy.findings import Severity
from fedpolicy.limits import MAX_QUANTITY
from fedpolicy.policy.fields import Type, Value
from fedpolicy.policy.housekeeping import CODED_IDS, OWN_IDS
from fedpolicy.policy.models import Param, Rule
from fedpolicy.records import replace
from fedpolicy.suggest import advise, shown

__all__ = ["choose", "chosen_id", "set_params", "set_severities", "typed"]

# What else says how much a rule matters, where users say it.
_FIXED: Mapping[str, Any] = {"graver": None, "slight": None, "applies_from": ""}
_BOOLEANS = {"true": True, "false": False}


def choose(
    rules: Sequence[Rule], select: Sequence[str], ignore: Sequence[str], errors: list[FedPolicyError]
) -> tuple[Rule, ...]:
    """The selected rules (none said: all) without the ignored ones; a pattern that matches none is an error."""
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
        if rule is None:
            errors.append(_no_rule(name, known))
            continue
        error = _set(rule, key, text, rules)
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
            errors.append(SettingsError(f"{shown(word)} is no severity of {name}", help=advice))
    return tuple(
        replace(rule, **_FIXED, severity=labels.get(severities[rule.id], rule.severity))
        if rule.id in severities
        else rule
        for rule in chosen
    )


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
        return SettingsError(f"{rule.id}.{key} cannot be {shown(text)}", help=f"write something {what}")
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

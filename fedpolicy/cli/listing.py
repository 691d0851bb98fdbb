"""What the commands that list what ships do: models, rules, explain."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fedpolicy.catalog.load import load_catalog
from fedpolicy.cli.terminal import emit, look_of
from fedpolicy.errors import FedPolicyError, Problems, SettingsError
from fedpolicy.findings import RuleInfo
from fedpolicy.policy.housekeeping import OWN_RULES
from fedpolicy.policy.load import load_rules, shipped_packs
from fedpolicy.policy.models import PRINCIPLES, Rule
from fedpolicy.report.models.entries import entries
from fedpolicy.report.models.json import render as models_json
from fedpolicy.report.models.text import render as models_text
from fedpolicy.report.rules.entries import entry_of
from fedpolicy.report.rules.json import render as rules_json
from fedpolicy.report.rules.markdown import page, table
from fedpolicy.report.rules.own import explain_own, own_json, own_page
from fedpolicy.report.rules.text import explain, render
from fedpolicy.report.words import PLAIN, Look
from fedpolicy.spec.suggest import advise, did_you_mean

__all__ = ["Filter", "explain_rule", "list_models", "list_rules", "rules_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which rules are wanted; an empty field wants all."""

    principles: Sequence[str] = ()
    severities: Sequence[str] = ()
    bases: Sequence[str] = ()

    def wants(self, rule: Rule) -> bool:
        """Whether a rule is among them."""
        return (
            (not self.principles or rule.principle in self.principles)
            and (not self.severities or rule.severity.label in self.severities)
            and (not self.bases or any(reference.basis in self.bases for reference in rule.references))
        )


def list_rules(packs: Sequence[str], wanted: Filter, form: str, output: str | None, *, no_color: bool) -> None:
    """List rules. Raises SettingsError for a principle that does not exist, Problems for packs that cannot be used."""
    for word in wanted.principles:
        if word not in PRINCIPLES:
            raise SettingsError(f"there is no principle `{word}`", help=advise(word, list(PRINCIPLES)))
    found = [rule for rule in rules_of(packs) if wanted.wants(rule)]
    if form == "json":
        emit(rules_json([entry_of(rule) for rule in found]), output)
    elif form == "markdown":
        emit(table(found), output)
    else:
        emit(render(found, _look(output, no_color=no_color)), output)


def explain_rule(name: str, packs: Sequence[str], form: str, output: str | None, *, no_color: bool) -> None:
    """Tell all about one rule (in every pack that has one of this name). Raises SettingsError where there is none."""
    rules = rules_of(packs)
    found = [entry_of(rule) for rule in rules if rule.id == name]
    if not found and name in OWN_RULES:
        emit(_own(OWN_RULES[name], form, _look(output, no_color=no_color)), output)
        return
    if not found:
        advice = f"{advise(name, sorted({rule.id for rule in rules}))}; `fedpolicy rules` lists them"
        raise SettingsError(f"no rule is called `{name}`", help=advice)
    if form == "json":
        emit(rules_json(found), output)
    elif form == "markdown":
        emit("\n".join(page(entry) for entry in found), output)
    else:
        look = _look(output, no_color=no_color)
        emit("\n".join(explain(entry, look) for entry in found), output)


def _own(rule: RuleInfo, form: str, look: Look) -> str:
    """A rule about waivers or baselines, which has neither a file nor examples."""
    if form == "json":
        return own_json(rule)
    return own_page(rule) if form == "markdown" else explain_own(rule, look)


def rules_of(packs: Sequence[str]) -> list[Rule]:
    """The rules of some packs, or of all that ship; packs may share ids here. Raises Problems."""
    found: list[Rule] = []
    errors: list[FedPolicyError] = []
    for pack in packs or shipped_packs():
        try:
            found += load_rules([pack])
        except Problems as problems:
            errors += problems.errors
    if errors:
        raise Problems(errors)
    return found


def _look(output: str | None, *, no_color: bool) -> Look:
    return PLAIN if output else look_of(sys.stdout, no_color=no_color)


def list_models(
    query: str,
    classes: Sequence[str],
    catalogs: Sequence[Path],
    form: str,
    output: str | None,
    *,
    no_color: bool,
) -> None:
    """List models. Raises SettingsError where none is found."""
    catalog = load_catalog(catalogs)
    found = list(entries(catalog, query, classes))
    exact = catalog.model(query)
    if exact is not None:
        found = [entry for entry in found if entry.row.id == exact.id]
    if not found:
        near = did_you_mean(query, list(catalog.models)) or "`fedpolicy models` lists all"
        advice = f"{near}; for a model that is not there, say its openness in the deployment"
        raise SettingsError(f"no model matches `{query}`", help=advice)
    emit(models_json(found) if form == "json" else models_text(found, _look(output, no_color=no_color)), output)

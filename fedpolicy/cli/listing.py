"""What the commands that list what ships do: models, rules, explain."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fedpolicy.catalog.load import load_catalog
from fedpolicy.cli.terminal import emit, look_of
from fedpolicy.errors import FedPolicyError, Problems, SettingsError
from fedpolicy.policy.housekeeping import OWN_RULES
from fedpolicy.policy.load import load_rules, shipped_packs
from fedpolicy.policy.models import PRINCIPLES, Rule
from fedpolicy.report import models, rules
from fedpolicy.report.style import PLAIN, Style
from fedpolicy.suggest import advise, did_you_mean

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
        emit(rules.as_json([rules.entry_of(rule) for rule in found]), output)
    elif form == "markdown":
        emit(rules.table_markdown(found), output)
    else:
        emit(rules.table_text(found, _look(output, no_color=no_color)), output)


def explain_rule(name: str, packs: Sequence[str], form: str, output: str | None, *, no_color: bool) -> None:
    """Tell all about one rule (in every pack that has one of this name). Raises SettingsError where there is none."""
    known = rules_of(packs)
    entries = [rules.entry_of(rule) for rule in known if rule.id == name]
    if not entries and name in OWN_RULES:
        entries = [rules.Entry.own(OWN_RULES[name])]
    if not entries:
        advice = f"{advise(name, sorted({rule.id for rule in known}))}; `fedpolicy rules` lists them"
        raise SettingsError(f"no rule is called `{name}`", help=advice)
    if form == "json":
        emit(rules.as_json(entries), output)
    elif form == "markdown":
        emit("\n".join(rules.as_markdown(entry) for entry in entries), output)
    else:
        look = _look(output, no_color=no_color)
        emit("\n".join(rules.as_text(entry, look) for entry in entries), output)


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


def _look(output: str | None, *, no_color: bool) -> Style:
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
    found = list(models.matching(catalog, query, classes))
    exact = catalog.model(query)
    if exact is not None:
        found = [entry for entry in found if entry.row.id == exact.id]
    if not found:
        near = did_you_mean(query, list(catalog.models)) or "`fedpolicy models` lists all"
        advice = f"{near}; for a model that is not there, say its openness in the deployment"
        raise SettingsError(f"no model matches `{query}`", help=advice)
    look = _look(output, no_color=no_color)
    emit(models.as_json(found) if form == "json" else models.as_text(found, look), output)

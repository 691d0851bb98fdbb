"""
For tests of your own packs with pytest.

    import pytest
    from fedpolicy.testing import assert_rule, rules_of

    @pytest.mark.parametrize("rule", rules_of("our-rules"), ids=lambda rule: rule.id)
    def test_rule(rule):
        assert_rule(rule, min_mutation_score=90)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fedpolicy.catalog import load_catalog
from fedpolicy.policy import Rule
from fedpolicy.policy.load import load_rules
from fedpolicy.report.trials import Trial
from fedpolicy.trial import try_rule

__all__ = ["Rule", "Trial", "assert_rule", "rules_of", "try_one"]


def rules_of(pack: str | Path) -> tuple[Rule, ...]:
    """The rules of a shipped pack, a folder or a rule file. Raises `fedpolicy.errors.Problems`."""
    return load_rules([str(pack)])


def try_one(rule: Rule, catalogs: Sequence[Path] = ()) -> Trial:
    """Run a rule's examples and its mutants."""
    return try_rule(rule, load_catalog(catalogs))


def assert_rule(rule: Rule, *, min_mutation_score: float = 0.0, catalogs: Sequence[Path] = ()) -> None:
    """
    Fail where the rule does not do what its examples say, or where they notice too few mutants.

    `min_mutation_score` is a percentage of the rule's mutants.
    """
    trial = try_one(rule, catalogs)
    if trial.problems:
        raise AssertionError("\n".join(trial.problems))
    alive = [f"no example notices: {survivor.what} ({survivor.key})" for survivor in trial.survivors]
    if alive and 100 * (trial.mutants - len(alive)) < min_mutation_score * trial.mutants:
        raise AssertionError("\n".join([f"{len(alive)} of {trial.mutants} mutants survive", *alive]))

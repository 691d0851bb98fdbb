"""Every shipped rule does what its examples say."""

import pytest

from fedpolicy.analysis.analyse import analyse
from fedpolicy.catalog.load import load_catalog
from fedpolicy.errors import Problems
from fedpolicy.graph.build import build_graph
from fedpolicy.policy.evaluate import evaluate
from fedpolicy.policy.examples import run_examples
from fedpolicy.policy.load import load_rules, shipped_packs
from fedpolicy.spec.load import load_text

CATALOG = load_catalog()
RULES = [rule for pack in shipped_packs() for rule in load_rules([pack])]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.pack}/{rule.id}")
def test_a_rule_judges_its_examples_as_it_says(rule):
    def check(text, name):
        loaded = load_text(text, name, CATALOG)
        if loaded.errors:
            raise Problems(loaded.errors)
        (document,) = loaded.documents
        facts = analyse(build_graph(document.deployment, CATALOG), CATALOG)
        return evaluate(facts, document, CATALOG, [rule])

    assert run_examples(rule, check) == []

"""What the tests of the rules share: text in, facts, contexts and evaluations out; rules written in a line."""

import json
import textwrap
from functools import lru_cache
from pathlib import Path

from fedpolicy.analysis import Study
from fedpolicy.catalog import load_catalog
from fedpolicy.errors import Problems
from fedpolicy.language.reading import load_text
from fedpolicy.policy.compiler import build_rule
from fedpolicy.policy.evaluate import evaluate
from fedpolicy.policy.rulefile import RULE
from fedpolicy.policy.sheet import read_sheet
from fedpolicy.policy.world import World


@lru_cache(maxsize=1)
def catalog():
    return load_catalog()


def document_of(text, name="deployment.yaml"):
    loaded = load_text(textwrap.dedent(text), name, catalog())
    if loaded.errors:
        raise Problems(loaded.errors)
    (document,) = loaded.documents
    return document


def facts_of(document, settings=None):
    return Study(document.deployment, catalog(), settings)


def world_of(text):
    document = document_of(text)
    return World(facts_of(document), document)


def rule_of(applies_to, require, **more):
    """A rule in a line; values are written as JSON, which is YAML."""
    keys = {
        "id": "a-rule",
        "title": "Something is wrong",
        "principle": "integrity",
        "severity": "high",
        "applies_to": applies_to,
        "require": require,
        "message": "{element} is wrong",
        "why": "It matters.",
        "help": "Change it.",
        "references": [{"basis": "practice", "title": "A paper"}],
        **more,
    }
    name = f"{keys['id']}.yaml"
    return build_rule(read_sheet(json.dumps(keys), name, RULE), "mine", Path(name))


def judged(text, *rules, name="deployment.yaml", settings=None):
    document = document_of(text, name)
    return evaluate(facts_of(document, settings), document, rules)


def told(evaluation):
    """(verdict, elements, line, missing) of every finding."""
    return [(f.verdict.value, f.elements, f.span.line, f.missing) for f in evaluation.findings]

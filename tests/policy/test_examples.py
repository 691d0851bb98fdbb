"""Every shipped rule does what its examples say."""

import json
from pathlib import Path

import pytest

from fedpolicy.analysis import AnalysisSettings
from fedpolicy.files import policies_dir
from fedpolicy.policy.load import load_rules, pack_files, shipped_packs
from fedpolicy.trial import EXAMPLE_DAY, run_examples
from tests.policy.worlds import judged

SHIPPED = [path for pack in shipped_packs() for path in pack_files(policies_dir() / pack)]

DAY = AnalysisSettings(today=EXAMPLE_DAY)


@pytest.mark.no_cover  # the same lines for each case
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_rule_judges_its_examples_as_it_says(path):
    (rule,) = load_rules([str(path)])
    assert run_examples(rule, lambda text, name: judged(text, rule, name=name, settings=DAY)) == []


def test_the_rule_that_the_manual_shows_is_right(tmp_path):
    manual = (Path(__file__).parents[2] / "docs" / "writing-rules.md").read_text(encoding="utf-8")
    path = tmp_path / "model-unpinned.yaml"
    path.write_text(manual.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    (rule,) = load_rules([str(path)])
    assert run_examples(rule, lambda text, name: judged(text, rule, name=name, settings=DAY)) == []


RIGHT = {"parties": {"lumc": {"role": "participant"}}}


def problems_of(tmp_path, examples, require="'participant' in party.roles"):
    rule = {
        "id": "a-rule",
        "title": "Something is wrong",
        "principle": "integrity",
        "severity": "high",
        "applies_to": "party",
        "require": require,
        "message": "wrong",
        "why": "It matters.",
        "help": "Change it.",
        "references": [{"basis": "practice", "title": "A paper"}],
        "examples": examples,
    }
    path = tmp_path / "a-rule.yaml"
    path.write_text(json.dumps(rule), encoding="utf-8")
    (loaded,) = load_rules([str(path)])
    return run_examples(loaded, lambda text, name: judged(text, loaded, name=name, settings=DAY))


def test_examples_that_lack_or_say_something_else_are_told(tmp_path):
    wrong = {"parties": {"acme": {"role": "host"}}}
    assert problems_of(tmp_path, {"pass": [{"deployment": RIGHT}]}) == ["a-rule has no example that must fail"]
    assert problems_of(tmp_path, {"fail": [{"deployment": RIGHT}], "pass": [{"deployment": RIGHT}]}) == [
        "a-rule/fail/0: expected fail, got 1 pass"
    ]
    assert problems_of(tmp_path, {"fail": [{"deployment": wrong}], "pass": [{"deployment": wrong}]}) == [
        "a-rule/pass/0: unwanted fail for parties.acme: wrong"
    ]
    elsewhere = [{"deployment": wrong, "elements": ["parties.lumc"]}]
    assert problems_of(tmp_path, {"fail": elsewhere, "pass": [{"deployment": RIGHT}]}) == [
        "a-rule/fail/0: expected elements parties.lumc, got parties.acme"
    ]
    assert problems_of(tmp_path, {"fail": [{"deployment": wrong}], "pass": [{"deployment": {}}]}) == [
        "a-rule/pass/0: nothing was evaluated"
    ]
    broken = [{"deployment": {"parties": {"acme": {"role": "hots"}}}}]
    (problem,) = problems_of(tmp_path, {"fail": broken, "pass": [{"deployment": RIGHT}]})
    assert problem.startswith("a-rule/fail/0: parties.acme.role")


def test_a_rule_that_applies_to_nothing_that_passes_is_told(tmp_path):
    examples = {"fail": [{"deployment": RIGHT}], "pass": [{"deployment": {"parties": {"acme": {"role": "host"}}}}]}
    rule = {"match": "'participant' in party.roles"}
    path = tmp_path / "a-rule.yaml"
    assert problems_of(tmp_path, examples, require="false")[0].startswith("a-rule/pass/0: unwanted fail")
    text = json.loads(path.read_text(encoding="utf-8")) | rule
    path.write_text(json.dumps(text), encoding="utf-8")
    (loaded,) = load_rules([str(path)])
    problems = run_examples(loaded, lambda text, name: judged(text, loaded, name=name, settings=DAY))
    assert problems == ["a-rule applies to nothing in the examples that must pass"]

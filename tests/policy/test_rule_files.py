"""Rule files that load and rule files that do not: a file dropped into a folder is a test."""

import json
from pathlib import Path

import jsonschema
import pytest

from fedpolicy.errors import Problems
from fedpolicy.files import policies_dir
from fedpolicy.language.reading.source import read
from fedpolicy.policy.load import load_rules, pack_files, shipped_packs
from fedpolicy.policy.rulefile import policy_schema

HERE = Path(__file__).parent
ACCEPT = sorted((HERE / "accept").glob("*.yaml"))
REJECT = sorted((HERE / "reject").glob("*.yaml"))
SHIPPED = [path for pack in shipped_packs() for path in pack_files(policies_dir() / pack)]
SCHEMA = jsonschema.Draft202012Validator(policy_schema())


def told(path):
    with pytest.raises(Problems) as caught:
        load_rules([str(path)])
    lines = [f"{error}\n" for error in caught.value.errors]
    return "".join(lines).replace(path.as_posix(), path.name)


def plain(path):
    (document,) = read(path.read_text(encoding="utf-8"), path.name).documents
    return json.loads(json.dumps(document.tree))


@pytest.mark.parametrize("path", REJECT, ids=lambda path: path.stem)
def test_every_mistake_is_told_with_its_place(path, golden):
    golden(told(path), path.with_suffix(".txt"))


@pytest.mark.parametrize("path", ACCEPT, ids=lambda path: path.stem)
def test_a_rule_that_is_right_loads(path):
    (rule,) = load_rules([str(path)])
    assert rule.id == path.stem


def test_the_schema_accepts_what_loads():
    refused = {path.name: [error.message for error in SCHEMA.iter_errors(plain(path))] for path in [*ACCEPT, *SHIPPED]}
    assert {name: errors for name, errors in refused.items() if errors} == {}


@pytest.mark.parametrize("name", ["many-shape-mistakes", "bad-reference"])
def test_the_schema_rejects_wrong_shapes(name):
    assert list(SCHEMA.iter_errors(plain(HERE / "reject" / f"{name}.yaml")))


def test_examples_come_last_so_that_a_check_need_not_read_them():
    texts = {path.name: path.read_text(encoding="utf-8").splitlines() for path in SHIPPED}
    last = {name: [line for line in lines if line[:1].isalpha()][-1] for name, lines in texts.items()}
    assert set(last.values()) == {"examples:"}, last


def test_a_rule_stands_behind_rules_that_judge_the_same_kind():
    rules = load_rules(shipped_packs())
    kinds = {rule.id: rule.applies_to for rule in rules}
    assert all(kinds[name] == rule.applies_to for rule in rules for name in rule.behind)

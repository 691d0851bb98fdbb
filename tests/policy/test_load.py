"""Packs by name and by path, and what users set: which rules, which parameters, how severe."""

from pathlib import Path

import pytest

from fedpolicy.errors import PolicyError, Problems, SettingsError
from fedpolicy.findings import Severity
from fedpolicy.policy.load import load_rules, shipped_packs
from fedpolicy.policy.rulefile import RULE
from fedpolicy.policy.sheet import read_sheet, without_examples

RULE_TEXT = """\
id: {name}
title: Something is wrong
principle: integrity
severity: medium
applies_to: disclosure
graver: disclosure.special
require: disclosure.level <= params.most && size(disclosure.parties) < params.few
params:
  most: {{type: level, default: bounded, description: The most.}}
  few: {{type: int, default: 3, description: How many.}}
  share: {{type: number, default: 0.5, description: A share.}}
  strict: {{type: bool, default: false, description: A flag.}}
  who: {{type: list, default: [a], description: Names.}}
  word: {{type: text, default: a, description: A word.}}
message: "wrong"
why: It matters.
help: Change it.
references: [{{basis: practice, title: A paper}}]
"""


@pytest.fixture
def pack(tmp_path):
    folder = tmp_path / "ours"
    folder.mkdir()
    for name in ("first-rule", "second-rule"):
        (folder / f"{name}.yaml").write_text(RULE_TEXT.format(name=name), encoding="utf-8")
    (folder / "_pack.yaml").write_text("pack: our-rules\ntitle: Ours\n", encoding="utf-8")
    return folder


def told(*args, **keys):
    with pytest.raises(Problems) as caught:
        load_rules(*args, **keys)
    return [(type(error), error.message, error.help) for error in caught.value.errors]


def test_the_federation_pack_ships_and_is_the_default():
    assert "federation" in shipped_packs()
    rules = load_rules()
    assert {rule.pack for rule in rules} == {"federation"}
    assert [rule.id for rule in rules] == sorted(rule.id for rule in rules)


def test_places_in_shipped_rules_do_not_tell_where_fedpolicy_is_installed():
    assert {str(rule.span.file) for rule in load_rules()} == {
        f"policies/federation/{rule.id}.yaml" for rule in load_rules()
    }


def test_packs_by_name_by_folder_and_by_file_come_together(pack):
    single = pack.parent / "third-rule.yaml"
    single.write_text(RULE_TEXT.format(name="third-rule"), encoding="utf-8")
    rules = {rule.id: rule.pack for rule in load_rules(["federation", str(pack), str(single)])}
    assert rules["first-rule"] == rules["second-rule"] == "our-rules"
    assert rules["third-rule"] == pack.parent.name
    assert rules["no-withdrawal"] == "federation"


def test_a_pack_that_is_given_twice_is_one(pack):
    assert [rule.id for rule in load_rules([str(pack), str(pack)])] == ["first-rule", "second-rule"]


def test_a_pack_that_does_not_exist_is_told_with_the_nearest_name():
    (error,) = told(["federaton"])
    assert error[0] is SettingsError
    assert error[1] == "there is no pack `federaton`"
    assert error[2].startswith("did you mean `federation`?")


def test_a_folder_without_rules_is_no_pack(tmp_path):
    (error,) = told([str(tmp_path)])
    assert error[0] is SettingsError
    assert "holds no rules" in error[1]


def test_a_mistake_in_the_packs_own_file_is_told(pack):
    (pack / "_pack.yaml").write_text("pack: Our Rules\ntitel: Ours\n", encoding="utf-8")
    messages = [message for _, message, _ in told([str(pack)])]
    assert messages == [
        "a pack has no `title`",
        "`Our Rules` is not a name",
        "a pack has no key `titel`",
    ]


def test_two_rules_with_one_id_are_an_error_that_names_both_places(pack, tmp_path):
    other = tmp_path / "theirs"
    other.mkdir()
    (other / "_pack.yaml").write_text("pack: theirs\ntitle: Theirs\n", encoding="utf-8")
    (other / "first-rule.yaml").write_text("# theirs\n" + RULE_TEXT.format(name="first-rule"), encoding="utf-8")
    with pytest.raises(Problems) as caught:
        load_rules([str(pack), str(other)])
    (error,) = caught.value.errors
    assert str(error.span) == f"{other.as_posix()}/first-rule.yaml:2:5"
    assert error.message == f"the id `first-rule` is also that of the rule at {pack.as_posix()}/first-rule.yaml:1:5"


def test_mistakes_of_all_files_come_at_once(pack):
    for name, text in (("first-rule", "id: 1\n"), ("second-rule", "- a\n")):
        (pack / f"{name}.yaml").write_text(text, encoding="utf-8")
    files = {error.span.file.rpartition("/")[2] for error in _errors([str(pack)])}
    assert files == {"first-rule.yaml", "second-rule.yaml"}


def _errors(packs):
    with pytest.raises(Problems) as caught:
        load_rules(packs)
    assert all(isinstance(error, PolicyError) for error in caught.value.errors)
    return caught.value.errors


@pytest.mark.parametrize(
    ("select", "ignore", "ids"),
    [
        ((), (), ["first-rule", "second-rule"]),
        (["first-*"], (), ["first-rule"]),
        (["*-rule"], ["second-rule"], ["first-rule"]),
        ((), ["*"], []),
    ],
)
def test_rules_are_selected_and_ignored_by_patterns(pack, select, ignore, ids):
    assert [rule.id for rule in load_rules([str(pack)], select=select, ignore=ignore)] == ids


def test_a_pattern_that_matches_no_rule_is_an_error(pack):
    found = told([str(pack)], select=["frist-rule"], ignore=["secnd-*"])
    assert [(message, help_.partition("?")[0]) for _, message, help_ in found] == [
        ("no rule is called `frist-rule`", "did you mean `first-rule`"),
        ("no rule is called `secnd-*`", "did you mean `second-rule`"),
    ]


def test_parameters_are_read_as_what_they_are(pack):
    given = {
        "first-rule.most": "verbatim",
        "first-rule.few": "10",
        "first-rule.share": "1",
        "first-rule.strict": "true",
        "first-rule.who": "a, b",
        "first-rule.word": "3",
    }
    first, second = load_rules([str(pack)], params=given)
    assert {p.name: p.value for p in first.params} == {
        "most": 4,
        "few": 10,
        "share": 1.0,
        "strict": True,
        "who": ["a", "b"],
        "word": "3",
    }
    assert {p.name: p.value for p in second.params}["most"] == 1


@pytest.mark.parametrize(
    ("setting", "text", "message"),
    [
        ("first-rule.most", "high", "first-rule.most cannot be `high`"),
        ("first-rule.few", "3.5", 'first-rule.few cannot be `"3.5"`'),
        ("first-rule.few", "many", "first-rule.few cannot be `many`"),
        ("first-rule.share", "half", "first-rule.share cannot be `half`"),
        ("first-rule.strict", "yes", "first-rule.strict cannot be `yes`"),
        ("first-rule.fw", "3", "the rule first-rule has no parameter `fw`"),
        ("frist-rule.few", "3", "no rule is called `frist-rule`"),
    ],
)
def test_a_parameter_that_cannot_be_set_is_an_error(pack, setting, text, message):
    ((kind, said, help_),) = told([str(pack)], params={setting: text})
    assert (kind, said) == (SettingsError, message)
    assert help_


def test_a_parameter_of_an_ignored_rule_is_checked_all_the_same(pack):
    params = {"first-rule.few": "many"}
    ((_, said, _),) = told([str(pack)], params=params, ignore=["first-rule"])
    assert said == "first-rule.few cannot be `many`"


def test_severities_are_set_by_rule(pack):
    first, second = load_rules([str(pack)], severities={"first-rule": "critical"})
    assert (first.severity, second.severity) == (Severity.CRITICAL, Severity.MEDIUM)
    # What users set holds everywhere.
    assert (first.graver, second.graver.text) == (None, "disclosure.special")
    found = [message for _, message, _ in told([str(pack)], severities={"first-rule": "severe", "third": "low"})]
    assert found == ["`severe` is not a severity of first-rule", "no rule is called `third`"]


def test_a_check_reads_rules_without_their_examples():
    text = "id: a\nexamples:\n  fail: []\n"
    assert without_examples(text) == "id: a\n"
    later = text + "title: b\n"
    assert without_examples(later) == later


def test_mistakes_in_examples_are_told_to_those_who_read_them():
    text = RULE_TEXT.format(name="a-rule") + "examples:\n  fails: []\n  pass: [{why: x}]\n"
    with pytest.raises(Problems) as caught:
        read_sheet(text, "a-rule.yaml", RULE)
    assert [(str(error.span), error.path, error.message) for error in caught.value.errors] == [
        ("a-rule.yaml:20:3", "examples.fails", "examples has no key `fails`"),
        ("a-rule.yaml:21:10", "examples.pass.0", "an example has no `deployment`"),
    ]
    assert read_sheet(text, "a-rule.yaml", RULE, examples=False).tree["id"] == "a-rule"


def test_a_file_that_cannot_be_read_is_told(pack):
    (pack / "first-rule.yaml").write_bytes(b"id: \xff\n")
    (error,) = _errors([str(pack)])
    assert str(error.span) == f"{Path(pack).as_posix()}/first-rule.yaml:1:5"
    assert error.message == "the byte 0xff is not UTF-8"

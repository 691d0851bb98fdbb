"""Rules are put to the test of their own examples."""

import pytest

from fedpolicy.catalog import load_catalog
from fedpolicy.digests import digest_of
from fedpolicy.errors import SettingsError
from fedpolicy.policy.load import load_rules, shipped_packs
from fedpolicy.policy.rulefile import new_pack, new_rule
from fedpolicy.testing import assert_rule, rules_of
from fedpolicy.trial import try_rule

CATALOG = load_catalog()


@pytest.fixture
def pack(tmp_path):
    (tmp_path / "_pack.yaml").write_text(new_pack("ours"), encoding="utf-8")
    (tmp_path / "keep-short.yaml").write_text(new_rule("keep-short"), encoding="utf-8")
    return tmp_path


def changed(pack, old, new):
    path = pack / "keep-short.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    (rule,) = load_rules([str(pack)])
    return try_rule(rule, CATALOG)


@pytest.mark.no_cover  # the same lines for each mutant
@pytest.mark.parametrize("pack", shipped_packs())
def test_shipped_rules_are_shown_to_fail_and_to_pass_and_nine_of_ten_mutants_are_noticed(pack):
    trials = [try_rule(rule, CATALOG) for rule in load_rules([pack])]

    assert [problem for trial in trials for problem in trial.problems] == []
    assert [t.rule.id for t in trials if not (t.shown["fail"] and t.shown["pass"])] == []
    alive = [f"{t.rule.id}: {s.what}" for t in trials for s in t.survivors]
    assert len(alive) <= sum(t.mutants for t in trials) / 10, alive


def test_a_new_rule_passes_its_own_test(pack):
    (rule,) = rules_of(pack)
    trial = try_rule(rule, CATALOG)

    assert (trial.problems, trial.shown, trial.survivors) == ((), {"fail": 1, "pass": 1, "unknown": 1}, ())
    assert trial.mutants == 2
    assert_rule(rule, min_mutation_score=100)


def test_an_example_that_does_not_fail_is_told(pack):
    trial = changed(pack, "retention_days: 366", "retention_days: 300")

    assert not trial.passed
    assert trial.problems == ("keep-short/fail/0: expected fail, got 1 pass",)
    with pytest.raises(AssertionError, match="expected fail, got 1 pass"):
        assert_rule(trial.rule)


def test_a_mutant_that_no_example_notices_is_told(pack):
    trial = changed(pack, "          made-up: {at: client, categories: [synthetic], retention_days: 9999}\n", "")

    assert trial.passed
    assert [(survivor.key, survivor.what) for survivor in trial.survivors] == []
    trial = changed(pack, "match: dataset.personal\n", "match: dataset.personal && dataset.unit == 'record'\n")
    assert [s.what for s in trial.survivors] == [
        "`dataset.personal` is dropped from `&&`",
        "`dataset.unit == 'record'` is dropped from `&&`",
    ]
    with pytest.raises(AssertionError, match="2 of 5 mutants survive"):
        assert_rule(trial.rule, min_mutation_score=90)


def test_a_rule_without_passing_examples_does_not_pass(pack):
    path = pack / "keep-short.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("  pass:")] + text[text.index("  unknown:") :], encoding="utf-8")
    (rule,) = load_rules([str(pack)])

    assert "keep-short has no example that must pass" in try_rule(rule, CATALOG).problems


def test_a_mistake_in_an_example_has_its_place(pack):
    trial = changed(pack, "retention_days: 366", "retention_dais: 366")

    assert trial.problems[0].startswith("keep-short/fail/0:")
    assert "retention_dais" in trial.problems[0]


def test_an_id_must_be_one():
    with pytest.raises(SettingsError, match="`Keep_Short` cannot be the id of a rule"):
        new_rule("Keep_Short")


def test_a_digest_changes_with_every_byte_and_name_but_not_with_other_files(pack):
    first = digest_of(pack)
    (pack / "README.md").write_text("not a rule", encoding="utf-8")
    assert digest_of(pack) == first

    (pack / "keep-short.yaml").write_text(
        (pack / "keep-short.yaml").read_text(encoding="utf-8") + "#", encoding="utf-8"
    )
    second = digest_of(pack)
    (pack / "keep-short.yaml").rename(pack / "keep-shorter.yaml")
    assert len({first, second, digest_of(pack)}) == 3


def test_a_folder_without_rules_has_no_digest(tmp_path):
    with pytest.raises(SettingsError, match="is not a pack"):
        digest_of(tmp_path)

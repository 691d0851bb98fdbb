"""What a pack says of itself holds for its rules, and mistakes in its own file are told with their place."""

from pathlib import Path

import pytest

from fedpolicy.digests import digest_of
from fedpolicy.errors import Problems
from fedpolicy.policy.load import chosen_rules, load_rules
from fedpolicy.settings import Settings

RULE = """\
id: a-rule
title: Something is wrong
principle: lawfulness
severity: high
applies_to: dataset
{more}require: dataset.personal
message: "{{dataset.id}}"
why: It matters.
help: Change it.
references: [{{basis: law, title: Our law, as_of: 2026-11-29}}]
"""
OWN = """\
pack: ours
title: Our law
owners_in: {owners}
duties:
  in_force: {{day: 2027-01-01, about: All of it, url: "https://law.example/", as_of: 2026-11-29}}
standards:
  our-list: {{title: Our list, url: "https://law.example/", read: all of it, as_of: 2026-11-29, numbers: [A1, A2]}}
"""


def loaded(tmp_path, more="", owners="[BR]", own=OWN):
    (tmp_path / "_pack.yaml").write_text(own.format(owners=owners), encoding="utf-8")
    (tmp_path / "a-rule.yaml").write_text(RULE.format(more=more), encoding="utf-8")
    return load_rules([str(tmp_path)])


def mistakes(tmp_path, **said):
    with pytest.raises(Problems) as caught:
        loaded(tmp_path, **said)
    return [str(error).removeprefix(f"{tmp_path.as_posix()}/") for error in caught.value.errors]


def test_a_rule_has_from_its_pack_what_it_does_not_say_itself(tmp_path):
    (rule,) = loaded(tmp_path, "applies_from: in_force\ntags: ['our-list:A2', 'satre-2.0.0:5.6.01']\n")

    assert (rule.pack, rule.owners_in, rule.applies_from) == ("ours", ("BR",), "2027-01-01")
    assert rule.tags == ("our-list:A2", "satre-2.0.0:5.6.01")


def test_a_rule_may_protect_others_than_its_pack(tmp_path):
    (rule,) = loaded(tmp_path, "owners_in: [BR, EEA]\n")

    assert rule.owners_in == ("BR", "EEA")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            {"owners": "[BR, UK]"},
            (
                "_pack.yaml:3:17: owners_in.1: `UK` is not a country that the catalogue knows"
                " (write GB for the United Kingdom)"
            ),
        ),
        (
            {"more": "applies_from: from_now\n"},
            "a-rule.yaml:6:15: applies_from: the pack has no date `from_now` (it has: in_force)",
        ),
        (
            {"more": "tags: ['our-list:B7']\n"},
            "a-rule.yaml:6:8: tags.0: our-list has no requirement `B7` (it has: A1, A2)",
        ),
        (
            {"own": OWN + "follows: [satre-3]\n"},
            (
                "_pack.yaml:8:11: follows.0: no standard is called `satre-3` (did you mean `satre-2.0.0`? known:"
                " mitre-atlas-5.6.0, nist-ai-600-1, owasp-llm-2026, satre-2.0.0, tehdas2-d7.4-draft)"
            ),
        ),
        (
            {"own": OWN.replace("2027-01-01", "soon")},
            "_pack.yaml:5:19: duties.in_force.day: `soon` is not a date (write year, month and day, as 2027-01-31)",
        ),
        (
            {"own": OWN.replace("2027-01-01", "2027-02-30")},
            (
                '_pack.yaml:5:19: duties.in_force.day: `"2027-02-30"` is not a date'
                " (write year, month and day, as 2027-01-31)"
            ),
        ),
        (
            {"owners": "[Brazil]"},
            "_pack.yaml:3:13: owners_in.0: `Brazil` is not a country (write a code of ISO 3166-1 such as US, or EEA)",
        ),
        (
            {"more": "at: the key\n"},
            (
                "a-rule.yaml:6:5: at: `the key` is not a key"
                " (write a key of such an element, such as licence or terms.region)"
            ),
        ),
    ],
)
def test_a_mistake_in_a_pack_is_told_once_with_its_place(tmp_path, said, told):
    assert mistakes(tmp_path, **said) == [told]


def test_a_pinned_rule_file_takes_nothing_from_beside_it(tmp_path):
    loaded(tmp_path)
    rule = str(tmp_path / "a-rule.yaml")

    def owners(**said):
        (one,) = chosen_rules(Settings(packs=(rule,), **said))
        return one.owners_in

    assert owners() == ("BR",)
    assert owners(pins={rule: digest_of(Path(rule))}) == ()

"""Pages and schemas made from code are current; `--update-golden` writes them."""

import json
from pathlib import Path

import pytest

from fedpolicy.policy.load import load_rules, shipped_packs
from fedpolicy.policy.packs import read_pack, standards
from fedpolicy.policy.rulefile import policy_schema
from fedpolicy.policy.site import site_schema
from fedpolicy.policy.waivers import waivers_schema
from tools.reference import reference
from tools.site import listing, pack_page

ROOT = Path(__file__).parents[2]


def test_the_rules_reference_is_current(golden):
    golden(reference(), ROOT / "docs" / "rules-reference.md")


def test_the_list_of_rules_is_current(golden):
    golden(listing(), ROOT / "docs" / "rules.md")


@pytest.mark.parametrize("name", shipped_packs())
def test_the_page_of_a_pack_is_current(name, golden):
    golden(pack_page(name), ROOT / "docs" / "packs" / f"{name}.md")


def test_packs_of_law_say_whom_they_protect_and_what_is_for_people():
    for name in set(shipped_packs()) - {"federation", "openness-strict"}:
        pack = read_pack(name)
        assert pack.for_people
        assert pack.not_covered
        assert "legal advice" in pack_page(name)
        assert all(rule.owners_in for rule in load_rules([name])) is bool(pack.owners_in)


def test_every_standard_is_named_by_some_rule():
    tags = {tag.partition(":")[0] for rule in load_rules(shipped_packs()) for tag in rule.tags}

    assert tags == set(standards())


def test_the_policy_schema_is_current(golden):
    golden(json.dumps(policy_schema(), indent=2) + "\n", ROOT / "schemas" / "policy.schema.json")


def test_the_schema_of_waivers_is_current(golden):
    golden(json.dumps(waivers_schema(), indent=2) + "\n", ROOT / "schemas" / "waivers.schema.json")
    golden(json.dumps(site_schema(), indent=2) + "\n", ROOT / "schemas" / "site.schema.json")

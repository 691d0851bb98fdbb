"""Pages and schemas made from code are current; `--update-golden` writes them."""

import json
from pathlib import Path

from fedpolicy.policy.reference import reference
from fedpolicy.policy.rulefile import policy_schema
from fedpolicy.policy.site.file import site_schema
from fedpolicy.policy.waivers import waivers_schema
from tools.site import listing

ROOT = Path(__file__).parents[2]


def test_the_rules_reference_is_current(golden):
    golden(reference(), ROOT / "docs" / "rules-reference.md")


def test_the_list_of_rules_is_current(golden):
    golden(listing(), ROOT / "docs" / "rules.md")


def test_the_policy_schema_is_current(golden):
    golden(json.dumps(policy_schema(), indent=2) + "\n", ROOT / "schemas" / "policy.schema.json")


def test_the_schema_of_waivers_is_current(golden):
    golden(json.dumps(waivers_schema(), indent=2) + "\n", ROOT / "schemas" / "waivers.schema.json")
    golden(json.dumps(site_schema(), indent=2) + "\n", ROOT / "schemas" / "site.schema.json")

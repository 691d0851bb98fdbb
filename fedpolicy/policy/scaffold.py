"""The first version of a new rule: a small one that works, to be changed into the one that is wanted."""

from __future__ import annotations

import re

from fedpolicy.errors import SettingsError
from fedpolicy.policy.rulefile import RULE_ID

__all__ = ["new_pack", "new_rule"]

_RULE = """\
id: {id}
title: {title}
principle: data-minimisation
severity: medium
applies_to: dataset
match: dataset.personal
require: dataset.retention_days <= params.max_days
at: retention_days
params:
  max_days: {{type: int, default: 365, description: The most days for which personal data may be kept.}}
message: "{{dataset.id}} is kept for {{dataset.retention_days}} days; at most {{params.max_days}} are allowed"
why: |
  Say in two or three sentences what happens to whom where this rule is broken, and why the severity is what it is.
help: |
  Say what to write or to change: lower `retention_days` of the dataset.
references:
  - basis: practice
    title: Name what the rule rests on, such as your own policy and its version
examples:
  fail:
    - why: Kept for longer than allowed.
      deployment:
        parties: {{clinic: {{role: participant, jurisdiction: DE}}}}
        nodes: {{client: {{kind: client, party: clinic}}}}
        datasets: {{letters: {{at: client, categories: [health], retention_days: 366}}}}
      elements: [datasets.letters]
  pass:
    - why: Kept for as long as allowed, and data that are not personal for longer.
      deployment:
        parties: {{clinic: {{role: participant, jurisdiction: DE}}}}
        nodes: {{client: {{kind: client, party: clinic}}}}
        datasets:
          letters: {{at: client, categories: [health], retention_days: 365}}
          made-up: {{at: client, categories: [synthetic], retention_days: 9999}}
  unknown:
    - why: Nobody says for how long.
      deployment:
        parties: {{clinic: {{role: participant, jurisdiction: DE}}}}
        nodes: {{client: {{kind: client, party: clinic}}}}
        datasets: {{letters: {{at: client, categories: [health]}}}}
      missing: [datasets.letters.retention_days]
"""

_PACK = """\
pack: {pack}
title: {title}
about: |
  Say what these rules are for, whom they bind, and what they do not cover.
"""


def new_rule(identity: str) -> str:
    """The text of a rule file that passes its own test. Raises SettingsError for what cannot be an id."""
    if not re.fullmatch(RULE_ID, identity):
        raise SettingsError(f"`{identity}` cannot be the id of a rule", help="write it like private-data-leaves")
    title = identity.replace("-", " ").capitalize()
    return _RULE.format(id=identity, title=title)


def new_pack(name: str) -> str:
    """The text of a pack's own file."""
    return _PACK.format(pack=name, title=name.replace("-", " ").capitalize())

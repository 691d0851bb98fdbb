"""The keys of a rule file and of the own file of a pack, their JSON schema, and the first version of either."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fedpolicy.errors import SettingsError
from fedpolicy.findings import Severity
from fedpolicy.language.model.types import is_day
from fedpolicy.policy import PRINCIPLES
from fedpolicy.policy.elements import KINDS
from fedpolicy.policy.fields import Type
from fedpolicy.policy.sheet import Anything, ListOf, MapOf, Misfit, Path, RecordOf, TextShape, ValueShape
from fedpolicy.suggest import shown_value

RULE_ID = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
_NAME = r"[a-z][a-z0-9_]*"
BASES = ("seed", "attack", "law", "practice")
EXPECTED = ("fail", "pass", "unknown")


class Day(ValueShape):
    """A day of the calendar."""

    def misfits(self, value: object, path: Path) -> Iterator[Misfit]:
        """What is not a date, such as the 31st of June."""
        if not (isinstance(value, str) and is_day(value)):
            yield Misfit(path, f"{shown_value(value)} is not a date", "write year, month and day, as 2027-01-31")

    def schema(self) -> dict[str, Any]:
        """The same as JSON schema."""
        return {**ValueShape.schema(self), "type": "string", "format": "date", "pattern": r"^\d{4}-\d\d-\d\d$"}


_OWNERS_IN = ListOf(
    item=TextShape(pattern="EEA|[A-Z]{2}", called="a country", advice="write a code of ISO 3166-1 such as US, or EEA"),
    about="Where a law applies: countries, or EEA. Rules look at the data of owners there, and name no others. Where"
    " nobody states the place of an owner, what would fail is undecided.",
)
_PARAM = RecordOf(
    called="a parameter",
    keys={
        "type": TextShape(about="What it holds.", choices=tuple(Type)),
        "default": Anything(about="Its value unless the user sets another; a level is a word such as bounded."),
        "description": TextShape(about="What it means, in one line."),
    },
    required=("type", "default", "description"),
)
_EXAMPLE = RecordOf(
    called="an example",
    keys={
        "deployment": Anything(
            about="A small deployment in the language; `fedpolicy: 1` and a name are filled in where they are missing."
        ),
        "why": TextShape(about="What it shows."),
        "elements": ListOf(
            item=TextShape(), about="The elements that must have this verdict (left out: at least one)."
        ),
        "missing": ListOf(
            item=TextShape(), about="The facts that must be named as missing, for examples of `unknown`."
        ),
    },
    required=("deployment",),
)
_EXAMPLES = ListOf(item=_EXAMPLE)
_RULE = """\
id: {id}
title: {title}
holds: Personal data are kept for no longer than allowed
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


def _address(about: str) -> TextShape:
    return TextShape(
        about=about,
        pattern=r"https?://\S+",
        called="an address",
        advice="write it whole, such as https://example.org/page",
    )


_REFERENCE = RecordOf(
    called="a reference",
    keys={
        "basis": TextShape(
            about="seed: arXiv 2505.23593; attack: a published attack; law: a legal text; practice: anything else.",
            choices=BASES,
        ),
        "title": TextShape(about="Title as readers will find it."),
        "url": _address("Where to read it."),
        "note": TextShape(about="What it says that matters here, in your own words."),
        "as_of": Day(about="On which day it was opened."),
    },
    required=("basis", "title"),
)

RULE = RecordOf(
    called="a rule",
    about="One rule of fedpolicy.",
    keys={
        "id": TextShape(
            about="The file's name without .yaml.",
            pattern=RULE_ID,
            called="an id",
            advice="use small letters, digits and hyphens, such as private-data",
        ),
        "title": TextShape(about="What is wrong where the rule fails, as a short sentence without a full stop."),
        "holds": TextShape(
            about="What holds where everything passes, as a short sentence without a full stop: pages say it to people."
        ),
        "principle": TextShape(about="The principle that it serves.", choices=tuple(PRINCIPLES)),
        "severity": TextShape(about="How much it matters.", choices=tuple(severity.label for severity in Severity)),
        "applies_to": TextShape(about="The kind of element that it judges.", choices=tuple(KINDS)),
        "match": TextShape(about="CEL: which of them it is about (left out: all)."),
        "require": TextShape(about="CEL: what must hold of them."),
        "graver": TextShape(about="CEL: where it holds, a finding is one step more severe."),
        "slight": TextShape(about="CEL: where it certainly holds, a finding is of low severity, whatever else holds."),
        "at": TextShape(
            about="The element's key that a finding points at, such as licence or terms.region.",
            pattern=r"[\w.]+",
            called="a key",
            advice="write a key of such an element, such as licence or terms.region",
        ),
        "absent": TextShape(
            about="How it decides when something that it asks for with has() is not stated.", choices=("pass", "fail")
        ),
        "absent_why": TextShape(about="Why that is right."),
        "behind": ListOf(
            item=TextShape(),
            about="More specific rules for the same kind: where one of them says something of an element, this one is"
            " silent about it.",
        ),
        "owners_in": _OWNERS_IN,
        "applies_from": TextShape(
            about="A date of the pack (`duties`), by name: until then a finding is of severity info.",
            pattern=_NAME,
            called="the name of a date",
            advice="write a name that stands under `duties` of the pack's own file",
        ),
        "tags": ListOf(
            item=TextShape(
                pattern=r"\S+:\S+",
                called="a standard and a number",
                advice="write both with a colon between, such as owasp-llm-2026:LLM02",
            ),
            about="The requirements of standards that it is about, by number.",
        ),
        "params": MapOf(item=_PARAM, name=_NAME, about="What users may set with --param rule.name=value."),
        "message": TextShape(about="What is wrong with this element; {disclosure.parties} becomes its value."),
        "why": TextShape(about="Why it matters."),
        "help": TextShape(about="What to change."),
        "references": ListOf(item=_REFERENCE, about="What the rule rests on."),
        "false_positives": ListOf(item=TextShape(), about="When a finding may be wrong."),
        "examples": RecordOf(
            called="examples",
            about="Deployments that the rule must judge so. The last key of the file.",
            keys=dict.fromkeys(EXPECTED, _EXAMPLES),
        ),
    },
    required=("id", "title", "principle", "severity", "applies_to", "require", "message", "why", "help", "references"),
)

_DUTY = RecordOf(
    called="a date",
    keys={
        "day": Day(about="From when on it is a duty."),
        "about": TextShape(about="What begins on that day."),
        "url": _address("Where that stands."),
        "as_of": Day(about="On which day that was opened."),
    },
    required=("day", "about", "url", "as_of"),
)

_STANDARD = RecordOf(
    called="a standard",
    keys={
        "title": TextShape(about="Its title and version."),
        "url": _address("Where it is published."),
        "read": TextShape(about="Which text was read."),
        "as_of": Day(about="On which day that text was opened."),
        "numbers": ListOf(item=TextShape(), about="The numbers of all its requirements."),
    },
    required=("title", "url", "read", "as_of", "numbers"),
)

_STANDARDS = MapOf(item=_STANDARD, name=r"[a-z0-9][a-z0-9.-]*", about="Rulebooks, by the name that tags use.")

STANDARDS = RecordOf(called="a file of standards", keys={"standards": _STANDARDS}, required=("standards",))

PACK = RecordOf(
    called="a pack",
    keys={
        "pack": TextShape(
            about="Its name, which is the folder's.",
            pattern=RULE_ID,
            called="a name",
            advice="use small letters, digits and hyphens, such as my-rules",
        ),
        "title": TextShape(about="Its name for people."),
        "version": TextShape(about="Its version, as text such as '1.2'."),
        "about": TextShape(about="What it is for and what it rests on."),
        "scope": TextShape(about="Which deployments it is meant for."),
        "not_covered": TextShape(about="What somebody who reads its title might expect, and will not find."),
        "for_people": TextShape(about="What the law or standard asks besides, and a file cannot show."),
        "owners_in": _OWNERS_IN,
        "duties": MapOf(item=_DUTY, name=_NAME, about="From when on rules ask for a duty; they name these dates."),
        "follows": ListOf(item=TextShape(), about="The standards that ship with fedpolicy and that the pack is about."),
        "standards": _STANDARDS,
        "references": ListOf(item=_REFERENCE, about="What the pack as a whole rests on."),
    },
    required=("pack", "title"),
)


def policy_schema() -> dict[str, Any]:
    """The JSON schema of a rule file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "fedpolicy rule", **RULE.schema()}


def new_rule(identity: str) -> str:
    """The text of a rule file that passes its own test. Raises SettingsError for what cannot be an id."""
    if not re.fullmatch(RULE_ID, identity):
        raise SettingsError(f"`{identity}` cannot be the id of a rule", help="write it like private-data-leaves")
    title = identity.replace("-", " ").capitalize()
    return _RULE.format(id=identity, title=title)


def new_pack(name: str) -> str:
    """The text of a pack's own file."""
    return _PACK.format(pack=name, title=name.replace("-", " ").capitalize())

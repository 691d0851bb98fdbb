"""The answers of docs/how-to-say.md: each part, added to the beginning of the page, means what the page says."""

from __future__ import annotations

import re

import pytest
import yaml

from fedpolicy import api
from tests.house.pages import ROOT

PAGE = (ROOT / "docs" / "how-to-say.md").read_text(encoding="utf-8")
_PART = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LEARNS = re.compile(r"<!-- (learns|not): (\S+) (\S+)(?: (\S+))? -->")
LEVELS = ("none", "bounded", "inferable", "reconstructable", "verbatim")


def parts():
    """Each part with what is said of it, which stands between it and the next one."""
    found = list(_PART.finditer(PAGE))
    ends = [match.start() for match in found[1:]] + [len(PAGE)]
    for match, end in zip(found, ends, strict=True):
        head = re.findall(r"^###? (.*)$", PAGE[: match.start()], re.MULTILINE)[-1:] or ["the beginning"]
        yield pytest.param(match[1], _LEARNS.findall(PAGE[match.end() : end]), id=head[0])


def merged(first, second):
    """A part adds entries to sections; an entry that is there already is written anew."""
    both = {key: value for key, value in first.items() if key not in second}
    for key, value in second.items():
        old = first.get(key)
        both[key] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
    return both


def learned(study, party, dataset):
    """The level that a party can reach, whatever is left open."""
    found = [one for one in study.disclosures if party in one.parties and dataset in one.datasets]
    return LEVELS[max((one.high for one in found), default=0)]


@pytest.mark.parametrize(("part", "said"), list(parts()))
def test_a_part_means_what_the_page_says(part, said):
    beginning = yaml.safe_load(_PART.search(PAGE)[1])
    whole = merged(beginning, yaml.safe_load(part))
    (document,) = api.loads(yaml.safe_dump(whole, sort_keys=False, allow_unicode=True))
    study = api.facts(document)

    got = [(sign, party, dataset, learned(study, party, dataset)) for sign, party, dataset, _ in said]
    assert got == [(sign, party, dataset, level or "none") for sign, party, dataset, level in said]


def test_most_parts_say_who_learns_what():
    every = list(parts())
    assert len(every) > 18
    assert sum(bool(one.values[1]) for one in every) > 13

"""What the action installs: one version of everything, with hashes, and within what pyproject.toml allows."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.house.pages import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NEEDED = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
LOCKS = {
    "run.txt": NEEDED,
    "oscal.txt": [*NEEDED, *PROJECT["project"]["optional-dependencies"]["oscal"]],
}


def locked(name):
    """Each requirement of a lock, with how many hashes it has."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8").replace("\\\n", "")
    for line in text.splitlines():
        requirement, *hashes = re.split(r"\s+--hash=sha256:", line.strip())
        yield Requirement(requirement), hashes


@pytest.mark.parametrize("name", LOCKS)
def test_everything_is_pinned_with_its_hashes(name):
    rows = list(locked(name))

    assert len(rows) > 10
    for requirement, hashes in rows:
        assert [one.operator for one in requirement.specifier] == ["=="], requirement
        assert all(re.fullmatch("[0-9a-f]{64}", one) for one in hashes), requirement
        assert hashes, requirement


@pytest.mark.parametrize(("name", "needed"), LOCKS.items(), ids=LOCKS)
def test_what_fedpolicy_and_its_build_need_is_there_at_a_version_that_fits(name, needed):
    versions = {}
    for requirement, _ in locked(name):
        versions.setdefault(requirement.name, []).extend(one.version for one in requirement.specifier)
    for wanted in map(Requirement, needed):
        assert versions.get(wanted.name), wanted
        assert all(version in wanted.specifier for version in versions[wanted.name]), wanted

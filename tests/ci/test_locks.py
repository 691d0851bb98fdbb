"""What the action installs: the versions of these lists, which must be within what pyproject.toml allows."""

from __future__ import annotations

import tomllib

import pytest
from packaging.requirements import Requirement

from tests.house.pages import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NEEDED = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
LISTS = {"run.txt": NEEDED, "oscal.txt": [*NEEDED, *PROJECT["project"]["optional-dependencies"]["oscal"]]}


@pytest.mark.parametrize(("name", "needed"), LISTS.items(), ids=LISTS)
def test_a_version_fits_wherever_it_is_installed(name, needed):
    assert f"/requirements/{name}" in (ROOT / "action" / "install.sh").read_text(encoding="utf-8")
    versions = {}
    for line in (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines():
        if "==" in line:
            pin = Requirement(line.removesuffix("\\"))
            versions.setdefault(pin.name, []).extend(one.version for one in pin.specifier)
    for wanted in map(Requirement, needed):
        assert versions.get(wanted.name), wanted
        assert all(version in wanted.specifier for version in versions[wanted.name]), wanted

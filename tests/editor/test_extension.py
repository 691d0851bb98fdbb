"""The extension for VS Code and the entry for SchemaStore: what can be seen of them without that editor."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from fedpolicy import __version__
from fedpolicy.sources.header import has_name
from tests.house.pages import ROOT

FOLDER = ROOT / "editors" / "vscode"
PACKAGE = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))


def test_a_workspace_cannot_name_the_program_that_is_started():
    (setting,) = PACKAGE["contributes"]["configuration"]["properties"].values()
    assert setting["scope"] == "machine"


def test_it_has_our_version_and_our_licence():
    assert PACKAGE["version"] == __version__
    assert (FOLDER / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


@pytest.mark.parametrize("name", ["extension.js", "test/run.js", "test/suite.js"])
def test_its_scripts_parse(name):
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    done = subprocess.run(["node", "--check", str(FOLDER / name)], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr


def test_schemastore_matches_the_names_that_a_search_takes():
    entry = json.loads((ROOT / "editors" / "schemastore" / "catalog-entry.json").read_text(encoding="utf-8"))
    names = [pattern.replace("*", "ward") for pattern in entry["fileMatch"]]

    assert [name for name in names if not has_name(name)] == []
    assert (ROOT / "schemas" / entry["url"].rpartition("/")[2]).is_file()

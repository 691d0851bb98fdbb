"""The scripts of the action, in workspaces whose author wants to run code, to steer the tools, or to hide a leak."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.attacks.workspaces import harmless, hostile, steering
from tests.ci.repositories import CLEAN, LEAKING, git, repository, run, write
from tests.ci.runner import INSTALLED, act
from tests.house.pages import ROOT

pytestmark = pytest.mark.slow  # each runs the steps of the action, some processes a step
SPEC = "infra/ward.fedpolicy.yaml"
BASE = "github.event.pull_request.base.sha"


@pytest.fixture
def workspace(tmp_path):
    """A workspace full of traps, whose base was clean and whose pull request leaks."""
    folder = repository(tmp_path / "workspace", {SPEC: CLEAN})
    write(folder, hostile(folder, tmp_path / "markers") | {SPEC: LEAKING})
    for program in (folder / "bin").iterdir():
        program.chmod(0o755)
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--message=Attack")
    return folder


@pytest.fixture
def action(workspace, tmp_path):
    """Run the action in the workspace, with what is installed beside the tests unless it shall install itself."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    def invoke(*, given=None, where=ROOT, installed=INSTALLED, more=None, **inputs):
        known = {"github.token": "secret"} | (given or {}) | ({"steps.install": installed} if installed else {})
        names = {name.replace("_", "-"): value for name, value in inputs.items()}
        return act(where, workspace, names, temporary, given=known, **(more or {}))

    return invoke


def ran(tmp_path):
    """What has left a marker."""
    return sorted(path.name for path in (tmp_path / "markers").iterdir())


def test_traps_close_on_who_walks_into_them(workspace, tmp_path):
    """Without this one, the tests below would hold for traps that are none."""
    variables = {key: value for key, value in steering(workspace).items() if key.startswith(("BASH", "GIT_CONFIG"))}
    run(workspace, sys.executable, "-c", "import venv")
    run(workspace, sys.executable, "-c", "", PYTHONPATH=str(workspace))
    run(workspace, "bash", "-c", "mktemp", **variables)
    run(workspace, "git", "status", **variables)

    assert {"venv.py", "sitecustomize.py", "env.sh", "git"} <= set(ran(tmp_path))


@pytest.mark.parametrize("more", [False, True], ids=["files", "files and variables"])
def test_nothing_of_the_workspace_runs_and_the_leak_is_found(more, action, workspace, tmp_path):
    done = action(given={BASE: git(workspace, "rev-parse", "HEAD^")}, more=steering(workspace) if more else None)

    assert ran(tmp_path) == []
    assert done.codes == {"check": 0, "verdict": 1}, done.log
    assert done.outputs["verdict"] == "fail"
    assert json.loads(done.outputs["counts"])["fail"] > 0
    assert "critical private-data-to-closed-model" in done.log
    changes, _, _ = done.summary.partition("\n## fedpolicy: ")
    assert "private-data-to-closed-model" in changes
    assert json.loads(Path(done.outputs["sarif"]).read_text(encoding="utf-8"))["version"] == "2.1.0"


def test_nothing_of_the_workspace_runs_while_the_action_installs_itself(action, workspace, ourselves, index, tmp_path):
    del index
    done = action(installed=None, where=ourselves, more=steering(workspace))

    assert ran(tmp_path) == []
    assert done.codes == {"install": 0, "check": 0, "verdict": 1}, done.log
    assert done.outputs["verdict"] == "fail"
    assert re.search(r"^fedpolicy \d+\.\d+", done.log, re.MULTILINE)
    assert git(workspace, "status", "--short", "--untracked-files=no") == ""
    assert not (workspace / "target").exists()


def test_a_repository_with_modules_of_such_names_is_checked(action, workspace, tmp_path):
    """That it installs itself among them is shown above, where they are hostile."""
    write(workspace, harmless() | {SPEC: CLEAN})
    done = action()

    assert done.codes == {"check": 0, "verdict": 0}, done.log
    assert done.outputs["verdict"] == "pass"
    assert ran(tmp_path) == []


def test_a_file_name_that_is_no_utf_8_takes_no_output_away(action, workspace, tmp_path):
    name = os.fsencode(workspace / "infra") + b"/\xff:,%0A.fedpolicy.yaml"
    (workspace / SPEC).unlink()
    Path(os.fsdecode(name)).write_text(LEAKING, encoding="utf-8")
    done = action(given={BASE: git(workspace, "rev-parse", "HEAD^")}, format="junit")

    assert done.codes == {"check": 0, "verdict": 1}, done.log
    assert "critical private-data-to-closed-model" in done.log
    assert json.loads(done.outputs["counts"])["fail"] > 0
    (sarif,) = json.loads(Path(done.outputs["sarif"]).read_text(encoding="utf-8"))["runs"]
    uris = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in sarif["results"]}
    assert uris == {"infra/%FF%3A%2C%250A.fedpolicy.yaml"}
    assert "private-data-to-closed-model" in done.summary
    assert ran(tmp_path) == []


BARE = """\
[core]
\trepositoryformatversion = 1
\tbare = true
[extensions]
\tpartialClone = evil
[remote "evil"]
\turl = ext::touch {marker}
\tpromisor = true
[protocol "ext"]
\tallow = always
"""
MISSING = "0123456789" * 4


def test_a_workspace_without_git_that_looks_like_a_repository_runs_nothing(action, workspace, tmp_path):
    """As where a checkout was downloaded: then the files of the pull request are all that git can find."""
    shutil.rmtree(workspace / ".git")
    marker = tmp_path / "markers" / "ext"
    write(workspace, {"HEAD": "ref: refs/heads/main\n", "config": BARE.format(marker=marker)})
    write(workspace, {"refs/heads/main": f"{MISSING}\n", "objects/.keep": ""})
    done = action(given={BASE: MISSING}, paths="infra")

    assert ran(tmp_path) == []
    assert done.outputs["verdict"] == "fail", done.log
    assert any("the base commit is not in this clone" in line for line in done.commands)
    run(workspace, "git", "cat-file", "-e", MISSING)
    assert ran(tmp_path) == ["ext"]


def test_the_comment_is_written_from_outside_of_the_workspace(action, workspace, tmp_path):
    write(tmp_path / "programs", {"gh": f"#!/bin/sh\npwd >>'{tmp_path}/places'\n"})
    (tmp_path / "programs" / "gh").chmod(0o755)
    path = f"{tmp_path / 'programs'}{os.pathsep}{os.environ['PATH']}"
    done = action(
        comment="true", given={"github.event.pull_request.number": "7"}, more=steering(workspace) | {"PATH": path}
    )

    assert done.codes == {"check": 0, "comment": 0, "verdict": 1}, done.log
    places = (tmp_path / "places").read_text(encoding="utf-8").splitlines()
    assert len(places) == 2
    assert not any(Path(place).is_relative_to(workspace) for place in places)
    assert ran(tmp_path) == []

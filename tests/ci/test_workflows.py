"""Our own workflows may do no more than they need, run what was reviewed, and are what GitHub reads."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.ci.repositories import run, tool
from tests.house.pages import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def test_there_is_one_for_each_change_and_one_for_each_week():
    # YAML 1.1 takes the key `on` for a truth value.
    events = {path.stem: set(yaml.safe_load(path.read_text(encoding="utf-8"))[True]) for path in WORKFLOWS}
    assert events == {"ci": {"push", "pull_request"}, "weekly": {"schedule", "workflow_dispatch"}}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_reads_this_repository_and_nothing_else(path):
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)

    assert workflow["permissions"] == {}
    assert [job["permissions"] for job in workflow["jobs"].values()] == [{"contents": "read"}] * len(workflow["jobs"])
    used = re.findall(r"uses: (.+)", text)
    assert used
    assert [one for one in used if not PINNED.fullmatch(one)] == []
    checkouts = [one for job in workflow["jobs"].values() for one in job["steps"] if "checkout" in one.get("uses", "")]
    assert [one["with"] for one in checkouts] == [{"persist-credentials": False}] * len(workflow["jobs"])
    assert "secrets" not in text


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
@pytest.mark.parametrize("command", [("zizmor", "--offline", "--no-progress", "--pedantic"), ("actionlint",)])
def test_the_tools_that_read_workflows_find_nothing(command, path):
    program = tool(command[0])
    if program is None:
        pytest.skip(f"{command[0]} is in the extra `test-ci`")
    done = run(ROOT, program, *command[1:], str(path))
    assert done.returncode == 0, done.stdout

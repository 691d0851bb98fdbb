"""Our own workflows may do no more than they need, run what was reviewed, and are what GitHub reads."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.ci.repositories import run, tool
from tests.house.pages import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def test_each_workflow_starts_when_it_should():
    # YAML 1.1 takes the key `on` for a truth value.
    events = {path.stem: set(yaml.safe_load(path.read_text(encoding="utf-8"))[True]) for path in WORKFLOWS}
    assert events == {
        "ci": {"push", "pull_request"},
        "weekly": {"schedule", "workflow_dispatch"},
        "refresh": {"schedule", "workflow_dispatch"},
        "release": {"push", "workflow_dispatch"},
        "editors": {"push", "workflow_dispatch"},
        "nightly": {"schedule", "workflow_dispatch"},
    }


# What a job may do beside reading this repository. Nothing of a pull request runs in these.
MORE = {
    ("refresh", "propose"): {"contents": "write", "pull-requests": "write"},
    ("release", "attest"): {"id-token": "write", "attestations": "write"},
    ("release", "publish"): {"contents": "read", "id-token": "write"},
    ("release", "image"): {"contents": "read", "packages": "write", "id-token": "write", "attestations": "write"},
    ("release", "announce"): {"contents": "write"},
}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_job_may_do_no_more_than_it_needs(path):
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)

    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert job["permissions"] == MORE.get((path.stem, name), {"contents": "read"}), name
    used = re.findall(r"uses: (.+)", text)
    assert used
    assert [one for one in used if not PINNED.fullmatch(one)] == []
    checkouts = [one for job in workflow["jobs"].values() for one in job["steps"] if "checkout" in one.get("uses", "")]
    assert all(one["with"]["persist-credentials"] is False for one in checkouts)
    assert "secrets" not in text


def test_only_a_tag_publishes():
    jobs = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))["jobs"]
    for name, job in jobs.items():
        if "write" in job["permissions"].values():
            assert job["if"] == "github.ref_type == 'tag'", name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
@pytest.mark.parametrize("command", [("zizmor", "--offline", "--no-progress", "--pedantic"), ("actionlint",)])
def test_the_tools_that_read_workflows_find_nothing(command, path):
    program = tool(command[0])
    if program is None:
        pytest.skip(f"{command[0]} is in the extra `test-ci`")
    done = run(ROOT, program, *command[1:], str(path))
    assert done.returncode == 0, done.stdout

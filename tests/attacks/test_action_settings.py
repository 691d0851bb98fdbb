"""The set-up that docs/ci.md shows, against a pull request that changes what judges it."""

from __future__ import annotations

import re

import pytest

from tests.attacks.repositories import LEAK, OWN_FACT
from tests.ci.repositories import git, repository, write
from tests.ci.runner import INSTALLED, act
from tests.house.pages import ROOT

pytestmark = pytest.mark.slow  # each runs the steps of the action, some processes a step
LEAK_IN = "infra/x.fedpolicy.yaml"
FACTS = 'providers: {mine: {name: M, jurisdiction: DE, as_of: "2026-01-01", source: "https://x.y/z"}}\n'
WAIVER = """\
fedpolicy_waivers: 1
waivers:
  mine: {rule: raw-data-leaves-silo, element: datasets.*, reason: r, owner: o, approved_by: p, expires: 2999-01-01}
"""
CHANGES = {
    "a fact": {"own.yaml": OWN_FACT},
    "the configuration": {"fedpolicy.toml": 'fail_on = "never"\n'},
    "what a search leaves out": {"fedpolicy.toml": 'exclude = ["*"]\n'},
    "a waiver": {"fedpolicy.waivers.yaml": WAIVER},
    "everything": {"own.yaml": OWN_FACT, "fedpolicy.toml": 'fail_on = "never"\n', "fedpolicy.waivers.yaml": WAIVER},
}
SAMPLE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
FROM_BASE = re.findall(r"^ +([a-z]+-from): \$\{\{ github\.event\.pull_request\.base\.sha", SAMPLE, re.MULTILINE)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_nothing_that_a_pull_request_changes_judges_it(change, tmp_path):
    workspace = repository(
        tmp_path / "workspace", {LEAK_IN: LEAK, "own.yaml": FACTS, "fedpolicy.toml": 'catalogs = ["own.yaml"]\n'}
    )
    base = git(workspace, "rev-parse", "HEAD")
    write(workspace, change)
    (tmp_path / "temporary").mkdir()
    given = {"github.token": "secret", "steps.install": INSTALLED, "github.event.pull_request.base.sha": base}
    done = act(
        ROOT, workspace, {"paths": "infra"} | dict.fromkeys(FROM_BASE, base), tmp_path / "temporary", given=given
    )

    assert FROM_BASE == ["config-from", "waivers-from", "baseline-from"]
    assert done.codes == {"check": 0, "verdict": 1}, done.log
    assert "critical raw-data-leaves-silo" in done.log

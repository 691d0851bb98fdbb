"""
One story, with the real tools: a leak on its way from a laptop to the main branch, and what stops it.

A repository of infrastructure has a clean deployment, and the hook is installed. Somebody adds a deployment that leaks.
The hook stops the commit; they commit without it. The action stops the pull request. They add a waiver to the pull
request, which is still stopped, because waivers are read from its base. The waiver is merged by itself. Now it counts.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.ci.repositories import CLEAN, FOREIGN, LEAKING, git, repository, run, tool, write
from tests.ci.runner import INSTALLED, Done, act
from tests.house.pages import ROOT
from tests.report.multitool import complaints, needs_multitool

PRE_COMMIT = tool("pre-commit")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PRE_COMMIT is None, reason="pre-commit is in the extra `test-ci`"),
]
RULE = "private-data-to-closed-model"
SPEC = "infra/notes.fedpolicy.yaml"
LINE = next(number for number, line in enumerate(LEAKING.splitlines(), 1) if line.strip().startswith("score:"))
HOOKS = """\
repos:
  - repo: {repo}
    rev: {rev}
    hooks: [{{id: fedpolicy-check}}]
"""
WAIVER = f"""\
fedpolicy_waivers: 1
waivers:
  trial:
    rule: {RULE}
    element: parties.openai
    deployment: clinical-notes
    reason: A trial until the contract is signed
    owner: alice
    approved_by: bob
    expires: 2999-01-01
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What came of each step."""

    clean: tuple[int, str]
    hook: tuple[int, str]
    blocked: Done
    excused: tuple[int, str]
    still_blocked: Done
    waived: Done


@pytest.fixture(scope="module")
def story(tmp_path_factory, ourselves, index, home):
    """Live through it once; the tests look at what it left."""
    del index
    place = tmp_path_factory.mktemp("story")
    estate = repository(
        place / "estate",
        {
            ".pre-commit-config.yaml": HOOKS.format(repo=ourselves.as_posix(), rev=git(ourselves, "rev-parse", "HEAD")),
            "infra/ward.fedpolicy.yaml": CLEAN,
            "k8s/deployment.yaml": FOREIGN,
            "fedpolicy.toml": f'select = ["{RULE}"]\n',
        },
    )
    installed = run(estate, PRE_COMMIT, "install", PRE_COMMIT_HOME=str(home))
    assert installed.returncode == 0, installed.stdout

    def commit(**files):
        write(estate, files)
        git(estate, "add", "--all")
        done = run(estate, "git", "commit", "--message=Change", PRE_COMMIT_HOME=str(home))
        return done.returncode, done.stdout

    def action(base):
        temporary = place / f"temporary-{len(list(place.iterdir()))}"
        temporary.mkdir()
        given = {
            "github.token": "secret",
            "github.event.pull_request.base.sha": base,
            "steps.install": INSTALLED,
        }
        inputs = {"paths": "infra", "config-from": base, "waivers-from": base}
        return act(ROOT, estate, inputs, temporary, given=given)

    clean = commit(**{"infra/ward.fedpolicy.yaml": f"{CLEAN}# reviewed\n"})
    main = git(estate, "rev-parse", "HEAD")
    git(estate, "switch", "--quiet", "--create", "change")
    hook = commit(**{SPEC: LEAKING})
    git(estate, "commit", "--quiet", "--no-verify", "--message=Past the hook")
    blocked = action(main)
    excused = commit(**{"fedpolicy.waivers.yaml": WAIVER, SPEC: f"{LEAKING}# see the waiver\n"})
    still_blocked = action(main)
    git(estate, "switch", "--quiet", "main")
    git(estate, "checkout", "--quiet", "change", "--", "fedpolicy.waivers.yaml")
    git(estate, "commit", "--quiet", "--message=Accept the trial")
    approved = git(estate, "rev-parse", "HEAD")
    git(estate, "switch", "--quiet", "change")
    waived = action(approved)
    return Story(clean=clean, hook=hook, blocked=blocked, excused=excused, still_blocked=still_blocked, waived=waived)


def rendered(markdown):
    """The page that people see, its headings and cells, and its blocks of code."""
    parser = MarkdownIt("commonmark").enable("table")
    tokens = parser.parse(markdown)
    text = {
        kind: [after.content for token, after in pairwise(tokens) if token.type == kind]
        for kind in ("heading_open", "td_open")
    }
    fences = [(token.info, token.content) for token in tokens if token.type == "fence"]
    return parser.render(markdown), text, fences


def test_the_hook_lets_a_clean_deployment_pass(story):
    assert story.clean[0] == 0, story.clean[1]
    assert re.search(r"fedpolicy check\.+Passed", story.clean[1])


def test_the_hook_stops_the_leak_and_says_why(story):
    code, said = story.hook

    assert code == 1
    assert re.search(r"fedpolicy check\.+Failed", said)
    assert f"critical {RULE}\n" in said
    assert "openai can learn letters" in said
    assert re.search(r"models\.judge: openai/gpt-4o run by openai +line \d+ ", said)


def test_the_action_stops_the_leak_and_marks_its_line(story):
    blocked = story.blocked
    (annotation,) = blocked.commands

    assert blocked.codes == {"check": 0, "verdict": 1}, blocked.log
    assert blocked.outputs["verdict"] == "fail"
    assert annotation.startswith(f"::error file={SPEC},line={LINE},endLine={LINE},")
    assert f"title=critical%3A {RULE}::openai can learn letters" in annotation
    assert json.loads(blocked.outputs["counts"])["fail"] == 1


@needs_multitool
def test_the_sarif_is_what_code_scanning_takes(story, tmp_path):
    for done in (story.blocked, story.waived):
        assert complaints(Path(done.outputs["sarif"]).read_text(encoding="utf-8"), tmp_path) == []


def test_the_sarif_leads_to_the_line_and_along_the_way(story):
    (sarif,) = json.loads(Path(story.blocked.outputs["sarif"]).read_text(encoding="utf-8"))["runs"]
    (result,) = sarif["results"]
    region = result["locations"][0]["physicalLocation"]

    assert (region["artifactLocation"]["uri"], region["region"]["startLine"]) == (SPEC, LINE)
    assert result["codeFlows"]
    assert sarif["invocations"][0]["executionSuccessful"] is True


def test_the_summary_is_readable_as_it_is_rendered(story):
    page, text, fences = rendered(story.blocked.summary)

    assert "fedpolicy: FAIL, 1 finding from 1 cause" in text["heading_open"]
    assert text["td_open"][:2] == ["1", "0"]
    assert [f"`{RULE}`", f"[`{SPEC}:{LINE}`]"] == text["td_open"][-3:-1]  # a link to the line
    assert text["td_open"][-4] == "**critical**"
    assert all(info == "mermaid" and content.startswith("flowchart LR\n") for info, content in fences)
    assert len(set(fences)) == len(fences) == 4  # what the change adds, the way of the finding, two deployments
    assert len(re.sub(r"(?s)<details>.*?</details>", "", story.blocked.summary).encode()) <= 4_000  # what stands open
    assert "What this pull request changes" in text["heading_open"]
    assert not re.search(r"(?m)^\|", page)


def test_the_hook_believes_the_waiver_that_lies_there(story):
    assert story.excused[0] == 0, story.excused[1]


def test_a_pull_request_cannot_waive_its_own_leak(story):
    assert story.still_blocked.outputs["verdict"] == "fail"
    assert story.still_blocked.codes["verdict"] == 1
    assert json.loads(story.still_blocked.outputs["counts"]) | {"pass": 0, "not_applicable": 0} == {
        "fail": 1,
        "unknown": 0,
        "pass": 0,
        "not_applicable": 0,
        "waived": 0,
    }


def test_a_waiver_of_the_base_counts_and_is_shown(story):
    waived = story.waived
    page, text, _ = rendered(waived.summary)

    assert waived.codes == {"check": 0, "verdict": 0}, waived.log
    assert waived.outputs["verdict"] == "pass"
    assert waived.commands == []
    assert json.loads(waived.outputs["counts"])["waived"] == 1
    assert {"fedpolicy: PASS, no findings", "Waived", "fedpolicy: 1 introduced (1 waived), 0 resolved"} <= set(
        text["heading_open"]
    )
    assert "waived until 2999-01-01 by alice, approved by bob: A trial until the contract is signed" in page

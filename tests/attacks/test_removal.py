"""A pull request that takes a leaking deployment out of sight: it is told, and it fails the job."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import pytest

from tests.ci.repositories import git, repository, write
from tests.ci.runner import INSTALLED, act
from tests.house.pages import ROOT

SPEC, OTHER = "infra/ward.fedpolicy.yaml", "infra/notes.fedpolicy.yaml"
CLEAN = """\
fedpolicy: 1
name: ward
parties: {a: {role: participant}, b: {role: coordinator}}
nodes: {n: {kind: client, party: a}, g: {kind: aggregator, party: b}}
datasets: {d: {at: n, categories: [health]}}
"""
LEAKING = CLEAN.replace("ward", "notes") + "flows: {f: {from: n, to: g, payload: records}}\n"
HEADERS = ['"\\u0066edpolicy": 1', "&x fedpolicy: 1", "? fedpolicy\n: 1"]
WAIVER = """\
fedpolicy_waivers: 1
waivers:
  end-of-the-study:
    rule: deployment-gone
    element: deployment
    deployment: notes
    reason: The study has ended
    owner: alice
    approved_by: bob
    expires: 2999-01-01
"""


@pytest.fixture
def workspace(tmp_path):
    """A clean deployment and a leaking one, which the base has had for long."""
    return repository(tmp_path / "workspace", {SPEC: CLEAN, OTHER: LEAKING})


@pytest.fixture
def action(workspace, tmp_path):
    """Run the action on a pull request whose base is what was there first."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    base = git(workspace, "rev-parse", "HEAD")

    def invoke(*, installed=INSTALLED, base=base, **inputs):
        given = {"github.token": "secret", "steps.install": installed, "github.event.pull_request.base.sha": base}
        names = {"paths": "infra"} | {name.replace("_", "-"): value for name, value in inputs.items()}
        return act(ROOT, workspace, names, temporary, given=given)

    return invoke


def annotations(done, file=OTHER):
    """Those about one file that the base has."""
    return [line for line in done.commands if f" file={file}," in line and "notes is gone" in line]


@pytest.mark.parametrize("new_name", ["", "infra/notes.txt", "elsewhere/notes.fedpolicy.yaml"])
def test_a_deployment_that_is_gone_fails_the_job(new_name, action, workspace):
    (workspace / "elsewhere").mkdir()
    if new_name:
        git(workspace, "mv", OTHER, new_name)
    else:
        git(workspace, "rm", "--quiet", OTHER)
    done = action()

    assert done.codes == {"check": 0, "verdict": 1}, done.log
    assert done.outputs["verdict"] == "fail"
    (told,) = annotations(done)
    assert told.startswith("::error ")
    assert "to allow it, merge a waiver for deployment-gone or set `allow-removed`" in told
    assert done.summary.startswith(
        "**This pull request removes a deployment, or the comparison with its base failed. See the annotations.**\n"
    )
    assert "the deployment notes is gone" in done.summary


@pytest.mark.slow
def test_many_that_are_gone_leave_room_for_other_annotations(action, workspace):
    files = {f"infra/{name}.fedpolicy.yaml": CLEAN.replace("ward", name) for name in ("a", "b", "c", "d", "e", "f")}
    write(workspace, files)
    git(workspace, "add", "--all")
    git(workspace, "commit", "--quiet", "--message=Six more")
    base = git(workspace, "rev-parse", "HEAD")
    git(workspace, "rm", "--quiet", *files)
    done = action(base=base)

    errors = [line for line in done.commands if line.startswith("::error ")]
    assert [" is gone" in line for line in errors[:4]] == [True] * 4
    assert errors[4] == "::error title=fedpolicy::2 more deployments are gone; the summary names them"
    assert "raw-data-leaves-silo" in errors[5]
    assert all(f"the deployment {name} is gone" in done.summary for name in "abcdef")


@pytest.mark.slow
@pytest.mark.parametrize("header", HEADERS)
def test_an_edit_that_nobody_sees_does_not_take_a_leak_out_of_sight(header, action, workspace):
    write(workspace, {"infra/notes.yaml": LEAKING})
    git(workspace, "rm", "--quiet", OTHER)
    git(workspace, "add", "--all")
    git(workspace, "commit", "--quiet", "--message=Another name")
    base = git(workspace, "rev-parse", "HEAD")
    write(workspace, {"infra/notes.yaml": LEAKING.replace("fedpolicy: 1\n", f"{header}\n", 1)})
    done = action(base=base)

    assert done.outputs["verdict"] == "fail", done.log


def test_a_removal_is_allowed_by_the_workflow(action, workspace):
    git(workspace, "rm", "--quiet", OTHER)
    done = action(allow_removed="true")

    assert done.codes == {"check": 0, "verdict": 0}, done.log
    (told,) = annotations(done)
    assert told.startswith("::warning ")
    assert "the deployment notes is gone" in done.summary


@pytest.mark.slow
def test_a_removal_is_allowed_by_a_waiver_but_not_by_one_of_the_same_change(action, workspace):
    base = git(workspace, "rev-parse", "HEAD")
    write(workspace, {"fedpolicy.waivers.yaml": WAIVER})
    git(workspace, "rm", "--quiet", OTHER)
    git(workspace, "add", "--all")
    git(workspace, "commit", "--quiet", "--message=Excuse myself")
    head = git(workspace, "rev-parse", "HEAD")

    assert action(waivers_from=head).outputs["verdict"] == "pass"
    assert action(waivers_from=base).outputs["verdict"] == "fail"


@pytest.mark.slow
def test_whether_one_is_gone_is_told_although_another_has_a_mistake(action, workspace):
    git(workspace, "rm", "--quiet", OTHER)
    write(workspace, {SPEC: CLEAN.replace("parties:", "partys:", 1)})
    done = action()

    assert done.outputs["verdict"] == "error"
    assert any("the comparison with the base failed" in line and line.startswith("::error ") for line in done.commands)


def test_a_comparison_that_fails_fails_the_job_and_is_told(action, workspace, tmp_path):
    """Whatever the reason: here is a Python that cannot compare."""
    python = (
        f'#!/usr/bin/env bash\ncase " $* " in *" diff "*) exit 3 ;; esac\nexec {shlex.quote(sys.executable)} "$@"\n'
    )
    write(tmp_path / "bin", {"python": python})
    (tmp_path / "bin" / "python").chmod(0o755)
    write(workspace, {OTHER: CLEAN.replace("name: ", "name: another-", 1)})
    done = action(installed={"bin": str(tmp_path / "bin")})

    assert done.codes == {"check": 0, "verdict": 2}, done.log
    assert done.outputs["verdict"] == "error"
    assert [line for line in done.commands if "the comparison with the base failed" in line]


@pytest.mark.slow
def test_a_mistake_of_the_base_can_be_mended(action, workspace):
    write(workspace, {OTHER: CLEAN.replace("parties:", "partys:", 1)})
    git(workspace, "commit", "--quiet", "--all", "--message=Broken")
    base = git(workspace, "rev-parse", "HEAD")
    write(workspace, {OTHER: CLEAN.replace("name: ", "name: another-", 1)})
    done = action(base=base)

    assert done.outputs["verdict"] == "pass", done.log
    assert [line for line in done.commands if line.startswith("::warning ") and "comparison with the base" in line]


@pytest.mark.slow
def test_a_folder_called_as_the_base_is_not_read_in_its_place(action, workspace):
    base = git(workspace, "rev-parse", "HEAD")
    write(workspace, {f"{base}:infra/ward.fedpolicy.yaml": CLEAN})
    git(workspace, "rm", "--quiet", OTHER)
    done = action()

    assert done.outputs["verdict"] == "fail", done.log
    assert annotations(done)


@pytest.mark.slow
def test_what_the_base_has_got_since_a_branch_began_is_not_gone(action, workspace):
    """Where the head of the branch is checked out, not what a merge would give."""
    write(workspace, {"infra/later.fedpolicy.yaml": LEAKING.replace("name: notes", "name: later")})
    git(workspace, "rm", "--quiet", OTHER)
    git(workspace, "commit", "--quiet", "--message=Main without the leak")
    begun = git(workspace, "rev-parse", "HEAD")
    git(workspace, "add", "--all")
    git(workspace, "commit", "--quiet", "--message=Main goes on")
    base = git(workspace, "rev-parse", "HEAD")
    git(workspace, "checkout", "--quiet", begun)
    done = action(base=base)

    assert done.outputs["verdict"] == "pass", done.log


def test_without_the_base_it_is_told_that_nothing_is_known(action):
    (told,) = [line for line in action(base="0" * 40).commands if "the base commit is not in this clone" in line]

    assert told.startswith("::warning title=fedpolicy::the base commit is not in this clone")


FINDING = {"rule": "deployment-gone", "message": "a%\n::set-env name=x::y\r", "file": "main:a,b:\n::c", "line": 3}


@pytest.mark.parametrize(
    ("text", "code", "output"),
    [
        (
            json.dumps({"differences": [{"introduced": [FINDING | {"waiver": None}]}]}),
            1,
            (
                "::error file=a%2Cb%3A%0A%3A%3Ac,line=3,title=fedpolicy::a%25%0A::set-env name=x::y%0D; to allow it, "
                "merge a waiver for deployment-gone or set `allow-removed`\n"
            ),
        ),
        (json.dumps({"differences": [{"introduced": [FINDING | {"waiver": {"owner": "a"}}]}]}), 0, ""),
        ("{", 1, ""),
    ],
    ids=["text of others", "waived", "no JSON"],
)
def test_what_a_comparison_says_starts_no_command(text, code, output, tmp_path):
    write(tmp_path, {"one.json": text})
    command = [sys.executable, "-I", str(ROOT / "action" / "changes.py"), "main", "1", "false", "one.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)

    assert (done.returncode, done.stdout) == (code, output)

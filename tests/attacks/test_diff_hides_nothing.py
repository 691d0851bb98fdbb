"""`fedpolicy diff`: a deployment that goes away is a finding; what cannot be read has not gone."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace

import pytest
from click.testing import CliRunner

from fedpolicy.cli.commands import app
from fedpolicy.errors import PolicyError
from fedpolicy.policy import evaluate as evaluation
from fedpolicy.policy.evaluate import evaluate

HEAD = """\
fedpolicy: 1
name: {name}
parties: {{a: {{role: participant}}, b: {{role: coordinator}}}}
nodes: {{n: {{kind: client, party: a}}, g: {{kind: aggregator, party: b}}}}
datasets: {{d: {{at: n, categories: [health]}}}}
"""
LEAK = HEAD + "flows: {{f: {{from: n, to: g, payload: records}}}}\n"
GONE = "the deployment leak is gone, and with it 1 finding that nobody has resolved"
RULE = "raw-data-leaves-silo"


@pytest.fixture
def sides(tmp_path, monkeypatch):
    """Two folders, the old one with a leak and with something harmless."""
    monkeypatch.chdir(tmp_path)
    for side in ("old", "new"):
        (tmp_path / side / "sub").mkdir(parents=True)
        (tmp_path / side / "other.fedpolicy.yaml").write_text(HEAD.format(name="other"), encoding="utf-8")
    (tmp_path / "old" / "sub" / "leak.yaml").write_text(LEAK.format(name="leak"), encoding="utf-8")
    return tmp_path


def diff(*arguments, old="old", new="new"):
    return CliRunner().invoke(app, ["diff", old, new, *arguments])


def differences(done):
    return json.loads(done.stdout)["differences"]


def test_a_deployment_that_goes_away_is_a_finding_that_fails(sides):
    del sides
    done = diff("--format", "json")
    (gone,) = differences(done)

    assert done.exit_code == 1
    assert (gone["deployment"], gone["state"], gone["resolved"]) == ("leak", "gone", [])
    (finding,) = gone["introduced"]
    assert (finding["rule"], finding["severity"], finding["message"]) == ("deployment-gone", "high", GONE)
    assert (finding["file"], finding["line"]) == ("old/sub/leak.yaml", 2)
    assert (diff("--fail-on", "critical").exit_code, diff("--fail-on", "never").exit_code) == (0, 0)


def test_text_and_markdown_tell_it(sides):
    del sides
    text, page = diff().stdout, diff("--format", "markdown").stdout

    assert f" + high[deployment-gone] {GONE} old/sub/leak.yaml:2:7 " in " ".join(text.split())
    assert text.endswith("\n1 finding introduced, 0 resolved in 2 deployments\n")
    assert page.startswith("### fedpolicy: 1 introduced, 0 resolved\n\n**leak** (`old/sub/leak.yaml`, gone)\n")
    assert f"- **high** `deployment-gone`: {GONE} (`old/sub/leak.yaml:2`)\n" in page


WAIVER = """\
fedpolicy_waivers: 1
waivers:
  over:
    rule: deployment-gone
    element: deployment
    deployment: {name}
    reason: The study is over
    owner: alice
    approved_by: bob
    expires: 2027-03-31
"""


@pytest.mark.parametrize(("name", "code"), [("leak", 0), ("other", 1)])
def test_a_waiver_of_its_own_deployment_covers_it_and_a_check_does_not_call_it_unused(name, code, sides):
    (sides / "fedpolicy.waivers.yaml").write_text(WAIVER.format(name=name), encoding="utf-8")
    check = CliRunner().invoke(app, ["check", "new", "--today", "2026-11-22"])

    assert diff("--today", "2026-11-22").exit_code == code
    assert (check.exit_code, "waiver" in check.stdout.replace("waived", "")) == (0, False)


@pytest.mark.parametrize(
    ("settings", "code"),
    [('severity = "medium"', 0), ('severity = "critical"', 1), ("enabled = false", 0)],
)
def test_the_configuration_grades_it(settings, code, sides):
    (sides / "fedpolicy.toml").write_text(f"[rules.deployment-gone]\n{settings}\n", encoding="utf-8")

    assert diff().exit_code == code


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("fedpolicy: 1", '"\\u0066edpolicy": 1'),
        lambda text: "&x " + text,
        lambda text: text.replace("fedpolicy: 1", "? fedpolicy\n: 1"),
    ],
)
def test_a_file_that_a_search_no_longer_finds_is_there_all_the_same(change, sides):
    (sides / "new" / "sub" / "leak.yaml").write_text(change(LEAK.format(name="leak")), encoding="utf-8")
    done = diff("--format", "json")

    assert (done.exit_code, differences(done)) == (0, [])


@pytest.mark.parametrize(
    "text",
    [
        LEAK.format(name="leak").replace("party: b", "party: [b"),
        LEAK.format(name="leak").replace("parties", "partys"),
        "kind: Deployment\n",
        "",
    ],
)
def test_a_file_that_is_there_and_cannot_be_used_is_not_called_gone(text, sides):
    (sides / "new" / "sub" / "leak.yaml").write_text(text, encoding="utf-8")
    done = diff("--format", "json")
    page = diff("--format", "markdown").stdout
    (one,) = differences(done)

    assert done.exit_code == 2
    assert (one["deployment"], one["state"], one["introduced"], one["resolved"]) == ("leak", "uncompared", [], [])
    assert json.loads(done.stdout)["errors"][0]["file"] == "new/sub/leak.yaml"
    assert "leak (old/sub/leak.yaml) (not compared: not all of the new state could be used)\n" in diff().stdout
    assert "Could not be used, so nothing is said about it:\n\n- `new/sub/leak.yaml:" in page
    assert "**leak** (`old/sub/leak.yaml`, not compared)" in page


def test_a_broken_file_does_not_hide_what_another_one_introduces(sides):
    (sides / "new" / "sub" / "leak.yaml").write_text("fedpolicy: 1\nname: [\n", encoding="utf-8")
    (sides / "new" / "fresh.fedpolicy.yaml").write_text(LEAK.format(name="fresh"), encoding="utf-8")
    done = diff("--format", "json")
    found = {one["deployment"]: {finding["rule"] for finding in one["introduced"]} for one in differences(done)}

    assert done.exit_code == 2
    assert found["leak"] == set()
    assert RULE in found["fresh"]


def test_what_a_rule_no_longer_answers_is_not_resolved(sides, monkeypatch):
    (sides / "new" / "sub" / "leak.yaml").write_text(
        LEAK.format(name="leak").replace("payload: records", "payload: metrics"), encoding="utf-8"
    )
    assert RULE in {one["rule"] for one in differences(diff("--format", "json"))[0]["resolved"]}

    def silent(*arguments):
        _, document, rules = arguments
        found = evaluate(*arguments)
        if not document.file.startswith("new"):
            return found
        (rule,) = (rule for rule in rules if rule.id == RULE)
        return replace(found, broken={rule.id: PolicyError("no answer")})

    monkeypatch.setattr(evaluation, "evaluate", silent)
    done = diff("--format", "json")

    assert done.exit_code == 2
    assert RULE not in {one["rule"] for one in differences(done)[0]["resolved"]}


def test_a_bug_in_one_state_ends_with_3_and_resolves_nothing(sides, monkeypatch):
    (sides / "new" / "sub" / "leak.yaml").write_text(LEAK.format(name="leak"), encoding="utf-8")

    def fails(study, document, rules):
        if document.file == "new/sub/leak.yaml":
            raise TypeError("unhashable")
        return evaluate(study, document, rules)

    monkeypatch.setattr(evaluation, "evaluate", fails)
    done = diff("--format", "json")
    (one,) = differences(done)

    assert done.exit_code == 3
    assert (one["state"], one["resolved"]) == ("uncompared", [])
    assert done.stderr.startswith("error: a bug in fedpolicy, in `new/sub/leak.yaml`: TypeError: unhashable\n")


def test_a_revision_is_searched_for_what_is_there_as_well(sides):
    def git(*arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *arguments], cwd=sides, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "before")
    path = sides / "old" / "sub" / "leak.yaml"
    text = path.read_text(encoding="utf-8")
    hidden = text.replace("fedpolicy: 1", '"fedpolicy" : 1').replace("name:", "&x name:")
    path.write_text(f"&y {hidden}", encoding="utf-8")
    git("commit", "-q", "-a", "-m", "after")

    for old, new in (("HEAD~1:old", "old"), ("HEAD~1:old", "HEAD:old"), ("HEAD~1:", "HEAD:")):
        done = diff("--format", "json", old=old, new=new)
        assert (done.exit_code, differences(done)) == (0, []), (old, new, done.stderr)
    path.unlink()
    assert diff(old="HEAD~1:old", new="old").exit_code == 1

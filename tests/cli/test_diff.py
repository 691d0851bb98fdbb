"""fedpolicy diff: what a change does to whom."""

import json
import subprocess
from itertools import combinations
from pathlib import Path

import pytest

from fedpolicy import api
from fedpolicy.analysis.changes import changes_between

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/deployment.yaml"))
CATALOG = api.load_catalog()
CLOSED = "judge:   {ref: openai/gpt-4o, via: [openai]}"
OWN = "judge:   {ref: mistralai/Mistral-7B-Instruct-v0.3, revision: abc1234, weights_at: [client]}"


@pytest.fixture
def both(run, example, tmp_path):
    text = example.read_text(encoding="utf-8")
    assert CLOSED in text
    (tmp_path / "own.yaml").write_text(text.replace(CLOSED, OWN), encoding="utf-8")
    return run


@pytest.fixture
def repository(both, git):
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "both")
    return both


def changes_of(result):
    (difference,) = json.loads(result.stdout)["differences"]
    return difference


def test_a_difference_can_be_told_for_one_owner(both):
    whole = changes_of(both("diff", "own.yaml", "deployment.yaml", "--format", "json"))
    mine = changes_of(both("diff", "own.yaml", "deployment.yaml", "--format", "json", "--owner", "charite"))
    host = both("diff", "own.yaml", "deployment.yaml", "--format", "json", "--owner", "hetzner")

    (learned,) = mine["disclosures"]
    assert (learned["parties"], learned["datasets"], learned["pairs"]) == (["openai"], ["letters@charite"], 1)
    assert {tuple(one["participants"]) for one in mine["control"]} == {("charite",)}
    assert mine["introduced"] == whole["introduced"], "each of them names data of all three, or nobody"
    assert {one["rule"] for one in whole["introduced"]} > {"model-unpinned", "prompts-retained", "model-retired"}
    assert json.loads(host.stdout)["differences"] == [], "the model that is called now never comes to its machine"


def test_a_difference_for_somebody_who_is_not_there_names_who_is(both):
    done = both("diff", "own.yaml", "deployment.yaml", "--owner", "chariti")

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[:2] == [
        "error: no party is called `chariti`",
        "  = help: did you mean `charite`? known: aphp, charite, hetzner, lumc, openai, tum",
    ]


def test_a_deployment_without_the_owner_is_not_told(both, example, tmp_path):
    other = example.read_text(encoding="utf-8").replace("name: clinical-notes", "name: other").replace("aphp", "ukhd")
    (tmp_path / "new.yaml").write_text(other, encoding="utf-8")
    done = both("diff", "deployment.yaml", "new.yaml", "--format", "json", "--owner", "ukhd")

    assert [one["deployment"] for one in json.loads(done.stdout)["differences"]] == ["other"]


def test_a_repaired_deployment_loses_exactly_the_disclosures_to_openai(both):
    result = both("diff", "deployment.yaml", "own.yaml", "--format", "json")
    difference = changes_of(result)

    assert result.exit_code == 0
    (gone,) = difference["disclosures"]
    assert (gone["kind"], gone["parties"], gone["as"]) == ("gone", ["openai"], "provider")
    assert gone["datasets"] == ["letters@aphp", "letters@charite", "letters@lumc"]
    assert gone["before"] == {"low": "verbatim", "high": "verbatim", "guaranteed": "verbatim"}
    assert {(c["capability"], tuple(c["before"] or ["-"]), tuple(c["after"])) for c in difference["control"]} == {
        ("run", ("openai",), ()),
        ("inspect", ("-",), ()),
    }
    assert difference["budgets"] == []
    assert "private-data-to-closed-model" in {finding["rule"] for finding in difference["resolved"]}


def test_only_what_is_introduced_fails(both):
    worse = both("diff", "own.yaml", "deployment.yaml")

    assert worse.exit_code == 1
    assert "+ critical[private-data-to-closed-model]" in worse.stdout
    assert (
        "    + openai (provider) now learns letters@aphp, letters@charite and letters@lumc: none -> verbatim"
        in worse.stdout
    )
    assert both("diff", "own.yaml", "deployment.yaml", "--fail-on", "never").exit_code == 0
    assert both("diff", "deployment.yaml", "deployment.yaml").stdout == "no difference in 1 deployment\n"


WAIVER = """\
fedpolicy_waivers: 1
waivers:
  trial:
    rule: private-data-to-closed-model
    element: parties.openai
    reason: A *trial* until March
    owner: alice
    approved_by: bob
    expires: 2027-03-31
"""
RULE = str(Path(__file__).parents[2] / "policies" / "federation" / "private-data-to-closed-model.yaml")
TRIAL = "waived until 2027-03-31 by alice, approved by bob: A *trial* until March (fedpolicy.waivers.yaml:3:3)"


def test_what_is_waived_is_shown_and_does_not_fail(both, tmp_path):
    select = ("diff", "own.yaml", "deployment.yaml", "--pack", RULE, "--today", "2026-11-22")
    failing = both(*select)
    (tmp_path / "fedpolicy.waivers.yaml").write_text(WAIVER, encoding="utf-8")
    waived = both(*select)
    (finding,) = changes_of(both(*select, "--format", "json"))["introduced"]

    assert (failing.exit_code, waived.exit_code) == (1, 0)
    assert "    + waived[private-data-to-closed-model] openai can learn letters" in waived.stdout
    assert TRIAL in " ".join(waived.stdout.split())
    assert waived.stdout.endswith("\n1 finding introduced (1 waived), 0 resolved in 1 deployment\n")
    assert (finding["verdict"], finding["waiver"]["verdict"], finding["waiver"]["id"]) == ("waived", "fail", "trial")
    markdown = both(*select, "--format", "markdown").stdout
    assert markdown.startswith("### fedpolicy: 1 introduced (1 waived), 0 resolved\n")
    assert f"; {TRIAL.replace('*', chr(92) + '*')}\n" in markdown
    assert both(*select, "--no-waivers").exit_code == 1
    assert both(*select[:-1], "2027-04-01").exit_code == 1


def test_what_both_states_have_is_not_introduced_because_it_is_waived(both, tmp_path):
    (tmp_path / "fedpolicy.waivers.yaml").write_text(WAIVER, encoding="utf-8")

    assert both("diff", "deployment.yaml", "deployment.yaml").stdout == "no difference in 1 deployment\n"


def test_a_change_cannot_waive_what_it_introduces(repository, tmp_path):
    (tmp_path / "fedpolicy.waivers.yaml").write_text(WAIVER, encoding="utf-8")
    (tmp_path / "fedpolicy.toml").write_text('fail_on = "never"\n', encoding="utf-8")
    select = ("diff", "own.yaml", "deployment.yaml", "--pack", RULE, "--today", "2026-11-22")

    assert repository(*select, "--config-from", "HEAD").exit_code == 0
    assert repository(*select, "--config-from", "HEAD", "--waivers-from", "HEAD").exit_code == 1
    assert repository(*select, "--waivers-from", "HEAD").exit_code == 0


def test_waivers_with_a_mistake_end_a_comparison(both, tmp_path):
    (tmp_path / "fedpolicy.waivers.yaml").write_text(WAIVER.replace("owner: alice", "ownr: alice"), encoding="utf-8")
    result = both("diff", "own.yaml", "deployment.yaml")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "did you mean `owner`?" in result.stderr


def test_renamed_nodes_and_another_order_are_no_change_of_what_anybody_learns(both, tmp_path):
    text = (tmp_path / "deployment.yaml").read_text(encoding="utf-8")
    (tmp_path / "renamed.yaml").write_text(
        text.replace("  tracker:", "  board:").replace("to: tracker", "to: board"), encoding="utf-8"
    )
    result = both("diff", "deployment.yaml", "renamed.yaml")

    assert (result.exit_code, result.stdout) == (0, "no difference in 1 deployment\n")


def test_markdown_draws_the_new_ways_only(both):
    text = both("diff", "own.yaml", "deployment.yaml", "--format", "markdown").stdout

    assert text.startswith("### fedpolicy: ")
    assert '```mermaid\nflowchart LR\n  n0["client@aphp"]\n  n1["openai"]\n  n0 -->|"prompts"| n1\n```' in text
    assert "mermaid" not in both("diff", "deployment.yaml", "own.yaml", "--format", "markdown").stdout


def test_revisions_of_a_repository(repository, tmp_path):
    (tmp_path / "own.yaml").write_text((tmp_path / "deployment.yaml").read_text(encoding="utf-8"), encoding="utf-8")

    assert repository("diff", "HEAD:own.yaml", "own.yaml").exit_code == 1
    assert repository("diff", "main:deployment.yaml", "deployment.yaml").stdout == "no difference in 1 deployment\n"
    assert "introduced" in repository("diff", "HEAD:", ".").stdout


def test_both_states_are_searched_alike(repository, tmp_path):
    names = ["drafts/a.yaml", "node_modules/b.yaml", ".hidden/c.yaml", "kept/d e.yaml"]
    for name in names:
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(
            (tmp_path / "own.yaml").read_text(encoding="utf-8").replace("clinical-notes", name[0:1] + "x"),
            encoding="utf-8",
        )
    (tmp_path / "fedpolicy.toml").write_text('exclude = ["drafts/**"]\n', encoding="utf-8")
    subprocess.run(["git", "add", "--force", "."], cwd=tmp_path, check=True, capture_output=True)
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, "commit", "-q", "-m", "more"], cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "kept" / "d e.yaml").unlink()

    result = repository("diff", "HEAD:", ".", "--format", "json")
    assert [one["deployment"] for one in json.loads(result.stdout)["differences"]] == ["kx"]


@pytest.mark.parametrize(
    ("old", "message"),
    [
        ("nope:own.yaml", "git knows no revision `nope` here"),
        ("HEAD:nowhere.yaml", "`nowhere.yaml` is not in the revision `HEAD`"),
        ("--all:own.yaml", "git knows no revision `--all` here"),
    ],
)
def test_a_revision_or_path_that_is_not_there(repository, old, message):
    result = repository("diff", "--", old, "own.yaml")

    assert result.exit_code == 2
    assert message in result.stderr


def test_what_cannot_be_read_is_not_taken_for_gone(both, tmp_path):
    (tmp_path / "broken.yaml").write_text("fedpolicy: 1\nname: [\n", encoding="utf-8")
    result = both("diff", "deployment.yaml", "broken.yaml")

    assert result.exit_code == 2
    assert result.stdout == (
        "clinical-notes (deployment.yaml) (not compared: not all of the new state could be used)\n\n"
        "nothing was compared\n"
    )
    assert "broken.yaml:2:7" in result.stderr


def test_a_file_that_is_gone_is_told(both):
    result = both("diff", "nowhere.yaml", "own.yaml")

    assert result.exit_code == 2
    assert "`nowhere.yaml` does not exist" in result.stderr


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_nothing_differs_from_itself(path):
    (document,) = api.load(path)
    facts = api.facts(document, CATALOG)

    assert not changes_between(facts, facts)


@pytest.mark.parametrize(("one", "other"), list(combinations(EXAMPLES[:5], 2)))
def test_a_difference_mirrors_its_reverse(one, other):
    first, second = (api.facts(api.load(path)[0], CATALOG) for path in (one, other))
    there, back = changes_between(first, second), changes_between(second, first)

    assert {(c.parties, c.role, c.datasets, c.before, c.after) for c in there.disclosures} == {
        (c.parties, c.role, c.datasets, c.after, c.before) for c in back.disclosures
    }
    assert {(c.participants, c.use, c.capability, c.before, c.after) for c in there.control} == {
        (c.participants, c.use, c.capability, c.after, c.before) for c in back.control
    }
    assert {(c.parties, c.datasets, c.unit, c.before, c.after) for c in there.budgets} == {
        (c.parties, c.datasets, c.unit, c.after, c.before) for c in back.budgets
    }


def test_more_noise_is_a_smaller_loss_in_every_format(both, example, tmp_path):
    quiet = example.read_text(encoding="utf-8").replace("noise_multiplier: 1.1", "noise_multiplier: 12")
    (tmp_path / "quiet.yaml").write_text(quiet, encoding="utf-8")

    (budget,) = changes_of(both("diff", "deployment.yaml", "quiet.yaml", "--format", "json"))["budgets"]
    text = both("diff", "quiet.yaml", "deployment.yaml").stdout
    page = both("diff", "deployment.yaml", "quiet.yaml", "--format", "markdown").stdout

    assert (budget["kind"], budget["parties"], budget["unit"]) == ("better", ["aphp", "charite", "lumc"], "record")
    assert budget["before"] == {"seen": True, "low": 50.4705, "high": 50.4705}
    assert budget["after"] == {"seen": True, "low": pytest.approx(2.7, abs=0.01), "high": pytest.approx(2.7, abs=0.01)}
    assert "privacy loss\n    ! aphp, charite and lumc, per record of" in text
    assert "ε 50.5 -\\> ε 2.7" in page


def test_noise_that_is_taken_away_makes_a_loss_infinite(both, example, tmp_path):
    lines = example.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if "differential_privacy" in line)
    (tmp_path / "loud.yaml").write_text("".join(lines[:at] + lines[at + 2 :]), encoding="utf-8")

    (budget,) = changes_of(both("diff", "deployment.yaml", "loud.yaml", "--format", "json"))["budgets"]

    assert (budget["kind"], budget["after"]) == ("worse", {"seen": True, "low": None, "high": None})

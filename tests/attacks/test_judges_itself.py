"""Attacks by a change on what judges it: configuration, packs and catalogues, against those of a trusted revision."""

from __future__ import annotations

import json
import os
import threading

import pytest
from click.testing import CliRunner

from fedpolicy.cli.commands import app
from tests.attacks.repositories import CLEAN, LEAK, OWN_FACT, committed, git, put

FACTS = 'providers: {mine: {name: M, jurisdiction: DE, as_of: "2026-01-01", source: "https://x.y/z"}}\n'
RULE = """\
id: no-plain-records
title: No records
principle: data-locality
severity: high
applies_to: flow
require: flow.payload != "records"
message: "{flow.id} sends records"
why: They are records.
help: Send something else.
references: [{basis: practice, title: t, note: n}]
"""
PACK = "pack: mine\ntitle: Mine\n"
CONFIG = 'packs = ["rules/mine"]\ncatalogs = ["rules/own.yaml"]\n'
TRUSTED = ["--config-from", "trusted", "--waivers-from", "trusted"]


@pytest.fixture
def run(monkeypatch):
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    return lambda *arguments: CliRunner().invoke(app, [*arguments])


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A leak, and rules of its own, as `trusted` has them."""
    monkeypatch.chdir(tmp_path)
    files = {"fedpolicy.toml": CONFIG, "rules/own.yaml": FACTS, "rules/mine/_pack.yaml": PACK}
    committed(tmp_path, {**files, "rules/mine/no-plain-records.yaml": RULE, "leak.yaml": LEAK})
    git(tmp_path, "branch", "trusted")
    return tmp_path


def failing(done):
    return sorted(one["rule"] for one in json.loads(done.stdout)["findings"] if one["verdict"] == "fail")


CHANGES = {
    "a fact of the catalogue": {"rules/own.yaml": OWN_FACT},
    "a rule": {"rules/mine/no-plain-records.yaml": RULE.replace("!=", "==")},
    "a rule that is no rule": {"rules/mine/no-plain-records.yaml": "nothing\n"},
    "one rule more": {"rules/mine/zz.yaml": RULE},
    "another pack": {"rules/mine/_pack.yaml": "broken"},
    "the configuration": {"fedpolicy.toml": 'packs = ["gdpr"]\n'},
    "a nearer configuration": {"fedpolicy.toml": "", "pyproject.toml": '[tool.fedpolicy]\npacks = ["gdpr"]\n'},
    "what is left out": {"fedpolicy.toml": CONFIG + 'exclude = ["*"]\n'},
    "a severity": {"fedpolicy.toml": CONFIG + '[rules.no-plain-records]\nseverity = "info"\n'},
    "when it fails": {"fedpolicy.toml": CONFIG + 'fail_on = "never"\n'},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("command", [["check", "."], ["check", "leak.yaml"]], ids=["a folder", "a file"])
def test_no_change_of_what_judges_counts(repository, run, change, command):
    committed(repository, change)
    done = run(*command, *TRUSTED, "--format", "json")

    assert (done.exit_code, failing(done)) == (1, ["no-plain-records"]), done.stderr


def test_a_link_in_place_of_a_folder_leads_nowhere(repository, run):
    committed(repository, {"harmless/_pack.yaml": PACK, "harmless/no-plain-records.yaml": RULE.replace("!=", "==")})
    git(repository, "branch", "--force", "trusted")
    git(repository, "rm", "-r", "--quiet", "rules/mine")
    (repository / "rules" / "mine").symlink_to("../harmless")
    committed(repository, {})

    assert run("check", "leak.yaml", "--pack", "rules/mine").exit_code == 0
    done = run("check", "leak.yaml", *TRUSTED, "--format", "json")
    assert (done.exit_code, failing(done)) == (1, ["no-plain-records"])


def test_what_the_change_takes_away_is_there_all_the_same(repository, run):
    git(repository, "rm", "-r", "--quiet", "rules", "fedpolicy.toml")
    git(repository, "commit", "--quiet", "-m", "away")
    done = run("check", "leak.yaml", *TRUSTED, "--format", "json")

    assert (done.exit_code, failing(done)) == (1, ["no-plain-records"])


def test_the_same_in_diff_and_baseline(repository, run):
    committed(repository, {"old.yaml": CLEAN.replace("ok", "x")})
    committed(repository, CHANGES["a fact of the catalogue"] | CHANGES["a rule"])
    done = run("diff", "old.yaml", "leak.yaml", *TRUSTED)
    written = run("baseline", "leak.yaml", *TRUSTED, "-o", "-")

    assert done.exit_code == 1
    assert "no-plain-records" in done.stdout
    assert "no-plain-records" in written.stdout
    assert run("diff", "old.yaml", "leak.yaml").exit_code == 0


def test_what_the_command_line_names_is_trusted_where_the_revision_has_it(repository, run):
    committed(repository, CHANGES["a rule"] | CHANGES["a fact of the catalogue"])
    named = ["--pack", "./rules/mine/", "--catalog", "rules/own.yaml", "--format", "json"]

    assert failing(run("check", "leak.yaml", *named)) == []
    assert failing(run("check", "leak.yaml", *named, *TRUSTED)) == ["no-plain-records"]
    assert failing(run("check", "leak.yaml", "--isolated", *named, *TRUSTED)) == ["no-plain-records"]


def test_a_pack_from_elsewhere_is_taken_from_there_when_it_is_pinned_and_only_then(repository, run):
    put(repository, {".git/info/exclude": "elsewhere\n", "elsewhere/_pack.yaml": PACK, "elsewhere/r.yaml": RULE})
    (repository / "elsewhere" / "r.yaml").rename(repository / "elsewhere" / "no-plain-records.yaml")
    committed(repository, {"fedpolicy.toml": 'packs = ["elsewhere"]\n'})
    git(repository, "reset", "--quiet", "--hard")
    unpinned = run("check", "leak.yaml", "--config-from", "HEAD")
    git(repository, "rm", "-r", "--quiet", "--cached", "elsewhere")
    git(repository, "commit", "--quiet", "-m", "away")
    lacking = run("check", "leak.yaml", "--config-from", "HEAD")
    digest = run("pack", "digest", "elsewhere").stdout.strip()
    put(repository, {"fedpolicy.toml": f'packs = [{{path = "elsewhere", sha256 = "{digest}"}}]\n'})
    git(repository, "commit", "--quiet", "-a", "-m", "pin")

    assert unpinned.exit_code == 1
    assert lacking.exit_code == 2
    assert "`elsewhere` is not in the revision `HEAD`" in lacking.stderr
    assert run("check", "leak.yaml", "--config-from", "HEAD").exit_code == 1
    put(repository, {"elsewhere/no-plain-records.yaml": RULE.replace("!=", "==")})
    changed = run("check", "leak.yaml", "--config-from", "HEAD")
    assert changed.exit_code == 2
    assert "the pack `elsewhere` is not the one that is pinned" in changed.stderr


def test_a_pinned_catalogue_is_refused_once_it_says_something_else(repository, run):
    digest = run("pack", "digest", "rules/own.yaml").stdout.strip()
    put(repository, {"fedpolicy.toml": f'catalogs = [{{path = "rules/own.yaml", sha256 = "{digest}"}}]\n'})
    right = run("check", "leak.yaml")
    put(repository, {"rules/own.yaml": OWN_FACT})
    wrong = run("check", "leak.yaml")

    assert right.exit_code == 1
    assert wrong.exit_code == 2
    assert "the catalogue `rules/own.yaml` is not the one that is pinned" in wrong.stderr
    assert f'catalogs    = [{{path = "rules/own.yaml", sha256 = "{digest}"}}]' in run("config", "show").stdout


def test_a_pin_that_is_none_is_a_mistake_of_the_catalogues_too(repository, run):
    put(repository, {"fedpolicy.toml": 'catalogs = [{path = "rules/own.yaml", sha256 = "abc"}]\n'})
    done = run("check", "leak.yaml")

    assert done.exit_code == 2
    assert "`abc` is not a SHA-256" in done.stderr


PIPES = {
    "--config": "check leak.yaml --config pipe",
    "--catalog": "check leak.yaml --catalog pipe",
    "--waivers": "check leak.yaml --waivers pipe",
    "--baseline": "check leak.yaml --baseline pipe",
    "a deployment": "check pipe",
    "facts": "facts pipe",
    "diff": "diff pipe leak.yaml",
    "repair": "repair pipe",
    "a file of rules": "check leak.yaml --pack pipe",
    "a digest": "pack digest pipe",
}


@pytest.mark.parametrize("device", ["a pipe", "/dev/zero"])
@pytest.mark.parametrize("arguments", PIPES.values(), ids=PIPES)
def test_only_plain_files_are_read(repository, run, arguments, device):
    if device == "a pipe":
        os.mkfifo(repository / "pipe")
    else:
        (repository / "pipe").symlink_to(device)
    done = []
    thread = threading.Thread(target=lambda: done.append(run(*arguments.split())), daemon=True)
    thread.start()
    thread.join(30)

    assert done, "it waits"
    assert done[0].exit_code == 2, done[0].output
    said = ("not a plain file", "no pack `pipe`", "`pipe` cannot be read: nothing was written to this pipe")
    assert any(one in done[0].stderr for one in said)


@pytest.mark.parametrize("name", ["fedpolicy.toml", "rules/own.yaml", "fedpolicy.waivers.yaml", "rules/mine/zz.yaml"])
def test_what_the_configuration_names_must_be_plain_too(repository, run, name):
    (repository / name).unlink(missing_ok=True)
    os.mkfifo(repository / name)
    done = run("check", "leak.yaml")

    assert done.exit_code == 2
    assert "it is not a plain file" in done.stderr


def test_large_files_are_refused(repository, run, monkeypatch):
    del repository
    monkeypatch.setattr("fedpolicy.files.MOST_BYTES", 50)
    done = run("check", "leak.yaml")

    assert done.exit_code == 2
    assert "it is larger than 64 MiB" in done.stderr


SETTINGS = {
    "a rule off": (
        "[rules.raw-data-leaves-silo]\nenabled = false\n",
        [],
        "1 rule off (raw-data-leaves-silo), by fedpolicy.toml",
    ),
    "a rule ignored": (
        'ignore = ["raw-data-*"]\n',
        [],
        "1 rule ignored (raw-data-leaves-silo), by fedpolicy.toml",
    ),
    "a severity lowered": (
        '[rules.raw-data-leaves-silo]\nseverity = "low"\n',
        [],
        "1 severity lowered (raw-data-leaves-silo), by fedpolicy.toml",
    ),
    "a fact replaced": (
        'catalogs = ["own.yaml"]\n',
        [],
        "1 shipped fact replaced (payloads.records), by fedpolicy.toml",
    ),
    "a parameter": (
        "",
        ["--param", "checks-behind-masks.needs_single_updates=median"],
        "1 parameter set (checks-behind-masks.needs_single_updates), by the command line",
    ),
    "a larger epsilon": ("max_epsilon = 900.0\n", [], "1 parameter set (max_epsilon), by fedpolicy.toml"),
    "never": ('fail_on = "never"\n', [], "no finding fails, by fedpolicy.toml"),
    "on the command line": (
        "",
        ["--ignore", "raw-data-leaves-silo", "--fail-on", "critical", "--exclude", "drafts"],
        (
            "1 rule ignored (raw-data-leaves-silo), 2 deployments excluded, only critical findings fail,"
            " by the command line"
        ),
    ),
    "excluded": ('exclude = ["drafts/deep"]\n', [], "1 deployment excluded, by fedpolicy.toml"),
}


@pytest.fixture
def plain(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put(tmp_path, {"drafts/a.yaml": LEAK.replace("name: x", "name: y"), "drafts/deep/b.yaml": CLEAN})
    put(tmp_path, {"leak.yaml": LEAK, "own.yaml": OWN_FACT, "drafts/no.yaml": "a: b\n"})
    return tmp_path


@pytest.mark.parametrize(("config", "options", "says"), SETTINGS.values(), ids=SETTINGS)
def test_every_report_says_what_settings_took_out_of_the_verdict(plain, run, config, options, says):
    put(plain, {"fedpolicy.toml": config})
    outputs = ["text:out.txt", "markdown:out.md", "json:out.json", "sarif:out.sarif"]
    run("check", ".", *options, *(part for output in outputs for part in ("--output", output)))
    text, markdown = ((plain / f"out.{ending}").read_text(encoding="utf-8") for ending in ("txt", "md"))
    rows = json.loads((plain / "out.json").read_text(encoding="utf-8"))["overrides"]
    (invocation,) = json.loads((plain / "out.sarif").read_text(encoding="utf-8"))["runs"][0]["invocations"]

    assert says in " ".join(text.split())
    assert says in markdown.replace("\\", "")
    assert invocation["properties"] == {"overrides": rows, "summary": [says]}
    assert {row["by"] for row in rows} == {says.rpartition(", by ")[2]}


def test_without_such_settings_no_report_mentions_them(plain, run):
    put(plain, {"fedpolicy.toml": 'fail_on = "low"\n[rules.raw-data-leaves-silo]\nseverity = "critical"\n'})
    done = run("check", ".", "--format", "json")

    assert "overrides" not in json.loads(done.stdout)
    assert "by fedpolicy.toml" not in run("check", ".").stdout
    assert "properties" not in json.loads(run("check", ".", "--format", "sarif").stdout)["runs"][0]["invocations"][0]


def test_many_are_counted_and_few_are_named(plain, run):
    del plain
    said = " ".join(run("check", "leak.yaml", "--select", "raw-*").stdout.split())

    assert " rules not selected, by the command line" in said
    assert "(a" not in said.partition(" rules not selected")[0][-12:]


def test_a_comparison_says_it_too(plain, run):
    put(plain, {"fedpolicy.toml": SETTINGS["a rule off"][0], "old.yaml": LEAK})
    says = SETTINGS["a rule off"][2]

    assert says in run("diff", "old.yaml", "leak.yaml").stdout
    assert says in run("diff", "old.yaml", "leak.yaml", "--format", "markdown").stdout
    assert json.loads(run("diff", "old.yaml", "leak.yaml", "--format", "json").stdout)["overrides"][0]["amount"] == 1


def test_a_comparison_says_what_was_left_out_and_what_cannot_fail(plain, run):
    settings = f'exclude = ["drafts/**"]\nfail_on = "never"\n{SETTINGS["a rule off"][0]}'
    put(plain, {"fedpolicy.toml": settings, "old/a.fedpolicy.yaml": LEAK, "new/a.fedpolicy.yaml": LEAK})
    put(plain, {"new/drafts/b.fedpolicy.yaml": LEAK.replace("name: ", "name: draft-")})
    done = run("diff", "old", "new")
    says = "1 rule off (raw-data-leaves-silo), 1 deployment excluded, no finding fails, by fedpolicy.toml"

    assert done.exit_code == 0
    assert " ".join(done.stdout.split()).endswith(says)


def test_a_repair_says_what_it_was_not_asked_about(plain, run):
    put(plain, {"fedpolicy.toml": SETTINGS["a rule off"][0]})
    says = SETTINGS["a rule off"][2]
    found = json.loads(run("repair", "leak.yaml", "--format", "json").stdout)

    assert run("repair", "leak.yaml").stdout.endswith(f"\n\n{says}\n")
    assert [(one["what"], one["names"]) for one in found["overrides"]] == [("rules_off", ["raw-data-leaves-silo"])]
    assert "overrides" not in json.loads(run("repair", "leak.yaml", "--isolated", "--format", "json").stdout)

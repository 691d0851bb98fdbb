"""The hooks, by the real pre-commit and prek, in a repository of infrastructure that is made for the test."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.ci.repositories import CLEAN, FOREIGN, LEAKING, git, repository, run, tool, write
from tests.house.pages import ROOT

# What pre-commit takes the kinds of files from.
tags_from_filename = pytest.importorskip("identify.identify").tags_from_filename
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
PRE_COMMIT, PREK = tool("pre-commit"), tool("prek")
needs_pre_commit = pytest.mark.skipif(PRE_COMMIT is None, reason="pre-commit is in the extra `test-ci`")
needs_prek = pytest.mark.skipif(PREK is None, reason="prek is in the extra `test-ci`")
CONFIG = """\
repos:
  - repo: {repo}
    rev: {rev}
    hooks:
      - id: fedpolicy-check
      - id: fedpolicy-test
"""
PACK = "pack: house\ntitle: Rules of this house\nabout: What we want besides.\n"
RULE = (ROOT / "policies" / "federation" / "model-unpinned.yaml").read_text(encoding="utf-8")
CRITICAL = "critical private-data-to-closed-model"


@pytest.mark.parametrize(
    ("name", "hooks"),
    [
        ("infra/ward.fedpolicy.yaml", ["fedpolicy-check", "fedpolicy-scan", "fedpolicy-drift"]),
        ("ward.fedpolicy.json", ["fedpolicy-check", "fedpolicy-scan", "fedpolicy-drift"]),
        ("deployment.yaml", ["fedpolicy-check", "fedpolicy-scan", "fedpolicy-drift"]),
        ("fedpolicy.toml", ["fedpolicy-check", "fedpolicy-scan", "fedpolicy-drift"]),
        ("fedpolicy.waivers.yaml", ["fedpolicy-check", "fedpolicy-scan", "fedpolicy-drift"]),
        ("policies/house/no-openai.yaml", ["fedpolicy-check", "fedpolicy-scan", "fedpolicy-drift", "fedpolicy-test"]),
        ("ml/policies/house/_pack.yaml", ["fedpolicy-check", "fedpolicy-scan", "fedpolicy-drift", "fedpolicy-test"]),
        ("policies/kyverno.yaml", ["fedpolicy-check", "fedpolicy-scan", "fedpolicy-drift"]),
        ("policies/readme.md", []),
        ("src/train.py", ["fedpolicy-scan", "fedpolicy-drift"]),
    ],
)
def test_which_hook_sees_which_file(name, hooks):
    """By its kind, as pre-commit tells kinds, and by its name where a hook has a pattern."""
    kinds = tags_from_filename(name)
    seen = [
        one
        for one, row in HOOKS.items()
        if re.search(row.get("files", ""), name)
        and set(row.get("types", [])) <= kinds
        and (not row.get("types_or") or kinds & set(row["types_or"]))
    ]
    assert seen == hooks


def test_one_process_checks_all_files():
    assert {row["require_serial"] for row in HOOKS.values()} == {True}


@needs_pre_commit
def test_the_manifest_is_one(tmp_path):
    done = run(tmp_path, PRE_COMMIT, "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml"))

    assert (done.returncode, done.stdout) == (0, "")


@pytest.fixture
def estate(tmp_path, ourselves, index):
    """Infrastructure with a clean deployment, a pack of its own, and files that are not ours."""
    del index
    config = CONFIG.format(repo=ourselves.as_posix(), rev=git(ourselves, "rev-parse", "HEAD"))
    files = {
        ".pre-commit-config.yaml": config,
        "infra/ward.fedpolicy.yaml": CLEAN,
        "k8s/deployment.yaml": FOREIGN,
        "policies/house/_pack.yaml": PACK,
        "policies/house/model-unpinned.yaml": RULE,
    }
    return repository(tmp_path / "estate", files)


def commit(estate, home):
    git(estate, "add", "--all")
    return run(estate, "git", "commit", "--message=Change", PRE_COMMIT_HOME=str(home))


@pytest.mark.slow
@needs_pre_commit
def test_a_clean_commit_passes_and_a_leaking_one_is_blocked(estate, home):
    assert run(estate, PRE_COMMIT, "install", PRE_COMMIT_HOME=str(home)).returncode == 0
    write(estate, {"infra/ward.fedpolicy.yaml": f"{CLEAN}# changed\n", "k8s/deployment.yaml": f"{FOREIGN}# changed\n"})
    clean = commit(estate, home)

    assert clean.returncode == 0, clean.stdout
    assert re.search(r"fedpolicy check\.+Passed", clean.stdout)
    assert re.search(r"fedpolicy test\.+\(no files to check\)Skipped", clean.stdout)

    write(estate, {"infra/fedpolicy.yaml": LEAKING, "infra/ward.fedpolicy.yaml": CLEAN})
    leaking = commit(estate, home)

    assert leaking.returncode == 1
    assert re.search(r"fedpolicy check\.+Failed", leaking.stdout)
    assert CRITICAL in leaking.stdout
    assert re.search(r"infra/fedpolicy\.yaml:\d+  \d+ findings?", leaking.stdout)
    assert leaking.stdout.count("2 deployments, ") == 1
    assert git(estate, "status", "--porcelain") == "A  infra/fedpolicy.yaml\nM  infra/ward.fedpolicy.yaml"


@pytest.mark.slow
@needs_pre_commit
def test_once_installed_the_hook_needs_no_network(estate, home):
    """As on pre-commit.ci, which has a network only while it installs."""
    assert run(estate, PRE_COMMIT, "install-hooks", PRE_COMMIT_HOME=str(home)).returncode == 0
    write(estate, {"infra/fedpolicy.yaml": LEAKING})
    git(estate, "add", "--all")
    nowhere = dict.fromkeys(
        ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9"
    )
    done = run(estate, PRE_COMMIT, "run", "fedpolicy-check", PRE_COMMIT_HOME=str(home), **nowhere)

    assert done.returncode == 1
    assert "FAIL  clinical-notes: " in done.stdout


@pytest.mark.slow
@needs_pre_commit
def test_a_rule_that_does_not_do_what_its_examples_say_is_blocked(estate, home):
    def test(*files):
        return run(estate, PRE_COMMIT, "run", "fedpolicy-test", "--files", *files, PRE_COMMIT_HOME=str(home))

    rule = "policies/house/model-unpinned.yaml"
    good = test(rule, "policies/house/_pack.yaml")
    write(estate, {rule: RULE.replace("require: model.pinned", 'require: "!model.pinned"')})
    bad = test(rule)

    assert good.returncode == 0, good.stdout
    assert bad.returncode == 1
    assert "model-unpinned" in bad.stdout


@pytest.mark.slow
@needs_pre_commit
def test_try_repo_shows_the_finding(estate, ourselves, home):
    write(estate, {"infra/fedpolicy.yaml": LEAKING})
    git(estate, "add", "--all")
    done = run(
        estate, PRE_COMMIT, "try-repo", str(ourselves), "fedpolicy-check", "--all-files", PRE_COMMIT_HOME=str(home)
    )

    assert done.returncode == 1
    assert CRITICAL in done.stdout


@pytest.mark.slow
@needs_prek
def test_prek_runs_the_same_hooks(estate, tmp_path):
    home = str(tmp_path / "prek-home")
    write(estate, {"infra/fedpolicy.yaml": LEAKING})
    git(estate, "add", "--all")
    leaking = run(estate, PREK, "run", "fedpolicy-check", "--all-files", PREK_HOME=home)
    clean = run(estate, PREK, "run", "fedpolicy-check", "--files", "infra/ward.fedpolicy.yaml", PREK_HOME=home)

    assert leaking.returncode == 1
    assert CRITICAL in leaking.stdout
    assert clean.returncode == 0, clean.stdout

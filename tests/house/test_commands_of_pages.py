"""Every command that a page tells people to type works: it is run in a repository that has what the pages speak of."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from fedpolicy.cli.commands import app
from tests.house.pages import ROOT, blocks, named, pages

EXAMPLE = (ROOT / "examples" / "clinical-notes" / "deployment.yaml").read_text(encoding="utf-8")
CLEAN = (ROOT / "examples" / "clean-open-weight" / "deployment.yaml").read_text(encoding="utf-8")
RULE = (ROOT / "policies" / "federation" / "model-unpinned.yaml").read_text(encoding="utf-8")
OWN = "countries: {XK: {name: Kosovo, eea: false, source: 'arXiv:1', as_of: 2026-01-01}}\n"
# What a page leaves open, and what stands for it in the repository of this test.
OPEN = {"PARTY": "openai", "DATASET": "letters@aphp", "RULE": "model-unpinned"}
# Shown with their output, which another test compares; or about a system that is not here.
ELSEWHERE = re.compile(r"--scheduler|^/opt/|scan \.|import \.|svg|png")
SKIPPED_PAGES = {"CHANGELOG.md", "docs/tutorial-scan.md"}


def commands():
    for page in pages():
        if named(page) in SKIPPED_PAGES or "decisions/" in named(page):
            continue
        for block in blocks(page.read_text(encoding="utf-8"), "sh"):
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith("fedpolicy ") and not ELSEWHERE.search(line):
                    yield pytest.param(
                        line.partition(" | ")[0].removesuffix("|").strip(), id=f"{named(page)}: {line[:50]}"
                    )


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A git repository with a deployment, a changed one, a pack and a catalogue of one's own."""
    folder = tmp_path_factory.mktemp("repository")
    files = {
        "deployment.yaml": EXAMPLE,
        "own.yaml": OWN,
        "our-rules/_pack.yaml": "pack: our-rules\ntitle: Ours\nabout: What we want besides.\n",
        "our-rules/our-rule.yaml": RULE.replace("id: model-unpinned", "id: our-rule"),
        "rules/hospital/_pack.yaml": "pack: hospital\ntitle: Ours\nabout: What we want besides.\n",
        "rules/hospital/ward.yaml": RULE.replace("id: model-unpinned", "id: ward"),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    author = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for line in ("init -q -b main", "add -A", "commit -q -m x", "update-ref refs/remotes/origin/main HEAD"):
        subprocess.run(["git", *line.split()], cwd=folder, check=True, env={**os.environ, **author})
    return folder


@pytest.fixture
def place(repository, tmp_path, monkeypatch):
    """A copy of it, since commands write."""
    target = tmp_path / "place"
    subprocess.run(["cp", "-r", str(repository), str(target)], check=True)
    monkeypatch.chdir(target)
    return target


def prepared(arguments, place):
    """The arguments with what a page leaves open, and with the files that the page speaks of."""
    words = {**OPEN, "FINGERPRINT": fingerprint() if "FINGERPRINT" in arguments else ""}
    for name in ("fedpolicy.yaml", "proposed.yaml", "OLD", "NEW"):
        if name in arguments:
            text = CLEAN if name == "proposed.yaml" else EXAMPLE
            (place / name).write_text(text, encoding="utf-8")
    if any("baseline" in one for one in arguments) and arguments[:1] != ["baseline"]:
        assert run("baseline", "deployment.yaml").exit_code == 0
        subprocess.run(["git", "add", "-A"], check=True)
    if arguments[:1] == ["verify"]:
        run("check", "deployment.yaml", "--format", "in-toto", "--output", arguments[1])
    if arguments == ["baseline", "--renew"]:
        assert run("baseline", "deployment.yaml").exit_code == 0
    if arguments == ["waive", "--renew"]:
        said = ("--reason", "x", "--owner", "a", "--approved-by", "b", "--until", "2099-01-01")
        assert run("waive", fingerprint(), "deployment.yaml", *said).exit_code == 0
    return [words.get(one, one) for one in arguments]


def fingerprint():
    """Of a finding in the deployment."""
    found = run("check", "deployment.yaml", "--format", "json", "--fail-on", "never").stdout
    return json.loads(found)["findings"][0]["fingerprint"]


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_the_pages_have_commands():
    assert len(list(commands())) > 20


@pytest.mark.no_cover  # the same lines for each case
@pytest.mark.parametrize("line", list(commands()))
def test_a_command_of_a_page_works(line, place):
    arguments = shlex.split(line, comments=True)[1:]
    arguments = arguments[: arguments.index(">")] if ">" in arguments else arguments
    result = run(*prepared(arguments, place))

    assert result.exit_code in {0, 1}, f"{line}\n{result.output}"
    assert Path("deployment.yaml").is_file()

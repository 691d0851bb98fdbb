"""What a page shows is what fedpolicy prints: its blocks that begin with `$ fedpolicy` are run on its own example."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys

import pytest

from tests.counts import uncounted
from tests.house.pages import ROOT, blocks, every_block, named
from tools.pictures import drawn

SHOWING = ("index", "privacy-budgets", "questions", "reading-a-report", "repair", "tutorial")
PAGES = [ROOT / "README.md", *(ROOT / "docs" / f"{name}.md" for name in SHOWING)]
PROMPT = "$ fedpolicy "


def printed(command, folder):
    """What the command writes to a pipe, as a user of a page would see it on the day that the page was written."""
    words = command.removeprefix(PROMPT).split()
    day = ["--today", "2026-11-28"] if words[0] in {"check", "diff", "repair"} else []
    done = subprocess.run(
        [sys.executable, "-m", "fedpolicy", *words, *day],
        cwd=folder,
        env={key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "FORCE_COLOR"}},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_the_output_that_a_page_shows_is_current(page, tmp_path, request):
    text = page.read_text(encoding="utf-8")
    shown = at = 0
    # A page tells a story: what a block of YAML says holds until the next one of the same name.
    for kind, block in every_block(text):
        if kind == "yaml":
            keep(block, tmp_path)
        elif kind == "console" and block.startswith(PROMPT):
            shown += 1
            command = block.splitlines()[0]
            current = f"{command}\n{printed(command, tmp_path).rstrip()}\n"
            if request.config.getoption("--update-golden") and uncounted(block) != uncounted(current):
                old = f"```console\n{block}"
                at = text.index(old, at)
                text = f"{text[:at]}```console\n{current}{text[at + len(old) :]}"
                page.write_text(text, encoding="utf-8")
            else:
                assert uncounted(block) == uncounted(current)
            at = text.index(f"```console\n{command}", at) + 1
    assert shown


def keep(block, folder):
    """Write a deployment; a block that names its file in a comment is written there."""
    name = re.match(r"# (\S+\.yaml)\n", block)
    if name or block.startswith("fedpolicy: 1"):
        (folder / (name[1] if name else "deployment.yaml")).write_text(block, encoding="utf-8")


def test_the_readme_shows_findings_of_a_deployment_of_twenty_lines():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (deployment,) = blocks(text, "yaml")
    assert len(deployment.splitlines()) == 20
    (checked,) = [block for block in blocks(text, "console") if block.startswith("$ fedpolicy check")]
    assert "     critical private-data-to-closed-model; high black-box-model\n" in checked
    (found,) = re.findall(r"^FAIL: (\d+) fail, ", checked, re.MULTILINE)
    assert int(found) <= 3, "more than a reader has patience for: state in the example what the new rule asks for"


def test_the_readme_is_read_in_two_minutes():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


@pytest.mark.parametrize(("name", "text"), sorted(drawn().items()))
def test_a_picture_shows_what_its_deployment_says(name, text, tmp_path):
    """Graphviz lays out each version in its own way, so the words in the picture are compared and not its bytes."""
    (tmp_path / "deployment.yaml").write_text(text, encoding="utf-8")
    drawing = printed("$ fedpolicy graph deployment.yaml --format mermaid", tmp_path)
    picture = html.unescape((ROOT / "docs" / "pictures" / f"{name}.svg").read_text(encoding="utf-8"))
    labels = re.findall(r'"([^"]+)"', drawing)
    words = {part for label in labels for part in html.unescape(label).split("<br/>")}

    assert len(words) > 5
    assert {word for word in words if word not in picture} == set()

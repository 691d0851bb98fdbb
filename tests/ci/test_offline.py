"""Without a network: a folder of wheels installs fedpolicy, serves a hook and a pipeline; no command opens a socket."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
import yaml
from hatchling.builders.wheel import WheelBuilder

from tests.ci.repositories import CLEAN, EXAMPLES, FOREIGN, LEAKING, environment, git, repository, run, tool, write
from tests.house.pages import ROOT, blocks

PAGE = (ROOT / "docs" / "offline.md").read_text(encoding="utf-8")
COMPONENT = (ROOT / "templates" / "check.yml").read_text(encoding="utf-8")
# Whatever asks for a network gets none.
CUT_OFF = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
COMMANDS = ("check", "facts", "budget", "control", "graph", "repair")
WATCHED = """
import sys
seen = []
sys.addaudithook(lambda event, _: seen.append(event) if event.startswith(("socket.", "http.", "urllib.")) else None)
from fedpolicy.cli.commands import app
for command in {commands!r}:
    try:
        app([command, {path!r}], standalone_mode=False)
    except SystemExit:
        pass
import json
print(json.dumps(sorted(set(seen))), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def wheelhouse(tmp_path_factory, index):
    """The folder, as a release makes it."""
    del index
    if tool("pre-commit") is None:
        pytest.skip("what installs is tried with the extra `test-ci`")
    place = tmp_path_factory.mktemp("wheelhouse")
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(place / "dist"), versions=["standard"])
    done = run(ROOT, sys.executable, "tools/release.py", "wheelhouse", str(wheel), str(place / "wheelhouse"))
    assert done.returncode == 0, done.stdout
    return place / "wheelhouse"


@pytest.fixture(scope="module")
def installed(wheelhouse, tmp_path_factory):
    """fedpolicy, by the commands of the page."""
    place = tmp_path_factory.mktemp("offline")
    commands = next(block for block in blocks(PAGE, "sh") if "--no-index" in block)
    script = "\n".join(commands.splitlines()[:2]).replace("/opt/fedpolicy", str(place / "venv"))
    done = run(wheelhouse.parent, "bash", "-euc", script, **CUT_OFF)
    assert done.returncode == 0, done.stdout
    return place / "venv" / "bin" / "fedpolicy"


@pytest.mark.slow
def test_the_folder_installs_and_checks(installed, tmp_path):
    write(tmp_path, {"infra/fedpolicy.yaml": LEAKING})
    done = run(tmp_path, str(installed), "check", ".", **CUT_OFF)

    assert done.returncode == 1
    assert "critical private-data-to-closed-model" in done.stdout


@pytest.mark.slow
def test_a_changed_wheel_is_refused(wheelhouse, tmp_path):
    listed = (wheelhouse / "requirements.txt").read_text(encoding="utf-8")
    wrong = re.sub(r"(click==\S+ --hash=sha256:)\w+", rf"\g<1>{'0' * 64}", listed)
    (tmp_path / "requirements.txt").write_text(wrong, encoding="utf-8")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    options = ["--no-index", "--find-links", str(wheelhouse), "--require-hashes", "--requirement", "requirements.txt"]
    done = run(tmp_path, sys.executable, "-m", "pip", "--python", "venv", "install", "--quiet", *options)

    assert wrong != listed
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stdout


@pytest.mark.slow
def test_the_hook_of_the_page_works_without_a_network(installed, tmp_path):
    (config,) = blocks(PAGE, "yaml")
    config = config.replace("/opt/fedpolicy/bin/fedpolicy", str(installed))
    estate = repository(tmp_path / "estate", {".pre-commit-config.yaml": config, "infra/ward.fedpolicy.yaml": CLEAN})
    write(estate, {"k8s/deployment.yaml": FOREIGN, "infra/deployment.yaml": LEAKING})
    git(estate, "add", "--all")
    done = run(estate, tool("pre-commit"), "run", PRE_COMMIT_HOME=str(tmp_path / "home"), **CUT_OFF)

    assert done.returncode == 1
    assert "critical private-data-to-closed-model" in done.stdout
    assert "FAIL  clinical-notes: " in done.stdout
    assert "k8s" not in done.stdout


@pytest.mark.slow
def test_the_component_of_gitlab_judges_a_change_by_its_base(installed, wheelhouse, tmp_path):
    del installed
    _, job = yaml.safe_load_all(COMPONENT)
    (script,) = job["fedpolicy"]["script"]
    estate = repository(tmp_path / "estate", {"infra/a.fedpolicy.yaml": CLEAN, "infra/b.fedpolicy.yaml": LEAKING})
    base = git(estate, "rev-parse", "HEAD")
    given = {"FEDPOLICY_SOURCE": str(wheelhouse), "FEDPOLICY_PATH": "infra", "FEDPOLICY_FAIL_ON": "critical"}

    def pipeline(**more):
        return run(estate, "sh", "-c", script, **given, **more, **CUT_OFF)

    assert pipeline().returncode == 1
    assert json.loads((estate / "gl-code-quality-report.json").read_text(encoding="utf-8"))
    assert (estate / "fedpolicy.junit.xml").is_file()

    # The leak is gone with its file, and the configuration of the change would let everything pass.
    git(estate, "rm", "--quiet", "infra/b.fedpolicy.yaml")
    write(estate, {"fedpolicy.toml": 'fail_on = "never"\n'})
    git(estate, "add", "--all")
    git(estate, "commit", "--quiet", "--message=Hide it")
    hidden = pipeline(CI_MERGE_REQUEST_DIFF_BASE_SHA=base)

    assert hidden.returncode == 1, hidden.stdout
    assert "deployment-gone" in hidden.stdout


def test_the_inputs_of_the_component_are_those_of_its_page():
    spec, job = yaml.safe_load_all(COMPONENT)
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    table = page[page.index("| input of the component |") :].partition("\n\n")[0]
    named = {name for line in table.splitlines() for name in re.findall(r"`([\w-]+)`", line.split("|")[1])}

    assert named == set(spec["spec"]["inputs"])
    for name in spec["spec"]["inputs"]:
        assert f"$[[ inputs.{name} ]]" in COMPONENT, name
    assert set(job) == {"fedpolicy"}


@pytest.mark.parametrize("example", ["clinical-notes", "clean-open-weight"])
def test_no_command_opens_a_socket(example):
    script = WATCHED.format(commands=COMMANDS, path=str(EXAMPLES / example / "deployment.yaml"))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, encoding="utf-8", env=environment(), cwd=ROOT, check=False
    )

    assert json.loads(done.stderr.splitlines()[-1]) == []
    assert len(done.stdout) > 1000


def test_hadolint_finds_nothing_in_the_dockerfile():
    program = tool("hadolint")
    if program is None:
        pytest.skip("hadolint is in the extra `test-ci`")
    done = run(ROOT, program, "Dockerfile")

    assert done.returncode == 0, done.stdout


def test_the_image_is_glibc_not_root_and_has_nobodys_digest():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    assert "alpine" not in text
    assert not re.search(r"sha256:[0-9a-f]{8}", text)
    assert re.search(r"^USER (?!0|root)", text, re.MULTILINE)
    assert text.count("FROM ${BASE}") == 2

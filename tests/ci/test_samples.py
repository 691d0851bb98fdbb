"""The samples of docs/ci.md: each is what its system reads, and each command in it works."""

from __future__ import annotations

import re
import shlex

import pytest
import yaml

from tests.ci.repositories import LEAKING, copy_of_ourselves, repository, run, tool, write
from tests.house.pages import ROOT, blocks

PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
SAMPLES = {block.splitlines()[0].strip("#/ "): block for kind in ("yaml", "groovy") for block in blocks(PAGE, kind)}
WORKFLOW = SAMPLES[".github/workflows/fedpolicy.yml"].replace("OWNER/fedpolicy@COMMIT", "./")
COMMANDS = [command for text in SAMPLES.values() for command in re.findall(r"fedpolicy (check [^'\n]+)", text)]


def needed(name):
    program = tool(name)
    if program is None:
        pytest.skip(f"{name} is in the extra `test-ci`")
    return program


@pytest.fixture
def estate(tmp_path):
    """Infrastructure with a leaking deployment, our action in it, and the workflow of the page."""
    folder = repository(tmp_path / "estate", {".github/workflows/fedpolicy.yml": WORKFLOW})
    copy_of_ourselves(folder)
    write(folder, {"infra/fedpolicy.yaml": LEAKING})
    return folder


def test_the_page_has_a_sample_for_each_system():
    assert {
        ".pre-commit-config.yaml",
        ".github/workflows/fedpolicy.yml",
        ".gitlab-ci.yml",
        "azure-pipelines.yml",
        "Jenkinsfile",
    } <= set(SAMPLES)
    assert len(COMMANDS) == 2


def test_actionlint_knows_every_input_of_the_workflow(estate):
    program = needed("actionlint")
    good = run(estate, program)
    write(estate, {".github/workflows/fedpolicy.yml": WORKFLOW.replace("fail-on:", "fail-onn:")})
    bad = run(estate, program)

    assert (good.returncode, good.stdout) == (0, "")
    assert bad.returncode == 1
    assert 'input "fail-onn" is not defined in action "fedpolicy"' in bad.stdout


def test_zizmor_finds_nothing_in_the_workflow(tmp_path):
    pinned = SAMPLES[".github/workflows/fedpolicy.yml"].replace("OWNER/fedpolicy@COMMIT", f"owner/fedpolicy@{'a' * 40}")
    write(tmp_path, {".github/workflows/fedpolicy.yml": pinned})
    done = run(tmp_path, needed("zizmor"), "--offline", "--no-progress", ".github/workflows/fedpolicy.yml")

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        (".github/workflows/fedpolicy.yml", "vendor.github-workflows"),
        (".gitlab-ci.yml", "vendor.gitlab-ci"),
        ("azure-pipelines.yml", "vendor.azure-pipelines"),
    ],
)
def test_a_sample_fits_the_schema_of_its_system(name, schema, tmp_path):
    write(tmp_path, {"sample.yml": SAMPLES[name]})
    # The schema of Azure has patterns that only an older dialect knows.
    more = ("--regex-variant", "nonunicode", "--data-transform", "azure-pipelines") if "azure" in name else ()
    done = run(tmp_path, needed("check-jsonschema"), "--builtin-schema", schema, *more, "sample.yml")

    assert done.returncode == 0, done.stdout


def test_pre_commit_reads_its_sample(tmp_path):
    write(tmp_path, {".pre-commit-config.yaml": SAMPLES[".pre-commit-config.yaml"]})
    done = run(tmp_path, needed("pre-commit"), "validate-config")

    assert done.returncode == 0, done.stdout
    known = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    named = yaml.safe_load(SAMPLES[".pre-commit-config.yaml"])["repos"][0]["hooks"]
    assert {hook["id"] for hook in named} == known


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_a_sample_works(command, tmp_path):
    write(tmp_path, {"infra/fedpolicy.yaml": LEAKING})
    done = run(tmp_path, needed("fedpolicy"), *shlex.split(command))
    files = [part.partition(":")[2] for part in shlex.split(command) if ":" in part and not part.endswith(":-")]

    assert done.returncode == 1
    assert "critical private-data-to-closed-model; " in done.stdout
    assert len(files) == 2
    assert all((tmp_path / name).is_file() for name in files)


def test_the_tables_of_the_page_are_those_of_the_action_and_of_the_formats():
    from fedpolicy.report.formats import format_ids  # noqa: PLC0415  the page alone needs it

    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    rows = [re.findall(r"`([^`]+)`", line.split("|")[1]) for line in PAGE.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in row}

    assert set(action["inputs"]) | set(action["outputs"]) | set(format_ids()) <= named
    for name, row in action["inputs"].items():
        default = f"`{row['default']}`" if row["default"] else ""
        assert re.search(rf"^\| `{name}` \| {re.escape(default)} ?\|", PAGE, re.MULTILINE), name

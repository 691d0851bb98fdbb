"""`check --changed`, for hooks: what is no deployment is passed over, and where what judges changes, all is checked."""

from pathlib import Path

import pytest

LEAK = """\
fedpolicy: 1
name: leak
parties: {a: {role: participant, jurisdiction: DE}, openai: {role: provider, jurisdiction: US}}
nodes: {c: {kind: client, party: a}}
datasets: {d: {at: c, categories: [health]}}
api_calls: {ask: {from: c, provider: openai, sends: [d]}}
"""
FOREIGN = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
CONFIG = 'catalogs = ["facts/own.yaml"]\npacks = ["federation", "rules/house"]\n'
RULE = (Path(__file__).parents[2] / "policies" / "federation" / "model-unpinned.yaml").read_text(encoding="utf-8")
PACK = "pack: house\ntitle: Rules of this house\nabout: What we want besides.\n"
OWN = {
    "fedpolicy.toml": CONFIG,
    "facts/own.yaml": "countries: {XK: {name: Kosovo, eea: false, source: 'arXiv:1', as_of: 2026-01-01}}\n",
    "rules/house/_pack.yaml": PACK,
    "rules/house/house-unpinned.yaml": RULE.replace("model-unpinned", "house-unpinned", 1),
}


@pytest.fixture
def folder(run, tmp_path):
    """A repository with a leak and files that are not ours."""
    del run
    (tmp_path / ".git").mkdir()
    for name, text in {"deployment.yaml": LEAK, "k8s.yaml": FOREIGN, "package.json": "{}"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("names", [(), ("k8s.yaml", "package.json"), ("gone.yaml",)])
def test_what_is_no_deployment_is_passed_over(names, folder, run):
    del folder
    result = run("check", "--changed", *names)

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "note: no deployment is among what changed\n"


def test_a_deployment_of_any_name_is_checked(folder, run):
    del folder
    result = run("check", "--changed", "k8s.yaml", "deployment.yaml", "package.json")

    assert result.exit_code == 1
    assert "records of d of a reach openai" in result.stdout
    assert "1 deployment, " in result.stdout


def test_a_broken_deployment_is_no_file_of_others(folder, run):
    (folder / "ward.fedpolicy.yaml").write_text("parties: [\n", encoding="utf-8")
    result = run("check", "--changed", "ward.fedpolicy.yaml")

    assert result.exit_code == 2
    assert "ward.fedpolicy.yaml:" in result.stderr


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("fedpolicy.toml", 'fail_on = "critical"\n'),
        ("pyproject.toml", '[tool.fedpolicy]\nfail_on = "critical"\n'),
        ("fedpolicy.waivers.yaml", "fedpolicy_waivers: 1\nwaivers: {}\n"),
    ],
)
def test_where_settings_change_everything_is_checked(name, text, folder, run):
    write(folder, {name: text})
    result = run("check", "--changed", name)

    assert result.exit_code == 1, result.stderr
    assert "records of d of a reach openai" in result.stdout


@pytest.mark.parametrize("name", ["facts/own.yaml", "rules/house/_pack.yaml"])
def test_so_are_files_that_the_configuration_names(name, folder, run):
    write(folder, OWN)

    assert run("check", "--changed", name).exit_code == 1
    assert run("check", "--changed", "k8s.yaml", "facts/other.yaml").exit_code == 0


def test_settings_of_others_change_nothing(folder, run):
    write(folder, {"pyproject.toml": "[tool.other]\nx = 1\n"})

    assert run("check", "--changed", "pyproject.toml").exit_code == 0


def test_settings_before_the_first_deployment_are_fine(folder, run):
    (folder / "deployment.yaml").unlink()
    write(folder, {"fedpolicy.toml": "strict = true\n"})
    result = run("check", "--changed", "fedpolicy.toml")

    assert result.exit_code == 0
    assert result.stderr.endswith("note: no deployment is among what changed\n")


def test_what_cannot_be_read_is_no_pass(folder, run):
    """Settings change where nothing but a link that leads out is there; and a deployment becomes a link to nothing."""
    (folder / "deployment.yaml").unlink()
    (folder / "ward.fedpolicy.yaml").symlink_to("gone.yaml")
    write(folder, {"fedpolicy.toml": "strict = true\n"})

    assert run("check", "--changed", "fedpolicy.toml").exit_code == run("check", ".").exit_code == 2
    assert run("check", "--changed", "ward.fedpolicy.yaml").exit_code == 2

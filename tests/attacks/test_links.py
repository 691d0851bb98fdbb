"""Attacks by links, and by files that are no deployments: no secret is printed for those who cannot read it."""

from __future__ import annotations

import os

import pytest
from click.testing import CliRunner

from fedpolicy.cli.commands import app
from tests.attacks.repositories import CLEAN, LEAK, committed, put

SECRET = "AWS_SECRET=abcdef TOKEN=xyz\n"  # noqa: S105  nobody's
SECRETS = {
    "a line": SECRET,
    "a map": "token: abcdef\nAWS_SECRET: abcdef\n",
    "a list": "- abcdef\n",
    "an open bracket": "[abcdef\n",
    "a colon too many": "a: abcdef: b\n",
    "a near miss": "fedpolic: abcdef\n",
    "no YAML": "\tabcdef\n",
    "JSON": '{"fedpolicy_token": "abcdef"\n',
    "the word": "fedpolicy = abcdef\n",
    "binary": "abcdef \x00\x01\n",
}
FORMS = ("text", "json", "sarif", "markdown", "github", "gitlab", "junit", "csv")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    here = tmp_path / "here"
    put(here, {"ok.yaml": CLEAN})
    put(tmp_path, {"secret": SECRET, "elsewhere/leak.yaml": LEAK})
    monkeypatch.chdir(here)
    return here


def run(*arguments):
    return CliRunner().invoke(app, [*arguments])


@pytest.mark.parametrize("target", ["../secret", "../elsewhere/leak.yaml", "/etc/passwd", ".git/config", "../nowhere"])
def test_a_link_out_is_not_followed_and_a_name_that_promises_a_deployment_is_an_error(folder, target):
    committed(folder, {})
    (folder / "s.fedpolicy.yaml").symlink_to(target)
    done = run("check", ".")

    assert done.exit_code == 2
    assert "`s.fedpolicy.yaml` is a link that leads out of `.`, and a search does not follow it" in done.stderr
    assert "abcdef" not in done.output
    assert "root" not in done.output


@pytest.mark.parametrize("target", ["../elsewhere/leak.yaml", "../elsewhere"])
def test_another_link_out_is_left_out_and_counted(folder, target):
    (folder / "s.yaml").symlink_to(target)
    done = run("check", ".", "-v")

    assert done.exit_code == 0
    assert done.stderr == (
        "note: the search left out 1 link that leads out\n    s.yaml: a link out of the searched folder\n"
    )


def test_a_link_within_the_folder_is_followed(folder):
    put(folder, {"real/x.txt": LEAK})
    (folder / "leak.fedpolicy.yaml").symlink_to("real/x.txt")

    assert run("check", ".").exit_code == 1


def test_a_link_that_is_named_is_followed(folder):
    (folder / "s.yaml").symlink_to("../elsewhere/leak.yaml")

    assert run("check", "s.yaml").exit_code == 1


@pytest.mark.parametrize(
    ("text", "form"), [*((text, "text") for text in SECRETS.values()), *((SECRET, f) for f in FORMS)]
)
def test_of_what_is_no_deployment_nothing_is_shown(folder, text, form):
    put(folder, {"x.fedpolicy.yaml": text})
    done = run("check", ".", "--format", form)

    assert done.exit_code == 2
    assert "abcdef" not in done.output
    assert "`x.fedpolicy.yaml` holds no deployment, although its name says so" in " ".join(done.stderr.split())


def test_the_same_in_a_comparison(folder):
    put(folder, {"old/ok.yaml": CLEAN, "new/ok.yaml": CLEAN, "new/x.fedpolicy.yaml": SECRET})
    done = run("diff", "old", "new")

    assert done.exit_code == 2
    assert "abcdef" not in done.output


def test_whoever_names_a_file_sees_what_is_wrong_with_it(folder):
    put(folder, {"x.fedpolicy.yaml": "fedpolcy: 1\nname: x\n"})
    done = run("check", "x.fedpolicy.yaml")

    assert done.exit_code == 2
    assert "fedpolcy" in done.stderr


@pytest.mark.parametrize(
    "key", ['catalogs = ["{}"]', 'packs = ["{}"]', 'waivers = "{}"', 'baseline = "{}"'], ids=lambda key: key.split()[0]
)
@pytest.mark.parametrize("way", ["a link", "a path"])
def test_what_a_configuration_names_shows_no_lines_of_files_elsewhere(folder, key, way):
    if way == "a link":
        (folder / "s.yaml").symlink_to("../secret")
    put(folder, {"fedpolicy.toml": key.format("s.yaml" if way == "a link" else "../secret") + "\n"})
    done = run("check", "ok.yaml")

    assert done.exit_code == 2
    assert "TOKEN=xyz" not in done.output


def test_a_rule_that_is_a_link_out_of_its_pack_is_not_read(folder):
    put(folder, {"rules/_pack.yaml": "pack: p\ntitle: P\n"})
    (folder / "rules" / "x.yaml").symlink_to("../../secret")
    done = run("check", "ok.yaml", "--pack", "rules")

    assert done.exit_code == 2
    assert "it is a link that leads out of its folder" in done.stderr
    assert "abcdef" not in done.output

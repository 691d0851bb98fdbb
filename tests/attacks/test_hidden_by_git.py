"""Attacks on the search: files that a change adds so that a deployment, tracked and leaking, is not looked into."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fedpolicy.sources import Search, find
from tests.attacks.repositories import CLEAN, LEAK, START, cloned, committed, fedpolicy, git, put

ODD = {  # a folder of the change, and what it adds there beside the leak
    "an embedded bare repository": {
        "HEAD": "ref: refs/heads/main\n",
        "config": "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = ..\n",
        "info/exclude": "leak.yaml\n",
        "objects/.keep": "",
        "refs/.keep": "",
    },
    "one that is bare": {
        "HEAD": "ref: refs/heads/main\n",
        "config": "[core]\n\trepositoryformatversion = 0\n\tbare = true\n\texcludesFile = exclude\n",
        "exclude": "*\n",
        "info/exclude": "*\n",
        "objects/.keep": "",
        "refs/.keep": "",
    },
    "an empty pyvenv.cfg": {"pyvenv.cfg": ""},
    "a whole environment": {"pyvenv.cfg": "home = /usr\n", "bin/python": "", "Scripts/python.exe": ""},
    "a cache tag": {"CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n"},
    "a list of what to ignore": {".gitignore": "*\n", ".ignore": "*\n", ".rgignore": "*\n", ".fdignore": "*\n"},
    "attributes": {".gitattributes": "* export-ignore -diff -text filter=x\n"},
    "a file of no name": {"__pycache__/x.pyc": "", "node_modules/x.js": ""},
}
FOLDERS = ("infra", "node_modules", "__pycache__", ".hidden", "a/.venv/b", "site-packages", "a/node_modules/.git-x/b")
NAMES = (
    "leak.YAML",
    "leak.Yml",
    "leak.json",
    "leak.fedpolicy.YAML",
    "leak.FEDPOLICY.json",
    "FEDPOLICY.YML",
    ".leak.yaml",
)
SPELT = {
    "anchored": f"&x fedpolicy: 1\n{START}",
    "escaped": '"\\u0066edpolicy": 1\n' + START,
    "escaped at the end": '"fedpolic\\x79": 1\n' + START,
    "escaped in capitals": '"fedpol\\U00000069cy": 1\n' + START,
    "folded": '? "fed\\\n   policy"\n: 1\n' + START,
    "tagged": f"!!str fedpolicy: 1\n{START}",
    "asked for": f"? fedpolicy\n: 1\n{START}",
    "with a space": f"fedpolicy : 1\n{START}",
    "indented": "".join(f"  {line}\n" for line in f"fedpolicy: 1\n{START}".splitlines()),
    "in braces": "{fedpolicy: 1, name: x}\n",
    "as JSON": '{"name": "x",\n "fedpolicy": 1}\n',
    "as JSON in one line": '{"name":"x","fedpolicy":1}',
    "on the line of the mark": "--- {fedpolicy: 1, name: x}\n",
    "in the second document": f"a: b\n---\n&x fedpolicy: 1\n{START}",
    "with old line ends": "name: x\rfedpolicy: 1\r",
    "by an alias": "name: &x fedpolicy\n*x : 1\n",
    "merged in": "name: x\n<<: {fedpolicy: 1}\n",
    "merged in from above": "summary: &x {fedpolicy: 1}\nname: x\n<<: *x\n",
    "after a mark of byte order": f"\ufeff&x fedpolicy: 1\n{START}",
}
FOREIGN = {
    "nested": "dependencies: {fedpolicy: 1}\n",
    "a value": "name: fedpolicy\n",
    "in a list": "- fedpolicy: 1\n",
    "in a list of a list": "[[fedpolicy: 1]]\n",
    "nested and anchored": "a:\n  &x fedpolicy: 1\n",
    "escaped and nested": 'a: {"\\u0066edpolicy": 1}\n',
    "a text": "a: |\n  fedpolicy: 1\n",
    "a comment": "# fedpolicy: 1\na: b\n",
    "another word": "fedpolicy_waivers: 1\n",
    "no YAML": "{{ fedpolicy }}: }\n",
}


@pytest.fixture
def repository(tmp_path):
    committed(tmp_path / "origin", {"infra/ok.yaml": CLEAN, "infra/a/leak.yaml": LEAK})
    return tmp_path / "origin"


def checkout(repository: Path) -> Path:
    return cloned(repository, repository.parent / "checkout")


def found(folder: Path, monkeypatch: pytest.MonkeyPatch, *paths: str, **search) -> list[str]:
    monkeypatch.chdir(folder)
    sources = find(paths or ["."], lambda: b"", Search(**search))
    return [source.name for source in sources if not source.error]


@pytest.mark.parametrize("added", ODD.values(), ids=ODD)
@pytest.mark.parametrize("at", ["infra", "infra/a"])
def test_nothing_that_a_change_adds_hides_what_is_tracked(repository, monkeypatch, added, at):
    committed(repository, {f"{at}/{name}": text for name, text in added.items()})
    here = checkout(repository)

    assert found(here, monkeypatch, "infra") == ["infra/ok.yaml", "infra/a/leak.yaml"]
    assert found(here, monkeypatch) == ["infra/ok.yaml", "infra/a/leak.yaml"]
    assert found(here / "infra", monkeypatch) == ["ok.yaml", "a/leak.yaml"]
    assert found(here, monkeypatch, "infra", gitignore=False) == ["infra/ok.yaml", "infra/a/leak.yaml"]


def test_the_check_fails_with_an_embedded_repository_as_it_does_without(repository):
    assert fedpolicy(checkout(repository), "check", "infra").returncode == 1
    committed(repository, {f"infra/{name}": text for name, text in ODD["an embedded bare repository"].items()})
    committed(repository, {"infra/a/pyvenv.cfg": ""})
    here = cloned(repository, repository.parent / "again")
    done = fedpolicy(here, "check", "infra")

    assert done.returncode == 1, done.stderr
    assert "raw-data-leaves-silo" in done.stdout


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_name_of_a_folder_hides_what_is_tracked(repository, monkeypatch, folder):
    committed(repository, {f"infra/{folder}/moved.yaml": LEAK})
    here = checkout(repository)
    put(here, {f"infra/{folder}/untracked.txt": ""})

    assert f"infra/{folder}/moved.yaml" in found(here, monkeypatch, "infra")


@pytest.mark.parametrize("name", NAMES)
def test_no_ending_hides_what_is_tracked(repository, monkeypatch, name):
    git(repository, "rm", "--quiet", "infra/a/leak.yaml")
    committed(repository, {f"infra/a/{name}": LEAK})

    assert found(checkout(repository), monkeypatch, "infra") == ["infra/ok.yaml", f"infra/a/{name}"]


@pytest.mark.parametrize("text", SPELT.values(), ids=SPELT)
def test_no_way_to_write_the_key_hides_a_deployment(tmp_path, monkeypatch, text):
    (tmp_path / "leak.yaml").write_bytes(text.encode())

    assert found(tmp_path, monkeypatch) == ["leak.yaml"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_another_encoding_is_an_error_not_a_way_to_hide(tmp_path, monkeypatch, encoding):
    (tmp_path / "leak.yaml").write_bytes(("\ufeff" * (encoding == "utf-16-le") + LEAK).encode(encoding))

    assert found(tmp_path, monkeypatch) == ["leak.yaml"]


@pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN)
def test_what_only_has_the_word_in_it_is_not_ours(tmp_path, monkeypatch, text):
    put(tmp_path, {"other.yaml": text})

    assert found(tmp_path, monkeypatch) == []


def test_a_repository_that_somebody_has_put_into_ours_hides_nothing_of_ours(repository, monkeypatch):
    here = checkout(repository)
    git(here / "infra" / "a", "init", "--quiet")
    put(here / "infra" / "a", {".gitignore": "*\n", "own.yaml": LEAK})

    assert found(here, monkeypatch, "infra") == ["infra/ok.yaml", "infra/a/leak.yaml"]


def test_a_submodule_in_a_folder_that_is_left_out_is_searched(repository, monkeypatch):
    committed(repository.parent / "module", {"leak.yaml": LEAK})
    for path in ("infra/.hidden/sub", "infra/node_modules"):
        git(repository, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../module", path)
    git(repository, "commit", "--quiet", "--message", "modules")

    assert found(repository, monkeypatch, "infra") == [
        "infra/ok.yaml",
        "infra/.hidden/sub/leak.yaml",
        "infra/a/leak.yaml",
        "infra/node_modules/leak.yaml",
    ]


def test_untracked_files_are_left_out_as_before(repository, monkeypatch):
    here = checkout(repository)
    put(here, {f"infra/{name}/x.yaml": LEAK for name in ("node_modules", ".hidden", "env", "ignored")})
    put(here, {"infra/env/pyvenv.cfg": "", "infra/env/bin/python": "", ".git/info/exclude": "ignored/\n"})

    assert found(here, monkeypatch, "infra") == ["infra/ok.yaml", "infra/a/leak.yaml"]


def test_without_git_everything_is_searched(repository, monkeypatch):
    committed(repository, {"infra/a/pyvenv.cfg": "", "infra/a/bin/python": "", "infra/.b/leak.yaml": LEAK})
    here = checkout(repository)
    monkeypatch.setenv("PATH", str(here))

    assert found(here, monkeypatch, "infra") == ["infra/ok.yaml", "infra/.b/leak.yaml", "infra/a/leak.yaml"]


def test_a_git_of_the_repository_is_never_run(repository, monkeypatch):
    committed(repository, {"infra/git": "#!/bin/sh\ntouch ran\n"})
    here = checkout(repository) / "infra"
    (here / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}{os.environ['PATH']}")
    found(here, monkeypatch)

    assert not (here / "ran").exists()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root gives files away")
def test_a_checkout_of_another_user_is_said_to_be_one(repository):
    here = checkout(repository)
    for path in (here, here / ".git"):
        os.chown(path, 12345, 12345)
    searched = fedpolicy(here, "check", "infra")
    from_there = fedpolicy(here, "check", "infra", "--waivers-from", "HEAD")

    assert "git refuses: the repository belongs to another user" in searched.stderr
    assert searched.returncode == 1
    assert from_there.returncode == 2
    assert "the repository belongs to another user" in from_there.stderr
    assert f"git config --global --add safe.directory '{here}'" in from_there.stderr.replace("\n   ", "")
    git(here.parent, "config", "--file", str(here.parent / ".gitconfig"), "safe.directory", str(here))
    assert "git refuses" not in fedpolicy(here, "check", "infra").stderr


def test_what_a_search_left_out_is_counted_and_named_on_demand(repository):
    here = checkout(repository)
    put(here, {"infra/node_modules/x.yaml": LEAK, "infra/.hidden/x.yaml": LEAK, "infra/ok.yaml": CLEAN})
    (here / "infra" / "out").symlink_to("/usr")
    told = "note: the search left out 1 hidden folder, 1 folder of installed packages, 1 link that leads out"
    quiet, loud = fedpolicy(here, "check", "infra"), fedpolicy(here, "check", "infra", "-v")

    assert quiet.stderr == f"{told}; `-v` names them\n"
    assert loud.stderr.splitlines() == [
        told,
        "    infra/.hidden: hidden",
        "    infra/node_modules: installed packages",
        "    infra/out: a link out of the searched folder",
    ]

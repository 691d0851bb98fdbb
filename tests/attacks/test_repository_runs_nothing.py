"""Attacks by what a repository says of itself: its settings name commands, and none of them runs."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from fedpolicy.cli.commands import app
from tests.attacks.repositories import CLEAN, LEAK, cloned, committed, fedpolicy, git, put

PACKAGE = Path(__file__).parents[2] / "fedpolicy"
WAIVERS = """\
fedpolicy_waivers: 1
waivers:
  mine: {rule: raw-data-leaves-silo, element: datasets.*, reason: r, owner: o, approved_by: p, expires: 2099-01-01}
"""
PROMISOR = """\
[core]
	repositoryformatversion = 1
	bare = false
	worktree = ..
	fsmonitor = touch {ran}
	hooksPath = hooks
	pager = touch {ran}
	sshCommand = touch {ran}
[extensions]
	partialClone = evil
[remote "evil"]
	url = {url}
	promisor = true
	uploadpack = touch {ran};
	vcs = {vcs}
	fetch = +refs/heads/*:refs/remotes/evil/*
[protocol "ext"]
	allow = always
[protocol]
	allow = always
[alias]
	ls-files = !touch {ran}
	cat-file = !touch {ran}
[diff]
	external = touch {ran}
"""
URLS = {
    "ext": ("ext::touch {ran}", "ext"),
    "ssh": ("ssh://x@localhost/y", ""),
    "file": ("file:///nowhere", ""),
    "a path": ("/nowhere", ""),
}
MISSING = "0123456789" * 4
REVISIONS = ("main", "HEAD", MISSING, f"{MISSING}^{{tree}}", "main~1", "@{upstream}", "--upload-pack=touch ran", "-x")


def settings(url: str, ran: Path) -> str:
    address, vcs = URLS[url]
    text = PROMISOR if vcs else PROMISOR.replace("\tvcs = {vcs}\n", "")
    return text.format(url=address.format(ran=ran), vcs=vcs, ran=ran)


@pytest.fixture
def ran(tmp_path):
    """A file that is there once a command of the repository has run."""
    return tmp_path / "ran"


@pytest.fixture
def codes(monkeypatch):
    """Exit codes of runs in a folder, in this process: there are many."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)

    def run(folder: Path, *ways: list[str]) -> list[int]:
        monkeypatch.chdir(folder)
        return [CliRunner().invoke(app, way).exit_code for way in ways]

    return run


def options(revision: str) -> list[list[str]]:
    return [
        ["check", ".", f"--waivers-from={revision}"],
        ["check", ".", f"--config-from={revision}"],
        ["check", ".", f"--baseline-from={revision}", "--baseline=b.json"],
    ]


@pytest.mark.parametrize("url", URLS)
def test_a_folder_that_looks_like_a_repository_runs_nothing(tmp_path, ran, codes, url):
    bare = {
        "HEAD": "ref: refs/heads/main\n",
        "config": settings(url, ran),
        "info/exclude": "*\n",
        "objects/.keep": "",
        "refs/heads/main": f"{MISSING}\n",
        "hooks/post-index-change": f"#!/bin/sh\ntouch {ran}\n",
    }
    committed(tmp_path / "origin", {"d/leak.yaml": LEAK, **{f"d/{name}": text for name, text in bare.items()}})
    here = cloned(tmp_path / "origin", tmp_path / "checkout") / "d"
    # The only repository is the real one; its main has neither waivers nor a baseline that would excuse anything.
    assert codes(here, *options("main")) == [1, 1, 2]
    assert codes(here.parent, ["check", "d"]) == [1]
    assert not ran.exists()


def test_the_trick_itself_works_with_git_as_it_comes(tmp_path, ran):
    """Else the tests here would show nothing."""
    unpacked(tmp_path, settings("ext", ran))
    with pytest.raises(subprocess.CalledProcessError):
        git(tmp_path, "cat-file", "-e", MISSING)

    assert ran.exists()


@pytest.mark.parametrize(("url", "revision"), [*(("ext", one) for one in REVISIONS), *((url, MISSING) for url in URLS)])
def test_an_unpacked_archive_runs_nothing(tmp_path, ran, codes, url, revision):
    unpacked(tmp_path, settings(url, ran))
    put(tmp_path, {"leak.yaml": LEAK})
    ways = [*options(revision), ["check", "."], ["diff", f"{revision}:leak.yaml", "leak.yaml"]]

    assert codes(tmp_path, *ways) == [2, 2, 2, 1, 2]
    assert not ran.exists()


def unpacked(folder: Path, config: str) -> None:
    """A repository as somebody else has made it, `.git` and all."""
    git(folder, "init", "--quiet")
    put(folder, {".git/config": config.replace("worktree = ..", ""), ".git/refs/heads/main": f"{MISSING}\n"})
    put(folder, {".git/hooks/post-index-change": "#!/bin/sh\ntouch ran\n"})


def test_the_main_of_a_folder_that_looks_like_a_repository_waives_nothing(tmp_path):
    inner = tmp_path / "inner"
    committed(inner, {"fedpolicy.waivers.yaml": WAIVERS, "leak.yaml": LEAK})
    bare = tmp_path / "origin" / "d"
    shutil.copytree(inner / ".git", bare)
    (bare / "objects" / ".keep").write_text("", encoding="utf-8")
    committed(tmp_path / "origin", {"d/leak.yaml": LEAK})
    here = cloned(tmp_path / "origin", tmp_path / "checkout") / "d"

    assert (here / "HEAD").is_file()
    assert fedpolicy(inner, "check", "leak.yaml", "--waivers-from", "main").returncode == 0
    done = fedpolicy(here, "check", "leak.yaml", "--waivers-from", "main")
    assert (done.returncode, "0 waived" in done.stdout) == (1, True)


def test_a_clone_that_lacks_a_file_of_the_revision_says_so_and_fetches_nothing(tmp_path):
    committed(tmp_path / "origin", {"leak.yaml": LEAK, "fedpolicy.waivers.yaml": WAIVERS})
    committed(tmp_path / "origin", {"leak.yaml": CLEAN})
    git(tmp_path / "origin", "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--filter=blob:none", (tmp_path / "origin").as_uri(), "here")
    done = fedpolicy(tmp_path / "here", "diff", "HEAD~1:leak.yaml", "leak.yaml")

    assert done.returncode == 2
    assert "this clone lacks `leak.yaml` of the revision `HEAD~1`" in done.stderr


def test_a_second_ref_of_one_name_does_not_stand_in_for_the_trusted_one(tmp_path):
    here = tmp_path / "origin"
    committed(here, {"leak.yaml": LEAK})
    git(here, "checkout", "--quiet", "-b", "change")
    committed(here, {"fedpolicy.waivers.yaml": WAIVERS})
    git(here, "tag", "main")
    done = fedpolicy(here, "check", "leak.yaml", "--waivers-from", "main")

    assert done.returncode == 2
    assert "`main` is the name of more than one revision" in done.stderr


def test_a_folder_by_the_name_of_a_revision_does_not_stand_in_for_it(tmp_path):
    here = tmp_path / "origin"
    base = committed(here, {"infra/x.yaml": CLEAN.replace("name: ok", "name: x")})
    committed(here, {"infra/x.yaml": LEAK, f"{base}:infra/x.yaml": LEAK})
    done = fedpolicy(here, "diff", f"{base}:infra", "infra")

    assert done.returncode == 1, done.stderr
    assert "raw-data-leaves-silo" in done.stdout


def test_only_one_module_starts_git_and_few_start_anything():
    names = {"subprocess", "os.system", "os.popen", "os.execv", "os.spawnv", "pty", "git", "dulwich", "pygit2"}
    found = set()
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(PACKAGE.glob("**/*.py"))}
    for path in [path for path, text in texts.items() if any(name in text for name in names)]:
        for node in ast.walk(ast.parse(texts[path])):
            used = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            used += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            used += [ast.unparse(node)] if isinstance(node, ast.Attribute) else []
            if names & set(used):
                found.add(path.relative_to(PACKAGE).as_posix())

    # Graphviz, by its full path, with a drawing of ours and nothing else; and what a warm process loads for its copies.
    assert found == {"repository.py", "cli/commands/graph.py", "cli/warm_server.py"}


def test_a_file_that_is_named_starts_no_git_and_loads_no_search(tmp_path):
    committed(tmp_path / "here", {"leak.yaml": LEAK})
    ask = (
        "import sys\n"
        "from fedpolicy.cli.commands import app\n"
        "app(['check', 'leak.yaml'], standalone_mode=False)\n"
        "print(sorted({'subprocess', 'fedpolicy.repository', 'fedpolicy.sources.walk'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", ask], cwd=tmp_path / "here", capture_output=True, encoding="utf-8", check=False
    )

    assert done.stdout.splitlines()[-1] == "[]", done.stderr
    assert "raw-data-leaves-silo" in done.stdout

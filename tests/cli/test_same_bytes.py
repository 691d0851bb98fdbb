"""
The same input gives the same bytes, whatever is around it: each row of `WAYS` is one thing that may differ.

One folder of deployments is looked at by several commands, in every format, in a process of its own. What it prints and
writes is compared with what a process prints and writes around which nothing is special. All that differs without
another interpreter is tried at once in each run of the tests, and each thing by itself in CI, which then also says what
it was. Other interpreters are those that are installed here; with `FEDPOLICY_BESIDE` the test compares with another
environment, as `.ci/versions` does with the lowest and the newest dependencies.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest

from fedpolicy.report.formats import format_ids
from tests.ci.repositories import CLEAN, LEAKING, environment
from tests.house.pages import ROOT

WRITTEN = re.sub(r"^  score: .*$", r"\g<0>  # 北京", LEAKING, flags=re.MULTILINE)
OTHER = LEAKING.replace("name: clinical-notes", "name: other")
BROKEN = "fedpolicy: 1\nname: broken\nparties: {a: {rol: participant}}\n"
UNREAD = "fedpolicy: 1\nname: [\n"
# Names that languages sort in different ways.
FILES = {"Zebra.yaml": CLEAN, "ähre.yaml": WRITTEN, "sub/a.yaml": OTHER, "sub/B.yaml": BROKEN, "sub/İ.yaml": UNREAD}
FORMATS = [name for name in format_ids() if name != "oscal"]  # which needs an extra
DAY = "--today 2026-11-28"
REPAIR = f"$ repair ähre.yaml {DAY} --proposals 1"
COMMANDS = (
    f"check . {DAY} --fixes --output full:- {' '.join(f'--output {name}:out.{name}' for name in FORMATS)}",
    f"check sub/a.yaml ähre.yaml Zebra.yaml {DAY} --format concise",
    "facts ähre.yaml --format json",
    "control ähre.yaml",
    "budget ähre.yaml",
    "graph ähre.yaml --format mermaid",
    REPAIR.removeprefix("$ "),
    f"diff Zebra.yaml ähre.yaml {DAY} --format json",
)
PROGRAM = """
import os, sys
from fedpolicy.cli import main

class Backwards(list):
    def __init__(self, *given):
        super().__init__(scandir(*given))
        self.sort(key=lambda entry: entry.name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def __next__(self):
        if not self:
            raise StopIteration
        return self.pop()

    def __iter__(self):
        return self

if sys.argv[1] == "backwards":
    listdir, scandir = os.listdir, os.scandir
    os.scandir, os.listdir = Backwards, lambda *given: sorted(listdir(*given), reverse=True)
for line in sys.stdin.buffer.read().splitlines():
    code = main([os.fsdecode(word) for word in line.split()])
    sys.stdout.flush()
    sys.stdout.buffer.write(b"\\0%d\\0" % code)
    sys.stdout.buffer.flush()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What is around a process."""

    env: dict[str, str] = field(default_factory=dict)
    backwards: bool = False
    newline: str = "\n"
    python: str = ""
    """Another interpreter, `3.12`; it gets the dependencies of `requirements/run.txt`."""


BARE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
EAST = {"TZ": "Pacific/Kiritimati"}
ALL = Way(env={"PYTHONHASHSEED": "1", **BARE, **EAST}, backwards=True, newline="\r\n")
ALONE = {
    **{f"hash seed {seed}": Way(env={"PYTHONHASHSEED": seed}) for seed in ("1", "2", "31337")},
    "files in another order": Way(backwards=True),
    "a locale of ASCII": Way(env=BARE),
    "a locale of Turkey": Way(env={"LC_ALL": "tr_TR.UTF-8", "LANGUAGE": "tr"}),
    "the first time zone": Way(env=EAST),
    "the last time zone": Way(env={"TZ": "Etc/GMT+12"}),
    "line ends of Windows": Way(newline="\r\n"),
    "line ends of old Macs": Way(newline="\r"),
    "Python without its own asserts": Way(env={"PYTHONOPTIMIZE": "2"}),
    **{f"Python {version}": Way(python=version) for version in ("3.11", "3.12", "3.13", "3.14")},
}
WAYS = {"all at once": ALL, **ALONE}


def interpreter(version: str) -> str | None:
    """Where a Python is: on the path, or among those of pyenv."""
    there = sorted(
        Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv").glob(f"versions/{version}.*/bin/python")
    )
    for found in (shutil.which(f"python{version}"), *map(str, there)):
        ask = [found or "", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        if found and subprocess.run(ask, capture_output=True, check=False).stdout.decode().strip() == version:
            return found
    return None


def said(folder: Path, way: Way, python: str = sys.executable, paths: str = "") -> dict[str, bytes]:
    """All that is printed and written, by where."""
    here = folder / "here"
    for name, text in reversed(FILES.items()) if way.backwards else FILES.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_bytes(text.replace("\n", way.newline).encode())
    done = subprocess.run(
        [python, "-P", "-c", PROGRAM, "backwards" if way.backwards else "forwards"],
        cwd=here,
        env=environment(**{"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "TZ": "UTC", "PYTHONPATH": paths, **way.env}),
        input="\n".join(COMMANDS).encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    *printed, last = done.stdout.split(b"\0")
    assert last == b""
    found = {path.name: path.read_bytes() for path in sorted(here.glob("out.*"))}
    for line, text, code in zip(COMMANDS, printed[::2], printed[1::2], strict=True):
        found |= {f"$ {line}": text, f"code of {line}": code}
    found["messages"] = done.stderr
    return {where: undigested(text, here) for where, text in found.items()}


def undigested(text: bytes, here: Path) -> bytes:
    """Without the digests of the files, which are those of their bytes, line ends and all."""
    text = text.replace(b"<wbr>", b"")
    for name in FILES:
        digest = sha256((here / name).read_bytes()).hexdigest().encode()
        text = text.replace(digest, name.encode()).replace(digest[:12], name.encode())
    return text


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a process says around which nothing is special, and that it says what was asked for."""
    found = said(tmp_path_factory.mktemp("usual"), Way())

    assert [found[f"code of {line}"] for line in COMMANDS] == [b"2", b"1", b"0", b"0", b"0", b"0", b"0", b"1"]
    assert [where for where, text in found.items() if not text] == []
    assert {f"out.{name}" for name in FORMATS} <= set(found)
    assert "unknown key `rol`" in found["messages"].decode()
    assert "北京" in found["out.full"].decode()
    return found


@pytest.mark.parametrize("name", ["all at once", *(pytest.param(name, marks=pytest.mark.slow) for name in ALONE)])
def test_the_same_input_gives_the_same_bytes(name, usual, tmp_path):
    way = WAYS[name]
    python, paths = sys.executable, ""
    if way.python == f"{sys.version_info[0]}.{sys.version_info[1]}":
        pytest.skip(f"Python {way.python} runs the tests")
    if way.python:
        python = interpreter(way.python) or pytest.skip(f"Python {way.python} is not installed here")
        paths = os.pathsep.join((str(ROOT), with_dependencies(way.python, tmp_path / "site")))
    found = said(tmp_path, way, python, paths)

    expected = dict(usual)
    if way.newline == "\r":  # lines of a patch end with a line feed, so a patch of this file is one line
        del found[REPAIR], expected[REPAIR]
    if way.env.get("LC_ALL") == "C":  # reports are UTF-8 anyhow; messages are for the terminal
        expected["messages"] = expected["messages"].decode().encode("ascii", "backslashreplace")
        if sys.platform != "linux":  # where a locale says something else to a terminal
            del found["messages"], expected["messages"]
    assert list(found) == list(expected)
    assert {where: text for where, text in found.items() if text != expected[where]} == {}


def with_dependencies(version: str, folder: Path) -> str:
    """A folder with what fedpolicy needs under another interpreter, in the versions of the list."""
    which = ("--python-version", version, "--only-binary=:all:", "--target", str(folder))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-compile", *which]
    done = subprocess.run(
        [*command, "-r", str(ROOT / "requirements" / "run.txt")], capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        pytest.skip(f"no dependencies for Python {version}: {done.stderr.strip().splitlines()[-1]}")
    return str(folder)


def test_other_dependencies_give_the_same_bytes(usual, tmp_path):
    python = os.environ.get("FEDPOLICY_BESIDE") or pytest.skip("`.ci/versions` names the other environment")

    assert said(tmp_path, Way(), python) == usual

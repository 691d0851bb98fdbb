"""`requirements/` has what `pyproject.toml` asks for, with hashes, and nothing of the machine that wrote it."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.house.pages import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
LISTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "requirements").glob("*.txt"))}
PIN = re.compile(r"^([a-z0-9-]+)==([\w.+!]+)(?: ; ([^\\\n]+?))? \\$", re.MULTILINE)
WANTED = re.compile(r"^([\w-]+)(?:\[[\w,-]+\])?>=([\w.]+)[^;]*(?:; (.+))?$")
OURS = {"run": (), "test": ("test",), "lint": ("lint",), "docs": ("docs",), "build": ("build",), "bench": ("bench",)}
OURS |= {
    "ci": ("test", "test-ci", "oscal", "dask", "docs", "dp"),
    "oscal": ("oscal",),
    "lock": ("lock",),
    "release": ("release",),
}
APART = {"editor": ("test", "lint", "lsp", "test-editor"), "enforce": ("test-enforce",)}
APART |= {"fuzz": ("test", "test-fuzz")}


def wanted(extras):
    """Names and lowest versions of what is asked for, with what a build needs."""
    lines = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
    lines += [line for extra in extras for line in EXTRAS[extra] if not line.startswith("fedpolicy[")]
    found = [WANTED.match(line) for line in lines]
    assert all(found), lines
    return {(match[1].lower(), match[2]) for match in found}


def pins(name):
    return {(match[1], match[2]) for match in PIN.finditer(LISTS[name])}


def test_there_is_a_list_for_each_purpose():
    assert set(LISTS) == {*OURS, *APART, "lowest"}


@pytest.mark.parametrize("name", sorted({**OURS, **APART}))
def test_a_list_has_all_that_its_purpose_needs(name):
    assert {one for one, _ in wanted({**OURS, **APART}[name])} <= {one for one, _ in pins(name)}


def test_the_lists_share_one_environment():
    everything = [pins(name) for name in OURS]
    known = set().union(*everything)
    # One name may have several versions, each for some Pythons; then every list has them all.
    for found in everything:
        names = {name for name, _ in found}
        assert {pin for pin in known if pin[0] in names} == found


def test_the_lowest_versions_are_those_that_the_project_accepts():
    # The higher bound of a newer Python comes beside the lower one.
    found = pins("lowest")
    exact = {(name, version) for name, version in found if name in {one for one, _ in wanted(("test", "build"))}}
    padded = {(name, re.sub(r"(\.0)+$", "", version)) for name, version in exact}
    assert padded == wanted(("test", "build"))


@pytest.mark.parametrize("name", sorted(LISTS))
def test_a_list_holds_pins_with_hashes_and_nothing_else(name):
    lines = LISTS[name].splitlines()
    hashed = [line for line in lines if re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line)]
    pinned = [line for line in lines if PIN.fullmatch(line)]
    assert pinned
    assert len(hashed) >= len(pinned)
    assert len(hashed) + len(pinned) == len(lines)


def test_make_installs_from_the_lists_alone():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "LOCKED := $(PIP) --require-hashes --only-binary=:all: -r" in makefile
    assert "OURS := $(PIP) --no-deps --no-build-isolation" in makefile
    installing = [line for line in makefile.splitlines() if "$(PIP)" in line and ":=" not in line]
    assert [line.split("$(PIP)")[1].strip() for line in installing] == ['"$$@" || exit 1; \\']
    (peers,) = re.findall(r"for peer in (.*); do", makefile)
    assert all(re.fullmatch(r"\w+( \w+==[\d.]+)+", peer) for peer in re.findall(r"'([^']*)'", peers))

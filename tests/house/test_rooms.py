"""The house is as the architecture says: imports go one way, modules are small, every room is on the map."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter

import pytest

from tests.house.pages import ROOT, named

PACKAGE = ROOT / "fedpolicy"
MOST_LINES = 300
MODULES = sorted(PACKAGE.glob("**/*.py"))


def test_imports_go_one_way():
    ask = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


def test_every_room_has_its_place_among_the_layers():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (layers,) = [one["layers"] for one in settings["tool"]["importlinter"]["contracts"] if one["type"] == "layers"]
    placed = {name.split(".")[1] for layer in layers for name in layer.split(" | ")}
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in MODULES}
    assert rooms - placed == {"__init__", "__main__"}


def test_topologies_load_neither_the_language_nor_the_graph():
    # They are words of the language; what they name of the graph is for type checkers.
    ask = "import sys, fedpolicy.topologies; print(*(name for name in sys.modules if name.startswith('fedpolicy.')))"
    done = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    loaded = {name for name in done.stdout.split() if not name.startswith("fedpolicy.topologies")}
    assert loaded == {"fedpolicy.files", "fedpolicy.records"}


def test_a_module_fits_in_a_head():
    lines = {named(module): len(module.read_text(encoding="utf-8").splitlines()) for module in MODULES}
    assert {name: number for name, number in lines.items() if number > MOST_LINES} == {}


def test_a_module_lists_names_only_as_a_promise_or_where_it_hands_on_those_of_others():
    listing = [path for path in MODULES if "\n__all__ = " in path.read_text(encoding="utf-8")]
    own = [named(path) for path in listing if not _handed_on(ast.parse(path.read_text(encoding="utf-8")))]
    assert [name for name in own if name not in {"fedpolicy/api.py", "fedpolicy/testing.py"}] == []


def _handed_on(tree):
    """The imported names that a module lists."""
    (listed,) = (one.value for one in tree.body if isinstance(one, ast.Assign) and one.targets[0].id == "__all__")
    imports = (one for one in ast.walk(tree) if isinstance(one, ast.ImportFrom))
    return {each.asname or each.name for one in imports for each in one.names} & set(ast.literal_eval(listed))


def test_a_module_uses_each_of_its_private_names():
    made = re.compile(r"^(?:def |class |async def )?(_[A-Za-z]\w*)(?= *[:=(])", re.MULTILINE)
    unused = []
    for module in MODULES:
        text = module.read_text(encoding="utf-8")
        words = Counter(re.findall(r"\b_\w+", text))
        unused += [f"{named(module)}: {name}" for name in made.findall(text) if words[name] == 1]
    assert unused == []


def test_two_places_catch_everything():
    broad = [named(module) for module in MODULES if "except Exception" in module.read_text(encoding="utf-8")]
    assert broad == ["fedpolicy/cli/errors.py", "fedpolicy/errors.py"]


def test_only_the_command_line_reads_the_environment_and_prints():
    talks = re.compile(r"\b(?:os\.environ|getenv|sys\.exit|sys\.std(?:in|out|err)|print)\b(?=[.(\[])")
    below = [path for path in MODULES if not path.is_relative_to(PACKAGE / "cli") and path.name != "__main__.py"]
    assert [named(path) for path in below if talks.search(path.read_text(encoding="utf-8"))] == []


def test_every_room_is_on_the_map():
    map_ = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file())
    assert [room for room in rooms if f"{room}/" not in map_] == []


WALKS = re.findall(
    r"^\*\*(How [^*]+)\*\* \(at most (\d+) files\)[^\n]*:\n\n((?:\d+\. .*\n)+)",
    (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


@pytest.mark.parametrize(("most", "steps"), [found[1:] for found in WALKS], ids=[found[0] for found in WALKS])
def test_a_walk_through_the_house_opens_files_that_are_there_and_few(most, steps):
    files = re.findall(r"^\d+\. `([\w/]+\.py)`", steps, re.MULTILINE)

    assert [file for file in files if not (PACKAGE / file).is_file()] == []
    assert len(files) == len(steps.splitlines()) <= int(most)


def test_the_house_has_walks():
    assert {walk: int(most) for walk, most, _ in WALKS} == {
        "How a run comes to its exit code": 7,
        "How a party gets its level for a dataset": 8,
        "How a verdict becomes unknown": 7,
        "How a repair is proved": 10,
    }


@pytest.mark.parametrize("steps", [found[2] for found in WALKS], ids=[found[0] for found in WALKS])
def test_each_file_of_a_walk_is_opened_from_an_earlier_one(steps):
    """Imported there, in whatever function; a file that is found by its name is imported as one of its folder."""
    files = re.findall(r"^\d+\. `([\w/]+\.py)`", steps, re.MULTILINE)
    unreached = []
    for place, file in enumerate(files[1:], start=1):
        name = f"fedpolicy/{file}".removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        room, _, own = name.rpartition(".")
        ways = re.compile(rf"from {re.escape(name)} import|from {re.escape(room)} import [^)]*\b{own}\b")
        if not any(ways.search((PACKAGE / before).read_text(encoding="utf-8")) for before in files[:place]):
            unreached.append(file)
    assert unreached == []

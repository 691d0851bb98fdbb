"""Names and characters that deceive: whoever reads a file, a report or a terminal sees what fedpolicy sees."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from fedpolicy import api
from fedpolicy.cli import main
from fedpolicy.digests import digest_of
from fedpolicy.errors import Problems
from fedpolicy.report.formats import format_ids

LEAK = """\
fedpolicy: 1
name: x
parties: {a: {role: participant}, b: {role: coordinator}}
nodes: {n: {kind: client, party: a}, g: {kind: aggregator, party: b}}
datasets: {d: {at: n, categories: [health]}}
flows: {f: {from: n, to: g, payload: records}}
"""
FORMATS = [name for name in format_ids() if name != "oscal" or find_spec("trestle")]
RECORDS = {"dpv", "responsibility", "ropa", "ropa-csv"}  # which tell of processing, not of findings
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
UTF8 = {"LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}


@pytest.fixture
def fedpolicy(monkeypatch, capsysbinary):
    """Run a command in this process: its exit code, and the bytes that it wrote."""

    def run(folder, *arguments):
        monkeypatch.chdir(folder)
        code = main(arguments)
        return subprocess.CompletedProcess(arguments, code, *capsysbinary.readouterr())

    return run


def process(folder, *arguments, env=UTF8):
    command = [sys.executable, "-m", "fedpolicy", *arguments]
    return subprocess.run(command, cwd=folder, env={**os.environ, **env}, capture_output=True, timeout=120, check=False)


@pytest.fixture
def odd(tmp_path):
    """A folder with a deployment whose name is no UTF-8."""
    if sys.platform != "linux":
        pytest.skip("names are bytes on Linux")
    with open(os.fsencode(tmp_path) + b"/\xff.fedpolicy.yaml", "w", encoding="utf-8") as file:  # noqa: PTH123  bytes
        file.write(LEAK)
    return tmp_path


@pytest.mark.parametrize("form", FORMATS)
def test_a_finding_in_a_file_whose_name_is_no_utf8_is_written(form, odd, fedpolicy):
    shown = fedpolicy(odd, "check", ".", "--format", form)
    written = fedpolicy(odd, "check", ".", "--output", f"{form}:report")

    assert (shown.returncode, shown.stderr) == (written.returncode, written.stderr) == (1, b"")
    assert (odd / "report").read_bytes() == shown.stdout
    assert form in RECORDS or b"raw-data-leaves-silo" in shown.stdout


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("json", '"file": "\\\\xff.fedpolicy.yaml"'),
        ("sarif", '"uri": "%FF.fedpolicy.yaml"'),
        ("csv", "\\xff.fedpolicy"),
    ],
)
def test_a_name_that_is_no_utf8_can_be_told_from_others(form, name, odd, fedpolicy):
    assert name in fedpolicy(odd, "check", ".", "--format", form).stdout.decode("utf-8")


@pytest.mark.parametrize("form", FORMATS)
def test_a_mistake_in_a_file_whose_name_is_no_utf8_is_written(form, odd, fedpolicy):
    name = os.listdir(odd)[0]  # noqa: PTH208  as the system says it
    (odd / name).write_text(LEAK.replace("role: participant", "role: nobody"), encoding="utf-8")
    done = fedpolicy(odd, "check", ".", "--format", form)

    assert done.returncode == 2
    assert b"`nobody`" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("facts", "--format", "json"),
        ("facts",),
        ("graph",),
        ("budget",),
        ("control", "--format", "json"),
        ("repair",),
        ("baseline", "--output", "base.json"),
    ],
    ids=" ".join,
)
def test_every_command_takes_such_a_file(arguments, odd, fedpolicy):
    name = os.listdir(odd)[0]  # noqa: PTH208  as the system says it
    done = fedpolicy(odd, arguments[0], name, *arguments[1:])

    assert done.returncode in (0, 1), done.stderr


def test_a_pack_with_such_a_file_has_a_digest(odd):
    (odd / "pack").mkdir()
    (odd / "pack" / "_pack.yaml").write_text("id: pack\ntitle: P\n", encoding="utf-8")
    before = digest_of(odd / "pack")
    os.rename(odd / os.listdir(odd)[0], os.fsencode(odd) + b"/pack/\xff.yaml")  # noqa: PTH104, PTH208  bytes

    assert digest_of(odd / "pack") != before


@pytest.mark.parametrize("form", [name for name in FORMATS if name != "oscal"])
def test_a_name_steers_neither_a_terminal_nor_a_viewer(form, tmp_path, fedpolicy):
    hostile = "a\x1b[31m\u202e\u2028\u2066b.fedpolicy.yaml"
    (tmp_path / hostile).write_text(LEAK, encoding="utf-8")
    done = fedpolicy(tmp_path, "check", ".", "--format", form)

    assert done.returncode == 1
    shown = done.stdout.decode("utf-8")
    assert [char for char in shown if not char.isprintable() and char != "\n"] == []


HIDDEN = [
    ("\u202e", "changes the order of what is shown"),
    ("\u2066", "changes the order of what is shown"),
    ("\u2028", "ends a line that editors do not show"),
    ("\x85", "ends a line that editors do not show"),
]


@pytest.mark.parametrize(("char", "does"), HIDDEN)
def test_a_comment_cannot_hold_what_is_no_comment(char, does):
    text = LEAK.replace("name: x", f"name: x  # reviewed {char}setting: {{}}")
    with pytest.raises(Problems) as raised:
        api.loads(text, "d.yaml")

    assert str(raised.value) == (
        f"d.yaml:2:21: the character U+{ord(char):04X} is not allowed: it {does}"
        " (delete it: a reader would see another text than fedpolicy reads)"
    )


@pytest.mark.parametrize("escape", ["\\u202e", "\\u2069", "\\L", "\\N"])
def test_an_escape_brings_none_in(escape):
    with pytest.raises(Problems) as raised:
        api.loads(LEAK.replace("name: x", f'name: x\nsummary: "a{escape}b"'), "d.yaml")

    assert str(raised.value).startswith("d.yaml:3:10: the control character U+")


def test_the_marks_of_right_to_left_writing_are_welcome():
    (document,) = api.loads(LEAK.replace("name: x", "name: x\nsummary: בית־חולים \u200fCHU\u200e"), "d.yaml")
    assert document.deployment.summary == "בית־חולים \u200fCHU\u200e"


@pytest.mark.parametrize(
    ("option", "file", "text", "place"),
    [
        ("--config", "c.toml", 'fail_on = "low" # \u2066never\n', "c.toml:1:19"),
        ("--catalog", "c.yaml", "# facts\u2028\nmodels: {}\n", "c.yaml:1:8"),
        ("--pack", "p/_pack.yaml", "id: p\n# \u202e\ntitle: P\n", "_pack.yaml:2:3"),
        ("--waivers", "w.yaml", "fedpolicy_waivers: 1 # \u202e\n", "w.yaml:1:24"),
    ],
)
def test_no_file_that_decides_may_hold_one(option, file, text, place, tmp_path, fedpolicy):
    (tmp_path / "d.yaml").write_text(LEAK, encoding="utf-8")
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text, encoding="utf-8")
    given = file.removesuffix("/_pack.yaml")
    done = fedpolicy(tmp_path, "check", "d.yaml", option, given if option != "--pack" else "./p")

    assert done.returncode == 2
    assert "is not allowed: it" in done.stderr.decode("utf-8")
    assert place in done.stderr.decode("utf-8")

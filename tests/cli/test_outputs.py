"""Several reports of one run: each in its format and its file, all of them or none."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fedpolicy.cli.outputs import Output, plan
from fedpolicy.errors import SettingsError
from fedpolicy.report.formats import format_ids

PACK = str(Path(__file__).parent / "pack")


@pytest.fixture
def check(run, example):
    """Check the running example by the two rules of the tests."""
    return lambda *arguments: run("check", example.name, "--pack", PACK, *arguments)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("report.txt", Output(form="text", file="report.txt")),
        ("sarif:out/x.sarif", Output(form="sarif", file="out/x.sarif")),
        ("json:-", Output(form="json", file=None)),
        ("-", Output(form="text", file=None)),
        ("./sarif:x", Output(form="text", file="./sarif:x")),
        ("C:\\x.txt", Output(form="text", file="C:\\x.txt")),
        ("json:a:b", Output(form="json", file="a:b")),
    ],
)
def test_an_output_is_a_file_perhaps_with_its_format(given, expected):
    assert plan([given], "text") == (expected,)


def test_nothing_given_is_standard_output_in_the_chosen_format():
    assert plan([], "json") == (Output(form="json", file=None),)


def test_every_report_is_written_in_its_own_format(check):
    result = check("--format", "junit", "-o", "sarif:a.sarif", "-o", "plain.xml", "-o", "csv:-")

    assert result.exit_code == 0
    assert json.loads(Path("a.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert Path("plain.xml").read_text(encoding="utf-8").startswith("<?xml ")
    assert result.stdout.startswith("verdict,severity,rule,")


def test_with_files_only_nothing_is_printed(check):
    assert check("-o", "sarif:a.sarif", "-o", "json:b.json").stdout == ""


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (["sarif:x", "json:x"], "two outputs go to `x`: `sarif:x` and `json:x`"),
        (["x", "json:./x"], "two outputs go to `./x`: `x` and `json:./x`"),
        (["-", "json:-"], "two outputs go to standard output: `-` and `json:-`"),
        (["sarf:x"], "`--output sarf:x`: there is no format `sarf`"),
        (["sarif:"], "`--output sarif:` names no file"),
    ],
)
def test_outputs_that_cannot_be_meant_are_one_message(outputs, message, check):
    result = check(*(part for text in outputs for part in ("--output", text)))

    assert result.exit_code == 2
    assert result.stderr.splitlines()[0] == f"error: {message}"
    assert result.stderr.count("error:") == 1
    assert result.stdout == ""
    assert os.listdir() == ["deployment.yaml"]  # noqa: PTH208  hidden drafts count


def test_links_to_one_file_are_one_file(check):
    Path("real.txt").write_text("before", encoding="utf-8")
    Path("link.txt").symlink_to("real.txt")

    assert check("-o", "real.txt", "-o", "json:link.txt").exit_code == 2
    assert Path("real.txt").read_text(encoding="utf-8") == "before"


def test_an_unknown_format_suggests_a_known_one():
    with pytest.raises(SettingsError) as raised:
        plan(["sarf:x"], "text")

    assert raised.value.help.startswith("did you mean `sarif`?")
    assert raised.value.help.endswith("a file of that name is `./sarf:x`")


def test_one_folder_that_is_missing_leaves_every_file_as_it_was(check):
    Path("old.txt").write_text("before", encoding="utf-8")
    result = check("-o", "old.txt", "-o", "json:new.json", "-o", "sarif:no/such/x.sarif", "-o", "csv:-")

    assert result.exit_code == 2
    assert result.stderr == (
        "error: `no/such/x.sarif` cannot be written: No such file or directory\n"
        "  = help: there is no folder `no/such`\n\n"
    )
    assert result.stdout == ""
    assert Path("old.txt").read_text(encoding="utf-8") == "before"
    assert sorted(os.listdir()) == ["deployment.yaml", "old.txt"]  # noqa: PTH208  hidden drafts count


def test_a_format_that_cannot_be_written_leaves_every_file_as_it_was(check, monkeypatch):
    monkeypatch.setitem(sys.modules, "trestle.oscal.assessment_results", None)
    result = check("-o", "json:a.json", "-o", "oscal:b.json")

    assert result.exit_code == 2
    assert result.stderr.startswith("error: the format `oscal` needs compliance-trestle\n")
    assert os.listdir() == ["deployment.yaml"]  # noqa: PTH208  hidden drafts count


def test_what_is_no_plain_file_is_written_to_as_it_is(check):
    assert check("-o", "json:/dev/null", "-o", "text:a.txt").exit_code == 0
    assert not Path("/dev/null").is_file()
    assert Path("a.txt").is_file()


WRITERS = {
    **{f"check {name}": ("check", "deployment.yaml", "--format", name) for name in format_ids()},
    **{f"graph {name}": ("graph", "deployment.yaml", "--format", name) for name in ("mermaid", "dot")},
    **{f"site {name}": ("site", "deployment.yaml", "charite", "--format", name) for name in ("markdown", "html")},
}


@pytest.mark.no_cover  # the same lines for each case
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_is_one_message_whatever_is_written(name, run, example):
    if name == "check oscal":
        pytest.importorskip("trestle", reason="needs the extra `oscal`")
    done = run(*WRITERS[name], "--output", "/dev/full")

    assert example.name == "deployment.yaml"
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("error: `/dev/full` cannot be written: No space left on device\n")
    assert done.stderr.count("error:") == 1


@pytest.mark.parametrize("name", ["check html", "site html"])
def test_a_disk_that_fills_up_leaves_what_was_there(name, example):
    resource = pytest.importorskip("resource", reason="a limit of POSIX")
    Path("page.html").write_text("before", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "fedpolicy", *WRITERS[name], "--output", "page.html"],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},  # it would be cut off, too
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000)),
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert done.stderr == "error: `page.html` cannot be written: File too large\n  = help: nothing was written\n\n"
    assert Path("page.html").read_text(encoding="utf-8") == "before"
    assert sorted(os.listdir()) == [example.name, "page.html"]  # noqa: PTH208  hidden drafts count


@pytest.mark.slow
def test_ten_thousand_findings_are_a_page_and_a_comment_that_can_be_read(run, tmp_path):
    """A file of findings that have nothing to do with each other: the worst come first, the rest is counted."""
    count = 2_000
    models = "".join(f"  m{one}: {{ref: openai/gpt-4o, via: [openai]}}\n" for one in range(count))
    calls = "".join(f"  c{one}: {{from: client, model: m{one}, sends: [notes]}}\n" for one in range(count))
    (tmp_path / "many.yaml").write_text(
        "fedpolicy: 1\nname: many\nparties:\n  clinic: {role: participant, jurisdiction: DE}\n"
        "  openai: {role: provider, jurisdiction: US}\nnodes:\n  client: {kind: client, party: clinic}\n"
        f"datasets:\n  notes: {{at: client, categories: [health]}}\nmodels:\n{models}api_calls:\n{calls}",
        encoding="utf-8",
    )
    files = {name: tmp_path / f"many.{name}" for name in ("text", "markdown", "html")}
    outputs = [part for name, file in files.items() for part in ("--output", f"{name}:{file}")]
    done = run("check", str(tmp_path / "many.yaml"), "--today", "2026-11-28", *outputs)
    written = {name: file.read_text(encoding="utf-8") for name, file in files.items()}
    standing = re.sub(r"<details>.*?</details>", "", written["markdown"], flags=re.DOTALL)

    assert done.exit_code == 1
    number = int(re.match(r"FAIL  many: ([\d,]+) findings", written["text"])[1].replace(",", ""))
    assert number >= 10_000
    assert len(written["text"].splitlines()) <= 60
    assert len(standing.encode()) <= 4_096
    assert len(written["html"].encode()) <= 300_000
    assert f"{number:,} findings" in written["html"]
    assert "more causes" in written["html"]


def test_a_file_keeps_its_permissions(check):
    Path("a.json").write_text("", encoding="utf-8")
    Path("a.json").chmod(0o640)
    check("-o", "json:a.json")

    assert Path("a.json").stat().st_mode & 0o777 == 0o640


def test_bad_options_are_told_before_anything_is_checked(run):
    result = run("check", "missing.yaml", "-o", "sarf:x")

    assert "there is no format `sarf`" in result.stderr
    assert "missing.yaml" not in result.stderr

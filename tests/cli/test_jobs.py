"""`--jobs`: the same bytes however many processes check."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from fedpolicy import check
from fedpolicy.batch import processes, usable_cpus
from fedpolicy.cli import run as cli_run
from fedpolicy.report.formats import format_ids
from tests.cli.conftest import EXAMPLE

CLEAN = EXAMPLE.parents[1] / "clean-open-weight" / "deployment.yaml"
PACK = Path(__file__).parent / "pack"
WAIVERS = """\
fedpolicy_waivers: 1
waivers:
  trial:
    rule: private-data-to-closed-model
    element: parties.openai
    file: team-01/fedpolicy.yaml
    deployment: leaking-1
    reason: A trial
    owner: alice
    approved_by: bob
    expires: 2999-01-01
  unused:
    rule: single-provider
    element: parties.nobody
    file: team-01/fedpolicy.yaml
    deployment: leaking-1
    reason: A trial
    owner: alice
    approved_by: bob
    expires: 2999-01-01
"""


@pytest.fixture
def estate(run, tmp_path):
    """Twelve files, some of them broken, with a pack, waivers and a configuration."""
    leaking, clean = EXAMPLE.read_text(encoding="utf-8"), CLEAN.read_text(encoding="utf-8")
    for number in range(12):
        text = leaking if number % 4 == 1 else clean
        text = re.sub(
            r"^name: .*$", f"name: {'leaking' if number % 4 == 1 else 'clean'}-{number}", text, flags=re.MULTILINE
        )
        folder = tmp_path / f"team-{number:02}"
        folder.mkdir()
        (folder / "fedpolicy.yaml").write_text(text.replace("parties:", "partys:", number == 6), encoding="utf-8")
    shutil.copytree(PACK, tmp_path / "rules")
    (tmp_path / "fedpolicy.waivers.yaml").write_text(WAIVERS, encoding="utf-8")
    (tmp_path / "fedpolicy.toml").write_text(
        'packs = ["federation", "rules"]\n[rules.single-provider]\nseverity = "low"\n', encoding="utf-8"
    )
    return run


def outcome(run, *arguments, **more):
    """Everything that a run leaves behind: exit code, both streams, files."""
    files = [f"{form}:report.{form}" for form in format_ids() if form not in {"oscal", "html"}]
    outputs = [part for file in files for part in ("--output", file)]
    done = run("check", *arguments, *outputs, "--output", "text:-", "--today", "2026-11-22", **more)
    written = {path.name: path.read_bytes() for path in Path().glob("report.*")}
    assert len(written) == len(files)
    return done.exit_code, done.stdout, done.stderr, written


@pytest.mark.no_cover  # the same lines for each case
@pytest.mark.parametrize("jobs", ["2", *(pytest.param(n, marks=pytest.mark.slow) for n in ("5", "auto", "0"))])
def test_every_format_has_the_same_bytes(jobs, estate, monkeypatch):
    monkeypatch.setattr(cli_run, "_PAYS_TO_FORK", 0)
    one = outcome(estate, "--jobs", "1")

    assert one[0] == 2
    assert "unknown key `partys`" in one[2]
    assert outcome(estate, "--jobs", jobs) == one


def test_mistakes_of_rules_waivers_and_a_baseline_come_out_the_same(estate, tmp_path):
    assert estate("baseline", "team-05", "--jobs", "2").exit_code == 0
    (tmp_path / "rules" / "inputs-kept.yaml").write_text(
        (PACK / "inputs-kept.yaml").read_text(encoding="utf-8").replace("<= params.days", "<= params.dayz"), "utf-8"
    )
    broken = outcome(estate, "--baseline", "fedpolicy.baseline.json", "--jobs", "1")
    shutil.copy(PACK / "inputs-kept.yaml", tmp_path / "rules")
    whole = outcome(estate, "--baseline", "fedpolicy.baseline.json", "--jobs", "1", "team-01", "team-05")

    assert "dayz" in broken[2]
    assert "known from fedpolicy.baseline.json" in whole[1]
    assert "waiver-unused" in whole[1]
    arguments = ["--baseline", "fedpolicy.baseline.json", "--jobs", "3", "team-01", "team-05"]
    assert outcome(estate, *arguments) == whole


def test_standard_input_and_what_is_not_there_keep_their_places(estate):
    arguments = ["team-01", "gone.yaml", "-", "team-00"]
    text = CLEAN.read_text(encoding="utf-8")

    assert outcome(estate, *arguments, "--jobs", "2", input=text) == outcome(
        estate, *arguments, "--jobs", "1", input=text
    )


def test_an_error_of_ours_is_told_as_without_processes(estate, monkeypatch, forked):
    del forked
    real = check.load_text

    def fails(text, name, *others):
        if name.startswith("team-05"):
            raise RuntimeError(name)
        return real(text, name, *others)

    monkeypatch.setattr(check, "load_text", fails)
    one, two = (estate("check", "--jobs", jobs, "--exclude", "team-06") for jobs in ("1", "2"))

    assert (
        "error: a bug in fedpolicy, in `team-05/fedpolicy.yaml`: RuntimeError: team-05/fedpolicy.yaml\n" in one.stderr
    )
    assert "leaking-1" in one.stdout
    assert (one.exit_code, two.exit_code) == (3, 3)
    assert (two.stderr, two.stdout) == (one.stderr, one.stdout)


def test_a_file_that_kills_its_process_is_told_and_makes_the_exit_code_2(estate, monkeypatch, forked):
    import os  # noqa: PLC0415  of no use elsewhere here

    del forked
    real = processes.check_file

    def deadly(source, judge):
        if source.name.startswith("team-09"):
            os.kill(os.getpid(), 9)
        return real(source, judge)

    monkeypatch.setattr(processes, "check_file", deadly)
    done = estate("check", "--jobs", "2", "--exclude", "team-06")

    assert done.exit_code == 2
    assert done.stderr == (
        "note: the search left out 1 excluded deployment; `-v` names them\n"
        "error: `team-09/fedpolicy.yaml` was not checked: the process that checked it died\n"
        "  = help: perhaps it ran out of memory; `fedpolicy check team-09/fedpolicy.yaml` checks it alone\n\n"
    )
    assert any(line.startswith("leaking-5 ") for line in done.stdout.splitlines())
    assert "; 1 file with mistakes" in done.stdout


@pytest.mark.parametrize("given", ["-1", "two", "1.5", "", "²"])
def test_what_is_no_number_of_processes_is_told(given, run):
    done = run("check", f"--jobs={given}")

    assert done.exit_code == 2
    assert f"{given!r} is not a number of processes; write 1, 2, ... or auto" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("written", "good"), [("2", True), ('"auto"', True), ("0", True), ('"two"', False), ("1.5", False)]
)
def test_the_configuration_may_say_it(written, good, run, example, tmp_path):
    del example
    (tmp_path / "fedpolicy.toml").write_text(f"jobs = {written}\n", encoding="utf-8")
    done = run("check")
    bare = written.strip('"')

    assert done.exit_code == (1 if good else 2)
    assert good or done.stderr.splitlines() == [
        f"error: jobs: `{bare}` does not fit here",
        " --> fedpolicy.toml:1:1",
        "  |",
        f"1 | jobs = {written}",
        "  | ^^^^",
        "  |",
        '  = help: write a number of processes: 1, 2, ... or "auto"; see docs/configuration.md',
        "",
    ]


def test_fewer_than_none_is_no_number(run, tmp_path):
    (tmp_path / "fedpolicy.toml").write_text("jobs = -2\n", encoding="utf-8")

    assert run("check").stderr.startswith("error: jobs: `-2` is below 0\n --> fedpolicy.toml:1:1\n")


def test_the_command_line_has_the_last_word(run, tmp_path):
    (tmp_path / "fedpolicy.toml").write_text("jobs = 3\n", encoding="utf-8")

    assert re.search(r"^jobs += 3 +# fedpolicy.toml$", run("config", "show").stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("text", "cpus"), [("max 100000", 64), ("150000 100000", 2), ("50000 100000", 1), ("9900000 100000", 64), ("", 64)]
)
def test_a_container_may_use_what_its_quota_says(text, cpus, tmp_path, monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)), raising=False)
    quota = tmp_path / "cpu.max"
    quota.write_text(text, encoding="utf-8")

    assert usable_cpus(quota) == cpus


def test_processes_that_do_not_pay_are_not_started(estate, monkeypatch):
    def never(*_):
        raise AssertionError

    monkeypatch.setattr(processes, "Processes", never)
    monkeypatch.setattr(cli_run, "_PAYS_TO_FORK", 1e9)
    monkeypatch.setattr(cli_run, "_PAYS_TO_SPAWN", 1e9)

    assert estate("check", "--exclude", "team-06").exit_code == 1

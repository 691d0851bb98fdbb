"""Bad input: one clear message with its place, exit code 2, the other files are still checked, no traceback."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

HEAD = "fedpolicy: 1\nname: x\n"
LAYERS = "[" * 100_000
BOMB = (
    HEAD
    + "a: &a [x, x]\n"
    + "".join(
        f"{new}: &{new} [*{old}, *{old}, *{old}, *{old}, *{old}, *{old}]\n"
        for old, new in zip("abcdefghij", "bcdefghijk", strict=True)
    )
)
COHORT = """
parties: {a: {role: participant}, b: {role: participant}, t: {role: coordinator}}
nodes: {client: {kind: client, party: [a, b]}, agg: {kind: aggregator, party: t}}
datasets: {d: {at: client, categories: [health]}}
models: {m: {weights: open, weights_at: [client]}}
"""
PARTY = "parties: {a: {role: participant}}\nnodes: {n: {party: a}}\n"

# What is in the file, where the (first) message points, and what it says.
FILES = {
    "empty": (b"", "1:1", "holds no deployment"),
    "comments": (b"# nothing yet\n", "1:1", "holds no deployment"),
    "not-utf-8": (b"fedpolicy: 1\nname: \xff\n", "2:7", "not UTF-8"),
    "utf-16": ("fedpolicy: 1\n".encode("utf-16"), "1:1", "UTF-16"),
    "tab": (b"fedpolicy: 1\nname: x\nparties:\n\ta: {role: host}\n", "4:1", "tab"),
    "long-scalar": ((HEAD + "summary: " + "x" * 5_000_000 + "\nnodes: 3\n").encode(), None, None),
    "deep": ((HEAD + "parties: " + LAYERS + "\n").encode(), "3:", "deep"),
    "deep-flow": (LAYERS.encode(), "1:", "deep"),
    "bomb": (BOMB.encode(), None, "alias"),
    "cycle": (f"{HEAD}parties: &p {{a: *p}}\n".encode(), "3:", "itself"),
    "duplicate": (b"fedpolicy: 1\nname: x\nname: y\n", "3:1", "`name`"),
    "no-norway": (f"{HEAD}parties: {{a: {{role: host, jurisdiction: no}}}}\n".encode(), "3:", "NO"),
    "no-node": (f"{HEAD}{PARTY}flows: {{f: {{from: n, to: nowhere, payload: metrics}}}}\n".encode(), "5:", "nowhere"),
    "threshold": (
        f"{HEAD}{COHORT}tasks: {{t: {{method: fedavg, model: m, data: [d], runs_on: client, "
        "safeguards: [{kind: secure_aggregation, min_clients: 9}]}}\n".encode(),
        "8:",
        "9",
    ),
    "unclosed": (b"fedpolicy: 1\nname: [x\n", "2:7", "not closed"),
}


@pytest.fixture
def good(example):
    return example.name


@pytest.mark.parametrize("name", [name for name in FILES if name != "long-scalar"])
def test_a_bad_file_is_one_message_with_its_place_and_the_others_are_checked(name, run, good):
    text, place, says = FILES[name]
    Path("bad.yaml").write_bytes(text)

    result = run("check", "bad.yaml", good, "--format", "json")
    report = json.loads(result.stdout)

    assert result.exit_code == 2
    assert [row["name"] for row in report["deployments"]] == ["clinical-notes"]
    assert report["summary"]["fail"] > 0
    (error,) = report["errors"]
    assert error["file"] == "bad.yaml"
    assert says in f"{error['message']} {error['help']}"
    assert error["help"]
    assert f"{error['line']}:{error['column']}".startswith(place or "")
    assert result.stderr.count("error: ") == 1
    assert re.search(rf"^ *--> bad\.yaml:{error['line']}:{error['column']}$", result.stderr, re.MULTILINE)
    assert "Traceback" not in result.stderr
    assert max(map(len, result.stderr.splitlines())) < 200


def test_norway_is_norway(run):
    Path("no.yaml").write_text(f"{HEAD}parties: {{a: {{role: host, jurisdiction: NO}}}}\n", encoding="utf-8")
    result = run("facts", "no.yaml", "--format", "json")

    assert [row["jurisdictions"] for row in json.loads(result.stdout)["parties"] if row["id"] == "a"] == [["NO"]]


def test_a_very_long_scalar_is_read_or_refused_in_one_short_message(run):
    Path("long.yaml").write_bytes(FILES["long-scalar"][0])

    result = run("check", "long.yaml")

    assert result.exit_code == 2
    assert result.stderr.count("error: ") == 1
    assert len(result.stderr) < 2_000


def test_every_mistake_of_every_file_is_told_at_once(run):
    Path("one.yaml").write_text("fedpolicy: 1\nname: x\nnodez: {}\nmodelz: {}\n", encoding="utf-8")
    Path("two.yaml").write_text("fedpolicy: 2\nname: y\n", encoding="utf-8")

    result = run("check", "one.yaml", "gone.yaml", "two.yaml")

    assert result.exit_code == 2
    assert re.findall(r"^ *--> (\S+)$", result.stderr, re.MULTILINE) == [
        "one.yaml:3:1",
        "one.yaml:4:1",
        "two.yaml:1:12",
    ]
    assert "error: `gone.yaml` does not exist" in result.stderr


def test_a_missing_file_and_an_empty_folder_do_not_stop_the_others(run, good):
    Path("empty").mkdir()

    result = run("check", "gone.yaml", "empty", good)

    assert result.exit_code == 2
    assert "error: `gone.yaml` does not exist\n  = help: " in result.stderr
    assert "error: no deployment found in the folder `empty`\n  = help: name the file, call it" in result.stderr
    assert "; 2 files with mistakes" in result.stdout


def test_a_folder_without_a_deployment_is_exit_code_2(run):
    result = run("check")

    assert result.exit_code == 2
    assert "error: no deployment found in the folder `.`" in result.stderr
    assert result.stdout == "ERROR  nothing was evaluated\n"


RULE = """\
id: {id}
title: T
principle: autonomy
severity: low
applies_to: party
require: {require}
message: m
why: w
help: h
references: [{{basis: practice, title: t}}]
"""


@pytest.mark.parametrize(
    ("requires", "place", "says"),
    [
        (["'true'", "'true'"], "pack/b.yaml:1:", "id"),
        (["party.id =="], "pack/a.yaml:6:", ""),
        (["party.idd == 'x'"], "pack/a.yaml:6:", "party.id"),
    ],
    ids=["two rules with one id", "a rule that does not compile", "a rule that misspells a field"],
)
def test_a_bad_rule_is_told_with_its_place_and_the_files_are_still_read(requires, place, says, run, good):
    Path("pack").mkdir()
    for name, require in zip("ab", requires, strict=False):
        Path(f"pack/{name}.yaml").write_text(RULE.format(id="a", require=require), encoding="utf-8")
    Path("bad.yaml").write_text("fedpolicy: 1\nnam: x\n", encoding="utf-8")

    result = run("check", good, "bad.yaml", "--pack", "pack")

    assert result.exit_code == 2
    assert f"--> {place}" in result.stderr
    assert says in result.stderr
    assert "--> bad.yaml:2:1" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == "ERROR  nothing was evaluated\n"

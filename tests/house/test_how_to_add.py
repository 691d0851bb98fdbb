"""What the page on the architecture says of adding words is enough: followed to the letter in a copy."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from textwrap import dedent

import pytest

from tests.house.pages import ROOT

BLOCK = re.compile(r"^```python\n# (\S+\.py)(?:, (last in class|above) (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEAD = """
fedpolicy: 1
name: added
parties: {a: {role: participant}, b: {role: participant}, c: {role: participant}, hub: {role: coordinator}}
nodes: {client: {kind: client, party: [a, b, c]}, aggregator: {kind: aggregator, party: hub}}
datasets: {letters: {at: client, categories: [health]}}
"""
RULE = """
    id: {id}
    title: It is as we want it
    principle: integrity
    severity: low
    applies_to: {kind}
    require: "{require}"
    message: "{{element}} is not as we want it"
    why: We want it.
    help: Change it.
    references:
      - {{basis: practice, title: Ours, url: "https://example.org/ours", note: We want it.}}
    false_positives: [Somebody else wants something else.]
    examples:
      fail:
        - {{why: It is not., deployment: {fail}, elements: [{element}]}}
      pass:
        - {{why: It is., deployment: {good}}}
"""
PACK = """
    pack: added
    title: What was added
    version: "1"
    about: Rules on words that were added.
    scope: The words that were added.
    not_covered: All else.
    references:
      - {basis: practice, title: Ours, url: "https://example.org/ours", note: We want it.}
"""
PARTIES = "parties: {a: {role: participant}, b: {role: participant}}"
TASK = (
    f"{PARTIES}, nodes: {{client: {{kind: client, party: [a, b]}}}},"
    " datasets: {letters: {at: client, categories: [health]}}, models: {base: {weights: open, weights_at: client}},"
    " tasks: {train: {method: lora, model: base, data: [letters], runs_on: client, TASK}}"
)


def task(more):
    return "{" + TASK.replace("TASK", more) + "}"


def guarded(safeguard):
    return task(f"topology: peer_to_peer, safeguards: [{{kind: {safeguard}}}]")


RULES = {
    "kept-locked": {
        "kind": "node",
        "require": "node.physical_access == 'locked'",
        "fail": f"{{{PARTIES}, nodes: {{vault: {{party: a, physical_access: shared}}}}}}",
        "good": f"{{{PARTIES}, nodes: {{vault: {{party: a, physical_access: locked}}}}}}",
        "element": "nodes.vault",
    },
    "proved": {
        "kind": "safeguard",
        "require": "safeguard.kind == 'proof_of_training' && safeguard.scheme == 'zk_snark'",
        "fail": guarded("proof_of_training, scheme: replay"),
        "good": guarded("proof_of_training, scheme: zk_snark"),
        "element": "tasks.train.safeguards.0",
    },
    "opened-together": {
        "kind": "safeguard",
        "require": "safeguard.kind == 'threshold_encryption' && safeguard.needed == size(safeguard.holders)",
        "fail": guarded("threshold_encryption, holders: [a, b], needed: 1"),
        "good": guarded("threshold_encryption, holders: [a, b], needed: 2"),
        "element": "tasks.train.safeguards.0",
    },
    "no-ring": {
        "kind": "task",
        "require": "task.topology != 'ring'",
        "fail": task("topology: ring"),
        "good": task("topology: peer_to_peer"),
        "element": "tasks.train",
    },
}


def put(path, place, name, text):
    if not place:
        path.write_text(text, encoding="utf-8")
        return
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines(keepends=True)
    for node in ast.parse(source).body:
        if place == "last in class" and isinstance(node, ast.ClassDef) and node.name == name:
            lines.insert(node.end_lineno, text)
        elif place == "above" and isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name:
            lines.insert(node.lineno - 1, f"{text}\n\n")
    assert len(lines) > source.count("\n"), f"{name} is not in {path.name}"
    path.write_text("".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def added(tmp_path_factory):
    copy = tmp_path_factory.mktemp("copy")
    for name in ("fedpolicy", "policies", "schemas"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for file, place, name, text in BLOCK.findall(page):
        put(copy / file, place, name, text)
    return copy


def run(copy, *args, code=0):
    env = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        [sys.executable, "-m", *args], cwd=copy, env=env, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def deployment(copy, **parts):
    path = copy / "deployment.yaml"
    path.write_text(HEAD + "".join(f"{key}: {value}\n" for key, value in parts.items()), encoding="utf-8")
    return path.name


def test_the_page_has_a_block_for_each_kind_of_word():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

    assert [(file.rpartition("/")[2], name) for file, _, name, _ in BLOCK.findall(page)] == [
        ("party.py", "Node"),
        ("safeguards.py", "KINDS"),
        ("safeguards.py", "KINDS"),
        ("ring.py", ""),
        ("inhouse.py", ""),
    ]


@pytest.mark.slow
def test_rules_read_what_was_added(added):
    pack = added / "added"
    pack.mkdir()
    (pack / "_pack.yaml").write_text(dedent(PACK), encoding="utf-8")
    for name, parts in RULES.items():
        (pack / f"{name}.yaml").write_text(dedent(RULE).format(id=name, **parts), encoding="utf-8")

    assert "4 rules" in run(added, "fedpolicy", "test", "added")


@pytest.mark.slow
def test_the_schema_offers_what_was_added(added):
    run(added, "fedpolicy.language.reading.schema")

    text = (added / "schemas" / "deployment.schema.json").read_text(encoding="utf-8")
    assert '"Node.physical_access": {"enum": ["locked", "shared"]' in text
    assert '"ProofOfTraining.kind"' in text
    assert '"vertical", "local", "central", "ring"' in text
    added_lines = len(text.splitlines()) - len(
        (ROOT / "schemas" / "deployment.schema.json").read_text("utf-8").splitlines()
    )
    assert added_lines < 120


@pytest.mark.slow
def test_the_reader_and_the_analysis_know_what_was_added(added):
    ring = "{train: {method: fedavg, data: [letters], runs_on: client, topology: ring, AND}}"
    refused = deployment(added, tasks=ring.replace("AND", "aggregator: aggregator"))
    assert "`topology: ring` has no aggregator: each client sends to the next" in run(
        added, "fedpolicy", "check", refused, code=2
    )
    seal = "safeguards: [{kind: threshold_encryption, holders: hub, needed: 2}]"
    few = deployment(added, tasks=ring.replace("AND", seal))
    assert "`needed` is 2, but one reader is named" in run(added, "fedpolicy", "check", few, code=2)
    open_ = run(added, "fedpolicy", "facts", deployment(added, tasks=ring.replace(", AND", "")))
    sealed = run(added, "fedpolicy", "facts", deployment(added, tasks=ring.replace("AND", seal.replace("2", "1"))))
    assert "reconstructable" in open_
    assert "reconstructable" not in sealed

"""What each command imports. A start is as quick as its imports, and imports can be tested without a clock."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = "examples/clinical-notes/deployment.yaml"
MOST_MODULES = 181  # of our own, which a check of the running example imports in a checkout
ROOMS = {"pydantic", "yaml", "cel_expr_python", "networkx", "jsonschema", "fedpolicy.check"}
NEVER = {
    "pydantic",
    "pydantic_core",
    "networkx",
    "jsonschema",
    "pygls",
    "dp_accounting",
    "numpy",
    "rich",
    "requests",
    "hypothesis",
}
# What is for mistakes, for configurations, for a user's own catalogue, for other commands and other formats.
RARE = {
    "dataclasses",
    "concurrent.futures",
    "multiprocessing",
    "pickle",
    "subprocess",
    "textwrap",
    "tomllib",
    "fedpolicy.analysis.accounting.laplace",
    "fedpolicy.analysis.accounting.sampling",
    "fedpolicy.analysis.explain",
    "fedpolicy.repair",
    "fedpolicy.scan",
    "fedpolicy.analysis.whatif",
    "fedpolicy.catalog.extra",
    "fedpolicy.catalog.shape",
    "fedpolicy.config.load",
    "fedpolicy.digests",
    "fedpolicy.batch.executors",
    "fedpolicy.batch.processes",
    "fedpolicy.graph.divided",
    "fedpolicy.graph.export",
    "fedpolicy.policy.baseline",
    "fedpolicy.policy.housekeeping",
    "fedpolicy.policy.waivers",
    "fedpolicy.trial",
    "fedpolicy.report.markup",
    "fedpolicy.language.reading.explain",
    "fedpolicy.language.rewriting",
    "fedpolicy.language.reading.schema",
}
ASK = """
import sys
from fedpolicy.cli import main
code = main({})
print()
print([code, *sys.modules])
"""


def imported_by(*arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-c", ASK.format(list(arguments))],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    code, *modules = ast.literal_eval(done.stdout.splitlines()[-1])
    return code, set(modules)


def test_the_version_needs_neither_click_nor_any_room():
    code, modules = imported_by("--version")

    assert code == 0
    assert modules & (ROOMS | {"click", "inspect", "dataclasses"}) == set()


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["facts", "--help"], ["completion", "fish"]])
def test_help_and_completion_need_no_room(arguments):
    code, modules = imported_by(*arguments)

    assert code == 0
    assert modules & ROOMS == set()
    assert "click" in modules


@pytest.mark.parametrize(
    ("words", "offered"),
    [("fedpolicy ch", "plain,check"), ("fedpolicy check --fail-o", "plain,--fail-on")],
)
def test_completing_a_word_needs_no_room(words, offered):
    asked = {"_FEDPOLICY_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    shown = (
        "import atexit, sys; from fedpolicy.cli import main; "
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr)); main([])"
    )
    done = subprocess.run(
        [sys.executable, "-c", shown],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), **asked},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.stdout.splitlines() == [offered]
    assert set(done.stderr.split()) & ROOMS == set()


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_a_plain_check_needs_no_heavy_library(form):
    code, modules = imported_by("check", EXAMPLE, "--format", form)

    assert code == 1
    assert modules & NEVER == set()
    other = {"text", "json", "sarif"} - {form}
    assert modules & {f"fedpolicy.report.formats.{name}" for name in other} == set()


def test_a_plain_check_imports_nothing_that_only_other_checks_need():
    code, modules = imported_by("check", EXAMPLE, "--isolated")

    assert code == 1
    assert modules & RARE == set()
    assert len({name for name in modules if name.partition(".")[0] == "fedpolicy"}) <= MOST_MODULES


def test_a_check_without_noise_needs_no_ledger_and_no_json():
    code, modules = imported_by("check", "examples/fedbpt/deployment.yaml", "--fail-on", "never")

    assert code == 0
    assert modules & {"fedpolicy.analysis.budget", "fedpolicy.analysis.budget.claims", "json"} == set()


@pytest.mark.parametrize("arguments", [["facts", EXAMPLE], ["why", EXAMPLE, "openai", "letters"]])
def test_facts_need_no_rules(arguments):
    code, modules = imported_by(*arguments)

    assert code == 0
    assert modules & (NEVER | {"cel_expr_python", "fedpolicy.policy.evaluate"}) == set()

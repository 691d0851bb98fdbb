"""A deployment is read or refused with a reason; a file that yields neither ends the run with 2."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from click.testing import CliRunner

from fedpolicy import check
from fedpolicy.cli.commands import app
from fedpolicy.errors import InputError
from fedpolicy.language import reading
from fedpolicy.language.reading import Loaded, explain
from fedpolicy.language.reading.validator import Invalid
from fedpolicy.report.formats import format_ids
from tests.attacks.test_odd_values import PLACES, put
from tests.language.reading import load as read

HEAD = """\
fedpolicy: 1
name: {name}
parties: {{a: {{role: participant}}, b: {{role: coordinator}}}}
nodes: {{n: {{kind: client, party: a}}, g: {{kind: aggregator, party: b}}}}
datasets: {{d: {{at: n, categories: [health]}}}}
"""
LEAK = HEAD + "flows: {{f: {{from: n, to: g, payload: records}}}}\n"


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def pair(tmp_path, monkeypatch):
    """A harmless deployment beside one that a test writes."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clean.yaml").write_text(HEAD.format(name="clean"), encoding="utf-8")
    return tmp_path / "leak.yaml"


def of_path(tree, path):
    return of_path(tree[path[0]], path[1:]) if path else tree


SCALARS = [(document, path) for document, path in PLACES if isinstance(of_path(document, path), (str, int, float))]


@pytest.mark.no_cover  # hundreds of deployments
def test_a_list_of_one_is_taken_or_told_with_its_place():
    assert len(SCALARS) > 100
    for document, path in SCALARS:
        value = of_path(document, path)
        for slip in ([value], {"value": [value], "evidence": "a note"}, [[value]], [value, value]):
            loaded = read(json.dumps(put(document, path, slip)))
            assert loaded.documents or loaded.errors, (path, slip)
            assert all(error.span.line for error in loaded.errors), (path, slip)


@pytest.mark.parametrize(
    ("key", "slip", "said"),
    [
        ("host", "[b]", "is one id, and this is a list (write `host: b`)"),
        ("host", "[[b]]", "is one id, and this is a list (write one word, such as `client`)"),
        ("code_from", "[a, b]", "is one id, and this is a list (write one word, such as `client`)"),
        ("host", "{value: [b], reference: x}", "is one id, and this is a list (write `host: b`)"),
        ("region", "[eu]", "this is a list, but `region` is text (write `region: eu`)"),
        ("count", "[7]", "this is a list, but `count` is a whole number (write `count: 7`)"),
    ],
)
def test_the_slip_is_told_with_what_to_write(key, slip, said):
    line = f"  g: {{party: b, {key}: "
    text = HEAD.format(name="leak").replace(", g: {kind: aggregator, party: b}", "") + f"more: 1\n{line}{slip}}}\n"
    text = text.replace("nodes: {n: {kind: client, party: a}}\n", "").replace(
        "more: 1", "nodes:\n  n: {kind: client, party: a}"
    )
    (error,) = read(text).errors
    column = len(line) + 1 + slip.find("[")

    assert str(error) == f"deployment.yaml:7:{column}: nodes.g.{key}: " + ("" if said[0] == "t" else f"`{key}` ") + said


def test_beside_a_clean_file_it_ends_with_2_in_every_format(pair):
    pair.write_text(
        LEAK.format(name="leak").replace("kind: aggregator", "kind: aggregator, host: [b]"), encoding="utf-8"
    )
    done = run("check", "leak.yaml", "clean.yaml", "--format", "json")

    assert done.exit_code == 2
    assert [(one["file"], one["line"]) for one in json.loads(done.stdout)["errors"]] == [("leak.yaml", 4)]
    for command in ("facts", "graph", "repair"):
        assert run(command, "leak.yaml").stderr.startswith(
            "error: nodes.g.host: `host` is one id, and this is a list\n"
        )


# Three nets; each test cuts the two others.


def test_a_validation_error_that_nobody_explains_becomes_a_plain_message(monkeypatch):
    monkeypatch.setattr(explain, "_said_by_us", lambda _: [])
    (error,) = read(LEAK.format(name="leak").replace("kind: aggregator", "kind: aggregator, host: [b]")).errors

    assert str(error) == "deployment.yaml:4:66: nodes.g.host: a list cannot stand here (see the language reference)"


def test_a_document_is_a_deployment_or_an_error(monkeypatch):
    def refuses(_tree):
        raise Invalid([])

    monkeypatch.setattr(reading, "validated", refuses)
    loaded = read(LEAK.format(name="leak") + "---\n" + HEAD.format(name="other"))

    assert [str(error) for error in loaded.errors] == [
        f"deployment.yaml:{line}:1: this document cannot be read, and nobody can say why"
        " (report it with the file: this is a bug in fedpolicy)"
        for line in (1, 8)
    ]


NOTHING = "neither a deployment nor a mistake was found in `leak.yaml`, so nothing of it was checked"


@pytest.fixture
def vanishing(pair, monkeypatch):
    """Reading leak.yaml gives nothing."""
    pair.write_text(LEAK.format(name="leak"), encoding="utf-8")
    real = check.load_text

    def reads(text, name, *others):
        return Loaded() if name.endswith("leak.yaml") else real(text, name, *others)

    monkeypatch.setattr(check, "load_text", reads)


@pytest.mark.parametrize("form", [form for form in format_ids() if form not in {"csv", "gitlab", "oscal"}])
def test_a_file_that_yields_nothing_is_an_error_of_its_own_in_every_format(form, vanishing):
    del vanishing
    done = run("check", "leak.yaml", "clean.yaml", "--format", form)

    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: {NOTHING}\n --> leak.yaml:1:1\n")
    said = re.sub(r"</?code>|\\?`", "", done.stdout)
    assert form in {"text", "full", "concise"} or NOTHING.replace("`", "") in said


@pytest.mark.parametrize("command", ["facts", "graph", "repair", "control", "budget"])
def test_no_question_is_answered_with_empty_words(command, vanishing):
    del vanishing
    done = run(command, "leak.yaml")

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {NOTHING}\n")


def test_a_comparison_does_not_call_it_gone(vanishing, pair):
    del vanishing
    (pair.parent / "before.yaml").write_text(LEAK.format(name="leak"), encoding="utf-8")
    done = run("diff", "before.yaml", "leak.yaml", "--format", "json")
    (one,) = json.loads(done.stdout)["differences"]

    assert (done.exit_code, one["state"], one["resolved"]) == (2, "uncompared", [])


# Every stage fails in every way: nothing ever ends in 0, and nobody loses another file's findings.


def throws(_real, *_arguments):
    raise TypeError("unhashable type: 'dict'")


def throws_deep(real, *arguments):
    return throws_deep(real, *arguments)


def out_of_memory(_real, *_arguments):
    raise MemoryError


def refuses(_real, *_arguments):
    raise InputError("refused")


def gives_nothing(_real, *_arguments):
    return None


def gives_one_too_few(real, *arguments):
    found = real(*arguments)
    if isinstance(found, Loaded):
        return replace(found, documents=found.documents[1:])
    if isinstance(found, list):
        return found[1:]
    return replace(found, findings=found.findings[1:])


ENDS = {throws: 3, throws_deep: 3, out_of_memory: 3, refuses: 2, gives_nothing: 3}
STAGES = {
    "fedpolicy.check.load_text": lambda arguments: arguments[1],
    "fedpolicy.analysis.build_graph": lambda arguments: arguments[0].name,
    "fedpolicy.analysis.prepare": lambda arguments: arguments[0].deployment.name,
    "fedpolicy.policy.evaluate._of_kind": lambda arguments: arguments[0].document.file,
    "fedpolicy.policy.evaluate.evaluate": lambda arguments: arguments[1].file,
}
CASES = [(stage, fault, code) for stage in STAGES for fault, code in ENDS.items()]
CASES += [(stage, gives_one_too_few, code) for stage, code in zip(list(STAGES)[::4], (2, 3), strict=True)]


@pytest.mark.parametrize(("stage", "fault", "code"), CASES, ids=lambda one: getattr(one, "__name__", str(one)))
def test_a_stage_that_fails_costs_its_own_file_only(stage, fault, code, pair, monkeypatch):
    pair.write_text(LEAK.format(name="leak"), encoding="utf-8")
    (pair.parent / "other.yaml").write_text(LEAK.format(name="other"), encoding="utf-8")
    module, _, name = stage.rpartition(".")
    real = getattr(__import__(module, fromlist=[name]), name)
    about = STAGES[stage]

    def faulty(*arguments):
        return fault(real, *arguments) if about(arguments).startswith("leak") else real(*arguments)

    monkeypatch.setattr(stage, faulty)
    done = run("check", "leak.yaml", "clean.yaml", "other.yaml", "--format", "json")
    report = json.loads(done.stdout)

    assert done.exit_code == code, done.stderr
    assert "other" in {one["deployment"] for one in report["findings"]}
    assert ("refused" if fault is refuses else "leak.yaml") in done.stderr
    if code == 3:
        assert "a bug in fedpolicy, in `leak.yaml`: " in done.stderr


EMPTY = [
    "fedpolicy: 1\nname: leak\n",
    "fedpolicy: 1\nname: leak\nparties: {a: {role: participant}}\n",
    "fedpolicy: 1\nname: leak\nparties: {a: {role: participant}}\nnodes: {n: {kind: client, party: a}}\n",
    "fedpolicy: 1\nname: leak\ndatasets: {}\ntasks: {}\nflows: {}\ngovernance: {withdrawal: any_round}\n",
]


@pytest.mark.parametrize("text", EMPTY)
def test_a_deployment_that_says_nothing_is_no_pass(text, pair):
    said = "error: `leak` says nothing of data or models, so there is nothing to check\n --> leak.yaml:2:7\n"
    old = LEAK.format(name="leak")
    pair.write_text(text, encoding="utf-8")
    (pair.parent / "old.yaml").write_text(old, encoding="utf-8")
    alone, beside, changed = (
        run("check", "leak.yaml"),
        run("check", "leak.yaml", "clean.yaml"),
        run("diff", "old.yaml", "leak.yaml"),
    )

    assert (alone.exit_code, alone.stdout) == (2, "ERROR  nothing was evaluated\n")
    assert (beside.exit_code, changed.exit_code) == (2, 2)
    assert all(done.stderr.startswith(said) for done in (alone, beside, changed))
    assert "resolved" not in changed.stdout
    assert "gone" not in changed.stdout


def test_a_model_by_itself_is_something(pair):
    pair.write_text("fedpolicy: 1\nname: leak\nmodels: {m: {}}\n", encoding="utf-8")

    assert run("check", "leak.yaml").exit_code == 0

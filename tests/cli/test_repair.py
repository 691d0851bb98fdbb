"""Repairing as a user would: what is proposed, what is written, and what is refused."""

from __future__ import annotations

import json
import os
import re
import stat
from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner
from generate import deployment as generated

from fedpolicy.cli.commands import app
from fedpolicy.language.reading import load_text
from fedpolicy.language.rewriting import plain_tree
from fedpolicy.repair import answer
from tests.cli.conftest import APART, EXAMPLE
from tests.helpers import catalog

GOLDEN = Path(__file__).parent / "golden"
CLOSED = "private-data-to-closed-model"
SMALL = """\
fedpolicy: 1
name: small
parties:
  a: {role: participant}   # us
  x: {role: processor}
nodes:
  client: {kind: client, party: a}
  store: {kind: store, party: x}
  other: {party: a}
datasets:
  notes: {at: client, categories: health}
flows:
  backup: {from: client, to: store, payload: records, transport: mtls}   # why?
  kept: {from: client, to: other, payload: metrics, transport: mtls}
"""

EMULATED = """\
fedpolicy: 1
name: emulated
parties: {a: {role: participant}}
nodes: {client: {kind: client, party: a}}
datasets: {notes: {at: client, categories: health}}
models:
  base: {weights: open, emulates: closed}
  closed: {weights: closed, provider: acme}
  out: {}
tasks:
  tune: {method: offsite_tuning, data: notes, runs_on: client, model: base, produces: out}
"""


@pytest.fixture
def small(run, tmp_path):
    del run
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def answered(tmp_path_factory):
    """What is answered about the running example as it is, by `--format json`: several tests look at it."""
    with chdir(tmp_path_factory.mktemp("answered")):
        Path("deployment.yaml").write_bytes(EXAMPLE.read_bytes())
        return CliRunner(**APART).invoke(app, ["repair", "deployment.yaml", "--format", "json"])


def proposals(result):
    return [[change["id"] for change in one["changes"]] for one in json.loads(result.stdout)["proposals"]]


def test_the_running_example(run, example, golden):
    result = run("repair", str(example))

    assert result.exit_code == 0
    # How many copies it takes depends on every rule there is.
    golden(
        re.sub(r"^(best of) \d+(?= changed copies tried$)", r"\1 N", result.stdout, flags=re.MULTILINE),
        GOLDEN / "repair.txt",
    )


def test_an_open_weight_judge_of_ones_own_or_no_calls_at_all(answered):
    result = answered

    assert [
        sorted({change.partition(" ")[2] for change in one} & {"models.judge", "tasks.score", "api_calls.translate"})
        for one in proposals(result)
    ][::2] == [["models.judge"], ["api_calls.translate", "models.judge", "tasks.score"]]
    first, _, last = proposals(result)
    assert "self-host models.judge" in first
    assert {"drop tasks.score", "drop api_calls.translate"} <= set(last)
    found = json.loads(result.stdout)
    assert all(not one["leaves"] for one in found["proposals"])
    assert found["stuck"] == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_difference_to_the_repaired_form_is_what_has_vanished(run, example, tmp_path, number):
    repaired = tmp_path / "repaired.yaml"
    repaired.write_bytes(example.read_bytes())
    assert run("repair", str(repaired), "--rule", CLOSED, "--write", str(number)).exit_code == 0

    result = run("diff", str(example), str(repaired), "--format", "json")

    (difference,) = json.loads(result.stdout)["differences"]
    (change,) = difference["disclosures"]
    assert (change["kind"], change["parties"], change["as"]) == ("gone", ["openai"], "provider")
    assert change["datasets"] == ["letters@aphp", "letters@charite", "letters@lumc"]
    assert CLOSED in {finding["rule"] for finding in difference["resolved"]}
    assert not any(finding["severity"] in {"high", "critical"} for finding in difference["introduced"])


@pytest.mark.slow
def test_the_repaired_form_lets_two_parties_learn_nothing_any_more_and_nobody_more(run, example, tmp_path):
    repaired = tmp_path / "repaired.yaml"
    repaired.write_bytes(example.read_bytes())
    assert run("repair", str(repaired), "--write").exit_code == 0

    assert run("check", str(repaired)).exit_code == 0
    (difference,) = json.loads(run("diff", str(example), str(repaired), "--format", "json").stdout)["differences"]
    gone = {(*one["parties"], one["as"]) for one in difference["disclosures"] if one["kind"] == "gone"}
    assert gone == {("openai", "provider"), ("hetzner", "host")}
    assert {one["kind"] for one in difference["disclosures"]} == {"gone", "better"}


def test_programs_get_version_1(run, small):
    found = json.loads(run("repair", str(small), "--format", "json", "--proposals", "1").stdout)

    assert list(found) == ["version", "name", "file", "severity", "chosen", "proposals", "stuck", "rechecks",
                           "most_rechecks", "stopped", "planned", "optimal"]  # fmt: skip
    assert (found["version"], found["name"], found["file"], found["severity"]) == (1, "small", "small.yaml", "high")
    (one,) = found["proposals"]
    assert one["changes"] == [
        {"id": "let a operate nodes.store", "kind": "operate", "cost": 4.0,
         "text": "let a operate nodes.store instead of x"}
    ]  # fmt: skip
    assert one["clears"] == [found["chosen"][0]["fingerprint"]]
    assert one["diff"].splitlines()[:2] == ["--- small.yaml", "+++ small.yaml"]
    assert one["writable"] is True


def test_the_same_twice(run, example, answered):
    again = run("repair", str(example), "--format", "json")

    assert (again.exit_code, again.stdout) == (0, answered.stdout)


def test_findings_are_chosen_by_the_beginning_of_their_fingerprint(run, example, answered):
    everything = json.loads(answered.stdout)["chosen"]
    wanted = next(one for one in everything if one["rule"] == "claimed-epsilon-refuted")
    result = run("repair", str(example), "--finding", wanted["fingerprint"][:8].upper(), "--format", "json")

    assert [one["fingerprint"] for one in json.loads(result.stdout)["chosen"]] == [wanted["fingerprint"]]
    assert proposals(result)[0] == ["raise tasks.adapt.safeguards.1.noise_multiplier"]


@pytest.mark.slow
def test_less_severe_findings_by_severity_and_by_rule(run, example):
    by_severity = json.loads(run("repair", str(example), "--fail-on", "low", "--format", "json").stdout)
    by_rule = json.loads(run("repair", str(example), "--rule", "prompts-retained", "--format", "json").stdout)

    assert {one["severity"] for one in by_severity["chosen"]} == {"critical", "high", "medium", "low"}
    assert [one["rule"] for one in by_rule["chosen"]] == ["prompts-retained"]
    assert by_rule["severity"] == "medium"


@pytest.mark.slow
def test_strict_clears_what_is_unknown_too(run, example):
    chosen = json.loads(run("repair", str(example), "--strict", "--format", "json").stdout)["chosen"]

    assert ("unsafe-weights-format", "unknown") in {(one["rule"], one["verdict"]) for one in chosen}


@pytest.mark.parametrize("arguments", [["--fail-on", "never"], ["--rule", "claimed-epsilon-refuted"], ["--write"]])
def test_nothing_to_repair(run, small, arguments):
    clean = SMALL.replace("party: x}", "party: a}")
    small.write_text(clean if arguments == ["--write"] else SMALL, encoding="utf-8")
    result = run("repair", str(small), *arguments)

    assert (result.exit_code, result.stdout) == (0, "small (small.yaml): nothing to repair\n")
    assert small.read_text(encoding="utf-8") in {clean, SMALL}


def test_what_costs_less_comes_first(run, small):
    usual = run("repair", str(small), "--format", "json")
    cheap = run("repair", str(small), "--cost", "drop=0.5", "--cost", "enclave=3", "--format", "json")

    assert [one[0] for one in proposals(usual)][-1] == "drop flows.backup"
    assert [one[0] for one in proposals(cheap)] == [
        "drop flows.backup",
        "run nodes.store in an enclave",
        "let a operate nodes.store",
    ]


def test_costs_in_the_configuration_and_the_command_line_over_them(run, small, tmp_path):
    (tmp_path / "fedpolicy.toml").write_text("[repair.costs]\ndrop = 0.5\noperate = 2\n", encoding="utf-8")

    assert proposals(run("repair", str(small), "--format", "json"))[0] == ["drop flows.backup"]
    assert proposals(run("repair", str(small), "--cost", "drop=9", "--format", "json"))[-1] == ["drop flows.backup"]
    assert "repair.costs" in run("config", "show").stdout


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("[repair.costs]\ndorp = 1\n", "there is no kind of change `dorp` = help: did you mean `drop`?"),
        ("[repair.costs]\ndrop = -1\n", "`-1` is below 0"),
        ("[repair.costs]\ndrop = nan\n", "`nan` is"),
        ("[repair]\ncost = 1\n", "unknown key `cost`"),
    ],
)
def test_mistakes_in_the_configuration(run, small, tmp_path, table, said):
    (tmp_path / "fedpolicy.toml").write_text(table, encoding="utf-8")
    result = run("repair", str(small))

    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


REFUSED = [
    (["--finding", "zzz"], "no finding has the fingerprint `zzz`"),
    (["--rule", "raw-data-leave-silo"], "no rule of this run is called `raw-data-leave-silo` = help: did you mean"),
    (["--cost", "dorp=1"], "there is no kind of change `dorp` = help: did you mean `drop`?"),
    (["--cost", "drop"], "'drop' is not of the form KIND=NUMBER"),
    (["--cost", "drop=-1"], "'drop=-1' is not of the form KIND=NUMBER"),
    (["--cost", "drop=inf"], "'drop=inf' is not of the form KIND=NUMBER"),
    (["--fill", "models.judge"], "'models.judge' is not of the form PATH=VALUE"),
    (["--fill", "models.judge.revision=abc"], "no change of this deployment writes `models.judge.revision`"),
    (["--proposals", "0"], "0 is not in the range"),
    (["--write", "4"], "there is no proposal 4"),
    (["--write", "0"], "0 is not in the range"),
    (["--write", "small.yaml"], "'small.yaml' is not the number of a proposal; put --write behind the file"),
    (["--finding", ""], "no finding has the fingerprint ``"),
    (["--deployment", "large"], "`small.yaml` holds no deployment `large`"),
]


@pytest.mark.parametrize(("arguments", "said"), REFUSED)
def test_what_is_refused(run, small, arguments, said):
    result = run("repair", str(small), *arguments)

    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
    assert result.stdout == ""
    assert small.read_text(encoding="utf-8") == SMALL


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("fedpolicy: 1\nname: x\nflows:\n  f: {from: a, to: b, payload: recrods}\n", "did you mean `records`?"),
        ("fedpolicy: [1\n", "a list that is not closed"),
    ],
)
def test_a_file_with_mistakes(run, tmp_path, text, said):
    (tmp_path / "broken.yaml").write_text(text, encoding="utf-8")
    result = run("repair", "broken.yaml")

    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_no_file_and_a_folder(run, tmp_path):
    assert run("repair", "nothing.yaml").exit_code == 2
    assert "cannot be read: Is a directory" in run("repair", str(tmp_path)).stderr


def test_nothing_helps_where_only_the_world_can(run, small):
    result = run("repair", str(small), "--pack", "gdpr", "--rule", "lawful-basis-not-stated")

    small.write_text(SMALL.replace("{role: participant}", "{role: participant, jurisdiction: DE}"), encoding="utf-8")
    result = run("repair", str(small), "--pack", "gdpr", "--rule", "lawful-basis-not-stated")
    assert result.exit_code == 1
    assert "not cleared by any proposal:" in result.stdout
    assert "why: no change of this file bears on it" in result.stdout
    assert run("repair", str(small), "--pack", "gdpr", "--rule", "lawful-basis-not-stated", "--write").exit_code == 1
    assert "backup" in small.read_text(encoding="utf-8")


def test_a_search_that_stopped_says_how_many_changes_were_left(run, small):
    small.write_text(EMULATED, encoding="utf-8")
    result = run("repair", str(small), "--rechecks", "1")
    assert "before the search stopped; one change bears on it" in " ".join(result.stdout.split())


def test_some_findings_cleared_and_some_not(run, small):
    small.write_text(SMALL.replace("{role: participant}", "{role: participant, jurisdiction: DE}"), encoding="utf-8")
    result = run("repair", str(small), "--pack", "gdpr", "--pack", "federation")

    assert result.exit_code == 1
    assert "clears 2 of 5" in " ".join(result.stdout.split())
    assert "what it leaves:" in result.stdout
    found = json.loads(run("repair", str(small), "--pack", "gdpr", "--pack", "federation", "--format", "json").stdout)
    assert {one["fingerprint"] for one in found["stuck"]} == set(found["proposals"][0]["leaves"])


def test_waived_and_known_findings_are_left_alone(run, example, answered):
    chosen = json.loads(answered.stdout)["chosen"]
    mark = next(one["fingerprint"] for one in chosen if one["rule"] == "claimed-epsilon-refuted")
    people = [
        "--reason",
        "agreed",
        "--owner",
        "a",
        "--approved-by",
        "b",
        "--until",
        "2026-12-31",
        "--today",
        "2026-12-01",
    ]
    assert run("waive", mark, str(example), *people).exit_code == 0

    short = ["--rechecks", "1", "--format", "json"]  # what is asked about hangs on no search
    left = json.loads(run("repair", str(example), "--today", "2026-12-02", *short).stdout)["chosen"]
    assert [one["rule"] for one in left] == [one["rule"] for one in chosen if one["rule"] != "claimed-epsilon-refuted"]
    later = json.loads(run("repair", str(example), "--today", "2027-01-02", *short).stdout)
    assert [one["fingerprint"] for one in later["chosen"]] == [one["fingerprint"] for one in chosen]

    assert run("baseline", str(example), "--no-waivers").exit_code == 0
    result = run("repair", str(example), "--baseline", "fedpolicy.baseline.json", "--no-waivers")
    assert "nothing to repair" in result.stdout


@pytest.mark.slow
def test_the_search_says_when_it_stopped(run, example):
    result = run("repair", str(example), "--rechecks", "1")

    assert "best of 1 changed copy tried; there are too many changes to try each, so one plan was made (--rechecks" in (
        " ".join(result.stdout.split())
    )
    some = run("repair", str(example), "--rechecks", "90", "--proposals", "40")
    assert "best of 90 changed copies tried; the search stopped there (--rechecks allows more)" in some.stdout


def test_a_large_deployment_takes_one_plan(run, tmp_path):
    (tmp_path / "large.yaml").write_text(generated(100), encoding="utf-8")
    result = run("repair", "large.yaml", "--rechecks", "3", "--format", "json")

    found = json.loads(result.stdout)
    assert result.exit_code == 0
    (one,) = found["proposals"]
    assert {change["id"] for change in one["changes"]} == {"drop tasks.adapt-0000", "self-host models.judge"}
    assert found["rechecks"] == 1
    assert one["leaves"] == []


@pytest.mark.slow
def test_a_large_deployment_of_which_only_a_part_can_be_repaired(run, tmp_path):
    text = generated(200).replace("jurisdiction: FR", "jurisdiction: DE")
    (tmp_path / "large.yaml").write_text(text, encoding="utf-8")
    result = run(
        "repair", "large.yaml", "--rechecks", "4", "--pack", "gdpr", "--pack", "federation", "--format", "json"
    )

    found = json.loads(result.stdout)
    assert result.exit_code == 1
    (one,) = found["proposals"]
    assert "self-host models.judge" in {change["id"] for change in one["changes"]}
    rules = {finding["fingerprint"]: finding["rule"] for finding in found["chosen"]}
    assert {rules[mark] for mark in one["leaves"]} >= {"lawful-basis-not-stated"}


def test_written_files_differ_only_where_they_must(run, small):
    result = run("repair", str(small), "--write", "3")

    assert result.exit_code == 0
    assert "small.yaml: proposal 3 is written" in result.stderr
    removed = "  backup: {from: client, to: store, payload: records, transport: mtls}   # why?\n"
    assert small.read_text(encoding="utf-8") == SMALL.replace(removed, "")


def test_the_first_proposal_is_written_where_no_number_is_given(run, small):
    assert run("repair", str(small), "--write").exit_code == 0
    assert "store: {kind: store, party: a}" in small.read_text(encoding="utf-8")
    assert run("repair", str(small)).stdout == "small (small.yaml): nothing to repair\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_breaks_the_missing_last_one_and_the_mode_stay(run, small, newline):
    small.write_bytes(SMALL.rstrip("\n").replace("\n", newline).encode())
    small.chmod(0o640)
    assert run("repair", str(small), "--write").exit_code == 0

    after = small.read_bytes().decode()
    assert after == SMALL.rstrip("\n").replace("party: x}", "party: a}").replace("\n", newline)
    assert stat.S_IMODE(small.stat().st_mode) == 0o640


def test_through_a_link_the_file_behind_it_is_written(run, small, tmp_path):
    link = tmp_path / "link.yaml"
    link.symlink_to(small)
    assert run("repair", "link.yaml", "--write").exit_code == 0

    assert link.is_symlink()
    assert "party: a}" in small.read_text(encoding="utf-8").partition("store:")[2]


def test_one_of_several_deployments_in_a_file(run, small):
    text = f"{SMALL}---\n{SMALL.replace('name: small', 'name: other')}"
    small.write_text(text, encoding="utf-8")

    assert "say which with --deployment" in run("repair", str(small)).stderr
    assert run("repair", str(small), "--deployment", "other", "--write").exit_code == 0
    first, second = small.read_text(encoding="utf-8").split("---\n")
    assert first == SMALL
    assert second == SMALL.replace("name: small", "name: other").replace("store, party: x}", "store, party: a}")


def test_json_files(run, example, tmp_path):
    (document,) = load_text(example.read_text(encoding="utf-8"), "x", catalog()).documents
    tree = json.dumps(plain_tree(document.deployment), default=str, indent=2)
    (tmp_path / "d.json").write_text(tree, encoding="utf-8")

    assert run("repair", "d.json", "--rule", CLOSED, "--write", "3").exit_code == 0
    after = json.loads((tmp_path / "d.json").read_text(encoding="utf-8"))
    assert "api_calls" not in after
    assert list(after["tasks"]) == ["adapt"]


def test_standard_input_is_read_and_never_written(run):
    assert "proposal 1 of 3" in run("repair", "-", input=SMALL).stdout
    result = run("repair", "-", "--write", input=SMALL)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "standard input cannot be written to" in result.stderr


ANCHORED = SMALL.replace("backup: {", "backup: &copy {").replace(
    "kept: {from: client, to: other, payload: metrics, transport: mtls}",
    "kept: {<<: *copy, to: other, payload: metrics}",
)


def test_anchors_that_make_it_impossible_to_write(run, small):
    small.write_text(ANCHORED, encoding="utf-8")
    shown = run("repair", str(small), "--cost", "drop=0.5")
    result = run("repair", str(small), "--cost", "drop=0.5", "--write")

    assert "it cannot be written: small.yaml:13:11: `flows.backup` shares its text with other places" in shown.stdout
    assert shown.exit_code == 0
    assert result.exit_code == 2
    assert "`flows.backup` shares its text with other places (anchors, aliases or merge keys)" in result.stderr
    assert small.read_text(encoding="utf-8") == ANCHORED
    found = json.loads(run("repair", str(small), "--cost", "drop=0.5", "--format", "json").stdout)
    assert [one["writable"] for one in found["proposals"]] == [False, True, True]


def test_what_only_the_user_knows_is_asked_for(run, small):
    model = "models: {base: {ref: Qwen/Qwen3-8B, format: safetensors, weights_at: client}}\ntasks: "
    text = SMALL.replace(
        "flows:", model + "{t: {method: labelling, model: base, data: notes, runs_on: client}}\nflows:"
    )
    small.write_text(text, encoding="utf-8")
    shown = run("repair", str(small), "--rule", "model-unpinned")
    refused = run("repair", str(small), "--rule", "model-unpinned", "--write")

    assert "fill in models.base.revision: the commit or dated snapshot that you use" in shown.stdout
    assert "+models: {base: {ref: Qwen/Qwen3-8B, format: safetensors, weights_at: client,\n" in shown.stdout
    assert "+                revision: unknown}}\n" in shown.stdout
    assert refused.exit_code == 2
    assert "add --fill models.base.revision=VALUE; nothing was written" in " ".join(refused.stderr.split())
    assert small.read_text(encoding="utf-8") == text
    done = run("repair", str(small), "--rule", "model-unpinned", "--fill", "models.base.revision=5f0b02c", "--write")
    assert done.exit_code == 0
    assert "revision: 5f0b02c" in small.read_text(encoding="utf-8")


def test_another_model_can_be_named(run, small):
    model = "models: {m: {ref: openai/gpt-4o, via: openai}}\napi_calls: {ask: {from: client, model: m, sends: notes}}\n"
    small.write_text(SMALL.replace("flows:", f"{model}flows:"), encoding="utf-8")
    fills = ["--fill", "models.m.ref=Qwen/Qwen3-8B", "--fill", "models.m.revision=abc"]

    assert run("repair", str(small), "--rule", CLOSED, *fills, "--write").exit_code == 0
    assert "{ref: Qwen/Qwen3-8B, revision: abc, format: safetensors, weights_at: client}" in (
        small.read_text(encoding="utf-8")
    )


def test_a_file_that_changes_in_the_meantime_is_left_alone(run, small, monkeypatch):
    search = answer.repair

    def slow(request):
        found = search(request)
        small.write_text("# somebody else was quicker\n", encoding="utf-8")
        return found

    monkeypatch.setattr(answer, "repair", slow)
    result = run("repair", str(small), "--write")

    assert result.exit_code == 2
    assert "has changed in the meantime" in result.stderr
    assert small.read_text(encoding="utf-8") == "# somebody else was quicker\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_must_not_be_written(run, small):
    small.chmod(0o444)
    result = run("repair", str(small), "--write")

    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


def test_the_answer_in_a_file(run, small, tmp_path):
    assert run("repair", str(small), "--output", "answer.txt").stdout == ""
    assert (tmp_path / "answer.txt").read_text(encoding="utf-8") == run("repair", str(small)).stdout


def test_colours_where_they_are_wanted(run, small, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert "\x1b[32m+  store: {kind: store, party: a}" in run("repair", str(small)).stdout
    assert "\x1b" not in run("repair", str(small), "--no-color").stdout


@pytest.mark.slow
def test_long_lists_and_patches_are_cut_for_people(run, tmp_path, monkeypatch):
    answers = []
    real = answer.repair
    # It is searched for once, and written twice.
    monkeypatch.setattr(
        answer, "repair", lambda request: answers[0] if answers else answers.append(real(request)) or answers[0]
    )
    text = generated(500).replace("jurisdiction: FR", "jurisdiction: DE")
    (tmp_path / "large.yaml").write_text(text, encoding="utf-8")
    arguments = ["--rechecks", "4", "--pack", "gdpr", "--pack", "federation"]
    shown = run("repair", "large.yaml", *arguments).stdout
    found = json.loads(run("repair", "large.yaml", *arguments, "--format", "json").stdout)

    assert f"  and {len(found['chosen']) - 12} more" in shown
    assert f"  and {len(found['stuck']) - 12} more" in shown
    assert f"... {len(found['proposals'][0]['diff'].splitlines()) - 60} lines more; --format json has all" in shown


def test_the_answer_never_replaces_the_deployment(run, example):
    before = example.read_bytes()

    result = run("repair", example.name, "--write", "--output", f"./{example.name}")

    assert result.exit_code == 2
    assert "the answer would replace it" in result.stderr
    assert example.read_bytes() == before

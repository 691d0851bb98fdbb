"""Waivers: who accepts what until when, and everything that is wrong with them."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from fedpolicy.files import schemas_dir

TODAY = ("--today", "2026-11-22")
CLOSED = "private-data-to-closed-model"
GOOD = {"reason": "moves in March", "owner": "ana", "approved_by": "bob", "expires": "2027-03-31"}
SCHEMA = jsonschema.Draft202012Validator(
    json.loads((schemas_dir() / "waivers.schema.json").read_text(encoding="utf-8"))
)
OPENAI = ["parties.openai", "datasets.letters@*"]


@pytest.fixture
def waivers(run, example, tmp_path):
    """Write a file of waivers beside the running example."""
    del example

    def write(name="fedpolicy.waivers.yaml", **entries):
        filled = {key.replace("_", "-"): GOOD | entry for key, entry in entries.items()}
        tree = {"fedpolicy_waivers": 1, "waivers": filled}
        SCHEMA.validate(tree)
        text = yaml.safe_dump(tree, sort_keys=False)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return run

    return write


@pytest.fixture
def repository(git):
    def commit():
        git("add", ".")
        git("commit", "-q", "--allow-empty", "-m", "state")

    git("init", "-q", "-b", "main")
    return commit


def report_of(run, *arguments):
    result = run("check", "--format", "json", *TODAY, *arguments)
    assert result.stdout, result.stderr
    return json.loads(result.stdout)


def verdicts(report, rule):
    return [(one["verdict"], one["elements"][0]) for one in report["findings"] if one["rule"] == rule]


def own(report):
    return [
        (one["rule"], one["severity"], one["elements"][0], one["location"]["line"])
        for one in report["findings"]
        if one["pack"] == "fedpolicy"
    ]


def test_a_waiver_is_shown_with_who_why_and_until_when(waivers):
    run = waivers(judge={"rule": CLOSED, "element": OPENAI})
    report = report_of(run)
    (finding,) = [one for one in report["findings"] if one["rule"] == CLOSED]

    assert finding["verdict"] == "waived"
    assert finding["waiver"] == {
        "id": "judge",
        "verdict": "fail",
        "reason": "moves in March",
        "owner": "ana",
        "approved_by": "bob",
        "expires": "2027-03-31",
        "file": "fedpolicy.waivers.yaml",
        "line": 3,
    }
    assert report["summary"]["waived"] == 1
    assert own(report) == []
    schema = json.loads((schemas_dir() / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(report)


@pytest.mark.parametrize("form", ["text", "markdown", "github", "csv", "junit", "json", "sarif"])
def test_every_format_that_can_says_who_why_and_until_when(form, waivers):
    run = waivers(judge={"rule": CLOSED, "element": OPENAI})
    shown = " ".join(run("check", "--format", form, *TODAY).stdout.split())

    for word in ("ana", "bob", "moves in March", "2027-03-31"):
        assert word in shown


def test_a_waived_finding_does_not_fail_the_run_and_no_waivers_shows_it_again(waivers):
    run = waivers(judge={"rule": CLOSED, "element": "parties.openai"})
    select = ("check", "--select", CLOSED, *TODAY)

    assert run(*select).exit_code == 0
    assert run(*select, "--no-waivers").exit_code == 1
    assert run(*select, "--today", "2027-03-31").exit_code == 0
    assert run(*select, "--today", "2027-04-01").exit_code == 1


def test_sarif_keeps_waived_findings_out_of_the_results(waivers):
    run = waivers(judge={"rule": CLOSED, "element": "parties.openai"})
    (log,) = json.loads(run("check", "--format", "sarif", *TODAY).stdout)["runs"]

    assert CLOSED not in {result["ruleId"] for result in log["results"]}
    assert [(one["rule"], one["waiver"]["id"]) for one in log["properties"]["waived"]] == [(CLOSED, "judge")]


@pytest.mark.parametrize(
    ("element", "waived"),
    [
        ("parties.openai", True),
        ("parties.open*", True),
        (["parties.openai", "datasets.letters@*"], True),
        (["datasets.letters@aphp", "datasets.letters@charite", "datasets.letters@lumc"], True),
        ("datasets.letters@aphp", False),  # the finding is about the letters of others too
        (["parties.openai", "datasets.letters@aphp"], False),
        ("parties.tum", False),
        ("models.judge", False),
        (["parties.openai", "models.judge"], False),  # the finding names no model
        ("parties.[o]penai", False),
    ],
)
def test_all_elements_of_a_section_must_be_meant(element, waived, waivers):
    report = report_of(waivers(judge={"rule": CLOSED, "element": element}))

    assert verdicts(report, CLOSED) == [("waived" if waived else "fail", "parties.openai")]
    assert own(report) == ([] if waived else [("waiver-unused", "low", "waivers.judge", 3)])


def test_one_more_dataset_is_another_decision(waivers, tmp_path):
    run = waivers(judge={"rule": CLOSED, "element": OPENAI})
    deployment = tmp_path / "deployment.yaml"
    text = deployment.read_text(encoding="utf-8")
    deployment.write_text(
        text.replace("sends: [letters]", "sends: [letters, scans]").replace(
            "datasets:\n", "datasets:\n  scans: {at: client, categories: [health]}\n"
        ),
        encoding="utf-8",
    )

    assert ("fail", "parties.openai") in verdicts(report_of(run), CLOSED)


def test_a_fingerprint_a_deployment_and_a_verdict_narrow_a_waiver(waivers):
    run = waivers()
    mark = next(one["fingerprint"] for one in report_of(run)["findings"] if one["rule"] == CLOSED)

    for entry, expected in (
        ({"fingerprint": mark}, "waived"),
        ({"fingerprint": mark, "element": "parties.tum"}, "fail"),
        ({"fingerprint": "0" * 32}, "fail"),
        ({"fingerprint": mark, "deployment": "clinical-notes"}, "waived"),
        ({"fingerprint": mark, "deployment": "other"}, "fail"),
        ({"fingerprint": mark, "verdict": "fail"}, "waived"),
        ({"fingerprint": mark, "verdict": "unknown"}, "fail"),
    ):
        waivers(judge={"rule": CLOSED, **entry})
        assert verdicts(report_of(run), CLOSED) == [(expected, "parties.openai")], entry


def test_an_unknown_finding_can_be_waived_too(waivers):
    run = waivers(weights={"rule": "unsafe-weights-format", "element": "models.base"})
    report = report_of(run)

    assert verdicts(report, "unsafe-weights-format") == [("waived", "models.base")]
    assert [one["fact"] for one in report["missing"]] == ["models.judge.account"]
    assert report["summary"]["unknown"] == 1
    select = ("check", "--strict", "--select", "unsafe-weights-format", *TODAY)
    assert run(*select).exit_code == 0
    assert run(*select, "--no-waivers").exit_code == 1


def test_what_is_wrong_with_waivers_is_found(waivers):
    run = waivers(
        old={"rule": CLOSED, "element": "parties.openai", "expires": "2026-11-21"},
        mine={"rule": "black-box-model", "element": "models.judge", "approved_by": " Ana "},
        typo={"rule": "black-box-modell", "element": "models.judge"},
        gone={"rule": "model-unpinned", "element": "models.nothing"},
        elsewhere={"rule": "model-unpinned", "element": "models.x", "deployment": "other"},
        other_pack={"rule": "agreement-without-reference", "element": "parties.x"},
    )
    report = report_of(run)

    assert own(report) == [
        ("waiver-self-approved", "high", "waivers.mine", 13),
        ("waiver-expired", "low", "waivers.old", 7),
        ("waiver-unknown-rule", "low", "waivers.typo", 22),
        ("waiver-unused", "low", "waivers.gone", 24),
    ]
    assert verdicts(report, CLOSED) == [("fail", "parties.openai")]
    assert verdicts(report, "black-box-model") == [("fail", "models.judge")]
    notes = [note for one in report["findings"] for note in one["notes"] if note.startswith("the waiver")]
    assert notes == [
        "the waiver old expired on 2026-11-21 (fedpolicy.waivers.yaml:3:3)",
        "the waiver mine does not count: its owner approved it (fedpolicy.waivers.yaml:10:3)",
    ]


def test_a_run_of_other_rules_calls_no_waiver_unused(waivers):
    run = waivers(judge={"rule": CLOSED, "element": "parties.nobody"})

    assert own(report_of(run, "--select", "model-unpinned")) == []
    assert own(report_of(run)) == [("waiver-unused", "low", "waivers.judge", 3)]


def test_nothing_is_called_unused_where_a_file_could_not_be_read(waivers, tmp_path):
    run = waivers(judge={"rule": CLOSED, "element": "parties.nobody"})
    (tmp_path / "broken.fedpolicy.yaml").write_text("fedpolicy: 1\nname: [\n", encoding="utf-8")

    assert own(report_of(run)) == []


def test_findings_about_waivers_obey_the_configuration(waivers, tmp_path):
    run = waivers(judge={"rule": CLOSED, "element": "parties.nobody"})
    assert own(report_of(run, "--ignore", "waiver-unused")) == []
    (tmp_path / "fedpolicy.toml").write_text('[rules.waiver-unused]\nseverity = "high"\n', encoding="utf-8")
    assert own(report_of(run)) == [("waiver-unused", "high", "waivers.judge", 3)]
    (tmp_path / "fedpolicy.toml").write_text("[rules.waiver-unused]\nenabled = false\n", encoding="utf-8")
    assert own(report_of(run)) == []


def test_the_text_report_shows_the_line_of_the_waiver(waivers):
    run = waivers(judge={"rule": CLOSED, "element": "parties.nobody"})
    text = run("check", "-v", *TODAY).stdout

    assert "low[waiver-unused]: the waiver judge waives nothing" in text
    assert "--> fedpolicy.waivers.yaml:3:3\n  |\n3 |   judge:\n" in text


def test_where_waivers_are_looked_for(waivers, tmp_path):
    run = waivers("ours.yaml", judge={"rule": CLOSED, "element": "parties.openai"})

    def waived(*arguments):
        return report_of(run, *arguments)["summary"]["waived"]

    assert waived() == 0
    assert waived("--waivers", "ours.yaml") == 1
    (tmp_path / "fedpolicy.toml").write_text('waivers = "ours.yaml"\n', encoding="utf-8")
    assert waived() == 1
    assert 'waivers     = "ours.yaml"' in run("config", "show").stdout
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "fedpolicy.toml").write_text("", encoding="utf-8")
    (tmp_path / "ours.yaml").rename(tmp_path / "policy" / "fedpolicy.waivers.yaml")
    assert waived("--config", "policy/fedpolicy.toml") == 1
    assert waived("--isolated") == 0


def test_every_mistake_fails_the_run_at_once(run, example, tmp_path):
    del example
    (tmp_path / "fedpolicy.waivers.yaml").write_text(
        "fedpolicy_waivers: 1\n"
        "waivers:\n"
        "  judge:\n"
        "    rule: Closed Model\n"
        "    element: '*'\n"
        "    reason: ' '\n"
        "    ownr: ana\n"
        "    approved_by: 3\n"
        "    expires: 2027-02-30\n"
        "  Second: {rule: a, reason: b, owner: c, approved_by: d, expires: 2027-01-01}\n",
        encoding="utf-8",
    )
    result = run("check", "--output", "json:report.json")

    assert (result.exit_code, result.stdout) == (2, "")
    assert not (tmp_path / "report.json").exists()
    for place, message in (
        ("3:3", "a waiver has no `owner`"),
        ("4:11", "`Closed Model` is not the id of a rule"),
        ("5:14", "`*` is not an element"),
        ("5:14", "help: write one such as datasets.letters@aphp (`*` stands for any characters)"),
        ("6:13", "the text is empty"),
        ("7:5", "a waiver has no key `ownr`"),
        ("8:18", "`3` is not text"),
        ("9:14", '`"2027-02-30"` is not a date'),
        ("10:3", "`Second` is not a name"),
        ("10:3", "a waiver says neither `element` nor `fingerprint`"),
    ):
        assert f"--> fedpolicy.waivers.yaml:{place}\n" in result.stderr
        assert message in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("waivers: {}\n", "a file of waivers has no `fedpolicy_waivers`"),
        ("fedpolicy_waivers: 2\n", "this fedpolicy reads waivers of version 1, not `2`"),
        ("fedpolicy_waivers: true\n", "not `true`"),
        ("fedpolicy_waivers: 1\nwaivers: [\n", "a bracket that is never closed"),
        ("fedpolicy_waivers: 1\nwaivers:\n", "`waivers` has no value"),
        ("fedpolicy_waivers: 1\nwaivers: {a: {}, a: {}}\n", "a"),
        ("- 1\n", "a file of waivers is one map"),
    ],
)
def test_what_is_no_file_of_waivers_fails_the_run(text, message, run, example, tmp_path):
    del example
    (tmp_path / "w.yaml").write_text(text, encoding="utf-8")
    result = run("check", "--waivers", "w.yaml")

    assert (result.exit_code, result.stdout) == (2, "")
    assert message in " ".join(result.stderr.split())


def test_a_file_that_is_named_and_not_there_fails_the_run(run, example):
    del example
    result = run("check", "--waivers", "nowhere.yaml")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "`nowhere.yaml` does not exist" in result.stderr


def test_a_change_cannot_excuse_itself(waivers, repository, tmp_path):
    run = waivers()
    repository()
    waivers(judge={"rule": CLOSED, "element": "parties.openai"})
    (tmp_path / "fedpolicy.toml").write_text('fail_on = "never"\n', encoding="utf-8")
    select = ("check", "--select", CLOSED, *TODAY)

    assert run(*select).exit_code == 0
    assert run(*select, "--waivers-from", "main").exit_code == 0  # its configuration still says never
    assert run(*select, "--waivers-from", "main", "--config-from", "main").exit_code == 1
    repository()
    trusted = ("--waivers-from", "main", "--config-from", "main")
    assert run(*select, *trusted).exit_code == 0
    (tmp_path / "fedpolicy.toml").unlink()
    (tmp_path / "fedpolicy.waivers.yaml").unlink()
    report = report_of(run, *trusted)
    assert verdicts(report, CLOSED) == [("waived", "parties.openai")]
    assert [one["waiver"]["file"] for one in report["findings"] if one["waiver"]] == ["main:fedpolicy.waivers.yaml"]


def test_waivers_that_only_the_change_has_waive_nothing(waivers, repository, tmp_path):
    run = waivers("other.yaml")
    (tmp_path / "other.yaml").unlink()
    repository()
    waivers("new.yaml", judge={"rule": CLOSED, "element": "parties.openai"})
    (tmp_path / "fedpolicy.toml").write_text('waivers = "new.yaml"\n', encoding="utf-8")

    assert report_of(run)["summary"]["waived"] == 1
    assert report_of(run, "--waivers-from", "HEAD")["summary"]["waived"] == 0
    result = run("check", "--waivers", "new.yaml", "--waivers-from", "HEAD")
    assert result.exit_code == 2
    assert "`new.yaml` is not in the revision `HEAD`" in result.stderr


def test_the_configuration_of_a_revision_is_found_as_that_of_the_folder(waivers, repository, tmp_path, monkeypatch):
    run = waivers()
    (tmp_path / "pyproject.toml").write_text('[tool.fedpolicy]\nfail_on = "never"\n', encoding="utf-8")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deployment.yaml").rename(tmp_path / "deep" / "deployment.yaml")
    repository()
    (tmp_path / "deep" / "fedpolicy.toml").write_text('fail_on = "info"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path / "deep")

    assert run("check").exit_code == 1
    assert run("check", "--config-from", "main").exit_code == 0
    assert run("check", "--config-from", "main", "--config", "../pyproject.toml").exit_code == 0
    result = run("check", "--config-from", "main", "--config", "fedpolicy.toml")
    assert result.exit_code == 2
    assert "`fedpolicy.toml` is not in the revision `main`" in result.stderr


@pytest.mark.parametrize("option", ["--waivers-from", "--config-from"])
@pytest.mark.parametrize("revision", ["nowhere", "--all", ""])
def test_a_revision_that_is_not_there(option, revision, waivers, repository):
    run = waivers()
    repository()
    result = run("check", f"{option}={revision}")

    assert (result.exit_code, result.stdout) == (2, "")
    assert f"git knows no revision `{revision}` here" in result.stderr


def test_the_example_of_the_page_waives_what_it_says(run, example, tmp_path):
    del example
    page = (Path(__file__).parents[2] / "docs" / "waivers.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "fedpolicy.waivers.yaml").write_text(text, encoding="utf-8")

    assert verdicts(report_of(run), CLOSED) == [("waived", "parties.openai")]


@pytest.mark.parametrize(
    "rule",
    [
        "baseline-fixed",
        "deployment-gone",
        "waiver-expired",
        "waiver-self-approved",
        "waiver-unknown-rule",
        "waiver-unused",
    ],
)
@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_the_rules_about_waivers_are_explained(rule, form, run):
    result = run("explain", rule, "--format", form)

    assert result.exit_code == 0, result.stderr
    assert rule in result.stdout
    page = (Path(__file__).parents[2] / "docs" / "waivers.md").read_text(encoding="utf-8")
    severity = re.search(rf"^\| `{rule}` \| (\w+) \|", page, re.MULTILINE)[1]
    assert severity in result.stdout

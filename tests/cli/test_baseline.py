"""Baselines: what was there before is counted, what is new is shown, what is fixed is said."""

import json

import jsonschema
import pytest

from fedpolicy.files import schemas_dir

FILE = "fedpolicy.baseline.json"
ENTRY = {
    "deployment": "a",
    "rule": "b",
    "verdict": "fail",
    "severity": "high",
    "elements": ["c"],
    "fingerprint": "d",
}
CLOSED = "private-data-to-closed-model"


@pytest.fixture
def known(run, example):
    """The running example with a baseline of everything that is found in it."""
    del example
    result = run("baseline")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{FILE}: 13 findings known from now on\n"
    return run


@pytest.fixture
def edit(tmp_path):
    def change(*pairs, file="deployment.yaml"):
        text = (tmp_path / file).read_text(encoding="utf-8")
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / file).write_text(text, encoding="utf-8")

    return change


def report_of(run, *arguments):
    result = run("check", "--baseline", FILE, "--format", "json", *arguments)
    assert result.stdout, result.stderr
    report = json.loads(result.stdout)
    schema = json.loads((schemas_dir() / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(report)
    return report


def shown(report):
    return [(one["rule"], one["verdict"], one["elements"][0]) for one in report["findings"]]


def test_what_is_known_is_counted_and_not_shown(known):
    result = known("check", "--baseline", FILE, "--fail-on", "info", "--strict")
    report = report_of(known)

    assert result.exit_code == 0
    assert shown(report) == []
    assert report["baseline"] == {"file": FILE, "known": {"fail": 11, "unknown": 2}, "fixed": 0}
    assert (report["summary"]["fail"], report["summary"]["unknown"]) == (0, 0)
    assert report["summary"]["pass"] > 0
    assert known("check").exit_code == 1


@pytest.mark.parametrize("form", ["text", "markdown", "github", "gitlab", "csv", "junit"])
def test_every_format_counts_the_rest_in_a_line(form, known):
    text = known("check", "--baseline", FILE, "--format", form).stdout

    assert f"13 findings known from {FILE} not shown (11 fail, 2 unknown)" in text


def test_sarif_counts_the_rest_in_its_properties(known):
    (log,) = json.loads(known("check", "--baseline", FILE, "--format", "sarif").stdout)["runs"]

    assert log["results"] == []
    assert log["properties"]["baseline"] == {"file": FILE, "known": {"fail": 11, "unknown": 2}, "fixed": 0}


def test_everything_known_and_nothing_else_evaluated_is_still_a_result(run, example):
    del example
    run("baseline", "--pack", "federation")
    result = run("check", "--baseline", FILE, "--select", "model-unpinned")

    assert result.exit_code == 0
    assert "nothing was evaluated" not in result.stdout


def test_moved_lines_change_nothing(known, edit, tmp_path):
    before = (tmp_path / FILE).read_bytes()
    edit(("parties:\n", "# one line\n\n# and another\nparties:\n"))

    assert shown(report_of(known)) == []
    assert known("baseline").exit_code == 0
    assert (tmp_path / FILE).read_bytes() == before


def test_a_second_leak_of_the_same_rule_is_shown(known, edit):
    edit(
        ("models:\n", "models:\n  second: {ref: openai/gpt-4o, via: [openai]}\n"),
        ("api_calls:\n", "api_calls:\n  again: {from: client, model: second, sends: [letters], region: US}\n"),
    )
    report = report_of(known)

    assert ("black-box-model", "fail", "models.second") in shown(report)
    assert ("black-box-model", "fail", "models.judge") not in shown(report)


def test_another_deployment_with_the_same_leak_is_shown(known, edit, tmp_path):
    (tmp_path / "other.yaml").write_text((tmp_path / "deployment.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    twice = report_of(known, "deployment.yaml", "other.yaml")
    assert len(twice["findings"]) == 13
    assert twice["baseline"]["known"] == {"fail": 11, "unknown": 2}

    edit(("name: clinical-notes", "name: other"), file="other.yaml")
    report = report_of(known, "deployment.yaml", "other.yaml")
    assert {one["deployment"] for one in report["findings"]} == {"other"}


def test_a_known_question_that_turns_out_a_failure_is_shown(known, edit):
    edit(("revision: 0e9e39f,", "revision: 0e9e39f, format: pickle,"))

    assert shown(report_of(known)) == [("unsafe-weights-format", "fail", "models.base")]


def test_a_finding_that_is_now_more_severe_is_shown(known, tmp_path):
    (tmp_path / "fedpolicy.toml").write_text('[rules.licence-field-of-use]\nseverity = "high"\n', encoding="utf-8")

    assert shown(report_of(known)) == [("licence-field-of-use", "fail", "models.base")]


def test_a_fixed_entry_is_told_with_its_line_until_the_file_has_shrunk(known, edit, tmp_path):
    edit(("revision: 0e9e39f,", "revision: 0e9e39f, format: safetensors,"))
    report = report_of(known)
    (finding,) = report["findings"]
    lines = (tmp_path / FILE).read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "unsafe-weights-format" in text)

    assert (finding["rule"], finding["severity"], finding["elements"]) == (
        "baseline-fixed",
        "info",
        ["baseline.clinical-notes"],
    )
    assert (finding["location"]["file"], finding["location"]["line"]) == (FILE, line)
    assert finding["notes"] == [f"fixed: unsafe-weights-format on models.base (line {line})"]
    assert report["baseline"]["fixed"] == 1
    text = known("check", "-v", "--baseline", FILE).stdout
    assert "info[baseline-fixed]: 1 entry of fedpolicy.baseline.json can go" in text
    assert "12 findings known" in text

    known("baseline")
    assert len((tmp_path / FILE).read_text(encoding="utf-8").splitlines()) == len(lines) - 1
    assert shown(report_of(known)) == []


def test_what_was_not_looked_at_is_not_fixed(known, edit, tmp_path):
    (tmp_path / "other.yaml").write_text((tmp_path / "deployment.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    edit(("name: clinical-notes", "name: other"), file="other.yaml")

    assert report_of(known, "other.yaml")["baseline"]["fixed"] == 0
    assert report_of(known, "deployment.yaml", "--select", "model-unpinned")["baseline"]["fixed"] == 0
    edit(("fedpolicy: 1\n", "fedpolicy: 1\nnope: 1\n"))
    assert report_of(known, "deployment.yaml", "other.yaml")["baseline"]["fixed"] == 0


def test_faults_of_waivers_are_never_known_and_waived_findings_not_fixed(known, tmp_path):
    others = "reason: r, owner: a, expires: 2999-01-01"
    (tmp_path / "fedpolicy.waivers.yaml").write_text(
        "fedpolicy_waivers: 1\nwaivers:\n"
        f"  judge: {{rule: {CLOSED}, element: parties.openai, {others}, approved_by: b}}\n"
        f"  self: {{rule: {CLOSED}, element: parties.x, {others}, approved_by: a}}\n",
        encoding="utf-8",
    )
    report = report_of(known)

    assert shown(report) == [
        (CLOSED, "waived", "parties.openai"),
        ("waiver-self-approved", "fail", "waivers.self"),
    ]
    assert report["baseline"]["fixed"] == 0
    assert known("baseline").stderr.endswith(f"{FILE}: 12 findings known from now on\n")
    assert "waiver-self-approved" not in (tmp_path / FILE).read_text(encoding="utf-8")


def test_the_configuration_names_the_baseline(known, tmp_path):
    (tmp_path / FILE).rename(tmp_path / "known.json")
    (tmp_path / "fedpolicy.toml").write_text('baseline = "known.json"\n', encoding="utf-8")

    assert known("check").exit_code == 0
    assert known("check", "--isolated").exit_code == 1
    assert known("baseline").stderr == "known.json: 13 findings known from now on\n"


def test_a_baseline_is_the_same_bytes_every_time_and_goes_to_standard_output(known, tmp_path):
    text = (tmp_path / FILE).read_text(encoding="utf-8")

    assert known("baseline", "--output", "-").stdout == text
    assert str(tmp_path) not in text


def test_a_baseline_of_a_clean_deployment_is_empty(run, example, tmp_path):
    del example
    (tmp_path / "fedpolicy.toml").write_text('select = ["unknown-runner"]\n', encoding="utf-8")

    assert run("baseline", "--output", "-").stdout == '{\n  "fedpolicy_baseline": 2,\n  "findings": []\n}\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"fedpolicy_baseline": 3, "findings": []}', "is a baseline of version 3; this fedpolicy reads 1 and 2"),
        ('{"fedpolicy_baseline": true, "findings": []}', "is a baseline of version true"),
        ("<<<<<<< ours\n", "this is not JSON"),
        ("", "this is not JSON"),
        ("[" * 100_000, "not JSON"),
        ("\udcff", "not UTF-8"),
        ("[]", "it has no `fedpolicy_baseline`"),
        ('{"findings": []}', "it has no `fedpolicy_baseline`"),
        ('{"fedpolicy_baseline": 1}', "its `findings` are not a list"),
        ('{"fedpolicy_baseline": 1, "findings": [3]}', "its entry number 1 is not as fedpolicy writes it"),
        (json.dumps({"fedpolicy_baseline": 1, "findings": [ENTRY | {"verdict": "pass"}]}), "its entry number 1"),
        (json.dumps({"fedpolicy_baseline": 2, "findings": [ENTRY]}), "its entry number 1"),
        (json.dumps({"fedpolicy_baseline": 2, "findings": [ENTRY | {"file": ""}]}), "its entry number 1"),
        (json.dumps({"fedpolicy_baseline": 1, "findings": [ENTRY, ENTRY | {"severity": 1}]}), "its entry number 2"),
    ],
)
def test_a_broken_baseline_is_one_message_and_exit_code_2(text, message, run, example, tmp_path):
    del example
    (tmp_path / FILE).write_bytes(text.encode("utf-8", "surrogateescape"))
    result = run("check", "--baseline", FILE)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("error: ") == 1
    assert message in " ".join(result.stderr.split())


def test_a_baseline_that_is_not_there(run, example):
    del example
    result = run("check", "--baseline", "nowhere.json")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "`nowhere.json` does not exist" in result.stderr


def test_no_baseline_is_written_of_what_cannot_be_read(run, example, tmp_path):
    del example
    (tmp_path / "broken.yaml").write_text("fedpolicy: 1\nname: [\n", encoding="utf-8")
    result = run("baseline")

    assert result.exit_code == 2
    assert "broken.yaml:2:7" in result.stderr
    assert not (tmp_path / FILE).exists()


def test_a_change_cannot_add_to_the_baseline_it_is_measured_by(run, example, tmp_path, git):
    text = example.read_text(encoding="utf-8")
    run("baseline")
    before = set((tmp_path / FILE).read_text(encoding="utf-8").splitlines())
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "state")
    example.write_text(
        text.replace("models:\n", "models:\n  second: {ref: openai/gpt-4o, via: [openai]}\n").replace(
            "api_calls:\n", "api_calls:\n  again: {from: client, model: second, sends: [letters], region: US}\n"
        ),
        encoding="utf-8",
    )
    run("baseline")
    assert set((tmp_path / FILE).read_text(encoding="utf-8").splitlines()) - before

    assert shown(report_of(run)) == []
    new = report_of(run, "--baseline-from", "main")
    assert ("black-box-model", "fail", "models.second") in shown(new)
    assert new["baseline"]["file"] == f"main:{FILE}"
    result = run("check", "--baseline", "other.json", "--baseline-from", "main")
    assert result.exit_code == 2
    assert "`other.json` is not in the revision `main`" in result.stderr

"""What a file contributes to records, responsibilities and vocabularies; a verdict that can be verified."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest
from click.testing import CliRunner

from fedpolicy import api
from fedpolicy.cli import _verified
from fedpolicy.cli.commands import app
from fedpolicy.report.formats import beside_of, load_format
from fedpolicy.report.formats.dpv import CONTEXT
from fedpolicy.settings import Settings
from tests.cli.conftest import APART

EXAMPLE = Path(__file__).parents[2] / "examples" / "clinical-notes" / "deployment.yaml"
GOLDEN = Path(__file__).parent / "golden" / "evidence"
DAY = "2026-11-28"
RECORDS = ("ropa", "ropa-csv", "responsibility", "dpv")
# What a record must not say: it tells of contributions and gaps.
VERDICTS = re.compile(r"\b(non-)?compliant|complies|compliance|lawful\b|conform", re.IGNORECASE)


def record(name, owner=""):
    form = load_format(name)
    settings = Settings(overview=owner, beside=beside_of([form]), today=DAY)
    text = form.render(api.check([str(EXAMPLE)], settings)).replace(str(EXAMPLE), "deployment.yaml")
    return re.sub(r"fedpolicy \d[\w.+]*", "fedpolicy N", text)


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_as_its_golden_file_shows(name, golden):
    golden(record(name), GOLDEN / f"clinical-notes{load_format(name).SUFFIX}")


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_judges_nothing(name):
    assert VERDICTS.findall(record(name).replace("dct:conformsTo", "")) == []


def fields(text):
    return {(row["activity"], row["field"]): row for row in csv.DictReader(io.StringIO(text))}


def test_a_record_of_one_owner_has_its_own_data_only():
    mine = fields(record("ropa-csv", "charite"))

    assert mine["tasks.adapt", "controller"]["contribution"] == "charite, DE"
    assert mine["tasks.adapt", "categories of recipients"]["contribution"].startswith("aphp, as operator: inferable;")
    assert "charite, as operator" not in mine["tasks.adapt", "categories of recipients"]["contribution"]


LETTERS = """\
fedpolicy: 1
name: letters
transport: tls
parties:
  lumc:   {role: participant, jurisdiction: NL, name: "=cmd()"}
  aphp:   {role: participant, jurisdiction: FR}
  openai: {role: provider, jurisdiction: US}
  aws:    {role: host}
nodes:
  client: {kind: client, party: [lumc, aphp]}
  archive: {kind: store, party: lumc, host: aws}
datasets:
  letters: {at: client, categories: [health], subjects: 40, purpose: coding, lawful_basis: public_task,
            special_basis: "Art. 9(2)(j)", retention_days: 3650}
  backups: {at: archive, owner: lumc, categories: [health]}
  counts:  {at: client, categories: [anonymous]}
models:
  judge: {ref: openai/gpt-4o, via: [openai]}
api_calls:
  translate: {from: client, model: judge, sends: [letters], payload: prompts, retention_days: 30}
agreements:
  scc:  {kind: transfer, mechanism: scc, between: [participants, openai], reference: scc.pdf}
  dpa:  {kind: data_processing, between: [lumc, openai], reference: dpa.pdf}
  old:  {kind: data_processing, between: [aphp, openai], expires: 2026-01-01}
governance: {dpia: {value: dpia.pdf, evidence: measured, reference: tests.pdf}}
"""


def letters(name, tmp_path):
    (tmp_path / "letters.yaml").write_text(LETTERS, encoding="utf-8")
    form = load_format(name)
    settings = Settings(overview="", beside=beside_of([form]), today=DAY)
    return form.render(api.check([str(tmp_path / "letters.yaml")], settings))


def test_each_field_says_what_the_file_has_and_what_it_lacks(tmp_path):
    found = fields(letters("ropa-csv", tmp_path))
    call = {
        field: (row["contribution"], row["residual_gap"])
        for (of, field), row in found.items()
        if of == "api_calls.translate"
    }

    assert call["controller"][0] == "aphp, FR; =cmd() (lumc), NL"
    assert call["purposes"] == ("coding", "")
    assert call["categories of data subjects"] == ("40 records in each instance of letters", "who these people are")
    assert call["categories of personal data"] == ("Health data (special category)", "")
    assert call["categories of recipients"][0] == "openai, as provider: verbatim"
    assert call["transfers to third countries"] == ("openai: US (adequacy partial), tool: scc (scc.pdf)", "")
    assert call["time limits for erasure"][0] == "letters: 3,650 days; at the recipient: 30 days"
    assert call["security measures"][0] == "transport tls (line 3)"
    assert call["legal basis"] == ("public task; Art. 9(2)(j)", "")
    stored = found["datasets.backups", "transfers to third countries"]
    assert stored["residual_gap"] == "the country of aws"
    assert "counts" not in {of.partition(".")[2] for of, _ in found}, "anonymous data are in no record"


def test_a_processor_without_an_agreement_is_a_gap(tmp_path):
    text = letters("ropa", tmp_path)

    (row,) = (line.split(" | ") for line in text.splitlines() if line.startswith("| openai |"))
    assert row[1:5] == [
        "aphp and lumc",
        "api_calls.translate",
        "US (adequacy partial), tool: scc",
        "dpa (dpa.pdf) with lumc",
    ]
    assert row[5].startswith("an agreement on processing with aphp; whether it is a processor or a controller")


def test_a_contribution_with_evidence_leaves_the_evidence_to_be_read(tmp_path):
    text = letters("responsibility", tmp_path)

    assert "| dpia.pdf (measured: tests.pdf) | that the evidence says so | governance.dpia, line" in text
    assert "| when a participant may leave | - | - | none | not stated: when a participant may leave |" in text


def terms(node):
    """Every term of a vocabulary that a document uses."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from (word for word in (key, value if key in {"@id", "@type"} else "") if isinstance(word, str))
            yield from terms(value)
    elif isinstance(node, list):
        for one in node:
            yield from terms(one)


def vocabulary(prefix):
    """The terms of DPV 2.3, where a copy of github.com/w3c/dpv is."""
    folder = Path(os.environ["DPV"]) / "2.3"
    file = {"dpv": "dpv/dpv", "pd": "pd/pd", "loc": "loc/loc", "eu-gdpr": "legal/eu/gdpr/eu-gdpr"}[prefix]
    with (folder / f"{file}.csv").open(encoding="utf-8") as lines:
        return {row["term"] for row in csv.DictReader(lines)}


def test_a_vocabulary_has_the_terms_of_what_a_file_says(tmp_path):
    document = json.loads(letters("dpv", tmp_path))
    used = {word for word in terms(document["@graph"]) if word.partition(":")[0] in {"dpv", "pd", "loc", "eu-gdpr"}}

    assert document["@context"] == CONTEXT
    assert {"pd:Health", "eu-gdpr:A6-1-e", "eu-gdpr:A46-2-c", "loc:US", "dpv:EncryptionInTransfer", "dpv:Share"} <= used
    if "DPV" in os.environ:  # the vocabulary itself is no part of this repository
        known = {prefix: vocabulary(prefix) for prefix in ("dpv", "pd", "loc", "eu-gdpr")}
        assert sorted(word for word in used if word.partition(":")[2] not in known[word.partition(":")[0]]) == []


@pytest.fixture(scope="module")
def statement(tmp_path_factory):
    """The statement on the running example, made once."""
    folder = tmp_path_factory.mktemp("statement")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("deployment.yaml").write_bytes(EXAMPLE.read_bytes())
        assert (
            run("check", "deployment.yaml", "--format", "in-toto", "--output", "v.json", "--today", DAY).exit_code == 1
        )
    return (folder / "v.json").read_bytes()


@pytest.fixture
def stated(statement, tmp_path, monkeypatch):
    """A deployment, and the statement on it."""
    monkeypatch.chdir(tmp_path)
    Path("deployment.yaml").write_bytes(EXAMPLE.read_bytes())
    Path("v.json").write_bytes(statement)
    return json.loads(statement)


def run(*arguments):
    return CliRunner(**APART).invoke(app, list(arguments))


def changed(stated, **more):
    Path("w.json").write_text(json.dumps(stated | more, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return run("verify", "w.json", "--again")


def test_a_statement_binds_the_verdict_to_what_it_rests_on(stated):
    predicate = stated["predicate"]

    assert (stated["_type"], stated["predicateType"]) == (
        "https://in-toto.io/Statement/v1",
        "https://in-toto.io/attestation/test-result/v0.1",
    )
    assert [one["name"] for one in stated["subject"]] == ["deployment.yaml"]
    assert [one["annotations"]["fedpolicy"] for one in predicate["configuration"]] == ["tool", "catalogue", "pack"]
    assert predicate["result"] == "FAILED"
    assert "private-data-to-closed-model" in predicate["failedTests"]
    assert not {*predicate["failedTests"]} & {*predicate["warnedTests"], *predicate["passedTests"]}
    assert predicate["fedpolicy"]["today"] == DAY


@pytest.mark.usefixtures("stated")
def test_what_lies_here_is_what_was_judged_and_the_verdict_follows():
    plain, again = run("verify", "v.json"), run("verify", "v.json", "--again")

    assert (plain.exit_code, again.exit_code) == (0, 0)
    assert plain.stdout.splitlines()[0].startswith("same     file deployment.yaml  sha256 ")
    assert "not judged again: whether the verdict follows from these, only `--again` shows\n" in plain.stdout
    assert "same     judged again, every byte of the statement\n" in again.stdout
    assert plain.stdout.splitlines()[-1].startswith("Unsigned: this proves no author.")


@pytest.mark.usefixtures("stated")
def test_a_look_at_digests_loads_neither_click_nor_yaml_nor_a_network():
    ask = (
        "import sys; sys.argv = ['fedpolicy', 'verify', 'v.json']; from fedpolicy.cli import main; print(main(),"
        " sorted({'click', 'yaml', 'pydantic', 'socket', 'fedpolicy.check'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, encoding="utf-8", check=True)

    assert done.stdout.splitlines()[-1] == "0 []"
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["nix.json", "deployment.yaml"])
@pytest.mark.usefixtures("stated")
def test_what_is_no_statement_is_told_alike_by_the_quick_way(name, capsys):
    slow = run("verify", name)

    assert _verified(["verify", name]) == slow.exit_code == 2
    assert capsys.readouterr().err == slow.stderr


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            lambda: Path("deployment.yaml").write_text("fedpolicy: 1\n", encoding="utf-8"),
            "changed  file deployment.yaml",
        ),
        (lambda: Path("deployment.yaml").unlink(), "gone     file deployment.yaml"),
    ],
)
@pytest.mark.usefixtures("stated")
def test_what_differs_is_told(change, line):
    change()
    done = run("verify", "v.json")

    assert done.exit_code == 1
    assert done.stdout.startswith(line)
    assert "; 1 difference: the verdict is not about what lies here\n" in done.stdout


def test_a_verdict_that_was_turned_round_is_found_by_judging_again(stated):
    predicate = stated["predicate"]
    lie = {**predicate, "fedpolicy": {**predicate["fedpolicy"], "verdict": "PASS"}}
    done = changed(stated, predicate=lie)

    assert done.exit_code == 1
    assert "changed  judged again: not every byte of the statement\n" in done.stdout
    assert "PASS as on 2026-11-28, stated by fedpolicy" in done.stdout
    assert "; a run with the same settings does not say this\n" in done.stdout


@pytest.mark.parametrize("version", ["v1", "v0.1"])
@pytest.mark.usefixtures("stated")
def test_an_envelope_is_opened_and_no_signature_is_believed(version):
    """Tools that sign a predicate sort its keys and write numbers anew; cosign 2 makes a statement of version 0.1."""
    run("check", "deployment.yaml", "--format", "in-toto", "--max-epsilon", "8", "--today", DAY, "--output", "v.json")
    said = json.loads(Path("v.json").read_text("utf-8")) | {"_type": f"https://in-toto.io/Statement/{version}"}
    assert said["predicate"]["fedpolicy"]["settings"]["max_epsilon"] == 8
    said["predicate"]["fedpolicy"]["settings"]["max_epsilon"] = 8
    for lie in ("", "PASS"):
        said["predicate"]["fedpolicy"]["verdict"] = lie or "FAIL"
        payload = b64encode(json.dumps(said, sort_keys=True).encode()).decode()
        envelope = {"payload": payload, "signatures": [{"sig": "x"}]}
        Path("v.json").write_text(json.dumps({"dsseEnvelope": envelope}), "utf-8")
        done = run("verify", "v.json", "--again")

        assert done.exit_code == (1 if lie else 0)
        assert f"judged again{': not' if lie else ','} all that the statement says\n" in done.stdout
        assert done.stdout.splitlines()[-1].endswith("nothing here has looked at a signature.")


@pytest.mark.skipif(not shutil.which("cosign"), reason="install cosign (Debian 13: apt install cosign)")
def test_cosign_signs_with_a_key_of_ones_own_and_finds_another_file(stated, monkeypatch):
    """Every command of docs/evidence.md that needs neither a network nor an account."""
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    Path("predicate.json").write_text(json.dumps(stated["predicate"]), encoding="utf-8")
    told = (EXAMPLE.parents[2] / "docs" / "evidence.md").read_text("utf-8").partition("### Sign it with cosign")[2]
    commands = told.partition("```bash\n")[2].partition("```")[0].replace("\\\n", "").splitlines()
    commands = [one for one in commands if one.startswith("cosign ")]
    codes = [subprocess.run(shlex.split(one), capture_output=True, check=False).returncode for one in commands]

    assert len(commands) >= 4
    assert codes == [0] * len(commands)
    assert run("verify", "verdict.sigstore.json", "--again").exit_code == 0
    Path("deployment.yaml").write_text("fedpolicy: 1\n", encoding="utf-8")
    verify = next(one for one in commands if "verify-blob-attestation" in one)
    assert subprocess.run(shlex.split(verify), capture_output=True, check=False).returncode == 1


def test_the_library_of_in_toto_takes_the_statement(stated):
    json_format = pytest.importorskip("google.protobuf.json_format", reason="pip install in-toto-attestation")
    pytest.importorskip("in_toto_attestation", reason="pip install in-toto-attestation")
    from in_toto_attestation.predicates.test_result.v0 import test_result_pb2  # noqa: PLC0415  see above
    from in_toto_attestation.v1 import statement_pb2  # noqa: PLC0415
    from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor  # noqa: PLC0415
    from in_toto_attestation.v1.statement import Statement  # noqa: PLC0415

    Statement.copy_from_pb(json_format.ParseDict(stated, statement_pb2.Statement())).validate()
    made = json_format.ParseDict(stated["predicate"], test_result_pb2.TestResult(), ignore_unknown_fields=True)
    for one in made.configuration:
        ResourceDescriptor.copy_from_pb(one).validate()
    assert (made.result, list(made.failed_tests)) == ("FAILED", stated["predicate"]["failedTests"])


def test_a_law_says_whom_it_protects_in_a_statement(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("deployment.yaml").write_bytes(EXAMPLE.read_bytes())
    run("check", "deployment.yaml", "--pack", "gdpr", "--format", "in-toto", "--output", "v.json")
    own = json.loads(Path("v.json").read_text(encoding="utf-8"))["predicate"]["fedpolicy"]

    assert [(one["pack"], one["owners"]) for one in own["scopes"]] == [("gdpr", ["aphp", "charite", "lumc"])]


def settings(**more):
    def change(stated):
        stated["predicate"]["fedpolicy"]["settings"] |= more

    return change


@pytest.mark.parametrize(
    "change",
    [
        settings(packs=5),
        settings(params={"a.b": 1}),
        settings(today="tomorrow"),
        settings(fail_on="sometimes"),
        lambda stated: stated.update(subject=[]),
        lambda stated: stated.update(_type="https://in-toto.io/Statement/v0.1"),
        lambda stated: stated["predicate"].update(configuration=[]),
        lambda stated: stated["predicate"].pop("fedpolicy"),
        lambda stated: stated["subject"][0]["digest"].update(sha256="short"),
    ],
)
def test_what_binds_a_verdict_to_less_is_no_statement(change, stated):
    change(stated)
    done = changed(stated)

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "error: `w.json` is not a statement of fedpolicy\n  = help: write one: fedpolicy check"
    )


@pytest.mark.usefixtures("stated")
def test_waivers_parameters_and_the_owner_are_in_the_statement():
    Path("fedpolicy.waivers.yaml").write_text("fedpolicy_waivers: 1\nwaivers: {}\n", encoding="utf-8")
    options = ("--owner", "charite", "--max-epsilon", "3", "--ignore", "model-unpinned")
    run(
        "check",
        "deployment.yaml",
        "--format",
        "in-toto",
        "-o",
        "v.json",
        "--waivers",
        "fedpolicy.waivers.yaml",
        *options,
    )
    own = json.loads(Path("v.json").read_text(encoding="utf-8"))["predicate"]

    assert [one["annotations"]["fedpolicy"] for one in own["configuration"]][-1] == "waivers"
    assert own["fedpolicy"]["settings"]["owner"] == "charite"
    assert run("verify", "v.json", "--again").exit_code == 0
    Path("fedpolicy.waivers.yaml").write_text("fedpolicy_waivers: 1\nwaivers: {}\n\n", encoding="utf-8")
    assert "changed  waivers fedpolicy.waivers.yaml" in run("verify", "v.json").stdout

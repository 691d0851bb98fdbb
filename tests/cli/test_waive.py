"""`fedpolicy waive` adds an entry and leaves every other character alone."""

import json

import pytest

CLOSED = "private-data-to-closed-model"
FILE = "fedpolicy.waivers.yaml"
SAY = ("--reason", "moves in March", "--owner", "ana", "--approved-by", "Bob B.", "--today", "2026-11-22")
UNTIL = ("--until", "2027-03-31")
BLOCK = (
    "fedpolicy_waivers: 1\nwaivers:\n  one:\n    rule: a-rule\n    element: models.x\n    owner: a\n"
    "    approved_by: b\n    expires: 2999-01-01\n    reason: |\n      long\n      text\n\n"
)
ENTRY = "{rule: a-rule, element: models.x, reason: r, owner: a, approved_by: b, expires: 2999-01-01}"


@pytest.fixture
def mark(run, example):
    """The fingerprint of the finding about the closed model."""
    del example
    found = json.loads(run("check", "--format", "json").stdout)["findings"]
    return next(one["fingerprint"] for one in found if one["rule"] == CLOSED)


def written(mark, name=f"{CLOSED}-d7447396", reason="moves in March"):
    return (
        f"  {name}:\n"
        f"    rule: {CLOSED}\n"
        "    element: [parties.openai, datasets.letters@aphp, datasets.letters@charite, datasets.letters@lumc]\n"
        f"    fingerprint: {mark}\n"
        "    file: deployment.yaml\n"
        "    deployment: clinical-notes\n"
        f"    reason: {reason}\n"
        "    owner: ana\n"
        "    approved_by: Bob B.\n"
        "    expires: 2027-03-31\n"
    )


def test_a_new_file_is_made_and_waives(run, mark, tmp_path):
    result = run("waive", mark, *UNTIL, *SAY)

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{FILE}: {CLOSED}-d7447396 waives {CLOSED} until the end of 2027-03-31\n"
    assert (tmp_path / FILE).read_text(encoding="utf-8") == (
        "# What fedpolicy finds and somebody has accepted for a time.\nfedpolicy_waivers: 1\nwaivers:\n" + written(mark)
    )
    assert run("check", "--select", CLOSED, "--today", "2026-11-22").exit_code == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"fedpolicy_waivers: 1\nwaivers:\n  one: {ENTRY}  # why\n# the end\n", "# the end\n"),
        (f"# top\nfedpolicy_waivers: 1\n\nwaivers:   # ours\n  # first\n  'one': {ENTRY}", ""),
        (
            BLOCK,
            "",
        ),
        (f"waivers:\n  one: {ENTRY}\nfedpolicy_waivers: 1\n", "fedpolicy_waivers: 1\n"),
    ],
)
def test_comments_order_and_form_stay(before, after, run, mark, tmp_path):
    (tmp_path / FILE).write_text(before, encoding="utf-8")
    result = run("waive", mark[:8], *UNTIL, *SAY, "--name", "judge")
    text = (tmp_path / FILE).read_text(encoding="utf-8")

    assert result.exit_code == 0, result.stderr
    assert text.endswith(after)
    kept = text.replace(written(mark, "judge"), "")
    assert kept.rstrip("\n") == before.rstrip("\n")
    assert written(mark, "judge") in text


def test_line_ends_and_indents_are_those_of_the_file(run, mark, tmp_path):
    (tmp_path / FILE).write_bytes(f"fedpolicy_waivers: 1\r\nwaivers:\r\n    one: {ENTRY}\r\n".encode())
    assert run("waive", mark, *UNTIL, *SAY, "--name", "judge").exit_code == 0
    lines = (tmp_path / FILE).read_bytes().split(b"\r\n")

    assert lines[3:5] == [b"    judge:", f"        rule: {CLOSED}".encode()]
    assert b"\n" not in b"".join(lines)


@pytest.mark.no_cover  # the same lines for each case
@pytest.mark.parametrize(
    "reason",
    ["a: b # c", "true", '"quoted"', "- item", "ünïcode, {x}", "two\nlines", "*", "12", "ends with :", "'", "\\n"],
)
def test_any_reason_is_read_back_as_it_was_given(reason, run, mark):
    result = run("waive", mark, *UNTIL, *SAY[2:], "--reason", reason)
    assert result.exit_code == 0, result.stderr
    found = json.loads(run("check", "--format", "json", "--today", "2026-11-22").stdout)["findings"]

    assert [one["waiver"]["reason"] for one in found if one["waiver"]] == [reason]


def test_an_unknown_finding_is_waived_as_unknown_only(run, mark, tmp_path):
    del mark
    found = json.loads(run("check", "--format", "json").stdout)["findings"]
    mark = next(one["fingerprint"] for one in found if one["verdict"] == "unknown")
    assert run("waive", mark, *UNTIL, *SAY).exit_code == 0

    assert "    verdict: unknown\n" in (tmp_path / FILE).read_text(encoding="utf-8")


def test_a_second_waiver_of_an_expired_one_gets_a_name_of_its_own(run, mark, tmp_path):
    assert run("waive", mark, "--until", "2026-11-22", *SAY).exit_code == 0
    assert run("waive", mark, *UNTIL, *SAY, "--today", "2026-11-23").exit_code == 0

    assert f"  {CLOSED}-d7447396-2:\n" in (tmp_path / FILE).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*UNTIL, *SAY, "--owner", "bob b."), "a waiver cannot be approved by its own owner"),
        (("--until", "2026-11-21", *SAY), "`--until 2026-11-21` is over"),
        ((*UNTIL, *SAY, "--reason", " "), "`--reason` is empty"),
        ((*UNTIL, *SAY, "--name", "Bad Name"), "'Bad Name' is not a name"),
        ((*UNTIL, *SAY, "--deployment", "other"), "no finding has the fingerprint"),
        ((*UNTIL, *SAY, "nowhere.yaml"), "`nowhere.yaml` does not exist"),
        (UNTIL, "Missing option '--reason'"),
    ],
)
def test_what_no_waiver_may_say(arguments, message, run, mark, tmp_path):
    result = run("waive", mark, *arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert message in " ".join(result.stderr.split())
    assert not (tmp_path / FILE).exists()


def test_a_fingerprint_that_is_none_or_several(run, mark):
    del mark
    assert "no finding has the fingerprint `ffffffff`" in run("waive", "ffffffff", *UNTIL, *SAY).stderr
    result = run("waive", "", *UNTIL, *SAY)
    assert "findings have a fingerprint that begins with ``" in result.stderr


def test_several_deployments_with_the_same_finding(run, mark, example, tmp_path):
    other = example.read_text(encoding="utf-8").replace("name: clinical-notes", "name: other")
    (tmp_path / "other.yaml").write_text(other, encoding="utf-8")
    result = run("waive", mark, *UNTIL, *SAY)

    assert result.exit_code == 2
    assert "say which with --deployment: clinical-notes, other" in " ".join(result.stderr.split())
    assert run("waive", mark, *UNTIL, *SAY, "--deployment", "other").exit_code == 0
    found = json.loads(run("check", "--format", "json", "--today", "2026-11-22").stdout)["findings"]
    assert [one["deployment"] for one in found if one["verdict"] == "waived"] == ["other"]


def test_what_is_waived_already_is_said(run, mark):
    assert run("waive", mark, *UNTIL, *SAY).exit_code == 0
    result = run("waive", mark, *UNTIL, *SAY)

    assert result.exit_code == 2
    assert (
        f"the finding is already waived until 2027-03-31\n  = help: change its `expires` at {FILE}:4:3" in result.stderr
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fedpolicy_waivers: 1\nwaivers: {one: " + ENTRY + "}\n", "so that no entry can be added to it"),
        ("fedpolicy_waivers: 1\nwaivers: {}\n", "so that no entry can be added to it"),
        ("fedpolicy_waivers: 1\n", "so that no entry can be added to it"),
        ("fedpolicy_waivers: 1\nwaivers:\n  one: {}\n", "a waiver has no `rule`"),
        ("fedpolicy_waivers: 1\nwaivers:\n  judge: " + ENTRY + "\n", "has a waiver `judge`"),
    ],
)
def test_a_file_that_nothing_can_be_added_to_stays_as_it_is(text, message, run, mark, tmp_path):
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    result = run("waive", mark, *UNTIL, *SAY, "--name", "judge")

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert (tmp_path / FILE).read_text(encoding="utf-8") == text
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []

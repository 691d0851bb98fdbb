"""A deployment is its file and its name: what excuses one reaches no other, and no run judges what it left out."""

import json
import subprocess

import pytest

BASELINE = "fedpolicy.baseline.json"
WAIVERS = "fedpolicy.waivers.yaml"
LEAK = """fedpolicy: 1
name: NAME
parties: {a: {role: participant, jurisdiction: DE}, v: {role: provider, jurisdiction: US}}
nodes: {c: {kind: client, party: a}}
datasets: {notes: {at: c, categories: [health]}}
models: {chat: {ref: openai/gpt-4o, provider: v, via: [v]}}
tasks: {ask: {method: llm_judge, model: chat, data: [notes], runs_on: c}}
"""
RULE = "private-data-to-closed-model"
SAY = ("--reason", "r", "--owner", "ana", "--approved-by", "bob", "--until", "2999-01-01")


@pytest.fixture
def place(tmp_path):
    """Write a leaking deployment into a file below a repository."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)

    def write(file, name="clinic"):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(LEAK.replace("NAME", name), encoding="utf-8")
        return path

    return write


def rows(run, *arguments):
    result = run("check", "--format", "json", "--select", RULE, "--no-gitignore", *arguments)
    assert result.stdout, result.stderr
    return [(one["verdict"], one["location"]["file"]) for one in json.loads(result.stdout)["findings"]]


def mark(run, file):
    result = run("check", "--format", "json", "--select", RULE, file)
    return json.loads(result.stdout)["findings"][0]["fingerprint"]


@pytest.mark.parametrize(
    ("files", "first", "second"),
    [(("a.yaml", "b.yaml"), "a.yaml:2:7", "b.yaml:2:7"), (("a.yaml", "a.yaml"), "a.yaml:2:7", "a.yaml:10:7")],
)
def test_two_deployments_of_one_name_are_an_error_with_both_places(files, first, second, run, place):
    path = place(files[0])
    if files[0] == files[1]:
        path.write_text(f"{path.read_text(encoding='utf-8')}---\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    else:
        place(files[1])
    result = run("check", *dict.fromkeys(files), "--fail-on", "never")

    assert result.exit_code == 2
    assert result.stderr.count("error: ") == 1
    assert f"error: two deployments have the name `clinic`; the other one is at {first}\n" in result.stderr
    assert f"--> {second}" in result.stderr


def test_one_file_under_two_names_is_one_deployment(run, place, tmp_path):
    place("a.yaml")
    (tmp_path / "b.yaml").symlink_to("a.yaml")

    assert run("check", "a.yaml", "b.yaml", "--fail-on", "never").exit_code == 0


def test_a_baseline_of_one_folder_knows_nothing_of_a_copy_in_another(run, place):
    place("eu/d.yaml")
    place("us/d.yaml")
    assert run("baseline", "eu/d.yaml").exit_code == 0

    assert rows(run, "eu/d.yaml", "--baseline", BASELINE) == []
    assert rows(run, "us/d.yaml", "--baseline", BASELINE) == [("fail", "us/d.yaml")]
    text = run("check", "-v", "us/d.yaml", "--baseline", BASELINE, "--select", RULE).stdout
    assert f"{BASELINE} knows this of eu/d.yaml only" in text


def test_a_file_has_one_name_wherever_one_stands(run, place, monkeypatch, tmp_path):
    path = place("eu/d.yaml")
    run("baseline")
    baseline = str(tmp_path / BASELINE)
    monkeypatch.chdir(tmp_path / "eu")

    assert rows(run, "d.yaml", "--baseline", baseline) == []
    assert rows(run, str(path), "--baseline", baseline) == []
    place("us/x.yaml")
    monkeypatch.chdir(tmp_path / "us")
    assert rows(run, "../eu/d.yaml", "--baseline", baseline) == []
    assert rows(run, str(path), "--baseline", baseline) == []
    entry = json.loads((tmp_path / BASELINE).read_text(encoding="utf-8"))["findings"][0]
    assert (entry["file"], entry["deployment"]) == ("eu/d.yaml", "clinic")


def test_a_moved_file_is_told_and_one_command_follows_it(run, place, tmp_path):
    path = place("old.yaml")
    run("baseline")
    entries = len(json.loads((tmp_path / BASELINE).read_text(encoding="utf-8"))["findings"])
    path.rename(tmp_path / "new.yaml")

    said = " ".join(run("check", "-v", "--baseline", BASELINE, "--select", RULE).stdout.split())
    assert f"{BASELINE} knows this of old.yaml only; if that file was moved here, `fedpolicy baseline --renew`" in said
    assert rows(run, "--baseline", BASELINE) == [("fail", "new.yaml")]
    result = run("baseline", "--renew")
    assert (result.exit_code, result.stderr) == (
        0,
        f"{BASELINE}: {entries} findings known from now on, {entries} before\n",
    )
    assert rows(run, "--baseline", BASELINE) == []
    assert "old.yaml" not in (tmp_path / BASELINE).read_text(encoding="utf-8")


def test_a_copy_is_no_move(run, place):
    place("old.yaml")
    run("baseline")
    place("new.yaml")

    run("baseline", "--renew", "new.yaml")
    assert rows(run, "new.yaml", "--baseline", BASELINE) == [("fail", "new.yaml")]
    assert rows(run, "old.yaml", "--baseline", BASELINE) == []


def test_to_renew_adds_nothing_and_drops_what_is_fixed(run, place, tmp_path):
    path = place("a.yaml")
    place("b.yaml", "other")
    run("baseline")
    path.write_text(
        path.read_text(encoding="utf-8")
        .replace(", categories: [health]", ", categories: [health, genetic]")
        .replace("models: {", "models: {more: {ref: openai/gpt-4o, provider: v, via: [v]}, ")
        .replace("tasks: {", "tasks: {again: {method: llm_judge, model: more, data: [notes], runs_on: c}, "),
        encoding="utf-8",
    )
    before = run("check", "--baseline", BASELINE, "--format", "json").stdout
    assert json.loads(before)["summary"]["fail"] > 0
    run("baseline", "--renew")
    assert run("check", "--baseline", BASELINE, "--format", "json").stdout == before

    path.unlink()
    run("baseline", "--renew", "b.yaml")
    assert "a.yaml" in (tmp_path / BASELINE).read_text(encoding="utf-8")
    run("baseline", "--renew")
    assert "a.yaml" not in (tmp_path / BASELINE).read_text(encoding="utf-8")


def old_baseline(tmp_path):
    """The baseline as 0.1.0 wrote it."""
    tree = json.loads((tmp_path / BASELINE).read_text(encoding="utf-8"))
    tree["fedpolicy_baseline"] = 1
    for entry in tree["findings"]:
        del entry["file"]
    (tmp_path / BASELINE).write_text(json.dumps(tree), encoding="utf-8")


def test_a_baseline_of_an_earlier_release_counts_with_a_note_until_it_is_renewed(run, place, tmp_path):
    place("eu/d.yaml")
    run("baseline")
    new = (tmp_path / BASELINE).read_text(encoding="utf-8")
    old_baseline(tmp_path)
    result = run("check", "--baseline", BASELINE)

    assert result.exit_code == 0
    assert result.stderr == (
        f"note: {BASELINE} names no files, so it knows findings wherever a deployment of that name stands;"
        " `fedpolicy baseline --renew` writes them\n"
    )
    assert run("baseline", "--renew").exit_code == 0
    assert (tmp_path / BASELINE).read_text(encoding="utf-8") == new
    assert run("check", "--baseline", BASELINE).stderr == ""


def test_a_partial_run_never_says_that_what_it_has_not_seen_can_go(run, place, tmp_path):
    place("eu/d.yaml")
    path = place("us/d.yaml", "other")
    run("baseline")
    place("us/e.yaml").write_text("fedpolicy: 1\nname: clinic\nmodels: {m: {}}\n", encoding="utf-8")
    path.write_text("fedpolicy: 1\nname: other\nmodels: {m: {}}\n", encoding="utf-8")

    def gone(*paths):
        result = json.loads(run("check", *paths, "--baseline", BASELINE, "--format", "json").stdout)
        return [one["message"] for one in result["findings"] if one["rule"] == "baseline-fixed"]

    assert gone("us/e.yaml") == []
    (message,) = gone("us/d.yaml")
    assert message.endswith("can go: other has mended what stands there")
    old_baseline(tmp_path)
    assert gone("us/e.yaml", "us/d.yaml") == []


def test_a_waiver_that_a_command_writes_reaches_no_other_file(run, place, tmp_path):
    place("eu/d.yaml")
    place("us/d.yaml")
    assert run("waive", mark(run, "eu/d.yaml"), "eu/d.yaml", *SAY).exit_code == 0

    assert "    file: eu/d.yaml\n" in (tmp_path / WAIVERS).read_text(encoding="utf-8")
    assert rows(run, "eu/d.yaml") == [("waived", "eu/d.yaml")]
    assert rows(run, "us/d.yaml") == [("fail", "us/d.yaml")]
    said = " ".join(run("check", "-v", "us/d.yaml", "--select", RULE).stdout.split())
    assert "does not count here: it is about eu/d.yaml" in said


@pytest.mark.parametrize(
    ("file", "waived"),
    [("eu/d.yaml", True), ("eu/*", True), ("[us/d.yaml, '*/d.yaml']", True), ("us/d.yaml", False), ("d.yaml", False)],
)
def test_a_waiver_names_files_or_patterns_of_them(file, waived, run, place, tmp_path):
    place("eu/d.yaml")
    others = "reason: r, owner: a, approved_by: b, expires: 2999-01-01"
    entry = f"{{rule: {RULE}, element: 'parties.*', file: {file}, {others}}}"
    (tmp_path / WAIVERS).write_text(f"fedpolicy_waivers: 1\nwaivers:\n  one: {entry}\n", encoding="utf-8")

    assert rows(run, "eu/d.yaml")[0] == ("waived" if waived else "fail", "eu/d.yaml")


def waivers_of_an_earlier_release(tmp_path, more="", end="\n"):
    text = (
        "fedpolicy_waivers: 1\nwaivers:\n  # agreed in May\n  one:\n"
        f"    rule: {RULE}  # the judge\n    element: parties.v\n    reason: r\n    owner: a\n    approved_by: b\n"
        f"    expires: 2999-01-01\n{more}"
    )
    (tmp_path / WAIVERS).write_bytes(text.replace("\n", end).encode())
    return text.replace("\n", end)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_waiver_of_an_earlier_release_counts_with_a_note_until_it_is_renewed(end, run, place, tmp_path):
    place("eu/d.yaml")
    before = waivers_of_an_earlier_release(tmp_path, end=end)
    result = run("check", "--select", RULE)

    assert result.exit_code == 0
    assert result.stderr == (
        "note: the waiver one names no `file`, so every file's deployments are meant;"
        " `fedpolicy waive --renew` writes it\n"
    )
    renewed = run("waive", "--renew")
    assert (renewed.exit_code, renewed.stderr) == (0, f"{WAIVERS}: 1 waiver renewed\n")
    rule = f"    rule: {RULE}  # the judge{end}"
    expected = before.replace(rule, f"{rule}    file: eu/d.yaml{end}")
    assert (tmp_path / WAIVERS).read_bytes().decode() == expected
    again = run("check", "--select", RULE)
    assert (again.exit_code, again.stderr) == (0, "")


def test_a_waiver_follows_a_file_that_was_moved(run, place, tmp_path):
    path = place("eu/d.yaml")
    run("waive", mark(run, "eu/d.yaml"), *SAY)
    before = (tmp_path / WAIVERS).read_text(encoding="utf-8")
    path.rename(tmp_path / "eu" / "e.yaml")
    assert rows(run)[0][0] == "fail"

    assert run("waive", "--renew").stderr == f"{WAIVERS}: 1 waiver renewed\n"
    assert (tmp_path / WAIVERS).read_text(encoding="utf-8") == before.replace("eu/d.yaml", "eu/e.yaml")
    assert rows(run) == [("waived", "eu/e.yaml")]


def test_a_waiver_in_one_line_is_renewed_by_hand(run, place, tmp_path):
    place("d.yaml")
    entry = f"{{rule: {RULE}, element: parties.v, reason: r, owner: a, approved_by: b, expires: 2999-01-01}}"
    (tmp_path / WAIVERS).write_text(f"fedpolicy_waivers: 1\nwaivers:\n  one: {entry}\n", encoding="utf-8")
    result = run("waive", "--renew")

    assert result.exit_code == 2
    assert f"{WAIVERS}:3:9" in result.stderr
    assert "write `file: d.yaml` into this entry" in result.stderr


def test_a_partial_run_calls_no_waiver_unused_that_may_be_about_what_it_left_out(run, place, tmp_path):
    place("eu/d.yaml")
    place("us/d.yaml", "other").write_text("fedpolicy: 1\nname: other\nmodels: {m: {}}\n", encoding="utf-8")
    waivers_of_an_earlier_release(tmp_path)

    def unused(*paths):
        return "waiver-unused" in run("check", "--fail-on", "never", *paths).stdout

    assert not unused("us/d.yaml")
    (tmp_path / "eu" / "d.yaml").unlink()
    assert unused()
    assert not unused("--exclude", "eu")
    text = (tmp_path / WAIVERS).read_text(encoding="utf-8")
    (tmp_path / WAIVERS).write_text(text.replace("    element", "    file: us/d.yaml\n    element"), encoding="utf-8")
    assert unused("us/d.yaml")


def test_what_a_waiver_needs_is_said_where_it_is_missing(run, place):
    place("d.yaml")

    assert "Missing argument 'FINGERPRINT'" in run("waive").stderr
    assert "Missing option '--until'" in run("waive", "ffff").stderr
    assert "Missing option '--owner'" in run("waive", "ffff", "--until", "2999-01-01", "--reason", "r").stderr


def test_a_diff_to_a_state_with_two_of_one_name_names_both_places(run, place):
    for file in ("old/a.yaml", "new/a.yaml", "new/b.yaml"):
        place(file)
    worse = run("diff", "old", "new", "--fail-on", "never")
    better = run("diff", "new", "old", "--fail-on", "never")

    assert worse.exit_code == 2
    assert worse.stderr.startswith(
        "error: two deployments have the name `clinic`; the other one is at new/a.yaml:2:7\n --> new/b.yaml:2:7\n"
    )
    assert better.exit_code == 0, better.stderr

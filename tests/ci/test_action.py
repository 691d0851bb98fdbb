"""The action, step by step, in a repository of infrastructure that is made for the test."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

import pytest

from fedpolicy import __version__
from tests.ci.repositories import CLEAN, FOREIGN, LEAKING, git, repository, run, tool, write
from tests.ci.runner import INSTALLED, act
from tests.house.pages import ROOT
from tests.report.multitool import complaints, needs_multitool

pytestmark = pytest.mark.slow  # each runs the steps of the action, some processes a step
CACHE_STEP = "actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae"
SARIF_STEP = "github/codeql-action/upload-sarif@8aad20d150bbac5944a9f9d289da16a4b0d87c1e"
SPEC = "infra/ward.fedpolicy.yaml"
LINE = next(number for number, line in enumerate(LEAKING.splitlines(), 1) if line.strip().startswith("score:"))


@pytest.fixture
def estate(tmp_path):
    """Infrastructure with a clean deployment and a file that is not ours."""
    return repository(tmp_path / "estate", {SPEC: CLEAN, "k8s/deployment.yaml": FOREIGN})


@pytest.fixture
def action(estate, tmp_path):
    """Run the action with what is installed beside the tests; `installed=False` lets it install itself."""

    def invoke(*, installed=True, given=None, path="", where=ROOT, **inputs):
        temporary = tmp_path / "temporary"
        temporary.mkdir(exist_ok=True)
        known = {"github.token": "secret"} | (given or {}) | ({"steps.install": INSTALLED} if installed else {})
        more = {"PATH": f"{path}{os.pathsep}{os.environ['PATH']}"} if path else {}
        names = {name.replace("_", "-"): value for name, value in inputs.items()}
        return act(where, estate, names, temporary, given=known, **more)

    return invoke


@pytest.fixture
def leak(estate):
    """Let the deployment leak."""
    write(estate, {SPEC: LEAKING})


def test_a_clean_deployment_passes(action):
    done = action()

    assert done.codes == {"check": 0, "verdict": 0}
    assert done.outputs["verdict"] == "pass"
    assert json.loads(done.outputs["counts"])["fail"] == 0
    assert done.commands == []
    assert done.summary.startswith("## fedpolicy: PASS, no findings\n")
    assert set(done.used) == {CACHE_STEP}


def test_a_leak_is_blocked_and_annotated_at_its_line(action, leak):
    del leak
    done = action()

    assert done.codes == {"check": 0, "verdict": 1}
    assert done.outputs["verdict"] == "fail"
    leaking = [line for line in done.commands if "private-data-to-closed-model" in line]
    assert f"file={SPEC},line={LINE},endLine={LINE}," in leaking[0]
    assert leaking[0].startswith("::error ")
    assert "critical private-data-to-closed-model" in done.log
    assert "```mermaid\nflowchart LR\n" in done.summary


PROJECT = """participants:
  - {name: hub, type: server, org: uni, connection_security: clear}
  - {name: site-1, type: client, org: clinic}
builders: []
"""


def test_scan_judges_what_frameworks_run_as_well(action, estate):
    write(estate, {"fl/project.yml": PROJECT})
    assert action().outputs["verdict"] == "pass"
    done = action(scan="true", upload_sarif="true")

    assert done.outputs["verdict"] == "fail"
    (told,) = [line for line in done.commands if "transport-open" in line]
    assert told.startswith("::error file=fl/project.yml,line=2,endLine=2,")
    assert "### Scanned: what frameworks run" in done.summary


RUNS = """participants:
  - {name: hub, type: server, org: uni}
  - {name: site-1, type: client, org: clinic}
builders: [{path: nvflare.lighter.impl.cert.CertBuilder}]
"""


def test_drift_compares_what_is_declared_with_what_runs(action, estate):
    """The base knows one call that is not declared; the pull request brings another one."""
    write(estate, {"fl/project.yml": RUNS, "fl/a.py": "import anthropic\nanthropic.Anthropic()\n"})
    git(estate, "add", "--all")
    git(estate, "commit", "--message=Base")
    base = git(estate, "rev-parse", "HEAD")
    write(estate, {"fl/b.py": "import cohere\ncohere.ClientV2()\n"})
    assert action(paths="infra").outputs["verdict"] == "pass"
    given = {"github.event.pull_request.base.sha": base}
    done = action(paths="infra", drift="true", upload_sarif="true", given=given)

    assert done.outputs["verdict"] == "fail"
    told = [line for line in done.commands if "call-not-declared" in line]
    assert [line.partition("file=")[2].partition(",")[0] for line in told] == ["fl/a.py", "fl/b.py"]
    assert "### Drift: what is declared beside what runs" in done.summary
    change = done.summary.partition("\n### Drift")[0]
    assert "fl/b.py" in change
    assert "fl/a.py" not in change


def test_the_policy_of_a_site_fails_whatever_the_repository_says(action, estate):
    write(estate, {"trust.yaml": "fedpolicy_site: 1\nparty: st-elisabeth\ndemands: [{kind: deidentification}]\n"})
    write(estate, {"fedpolicy.toml": 'fail_on = "never"\n'})
    done = action(site="trust.yaml")

    assert done.outputs["verdict"] == "fail"
    assert [line for line in done.commands if "site-safeguard-missing" in line]


def test_scan_needs_no_declaration(action, estate):
    (estate / SPEC).unlink()
    write(estate, {"fl/project.yml": PROJECT.replace("clear", "mtls")})
    assert action().outputs["verdict"] == "error"
    assert action(scan="true").outputs["verdict"] == "pass"


def test_the_outputs_name_what_was_written(action, leak):
    del leak
    done = action(format="junit")
    sarif = json.loads(Path(done.outputs["sarif"]).read_text(encoding="utf-8"))

    assert sarif["version"] == "2.1.0"
    assert Path(done.outputs["report"]).read_text(encoding="utf-8").startswith("<?xml ")
    counts = json.loads(done.outputs["counts"])
    assert list(counts) == ["fail", "unknown", "pass", "not_applicable", "waived"]
    assert counts["fail"] > 0


@pytest.mark.parametrize(
    ("inputs", "verdict"),
    [
        ({"fail_on": "never"}, "pass"),
        ({"paths": "k8s\n"}, "error"),
        ({"paths": "infra\n\nnowhere.yaml\n"}, "error"),
        ({"paths": f"{SPEC}\r\n"}, "fail"),
        ({"packs": "no-such-pack"}, "error"),
        ({"packs": "federation\nrules of ours"}, "fail"),
        ({"config": "none.toml"}, "error"),
        ({"config": "lax.toml"}, "pass"),
        ({"config": "lax.toml", "fail_on": "high"}, "fail"),
        ({"format": "pdf"}, "error"),
    ],
)
def test_the_inputs_reach_the_tool(inputs, verdict, action, leak, estate):
    del leak
    rule = (ROOT / "policies" / "federation" / "model-unpinned.yaml").read_text(encoding="utf-8")
    pack = "pack: ours\ntitle: Ours\nabout: Ours.\n"
    own = rule.replace("id: model-unpinned", "id: pinned")
    write(
        estate, {"lax.toml": 'fail_on = "never"\n', "rules of ours/_pack.yaml": pack, "rules of ours/pinned.yaml": own}
    )
    done = action(**inputs)

    assert done.outputs["verdict"] == verdict
    assert done.codes["verdict"] == {"pass": 0, "fail": 1, "error": 2}[verdict]


@pytest.mark.parametrize(("strict", "verdict"), [("false", "pass"), ("true", "fail")])
def test_strict_counts_unknown(strict, verdict, action, estate):
    vague = LEAKING.replace("{ref: openai/gpt-4o, via", "{weights: closed, via")
    write(estate, {SPEC: vague.replace("trains_on_inputs: false", "trains_on_inputs: unknown")})
    done = action(strict=strict, packs=str(ROOT / "tests" / "cli" / "pack" / "inputs-kept.yaml"))

    assert json.loads(done.outputs["counts"])["unknown"] == 1
    assert done.outputs["verdict"] == verdict


def test_a_mistake_in_the_deployment_is_annotated_and_fails(action, estate):
    write(estate, {SPEC: CLEAN.replace("parties:", "partys:", 1)})
    done = action()
    line = CLEAN.splitlines().index("parties:") + 1

    assert done.outputs["verdict"] == "error"
    assert done.codes["verdict"] == 2
    assert any(f"file={SPEC},line={line}," in command for command in done.commands)
    assert "problem" in done.summary.splitlines()[0]


@pytest.mark.parametrize(
    "name", ["paths", "packs", "fail_on", "format", "config", "strict", "waivers_from", "baseline"]
)
def test_an_input_is_never_run(name, action, estate):
    action(**{name: "$(touch hacked) `touch hacked` '; touch hacked; ' \"; touch hacked; \" & touch hacked"})

    assert not (estate / "hacked").exists()


def test_text_of_a_deployment_starts_no_workflow_command(action, estate):
    evil = "::set-env name=A::b"
    write(
        estate,
        {
            SPEC: CLEAN.replace("summary: ", f'summary: "a\\n{evil}\\n" #', 1),
            "infra/x.fedpolicy.yaml": f'fedpolicy: 1\nname: x\n"{evil}": 1\n',
        },
    )
    done = action()

    assert evil in done.log
    assert {command.split()[0] for command in done.commands} <= {"::error", "::warning", "::notice"}


def test_sarif_is_uploaded_where_that_is_asked_for(action, leak):
    del leak
    done = action(upload_sarif="true")

    assert done.used[SARIF_STEP] == {"sarif_file": done.outputs["sarif"], "category": "fedpolicy"}


WAIVER = """\
fedpolicy_waivers: 1
waivers:
  trial:
    rule: private-data-to-closed-model
    element: parties.openai
    reason: A trial until the contract is signed
    owner: alice
    approved_by: bob
    expires: 2999-01-01
"""
RULE = str(ROOT / "policies" / "federation" / "private-data-to-closed-model.yaml")


@pytest.fixture
def waiver(estate):
    """Waive the leak."""
    write(estate, {"fedpolicy.waivers.yaml": WAIVER})


def test_a_waiver_is_counted_and_shown(action, leak, waiver):
    del leak, waiver
    done = action(packs=RULE)

    assert done.outputs["verdict"] == "pass", done.log
    assert json.loads(done.outputs["counts"])["waived"] == 1
    assert "### Waived\n\n- `private-data-to-closed-model` " in done.summary
    assert "A trial until the contract is signed" in done.summary
    assert not [line for line in done.commands if "private-data-to-closed-model" in line]


def test_a_change_cannot_waive_itself(action, leak, estate, waiver):
    del leak, waiver
    base = git(estate, "rev-parse", "HEAD")
    write(estate, {"fedpolicy.toml": 'fail_on = "never"\n'})

    assert action(packs=RULE).outputs["verdict"] == "pass"
    assert action(packs=RULE, waivers_from=base, config_from=base).outputs["verdict"] == "fail"


def test_a_baseline_leaves_what_is_new(action, leak, estate):
    del leak
    write(estate, {"infra/new.fedpolicy.yaml": CLEAN})
    made = run(estate, tool("fedpolicy"), "baseline")
    known = action(baseline="fedpolicy.baseline.json")
    write(estate, {"infra/new.fedpolicy.yaml": LEAKING.replace("name: clinical-notes", "name: another")})
    new = action(baseline="fedpolicy.baseline.json")

    assert made.returncode == 0, made.stdout
    assert (known.outputs["verdict"], new.outputs["verdict"]) == ("pass", "fail")
    assert " known from fedpolicy.baseline.json not shown" in known.summary
    assert {re.search("file=([^,]+),", line)[1] for line in new.commands} == {"infra/new.fedpolicy.yaml"}


@needs_multitool
def test_what_is_uploaded_is_what_code_scanning_takes(action, leak, tmp_path):
    del leak
    done = action()

    assert complaints(Path(done.outputs["sarif"]).read_text(encoding="utf-8"), tmp_path) == []


def test_nothing_is_uploaded_where_nothing_was_written(action):
    done = action(upload_sarif="true", config="none.toml")

    assert set(done.used) == {CACHE_STEP}
    assert done.outputs["sarif"] == ""
    assert done.commands == ["::error title=fedpolicy::nothing could be checked; the log says why"]
    assert "none.toml" in done.log
    assert done.summary.startswith("## fedpolicy: nothing could be checked\n")


def test_a_pull_request_shows_what_it_changes(action, estate):
    base = git(estate, "rev-parse", "HEAD")
    write(estate, {SPEC: LEAKING.replace("name: clinical-notes\n", "name: discharge-summaries\n", 1)})
    done = action(given={"github.event.pull_request.base.sha": base})
    changes, _, check = done.summary.partition("\n## fedpolicy: ")

    assert changes.startswith("## What this pull request changes\n\n### fedpolicy: ")
    assert "private-data-to-closed-model" in changes
    assert re.match(r"FAIL, \d+ findings from \d+ causes\n", check)


def test_a_pull_request_shows_what_it_changes_beside_a_file_that_is_bad(action, estate):
    write(estate, {"infra/other.fedpolicy.yaml": CLEAN.replace("name: discharge-summaries\n", "name: other\n", 1)})
    git(estate, "add", "-A")
    git(estate, "commit", "-q", "-m", "two")
    base = git(estate, "rev-parse", "HEAD")
    write(estate, {SPEC: LEAKING, "infra/other.fedpolicy.yaml": CLEAN.replace("parties:", "partys:", 1)})
    done = action(given={"github.event.pull_request.base.sha": base})
    changes = done.summary.partition("\n## fedpolicy: ")[0]

    assert done.codes["verdict"] == 2
    assert "Could not be used, so nothing is said about it:\n\n- [`infra/other.fedpolicy.yaml:" in changes
    assert "- **critical** `private-data-to-closed-model`: " in changes
    assert f"**other** (`{base[:8]}:infra/other.fedpolicy.yaml`, not compared)" in changes
    assert f"{base}:" not in changes


def test_the_summary_leads_to_lines_and_has_the_picture_and_the_log_is_folded(action, leak, estate):
    del leak
    commit = git(estate, "rev-parse", "HEAD")
    done = action()
    opened, _, rest = done.summary.partition("<details>")

    assert re.search(rf"\| \[`{re.escape(SPEC)}:\d+`\] \|", opened)
    assert f"[`{SPEC}:{LINE}`]: <https://github.example/hospital/infrastructure/blob/{commit}/{SPEC}#L{LINE}>\n" in rest
    assert "<details><summary>Who sends what to whom</summary>\n\n```mermaid\nflowchart LR\n" in rest
    assert len(opened.encode()) <= 4096
    lines = done.log.splitlines()
    first, last = lines.index("::group::fedpolicy: the report"), lines.index("::endgroup::")
    assert lines[first + 1].startswith("::stop-commands::")
    assert lines[first + 2].startswith("FAIL  clinical-notes: ")
    assert lines[last - 1] == f"::{lines[first + 1].removeprefix('::stop-commands::')}::"
    assert lines[last + 1] == lines[first + 1]
    assert lines[last + 2].startswith("FAIL: ")
    assert "::group::fedpolicy: what frameworks run" not in lines


def test_without_the_base_the_summary_says_what_to_do(action):
    done = action(given={"github.event.pull_request.base.sha": "0" * 40})

    assert done.summary.startswith("## What this pull request changes\n\nNot shown: check out with `fetch-depth: 0`, ")
    assert done.outputs["verdict"] == "pass"


@pytest.fixture
def github(tmp_path):
    """A `gh` that records what it is asked to do, and the comments that it knows."""
    folder = tmp_path / "programs"
    record, comments = folder / "record", folder / "comments"
    text = f"""#!/usr/bin/env bash
printf '%s\\n' "$*" >>{shlex.quote(str(record))}
case "$*" in
  *--paginate*) cat {shlex.quote(str(comments))} ;;
  *) for last; do :; done; cat "${{last#body=@}}" >>{shlex.quote(str(record))} ;;
esac
"""
    write(folder, {"gh": text, "record": "", "comments": ""})
    (folder / "gh").chmod(0o755)
    return folder


PULL = {"github.event.pull_request.number": "7"}


@pytest.mark.parametrize(
    ("comments", "request_"),
    [
        ("", "--method POST repos/hospital/infrastructure/issues/7/comments"),
        ("41\n42\n", "--method PATCH repos/hospital/infrastructure/issues/comments/41"),
    ],
)
def test_a_pull_request_gets_one_comment(comments, request_, action, leak, github):
    del leak
    write(github, {"comments": comments})
    done = action(given=PULL, comment="true", path=str(github))
    record = (github / "record").read_text(encoding="utf-8")

    assert done.codes == {"check": 0, "comment": 0, "verdict": 1}
    assert f"api --silent {request_} --field body=@" in record
    assert "\n<!-- fedpolicy -->\n## fedpolicy: " in record


def test_a_comment_that_cannot_be_written_changes_no_verdict(action, github):
    write(github, {"gh": "#!/usr/bin/env bash\nexit 1\n"})
    done = action(given=PULL, comment="true", path=str(github))

    assert done.codes == {"check": 0, "comment": 0, "verdict": 0}
    assert done.commands[0].startswith("::warning title=fedpolicy::the comment could not be written")


@pytest.mark.parametrize(("given", "comment"), [({}, "true"), (PULL, "false")])
def test_nobody_gets_a_comment_unasked(given, comment, action, github):
    assert "comment" not in action(given=given, comment=comment, path=str(github)).codes


def test_a_release_that_no_index_has_comes_from_the_source(action, leak, ourselves, index):
    del leak, index
    done = action(installed=False, where=ourselves, version=__version__)

    assert done.codes == {"install": 0, "check": 0, "verdict": 1}, done.log
    assert f"::notice title=fedpolicy::no index here has fedpolicy {__version__}: " in done.log


def test_downloads_are_kept_unless_told_otherwise(action, leak):
    del leak
    cache = action().used[CACHE_STEP]

    assert cache["key"] == "fedpolicy-Linux-X64-v0"
    assert cache["path"].endswith("/fedpolicy-downloads")
    assert action(cache="false").used == {}


@pytest.mark.parametrize(
    "version", ["--index-url=http://example.org", "0.1 evil", "git+https://example.org/x", "$(id)"]
)
def test_a_version_is_a_version(version, action):
    done = action(installed=False, version=version)

    assert done.codes == {"install": 2}
    assert done.commands == ["::error title=fedpolicy::the input version is not a version such as 0.1.0"]


def test_an_old_python_is_explained(action, tmp_path):
    names = ["python3", "python", *(f"python3.{minor}" for minor in range(11, 15))]
    write(tmp_path / "old", dict.fromkeys(names, "#!/usr/bin/env bash\nexit 1\n"))
    for name in names:
        (tmp_path / "old" / name).chmod(0o755)
    done = action(installed=False, path=str(tmp_path / "old"))

    assert done.codes == {"install": 2}
    assert "needs Python 3.11 or newer" in done.commands[0]


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("check-jsonschema", ["--builtin-schema", "vendor.github-actions", "action.yml"]),
        ("zizmor", ["--offline", "--no-progress", "action.yml"]),
        ("shellcheck", ["action/install.sh", "action/check.sh", "action/comment.sh"]),
    ],
)
def test_others_find_nothing_wrong_with_the_action(name, command):
    program = tool(name)
    if program is None:
        pytest.skip(f"{name} is not installed (extra `test-ci`, or the system's own)")
    done = run(ROOT, program, *command)

    assert done.returncode == 0, done.stdout


def test_every_action_that_is_used_is_pinned():
    used = re.findall(r"uses: (\S+)", (ROOT / "action.yml").read_text(encoding="utf-8"))

    assert used == [CACHE_STEP, SARIF_STEP, SARIF_STEP, SARIF_STEP]

"""A site's own policy: what it says wins, and nothing of the federation can switch it off."""

from __future__ import annotations

import json
import os
import subprocess
from importlib.util import find_spec
from inspect import signature

import jsonschema
import pytest
from click.testing import CliRunner

from fedpolicy.cli.commands import app
from fedpolicy.files import schemas_dir
from fedpolicy.policy.site import read_site
from fedpolicy.report.formats import format_ids, load_format

# The others are records of what is processed, and list no findings.
FINDINGS = [
    one
    for one in format_ids()
    if not getattr(load_format(one), "RECORD", False) and (one != "oscal" or find_spec("trestle"))
]
APART = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
FILE = """fedpolicy: 1
name: lungs
parties:
  university: {role: coordinator, jurisdiction: DE}
  a: {role: participant, jurisdiction: DE}
  b: {role: participant, jurisdiction: DE}
nodes:
  hub: {kind: aggregator, party: university}
  client: {kind: client, party: [a, b]}
datasets:
  scans:
    at: client
    categories: health
    subjects: 400
    releases: [{to: university, up_to: reconstructable}, {to: participants, up_to: inferable}]
tasks:
  train:
    method: fedavg
    data: [scans]
    runs_on: client
    aggregator: hub
    min_clients: 2
    safeguards:
      - SAFEGUARD
transport: mtls
"""
NOISE = (
    "{kind: differential_privacy, where: client, noise_multiplier: 1.1, clipping_norm: 1.0, steps: 10,"
    " sampling: none, delta: 1.0e-6, unit: record, controlled_by: [a]}"
)
SUMS = "{kind: secure_aggregation, min_clients: 2, controlled_by: participants}"
HEAD = "fedpolicy_site: 1\nparty: a\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    return tmp_path


def run(*arguments):
    return CliRunner(**APART).invoke(app, ["check", "fedpolicy.yaml", *arguments, "--today", "2026-11-29"])


def written(folder, policy, safeguard=NOISE):
    (folder / "fedpolicy.yaml").write_text(FILE.replace("SAFEGUARD", safeguard), encoding="utf-8")
    (folder / "trust.yaml").write_text(HEAD + policy, encoding="utf-8")


def told(*arguments):
    done = run("--site", "trust.yaml", "--format", "json", *arguments)
    found = json.loads(done.stdout)["findings"]
    return done, [one for one in found if one["pack"] == "site"]


def line_of(text):
    for name in ("fedpolicy.yaml", "trust.yaml"):
        with open(name, encoding="utf-8") as lines:  # noqa: PTH123
            found = [at for at, line in enumerate(lines, 1) if text in line]
        if found:
            return f"{name}:{found[0]}"
    return ""


TWICE = ["fail site-release-widened", "fail site-release-exceeded"] * 2
POLICIES = [
    ("what the server can learn",
     "releases: [{to: [university], up_to: bounded}, {to: [participants], up_to: reconstructable}]\n", SUMS,
     ["fail site-release-widened", "fail site-release-exceeded"]),
    ("nothing is permitted", "releases: []\n", SUMS,
     TWICE),
    ("all that happens is permitted",
     "releases: [{to: [university, participants], up_to: reconstructable}]\n", SUMS, []),
    ("another dataset", "releases: [{data: [other], to: [university, participants], up_to: verbatim}]\n", SUMS,
     TWICE),
    ("another capacity",
     "releases: [{to: [university], as: host, up_to: verbatim}, {to: [participants], up_to: verbatim}]\n", SUMS,
     ["fail site-release-widened", "fail site-release-exceeded"]),
    ("a safeguard that is there", "demands: [{kind: differential_privacy}]\n", NOISE, []),
    ("one that is not", "demands: [{kind: differential_privacy}]\n", SUMS, ["fail site-safeguard-missing"]),
    ("one that nobody knows of", "demands: [{kind: differential_privacy}]\n", "{kind: unknown}",
     ["unknown site-safeguard-missing"]),
    ("too little noise", "demands: [{kind: differential_privacy, at_least: {noise_multiplier: 2}}]\n", NOISE,
     ["fail site-safeguard-missing"]),
    ("enough noise", "demands: [{kind: differential_privacy, at_least: {noise_multiplier: 1.1}}]\n", NOISE, []),
    ("too wide a bound", "demands: [{kind: differential_privacy, at_most: {clipping_norm: 0.5}}]\n", NOISE,
     ["fail site-safeguard-missing"]),
    ("at another place", "demands: [{kind: differential_privacy, must_be: {where: aggregator}}]\n", NOISE,
     ["fail site-safeguard-missing"]),
    ("a number that nobody states", "demands: [{kind: differential_privacy, at_most: {claimed_epsilon: 8}}]\n", NOISE,
     ["unknown site-safeguard-missing"]),
    ("of calls only", "demands: [{kind: deidentification, on: [api_calls]}]\n", NOISE, []),
    ("the site controls it", "demands: [{kind: differential_privacy}]\nchanged_by: []\n", NOISE, []),
    ("each its own", "demands: [{kind: secure_aggregation}]\nchanged_by: []\n", SUMS, []),
    ("others control it", "demands: [{kind: differential_privacy}]\nchanged_by: []\n",
     NOISE.replace("[a]", "[university]"), ["fail site-safeguard-changed-by-others"]),
    ("others that may", "demands: [{kind: differential_privacy}]\nchanged_by: [university]\n",
     NOISE.replace("[a]", "[university]"), []),
    ("others that have to ask", "demands: [{kind: differential_privacy}]\nchanged_by: []\n",
     NOISE.replace("[a]", "[university], approved_by: {of: [a], at_least: 1}"), []),
    ("others that ask one of several", "demands: [{kind: differential_privacy}]\nchanged_by: []\n",
     NOISE.replace("[a]", "[university], approved_by: {of: [a, b], at_least: 1}"),
     ["fail site-safeguard-changed-by-others"]),
    ("others that sign the code", "demands: [{kind: differential_privacy}]\nchanged_by: []\n",
     NOISE.replace("[a]", "[a], code_signed_by: [university]"), ["fail site-safeguard-changed-by-others"]),
    ("nobody says who", "demands: [{kind: differential_privacy}]\nchanged_by: []\n",
     NOISE.replace(", controlled_by: [a]", ""), ["unknown site-safeguard-changed-by-others"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "safeguard", "expected"), [one[1:] for one in POLICIES], ids=[o[0] for o in POLICIES]
)
def test_what_a_site_says(here, policy, safeguard, expected):
    written(here, policy, safeguard)
    _, found = told()
    assert sorted(f"{one['verdict']} {one['rule']}" for one in found) == sorted(expected)


def test_the_deciding_lines_of_both_files_are_shown(here):
    written(
        here, "releases:\n  - {to: [university], up_to: bounded}\n  - {to: [participants], up_to: verbatim}\n", SUMS
    )
    done, found = told()
    assert done.exit_code == 1
    by_rule = {one["rule"]: one for one in found}
    exceeded, widened = by_rule["site-release-exceeded"], by_rule["site-release-widened"]
    place = line_of("to: [university]")
    assert exceeded["message"] == f"university can learn scans@a (inferable) as operator; a permits bounded ({place}:5)"
    assert (exceeded["location"]["file"], exceeded["location"]["line"]) == ("fedpolicy.yaml", 17)
    assert [(one["file"], one["line"]) for one in exceeded["related"]] == [("trust.yaml", 4)]
    assert f"fedpolicy.yaml:{widened['location']['line']}" == line_of("releases: [")


EXCEEDED = "releases: []\n"
SETTINGS = {
    "a rule that is ignored": 'ignore = ["site-*", "site-release-exceeded"]\n',
    "a severity": '[rules]\n"releases-exceeded" = {enabled = false}\n',
    "never": 'fail_on = "never"\n',
    "only others": 'select = ["releases-exceeded"]\n',
    "an excluded file": 'exclude = ["fedpolicy.yaml"]\n',
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_no_configuration_switches_it_off(here, settings):
    written(here, EXCEEDED, SUMS)
    (here / "fedpolicy.toml").write_text(settings, encoding="utf-8")
    arguments = ["--config", "fedpolicy.toml"]
    if "site-" in settings:
        # No rule of that name can be configured at all.
        assert run(*arguments).exit_code == 2
        return
    done, found = told(*arguments)
    assert (done.exit_code, len(found)) == (1, 4)


def test_neither_waivers_nor_a_baseline_nor_own_facts_switch_it_off(here):
    written(here, EXCEEDED, SUMS)
    _, found = told()
    fingerprint = found[0]["fingerprint"]
    waiver = {"rule": found[0]["rule"], "fingerprint": fingerprint, "reason": "r", "owner": "x", "approved_by": "y",
              "expires": "2099-01-01"}  # fmt: skip
    waivers = {"fedpolicy_waivers": 1, "waivers": {"w": waiver}}
    (here / "fedpolicy.waivers.yaml").write_text(json.dumps(waivers), encoding="utf-8")
    (here / "facts.yaml").write_text(
        "payloads:\n  model_update: {title: update, level: none, source: https://example.org, as_of: 2026-01-01}\n",
        encoding="utf-8",
    )
    assert [one["verdict"] for one in told()[1]] == ["fail"] * 4
    CliRunner().invoke(app, ["baseline", "fedpolicy.yaml", "-o", "known.json"])
    known = json.loads((here / "known.json").read_text(encoding="utf-8"))
    done, found = told("--baseline", "known.json")
    assert known
    assert (done.exit_code, len(found)) == (1, 4)


def test_a_question_stays_one_unless_the_site_is_strict(here):
    policy = "demands: [{kind: differential_privacy}]\n"
    written(here, policy, "{kind: unknown}")
    done, _ = told("--fail-on", "never")
    assert done.exit_code == 0
    written(here, f"{policy}strict: true\n", "{kind: unknown}")
    done, found = told("--fail-on", "never")
    assert (done.exit_code, [one["verdict"] for one in found]) == (1, ["fail"])


def test_guaranteed_levels_count_whose_word_it_is(here):
    permits = "releases: [{to: [university], up_to: bounded}, {to: [participants], up_to: inferable}]\n"
    noise = NOISE.replace("where: client", "where: client, operated_by: [university]").replace("1.1", "50")
    written(here, permits, noise)
    declared = {one["rule"] for one in told()[1]}
    written(here, f"{permits}word: guaranteed\n", noise)
    guaranteed = {one["rule"] for one in told()[1]}
    assert (declared, guaranteed) == ({"site-release-widened"}, {"site-release-widened", "site-release-exceeded"})


WRONG = [
    ("partei: a\n", "the policy of a site has no key `partei`"),
    ("fedpolicy: 1\nname: lungs\n", "this is a deployment, not the policy of a site"),
    ("releases: [{to: [b], up_to: bounded, until: 2027}]\n", "a release has no key `until`"),
    ("demands: [{kind: differential_privacy, at_least: {noise: 1}}]\n", "no safeguard of this kind has a key `noise`"),
    ("demands: [{kind: magic}]\n", "`magic` is not possible here"),
    ("strict: often\n", "`often` is not true or false"),
    ("word: mine\n", "`mine` is not possible here"),
    ("demands: [{kind: norm_bound, at_least: {limit: much}}]\n", "`much` is not a number"),
]


@pytest.mark.parametrize(("policy", "message"), WRONG)
def test_a_policy_with_a_mistake_lets_nothing_pass(here, policy, message):
    written(here, policy)
    done = run("--site", "trust.yaml", "--fail-on", "never")
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("error: ") == 1


def test_a_version_and_a_party_have_to_be_right(here):
    written(here, "")
    (here / "trust.yaml").write_text("fedpolicy_site: 2\nparty: a\n", encoding="utf-8")
    assert "reads policies of sites of version 1, not `2`" in run("--site", "trust.yaml").stderr
    (here / "trust.yaml").write_text("fedpolicy_site: 1\nparty: c\n", encoding="utf-8")
    done = run("--site", "trust.yaml")
    assert done.exit_code == 2
    assert "the site `c` is not a party of `lungs` (fedpolicy.yaml)" in done.stderr
    assert "trust.yaml:2:1" in done.stderr
    assert run("--site", "nowhere.yaml").exit_code == 2


@pytest.mark.parametrize("form", FINDINGS)
def test_every_format_has_it(here, form):
    written(here, "demands: [{kind: deidentification}]\n", SUMS)
    done = run("--site", "trust.yaml", "--format", form)
    assert done.exit_code == 1
    assert "trust.yaml:3" in done.stdout.replace("<wbr>", "")  # where a browser may break a line


def test_what_can_be_read_once_is_not_judged_twice(here):
    written(here, EXCEEDED, SUMS)
    text = (here / "fedpolicy.yaml").read_text(encoding="utf-8")
    done = CliRunner(**APART).invoke(app, ["check", "-", "--site", "trust.yaml"], input=text)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "`--site` reads deployments a second time, and a pipe can be read once" in done.stderr


def test_its_rules_are_listed_and_explained():
    listed = json.loads(CliRunner().invoke(app, ["rules", "--pack", "site", "--format", "json"]).stdout)["rules"]
    assert [(one["id"], one["applies_to"]) for one in listed] == [
        (f"site-{word}", "deployment")
        for word in ("release-exceeded", "release-widened", "safeguard-changed-by-others", "safeguard-missing")
    ]
    told = CliRunner().invoke(app, ["explain", "site-safeguard-missing"]).stdout
    assert told.startswith("site-safeguard-missing (site, high")


def test_a_policy_may_come_from_a_revision_that_is_trusted(here):
    """What a change does to the site's own file does not count then."""
    author = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    written(here, EXCEEDED, SUMS)
    for line in ("init -q -b main", "add -A", "commit -q -m x"):
        subprocess.run(["git", *line.split()], cwd=here, check=True, env={**os.environ, **author})
    (here / "trust.yaml").write_text(
        f"{HEAD}releases: [{{to: [university, participants], up_to: verbatim}}]\n", "utf-8"
    )
    assert told()[1] == []
    done = run("--site", "main:trust.yaml", "--format", "concise")
    assert done.exit_code == 1
    assert "a permits none (main:trust.yaml:3:1)" in done.stdout
    assert "`nowhere.yaml` is not in the revision `main`" in run("--site", "main:nowhere.yaml").stderr


def test_the_schema_takes_what_is_read():
    schema = json.loads((schemas_dir() / "site.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    base = {"fedpolicy_site": 1, "party": "a"}
    full = base | {
        "releases": [{"to": ["b"], "as": "host", "up_to": "bounded", "data": ["scans"]}],
        "word": "guaranteed",
        "demands": [{"kind": "norm_bound", "on": ["flows"], "at_most": {"limit": 1}, "must_be": {"limit": 1}}],
        "changed_by": ["b"],
        "strict": True,
    }
    for tree in (base, full):
        validator.validate(tree)
        assert read_site(json.dumps(tree), "trust.yaml").party == "a"
    for wrong in ({"party": "a"}, base | {"more": 1}, base | {"word": "x"}, base | {"fedpolicy_site": 2}):
        assert not validator.is_valid(wrong)
    assert CliRunner().invoke(app, ["schema", "site"]).exit_code == 0


def test_one_word_is_a_list_of_one_as_in_a_deployment():
    alone = read_site(HEAD + "releases: [{to: university, up_to: bounded, data: scans}]\nchanged_by: b\n", "s.yaml")
    several = read_site(
        HEAD + "releases: [{to: [university], up_to: bounded, data: [scans]}]\nchanged_by: [b]\n", "s.yaml"
    )

    assert (alone.permits[0].to, alone.permits[0].data, alone.changed_by) == (("university",), ("scans",), ("b",))
    assert (several.permits[0].to, several.permits[0].data, several.changed_by) == (("university",), ("scans",), ("b",))

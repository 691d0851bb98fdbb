"""Findings that say the same are one: what a message says decides, and waivers and baselines reach the parts."""

import json

import pytest
import yaml

from fedpolicy.policy.groups import group_findings, split
from fedpolicy.policy.load import load_rules
from tests.policy.worlds import judged

RULES = {rule.id: rule for rule in load_rules(["federation"])}
COUNTRIES = {"ann": "DE", "ben": "GB", "cem": "US", "dua": "JP"}
BASELINE = "fedpolicy.baseline.json"
TODAY = ("--today", "2026-11-22")


def swarm(owners=COUNTRIES, **more):
    """Peers who train with each other, each with data of its own in one entry for all."""
    return {
        "fedpolicy": 1,
        "name": "swarm",
        "parties": {name: {"role": "participant", "jurisdiction": code} for name, code in owners.items()},
        "nodes": {"site": {"kind": "client", "party": list(owners)}},
        "datasets": {"scans": {"at": "site", "categories": ["health"]}},
        "tasks": {"train": {"method": "fedavg", "data": ["scans"], "runs_on": "site", "topology": "peer_to_peer"}},
        **more,
    }


def entries(owners=COUNTRIES):
    """The same peers with an entry for each of them."""
    return {
        **swarm(owners),
        "nodes": {f"site-{name}": {"kind": "client", "party": name} for name in owners},
        "datasets": {f"scans-{name}": {"at": f"site-{name}", "categories": ["health"]} for name in owners},
        "tasks": {
            "train": {
                "method": "fedavg",
                "data": [f"scans-{name}" for name in owners],
                "runs_on": [f"site-{name}" for name in owners],
                "topology": "peer_to_peer",
            }
        },
    }


GROWN = (
    "the waiver peers waives nothing: what single-updates-visible finds is now about parties.eve,"
    " datasets.scans@eve as well (swarm.yaml:34:3)"
)
HOST_AND_PROVIDER = """
fedpolicy: 1
name: one-cloud
parties:
  clinic: {role: participant, jurisdiction: DE}
  vendor: {role: processor, jurisdiction: DE}
  cloud: {role: [host, provider], jurisdiction: US}
nodes: {site: {kind: client, party: clinic}, app: {party: vendor, host: cloud}}
datasets: {notes: {at: site, categories: [health]}}
models: {chat: {weights: closed, provider: cloud, via: [cloud]}}
tasks: {ask: {method: rag, model: chat, data: [notes], runs_on: app}}
"""


def told(deployment, *names):
    text = deployment if isinstance(deployment, str) else yaml.safe_dump(deployment, sort_keys=False)
    return judged(text, *(RULES[name] for name in names)).findings


def test_peers_in_four_countries_are_one_finding():
    (finding,) = told(swarm(), "single-updates-visible")

    assert finding.message == (
        "ann, ben, cem and dua can rebuild scans of one another from single updates (model_update)"
    )
    assert finding.elements == (
        *(f"parties.{name}" for name in COUNTRIES),
        *(f"datasets.scans@{name}" for name in COUNTRIES),
    )
    assert len(finding.paths) == 1
    assert len(finding.former) == len(COUNTRIES)


def test_peers_with_an_entry_each_are_one_finding():
    (finding,) = told(entries(), "single-updates-visible")

    assert finding.message == (
        "ann, ben, cem and dua can rebuild scans-ann, scans-ben, scans-cem and scans-dua of one another"
        " from single updates (model_update)"
    )


def test_a_group_counts_as_one_finding():
    counts = judged(yaml.safe_dump(swarm()), RULES["single-updates-visible"]).counts

    assert counts["fail"] == 1


def test_a_group_says_nothing_that_is_wrong_of_a_pair():
    """Who learns something else stays apart: together they would be told of data that they never get."""
    parts = {
        "nodes": {f"site-{name}": {"kind": "client", "party": name} for name in COUNTRIES},
        "datasets": {f"scans-{name}": {"at": f"site-{name}", "categories": ["health"]} for name in COUNTRIES},
        "tasks": {
            name: {
                "method": "fedavg",
                "data": [f"scans-{one}" for one in pair],
                "runs_on": [f"site-{one}" for one in pair],
                "topology": "peer_to_peer",
            }
            for name, pair in {"north": ("ann", "ben"), "south": ("cem", "dua")}.items()
        },
    }
    found = [one.message for one in told({**swarm(), **parts}, "single-updates-visible")]

    assert found == [
        "ann and ben can rebuild scans-ann and scans-ben of one another from single updates (model_update)",
        "cem and dua can rebuild scans-cem and scans-dua of one another from single updates (model_update)",
    ]


def test_a_party_that_is_host_and_provider_is_told_once_with_both_ways():
    (finding,) = told(HOST_AND_PROVIDER, "private-data-to-closed-model")

    assert finding.elements == ("parties.cloud", "datasets.notes@clinic")
    assert len(finding.former) == 2
    assert len(finding.paths) == 2


def test_to_group_twice_changes_nothing():
    for deployment in (swarm(), entries(), HOST_AND_PROVIDER):
        found = list(told(deployment, *RULES))
        assert sorted(group_findings(found), key=lambda one: one.sort_key) == found


def test_a_group_falls_apart_where_a_part_is_excused():
    (finding,) = told(swarm(), "single-updates-visible")
    excused, left = split(finding, lambda part: part.elements[0] == "parties.ben" and len(part.elements) == 4)

    assert [one.message for one in excused] == [
        "ben can rebuild scans of ann, cem and dua from single updates (model_update)"
    ]
    assert left.message == (
        "ann, cem and dua can rebuild scans of ann, ben, cem and dua from single updates (model_update)"
    )
    assert split(finding, lambda _: False) == ([], finding)
    assert split(finding, lambda _: True) == ([finding], None)


@pytest.fixture
def check(run, tmp_path):
    """Check the peers with waivers or a baseline; what is told of single updates."""

    def checked(deployment, waivers=None, baseline=None):
        (tmp_path / "swarm.yaml").write_text(yaml.safe_dump(deployment, sort_keys=False), encoding="utf-8")
        if waivers:
            tree = {"fedpolicy_waivers": 1, "waivers": waivers}
            (tmp_path / "fedpolicy.waivers.yaml").write_text(yaml.safe_dump(tree), encoding="utf-8")
        if baseline:
            (tmp_path / BASELINE).write_text(json.dumps(baseline), encoding="utf-8")
        names = ("single-updates-visible", "waiver-unused", "baseline-fixed")
        known = ("--baseline", BASELINE) if (tmp_path / BASELINE).exists() else ()
        result = run("check", "--format", "json", *TODAY, *known, "swarm.yaml")
        return [
            (one["verdict"], one["message"]) for one in json.loads(result.stdout)["findings"] if one["rule"] in names
        ]

    return checked


def waiver(**keys):
    who = {"reason": "agreed", "owner": "ida", "approved_by": "bob", "expires": "2027-03-31"}
    return {"rule": "single-updates-visible", "file": "swarm.yaml", **who, **keys}


def test_a_waiver_of_a_group_covers_the_members_that_it_names(check):
    names = [f"parties.{name}" for name in COUNTRIES]
    found = check(swarm(COUNTRIES | {"eve": "FR"}), {"peers": waiver(element=names)})

    assert sorted(found) == [
        ("fail", "eve can rebuild scans of ann, ben, cem and dua from single updates (model_update)"),
        *(
            ("waived", f"{name} can rebuild scans of {others} from single updates (model_update)")
            for name, others in {
                "ann": "ben, cem, dua and eve",
                "ben": "ann, cem, dua and eve",
                "cem": "ann, ben, dua and eve",
                "dua": "ann, ben, cem and eve",
            }.items()
        ),
    ]


def test_a_waiver_whose_group_has_changed_says_what_is_new(check):
    names = [*(f"parties.{name}" for name in COUNTRIES), *(f"datasets.scans@{name}" for name in COUNTRIES)]
    waivers = {"peers": waiver(element=names)}
    assert [verdict for verdict, _ in check(swarm(), waivers)] == ["waived"]

    assert check(swarm(COUNTRIES | {"eve": "FR"}), waivers) == [
        ("fail", "ann, ben, cem, dua and eve can rebuild scans of one another from single updates (model_update)"),
        (
            "fail",
            GROWN,
        ),
    ]


def test_waivers_and_baselines_of_single_members_still_count(check):
    (finding,) = told(swarm(), "single-updates-visible")
    marks = finding.former
    rows = [
        {
            "file": "swarm.yaml",
            "deployment": "swarm",
            "rule": finding.rule,
            "verdict": "fail",
            "severity": "high",
            "elements": [],
            "fingerprint": mark,
        }
        for mark in marks
    ]
    assert check(swarm(), baseline={"fedpolicy_baseline": 2, "findings": rows}) == []
    assert check(swarm(), baseline={"fedpolicy_baseline": 2, "findings": rows[1:]}) == [
        ("fail", "ann can rebuild scans of ben, cem and dua from single updates (model_update)")
    ]
    waivers = {f"w{place}": waiver(fingerprint=mark) for place, mark in enumerate(marks[1:])}
    verdicts = [verdict for verdict, _ in check(swarm(), waivers, {"fedpolicy_baseline": 2, "findings": []})]
    assert verdicts == ["fail", "waived", "waived", "waived"]


def test_a_renewed_baseline_knows_the_group_as_one(run, tmp_path, check):
    (finding,) = told(swarm(), "single-updates-visible")
    rows = [
        {
            "deployment": "swarm",
            "rule": finding.rule,
            "verdict": "fail",
            "severity": "high",
            "elements": [],
            "fingerprint": mark,
        }
        for mark in finding.former
    ]
    check(swarm(), baseline={"fedpolicy_baseline": 1, "findings": rows})
    result = run("baseline", "--renew", "swarm.yaml", "--output", BASELINE)

    kept = json.loads((tmp_path / BASELINE).read_text(encoding="utf-8"))
    assert result.exit_code == 0, result.stderr
    assert [row["fingerprint"] for row in kept["findings"]] == [finding.fingerprint]
    assert check(swarm()) == []

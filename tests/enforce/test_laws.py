"""Laws of drift, enforcement and sites' policies, tried on generated deployments and on all evidence that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fedpolicy.analysis import AnalysisSettings, Study
from fedpolicy.check import Judge
from fedpolicy.enforce import load_target, target_ids
from fedpolicy.enforce.plan import Plan
from fedpolicy.errors import InputError
from fedpolicy.findings import Verdict
from fedpolicy.language.reading import load_text
from fedpolicy.policy.site import read_site
from fedpolicy.policy.site.judge import site_findings
from fedpolicy.scan.draft import draft_of
from fedpolicy.scan.drift.judge import drifts
from fedpolicy.scan.gather import Gathered, gather_texts
from fedpolicy.scan.groups import projects_of
from fedpolicy.scan.services import Services
from tests.analysis.deployments import deployments
from tests.helpers import catalog
from tests.laws import examples

SCAN = Path(__file__).parent.parent / "scan"
LAW = settings(
    max_examples=examples(250, few=20, fewer="it checks or writes a deployment twice"),
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
CONSORTIUM = {
    path.relative_to(SCAN / "consortium").as_posix(): path.read_bytes()
    for path in sorted((SCAN / "consortium").rglob("*"))
    if path.is_file()
}
CASES = [
    (f"{path.stem}-{place}", case["file"], case["text"])
    for path in sorted((SCAN / "evidence").glob("*.yaml"))
    for place, case in enumerate(yaml.safe_load_all(path.read_text(encoding="utf-8")))
]
JUDGE = Judge(catalog=catalog(), rules=(), analysis=AnalysisSettings())


def read(tree):
    text = yaml.safe_dump({"fedpolicy": 1, "name": "d", **tree}, sort_keys=False)
    loaded = load_text(text, "d.yaml", catalog())
    assume(not loaded.errors)
    (document,) = loaded.documents
    return document, Study(document.deployment, catalog())


def labelled(name):
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def talking(study):
    """Which nodes send something to which, by what the graph says; where clients meet, each to each other."""
    vertices, pairs = study.graph.vertices, set()
    meeting: dict[str, tuple[set[str], set[str]]] = {}
    for flow in study.graph.flows:
        source, target = vertices[flow.source], vertices[flow.target]
        if source.kind == "place" and target.kind == "place":
            pairs.add((flow.source, flow.target))
        elif source.kind == "place" and target.kind == "exchange":
            meeting.setdefault(flow.target, (set(), set()))[0].add(flow.source)
        elif source.kind == "exchange" and target.kind == "place":
            meeting.setdefault(flow.source, (set(), set()))[1].add(flow.target)
    pairs |= {(a, b) for senders, receivers in meeting.values() for a in senders for b in receivers}
    nodes = {one for one in vertices if one.startswith("nodes.")}
    return {(a, b) for a, b in pairs if a != b and {a, b} <= nodes}


@LAW
@given(deployments())
def test_policies_permit_exactly_what_the_graph_says(tree):
    document, study = read(tree)
    text = load_target("networkpolicy").write(Plan(document, study)).text
    names = {labelled(one.name): one.id for one in study.lookup.places.values()}
    out, into = set(), set()
    for node in list(yaml.safe_load_all(text))[2:]:
        spec = node["spec"]
        mine = names[spec["podSelector"]["matchLabels"]["fedpolicy/node"]]
        for rules, key, found in ((spec["egress"], "to", out), (spec["ingress"], "from", into)):
            for one in (each for rule in rules for each in rule[key]):
                other = names[one["podSelector"]["matchLabels"]["fedpolicy/node"]]
                found.add((mine, other) if key == "to" else (other, mine))
    assert out == into == talking(study)


def filtering(plan):
    """Whether anything that protects its tasks is a filter of NVFLARE."""
    return any(one.kind == "homomorphic_encryption" for _, _, one in plan.safeguards())


@LAW
@given(deployments(), st.sampled_from(["", "a", "b", "x"]))
def test_every_target_writes_something_whole_or_says_why_not(tree, party):
    document, study = read(tree)
    if party and not any(party in one.operators for one in study.graph.vertices.values()):
        with pytest.raises(InputError, match=f"`{party}` runs no node"):
            Plan(document, study, party=party)
        return
    plan = Plan(document, study, party=party)
    for name in target_ids():
        if name == "nvflare-privacy" and not filtering(plan):
            with pytest.raises(InputError, match="would filter nothing"):
                load_target(name).write(plan)
            continue
        done = load_target(name).write(plan)
        assert done.text.endswith("\n")
        assert list(yaml.safe_load_all(done.text)) or name == "egress-allowlist"
        assert all(one.message and one.span.file == "d.yaml" for one in done.left_out)


@LAW
@given(deployments())
def test_any_declaration_can_be_compared(tree):
    document, _ = read(tree)
    findings, _ = drifts([document], gather_texts(CONSORTIUM, Services()), JUDGE)
    assert findings
    assert all(one.message and one.span.file for one in findings)
    prints = [one.fingerprint for one in findings]
    assert len(prints) == len(set(prints))


def test_two_safeguards_that_are_written_alike_and_missing_alike_are_one_difference():
    noise = {
        "kind": "differential_privacy",
        "where": "client",
        "noise_multiplier": 1.0,
        "clipping_norm": 1.0,
        "steps": 1,
    }
    noise |= {"delta": 1e-9, "unit": "record", "sampling": "none"}
    tree = {
        "parties": {"a": {"role": "participant"}, "agg": {"role": "coordinator"}},
        "nodes": {"client": {"kind": "client", "party": ["a"]}, "hub": {"kind": "aggregator", "party": "agg"}},
        "datasets": {"notes": {"at": "client", "categories": "health"}},
        "tasks": {"t": {"method": "fedavg", "data": "notes", "runs_on": "client", "safeguards": [noise, noise]}},
    }
    loaded = load_text(yaml.safe_dump({"fedpolicy": 1, "name": "d", **tree}, sort_keys=False), "d.yaml", catalog())

    findings, _ = drifts(list(loaded.documents), gather_texts(CONSORTIUM, Services()), JUDGE)

    assert loaded.errors == ()
    assert [one.rule for one in findings].count("safeguard-differs") == 1


@LAW
@given(deployments(), st.sampled_from(["bounded", "inferable", "reconstructable", "verbatim"]), st.booleans())
def test_a_site_that_permits_more_finds_no_more(tree, level, guaranteed):
    document, study = read(tree)
    site = document.deployment.nodes["client"].party[0]
    head = f"fedpolicy_site: 1\nparty: {site}\nword: {'guaranteed' if guaranteed else 'declared'}\n"

    def told(releases):
        found = site_findings(study, document, read_site(f"{head}releases: {releases}\n", "trust.yaml"))
        return {one.fingerprint for one in found}, {one.fingerprint for one in found if one.verdict is Verdict.FAIL}

    nothing, some, all_ = (
        told(releases)
        for releases in (
            "[]",
            f"[{{to: [agg, participants, x], up_to: {level}}}]",
            "[{to: [public, participants, agg, x, y, acme], up_to: verbatim}]",
        )
    )
    assert all_[0] <= some[0] <= nothing[0]
    assert some[1] <= nothing[1]
    assert not [one for one in site_findings(study, document, read_site(head, "trust.yaml")) if "release" in one.rule]


@pytest.mark.parametrize(("file", "text"), [one[1:] for one in CASES], ids=[one[0] for one in CASES])
def test_what_is_drafted_from_any_file_drifts_by_nothing(file, text):
    found: Gathered = gather_texts({file: text.encode()}, Services(catalog().services.values()))
    drafts = [draft_of(group) for group in projects_of(found.facts)]
    documents = []
    for draft in drafts:
        loaded = load_text(draft.text, "draft.yaml", catalog())
        assert not loaded.errors
        documents += loaded.documents
    findings, _ = drifts(documents, found, JUDGE)
    assert [one.message for one in findings if one.verdict is Verdict.FAIL] == []

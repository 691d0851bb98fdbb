"""Agreements end: on their last day they hold, on the next one every rule judges as if they were not there."""

import json

import pytest

from fedpolicy import api
from fedpolicy.language.model.party import Agreement
from fedpolicy.language.model.shape import words_of
from fedpolicy.sources import Source

LAST = "2026-06-30"
HELD, OVER = LAST, "2026-07-01"
PARTIES = {"clinic": {"role": "participant", "jurisdiction": "DE"}, "saas": {"role": "processor", "jurisdiction": "IN"}}
BASE = {
    "fedpolicy": 1,
    "name": "ending",
    "parties": PARTIES,
    "nodes": {"c": {"kind": "client", "party": "clinic"}, "s": {"kind": "service", "party": "saas"}},
    "datasets": {"notes": {"at": "c", "categories": ["health"]}},
    "flows": {"f": {"from": "c", "to": "s", "payload": "records", "data": ["notes"], "transport": "mtls"}},
}
MODEL = {"licence": "LicenseRef-scancode-llama-3.1-license-2024", "weights": "open", "weights_at": ["c"]}
ASKED = {
    "parties": {"clinic": PARTIES["clinic"], "openai": {"role": "provider", "jurisdiction": "US"}},
    "nodes": {"c": {"kind": "client", "party": "clinic"}},
    "models": {"m": {"ref": "openai/gpt-4o", "via": ["openai"]}},
    "tasks": {"t": {"method": "llm_judge", "model": "m", "data": ["notes"], "runs_on": "c"}},
    "flows": {},
}
JOINT = {
    "parties": {"clinic": PARTIES["clinic"], "saas": {"role": "participant", "jurisdiction": "DE"}},
    "nodes": {"c": {"kind": "client", "party": ["clinic", "saas"]}, "agg": {"kind": "aggregator", "party": "clinic"}},
    "models": {"m": {"weights": "open", "weights_at": ["c"]}},
    "tasks": {"t": {"method": "fedavg", "model": "m", "data": ["notes"], "runs_on": "c", "aggregator": "agg"}},
    "flows": {},
}
# Each rule that reads agreements, with one that satisfies it.
READERS = [
    ("gdpr", "processor-without-contract", "data_processing", {}),
    ("gdpr", "transfer-without-tool", "transfer", {}),
    ("gdpr", "joint-control-not-arranged", "joint_controllers", JOINT),
    ("federation", "prompts-retained", "zero_retention", ASKED),
    (
        "federation",
        "licence-field-of-use",
        "licence",
        {
            "models": {"m": MODEL},
            "tasks": {"t": {"method": "inference", "model": "m", "data": ["notes"], "runs_on": "c"}},
        },
    ),
    (
        "hipaa",
        "phi-without-business-associate-agreement",
        "business_associate",
        {
            "parties": {
                "clinic": {"role": "participant", "jurisdiction": "US", "sector": "healthcare"},
                "saas": {"role": "processor", "jurisdiction": "US"},
            }
        },
    ),
]


def failing(deployment, pack, today):
    source = Source(name="ending.yaml", text=json.dumps(deployment).encode())
    report = api.check([], api.Settings(packs=(pack,), today=today), [source])
    assert not report.errors
    assert not report.files[0].errors, report.files[0].errors
    return {finding.rule for finding in report.findings if finding.verdict == "fail"}, report


@pytest.mark.parametrize(("pack", "rule", "kind", "more"), READERS, ids=[row[1] for row in READERS])
def test_a_rule_reads_an_agreement_until_its_last_day(pack, rule, kind, more):
    deployment = {**BASE, **more}
    agreement = {"kind": kind, "between": sorted(deployment["parties"]), "reference": "a.pdf", "expires": LAST}
    deployment["agreements"] = {"deal": agreement}

    assert rule not in failing(deployment, pack, HELD)[0]
    assert rule in failing(deployment, pack, OVER)[0]


@pytest.mark.parametrize("kind", words_of(Agreement, "kind"))
def test_an_agreement_of_every_kind_that_has_ended_is_a_finding_that_names_its_day(kind):
    agreement = {"kind": kind, "between": ["clinic", "saas"], "expires": LAST}
    _, report = failing({**BASE, "agreements": {"deal": agreement}}, "federation", OVER)

    (found,) = [one for one in report.findings if one.rule == "agreement-expired"]
    assert found.message == f"deal ({kind}) between clinic and saas ended on {LAST}, so it permits nothing any more"
    assert found.elements == ("agreements.deal",)
    assert (report.today, report.dated) == (OVER, True)


def test_a_program_that_names_no_day_judges_by_the_day_in_utc():
    agreement = {"kind": "data_processing", "between": ["clinic", "saas"], "expires": "2020-01-01"}
    failed, report = failing({**BASE, "agreements": {"deal": agreement}}, "federation", "")

    assert "agreement-expired" in failed
    assert report.today >= "2026-11-28"


ASKING = {
    "parties": {
        "north": {"role": "participant", "jurisdiction": "DE"},
        "south": {"role": "participant", "jurisdiction": "DE"},
        "hub": {"role": "coordinator", "jurisdiction": "DE"},
        "acme": {"role": "provider", "jurisdiction": "DE"},
    },
    "nodes": {"c": {"kind": "client", "party": ["north", "south"]}},
    "datasets": {"notes": {"at": "c", "categories": ["health"]}, "bills": {"at": "c", "categories": ["financial"]}},
    "flows": {},
}
TERMS = {"weights": "closed", "provider": "acme", "revision": "1", "terms": {"retention_days": 30}}
SENT = {"api_calls": {"ask": {"from": "c", "model": "m", "sends": ["notes", "bills"]}}}
WORKED_ON = {"tasks": {"t": {"method": "inference", "model": "m", "data": ["notes", "bills"], "runs_on": "c"}}}


@pytest.mark.parametrize("use", [SENT, WORKED_ON], ids=["call", "task"])
@pytest.mark.parametrize(
    ("account", "agreement", "kept"),
    [
        ("participants", {"between": ["north", "acme"]}, True),
        ("participants", {"between": ["participants", "acme"]}, False),
        ("participants", {"between": ["participants", "acme"], "covers": ["notes"]}, True),
        ("hub", {"between": ["hub", "acme"]}, False),
        ("north", {"between": ["hub", "acme"]}, True),
        ("acme", {"between": ["hub", "acme"]}, True),
    ],
)
def test_nothing_is_kept_where_all_who_send_or_the_account_have_agreed_on_all_that_is_sent(
    use, account, agreement, kept
):
    deployment = {**BASE, **ASKING, **use, "models": {"m": {**TERMS, "account": account}}}
    deployment["agreements"] = {"zero": {"kind": "zero_retention", "reference": "z.pdf", **agreement}}

    found, _ = failing(deployment, "federation", HELD)

    assert ("prompts-retained" in found) is kept


def asked(report, rule):
    """What a rule asks for."""
    return {path for one in report.findings if (one.rule, one.verdict) == (rule, "unknown") for path in one.missing}


@pytest.mark.parametrize("key", ["expires", "covers"])
@pytest.mark.parametrize(("pack", "rule", "kind", "more"), READERS, ids=[row[1] for row in READERS])
def test_what_hangs_on_an_agreement_of_which_something_is_not_known_is_a_question(pack, rule, kind, more, key):
    deployment = {**BASE, **more}
    agreement = {"kind": kind, "between": sorted(deployment["parties"]), "reference": "a.pdf", key: "unknown"}
    deployment["agreements"] = {"deal": agreement}

    failed, report = failing(deployment, pack, HELD)

    assert rule not in failed
    assert asked(report, rule) == {f"agreements.deal.{key}"}


def test_an_agreement_that_is_sure_settles_what_another_leaves_open():
    deal = {"kind": "data_processing", "between": ["clinic", "saas"], "reference": "a.pdf"}
    deployment = {**BASE, "agreements": {"old": {**deal, "expires": "unknown"}, "new": deal}}

    failed, report = failing(deployment, "gdpr", HELD)

    assert "processor-without-contract" not in failed
    assert asked(report, "processor-without-contract") == set()


RULES_ON_TERMS = {
    "prompts-retained": "private inputs to m (notes of south) stay with acme for 30 days",
    "prompts-read-by-people": "people at acme may read private inputs to m (notes of south)",
    "training-on-inputs": "acme may train m on notes of south; what is trained on can come out in answers to anybody",
}


@pytest.mark.parametrize(
    "settled",
    [
        {"agreements": {"zero": {"kind": "zero_retention", "between": ["north", "acme"], "reference": "z.pdf"}}},
        {"releases": [{"to": ["acme", "participants"], "up_to": "verbatim"}]},
    ],
    ids=["agreement", "release"],
)
def test_an_owner_who_has_settled_what_becomes_of_its_data_is_not_named(settled):
    own = {"notes": {"at": "c@south", "categories": ["health"]}}
    own["mine"] = {"at": "c@north", "categories": ["health"], **{k: v for k, v in settled.items() if k == "releases"}}
    terms = {"retention_days": 30, "trains_on_inputs": True, "human_review": True}
    calls = {
        "one": {"from": "c@north", "model": "m", "sends": ["mine"]},
        "other": {"from": "c@south", "model": "m", "sends": ["notes"]},
    }
    deployment = {**BASE, **ASKING, "datasets": own, "models": {"m": {**TERMS, "terms": terms}}, "api_calls": calls}
    deployment |= {k: v for k, v in settled.items() if k == "agreements"}

    _, report = failing(deployment, "federation", HELD)
    told = {one.rule: one.message for one in report.findings}

    assert {rule: told.get(rule) for rule in RULES_ON_TERMS} == RULES_ON_TERMS
    assert "retained-prompts-reach-others" not in told


def test_an_owner_whose_call_has_better_terms_is_not_named():
    calls = {
        "one": {"from": "c@north", "model": "m", "sends": ["notes"], "retention_days": 0},
        "other": {"from": "c@south", "model": "m", "sends": ["bills"]},
    }
    data = {n: {"at": f"c@{who}", "categories": ["health"]} for n, who in (("notes", "north"), ("bills", "south"))}
    deployment = {**BASE, **ASKING, "datasets": data, "models": {"m": TERMS}, "api_calls": calls}

    _, report = failing(deployment, "federation", HELD)

    (found,) = [one for one in report.findings if one.rule == "prompts-retained"]
    assert found.message == "private inputs to m (bills of south) stay with acme for 30 days"


@pytest.mark.parametrize(
    ("country", "mechanism", "today", "lacking"),
    [
        ("IN", "adequacy", HELD, True),
        ("IN", "scc", HELD, False),
        ("US", "adequacy", HELD, False),  # a partial decision: who is certified, no file shows
        ("GB", "adequacy", "2031-12-28", True),  # the day after the decision ended
    ],
)
def test_a_decision_that_a_transfer_relies_on_has_to_be_there(country, mechanism, today, lacking):
    deployment = {**BASE, "parties": {**PARTIES, "saas": {"role": "processor", "jurisdiction": country}}}
    transfer = {"kind": "transfer", "mechanism": mechanism, "between": ["clinic", "saas"], "reference": "b.pdf"}
    deployment["agreements"] = {"deal": transfer}

    found, _ = failing(deployment, "gdpr", today)

    assert ("transfer-without-tool" in found) is lacking


@pytest.mark.parametrize(
    ("agreement", "unsaid"),
    [
        ({"kind": "data_processing"}, "reference"),
        ({"kind": "transfer"}, "reference and no mechanism"),
        ({"kind": "transfer", "reference": "a.pdf"}, "mechanism"),
        ({"kind": "transfer", "mechanism": "scc"}, "reference"),
    ],
)
def test_what_an_agreement_does_not_state_is_named_and_nothing_else(agreement, unsaid):
    deal = {"between": ["clinic", "saas"], **agreement}
    _, report = failing({**BASE, "agreements": {"deal": deal}}, "gdpr", HELD)

    (found,) = [one for one in report.findings if one.rule == "agreement-without-reference"]
    assert found.message == f"deal ({agreement['kind']}) between clinic and saas states no {unsaid}"


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (
            {"weights": "open", "weights_at": ["c"], "via": ["openai"]},
            "although clinic could train m where the data are",
        ),
        ({"weights": "closed", "via": ["openai"]}, "because nobody in the federation holds the weights of m"),
    ],
)
def test_why_an_outsider_trains_is_said_as_it_is(model, why):
    tasks = {"t": {"method": "hosted_finetuning", "model": "m", "data": ["notes"], "runs_on": "c"}}
    deployment = {**BASE, **ASKED, "setting": "cross-silo", "models": {"m": model}, "tasks": tasks}

    _, report = failing(deployment, "federation", HELD)

    (found,) = [one for one in report.findings if one.rule == "hosted-fine-tuning"]
    assert found.message == f"task t (hosted_finetuning) sends the records of notes to openai, {why}"

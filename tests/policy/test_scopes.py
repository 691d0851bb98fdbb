"""Laws protect owners in some countries: reports say whom, name nobody else, and give nobody else a clean bill."""

import json
from importlib import import_module

import pytest

from fedpolicy import api
from fedpolicy.sources import Source

PACKS = ("gdpr", "hipaa")


def rendered(report, form):
    return import_module(f"fedpolicy.report.formats.{form}").render(report)


def report_of(owners, packs, owner=None, **sections):
    """Letters of every participant, at a processor in the United States."""
    people = {name: {"role": "participant", "jurisdiction": code} for name, code in owners.items()}
    for name, code in owners.items():
        if code is None:
            people[name] = {"role": "participant"}
    deployment = {
        "fedpolicy": 1,
        "name": "letters",
        "parties": {**people, "acme": {"role": "processor", "jurisdiction": "US"}},
        "nodes": {"c": {"kind": "client", "party": list(owners)}, "t": {"kind": "tracker", "party": "acme"}},
        "datasets": {"letters": {"at": "c", "categories": ["health"], "subjects": 100}},
        "flows": {"f": {"from": "c", "to": "t", "payload": "records"}},
        **sections,
    }
    source = Source(name="letters.yaml", text=json.dumps(deployment).encode())
    report = api.check([], api.Settings(packs=packs, today="2026-11-29", overview=owner), [source])
    assert not report.errors
    assert not report.files[0].errors, report.files[0].errors
    return report


@pytest.mark.parametrize("form", ["text", "full", "concise", "markdown", "html", "sarif", "github", "junit"])
def test_an_owner_whom_no_law_protects_gets_no_clean_bill(form):
    said = rendered(report_of({"imaginary": "BR"}, PACKS), form)

    assert "no owner within the scope of this pack" in " ".join(said.split())
    assert "PASS" not in said


def test_the_verdict_says_that_nobody_is_within_the_scope():
    said = rendered(report_of({"clinic": "BR"}, PACKS), "concise").splitlines()

    assert said[0] == "OUTSIDE  letters: no owner within the scope of gdpr and hipaa"
    assert "hipaa protects owners in US: no owner within the scope of this pack" in said


def test_a_report_says_whom_each_pack_protects():
    report = report_of({"mayo": "US", "usp": "BR", "somebody": None}, ("hipaa",))
    said = json.loads(rendered(report, "json"))["scopes"]

    assert [(row["owners_in"], row["owners"], row["others"]) for row in said] == [
        (["US"], ["mayo", "somebody"], ["usp"])
    ]
    assert "hipaa protects owners in US: here mayo, perhaps somebody (place not stated), not usp" in rendered(
        report, "concise"
    )


def test_findings_name_those_whom_a_law_protects_and_ask_of_those_whom_it_may():
    report = report_of({"mayo": "US", "usp": "BR", "somebody": None}, ("hipaa",))
    told = {(one.rule, one.verdict.value): one for one in report.findings}
    agreement = "phi-without-business-associate-agreement"

    assert told[agreement, "fail"].elements == ("parties.acme", "datasets.letters@mayo")
    assert told[agreement, "unknown"].elements == ("parties.acme", "datasets.letters@somebody")
    assert told[agreement, "unknown"].missing == ("parties.somebody.jurisdiction",)
    assert not any("usp" in one.message for one in report.findings)


def ways_of(report, rule):
    found = {one.rule: one for one in report.findings}[rule]
    return [[hop.source for hop in path] for path in found.paths], found.notes


def test_the_way_of_a_finding_is_one_of_the_data_that_a_law_protects():
    sealed = [{"kind": "deidentification", "method": "expert", "operated_by": ["acme"]}]
    flows = {"f": {"from": "c", "to": "t", "payload": "records", "safeguards": sealed}}
    report = report_of({"aphp": "FR", "mayo": "US"}, ("hipaa",), flows=flows)
    ways, notes = ways_of(report, "phi-without-business-associate-agreement")

    assert ways == [["c@mayo"]]
    assert [note.rpartition(": ")[2] for note in notes] == ["it rests on the word of acme, whom mayo does not trust"]


@pytest.mark.parametrize("owner", ["aphp", "mayo"])
def test_the_way_of_a_finding_for_one_owner_is_one_of_its_data(owner):
    report = report_of({"aphp": "FR", "mayo": "US"}, ("federation",), owner=owner)

    assert ways_of(report, "raw-data-leaves-silo")[0] == [[f"c@{owner}"]]


def test_a_rule_on_datasets_names_those_whom_it_protects():
    messages = {one.rule: one.message for one in report_of({"lumc": "NL", "mayo": "US"}, ("gdpr",)).findings}

    assert messages["lawful-basis-not-stated"].endswith("letters of lumc (health)")


def test_a_pack_without_a_law_protects_everybody():
    report = report_of({"clinic": "BR"}, ("federation",))

    assert report.scopes == ()


def test_what_two_laws_ask_is_told_once():
    both = report_of({"lumc": "NL", "mayo": "US"}, PACKS)
    contact = [one.rule for one in both.findings if "contact" in one.rule]

    assert contact == ["breach-contact-not-stated"]
    assert [one.rule for one in report_of({"mayo": "US"}, PACKS).findings if "contact" in one.rule] == [
        "phi-breach-contact-not-stated"
    ]


@pytest.mark.parametrize(
    ("owner", "recipient", "fails"),
    [
        ("GB", "NL", False),
        ("GB", "GB", False),
        ("GB", "KR", False),
        ("GB", "GI", False),
        ("GB", "US", True),
        ("CH", "GB", False),
        ("CH", "CH", False),
        ("CH", "KR", True),
        ("NL", "KR", False),
        ("NL", "GI", True),
    ],
)
def test_each_country_decides_for_itself_which_others_are_adequate(owner, recipient, fails):
    parties = {
        "clinic": {"role": "participant", "jurisdiction": owner},
        "acme": {"role": "processor", "jurisdiction": recipient},
    }
    report = report_of({"clinic": owner}, ("gdpr",), parties=parties)

    assert ("transfer-without-tool" in {one.rule for one in report.findings}) is fails


def test_who_lacks_a_tool_are_those_whose_law_asks_for_one():
    places = {"lumc": "NL", "usz": "CH"}
    parties = {name: {"role": "participant", "jurisdiction": code} for name, code in places.items()}
    report = report_of(places, ("gdpr",), parties={**parties, "acme": {"role": "processor", "jurisdiction": "KR"}})
    (told,) = [one.message for one in report.findings if one.rule == "transfer-without-tool"]

    assert told.endswith("adequacy decision none, and no transfer tool is stated for usz")


def test_an_owner_in_switzerland_is_asked_for_what_was_read_of_its_law():
    rules = {one.rule for one in report_of({"usz": "CH"}, ("gdpr",)).findings}

    assert rules == {"processor-without-contract", "transfer-without-tool"}


def act_of(today, **settings):
    deployment = {"fedpolicy": 1, "name": "act", "parties": {"lumc": {"role": "participant", "jurisdiction": "NL"}}}
    deployment["models"] = {"triage": {"weights": "open"}}
    deployment["governance"] = {"eu_ai_act": {"risk": "high"}}
    source = Source(name="act.yaml", text=json.dumps(deployment).encode())
    report = api.check([], api.Settings(packs=("eu-ai-act",), today=today, **settings), [source])
    (told,) = [one for one in report.findings if one.rule == "ai-act-technical-documentation"]
    return report, told


@pytest.mark.parametrize(("today", "severity"), [("2027-12-01", "info"), ("2027-12-02", "high")])
def test_what_is_no_duty_yet_is_for_information(today, severity):
    report, told = act_of(today)

    assert told.severity.label == severity
    assert told.message.endswith(" (a duty from 2027-12-02 on)") is (severity == "info")
    assert report.dated is (severity == "info")


def test_a_severity_that_a_user_sets_holds_before_the_day():
    rule = "ai-act-technical-documentation"
    _, told = act_of("2026-11-29", severities={rule: "critical"}, configured=(rule,))

    assert told.severity.label == "critical"


def test_the_report_is_the_record_of_the_criteria_for_results():
    appetite = {"min_count": 10, "min_count_scope": "local", "dominance": 0.8}
    letters = {"at": "c", "categories": ["health"], "subjects": 100, "risk_appetite": appetite}
    report = report_of({"ox": "GB"}, ("satre",), datasets={"letters": letters})

    assert json.loads(rendered(report, "json"))["criteria"] == [
        {"file": "letters.yaml", "deployment": "letters", "dataset": "letters", **appetite}
    ]


PERMIT = {"id": "HDAB-1", "expires": "2026-11-28", "purposes": ["research"]}


def test_a_permit_that_has_ended_is_one_finding_at_its_day():
    letters = {"at": "c", "categories": ["health"], "permit": PERMIT}
    report = report_of({"lumc": "NL"}, ("ehds",), datasets={"letters": letters})
    (told,) = report.findings

    assert (told.rule, told.severity.label) == ("ehds-permit-ended", "info")
    assert told.message == (
        "the permit HDAB-1 for letters of lumc ended on 2026-11-28: what goes on rests on nothing"
        " (a duty from 2029-03-26 on)"
    )


def test_a_contract_that_three_packs_miss_for_a_task_is_asked_for_once():
    nodes = {"c": {"kind": "client", "party": ["lumc", "aphp"]}, "t": {"kind": "aggregator", "party": "acme"}}
    permit = {"id": "HDAB-1", "expires": "2030-01-01", "purposes": ["research"], "people": ["participants", "acme"]}
    letters = {"at": "c", "categories": ["health"], "subjects": 100, "permit": permit}
    tasks = {"train": {"method": "fedavg", "data": ["letters"], "runs_on": "c", "aggregator": "t"}}
    asked = {
        ("satre",): ["satre-federation-not-agreed"],
        # What is no duty before 2029 is for information, and silences nothing that is more.
        ("satre", "ehds"): ["satre-federation-not-agreed", "ehds-federation-without-contract"],
        ("satre", "ehds", "gdpr"): ["joint-control-not-arranged"],
    }
    for packs, rules in asked.items():
        told = report_of(
            {"lumc": "NL", "aphp": "FR"}, packs, nodes=nodes, datasets={"letters": letters}, tasks=tasks, flows={}
        )
        assert [one.rule for one in told.findings if one.elements == ("tasks.train",)] == rules

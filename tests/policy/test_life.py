"""Facts have a life: models are switched off, providers leave countries out, decisions end, rows grow old."""

import pytest

from fedpolicy import api
from fedpolicy.catalog import load_catalog
from fedpolicy.sources import Source

TODAY = "2026-11-28"
OWN = """
models:
  acme/one:
    weights: closed
    provider: acme
    aliases: [one, one-2024, one-2025]
    shutdown_on: 2027-06-30
    shutdowns: {one-2024: 2026-11-27}
    replaced_by: acme/two
    source: https://acme.example/deprecations
    as_of: 2026-11-01
  acme/routed:
    weights: closed
    provider: acme
    shutdown_on: 2026-12-01
    replaced_by: acme/two
    rerouted: true
    source: https://acme.example/deprecations
    as_of: 2026-11-01
providers:
  acme: {name: Acme, jurisdiction: US, not_served_in: [CN, RU], source: https://acme.example/terms, as_of: 2026-05-31}
  west: {name: West, serves: [NL, US], source: https://west.example/terms, as_of: 2026-06-01}
"""
DEPLOYMENT = """
fedpolicy: 1
name: life
parties: {a: {role: participant, jurisdiction: NL}, b: {role: participant, jurisdiction: CN}, east: {role: provider}}
nodes: {c: {kind: client, party: [a, b]}}
datasets: {d: {at: c, categories: [health]}}
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "own.yaml"
    path.write_text(OWN, encoding="utf-8")
    return path


def report_of(text, own, pack="federation", today=TODAY):
    settings = api.Settings(packs=(pack,), today=today, catalogs=(own,))
    report = api.check([], settings, [Source(name="life.yaml", text=text.encode())])
    assert not report.errors
    assert not report.files[0].errors, report.files[0].errors
    return report


def found(rule, text, own, today=TODAY):
    return [(one.severity.label, one.message) for one in report_of(text, own, today=today).findings if one.rule == rule]


def model(words):
    tasks = "tasks: {t: {method: llm_judge, model: m, data: [d], runs_on: c}}"
    return f"{DEPLOYMENT}models: {{m: {{{words}}}}}\n{tasks}\n"


@pytest.mark.parametrize(
    ("words", "today", "said"),
    [
        ("ref: acme/one", "2027-03-31", []),
        ("ref: one", "2027-04-02", [("medium", "is switched off on 2027-06-30, in 89 days; instead: acme/two")]),
        ("ref: one", "2027-06-30", [("medium", "is switched off on 2027-06-30, in 0 days; instead: acme/two")]),
        ("ref: one", "2027-07-01", [("high", "was switched off on 2027-06-30; instead: acme/two")]),
        ("ref: one-2024", TODAY, [("high", "was switched off on 2026-11-27; instead: acme/two")]),
        ("ref: one, revision: one-2024", TODAY, [("high", "was switched off on 2026-11-27; instead: acme/two")]),
        ("ref: one-2025", TODAY, []),
        (
            "ref: acme/routed",
            TODAY,
            [("medium", "is switched off on 2026-12-01, in 3 days; answers then come from acme/two")],
        ),
        ("ref: acme/routed, shutdown_on: 2028-01-01", TODAY, []),
        ("ref: acme/routed, provider: west", TODAY, []),
        (
            "ref: acme/routed, provider: east",
            TODAY,
            [("medium", "is switched off on 2026-12-01, in 3 days; answers then come from acme/two")],
        ),
    ],
)
def test_a_model_ends_on_the_day_of_its_name(words, today, said, own):
    told = found("model-retired", model(words), own, today)

    assert [(severity, message.partition(", run by ")[2].partition(", ")[2]) for severity, message in told] == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("ref: acme/one", ["acme may not be used in the country of b, where m is used"]),
        ("weights: closed, via: [west]", ["west may not be used in the country of b, where m is used"]),
        ("weights: closed, via: [east]", []),
        ("weights: open, weights_at: [c]", []),
    ],
)
def test_a_provider_leaves_participants_out(words, said, own):
    assert [message for _, message in found("provider-does-not-serve", model(words), own)] == said


TRANSFER = """
fedpolicy: 1
name: transfer
parties: {{a: {{role: participant, jurisdiction: NL}}, s: {{role: processor, jurisdiction: {where}}}}}
nodes: {{c: {{kind: client, party: a}}, t: {{kind: tracker, party: s}}}}
datasets: {{d: {{at: c, categories: [health]}}}}
flows: {{f: {{from: c, to: t, payload: records, data: [d]}}}}
"""


@pytest.mark.parametrize(
    ("where", "today", "said"),
    [
        ("GB", "2031-12-27", []),
        ("GB", "2031-12-28", ["none, and"]),
        ("CA", TODAY, ["partial (Canada: commercial organisations), and"]),
    ],
)
def test_a_decision_on_adequacy_ends_and_says_whom_it_covers(where, today, said, own):
    findings = report_of(TRANSFER.format(where=where), own, "gdpr", today).findings
    told = [one.message for one in findings if one.rule == "transfer-without-tool"]

    assert [message.partition("decision ")[2].partition(" no transfer")[0] for message in told] == said


@pytest.mark.parametrize(
    ("words", "today", "old"),
    [
        ("ref: acme/one", "2026-11-27", {}),
        ("ref: acme/one", TODAY, {"providers.acme": "2026-05-31"}),
        ("ref: acme/one", "2027-05-01", {"models.acme/one": "2026-11-01", "providers.acme": "2026-05-31"}),
        ("weights: open, weights_at: [c]", "2030-01-01", {}),
    ],
)
def test_a_report_names_the_old_facts_that_it_rests_on(words, today, old, own):
    assert dict(report_of(model(words), own, today=today).old) == old


def test_a_provider_excludes_those_all_of_whose_countries_it_leaves_out(own):
    assert load_catalog([own]).provider("west").excludes(["CN"]) is True
    assert load_catalog([own]).provider("west").excludes(["CN", "NL"]) is False
    assert load_catalog([own]).provider("acme").excludes(["CN", "RU"]) is True
    assert load_catalog([own]).provider("hetzner").excludes(["CN"]) is None


@pytest.mark.parametrize(
    ("words", "excluded"),
    [
        ("weights: open, licence: LicenseRef-llama-4", True),
        ("ref: meta-llama/Llama-3.2-11B-Vision-Instruct", True),
        ("ref: meta-llama/Llama-3.2-3B-Instruct", False),
    ],
)
def test_a_licence_gives_nobody_in_the_union_rights_in_multimodal_llamas(words, excluded, own):
    held = f"{DEPLOYMENT}models: {{m: {{{words}, weights_at: [c]}}}}\n"
    uses = "tasks: {t: {method: inference, model: m, data: [d], runs_on: c}}\n"
    findings = report_of(held + uses, own).findings

    assert [one.elements for one in findings if one.rule == "licence-excludes-participant"] == (
        [("models.m", "parties.a")] if excluded else []
    )


def test_a_small_qwen_is_for_research_only(own):
    assert (
        load_catalog([own]).licence(load_catalog([own]).model("Qwen/Qwen2.5-3B").licence).commercial_use == "forbidden"
    )

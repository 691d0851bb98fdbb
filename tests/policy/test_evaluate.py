"""Rules over facts: verdicts, what they name as missing, places, paths, counts, fingerprints."""

from dataclasses import replace
from pathlib import Path

import pytest

from fedpolicy.analysis import AnalysisSettings
from fedpolicy.errors import Problems
from fedpolicy.findings import Severity, Verdict
from fedpolicy.policy import elements
from fedpolicy.policy.elements import flow
from fedpolicy.policy.evaluate import evaluate
from fedpolicy.policy.expression import Expression
from tests.policy.worlds import document_of, facts_of, judged, rule_of, told

RUNNING = (Path(__file__).parents[2] / "examples" / "clinical-notes" / "deployment.yaml").read_text(encoding="utf-8")
SMALL = """\
fedpolicy: 1
name: small
parties:
  lumc: {role: participant, jurisdiction: NL}
  aphp: {role: participant, jurisdiction: FR}
  tum: {role: coordinator, jurisdiction: DE}
nodes:
  client: {kind: client, party: [lumc, aphp]}
  aggregator: {kind: aggregator, party: tum}
datasets:
  letters: {at: client, categories: [health], releases: [{to: tum, up_to: reconstructable}]}
models:
  base:
    ref: meta-llama/Llama-3.1-8B-Instruct
    revision: main
tasks:
  adapt:
    method: lora
    model: base
    data: [letters]
    runs_on: client
    aggregator: aggregator
    safeguards:
      - kind: norm_bound
        limit: 1.0
flows:
  board: {from: aggregator, to: tum, payload: metrics}
"""
# Nobody says how many clients take part in a round: what comes back is a sum, or a single update.
INTERVAL = """\
fedpolicy: 1
name: interval
parties:
  lumc: {role: participant}
  aphp: {role: participant}
  charite: {role: participant}
  tum: {role: coordinator}
nodes:
  client: {kind: client, party: [lumc, aphp, charite]}
  aggregator: {kind: aggregator, party: tum}
datasets: {letters: {at: client, categories: [health]}}
models: {base: {ref: meta-llama/Llama-3.1-8B-Instruct, weights_at: [client, aggregator]}}
tasks: {adapt: {method: lora, model: base, data: [letters], runs_on: client, aggregator: aggregator}}
"""


def one(text, *args, **keys):
    return judged(text, rule_of(*args, **keys))


def test_a_rule_that_fails_tells_the_element_its_line_and_its_message():
    found = one(SMALL, "model", "model.pinned", at="revision", message="{model.id} is pinned: {model.pinned}")
    (finding,) = found.findings
    assert (finding.verdict, finding.elements, finding.severity) == (Verdict.FAIL, ("models.base",), Severity.HIGH)
    assert finding.message == "base is pinned: no"
    assert (finding.span.line, finding.span.column, finding.span.end_column) == (15, 15, 19)
    assert found.counts == dict.fromkeys(Verdict, 0) | {Verdict.FAIL: 1}


def test_a_key_that_is_not_there_points_at_the_element():
    (finding,) = one(SMALL, "model", "model.pinned", at="licence").findings
    assert (finding.span.line, finding.span.column, finding.span.end_column) == (13, 3, 7)


def test_a_safeguard_is_shown_at_its_kind_and_a_deployment_at_its_first_key():
    (finding,) = one(SMALL, "safeguard", "false").findings
    assert (finding.elements, finding.span.line) == (("tasks.adapt.safeguards.0",), 24)
    (finding,) = one(SMALL, "deployment", "false").findings
    assert (finding.elements, finding.span.line) == (("deployment",), 1)


def test_an_absent_fact_makes_the_verdict_unknown_and_is_named():
    assert told(one(SMALL, "deployment", "deployment.governance.withdrawal == 'any_round'")) == [
        ("unknown", ("deployment",), 1, ("governance.withdrawal",))
    ]


def test_all_absent_facts_are_named_those_of_match_too():
    found = one(
        SMALL,
        "flow",
        "flow.transport == 'tls'",
        match="flow.purpose == 'care' && flow.retention_days > 1 && !flow.implied",
    )
    missing = ("flows.board.purpose", "flows.board.retention_days", "flows.board.transport")
    assert told(found) == [("unknown", ("flows.board",), 27, missing)]


def test_a_rule_that_passes_whatever_the_match_would_say_passes():
    found = one(SMALL, "deployment", "true", match="deployment.setting == 'cross-silo'")
    assert found.counts[Verdict.PASS] == 1


def test_a_rule_that_does_not_apply_is_counted_and_not_told():
    found = one(SMALL, "model", "false", match="model.published")
    assert (found.findings, found.counts[Verdict.NOT_APPLICABLE]) == ((), 1)


def test_an_interval_that_straddles_a_limit_is_unknown_and_names_the_facts():
    found = one(INTERVAL, "disclosure", "disclosure.level <= INFERABLE", match="disclosure.to_participant")
    missing = {fact for _, _, _, facts in told(found) for fact in facts}
    assert missing == {"tasks.adapt.min_clients"}
    assert found.counts[Verdict.FAIL] == 0


@pytest.mark.parametrize(
    ("require", "verdict"),
    [
        ("disclosure.level >= INFERABLE", "pass"),
        ("disclosure.level <= BOUNDED", "fail"),
        ("disclosure.level != INFERABLE", "unknown"),
    ],
)
def test_an_interval_is_decided_where_all_its_levels_agree(require, verdict):
    found = one(INTERVAL, "disclosure", require, match="disclosure.to_participant")
    assert {Verdict(verdict)} == {v for v in found.counts if found.counts[v] and v is not Verdict.NOT_APPLICABLE}


def test_not_applicable_in_one_case_and_pass_in_the_other_is_a_pass():
    found = one(
        INTERVAL,
        "disclosure",
        "disclosure.to_participant",
        match="disclosure.level > INFERABLE && disclosure.to_participant",
    )
    assert found.findings == ()
    assert found.counts[Verdict.PASS] > 0


def line_of(start):
    return next(number for number, text in enumerate(RUNNING.splitlines(), 1) if text.startswith(start))


def test_the_running_example_names_both_ways_to_the_provider():
    found = one(
        RUNNING,
        "disclosure",
        "disclosure.level <= BOUNDED",
        match="'openai' in disclosure.parties",
        message="{disclosure.parties}: {disclosure.datasets},{disclosure.as}, {disclosure.level}, {disclosure.origins}",
    )
    (finding,) = found.findings
    owners = ("datasets.letters@aphp", "datasets.letters@charite", "datasets.letters@lumc")
    assert finding.elements == ("parties.openai", *owners)
    assert finding.message == "openai: letters,provider, verbatim, api_calls.translate and tasks.score"
    hops = {(path[-1].target, path[-1].implied_by, path[-1].span.line) for path in finding.paths}
    assert hops == {
        ("openai", "tasks.score (llm_judge)", line_of("  score:")),
        ("openai", "api_calls.translate (call of judge)", line_of("  translate:")),
    }


def test_notes_say_which_safeguards_did_not_count_and_why():
    quiet = RUNNING.replace("noise_multiplier: 1.1", "noise_multiplier: 12")
    found = one(quiet, "disclosure", "!disclosure.gap", match="disclosure.to_participant")
    (finding,) = found.findings
    assert finding.elements[-1] == "datasets.letters@aphp"
    assert finding.notes == (
        (
            "differential privacy (tasks.adapt.safeguards.1) is not guaranteed to the owner: "
            "it rests on the word of tum, whom aphp does not trust"
        ),
    )


def cohort(n):
    clients = "\n".join(f"  p{i:02}: {{role: participant}}" for i in range(n))
    names = ", ".join(f"p{i:02}" for i in range(n))
    return f"""\
fedpolicy: 1
name: many
parties:
{clients}
  acme: {{role: provider}}
nodes: {{client: {{kind: client, party: [{names}]}}}}
datasets: {{letters: {{at: client, categories: [health]}}}}
flows: {{out: {{from: client, to: acme, payload: records}}}}
"""


def test_more_than_fifty_members_are_named_as_their_family():
    few, many = (one(cohort(n), "disclosure", "false").findings[0] for n in (50, 51))
    assert few.elements[1:] == tuple(f"datasets.letters@p{i:02}" for i in range(50))
    assert many.elements == ("parties.acme", "datasets.letters@*")
    assert few.fingerprint != many.fingerprint


def test_more_than_fifty_datasets_are_named_together():
    def entries(n):
        text = cohort(n).partition("nodes:")[0]
        nodes = "".join(f"  n{i:02}: {{kind: client, party: p{i:02}}}\n" for i in range(n))
        data = "".join(f"  d{i:02}: {{at: n{i:02}, categories: [health]}}\n" for i in range(n))
        senders = ", ".join(f"n{i:02}" for i in range(n))
        flow = f"  out: {{from: [{senders}], to: acme, payload: records}}\n"
        return f"{text}nodes:\n{nodes}datasets:\n{data}flows:\n{flow}"

    few, many = (one(entries(n), "disclosure", "false").findings[0] for n in (50, 51))
    assert few.elements[1:] == tuple(f"datasets.d{i:02}@p{i:02}" for i in range(50))
    assert many.elements == ("parties.acme", "datasets.*")


def test_the_fingerprint_knows_neither_lines_nor_files_nor_order():
    rules = [rule_of("disclosure", "false"), rule_of("model", "false", id="another-rule")]
    moved = "# a comment\n" + SMALL.replace("  base:\n", "  base:\n\n").replace("lumc, aphp", "aphp, lumc")
    first, second = judged(SMALL, *rules), judged(moved, *rules, name="other.yaml")
    assert sorted(f.fingerprint for f in first.findings) == sorted(f.fingerprint for f in second.findings)
    assert len({f.fingerprint for f in first.findings}) == len(first.findings)


def test_the_fingerprint_knows_the_rule_and_the_elements():
    first, second = one(SMALL, "model", "false"), one(SMALL, "model", "false", id="another-rule")
    third = one(SMALL.replace("base", "other"), "model", "false")
    assert len({found.findings[0].fingerprint for found in (first, second, third)}) == 3


def test_an_expression_that_cannot_be_evaluated_is_an_error_of_the_rule_with_its_place():
    found = one(SMALL, "model", "1 / (model.claims_rank + 1) == 1")
    (error,) = found.broken.values()

    assert str(error.span).startswith("a-rule.yaml:1:")
    assert error.message == "`require` of the rule a-rule cannot be evaluated for models.base: divide by zero"
    with pytest.raises(Problems):
        found.whole()


def test_every_rule_that_gives_no_answer_is_named_once_and_the_others_are_heard():
    broken = [rule_of("party", "1 / (size(party.roles) - 1) == 1", id=f"rule-{n}") for n in "ab"]
    found = judged(SMALL, *broken, rule_of("party", "false", id="rule-c"))

    assert [error.span.file for error in found.broken.values()] == ["rule-a.yaml", "rule-b.yaml"]
    assert {finding.rule for finding in found.findings} == {"rule-c"}


def test_a_rule_that_fails_on_one_element_is_heard_about_the_others():
    text = SMALL.replace("models:", "models:\n  zero: {weights: closed, claims: black_box}", 1)
    assert "zero" in text
    rule = rule_of("model", 'model.id != "zero" || 1 / (size(model.id) - size(model.id)) == 1')
    found = judged(text, rule, rule_of("model", "false", id="rule-b"))

    assert list(found.broken) == ["a-rule"]
    assert {finding.elements for finding in found.findings} == {("models.base",), ("models.zero",)}
    assert found.counts[Verdict.PASS] == 1


def test_a_rule_that_ships_is_not_blamed_for_a_number_of_the_file():
    rule = replace(rule_of("model", "1 / (size(model.id) - size(model.id)) == 1"), pack="federation")
    (error,) = judged(SMALL, rule).broken.values()

    assert error.message == "the rule a-rule cannot judge models.base: divide by zero"
    assert error.span.file == "deployment.yaml"


def test_parameters_hold_for_their_own_rule_only():
    params = {"limit": {"type": "level", "default": "bounded", "description": "A limit."}}
    low = rule_of("disclosure", "disclosure.level <= params.limit", params=params, message="above {params.limit}")
    high = rule_of(
        "disclosure",
        "disclosure.level <= params.limit",
        id="another-rule",
        params={"limit": {**params["limit"], "default": "verbatim"}},
    )
    found = judged(RUNNING, low, high)
    assert {finding.rule for finding in found.findings} == {"a-rule"}
    assert {finding.message for finding in found.findings if finding.verdict is Verdict.FAIL} == {"above bounded"}


def test_rules_know_the_largest_epsilon_that_counts():
    loose = judged(
        SMALL, rule_of("deployment", "deployment.max_epsilon <= 10.0"), settings=AnalysisSettings(max_epsilon=20.0)
    )
    default = judged(SMALL, rule_of("deployment", "deployment.max_epsilon <= 10.0"))
    assert (loose.counts[Verdict.FAIL], default.counts[Verdict.PASS]) == (1, 1)


def test_findings_are_sorted_and_the_same_each_time():
    rules = [
        rule_of(kind, "false", id=f"rule-{kind.replace('_', '-')}") for kind in ("flow", "party", "disclosure", "node")
    ]
    first, second = judged(RUNNING, *rules), judged(RUNNING, *reversed(rules))
    assert first == second
    assert list(first.findings) == sorted(first.findings, key=lambda finding: finding.sort_key)


def test_a_fallback_is_a_flow_like_any_other():
    text = """
        fedpolicy: 1
        name: fallback
        parties: {lumc: {role: participant}, acme: {role: provider}, other: {role: provider}}
        nodes: {client: {kind: client, party: [lumc]}}
        datasets: {letters: {at: client, categories: [health]}}
        models:
          judge: {weights: closed, via: [acme], fallback: [spare], terms: {trains_on_inputs: false}}
          spare: {weights: closed, via: [other], terms: {trains_on_inputs: false}}
        api_calls: {ask: {from: client, model: judge, sends: [letters]}}
    """
    found = one(text, "flow", "!flow.to_third_party", match="flow.role in ['call', 'fallback']")
    assert [(f.verdict.value, f.elements, f.missing) for f in found.findings] == [
        ("fail", ("api_calls.ask.call",), ()),
        ("fail", ("api_calls.ask.fallback",), ()),
    ]


def test_hand_made_facts_are_judged_like_computed_ones():
    document = document_of(SMALL)
    facts = facts_of(document)
    worse = facts.showing([replace(d, low=4, high=4) for d in facts.disclosures])
    found = evaluate(worse, document, [rule_of("disclosure", "disclosure.level < VERBATIM")])
    members = [member for one in found.findings if one.group for member in one.group.members]
    assert found.counts[Verdict.FAIL] == len(found.findings) > 0
    assert len(members) == len(facts.disclosures)


@pytest.mark.parametrize(
    ("severity", "graver", "expected"),
    [
        ("medium", "'health' in disclosure.categories", Severity.HIGH),
        ("medium", "'image' in disclosure.categories", Severity.MEDIUM),
        ("critical", "'health' in disclosure.categories", Severity.CRITICAL),
        # Where it is open, it matters as much as it can.
        ("low", "disclosure.level > INFERABLE", Severity.MEDIUM),
    ],
)
def test_a_finding_is_graver_where_the_rule_says_so(severity, graver, expected):
    found = one(INTERVAL, "disclosure", "false", match="disclosure.to_participant", severity=severity, graver=graver)
    assert {finding.severity for finding in found.findings} == {expected}


def test_what_a_more_specific_rule_says_is_told_and_asked_once():
    first = rule_of("model", "model.pinned", id="first")
    open_question = rule_of("model", "model.format == 'safetensors'", id="open-question")
    behind = {"behind": ["first", "open-question"]}
    fails, asks, passes = (
        rule_of("model", require, id=name, **behind)
        for name, require in (("fails", "model.id == ''"), ("asks", "model.digest == ''"), ("passes", "true"))
    )

    alone = judged(SMALL, fails, asks, passes)
    assert [(one.rule, one.verdict) for one in alone.findings] == [("fails", Verdict.FAIL), ("asks", Verdict.UNKNOWN)]

    told_once = judged(SMALL, first, fails, asks, passes)
    assert [one.rule for one in told_once.findings] == ["first"]
    assert (told_once.counts[Verdict.NOT_APPLICABLE], told_once.counts[Verdict.PASS]) == (2, 1)

    for_information = judged(SMALL, replace(first, severity=Severity.INFO), fails, asks, passes)
    assert sorted(one.rule for one in for_information.findings) == ["asks", "fails", "first"]

    asked_once = judged(SMALL, open_question, fails, asks, passes)
    assert [one.rule for one in asked_once.findings] == ["fails", "open-question"]


@pytest.mark.parametrize(
    ("match", "read", "unapplied"),
    [
        ("flow.payload == 'metrics' && flow.private", {"flows.board"}, 3),
        ("!flow.implied && flow.count > params.least", {"flows.board"}, 4),
        ("flow.payload == 'metrics' && 'letters' in flow.datasets", {"flows.board", "tasks.adapt"}, 3),
        ("flow.implied || flow.count > 0", {"flows.board", "tasks.adapt"}, 0),
    ],
)
def test_of_a_flow_that_no_rule_is_about_nothing_more_is_read(monkeypatch, match, read, unapplied):
    """But where a rule compares texts or lists, which may be too long for it."""
    seen = set()
    (field,) = (one for one in flow.KIND.fields if one.name == "private")
    looks = replace(field, read=lambda view: seen.add(view.first.origin) or field.read(view))
    fields = [looks if one is field else one for one in flow.KIND.fields]
    kinds = {**elements.KINDS, "flow": replace(flow.KIND, fields=tuple(fields))}
    monkeypatch.setattr(elements, "KINDS", kinds)
    monkeypatch.setattr(elements, "table", elements.table.__wrapped__)
    least = {"least": {"type": "int", "default": 1, "description": "How many."}}
    found = one(SMALL, "flow", "flow.private", match=match, params=least if "params" in match else {})
    assert (seen, found.counts[Verdict.NOT_APPLICABLE]) == (read, unapplied)


@pytest.fixture
def asked(monkeypatch):
    """Every time that an expression is asked."""
    found, judge = [], Expression.judge
    monkeypatch.setattr(Expression, "judge", lambda *given, **more: found.append(given[0]) or judge(*given, **more))
    return found


def test_what_rules_say_of_values_is_worked_out_once_for_all_files(asked):
    rule, later = (
        replace(rule_of("party", "'NL' in party.jurisdictions"), applies_from="2027-01-01") for _ in range(2)
    )
    renamed = SMALL.replace("lumc", "umcg").replace("name: small", "name: other")

    def said(text, rule, today="2026-01-01"):
        asked.clear()
        found = judged(text, rule, settings=AnalysisSettings(today=today))
        return len(asked), [(one.elements, one.span.line, one.severity.label) for one in found.findings]

    expected = [(("parties.aphp",), 5, "info"), (("parties.tum",), 6, "info")]
    assert said(SMALL, rule) == (3, expected)
    assert said(renamed, rule) == (0, expected)
    assert said(renamed.replace("FR", "NL"), rule) == (0, expected[1:])
    assert said(renamed.replace("FR", "ES"), rule)[0] == 1
    # Neither on another day nor by another rule that reads the same.
    assert said(SMALL, rule, "2027-01-01") == (3, [(*one, "high") for *one, _ in expected])
    assert said(SMALL, later)[0] == 3


def test_what_is_long_is_not_remembered(asked):
    rule = rule_of("model", "model.revision != 'main'")
    for revision in ("other", "m" * 200):
        for _ in range(2):
            judged(SMALL.replace("revision: main", f"revision: {revision}"), rule)

    assert len(asked) == 3

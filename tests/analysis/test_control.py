"""Who can take what away from whom."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from fedpolicy import api
from fedpolicy.analysis.control import Atom, Gap, Loss, all_of, any_of, at_least, ends, holds, removal
from fedpolicy.analysis.control import matrix as matrices
from fedpolicy.analysis.control.matrix import EACH_OTHER
from fedpolicy.cli.commands import app
from fedpolicy.errors import InputError, Problems
from fedpolicy.graph.lookup import Lookup
from fedpolicy.limits import Bounds
from tests.helpers import calls_of, graph_of
from tests.laws import examples

CATALOG = api.load_catalog()
PARTIES = {
    "a": "{role: participant, jurisdiction: DE}",
    "b": "{role: participant, jurisdiction: DE}",
    "tum": "{role: coordinator, jurisdiction: DE}",
    "openai": "{role: provider, jurisdiction: US}",
    "acme": "{role: provider, jurisdiction: US}",
    "aws": "{role: host, jurisdiction: US}",
}
NODES = {
    "client": "{kind: client, party: [a, b]}",
    "aggregator": "{kind: aggregator, party: tum}",
}
LORA = "{t: {method: lora, model: base, produces: tuned, data: [letters], runs_on: client}}"
JUDGE = "{t: {method: llm_judge, model: judge, data: [letters], runs_on: client}}"
DIVIDED = "{t: {method: METHOD, produces: tuned, data: [letters], runs_on: client, MORE}}"
BLACK = "{weights: closed, provider: openai, account: participants}"


def text_of(models, tasks, nodes=None, parties=None, more="", at="client"):
    def section(name, entries):
        return f"{name}:\n" + "".join(f"  {key}: {value}\n" for key, value in entries.items())

    return (
        "fedpolicy: 1\nname: x\n"
        + section("parties", {**PARTIES, **(parties or {})})
        + section("nodes", {**NODES, **(nodes or {})})
        + f"datasets: {{letters: {{at: {at}, categories: [health]}}}}\n"
        + f"models: {models}\ntasks: {tasks}\n{more}"
    )


def matrix(models, tasks=JUDGE, **more):
    (document,) = api.loads(text_of(models, tasks, **more), "x.yaml", CATALOG)
    return api.facts(document, CATALOG).continuity


def control(models, tasks=JUDGE, **more):
    """Who certainly can end each capability of each participant; None: nobody has given it to them."""
    return {
        (entry.capability, party): list(entry.holders) if entry.attainable else None
        for entry in matrix(models, tasks, **more)
        for party in entry.participants
    }


def asked(models, tasks=JUDGE, **more):
    """The facts that nobody states, by capability."""
    return {
        (entry.capability, fact)
        for entry in matrix(models, tasks, **more)
        for one in (*entry.holds, *entry.doubts)
        for fact in one.missing
    }


OPEN = "{base: {weights: open, weights_at: [client, aggregator]}, tuned: {}}"


def test_what_everybody_holds_nobody_takes_away_but_rounds_need_the_aggregator():
    assert control(OPEN, LORA) == {
        ("run", "a"): [],
        ("run", "b"): [],
        ("join", "a"): ["tum"],
        ("join", "b"): ["tum"],
        ("keep", "a"): [],
        ("keep", "b"): [],
        ("inspect", "a"): [],
        ("inspect", "b"): [],
    }


def test_without_a_base_that_only_the_coordinator_runs_a_prompt_is_of_no_use():
    models = (
        "{base: {weights: closed, provider: tum, weights_at: [aggregator], via: [tum]}, tuned: {weights_at: client}}"
    )
    tuned = LORA.replace("lora", "black_box_prompt_tuning")
    found = control(models, tuned)

    assert [found[name, "a"] for name in ("run", "keep", "inspect")] == [["tum"], ["tum"], None]


@pytest.mark.parametrize(
    ("tuned", "kept"),
    [
        ("{weights_at: [aggregator]}", None),
        ("{weights_at: [aggregator], published: true}", []),
        ("{weights_at: [client@b]}", None),
        # That the base can be had says nothing about what was made of it.
        ("{weights: open, weights_at: [client@b]}", None),
        ("{}", []),
    ],
)
def test_a_result_is_kept_by_whoever_has_a_copy_or_can_get_one(tuned, kept):
    models = f"{{base: {{weights: open, weights_at: [client, aggregator]}}, tuned: {tuned}}}"

    found = control(models, LORA)

    assert found["keep", "a"] == kept
    assert found["inspect", "a"] == kept


def test_whoever_gives_data_to_a_training_elsewhere_has_a_claim_on_the_result():
    tasks = "{t: {method: fedavg, produces: tuned, data: [letters], runs_on: aggregator, topology: central}}"

    found = control("{tuned: {weights_at: [aggregator]}}", tasks)

    assert found == {
        ("run", "tum"): [],
        ("keep", "a"): None,
        ("keep", "b"): None,
        ("inspect", "tum"): [],
    }


@pytest.mark.parametrize(
    ("method", "kept"), [("split_learning", ["tum"]), ("vertical_training", ["b", "tum"]), ("fedavg", [])]
)
def test_a_result_in_parts_works_only_with_those_of_others(method, kept):
    tasks = f"{{t: {{method: {method}, produces: tuned, data: [letters], runs_on: client, aggregator: aggregator}}}}"

    assert control("{tuned: {}}", tasks)["keep", "a"] == kept
    (keep,) = [
        entry for entry in matrix("{tuned: {}}", tasks) if (entry.capability, entry.participants[0]) == ("keep", "a")
    ]
    assert {hold.how for hold in keep.holds if hold.parties == ("b",)} <= {"part"}


@pytest.mark.parametrize(("many", "said"), [(20, 20), (21, 1)])
def test_many_who_have_a_part_each_are_told_of_together(many, said):
    names = [f"p{number:02}" for number in range(many)]
    others = {"client": f"{{kind: client, party: [{', '.join(names)}]}}"}
    tasks = DIVIDED.replace("METHOD", "vertical_training").replace("MORE", "top_model_at: aggregator")
    parties = dict.fromkeys(names, "{role: participant, jurisdiction: DE}")
    text = text_of("{tuned: {}}", tasks, nodes=others, parties=parties)
    entries = [one for one in matrix("{tuned: {}}", tasks, nodes=others, parties=parties) if one.capability == "keep"]
    parts = {hold.parties for one in entries for hold in one.holds if hold.how == "part"}
    assert len(parts) == said
    assert len(entries) == (many if said > 1 else 1)
    run = CliRunner().invoke(app, ["control", "-"], input=text)
    together = "any one of p00, p01 and 19 more can end it for the others: each holds a part"
    assert (together in " ".join(run.output.split())) is (said == 1)


def test_who_hosts_many_parts_is_named_still():
    names = [f"p{number:02}" for number in range(21)]
    clients = {"client": f"{{kind: client, party: [{', '.join(names)}], host: aws}}"}
    tasks = DIVIDED.replace("METHOD", "vertical_training").replace("MORE", "top_model_at: aggregator")
    parties = dict.fromkeys(names, "{role: participant, jurisdiction: DE}")
    found = control("{tuned: {}}", tasks, nodes=clients, parties=parties)
    assert found["keep", "p00"] == ["aws", "tum", EACH_OTHER]


def test_parts_that_are_declared_are_needed_too():
    tasks = "{t: {method: fedavg, produces: tuned, data: [letters], runs_on: client, topology: peer_to_peer}}"

    assert control("{tuned: {weights_at: [client, aggregator], copies: parts}}", tasks)["keep", "a"] == ["b", "tum"]


def test_whoever_gave_data_to_the_model_before_has_a_claim_too():
    tasks = (
        "{first: {method: fedavg, produces: base, data: [letters], runs_on: client},"
        " t: {method: lora, model: base, produces: tuned, data: [cases], runs_on: aggregator, topology: local}}"
    )
    text = text_of("{base: {}, tuned: {weights_at: aggregator}}", tasks).replace(
        "categories: [health]}}", "categories: [health]}, cases: {at: aggregator, owner: tum, categories: [health]}}"
    )
    (document,) = api.loads(text, "x.yaml", CATALOG)
    found = api.facts(document, CATALOG).continuity

    kept = {
        entry.participants: entry.attainable for entry in found if (entry.use, entry.capability) == ("tasks.t", "keep")
    }
    assert kept == {("a", "b"): False, ("tum",): True}


def test_a_participant_without_data_takes_no_part():
    nodes = {"client": "{kind: client, party: a}", "idle": "{kind: client, party: b}"}
    tasks = JUDGE.replace("runs_on: client", "runs_on: [client, idle]")

    assert control(f"{{judge: {BLACK}}}", tasks, nodes=nodes) == {("run", "a"): ["openai"], ("inspect", "a"): None}


def test_a_method_that_asks_no_model_runs_without_one():
    tasks = "{t: {method: gradient_boosting, model: base, produces: tuned, data: [letters], runs_on: client}}"

    assert control("{base: {weights: closed, provider: openai}, tuned: {}}", tasks)["run", "a"] == []


def test_whoever_hosts_a_node_can_end_what_runs_there():
    found = control(OPEN, LORA, nodes={"client": "{kind: client, party: [a, b], host: aws}"})

    assert {key[0]: value for key, value in found.items() if key[1] == "a"} == {
        "run": ["aws"],
        "join": ["aws", "tum"],
        "keep": ["aws"],
        "inspect": ["aws"],
    }


@pytest.mark.parametrize(
    ("node", "holders"),
    [
        ("{kind: aggregator, party: tum, operators: [a]}", ["tum"]),  # on machines of tum's
        ("{kind: aggregator, party: tum, host: aws, operators: [acme]}", ["aws"]),
        ("{kind: aggregator, party: tum, host: b, operators: [b]}", ["b"]),
        ("{kind: aggregator, party: a}", []),
    ],
)
def test_what_several_run_goes_on_as_long_as_one_of_them_does(node, holders):
    assert control(OPEN, LORA, nodes={"aggregator": node})["join", "a"] == holders


def test_the_provider_of_a_closed_model_controls_running_it():
    found = control(f"{{judge: {BLACK}}}")

    assert found == {("run", "a"): ["openai"], ("run", "b"): ["openai"], ("inspect", "a"): None, ("inspect", "b"): None}


def test_a_call_is_a_use_too():
    found = control(
        f"{{judge: {BLACK}}}", "{}", more="api_calls: {ask: {from: client@a, model: judge, sends: letters}}\n"
    )

    assert found == {("run", "a"): ["openai"], ("inspect", "a"): None}


@pytest.mark.parametrize(
    ("other", "holders"),
    [
        ("{weights: open, weights_at: [client]}", []),
        ("{weights: closed, provider: openai, account: participants}", ["openai"]),
        ("{weights: closed, provider: acme, account: participants}", []),
        ("{weights: open, weights_at: [aggregator]}", []),
        ("{weights: closed, provider: openai, account: participants, fallback: [third]}", []),
    ],
)
def test_only_a_real_fallback_takes_the_hold_away(other, holders):
    judge = BLACK.replace("}", ", fallback: [other]}")
    models = f"{{judge: {judge}, other: {other}, third: {{weights: open, weights_at: [client]}}}}"

    assert control(models)["run", "a"] == holders


@pytest.mark.parametrize(
    ("account", "holders", "missing"),
    [
        ("account: tum", ["openai", "tum"], set()),
        ("account: a", ["openai"], set()),
        ("account: participants", ["openai"], set()),
        ("account: openai", ["openai"], set()),
        ("terms: {retention_days: 0}", ["openai"], {("run", "models.judge.account")}),
    ],
)
def test_the_account_through_which_a_model_is_called_is_a_hold(account, holders, missing):
    models = f"{{judge: {{weights: closed, provider: openai, via: [openai], {account}}}}}"

    assert control(models)["run", "a"] == holders
    assert asked(models) == missing


def test_nobody_asks_for_the_account_of_the_only_member_or_of_one_that_calls_a_member():
    alone = {"a": "{role: participant}", "b": "{role: auditor}", "tum": "{role: host}"}
    models = "{judge: {weights: closed, provider: openai}}"

    assert asked(models) == {("run", "models.judge.account")}
    assert asked(models, JUDGE.replace("client", "client@a"), parties=alone) == set()
    assert asked("{judge: {weights: open, via: [tum]}}") == set()


def test_an_own_gateway_is_no_hold_of_others():
    assert control("{judge: {weights: open, via: [aggregator]}}")["run", "a"] == ["tum"]
    gateway = {"gateway": "{kind: relay, party: [a, b]}"}
    behind = f"{{judge: {BLACK.replace('}', ', via: [gateway, openai]}')}}}"
    assert control(behind, nodes=gateway)["run", "a"] == ["openai"]


def test_whoever_runs_what_nobody_is_said_to_run_has_a_hold_and_is_asked_for():
    (run, *_) = matrix("{judge: {weights: open}}")

    assert [(hold.parties, hold.how, hold.missing) for hold in run.holds] == [
        (("unknown",), "unstated", ("models.judge.via",))
    ]
    nodes = {"aggregator": "{kind: aggregator, party: unknown, host: unknown}"}
    assert ("join", "nodes.aggregator.party") in asked(OPEN, LORA, nodes=nodes)
    hosted = {"aggregator": "{kind: aggregator, party: tum, host: unknown}"}
    assert ("join", "nodes.aggregator.host") in asked(OPEN, LORA, nodes=hosted)


def test_a_model_in_parts_runs_only_with_all_parts():
    models = "{judge: {weights: open, weights_at: [client, aggregator], copies: parts}}"

    assert control(models)["run", "a"] == ["b", "tum"]


def test_peers_need_one_other_peer():
    peers = LORA.replace("runs_on: client}", "runs_on: client, topology: peer_to_peer}")

    assert control(OPEN, peers)["join", "a"] == [EACH_OTHER]


def test_of_three_peers_each_can_go():
    peers = LORA.replace("runs_on: client}", "runs_on: client, topology: peer_to_peer}")
    parties = {"c": "{role: participant, jurisdiction: DE}"}

    assert (
        control(OPEN, peers, nodes={"client": "{kind: client, party: [a, b, c]}"}, parties=parties)["join", "a"] == []
    )


def test_rounds_that_can_spare_one_end_with_nobody_but_the_aggregator():
    parties, nodes = {"c": "{role: participant, jurisdiction: DE}"}, {"client": "{kind: client, party: [a, b, c]}"}

    for least, holders in ((2, ["tum"]), (3, ["tum", EACH_OTHER])):
        tasks = LORA.replace("runs_on: client}", f"runs_on: client, min_clients: {least}}}")
        assert control(OPEN, tasks, nodes=nodes, parties=parties)["join", "a"] == holders


def test_rounds_that_can_spare_a_small_site_cannot_spare_a_large_one():
    nodes = {"client": "{kind: client, party: a}", "others": "{kind: client, party: b, count: 5}"}
    tasks = LORA.replace("runs_on: client}", "runs_on: [client, others], min_clients: 5}")
    found = control(OPEN, tasks, nodes=nodes, at="[client, others]")

    assert (found["join", "a"], found["join", "b"]) == (["tum", EACH_OTHER], ["tum"])


def test_a_cohort_of_peers_has_no_hold_on_itself():
    nodes = {"client": "{kind: client, party: a, count: 1000}"}
    found = matrix(OPEN, LORA.replace("runs_on: client}", "runs_on: client, topology: peer_to_peer}"), nodes=nodes)

    assert [(one.participants, one.holds) for one in found if one.capability == "join"] == [(("a",), ())]


def test_whoever_runs_the_aggregator_has_a_hold_on_the_others_only():
    nodes = {"aggregator": "{kind: aggregator, party: a}"}
    found = control(OPEN, LORA, nodes=nodes)

    assert (found["join", "a"], found["join", "b"]) == ([], ["a"])


def test_a_party_in_two_countries_is_removed_with_neither():
    models = f"{{judge: {BLACK.replace('}', ', fallback: [other]}')}, other: {BLACK.replace('openai', 'acme')}}}"
    parties = {"openai": "{role: provider, jurisdiction: [US, CN]}", "acme": "{role: provider, jurisdiction: US}"}

    (run, *_) = matrix(models, parties=parties)

    assert [hold.parties for hold in run.holds] == []


@pytest.mark.parametrize(
    ("more", "holders"),
    [
        ("min_clients: 2", ["tum", EACH_OTHER]),
        ("clients_per_round: 2", ["tum"]),
        ("safeguards: [{kind: secure_aggregation, min_clients: 2}]", ["tum", EACH_OTHER]),
    ],
)
def test_rounds_that_wait_for_everybody_end_with_anybody(more, holders):
    found = matrix(OPEN, LORA.replace("runs_on: client}", f"runs_on: client, {more}}}"))

    (joined,) = [entry for entry in found if entry.capability == "join"]
    assert list(joined.holders) == holders
    assert [joined.ends_without(party) for party in ("a", "tum", "aws")] == [EACH_OTHER in holders, True, False]


def test_a_cohort_is_one_participant_and_needs_no_other():
    nodes = {"client": "{kind: client, party: a, count: 100}"}
    found = control(OPEN, LORA.replace("runs_on: client}", "runs_on: client, min_clients: 100}"), nodes=nodes)

    assert set(found) == {(name, "a") for name in ("run", "join", "keep", "inspect")}
    assert found["join", "a"] == ["tum"]


LLAMA = "{base: {ref: meta-llama/Llama-3.1-8B-Instruct, weights_at: [client, aggregator]}, tuned: {}}"


@pytest.mark.parametrize(
    ("method", "memory", "held"),
    [
        ("lora", 24, True),
        ("lora", 12, False),
        ("qlora", 12, True),
        ("inference", 3, False),
        ("split_learning", 3, True),
    ],
)
def test_a_participant_whose_memory_cannot_hold_the_model_is_left_out(method, memory, held):
    nodes = {"client": f"{{kind: client, party: [a, b], hardware: {{gpu_memory_gib: {memory}}}}}"}
    found = matrix(LLAMA, LORA.replace("lora", method), nodes=nodes)

    (run,) = [entry for entry in found if entry.capability == "run"]
    assert run.attainable == held
    assert [(gap.kind, gap.cause, gap.element) for gap in run.gaps] == (
        [] if held else [("memory", "models.base", "nodes.client")]
    )


def test_memory_that_nobody_states_is_asked_for_and_leaves_holds_as_they_are():
    assert asked(LLAMA, LORA) == {(name, "nodes.client.hardware.gpu_memory_gib") for name in ("run", "join")}
    spare = f"{{judge: {BLACK.replace('}', ', fallback: [base]}')}, {LLAMA[1:]}"
    assert control(spare)["run", "a"] == []


def clients_of_their_own(number, at):
    """Clients that each write a party, nodes and a dataset of their own, which rests `at` one of these."""
    names = [f"c{one:02}" for one in range(number)]
    return (
        "fedpolicy: 1\nname: x\nparties:\n  hub: {role: coordinator, jurisdiction: DE}\n"
        + "".join(f"  {name}: {{role: participant, jurisdiction: DE}}\n" for name in names)
        + "nodes:\n  top: {kind: aggregator, party: hub}\n"
        + "".join(f"  {name}-node: {{kind: client, party: {name}}}\n" for name in names)
        + "".join(f"  {name}-{at}: {{kind: store, party: {name}}}\n" for name in names if at != "node")
        + "datasets:\n"
        + "".join(f"  {name}-notes: {{at: {name}-{at}, owner: {name}, categories: [health]}}\n" for name in names)
        + "models: {base: {ref: meta-llama/Llama-3.1-8B-Instruct, revision: 0e9e39f, weights_at: [top]}}\n"
        + "tasks:\n  t:\n    {method: lora, model: base, aggregator: top,"
        + f" data: [{', '.join(f'{name}-notes' for name in names)}],"
        + f" runs_on: [{', '.join(f'{name}-node' for name in names)}]}}\n"
    )


@pytest.fixture
def judged(monkeypatch):
    """What is asked of how somebody stands, each time."""
    return calls_of(monkeypatch, matrices, "standing")


@pytest.mark.parametrize("at", ["node", "store"])
def test_participants_of_one_kind_are_judged_once_and_each_by_its_own_name(at, judged):
    numbers = []
    for number in (3, 12):
        judged.clear()
        (document,) = api.loads(clients_of_their_own(number, at), "x.yaml", CATALOG)
        found = api.facts(document, CATALOG).continuity
        numbers.append(len(judged))
        asked = {
            (entry.capability, *entry.participants): [fact for gap in entry.doubts for fact in gap.missing]
            for entry in found
            if entry.capability != "inspect"
        }
        assert asked == {
            (capability, f"c{one:02}"): [f"nodes.c{one:02}-node.hardware.gpu_memory_gib"]
            for capability in ("run", "join")
            for one in range(number)
        }
    assert numbers[0] == numbers[1] <= 3


@pytest.mark.parametrize("exchange", ["topology: unknown", "aggregator: top, min_clients: 22", "topology: vertical"])
def test_many_on_machines_of_others_are_judged_once_but_for_those_that_stand_for_all(exchange, judged, monkeypatch):
    numbers = []
    for number in (22, 40):
        text = clients_of_their_own(number, "node").replace("-node: {kind: client,", "-node: {host: aws, kind: client,")
        text = text.replace("parties:\n", "parties:\n  aws: {role: host}\n").replace("aggregator: top", exchange)
        lookup = Lookup(graph_of(text))
        judged.clear()
        found = matrices.continuity_of(lookup, CATALOG, Bounds())
        numbers.append(len(judged))
        with monkeypatch.context() as alone:
            alone.setattr(matrices.Likeness, "kind", lambda *_: None)
            assert matrices.continuity_of(lookup, CATALOG, Bounds()) == found
    assert numbers[0] == numbers[1]


TWO = """fedpolicy: 1
name: x
parties: {a: {role: participant}, b: {role: participant}, acme: {role: processor}, tum: {role: coordinator}}
nodes:
  left: {kind: client, party: a}
  right: {kind: client, party: b%s}
  hub: {kind: aggregator, party: tum}
  vault: {kind: store, party: acme}
datasets:
  one: {at: left, categories: health}
  two: {at: right, categories: health}
  lent: {at: vault, owner: a, categories: health}
  moved: {at: vault, owner: b, categories: health}
models:
  base: {weights: open, licence: MIT, weights_at: [left, right]}
  out: {licence: MIT, weights_at: [left, right, hub]}
tasks:
  t: %s
"""


def test_who_operates_a_place_beside_its_party_makes_another_kind_of_it():
    sealed = "safeguards: [{kind: homomorphic_encryption, sealed_for: acme}]"
    task = f"{{method: fedavg, produces: out, data: [one, two], runs_on: [left, right], {sealed}}}"

    assert holders_in(TWO % (", operators: acme", task), "keep") == {("a",): ["acme"], ("b",): []}


def test_data_of_its_own_beside_those_in_a_store_make_another_kind_of_a_place():
    task = "{method: lora, model: base, data: [one, lent, moved], runs_on: [left, right], topology: local}"

    assert holders_in(TWO % ("", task), "run") == {("a",): [], ("b",): ["acme"]}


OWN_STORES = """fedpolicy: 1
name: x
parties: {a: {role: participant}, b: {role: participant}, acme: {role: processor}, aws: {role: host}}
nodes:
  client: {kind: client, party: [a, b]}
  safe: {kind: client, party: a%s}
  cloud: {kind: client, party: b%s}
  vault: {kind: client, party: a, host: acme}
datasets: {letters: {at: [safe, cloud, vault], categories: health}}
models: {out: {licence: MIT, weights_at: [safe, cloud]}}
tasks: {t: {method: fedavg, produces: out, data: letters, runs_on: client, topology: local}}
"""


def test_data_in_a_store_of_ones_own_on_the_same_machines_make_another_kind_of_it():
    text = (OWN_STORES % ("", ", host: aws")).replace("produces: out, ", "").replace(", weights_at: [safe, cloud]", "")
    text = text.replace("{kind: client, party: [a, b]}", "{kind: client, party: [a, b], host: aws}")
    text = text.replace("at: [safe, cloud, vault]", "at: [client@a, cloud]")

    assert [one.through for one in holds_of(text, "run", "a")] == [("nodes.client",)]
    assert [one.through for one in holds_of(text, "run", "b")] == [("nodes.client",), ("nodes.cloud",)]


def holds_of(text, capability, party):
    (document,) = api.loads(text, "x.yaml", CATALOG)
    found = api.facts(document, CATALOG).continuity
    return [hold for one in found if one.capability == capability and party in one.participants for hold in one.holds]


@pytest.mark.parametrize(
    ("safe", "cloud", "keep", "run"),
    [
        ("", ", host: aws", {"a": [], "b": ["aws"]}, {"a": [], "b": ["aws"]}),
        (", host: aws", ", host: aws", {"a": ["aws"], "b": ["aws"]}, {"a": [], "b": ["aws"]}),
        (", host: aws", ", host: acme", {"a": ["aws"], "b": ["acme"]}, {"a": [], "b": ["acme"]}),
    ],
)
def test_whoever_hosts_another_place_of_ones_own_makes_another_kind_of_it(safe, cloud, keep, run):
    text = OWN_STORES % (safe, cloud)

    for capability, expected in (("keep", keep), ("run", run)):
        found = holders_in(text, capability)
        assert {party: holders for parties, holders in found.items() for party in parties} == expected


def holders_in(text, capability):
    (document,) = api.loads(text, "x.yaml", CATALOG)
    found = api.facts(document, CATALOG).continuity
    return {entry.participants: list(entry.holders) for entry in found if entry.capability == capability}


@pytest.mark.parametrize(
    ("weights", "kept", "missing"),
    [
        ("weights: open, ", [], set()),
        ("weights: closed, ", ["acme"], set()),
        ("", [], {("keep", "models.judge.weights"), ("inspect", "models.judge.weights")}),
    ],
)
def test_where_nobody_says_whether_weights_can_be_had_it_is_not_known(weights, kept, missing):
    models = f"{{judge: {{{weights}via: [acme], account: participants}}, tuned: {{weights_at: client}}}}"
    tasks = LORA.replace("lora", "textual_gradient").replace("base", "judge")

    assert control(models, tasks)["keep", "a"] == kept
    assert asked(models, tasks) == missing


REVOCABLE = "{base: {weights: open, licence: LicenseRef-opt-175b, weights_at: [client]}, tuned: {}}"


@pytest.mark.parametrize(
    ("models", "licensor"),
    [
        (REVOCABLE, "unknown"),
        (REVOCABLE.replace("weights: open", "weights: open, provider: acme"), "acme"),
        ("{base: {ref: facebook/opt-66b, weights_at: [client]}, tuned: {}}", "meta"),
    ],
)
def test_a_licence_that_may_be_ended_is_a_hold_on_what_is_made_under_it(models, licensor):
    found = control(models, LORA)

    assert [found[name, "a"] for name in ("run", "keep", "inspect")] == [[licensor], [licensor], []]


@pytest.mark.parametrize(
    ("jurisdiction", "attainable", "missing"),
    [
        ("NL", False, set()),
        ("CH", True, set()),
        ("[NL, CH]", True, set()),
        ("", True, {("run", "parties.a.jurisdiction")}),
    ],
)
def test_a_licence_that_leaves_out_a_country_gives_no_rights_there(jurisdiction, attainable, missing):
    models = "{judge: {weights: open, licence: LicenseRef-tencent-hunyuan-3d, weights_at: [client]}}"
    where = f", jurisdiction: {jurisdiction}" if jurisdiction else ""
    parties = {"a": f"{{role: participant{where}}}", "b": "{role: participant, jurisdiction: CH}"}

    assert (control(models, parties=parties)["run", "a"] is not None) == attainable
    assert asked(models, parties=parties) == missing


def test_a_doubt_about_the_use_is_no_hold_of_those_who_can_stand_in_for_one_another():
    models = "{judge: {weights: open, licence: LicenseRef-tencent-hunyuan-3d, weights_at: [one, two]}}"
    nodes = {"one": "{kind: service, party: a, host: aws}", "two": "{kind: service, party: a, host: acme}"}
    parties = {"a": "{role: participant}", "acme": "{role: provider, jurisdiction: CH}"}
    run = next(one for one in matrix(models, nodes=nodes, parties=parties) if one.capability == "run")

    assert [gap.missing for gap in run.doubts] == [("parties.a.jurisdiction",)]
    assert run.holds == ()


@pytest.mark.parametrize(
    ("where", "together"),
    [
        ("US", [("US", ("acme", "openai"), ())]),
        ("DE", []),  # where the participants are
        ("FR", []),  # no border lies between
        ("CH", []),  # another country
        ("[US, DE]", []),
        ("", [("US", ("acme", "openai"), ("parties.acme.jurisdiction",))]),
    ],
)
def test_all_parties_of_one_foreign_country_are_removed_together(where, together):
    models = f"{{judge: {BLACK.replace('}', ', fallback: [other]}')}, other: {BLACK.replace('openai', 'acme')}}}"
    parties = {"acme": f"{{role: provider{', jurisdiction: ' + where if where else ''}}}"}

    (run, *_) = matrix(models, parties=parties)

    assert [(hold.jurisdiction, hold.parties, hold.missing) for hold in run.holds] == together
    assert run.holders == ()
    assert [run.ends_without(party) for party in ("acme", "openai")] == [False, False]


def test_two_parties_that_nobody_places_may_be_in_one_country():
    models = f"{{judge: {BLACK.replace('}', ', fallback: [other]}')}, other: {BLACK.replace('openai', 'acme')}}}"
    parties = dict.fromkeys(("openai", "acme"), "{role: provider, is: none}")

    (run, *_) = matrix(models, parties=parties)

    (hold,) = run.holds
    assert (hold.jurisdiction, hold.missing) == ("", ("parties.acme.jurisdiction", "parties.openai.jurisdiction"))
    assert not run.ends_without("acme")


def test_two_doubts_that_are_none_alone_are_one_together():
    nodes = {"client": "{kind: client, party: a}", "other": "{kind: client, party: a}"}
    tasks = LORA.replace("runs_on: client", "runs_on: [client, other], topology: local")

    at = "[client, other]"
    (run, *_) = matrix(LLAMA, tasks, nodes=nodes, at=at)

    assert [gap.element for gap in run.doubts] == ["nodes.client", "nodes.other"]
    nodes["other"] = "{kind: client, party: a, hardware: {gpu_memory_gib: 80}}"
    assert matrix(LLAMA, tasks, nodes=nodes, at=at)[0].doubts == ()


def atoms(names):
    return [Atom(name, "operates", frozenset({name}), name) for name in names]


def test_conditions_of_nothing():
    assert [holds(all_of([])), holds(any_of([]))] == [True, False]
    assert [holds(any_of([all_of([]), *atoms("x")]), Loss(parties=frozenset("x")))] == [True]


leaf = st.sampled_from(
    [*atoms("xyz"), Gap("weights", "m"), Gap("weights", "n", ("fact",)), at_least({"x": 1, "y": 2}, 1, "t")]
)
formulas = st.recursive(
    leaf,
    lambda parts: st.lists(parts, max_size=3).flatmap(lambda some: st.sampled_from([all_of(some), any_of(some)])),
    max_leaves=8,
)


@settings(max_examples=examples(few=20))
@given(formulas, st.frozensets(st.sampled_from("xyz")), st.sampled_from("xyz"))
def test_conditions_are_monotone(formula, gone, more):
    """Who loses more keeps no more; neither does who doubts more."""
    before, after = Loss(parties=gone), Loss(parties=gone | {more})
    doubted = Loss(parties=gone, doubted=frozenset({Gap("weights", "n", ("fact",))}))

    assert holds(formula, after) <= holds(formula, before)
    assert holds(formula, doubted) <= holds(formula, before)


@settings(max_examples=examples(few=20))
@given(formulas, st.booleans())
def test_one_look_tells_of_each_party_what_is_left_without_it(formula, asked):
    doubted = frozenset({Gap("weights", "n", ("fact",))} if asked else ())
    found = ends(formula, doubted)

    assert (found is None) is not holds(formula, Loss(doubted=doubted))
    if found is not None:
        left = {one for one in "xyz" if holds(formula, Loss(parties=frozenset({one}), doubted=doubted))}
        assert found == {*"xyz"} - left


def parts_of_many(number):
    """Clients that each hold a part of one model, beside a part that a processor has."""
    names = [f"c{one:02}" for one in range(number)]
    return (
        "fedpolicy: 1\nname: x\nparties:\n  gpu: {role: processor}\n"
        + "".join(f"  {name}: {{role: participant}}\n" for name in names)
        + f"nodes:\n  client: {{kind: client, party: [{', '.join(names)}]}}\n  cluster: {{party: gpu}}\n"
        + "datasets: {notes: {at: client, categories: [health]}}\n"
        + "models: {net: {copies: parts, weights_at: [client, cluster]}}\n"
        + "tasks: {t: {method: split_learning, model: net, data: notes, runs_on: client, top_model_at: cluster}}\n"
    )


def test_a_condition_is_not_asked_anew_for_each_party_that_it_names(monkeypatch):
    calls = calls_of(monkeypatch, removal, "holds")
    counts = []
    for number in (5, 10):
        calls.clear()
        (document,) = api.loads(parts_of_many(number), "x.yaml", CATALOG)
        found = api.facts(document, CATALOG).continuity
        runs = {one.participants: one.holders for one in found if one.capability == "run"}
        others = tuple(f"c{one:02}" for one in range(1, number))
        assert runs["c00",] == (*others, "gpu")
        counts.append(len(calls))

    assert counts[1] <= 2 * counts[0]


def run(*arguments):
    return CliRunner().invoke(app, ["control", *arguments])


def test_the_running_example_says_what_it_must():
    rows = json.loads(run("examples/clinical-notes/deployment.yaml", "--format", "json").stdout)["continuity"]
    said = {
        (row["use"], row["capability"]): [hold["parties"] for hold in row["holds"] if not hold["missing"]]
        for row in rows
    }

    assert said["tasks.score", "run"] == [["openai"]]
    assert said["tasks.adapt", "keep"] == []
    assert said["tasks.adapt", "join"] == [["hetzner"], ["tum"], ["aphp", "charite", "lumc"]]


def test_the_matrix_reads_well():
    assert run("examples/clinical-notes/deployment.yaml").stdout.splitlines() == [
        "clinical-notes: who can take what away from whom",
        "",
        "tasks.adapt: aphp, charite and lumc",
        "  run      nobody else can end it",
        "  join     hetzner (DE) can end it: hosts aggregator",
        "           tum (DE) can end it: runs aggregator (as coordinators do)",
        "           any one of aphp, charite and lumc can end it for the others: the rounds wait for all of",
        "             them",
        "  keep     nobody else can end it",
        "  inspect  nobody else can end it",
        "  not stated: the memory of client, of which base takes at least 14.9 GiB",
        "    (nodes.client.hardware.gpu_memory_gib); it decides run and join",
        "",
        "tasks.score: aphp, charite and lumc",
        "  run      openai (US) can end it: runs judge",
        "  inspect  never: the weights of judge are closed",
        "  not stated: whose account it is that opens judge (models.judge.account); it decides run",
        "",
        "api_calls.translate: aphp, charite and lumc",
        "  run      openai (US) can end it: runs judge",
        "  inspect  never: the weights of judge are closed",
        "  not stated: whose account it is that opens judge (models.judge.account); it decides run",
        "",
        "run: compute with the models; join: take part in the rounds; keep: leave with a working copy of the",
        "result; inspect: look into the weights",
    ]


@pytest.mark.parametrize(
    ("models", "more", "line"),
    [
        (
            LLAMA,
            {"nodes": {"client": "{kind: client, party: [a, b], hardware: {gpu_memory_gib: 8}}"}},
            "  run      never: client has 8 GiB, and base takes at least 14.9 GiB",
        ),
        (
            OPEN.replace("tuned: {}", "tuned: {weights_at: aggregator}"),
            {},
            "  keep     never: they hold no copy of tuned",
        ),
        (REVOCABLE, {}, "  run      its licensor can end it: may end the licence of base at will"),
        (
            REVOCABLE.replace("weights: open", "weights: open, provider: acme"),
            {},
            "  run      acme (US) can end it: may end the licence of base at will",
        ),
        (
            "{base: {weights: open, licence: LicenseRef-tencent-hunyuan-3d, weights_at: client}, tuned: {}}",
            {},
            "  run      never: the licence of base grants no rights where they are",
        ),
        (
            "{base: {weights: open, licence: LicenseRef-tencent-hunyuan-3d, weights_at: client}, tuned: {}}",
            {"parties": {"a": "{role: participant}", "b": "{role: participant}"}},
            "  run      not known",
        ),
        (
            "{base: {weights: open}, tuned: {weights_at: client}}",
            {},
            "  run      the party that runs base can end it, and the file does not name that party",
        ),
    ],
)
def test_every_reason_has_words(models, more, line, tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(text_of(models, LORA, **more), encoding="utf-8")

    assert line in run(str(path)).stdout.splitlines()


@pytest.mark.parametrize(
    ("models", "tasks", "more", "line"),
    [
        (
            "{tuned: {}}",
            DIVIDED.replace("METHOD", "fedavg").replace("MORE", "topology: unknown"),
            {"nodes": {"client": "{kind: client, party: a}"}},
            "who exchanges with whom in t (tasks.t.topology)",
        ),
        (
            "{tuned: {}}",
            DIVIDED.replace("METHOD", "fedavg").replace("MORE", "topology: unknown"),
            {"nodes": {"aggregator": "{kind: aggregator, party: tum, operators: [a, b], host: a}"}},
            "whether rounds of t go on without any of a and b (tasks.t.topology)",
        ),
        (
            "{tuned: {}}",
            DIVIDED.replace("METHOD", "fedavg").replace("MORE", "topology: local"),
            {"nodes": {"client": "{kind: client, party: a, tee: {kind: sev-snp, attested: true}}"}},
            "whether client keeps them out (nodes.client.tee.hides_from)",
        ),
    ],
)
def test_every_question_has_words(models, tasks, more, line, tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(text_of(models, tasks, **more), encoding="utf-8")

    assert line in run(str(path)).output.replace("\n", " ").replace("    ", " ")


@pytest.mark.parametrize(
    ("acme", "words"),
    [
        (", jurisdiction: US", "acme (US) and openai (US) can end it together: nobody outside US is left"),
        ("", "not stated: whether acme and openai are all in US (parties.acme.jurisdiction); it decides run"),
    ],
)
def test_a_foreign_country_has_words(acme, words, tmp_path):
    models = f"{{judge: {BLACK.replace('}', ', fallback: [other]}')}, other: {BLACK.replace('openai', 'acme')}}}"
    path = tmp_path / "x.yaml"
    path.write_text(text_of(models, JUDGE, parties={"acme": f"{{role: provider{acme}}}"}), encoding="utf-8")

    assert words in " ".join(run(str(path)).stdout.split())


def test_what_is_not_stated_is_asked_once(tmp_path):
    path = tmp_path / "x.yaml"
    models = "{base: {via: [acme], account: participants}, lost: {weights: open}, tuned: {weights_at: client}}"
    tasks = (
        "{t: {method: textual_gradient, model: base, produces: tuned, data: [letters], runs_on: client},"
        " u: {method: inference, model: lost, data: [letters], runs_on: client}}"
    )
    path.write_text(text_of(models, tasks), encoding="utf-8")

    lines = [line for line in run(str(path)).stdout.splitlines() if "not stated" in line or "it decides" in line]
    assert lines == [
        "  not stated: whether base can be had without acme (US) (models.base.weights); it decides keep and",
        "  not stated: who runs lost (models.lost.via); it decides run",
    ]


def test_machines_of_which_nobody_states_the_memory_are_one_question(tmp_path):
    nodes = {"client": "{kind: client, party: [a]}", "other": "{kind: client, party: b}"}
    path = tmp_path / "x.yaml"
    path.write_text(text_of(LLAMA, LORA.replace("runs_on: client", "runs_on: [client, other]"), nodes=nodes).replace(
        "letters: {at: client", "letters: {at: [client, other]"), encoding="utf-8")  # fmt: skip
    text = " ".join(run(str(path)).stdout.split())

    assert "tasks.t: a and b run nobody else can end it" in text
    assert "not stated: the memory of client and other, of which base takes at least 14.9 GiB (nodes.client" in text


def test_rounds_that_wait_for_more_clients_than_there_are(tmp_path):
    nodes = {"client": "{kind: client, party: a}"}
    path = tmp_path / "x.yaml"
    tasks = LORA.replace("runs_on: client", "runs_on: client, topology: peer_to_peer")
    path.write_text(text_of(OPEN, tasks, nodes=nodes), encoding="utf-8")

    assert "  join     never: its rounds wait for more clients than there are" in run(str(path)).stdout.splitlines()


def test_participants_that_can_do_different_things_are_told_apart(tmp_path):
    nodes = {
        "tiny": "{kind: client, party: b, hardware: {gpu_memory_gib: 4}}",
        "client": "{kind: client, party: [a], hardware: {gpu_memory_gib: 80}}",
    }
    path = tmp_path / "x.yaml"
    path.write_text(
        text_of(LLAMA, LORA.replace("runs_on: client", "runs_on: [client, tiny]"), nodes=nodes, at="[client, tiny]"),
        encoding="utf-8",
    )

    heads = [line for line in run(str(path)).stdout.splitlines() if line.startswith("tasks.")]
    assert heads == ["tasks.t: a", "tasks.t: b"]


def test_a_deployment_in_which_nothing_runs(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(text_of("{}", "{}"), encoding="utf-8")

    assert run(str(path)).stdout.splitlines()[-1] == "no task runs on anybody's node, and nobody calls a model"


def test_an_account_is_no_node_and_no_stranger():
    with pytest.raises(Problems):
        matrix("{judge: {weights: closed, account: client}}")


AVERAGE = (
    "{t: {method: fedavg, produces: out, data: [letters], runs_on: client, aggregator: aggregator, safeguards: [%s]}}"
)
RESULT = "{out: {licence: MIT, weights_at: [client, aggregator]}}"


@pytest.mark.parametrize(
    ("safeguard", "keep"),
    [
        ("{kind: homomorphic_encryption, sealed_for: [client]}", []),
        ("{kind: homomorphic_encryption, sealed_for: [acme]}", ["acme"]),
        ("{kind: homomorphic_encryption, sealed_for: [acme, aws]}", []),
        ("{kind: end_to_end_encryption, sealed_for: [aggregator]}", []),
        ("{kind: secret_sharing, threshold: 2, of: [acme, aws]}", ["acme", "aws"]),
    ],
    ids=["clients read", "one reader", "one of two readers", "the aggregator reads", "two readers together"],
)
def test_a_copy_that_its_holder_cannot_open_is_in_the_hands_of_the_readers(safeguard, keep):
    found = control(RESULT, AVERAGE % safeguard)

    assert found["keep", "a"] == found["inspect", "a"] == keep
    assert found["join", "a"] == sorted({*keep, "tum"})


@pytest.mark.parametrize(
    ("tee", "expected"),
    [
        ("{kind: sgx, attested: true, verified_by: [a, b]}", None),
        ("{kind: sgx, attested: true, verified_by: [a, b], hides_from: [host]}", []),
        ("{kind: sgx, attested: false}", []),
    ],
    ids=["kept out", "let in", "not attested"],
)
def test_a_copy_in_an_enclave_that_keeps_its_party_out_is_no_copy(tee, expected):
    nodes = {"client": f"{{kind: client, party: [a, b], tee: {tee}}}"}

    found = control("{out: {licence: MIT, weights_at: [client]}}", AVERAGE % "", nodes=nodes)

    assert found["keep", "a"] == found["inspect", "a"] == expected
    assert found["join", "a"] == ["tum"]


def test_whether_an_enclave_keeps_its_party_out_decides_whether_it_has_a_copy():
    nodes = {"client": "{kind: client, party: [a, b], tee: {kind: tdx, attested: true, verified_by: [a, b]}}"}

    found = asked("{out: {licence: MIT, weights_at: [client]}}", AVERAGE % "", nodes=nodes)

    assert {("keep", "nodes.client.tee.hides_from"), ("inspect", "nodes.client.tee.hides_from")} <= found


VAULT = {
    "client": "{kind: client, party: [a, b]}",
    "vault": "{kind: store, party: [a, b], host: aws}",
}
OWN = "{base: {weights: open, licence: Apache-2.0, weights_at: [client]}}"
ALONE = "{t: {method: lora, model: base, data: [letters], runs_on: client, topology: local}}"


def test_whoever_hosts_the_store_of_the_data_can_end_the_use():
    found = control(OWN, ALONE, nodes=VAULT, at="vault, owner: a")
    assert found["run", "a"] == found["run", "b"] == ["aws"]


def test_data_on_the_spot_need_no_store():
    assert control(OWN, ALONE, nodes=VAULT)["run", "a"] == []


def test_one_store_of_several_is_enough():
    nodes = {**VAULT, "own": "{kind: store, party: a}"}
    assert control(OWN, ALONE, nodes=nodes, at="[vault, own], owner: a")["run", "a"] == []


@pytest.mark.parametrize(
    ("nodes", "task", "expected"),
    [
        ("code_from: acme", "", {("acme", "nodes.client")}),
        ("code_from: own", "", set()),
        ("code_from: public", "code_from: acme,", {("acme", "tasks.t")}),
        ("code_from: a", "code_from: own,", {("a", "nodes.client")}),
    ],
    ids=["a vendor's", "each its own", "what the task ships", "another member's"],
)
def test_whose_code_runs_is_named(nodes, task, expected):
    places = {"client": f"{{kind: client, party: [a, b], {nodes}}}"}

    rows = matrix(OWN, ALONE.replace("{method", "{" + task + " method"), nodes=places)

    assert {one for entry in rows for one in entry.software if "b" in entry.participants} == expected
    assert {one for entry in rows for one in entry.software if "a" in entry.participants} == expected - {
        ("a", "nodes.client")
    }


SEALED = "safeguards: [{kind: homomorphic_encryption, sealed_for: KEY}]"
RELAYED = {"relay": "{kind: relay, party: acme}", "store": "{kind: store, party: aws}"}
FAMILY = {"aggregator": "{kind: aggregator, party: [a, b]}", **RELAYED}
CLOSED = "{weights: closed, via: [openai], account: participants}"
FOUND = [  # what an independent model of control has found: models, tasks, what else there is, and who holds what
    (
        "data that a written flow brings are still whose they were",
        "{judge: {weights: open, weights_at: aggregator}}",
        "{}",
        {
            "more": "flows: {f: {from: client@a, to: aggregator, payload: records, data: [letters]}}\n"
            "api_calls: {ask: {from: aggregator, model: judge, sends: [letters@a]}}\n"
        },
        {("run", "tum"): ["a"]},
    ),
    (
        "who has no data takes no part, and may be in a round that waits for so many",
        OPEN,
        LORA.replace("runs_on: client", "runs_on: client, min_clients: 2"),
        {"at": "client@a"},
        {("join", "a"): ["tum", EACH_OTHER], ("join", "b"): "none"},
    ),
    (
        "a round waits for clients on machines of others",
        OPEN,
        LORA.replace("runs_on: client", "runs_on: [client, far], min_clients: 2"),
        {
            "nodes": {"client": "{kind: client, party: a}", "far": "{kind: client, party: b, host: aws}"},
            "at": "[client, far]",
        },
        {("join", "a"): ["aws", "tum", EACH_OTHER]},
    ),
    (
        "nobody knows whether there is an aggregator",
        OPEN,
        LORA.replace("runs_on: client", "runs_on: client, topology: unknown"),
        {},
        {("join", "a"): [], ("keep", "a"): []},
    ),
    (
        "whoever operates a node beside its party has the copy on it",
        OPEN,
        LORA,
        {
            "nodes": {
                "client": "{kind: client, party: [a, b], host: aws}",
                "aggregator": "{kind: aggregator, party: tum, operators: a}",
            }
        },
        {("keep", "a"): [], ("keep", "b"): ["aws"]},
    ),
    (
        "what everybody can get is whole",
        "{tuned: {weights_at: [client, aggregator], copies: parts, published: true}}",
        LORA.replace("lora, model: base", "fedavg"),
        {},
        {("keep", "a"): []},
    ),
    (
        "neither an arbiter nor a relay has a part of the model",
        "{tuned: {}}",
        DIVIDED.replace("METHOD", "split_learning").replace(
            "MORE", "top_model_at: store, aggregator: aggregator, via: relay"
        ),
        {"nodes": RELAYED},
        {("keep", "a"): ["aws"], ("join", "a"): ["acme", "aws", "tum"]},
    ),
    (
        "the top of boosted trees over columns held apart is a part, and so are the columns of others",
        "{tuned: {}}",
        DIVIDED.replace("METHOD", "gradient_boosting").replace("MORE", "topology: vertical, top_model_at: store"),
        {"nodes": RELAYED},
        {("keep", "a"): ["aws", "b"]},
    ),
    (
        "rounds need whoever holds the labels",
        "{tuned: {}}",
        DIVIDED.replace("METHOD", "split_learning").replace("MORE", "top_model_at: aggregator, labels_at: store"),
        {"nodes": RELAYED},
        {("join", "a"): ["aws", "tum"], ("keep", "a"): ["tum"]},
    ),
    (
        "parts of a split are averaged at each one's own aggregator, by way of one relay",
        "{tuned: {}}",
        DIVIDED.replace("METHOD", "split_learning").replace(
            "MORE", "top_model_at: store, aggregator: aggregator, via: relay"
        ),
        {"nodes": FAMILY},
        {("join", "a"): ["acme", "aws"], ("join", "b"): ["acme", "aws"]},
    ),
    (
        "each sends to the aggregator of its own party, by way of one relay",
        "{tuned: {}}",
        DIVIDED.replace("METHOD", "fedavg").replace("MORE", "via: relay"),
        {"nodes": FAMILY},
        {("join", "a"): ["acme"], ("join", "b"): ["acme"]},
    ),
    (
        "a hop that can open what is sealed passes it on open",
        "{tuned: {}}",
        DIVIDED.replace("METHOD", "fedavg").replace("MORE", f"hops: [store], {SEALED.replace('KEY', 'store')}"),
        {"nodes": RELAYED},
        {("keep", "a"): [], ("join", "a"): ["aws", "tum"]},
    ),
    (
        "a model that another task makes open is open",
        "{tuned: {}}",
        DIVIDED.replace("METHOD", "fedavg").replace("MORE", "aggregator: aggregator")[:-1]
        + ", u: {method: fedavg, produces: tuned, data: [letters], runs_on: client, "
        + SEALED.replace("KEY", "acme")
        + "}}",
        {},
        {("keep", "a"): []},
    ),
    (
        "a small model that shifts a large one needs it",
        f"{{base: {CLOSED}, tuned: {{}}}}",
        LORA.replace("lora", "proxy_tuning"),
        {},
        {("keep", "a"): ["openai"]},
    ),
    (
        "weights of a model that stands in can be had, too",
        f"{{base: {CLOSED.replace('}', ', fallback: [far]}')}, far: {{weights: open, via: [openai]}}, tuned: {{}}}}",
        LORA.replace("lora", "black_box_prompt_tuning"),
        {},
        {("keep", "a"): []},
    ),
    (
        "whoever developed a model gave its licence, not whoever runs it",
        "{judge: {ref: facebook/opt-66b, provider: acme, weights_at: client}}",
        JUDGE,
        {},
        {("run", "a"): ["meta"]},
    ),
    (
        "an account that is stated counts where a member runs the model, too",
        "{judge: {weights: open, via: [tum], account: acme}}",
        JUDGE,
        {},
        {("run", "a"): ["acme", "tum"]},
    ),
    (
        "a flow of weights to whoever calls says what `weights_at` does",
        "{judge: {weights: open, weights_at: aggregator}}",
        JUDGE,
        {"more": "flows: {f: {from: aggregator, to: client, payload: model_weights, data: [judge]}}\n"},
        {("run", "a"): []},
    ),
    (
        "numbers about a model are not its weights, and neither is what cannot be opened",
        "{judge: {weights: open, weights_at: aggregator}}",
        JUDGE,
        {
            "more": "flows: {f: {from: aggregator, to: client@a, payload: sums, data: [judge]},"
            " g: {from: aggregator, to: client@b, payload: model_weights, data: [judge], sealed_for: [aggregator]}}\n"
        },
        {("run", "a"): ["tum"], ("run", "b"): ["tum"]},
    ),
    (
        "a base in parts is brought from all who have one",
        "{base: {weights: open, weights_at: [aggregator, store], copies: parts}, tuned: {}}",
        LORA,
        {"nodes": RELAYED},
        {("run", "a"): ["aws", "tum"]},
    ),
    (
        "a part takes no memory for the whole",
        "{base: {ref: meta-llama/Llama-3.1-8B-Instruct, weights_at: [client], copies: parts}, tuned: {}}",
        LORA,
        {"nodes": {"client": "{kind: client, party: [a, b], hardware: {gpu_memory_gib: 4}}"}},
        {("run", "a"): ["b"]},
    ),
    (
        "whoever runs a model for others has it, whatever it learns",
        "{judge: {weights: closed, provider: acme, terms: {trains_on_inputs: false}}}",
        "{}",
        {
            "nodes": {"desk": "{kind: service, party: acme}"},
            "more": "api_calls: {ask: {from: desk, model: judge, sends: [letters]}}\n",
        },
        {("inspect", "acme"): []},
    ),
    (
        "what prepares the inputs of a model is not made from its weights",
        "{base: {weights: open, licence: LicenseRef-opt-175b, via: [acme]}, tuned: {weights_at: client}}",
        JUDGE.replace("model: judge", "model: tuned")[:-1]
        + ", u: {method: input_transformation, model: base, produces: tuned, data: [letters], runs_on: aggregator}}",
        {},
        {("run", "a"): []},
    ),
    (
        "a hop gets open what a hop below has opened",
        "{tuned: {weights_at: relay}}",
        DIVIDED.replace("METHOD", "fedavg").replace("MORE", f"hops: [store, relay], {SEALED.replace('KEY', 'store')}"),
        {"nodes": {**RELAYED, "relay": "{kind: relay, party: acme, operators: a}"}},
        {("keep", "a"): ["acme"], ("join", "a"): ["acme", "aws", "tum"]},
    ),
    (
        "a seal that only a hop puts on",
        "{tuned: {}}",
        DIVIDED.replace("METHOD", "fedavg").replace(
            "MORE", f"hops: [{{at: store, {SEALED.replace('KEY', 'openai')}}}], aggregator: aggregator"
        ),
        {"nodes": RELAYED},
        {("keep", "a"): ["openai"], ("join", "a"): ["aws", "openai", "tum"]},
    ),
    (
        "peers who can open what they send each other leave it open",
        "{tuned: {weights_at: relay}}",
        DIVIDED.replace("METHOD", "fedavg").replace(
            "MORE", f"topology: peer_to_peer, {SEALED.replace('KEY', 'openai')}"
        ),
        {
            "nodes": {
                "client": "{kind: client, party: [a, b], operators: openai}",
                "relay": "{kind: relay, party: acme, operators: a}",
            }
        },
        {("keep", "a"): ["acme"]},
    ),
    (
        "a seal is not on what goes to a top that has to read it",
        "{tuned: {}}",
        DIVIDED.replace("METHOD", "gradient_boosting").replace(
            "MORE", f"topology: vertical, {SEALED.replace('KEY', 'a')}"
        ),
        {"nodes": FAMILY},
        {("join", "a"): [], ("join", "b"): []},
    ),
    (
        "a top that has the key opens it, beside an arbiter, too",
        "{tuned: {}}",
        DIVIDED.replace("METHOD", "gradient_boosting").replace(
            "MORE", f"topology: vertical, top_model_at: store, aggregator: aggregator, {SEALED.replace('KEY', 'aws')}"
        ),
        {"nodes": RELAYED},
        {("inspect", "a"): []},
    ),
    (
        "what others train as a whole is in no parts",
        "{base: {}, tuned: {weights_at: relay}}",
        LORA.replace("lora", "split_learning").replace("runs_on: client", "runs_on: client, topology: vertical"),
        {"nodes": {"relay": "{kind: relay, party: a}"}},
        {("keep", "a"): []},
    ),
    (
        "whoever runs a sealed model for others needs its readers",
        "{tuned: {weights_at: aggregator}}",
        DIVIDED.replace("METHOD", "fedavg").replace("MORE", f"aggregator: aggregator, {SEALED.replace('KEY', 'acme')}"),
        {"more": "api_calls: {ask: {from: client, model: tuned, sends: [letters]}}\n"},
        {("run", "a"): ["acme", "tum"]},
    ),
    (
        "what several tasks make is where each of them makes it",
        "{tuned: {}}",
        DIVIDED.replace("METHOD", "fedavg").replace("MORE", "aggregator: relay")[:-1]
        + ", two: {method: fedavg, produces: tuned, data: [letters], runs_on: store}}",
        {"nodes": RELAYED},
        {("keep", "a"): []},
    ),
    (
        "of what a task asks itself, parts are only where it made them, however it exchanges",
        "{tuned: {copies: parts}}",
        LORA.replace("lora, model: base", "evaluation, model: tuned").replace("client}", "client, topology: unknown}"),
        {},
        {("run", "a"): ["b"]},
    ),
    (
        "a relay of one party brings to the hop of another what an aggregator opens",
        "{tuned: {}}",
        DIVIDED.replace("METHOD", "fedavg").replace(
            "MORE", f"hops: [relay], via: store, {SEALED.replace('KEY', 'tum')}"
        ),
        {
            "nodes": {
                "client": "{kind: client, party: [b]}",
                "relay": "{kind: relay, party: [a, b]}",
                "store": "{kind: store, party: a}",
            },
        },
        {("keep", "b"): []},
    ),
    (
        "an aggregator has what it adds up itself, whatever another one opens",
        "{tuned: {}}",
        DIVIDED.replace("METHOD", "fedavg").replace("MORE", f"aggregator: aggregator, {SEALED.replace('KEY', 'acme')}"),
        {"nodes": {"aggregator": "{kind: aggregator, party: [a, acme]}"}},
        {("keep", "a"): ["acme"], ("keep", "b"): []},
    ),
    (
        "a hop has what it adds up itself, whatever another one opens",
        "{tuned: {weights_at: relay}}",
        DIVIDED.replace("METHOD", "fedavg").replace(
            "MORE", f"hops: [{{at: [relay, store]}}], {SEALED.replace('KEY', 'aws')}"
        ),
        {"nodes": {**RELAYED, "relay": "{kind: relay, party: a}"}},
        {("keep", "a"): ["aws"]},
    ),
    (
        "parts of a model work together, whatever parts there are of another that stands in",
        "{judge: {weights_at: client, copies: parts, fallback: o}, o: {weights_at: [client, store], copies: parts}}",
        JUDGE,
        {"nodes": RELAYED},
        {("run", "a"): ["b"]},
    ),
    (
        "an adapter of an adapter works only with the model that both were made for",
        "{base: {weights: closed, weights_at: aggregator}, first: {}, tuned: {}}",
        LORA[:-1].replace("model: base", "model: first")
        + ", u: {method: lora, model: base, produces: first, data: [letters], runs_on: client}}",
        {},
        {("keep", "a"): ["tum"]},
    ),
    (
        "weights that come under a seal of one reader are in its hands",
        "{judge: {weights: closed, weights_at: aggregator}}",
        JUDGE,
        {
            "more": "flows: {f: {from: aggregator, to: client@a, payload: adapter_weights, data: [judge]},"
            " g: {from: aggregator, to: client@b, payload: adapter_weights, data: [judge], sealed_for: [aws]}}\n"
        },
        {("inspect", "a"): [], ("inspect", "b"): ["aws"]},
    ),
    (
        "weights that somebody cannot open are brought from nowhere to where they are trained",
        "{base: {weights: closed, weights_at: aggregator}, tuned: {}}",
        LORA,
        {
            "nodes": RELAYED,
            "more": "flows: {g: {from: aggregator, to: store, payload: model_weights, data: [base],"
            " sealed_for: [openai]}}\n",
        },
        {("run", "a"): ["tum"]},
    ),
    (
        "a model that is usually divided is whole where hops add it up",
        "{tuned: {}}",
        DIVIDED.replace("METHOD", "split_learning").replace("MORE", "hops: [relay]"),
        {"nodes": RELAYED},
        {("keep", "a"): []},
    ),
]


@pytest.mark.parametrize(("models", "tasks", "more", "held"), [one[1:] for one in FOUND], ids=[one[0] for one in FOUND])
def test_who_holds_what(models, tasks, more, held):
    found = control(models, tasks, **more)

    assert {key: found.get(key, "none") for key in held} == held


def test_who_exchanges_with_whom_is_asked_where_a_hold_depends_on_it():
    tasks = LORA.replace("runs_on: client", "runs_on: client, topology: unknown")

    assert ("join", "tasks.t.topology") in asked(OPEN, tasks)
    alone = {"client": "{kind: client, party: a}"}
    assert [one.doubts for one in matrix(OPEN, tasks, nodes=alone) if one.capability == "join"] != [()]


def test_a_copy_that_there_is_only_in_some_ways_of_an_exchange_is_a_question():
    enclave = "tee: {kind: sgx, attested: true}"
    nodes = {
        "client": f"{{kind: client, party: a, {enclave}}}",
        "aggregator": "{kind: aggregator, party: tum, operators: a}",
    }
    found = matrix("{tuned: {}}", DIVIDED.replace("METHOD", "fedavg").replace("MORE", "topology: unknown"), nodes=nodes)

    assert {one.capability for one in found if one.doubts and "a" in one.participants} == {"join", "keep", "inspect"}


def test_what_is_missing_in_one_way_of_an_exchange_alone_is_a_question():
    nodes = {
        "client": "{kind: client, party: a, tee: {kind: sev-snp, attested: true}}",
        "aggregator": "{kind: aggregator, party: tum, operators: a}",
    }
    found = matrix("{tuned: {}}", DIVIDED.replace("METHOD", "fedavg").replace("MORE", "topology: unknown"), nodes=nodes)

    (kept,) = [one for one in found if one.capability == "keep"]
    assert {fact for gap in kept.doubts for fact in gap.missing} == {"nodes.client.tee.hides_from"}


def test_each_way_of_an_exchange_may_be_as_large_as_the_deployment():
    graph = graph_of(text_of(OPEN, LORA.replace("runs_on: client", "runs_on: client, topology: unknown")))

    assert matrices.continuity_of(Lookup(graph), CATALOG, Bounds(flows=len(graph.flows)))
    with pytest.raises(InputError, match="more than 1 flows"):
        matrices.continuity_of(Lookup(graph), CATALOG, Bounds(flows=1))


def possible(capability, fact, *given, **more):
    """Who may end a capability, depending on a fact that nobody states."""
    found = (hold for one in matrix(*given, **more) if one.capability == capability for hold in one.holds)
    return {who for hold in found if fact in hold.missing for who in hold.parties}


def test_whoever_may_run_a_node_alone_may_end_what_runs_there():
    models = "{judge: {weights: open, weights_at: relay, account: participants}}"
    nodes = {"relay": "{party: acme, host: aws, operators: unknown}"}

    assert possible("run", "nodes.relay.operators", models, nodes=nodes) == {"acme"}


def test_who_may_be_peers_may_need_each_other():
    tasks = DIVIDED.replace("METHOD", "fedavg").replace("MORE", "topology: unknown")

    assert possible("join", "tasks.t.topology", "{tuned: {}}", tasks) == {"a", "b", "tum"}


def test_the_host_of_a_node_that_a_call_passes_is_asked_for_at_the_node():
    nodes = {"relay": "{party: acme, host: unknown}"}

    assert possible("run", "nodes.relay.host", "{judge: {weights: open, via: relay}}", nodes=nodes) == {"unknown"}


def test_no_country_of_a_participant_is_foreign_whichever_it_is():
    parties = dict.fromkeys("ab", "{role: participant}")
    more = "api_calls: {ask: {from: aggregator, model: judge, sends: [letters]}}\n"

    assert asked("{judge: {weights: open, weights_at: aggregator}}", "{}", parties=parties, more=more) == set()


def test_whoever_gave_a_licence_is_not_whoever_hosts_a_node_where_nobody_names_either():
    nodes = {"store": "{kind: store, party: tum, host: unknown}"}
    models = "{judge: {weights: open, licence: LicenseRef-opt-175b, weights_at: store}}"

    assert control(models, nodes=nodes)["run", "a"] == ["tum", "unknown"]


def test_a_method_that_nobody_knows_may_exchange_in_any_way():
    tasks = "{t: {method: unknown, data: [letters], runs_on: client}}"
    nodes = {"client": "{kind: client, party: [a]}"}

    assert control("{}", tasks, nodes=nodes)["join", "a"] == ["tum"]
    assert ("join", "tasks.t.method") in asked("{}", tasks, nodes=nodes)

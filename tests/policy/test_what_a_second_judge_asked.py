"""What a second judge of findings (`tests/reference`) asked, and what rules say of it since."""

import textwrap

import pytest

from fedpolicy.policy.load import load_rules
from tests.policy.worlds import judged

HEAD = """
    fedpolicy: 1
    name: asked
    parties:
      a: {role: participant}
      b: {role: participant}
      hub: {role: coordinator}
      x: {role: processor}
      lab: {role: user}
    nodes:
      client: {kind: client, party: [a, b]}
      aggregator: {kind: aggregator, party: hub}
      desk: {kind: store, party: x}
    datasets: {notes: {at: client, categories: [health, free-text], subjects: 40000}}
"""
# By what is asked: the rules, the rest of the deployment, and what each rule says of whom and of which data.
CASES = {
    "a-model-that-one-instance-alone-is-sent-to": (
        "private-data-to-closed-model raw-data-leaves-silo",
        """
        models: {open: {weights: open, via: [x]}, closed: {weights: closed, provider: x}}
        tasks: {ask: {method: input_transformation, data: ["notes@b"], runs_on: client, model: closed, topology: local}}
        api_calls: {call: {from: client, sends: notes, model: open}}
        """,
        {
            "private-data-to-closed-model fail x notes@b",
            "raw-data-leaves-silo fail x notes@a",
        },
    ),
    "prompts-beside-training-that-is-called-federated": (
        "private-data-to-closed-model raw-data-leaves-silo",
        """
        setting: cross-silo
        models: {out: {}, other: {}}
        tasks:
          train: {method: hosted_finetuning, data: [notes], runs_on: client, produces: out}
          judge: {method: inference, data: ["notes@b"], runs_on: client, model: out}
        """,
        {"private-data-to-closed-model fail unknown notes@b"},
    ),
    "records-perhaps-and-logits-for-certain": (
        "logits-exported raw-data-leaves-silo",
        """
        models: {out: {weights_at: [vault]}}
        nodes:
          client: {kind: client, party: [a, b]}
          aggregator: {kind: aggregator, party: hub}
          vault: {party: hub, tee: {kind: sev-snp, attested: true}}
        tasks: {distil: {method: knowledge_distillation, data: [notes], runs_on: client, model: out}}
        """,
        {
            "logits-exported fail hub notes@a notes@b",
            "raw-data-leaves-silo unknown hub notes@a notes@b",
        },
    ),
    "an-aggregate-that-perhaps-hides-nobody-beside-single-updates": (
        "single-updates-visible small-aggregate",
        """
        nodes:
          client: {kind: client, party: [a, b]}
          aggregator: {kind: aggregator, party: a}
          desk: {party: hub}
        tasks: {train: {method: proxy_tuning, data: [notes], runs_on: client, hops: [{at: desk}]}}
        """,
        {
            "single-updates-visible fail hub notes@a notes@b",
            "small-aggregate fail a notes@b",
            "small-aggregate fail b notes@a",
        },
    ),
    "scores-of-few-are-no-records": (
        "evaluation-data-exported statistics-of-few",
        """
        datasets: {notes: {at: client, categories: [health], subjects: 4}}
        tasks: {score: {method: evaluation, data: [notes], runs_on: client, topology: star}}
        """,
        {"statistics-of-few fail hub notes@a notes@b"},
    ),
    "what-rests-with-somebody-is-no-evaluation": (
        "evaluation-data-exported raw-data-leaves-silo",
        """
        datasets:
          notes: {at: client, categories: [public]}
          scans: {at: desk, owner: a, categories: [image]}
        models: {judge: {via: [x]}}
        tasks: {score: {method: llm_judge, data: [notes], runs_on: client, model: judge, retrieves: [scans]}}
        """,
        {"evaluation-data-exported fail b x scans@x", "raw-data-leaves-silo fail x scans@x"},
    ),
    "an-update-beside-a-secure-sum": (
        "single-updates-visible small-aggregate",
        """
        tasks:
          train: {method: fedavg, data: [notes], runs_on: client, clients_per_round: 1,
                  safeguards: [{kind: secure_aggregation, min_clients: 1}]}
        flows: {copy: {from: client, to: aggregator, payload: gradients, data: [notes]}}
        """,
        {
            "single-updates-visible fail hub notes@a notes@b",
            "small-aggregate fail a b notes@a notes@b",
            "small-aggregate fail hub notes@a notes@b",
        },
    ),
    "whoever-calls-and-whoever-is-called": (
        "private-data-to-closed-model raw-data-leaves-silo",
        """
        models: {judge: {weights: closed, provider: x}}
        api_calls: {call: {from: desk, sends: [notes], model: judge}}
        """,
        {
            "private-data-to-closed-model fail x notes@a notes@b",
            "raw-data-leaves-silo fail x notes@a notes@b",
        },
    ),
    "a-relay-on-the-way-to-everybody": (
        "exposed-to-public exposed-to-third-party telemetry-to-third-party",
        "flows: {scores: {from: client, to: public, payload: metrics, via: desk}}",
        {"exposed-to-public fail public notes@a notes@b"},
    ),
    "what-everybody-may-learn-perhaps": (
        "exposed-to-public telemetry-to-third-party",
        """
        flows:
          scores: {from: client, to: desk, payload: metrics}
          counts: {from: client, to: public, payload: statistics,
                   safeguards: [{kind: differential_privacy, where: client, mechanism: laplace, clipping_norm: 1.0,
                                 steps: 1, unit: record, sampling: none}]}
        """,
        {
            "exposed-to-public unknown public notes@a notes@b",
            "telemetry-to-third-party fail x notes@a notes@b",
        },
    ),
    "metrics-to-those-who-use-the-system": (
        "exposed-to-third-party telemetry-to-third-party",
        """
        nodes: {client: {kind: client, party: [a, b]}, practice: {kind: user, party: lab}}
        flows: {scores: {from: client, to: practice, payload: metrics}}
        """,
        set(),
    ),
    "a-host-that-perhaps-learns-as-much-otherwise": (
        "host-sees-private-data",
        """
        nodes:
          client: {kind: client, party: [a, b], host: x}
          desk: {kind: store, party: x, tee: {kind: sev-snp, attested: true}}
        flows: {copies: {from: client, to: desk, payload: records}}
        """,
        {"host-sees-private-data fail x notes@a notes@b"},
    ),
    "what-one-client-sends-is-no-way-for-data-of-another": (
        "exposed-to-public logits-exported",
        """
        nodes:
          client: {kind: client, party: [a]}
          phone: {kind: client, party: [b]}
          desk: {kind: store, party: x}
        datasets: {notes: {at: [client, phone], categories: [health], subjects: 40000}}
        flows:
          told: {from: client, to: public, payload: logits}
          made: {from: desk, to: public, payload: soft_prompt, data: [notes]}
        """,
        {
            "exposed-to-public fail public notes@b",
            "logits-exported fail public notes@a",
        },
    ),
    "what-only-comes-back-is-no-way-of-its-own": (
        "raw-data-leaves-silo",
        """
        nodes:
          client: {kind: client, party: [a, b]}
          desk: {kind: store, party: x}
          shelf: {kind: store, party: lab}
        datasets: {notes: {at: client, categories: [health], subjects: 40000}}
        flows:
          all: {from: client, to: desk, payload: records, data: [notes]}
          some: {from: desk, to: shelf, payload: statistics, data: [notes@a]}
          back: {from: shelf, to: desk, payload: logs}
        """,
        {"raw-data-leaves-silo fail x notes@a notes@b"},
    ),
    "numbers-about-a-model-are-neither-its-answers-nor-its-weights": (
        "telemetry-to-third-party trained-model-to-third-party",
        """
        nodes: {client: {kind: client, party: [a]}, desk: {party: hub}}
        models: {out: {weights_at: [desk]}}
        tasks: {train: {method: lora, data: [notes], runs_on: client, produces: out}}
        flows: {told: {from: desk, to: x, payload: metrics}}
        """,
        {"telemetry-to-third-party fail x notes@a"},
    ),
    "code-that-sends-back-to-the-owner-alone": (
        "code-from-untrusted",
        """
        nodes: {client: {kind: client, party: [a]}, hop: {party: hub, code_from: x}}
        tasks: {train: {method: offsite_tuning, data: [notes], runs_on: client, hops: [{at: hop}], code_from: public}}
        """,
        set(),
    ),
    "data-of-which-nobody-says-what-they-are": (
        "unencrypted-transport",
        """
        transport: none
        datasets: {notes: {at: client, categories: unknown}}
        flows: {copies: {from: client, to: desk, payload: records}}
        """,
        {"unencrypted-transport unknown deployment"},
    ),
    "an-exchange-of-which-nobody-knows-whether-it-is": (
        "unencrypted-transport",
        """
        transport: none
        tasks: {work: {method: unknown, data: [notes], runs_on: client}}
        """,
        {"unencrypted-transport unknown deployment"},
    ),
    "an-update-that-is-sealed-for-whoever-keeps-it": (
        "updates-retained",
        """
        flows:
          kept: {from: client, to: desk, payload: model_update, sealed_for: [x], retention_days: 30}
          backup: {from: client, to: desk, payload: model_update, sealed_for: [client], retention_days: 30}
        """,
        {"updates-retained fail flows.kept"},
    ),
}


def said(found):
    """`rule verdict parties datasets` of each finding, or its elements."""
    names = [one.partition(".")[2] if one.startswith(("parties.", "datasets.")) else one for one in found.elements]
    return " ".join([found.rule, found.verdict.value, *names])


@pytest.mark.parametrize("name", CASES)
def test_this_is_said(name):
    rules, text, expected = CASES[name]
    sections = {line.partition(":")[0].strip() for line in textwrap.dedent(text).splitlines() if line[:1].isalpha()}
    head, kept = textwrap.dedent(HEAD).strip().splitlines(), []
    for line in head:
        if line[:1].isalpha():
            skips = line.partition(":")[0] in sections
        kept += [] if skips else [line]
    whole = "\n".join([*kept, textwrap.dedent(text)])

    found = judged(whole, *(rule for rule in load_rules() if rule.id in rules.split())).findings

    assert {said(one) for one in found} == expected

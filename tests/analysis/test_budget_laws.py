"""Laws of the ledger, tried on generated deployments: who knows more is promised less, and order never matters."""

from __future__ import annotations

from itertools import combinations, pairwise
from math import inf

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from benchmarks.trees import square
from fedpolicy.analysis.accounting import Release
from fedpolicy.analysis.accounting.bounds import bound, close_bound, tight_bound
from fedpolicy.analysis.accounting.mechanisms import largest_square, reached_square
from fedpolicy.analysis.exposure.mechanisms import OUTSIDE, mechanism_at
from fedpolicy.analysis.exposure.noise import Towards
from fedpolicy.analysis.exposure.privacy import spend
from tests.helpers import deployment_of, facts_of
from tests.laws import examples

# Bounds are compared that are computed in the same way: the quick ones.
LAW = settings(max_examples=examples(few=14), derandomize=True, deadline=None, phases=[Phase.explicit, Phase.generate])
NEARLY = 1.02
PATH = ("tasks", "t", "safeguards", 1)
TEXT = """
fedpolicy: 1
name: test
parties: {{a: {{role: participant}}, b: {{role: participant}}, hub: {{role: coordinator}}}}
nodes: {{client: {{kind: client, party: a, count: 1000}}, aggregator: {{kind: aggregator, party: hub}}}}
datasets: {{notes: {{at: client, categories: health, unit: client}}}}
tasks:
  t: {{method: fedavg, data: notes, runs_on: client, rounds: {rounds}, clients_per_round: 40, min_clients: {least},
    safeguards: [
    {{kind: secure_aggregation, min_clients: 2}},
    {{kind: differential_privacy, where: {where}, noise_multiplier: {noise}, clipping_norm: 1, sampling: {sampling},
      sampling_rate: {rate}, delta: 1.0e-6, unit: client}}]}}
"""
settings_of = st.fixed_dictionaries(
    {
        "rounds": st.integers(1, 300),
        "least": st.integers(2, 40),
        "noise": st.floats(0.5, 20),
        "where": st.sampled_from(("client", "distributed", "aggregator")),
        "sampling": st.sampled_from(("none", "poisson", "fixed", "cyclic", "shuffled")),
    }
)


def deployment(said):
    return deployment_of(TEXT.format(**said, rate=1.0 if said["sampling"] == "none" else 0.04))


def epsilon(said, towards=OUTSIDE):
    deployed = deployment(said)
    spec = deployed.tasks["t"].safeguards[1]
    return spend([mechanism_at(deployed, PATH, spec, towards)], inf).high


@LAW
@given(settings_of, st.integers(0, 20), st.integers(1, 20), st.booleans())
def test_who_knows_more_is_never_promised_more(said, own, more, sees):
    outside = epsilon(said)
    inside = epsilon(said, Towards(own=own, sees_sample=sees))

    assert inside >= outside
    assert epsilon(said, Towards(own=own + more, sees_sample=True)) >= inside


@LAW
@given(settings_of, st.integers(1, 40), st.floats(1, 3))
def test_more_rounds_fewer_survivors_and_less_noise_never_cost_less(said, more, louder):
    found = epsilon(said)

    assert epsilon({**said, "rounds": said["rounds"] + more}) >= found / NEARLY
    assert epsilon({**said, "least": max(2, said["least"] - more)}) >= found
    assert epsilon({**said, "noise": said["noise"] * louder}) <= found * NEARLY


@LAW
@given(st.lists(settings_of, min_size=2, max_size=4), st.randoms())
def test_the_order_of_a_composition_never_matters(several, random):
    found = []
    for said in several:
        deployed = deployment(said)
        found.append(mechanism_at(deployed, PATH, deployed.tasks["t"].safeguards[1]))
    shuffled = list(found)
    random.shuffle(shuffled)

    one, other = spend(found, inf), spend(shuffled, inf)
    assert (one.high, one.delta) == (other.high, other.delta)
    assert one.high >= max(spend([each], inf).high for each in found) / NEARLY


HOSTED = """
fedpolicy: 1
name: test
parties: {{a: {{role: participant}}, b: {{role: participant}}, c: {{role: participant}}, hub: {{role: coordinator}}}}
nodes:
  client: {{kind: client, party: [a, b, c]{host}}}
  aggregator: {{kind: aggregator, party: hub}}
datasets: {{notes: {{at: client, categories: health, unit: client}}}}
tasks:
  t: {{method: fedavg, data: notes, runs_on: client, rounds: {rounds}, clients_per_round: 3, min_clients: 3,
    safeguards: [{{kind: secure_aggregation, min_clients: 3}},
    {{kind: differential_privacy, where: distributed, noise_multiplier: {noise}, clipping_norm: 1, sampling: none,
      delta: 1.0e-6, unit: client}}]}}
"""


def told(party, said):
    """The largest epsilon that a party is told, of any dataset."""
    found = facts_of(HOSTED.format(**said), 10).ledger
    return max((one.high for one in found.budgets if party in one.parties), default=0.0)


@LAW
@given(st.integers(1, 60), st.floats(1, 20), st.sampled_from(("a", "b", "c")))
def test_a_member_who_hosts_others_learns_no_less_and_nobody_else_learns_more(rounds, noise, host):
    """Not so a hub that hosts them all: it could take the noise off what it passes on."""
    alone = {"host": "", "rounds": rounds, "noise": noise}
    hosted = {**alone, "host": f", host: {host}"}

    assert told(host, hosted) >= told(host, alone)
    for other in {"a", "b", "c", "hub"} - {host}:
        assert told(other, hosted) <= told(other, alone)


@pytest.mark.parametrize("steps", [*range(1, 11), *(pytest.param(n, marks=pytest.mark.slow) for n in (11, 12))])
def test_a_tree_is_bounded_for_every_pattern_of_up_to_twelve_steps(steps):
    # All restarts of short runs; of longer ones those that divide the run, that do not, and none.
    for restart in range(1, steps + 1) if steps < 10 else (4, 5, steps):
        for often in range(1, steps + 1):
            for apart in range(1, steps + 1):
                patterns = (
                    pattern
                    for count in range(1, often + 1)
                    for pattern in combinations(range(steps), count)
                    if all(later - one >= apart for one, later in pairwise(pattern))
                )
                worst = max(square(pattern, steps, restart) for pattern in patterns)
                assert reached_square(restart, often, apart) <= worst <= largest_square(steps, often, apart, restart)


@pytest.mark.parametrize("steps", [10**5, 10**6])
def test_long_runs_of_laplace_noise_take_no_minute(steps):
    run = Release(mechanism="laplace", noise_multiplier=1000, steps=steps)
    close, found = close_bound([run], 1e-6), tight_bound([run], 1e-6)

    assert found is None or found.high == close.high
    assert close.high < bound([run], 1e-6).high < 1.1 * close.high

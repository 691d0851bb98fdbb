"""The privacy ledger: who is towards whom, composed how, and whether claims hold."""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path

import pytest

from fedpolicy.analysis import budget
from fedpolicy.analysis.budget.claims import Ruling
from fedpolicy.analysis.budget.sights import Looking, Sight
from fedpolicy.analysis.changes import BudgetChange
from fedpolicy.analysis.exposure.participation import lower_rate
from fedpolicy.report.budget import as_json as budget_json
from tests.helpers import facts_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "clinical-notes" / "deployment.yaml"
RUNNING = EXAMPLE.read_text(encoding="utf-8")
BASE = """
fedpolicy: 1
name: test
parties: {{a: {{role: participant}}, b: {{role: participant}}, c: {{role: participant}}, agg: {{role: coordinator}}}}
nodes:
  client: {{kind: client, party: [a, b, c]}}
  aggregator: {{kind: aggregator, party: agg}}
datasets:
  notes: {{at: client, categories: health, subjects: 100, unit: {unit}}}
  other: {{at: client, categories: health, subjects: 100}}
tasks:
{tasks}
"""
TASK = "  {name}: {{method: fedavg, data: {data}, runs_on: client, clients_per_round: 3, safeguards: [{guard}]}}"
NOISE = "{{kind: differential_privacy, where: client, clipping_norm: 1.0, delta: 1.0e-6, {more}}}"
FIXED = "mechanism: dp_sgd, noise_multiplier: 1.0, sampling: fixed, sampling_rate: 0.01, steps: 1000"

TENFOLD = (
    "mechanism: dp_sgd, noise_multiplier: 10, contributions_per_unit: 10, sampling: poisson, sampling_rate: 0.02, "
    "steps: 700"
)


def noise(more, unit="record"):
    return NOISE.format(more=f"unit: {unit}, {more}")


def ledger(*guards, unit="record", data="notes"):
    lines = [TASK.format(name=f"t{n}", data=data, guard=guard) for n, guard in enumerate(guards)]
    return facts_of(BASE.format(unit=unit, tasks="\n".join(lines)), 10).ledger


def towards(found, party):
    (budget,) = [one for one in found.budgets if party in one.parties]
    return budget


def test_the_running_example_s_claim_is_refuted():
    found = facts_of(RUNNING, 10).ledger

    (share,) = found.shares
    assert (share.path, share.stated, share.claim) == ("tasks.adapt.safeguards.1", 8, Ruling.REFUTED)
    assert share.spent.low == share.spent.high == pytest.approx(50.47, abs=0.01)
    assert share.spent.delta == 1e-6
    assert "Balle and Wang" in share.spent.theorem
    assert {(one.parties, one.low) for one in found.budgets if one.sees_more} == {
        (("hetzner", "tum"), math.inf),
        (("openai",), math.inf),
    }
    assert towards(found, "lumc").low == share.spent.low
    assert towards(found, "lumc").whole


def test_gaussian_noise_of_several_tasks_composes_exactly():
    found = towards(ledger(*[noise("noise_multiplier: 2.0, sampling: none, steps: 1")] * 4), "agg")

    # Four times noise 2 are once noise 1.
    alone = towards(ledger(noise("noise_multiplier: 1.0, sampling: none, steps: 1")), "agg")
    assert found.high == pytest.approx(alone.high)
    assert found.mechanisms == tuple(f"tasks.t{n}.safeguards.0" for n in range(4))


def test_a_larger_unit_protects_each_smaller_one_in_it_and_not_the_other_way_round():
    of_records, of_clients = (
        noise("noise_multiplier: 2.0, sampling: none, steps: 1", unit) for unit in ("record", "client")
    )

    assert towards(ledger(of_records, of_clients), "agg").high < math.inf
    mixed = towards(ledger(of_records, of_clients, unit="client"), "agg")
    assert mixed.sees_more
    assert mixed.unit == "client"


def test_a_view_without_noise_is_infinite_and_a_dataset_without_any_is_named():
    found = ledger(noise("noise_multiplier: 2.0, sampling: none, steps: 1"), "", data="[notes, other]")
    assert {one.family for one in found.budgets} == {"notes", "other"}
    assert all(math.isinf(one.low) for one in found.budgets)

    plain = ledger("")
    assert plain.budgets == plain.shares == ()
    assert plain.bare == ("notes",)


def test_what_is_not_declared_leaves_an_interval():
    found = towards(ledger(noise("noise_multiplier: 2.0, sampling: none")), "agg")

    assert 0 < found.low < 10
    assert math.isinf(found.high)
    assert found.missing == ("tasks.t0.rounds",)


@pytest.mark.parametrize(
    ("more", "claim"),
    [
        ("noise_multiplier: 1.0, sampling: none, steps: 1", Ruling.NONE),
        ("noise_multiplier: 1.0, sampling: none, steps: 1, claimed_epsilon: 4.89", Ruling.HOLDS),
        ("noise_multiplier: 1.0, sampling: none, steps: 1, claimed_epsilon: 4.8", Ruling.REFUTED),
        ("noise_multiplier: 0.0, sampling: none, steps: 1, claimed_epsilon: 4", Ruling.REFUTED),
        ("noise_multiplier: 1.0, sampling: none, claimed_epsilon: 9", Ruling.OPEN),
        ("noise_multiplier: 1.0, sampling: none, claimed_epsilon: 4.8", Ruling.REFUTED),
        ("sampling: none, steps: 1, claimed_epsilon: 9", Ruling.OPEN),
        ("mechanism: dp_matrix_ftrl, claimed_epsilon: 9", Ruling.UNCHECKED),
        ("mechanism: dp_matrix_ftrl, claimed_rho: 0.81", Ruling.UNCHECKED),
        ("mechanism: dp_matrix_ftrl, claimed_rho: 0.1, claimed_epsilon: 9", Ruling.UNCHECKED),
        ("noise_multiplier: 1.0, sampling: none, steps: 1, claimed_rho: 0.5", Ruling.HOLDS),
        ("noise_multiplier: 1.0, sampling: none, steps: 1, claimed_rho: 0.05", Ruling.REFUTED),
        # A rho is compared as a rho: converted at the delta, 12 % too little would pass.
        ("noise_multiplier: 1.0, sampling: none, steps: 1, claimed_rho: 0.46", Ruling.REFUTED),
        ("noise_multiplier: 1.0, sampling: none, steps: 1, claimed_rho: 0.497", Ruling.HOLDS),
        ("mechanism: laplace, norm: l1, noise_multiplier: 2.0, steps: 4, claimed_rho: 0.5", Ruling.HOLDS),
        ("mechanism: laplace, norm: l1, noise_multiplier: 2.0, steps: 4, claimed_rho: 0.4", Ruling.OPEN),
        # An upper bound shows no smaller claim, however tight it is.
        ("mechanism: sparse_vector, noise_multiplier: 0.01, steps: 100, claimed_epsilon: 1.0e-9", Ruling.OPEN),
        ("mechanism: sparse_vector, noise_multiplier: 1.0, steps: 1, claimed_epsilon: 3.0", Ruling.HOLDS),
        (f"{FIXED}, claimed_epsilon: 12.0", Ruling.OPEN),
        # Of ten contributions any is drawn in one step of five, and all ten of them hardly ever: 2.427.
        (f"{TENFOLD}, claimed_epsilon: 2.45", Ruling.HOLDS),
        (f"{TENFOLD}, claimed_epsilon: 1.8", Ruling.REFUTED),
    ],
)
def test_a_claim_is_judged_by_what_is_computed(more, claim):
    (share,) = ledger(noise(more)).shares

    assert share.claim is claim
    assert bool(share.missing) is (claim is Ruling.OPEN)


def test_a_claim_keeps_its_delta_under_composition():
    believed = noise("mechanism: dp_matrix_ftrl, claimed_epsilon: 2").replace("1.0e-6", "1.0e-4")
    computed = noise("noise_multiplier: 5.0, sampling: none, steps: 1").replace("1.0e-6", "1.0e-9")

    both = towards(ledger(believed, computed), "agg").spent
    alone = towards(ledger(computed), "agg").spent

    # A claim at 1e-4 says nothing at 1e-9: its delta is added (Dwork and Roth 2014, theorem 3.16).
    assert both.delta == pytest.approx(1e-4 + 1e-9)
    assert both.high == pytest.approx(2 + alone.high)
    twice = towards(ledger(*[noise("mechanism: dp_matrix_ftrl, claimed_epsilon: 2")] * 2), "agg").spent
    assert (twice.high, twice.delta) == (4, 2e-6)


def test_an_open_claim_is_told_with_both_numbers():
    (share,) = ledger(noise("mechanism: sparse_vector, noise_multiplier: 1.0, steps: 1, claimed_epsilon: 0.001")).shares

    assert (share.claim, share.spent.low, share.spent.high) == (Ruling.OPEN, 0, 3)
    assert share.missing == ("tasks.t0.safeguards.0.claim",)


def test_a_claim_that_takes_fixed_samples_for_poisson_samples_is_told():
    fixed = (
        "mechanism: dp_sgd, noise_multiplier: 1.0, steps: 500, sampling: fixed, sampling_rate: 0.01, claimed_epsilon: 2"
    )

    (share,) = ledger(noise(fixed)).shares
    (independent,) = ledger(noise(fixed.replace("fixed", "poisson"))).shares

    assert (share.claim is not Ruling.HOLDS, share.poisson) == (True, True)
    assert (independent.claim, independent.poisson) == (Ruling.HOLDS, False)


def test_the_order_of_tasks_does_not_matter():
    one, other = (
        noise("noise_multiplier: 2.0, sampling: none, steps: 1"),
        noise("mechanism: laplace, norm: l1, noise_multiplier: 3.0, steps: 2"),
    )

    assert towards(ledger(one, other), "agg").high == towards(ledger(other, one), "agg").high


LOCAL_THEN_CENTRAL = """
fedpolicy: 1
name: test
parties: {{a: {{role: participant}}, b: {{role: participant}}, c: {{role: participant}}, agg: {{role: coordinator}}}}
nodes: {{client: {{kind: client, party: [a, b, c]}}, aggregator: {{kind: aggregator, party: agg}}}}
datasets: {{notes: {{at: client, categories: health, subjects: 100}}}}
tasks: {{t: {{method: fedavg, data: notes, runs_on: client, rounds: 50, clients_per_round: 3, safeguards: [{guards}]}}}}
"""


def test_weak_noise_of_the_clients_does_not_hide_the_stronger_noise_of_the_aggregator():
    weak, strong = noise("noise_multiplier: 1.1, sampling: none"), noise("noise_multiplier: 8.0, sampling: none")
    text = LOCAL_THEN_CENTRAL.format(guards=f"{weak}, {strong.replace('where: client', 'where: aggregator')}")

    found = facts_of(text, 10).ledger

    assert towards(found, "agg").high == pytest.approx(50.47, abs=0.01)
    published = towards(found, "a")
    assert published.low == published.high == pytest.approx(4.25, abs=0.01)
    assert published.mechanisms == ("tasks.t.safeguards.1",)
    assert published.words == "about 4.25"


def test_without_a_delta_the_epsilon_of_gaussian_noise_may_be_anything_from_next_to_nothing():
    silent = noise("noise_multiplier: 0.8, sampling: none, steps: 1").replace("delta: 1.0e-6, ", "")

    (share,) = ledger(silent).shares

    assert share.spent.least < 1e-3
    assert math.isinf(share.spent.high)
    assert share.spent.missing == ("tasks.t0.safeguards.0.delta",)
    (pure,) = ledger(silent.replace("noise_multiplier", "mechanism: laplace, norm: l1, noise_multiplier")).shares
    assert pure.spent.least == pure.spent.high == pytest.approx(1.25)
    (far_too_little,) = ledger(silent.replace("0.8", "0.05")).shares
    assert far_too_little.spent.least > 50


@pytest.mark.parametrize("sampling", ["poisson", "shuffled", "cyclic"])
def test_sampling_records_amplifies_nothing_where_whole_clients_are_protected(sampling):
    sgd = f"mechanism: dp_sgd, noise_multiplier: 1.1, sampling: {sampling}, sampling_rate: 0.1, steps: 50"

    (records,), (clients,) = (ledger(noise(sgd, unit), unit=unit).shares for unit in ("record", "client"))

    assert records.spent.high < 12
    assert clients.spent.high == pytest.approx(50.47, abs=0.01)
    assert "a client that samples its records takes part in every step itself" in clients.spent.assumptions


def test_what_is_certain_stays_above_the_limit_whatever_else_is_not_stated():
    weak = noise("mechanism: sparse_vector, noise_multiplier: 0.8, steps: 100")
    unstated = noise("sampling: none")

    alone, both = towards(ledger(weak), "agg"), towards(ledger(weak, unstated), "agg")

    assert both.low >= alone.low > 300


@pytest.mark.parametrize(
    ("change", "unit", "why"),
    [
        (("1.0e-6", "0.5"), "record", "its delta of 0.5 is not below one over the 300 units"),
        (("unit: record", "unit: record"), "person", "it protects a record, but the dataset's unit is a person"),
        (("multiplier: 8.0", "multiplier: 0"), "record", "its noise is zero"),
        (("multiplier: 8.0", "multiplier: 0.1"), "record", None),
    ],
)
def test_noise_that_does_not_count_whatever_its_epsilon_says_why(change, unit, why):
    guard = noise("noise_multiplier: 8.0, sampling: none, steps: 1").replace(*change)

    found = ledger(guard.replace("where: client", "where: aggregator"), unit=unit)

    (share,) = found.shares
    assert share.not_for == ((("notes", why),) if why else ())
    assert bool(found.bare) is bool(why)


def test_a_tree_whose_separation_nobody_states_is_taken_at_its_worst():
    tree = "mechanism: dp_ftrl_tree, noise_multiplier: 4.0, steps: 100, max_participations: 3"

    ((silent,), (next_to_each_other,), (apart,)) = (
        ledger(noise(tree + more)).shares for more in ("", ", min_separation: 1", ", min_separation: 2")
    )

    assert silent.spent.high == next_to_each_other.spent.high > apart.spent.high
    assert silent.spent.missing == ("tasks.t0.safeguards.0.min_separation",)


def test_a_closer_computation_is_made_only_where_the_quick_bounds_lie_on_both_sides():
    sgd = noise("mechanism: dp_sgd, noise_multiplier: 1.0, steps: 500, sampling: poisson, sampling_rate: 0.01")
    text = BASE.format(unit="record", tasks=TASK.format(name="t0", data="notes", guard=sgd))
    quick = towards(facts_of(text, 1e6).ledger, "agg").spent
    asked = towards(facts_of(text, (quick.low + quick.high) / 2).ledger, "agg").spent

    assert quick.low < quick.high
    assert quick.undecided == ()
    assert asked.high - asked.low < quick.high - quick.low
    # Without the extra, the closer one is closer from above only, and this limit lies below it.
    assert asked.undecided == (() if find_spec("dp_accounting") else ("tasks.t0.safeguards.0",))


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ((1.0, 2.0), (1.0, 3.0), "worse"),
        ((1.0, 2.0), (1.5, 2.0), "worse"),
        (None, (0.0, 1.0), "worse"),
        ((1.0, 3.0), (1.0, 2.0), "better"),
        ((1.0, 3.0), (0.5, 3.0), "better"),
        ((1.0, 2.0), None, "better"),
        ((1.0, 2.0), (0.5, 3.0), "changed"),
        ((0.5, 3.0), (1.0, 2.0), "changed"),
    ],
)
def test_a_budget_gets_worse_better_or_only_different(before, after, kind):
    change = BudgetChange(parties=("agg",), datasets=("notes@a",), unit="record", before=before, after=after)

    assert change.kind == kind


def test_a_share_tells_the_closer_of_two_computations():
    """A claim asks for a closer one than the limit does."""
    sgd = "mechanism: dp_sgd, noise_multiplier: 1.0, steps: 500, sampling: poisson, sampling_rate: 0.01"
    (quick,) = ledger(noise(sgd)).shares
    between = (quick.spent.low + quick.spent.high) / 2
    (claimed,) = ledger(noise(f"{sgd}, claimed_epsilon: {between}")).shares
    (far,) = ledger(noise(f"{sgd}, claimed_epsilon: 1000")).shares

    width = quick.spent.high - quick.spent.low
    assert claimed.spent.high - claimed.spent.low < width
    assert far.spent == quick.spent


def test_what_changes_no_epsilon_is_not_asked_for():
    task = TASK.replace(", clients_per_round: 3", "")
    guard = noise("noise_multiplier: 1.0, sampling: none, steps: 1")
    text = BASE.format(unit="record", tasks=task.format(name="t0", data="notes", guard=guard))
    found = towards(facts_of(text, 10).ledger, "agg")

    assert found.low == found.high
    assert found.missing == ()


SUMMED = """
fedpolicy: 1
name: test
parties:
  {{a: {{role: participant}}, b: {{role: participant}}, c: {{role: participant}}, agg: {{role: coordinator}},
   cloud: {{role: provider}}}}
nodes:
  client: {{kind: client, party: [a, b, c]}}
  aggregator: {{kind: aggregator, party: agg, host: cloud}}
datasets: {{notes: {{at: client, categories: health, subjects: 1, unit: client}}}}
tasks:
  t:
    {{method: fedavg, data: notes, runs_on: client, rounds: 50, clients_per_round: 3, min_clients: {least},
      aggregation: {rule}, safeguards: [
      {{kind: secure_aggregation, min_clients: 2}},
      {{kind: differential_privacy, where: {where}, clipping_norm: 1.0, unit: client, delta: 1.0e-6, {more}}}]}}
"""


def summed(more, where="distributed", least=3, rule="mean"):
    return facts_of(SUMMED.format(more=more, where=where, least=least, rule=rule), 10)


def epsilon(found, party):
    return epsilon_of(found.ledger, party)


def epsilon_of(ledger, party):
    budget = towards(ledger, party)
    return budget.low, budget.high


def test_whoever_adds_a_share_of_the_noise_subtracts_it():
    found = summed("noise_multiplier: 5, sampling: none")

    assert epsilon(found, "agg") == pytest.approx((7.286, 7.286), abs=1e-3)
    # Two of three shares remain: noise 5 * sqrt(2 / 3).
    assert epsilon(found, "a") == pytest.approx((9.25, 9.25), abs=1e-2)
    assert towards(found.ledger, "a").parties == ("a", "b", "c")


@pytest.mark.parametrize(
    ("more", "insider", "outsider"),
    [
        # What is left of Laplace noise without some shares is no Laplace noise.
        ("mechanism: laplace, norm: l1, noise_multiplier: 50", (0.542, math.inf), (0.595, 0.595)),
        # Of Skellam noise less variance is left on the same grid, where rounding counts for more: theorem 3.5 by hand.
        ("mechanism: skellam, rounded_norm: 1, grid_noise: 2, noise_multiplier: 2", (47.0, 47.0), (31.96, 31.96)),
        # A sum of coarse shares of discrete Gaussian noise tells more than one discrete Gaussian.
        (
            f"{(discrete := 'mechanism: discrete_gaussian, rounded_norm: 1, noise_multiplier: 5')}",
            (9.85, math.inf),
            (7.77, math.inf),
        ),
        (f"{discrete}, grid_noise: {2 * math.sqrt(3)}", (9.85, 9.85), (7.77, 7.77)),
        (f"{discrete}, grid_noise: {1.4 * math.sqrt(3)}", (15.89, 15.89), (13.52, 13.52)),
        (f"{discrete}, grid_noise: {0.4 * math.sqrt(3)}", (9.85, math.inf), (7.77, math.inf)),
    ],
)
def test_shares_of_other_noise_count_as_far_as_a_theorem_goes(more, insider, outsider):
    found = summed(f"{more}, sampling: none")

    assert epsilon(found, "a") == pytest.approx(insider, rel=5e-3)
    assert epsilon(found, "agg") == pytest.approx(outsider, rel=5e-3)
    lacking = ["tasks.t.safeguards.1.mechanism" if "laplace" in more else "tasks.t.safeguards.1.grid_noise"]
    assert [*towards(found.ledger, "a").missing] == (lacking if insider[1] == math.inf else [])


AMONG = """
fedpolicy: 1
name: test
parties: {{{parties}, hub: {{role: coordinator}}}}
nodes: {{client: {{kind: client, party: [{names}]}}, aggregator: {{kind: aggregator, party: hub}}}}
datasets: {{notes: {{at: client, categories: health, subjects: 1, unit: client}}}}
tasks:
  t:
    {{method: fedavg, data: notes, runs_on: client, rounds: 50, clients_per_round: {count}, min_clients: {least},
      aggregation: mean, safeguards: [
      {{kind: secure_aggregation, min_clients: {least}}},
      {{kind: differential_privacy, where: distributed, noise_multiplier: 5, clipping_norm: 1.0, sampling: none,
        unit: client, delta: 1.0e-6}}]}}
"""


def among(count, least):
    names = [f"p{number}" for number in range(count)]
    parties = ", ".join(f"{name}: {{role: participant}}" for name in names)
    return facts_of(AMONG.format(parties=parties, names=", ".join(names), count=count, least=least), 10).ledger


@pytest.mark.parametrize(
    ("count", "least", "insider", "outsider"),
    # Noise 5 * sqrt((least - 1) / count), also where the one that is left is a single contribution.
    [(2, 2, 11.0, 7.29), (3, 3, 9.25, 7.29), (5, 5, 8.31, 7.29), (3, 2, 14.1, 9.25)],
)
def test_one_share_less_is_left_of_the_noise_among_any_number_of_clients(count, least, insider, outsider):
    ledger = among(count, least)

    assert epsilon_of(ledger, "p0") == pytest.approx((insider, insider), rel=0.01)
    assert epsilon_of(ledger, "hub") == pytest.approx((outsider, outsider), rel=0.01)


def test_whoever_knows_every_share_of_the_noise_sees_what_is_left_without():
    assert towards(among(1, 1), "hub").high == pytest.approx(7.29, rel=0.01)
    assert towards(among(2, 1), "p0").sees_more


def test_where_clients_drop_out_their_shares_of_the_noise_are_missing():
    found = summed("noise_multiplier: 5, shares: 6, sampling: none")
    alone = summed(f"noise_multiplier: {5 * math.sqrt(3 / 6)}, sampling: none")

    assert epsilon(found, "agg") == pytest.approx(epsilon(alone, "agg"))
    assert (
        "in each step at least 3 of 6 shares of the noise are there" in towards(found.ledger, "agg").spent.assumptions
    )
    # Two may be enough for a round: then one share of three is missing.
    assert epsilon(summed("noise_multiplier: 5, sampling: none", least=2), "agg")[1] == pytest.approx(9.25, abs=1e-2)


def test_a_member_that_is_told_too_much_sees_more_than_what_is_bounded():
    found = summed("noise_multiplier: 4, sampling: none")

    levels = {who: one.high for one in found.disclosures for who in one.parties if "notes@b" in one.datasets}
    assert levels == {"a": 2, "b": 2, "c": 2, "agg": 1, "cloud": 1}
    assert {
        reason.why
        for one in found.disclosures
        if "a" in one.parties
        for reason in one.not_counted
        if reason.safeguard == "tasks.t.safeguards.1" and reason.level == "declared"
    } == {
        (
            "all that a sees together has an epsilon of about 12.1, above the limit of 10; it knows 1 of the shares of "
            "the noise"
        )
    }


@pytest.mark.parametrize("sampling", ["poisson", "fixed"])
def test_a_sample_of_clients_hides_nobody_from_whoever_draws_it_or_hosts_who_does(sampling):
    found = summed(f"noise_multiplier: 5, sampling: {sampling}, sampling_rate: 0.03")

    assert epsilon(found, "agg") == epsilon(found, "cloud") == pytest.approx((7.286, 7.286), abs=1e-3)
    # A member does not see who else takes part, but knows its share.
    assert epsilon(found, "a")[1] < 2


def test_noise_of_the_aggregator_is_amplified_for_all_but_the_aggregator():
    found = summed("noise_multiplier: 5, sampling: poisson, sampling_rate: 0.03", where="aggregator")

    assert towards(found.ledger, "agg").sees_more
    assert epsilon(found, "a")[1] < 2


@pytest.mark.parametrize(
    ("more", "where", "claim", "towards_whom"),
    [
        ("noise_multiplier: 5, sampling: none, claimed_epsilon: 7.29", "distributed", Ruling.REFUTED, ("a", "b", "c")),
        ("noise_multiplier: 5, sampling: none, claimed_epsilon: 9.3", "distributed", Ruling.HOLDS, ()),
        (
            "noise_multiplier: 5, sampling: poisson, sampling_rate: 0.03, claimed_epsilon: 2",
            "distributed",
            Ruling.REFUTED,
            ("agg", "cloud"),
        ),
        (
            "noise_multiplier: 5, sampling: poisson, sampling_rate: 0.03, claimed_epsilon: 2",
            "aggregator",
            Ruling.HOLDS,
            (),
        ),
    ],
)
def test_a_claim_has_to_hold_towards_everybody_for_whom_it_is_made(more, where, claim, towards_whom):
    (share,) = summed(more, where).ledger.shares

    assert (share.claim, share.towards) == (claim, towards_whom)


def test_a_claim_about_neighbours_that_are_replaced_is_measured_at_twice_the_distance():
    one = "noise_multiplier: 2.0, sampling: none, steps: 1, claimed_epsilon: 4.0"
    (zeroed,), (replaced,), (doubled,) = (
        ledger(noise(more)).shares for more in (one, f"{one}, adjacency: replace_one", one.replace("2.0", "1.0"))
    )

    assert (zeroed.claim, replaced.claim) == (Ruling.HOLDS, Ruling.REFUTED)
    assert replaced.measured.low == doubled.spent.low
    # The ledger itself keeps to one kind of neighbours.
    assert replaced.spent == zeroed.spent


@pytest.mark.parametrize("rule", ["median", "krum", "trimmed_mean"])
def test_noise_for_a_sum_says_nothing_of_a_rule_that_adds_nothing_up(rule):
    found = summed("noise_multiplier: 50, sampling: none", "aggregator", rule=rule)

    (share,) = found.ledger.shares
    assert math.isinf(share.spent.high)
    why = f"its noise is made for a clipped sum, and `{rule}` is none: one contribution may change it by more"
    assert share.not_for == (("notes", why),)
    assert towards(summed("noise_multiplier: 50, sampling: none", "aggregator").ledger, "a").high < 1


@pytest.mark.parametrize(
    ("where", "rule", "more", "claim", "missing"),
    [
        ("distributed", "weighted_mean", "", Ruling.OPEN, "safeguards.1.bounded_weights"),
        ("aggregator", "weighted_mean", ", bounded_weights: unknown", Ruling.OPEN, "safeguards.1.bounded_weights"),
        ("aggregator", "fedadam", "", Ruling.OPEN, "safeguards.1.bounded_weights"),
        ("aggregator", "unknown", "", Ruling.OPEN, "aggregation"),
        ("aggregator", "weighted_mean", ", bounded_weights: true", Ruling.HOLDS, ""),
        ("aggregator", "weighted_mean", ", bounded_weights: false", Ruling.OPEN, "safeguards.1.claim"),
        ("client", "weighted_mean", "", Ruling.HOLDS, ""),
        ("aggregator", "mean", "", Ruling.HOLDS, ""),
    ],
)
def test_noise_on_a_sum_is_made_for_weights_that_are_bounded(where, rule, more, claim, missing):
    more = f"noise_multiplier: 50, sampling: none, claimed_epsilon: 1{more}"
    (share,) = summed(more, where, rule=rule).ledger.shares

    assert (share.claim, share.missing) == (claim, (f"tasks.t.{missing}",) if missing else ())
    assumed = "no weight in the mean is larger than the one that the noise was made for" in share.spent.assumptions
    assert assumed == (rule == "weighted_mean" and where != "client" and "false" not in more)


THREE_CLINICS = """
fedpolicy: 1
name: test
parties: {{a: {{role: participant}}, b: {{role: participant}}, c: {{role: participant}}, hub: {{role: coordinator}}}}
nodes: {{client: {{kind: client, party: [a, b, c]}}, aggregator: {{kind: aggregator, party: hub}}}}
datasets: {{scans: {{at: client, categories: health, subjects: 1000, unit: person{overlap}}}}}
tasks:
  t: {{method: fedavg, data: scans, runs_on: client, clients_per_round: 3, min_clients: 3, safeguards: [
    {{kind: secure_aggregation, min_clients: 3}},
    {{kind: differential_privacy, where: {where}, noise_multiplier: 4, clipping_norm: 1, sampling: none, steps: 1,
      delta: 1.0e-6, unit: person}}]}}
"""


@pytest.mark.parametrize(("where", "noise_left"), [("client", 4 / math.sqrt(3)), ("aggregator", 4 / 3)])
def test_a_person_may_be_in_several_silos(where, noise_left):
    asked, apart, overlapping = (
        facts_of(THREE_CLINICS.format(where=where, overlap=text), 10).ledger
        for text in ("", ", overlap: none", ", overlap: possible")
    )
    (alone,) = ledger(noise(f"noise_multiplier: {noise_left}, sampling: none, steps: 1")).shares

    assert towards(overlapping, "a").high == pytest.approx(alone.spent.high)
    assert towards(asked, "a").high == towards(apart, "a").high < alone.spent.high
    assert "nobody is in more than one of the 3 instances of the data" in towards(asked, "a").spent.assumptions
    assert not any("instances" in said for said in towards(apart, "a").spent.assumptions)


def test_a_person_may_be_in_several_silos_that_are_named_one_by_one():
    text = THREE_CLINICS.format(where="client", overlap=", overlap: possible")
    named = text.replace("data: scans", "data: [scans@a, scans@b, scans@c]")

    assert towards(facts_of(named, 10).ledger, "a").spent == towards(facts_of(text, 10).ledger, "a").spent


@pytest.mark.parametrize(
    ("sampling", "most"),
    [
        # Each of three contributions is drawn by itself: a mixture of four Gaussians, by dp-accounting.
        ("poisson, sampling_rate: 0.1", 10.585),
        # No theorem says what a sample of fixed size hides then: all 1,000 steps count, with a third of the noise.
        ("fixed, sampling_rate: 0.1", 269.298),
    ],
)
def test_each_of_several_silos_is_drawn_by_itself(sampling, most):
    text = THREE_CLINICS.format(where="aggregator", overlap=", overlap: possible").replace("steps: 1,", "steps: 1000,")
    text = text.replace("noise_multiplier: 4", "noise_multiplier: 5").replace("sampling: none", f"sampling: {sampling}")

    assert towards(facts_of(text, 10).ledger, "a").high == pytest.approx(most, rel=1e-3)


@pytest.mark.parametrize(
    ("more", "overlap"),
    [("steps: 20, noise_multiplier: 8", "possible"), ("steps: 4, tuning_runs: 20, noise_multiplier: 8", "none")],
)
def test_what_is_only_bounded_keeps_within_a_limit_if_the_bound_does(more, overlap):
    text = THREE_CLINICS.format(where="aggregator", overlap=f", overlap: {overlap}")
    text = text.replace("noise_multiplier: 4", more).replace(" steps: 1,", "")
    found = facts_of(text, 5)

    (share,) = found.ledger.shares
    assert share.spent.low < 5 < share.spent.high
    assert {one.high for one in found.disclosures if "a" in one.parties} == {2}
    assert towards(found.ledger, "a").low == share.spent.high


@pytest.mark.parametrize(
    ("more", "same"),
    [
        # Twice as far, for means of several units that are clipped together.
        ("noise_multiplier: 4, microbatch_size: 8", "noise_multiplier: 2"),
        ("noise_multiplier: 4, microbatch_size: 1", "noise_multiplier: 4"),
        # z = (3^-2 + (2 * 2)^-2)^(-1/2) = 2.4
        ("noise_multiplier: 3, clipped_count_noise: 2", "noise_multiplier: 2.4"),
        # The classical formula: sqrt(2 ln(1.25 / 1e-5)) / 2 for a sensitivity of half the norm and an epsilon of 1.
        ("step_epsilon: 1, step_delta: 1.0e-5, step_sensitivity: 0.5", "noise_multiplier: 2.4224027"),
        # A teacher that votes otherwise changes two counts.
        ("mechanism: gnmax, noise_multiplier: 4", f"noise_multiplier: {4 / math.sqrt(2)}"),
        ("mechanism: dp_matrix_ftrl, noise_multiplier: 2, noise_relative_to: mechanism", "noise_multiplier: 2"),
        (
            "mechanism: sparse_vector, noise_multiplier: 2, comparison_noise: 4, answer_noise: 2",
            "mechanism: sparse_vector, noise_multiplier: 2",
        ),
        (
            "mechanism: sparse_vector, noise_multiplier: 1, comparison_noise: 4, answer_noise: 2",
            "mechanism: sparse_vector, noise_multiplier: 1.5",
        ),
        (
            "mechanism: dp_ftrl_tree, noise_multiplier: 2, max_participations: 1, restart_every: 1",
            "noise_multiplier: 2",
        ),
    ],
)
def test_noise_that_is_stated_in_other_ways_comes_to_the_same(more, same):
    (found,), (expected,) = (ledger(noise(f"{one}, sampling: none, steps: 1")).shares for one in (more, same))

    assert found.spent.high == pytest.approx(expected.spent.high, rel=1e-6)
    assert found.spent.high < math.inf


@pytest.mark.parametrize("order", ["shuffled", "cyclic"])
def test_batches_that_go_through_the_data_count_each_unit_once_an_epoch(order):
    sgd = "mechanism: dp_sgd, noise_multiplier: 4.0, steps: 95, sampling_rate: 0.1"
    (found,) = ledger(noise(f"{sgd}, sampling: {order}")).shares
    (ten_epochs,) = ledger(noise("noise_multiplier: 4.0, sampling: none, steps: 10")).shares

    assert found.spent.high == ten_epochs.spent.high
    # In a shuffled order it may be less, and no theorem tells how much.
    assert (found.spent.low == found.spent.high) is (order == "cyclic")
    (claimed,) = ledger(noise(f"{sgd}, sampling: {order}, claimed_epsilon: 1")).shares
    assert claimed.claim is (Ruling.REFUTED if order == "cyclic" else Ruling.OPEN)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (
            "mechanism: laplace, norm: l2, noise_multiplier: 4",
            "Laplace noise takes a bound in l1; clipping in l2 leaves more, the more coordinates there are",
        ),
        (
            "norm: linf, noise_multiplier: 4",
            "Gaussian noise takes a bound in l2; clipping in linf leaves more, the more coordinates there are",
        ),
        (
            "mechanism: metric, noise_multiplier: 4",
            "metric privacy bounds what is told apart of near values, not what is learned of a unit",
        ),
    ],
)
def test_where_no_epsilon_follows_it_says_why(more, why):
    found = ledger(noise(f"{more}, sampling: none, steps: 1"))

    (share,) = found.shares
    assert share.not_for == (("notes", why),)
    assert math.isinf(share.spent.high)
    assert found.bare == ("notes",)


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        ("mechanism: laplace, noise_multiplier: 4", "norm"),
        ("mechanism: discrete_gaussian, noise_multiplier: 4", "rounded_norm"),
        ("mechanism: exponential", "step_epsilon"),
        ("step_epsilon: 1, step_delta: 1.0e-5", "step_sensitivity"),
        ("noise_multiplier: 4, where: distributed", "clients_per_round"),
    ],
)
def test_what_an_epsilon_hangs_on_is_asked_for(more, missing):
    guard = noise(f"{more}, sampling: none, steps: 1")
    if "distributed" in more:
        summing = "{kind: secure_aggregation, min_clients: 3}, "
        guard = summing + guard.replace("where: client, ", "")
    text = BASE.format(
        unit="record", tasks=TASK.replace(", clients_per_round: 3", "").format(name="t", data="notes", guard=guard)
    )

    (share,) = facts_of(text, 10).ledger.shares
    assert [fact.rpartition(".")[2] for fact in share.spent.missing] == [missing]
    assert math.isinf(share.spent.high)


@pytest.mark.parametrize(("claimed", "answer"), [(0.95, Ruling.REFUTED), (1.0, Ruling.HOLDS)])
def test_without_a_delta_a_pure_epsilon_is_meant(claimed, answer):
    """At a tiny delta fifty steps would cost 0.943; without one they cost the sum, which a run reaches."""
    pure = (
        "{kind: differential_privacy, where: client, clipping_norm: 1.0, unit: record, mechanism: laplace, norm: l1, "
    )
    (share,) = ledger(f"{pure}noise_multiplier: 50, sampling: none, steps: 50, claimed_epsilon: {claimed}}}").shares

    assert (share.spent.low, share.spent.high, share.spent.delta) == (pytest.approx(1), pytest.approx(1), None)
    assert share.claim is answer


def test_without_a_delta_what_is_only_bounded_has_no_lower_end():
    pure = "{kind: differential_privacy, where: client, clipping_norm: 1.0, unit: record, "
    choice, votes = (
        "mechanism: exponential, step_epsilon: 0.5, steps: 10",
        "mechanism: laplace, norm: l1, sampling: none",
    )
    both = towards(ledger(f"{pure}{choice}}}", f"{pure}{votes}, noise_multiplier: 2, steps: 2}}"), "agg")

    assert (both.spent.low, both.spent.high, both.spent.delta) == (1, 6, None)


@pytest.mark.parametrize("clients", ["client", "[client@a, client@b, client@c]"])
def test_a_rate_is_held_against_the_clients_of_a_round(clients):
    guard = noise("noise_multiplier: 1.0, sampling: poisson, sampling_rate: 0.01, steps: 9", unit="client")
    task = TASK.format(name="t", data="notes", guard=guard.replace("where: client", "where: aggregator"))
    study = facts_of(BASE.format(unit="client", tasks=task.replace("runs_on: client", f"runs_on: {clients}")))
    (spec,) = study.deployment.tasks["t"].safeguards
    found = lower_rate(study.graph, ("tasks", "t", "safeguards", 0), spec)
    assert found == "a rate of 0.01, but 3 of 3 clients, which is 1"


@pytest.mark.parametrize(("unit", "several"), [("record", False), ("day", True), ("person", True), ("client", False)])
def test_larger_units_are_taken_to_be_clipped_together(unit, several):
    (share,) = ledger(noise(FIXED, unit=unit), unit=unit).shares
    assert (f"what one {unit} contributes to a step is clipped together" in share.spent.assumptions) is several


@pytest.mark.parametrize(
    ("favourable", "unfavourable", "certain", "possible", "undecided"),
    [
        ((1,), (1,), False, False, False),
        ((1,), (1, 2), False, False, True),
        ((1,), (1, 2), True, True, True),
        ((1,), (1,), False, True, True),
        ((1,), (1,), True, True, False),
    ],
)
def test_a_sight_is_undecided_where_the_readings_differ(favourable, unfavourable, certain, possible, undecided):
    sight = Sight(favourable, unfavourable, certain=certain, possible=possible)
    assert sight.undecided is undecided
    assert sight.names == tuple(sorted({*favourable, *unfavourable}))


def test_where_nothing_has_noise_no_pair_is_looked_at(monkeypatch):
    """Ten thousand parties and as many datasets are a hundred million pairs, of which all say the same."""
    monkeypatch.setattr(budget, "lines_of", None)

    assert ledger("{kind: norm_bound, limit: 1.0}").bare == ("notes",)
    with pytest.raises(TypeError):
        ledger(noise("noise_multiplier: 1.0, sampling: none, steps: 1"))


PARTS = """
fedpolicy: 1
name: test
parties: {{{parties}, agg: {{role: coordinator}}, north: {{role: processor}}, reader: {{role: processor}}}}
nodes:
  client: {{kind: client, party: [{names}]}}
  region: {{kind: relay, party: [p0, north]}}
  aggregator: {{kind: aggregator, party: agg}}
  desk: {{party: reader}}
datasets: {{notes: {{at: client, categories: health, subjects: 100}}}}
models: {{out: {{weights: open, weights_at: [desk]}}}}
tasks:
  t:
    {{method: fedavg, data: [{data}], runs_on: client, {how} produces: out, clients_per_round: {count},
      min_clients: {count}, safeguards: [
      {{kind: secure_aggregation, min_clients: 2}},
      {{kind: differential_privacy, where: distributed, noise_multiplier: 5, clipping_norm: 1.0, sampling: none,
        unit: record, delta: 1.0e-6, steps: 1, claimed_epsilon: 0.9}}]}}
"""


def in_parts(count, how, data="notes"):
    names = [f"p{number}" for number in range(count)]
    parties = ", ".join(f"{name}: {{role: participant, trusts: [participants]}}" for name in names)
    text = PARTS.format(parties=parties, names=", ".join(names), how=how, count=count, data=data)
    return facts_of(text, 10).ledger


# The exact epsilon of Gaussian noise 5 * sqrt(left / count) at 1e-6 (Balle and Wang 2018, theorem 8); dp-accounting
# 0.6 says the same.
LEFT = {(1, 3): 1.510, (1, 4): 1.766, (2, 3): 1.038, (3, 3): 0.834, (2, 4): 1.212, (3, 4): 0.974, (4, 4): 0.834}


@pytest.mark.parametrize(
    ("count", "how", "data", "left"),
    [
        # p0 has a region of its own; the others send to both. North adds up what two of three send, and works out
        # what p0 sends from the sum of all, which comes back; so does whoever gets both sums.
        (
            3,
            "hops: [{at: region}], aggregator: aggregator,",
            "notes",
            {("north", "p1"): 2, ("agg", "p1"): 2, ("north", "p0"): 1, ("agg", "p0"): 1, ("p0", "p1"): 2}
            | {("p1", "p0"): 2, ("reader", "p0"): 3},
        ),
        # Two aggregators are two sums. Who gets both works out what is in one of them only.
        (
            4,
            "aggregator: region,",
            "notes",
            {("north", "p2"): 3, ("p0", "p2"): 3, ("p1", "p2"): 2, ("p1", "p0"): 1, ("reader", "p2"): 3},
        ),
        # Who takes part without data adds a share of the noise, too, and knows it.
        (
            4,
            "aggregator: aggregator,",
            "notes@p0, notes@p1, notes@p2",
            {("p3", "p0"): 3, ("p1", "p0"): 3, ("agg", "p0"): 4, ("reader", "p0"): 4},
        ),
    ],
)
def test_a_sum_of_some_clients_has_only_their_shares_of_the_noise(count, how, data, left):
    found = in_parts(count, how, data)

    seen = {
        (party, whose): next(
            one.high for one in found.budgets if party in one.parties and f"notes@{whose}" in one.datasets
        )
        for party, whose in left
    }
    assert seen == pytest.approx({key: LEFT[shares, count] for key, shares in left.items()}, abs=1e-3)
    assert found.shares[0].claim is Ruling.REFUTED
    assert found.shares[0].measured.high == pytest.approx(LEFT[min(left.values()), count], abs=1e-3)


MAY_SEE = """
fedpolicy: 1
name: test
parties:
  p0: {{role: participant, trusts: [participants]}}
  p1: {{role: participant, trusts: [participants]}}
  p2: {{role: participant, trusts: [participants]}}
  agg: {{role: coordinator}}
  north: {{role: processor}}
nodes:
  client: {{kind: client, party: [p0, p1, p2]}}
  region: {{kind: relay, party: [p0, north], tee: {{kind: tdx, attested: true, verified_by: [public]{hides}}}}}
  aggregator: {{kind: aggregator, party: agg, tee: {{kind: sgx, attested: true, verified_by: [public]}}}}
  desk: {{party: north}}
datasets: {{notes: {{at: client, categories: health, subjects: 100}}}}
models: {{out: {{weights: open, weights_at: [desk]}}}}
tasks:
  t:
    {{method: fedavg, data: notes, runs_on: client, hops: [{{at: region}}], aggregator: aggregator, produces: out,
      clients_per_round: 3, min_clients: 3, safeguards: [
      {{kind: secure_aggregation, min_clients: 2}},
      {{kind: differential_privacy, where: distributed, noise_multiplier: 0.7, clipping_norm: 1.0, sampling: none,
        unit: record, delta: 1.0e-6, steps: 1}}]}}
"""


@pytest.mark.parametrize(
    ("hides", "low", "high", "levels"),
    # North works out what p0 sends where it sees the sum of the two others. Noise 0.7 * sqrt(3 / 3) and (1 / 3).
    # The latter is too little to count; then a contribution is left, unless one of the two went by the other region.
    [
        (", hides_from: [host, operator]", 7.373, 7.373, (1, 1)),
        (", hides_from: [host]", 14.267, 14.267, (2, 3)),
        ("", 7.373, 14.267, (1, 3)),
    ],
)
def test_what_nobody_is_said_to_see_is_not_subtracted_in_the_favourable_reading(hides, low, high, levels):
    found = facts_of(MAY_SEE.format(hides=hides), 10)

    budget = next(one for one in found.ledger.budgets if "north" in one.parties and "notes@p0" in one.datasets)
    told = next(one for one in found.disclosures if "north" in one.parties and "notes@p0" in one.datasets)
    assert (budget.low, budget.high) == pytest.approx((low, high), abs=1e-3)
    assert (told.low, told.high) == levels
    asks = "nodes.region.tee.hides_from"
    assert (asks in budget.missing, asks in told.missing) == (not hides, not hides)


WARDS = """
fedpolicy: 1
name: test
parties:
  h1: {{role: participant, trusts: [participants]}}
  h2: {{role: participant, trusts: [participants]}}
  h3: {{role: participant, trusts: [participants]}}
  nation: {{role: coordinator}}
  cloud: {{role: host}}
  reader: {{role: processor}}
nodes:
  ward: {{kind: client, party: [h1, h1, h1, h2, h2, h2, h3, h3, h3]}}
  hospital: {{kind: aggregator, party: [h1, h2, h3]{hospital}}}
  server: {{kind: aggregator, party: nation}}
  desk: {{party: reader}}
datasets: {{notes: {{at: ward, categories: health, subjects: 100{owner}}}}}
models: {{out: {{weights: open, weights_at: [desk]}}}}
tasks:
  t:
    {{method: fedavg, data: notes, runs_on: ward, hops: [{{at: hospital}}], aggregator: server, produces: out,
      clients_per_round: 9, min_clients: 9, safeguards: [
      {{kind: secure_aggregation, min_clients: 3}},
      {{kind: differential_privacy, where: distributed, noise_multiplier: 5, clipping_norm: 1.0, sampling: none,
        unit: record, delta: 1.0e-6, steps: 1}}]}}
"""


def told_of_a_ward(hospital="", owner=""):
    """By party, what is spent on the data of the wards of h2, in the most and the least favourable reading."""
    found = facts_of(WARDS.format(hospital=hospital, owner=owner), 10)
    lines = [one for one in found.ledger.budgets if "notes@h2.1" in one.datasets]
    return {party: (one.low, one.high, one.missing) for one in lines for party in one.parties}


def test_an_owner_takes_no_noise_off_its_own_data_at_a_hop_of_its_own():
    found = facts_of(WARDS.format(hospital="", owner=""), 10)

    assert {(one.low, one.high, one.guaranteed) for one in found.disclosures} == {(1, 1, 1)}
    told = {party: budget[1] for party, budget in told_of_a_ward().items() if party != "h2"}
    # Noise 5 * sqrt(shares / 9): of a hospital's three wards, of the six others', and of all.
    shares = {"nation": LEFT[1, 3], "h1": LEFT[2, 3], "h3": LEFT[2, 3], "reader": LEFT[3, 3]}
    assert told == pytest.approx(shares, abs=1e-3)


@pytest.mark.parametrize(
    ("hospital", "owner"),
    # Somebody else is there, or the data are somebody else's.
    [(", host: cloud", ""), (", operators: [cloud]", ""), ("", ", owner: h3")],
)
def test_whoever_knows_all_shares_takes_the_noise_off_data_of_others(hospital, owner):
    told = told_of_a_ward(hospital, owner)

    assert (told["nation"][0], told["reader"][0]) == (math.inf, math.inf)


@pytest.mark.parametrize("key", ["host", "operators"])
def test_who_else_may_be_at_a_hop_of_its_own_is_asked(key):
    told = told_of_a_ward(f", {key}: {'unknown' if key == 'host' else '[unknown]'}")

    assert told["nation"][:2] == pytest.approx((LEFT[1, 3], math.inf), abs=1e-3)
    assert told["reader"][:2] == pytest.approx((LEFT[3, 3], math.inf), abs=1e-3)
    assert told["nation"][2] == told["reader"][2] == (f"nodes.hospital.{key}",)


EACH = """
fedpolicy: 1
name: test
parties: {{hub: {{role: coordinator}}, {parties}}}
nodes: {{agg: {{kind: aggregator, party: hub}}, {nodes}}}
datasets: {{{datasets}}}
tasks:
  t:
    {{method: fedavg, runs_on: [{names}], data: [{data}], clients_per_round: {count}, safeguards: [
      {{kind: secure_aggregation, min_clients: {count}}},
      {{kind: differential_privacy, where: distributed, noise_multiplier: 5, clipping_norm: 1.0, delta: 1.0e-6,
        unit: record, sampling: none, steps: 1}}]}}
"""


def each_with_a_dataset(count):
    """A ledger of many owners with an entry each; the last two have one entry together."""
    numbers = [f"{number:03}" for number in range(count)]
    sets = {f"d{one}": [f"n{one}"] for one in numbers[:-2]} | {"both": [f"n{one}" for one in numbers[-2:]]}
    return facts_of(
        EACH.format(
            parties=", ".join(f"p{one}: {{role: participant}}" for one in numbers),
            nodes=", ".join(f"n{one}: {{kind: client, party: p{one}}}" for one in numbers),
            datasets=", ".join(
                f"{name}: {{at: [{', '.join(at)}], categories: health, subjects: 100}}" for name, at in sets.items()
            ),
            names=", ".join(f"n{one}" for one in numbers),
            data=", ".join(sets),
            count=count,
        ),
        10,
    ).ledger


def test_many_owners_have_a_line_each_on_all_the_others():
    ledger = each_with_a_dataset(100)

    everybody = tuple(f"p{number:03}" for number in range(100))
    lines = {(one.family, len(one.parties)): one for one in ledger.budgets}
    assert len(ledger.budgets) == len(lines) == 2 * 99
    others = lines["d007", 99].parties
    assert tuple(others) == tuple(one for one in everybody if one != "p007") == others
    assert (others[0], others[6], others[7], others[-1]) == ("p000", "p006", "p008", "p099")
    assert (others[5:8], hash(others)) == (("p005", "p006", "p008"), hash(tuple(others)))
    assert others < lines["d006", 99].parties
    with pytest.raises(IndexError):
        others[99]
    assert lines["d007", 1].parties == ("hub",)
    # Each of the two learns of the other's, so that the line is about both.
    assert tuple(lines["both", 100].parties) == everybody
    assert lines["both", 100].datasets == ("both@p098", "both@p099")
    assert "p000" in budget_json("x", ledger, 10)


def test_no_pair_of_party_and_dataset_is_looked_at_for_the_ledger(monkeypatch):
    asked = []
    mechanisms = Looking.mechanisms
    monkeypatch.setattr(
        Looking, "mechanisms", lambda self, sights, party: asked.append(party) or mechanisms(self, sights, party)
    )

    ledger = each_with_a_dataset(70)

    # Once a party and once a line.
    assert len(asked) == 71 + len(ledger.budgets) == 71 + 2 * 69

"""Sets of instances: what is there already is the same object, however large it is."""

import pytest

from fedpolicy.graph.masks import bits, common, lacking, united
from tests.helpers import graph_of

FEW, MANY = 1 << 900, (1 << 1000) - 1


@pytest.mark.parametrize(("one", "other"), [(FEW, MANY), (MANY, FEW)])
def test_a_set_that_holds_the_other_is_given_back(one, other):
    assert united(one, other) is MANY
    assert common(one, other) is FEW


def test_sets_that_differ_are_joined_and_cut():
    assert (united(0b110, 0b011), common(0b110, 0b011), lacking(0b110, 0b011)) == (0b111, 0b010, 0b100)


def test_what_lacks_nothing_is_empty():
    assert (lacking(FEW, MANY), lacking(0, MANY), lacking(FEW, 0)) == (0, 0, FEW)


@pytest.mark.parametrize("places", [[900], [3, 900], [*range(100, 140)]])
def test_bits_are_found_lowest_first(places):
    assert [*bits(sum(1 << place for place in places))] == places


def test_a_flow_of_ones_own_data_carries_the_set_that_the_dataset_keeps():
    numbers = range(10, 24)  # small numbers are one object each in any case
    graph = graph_of(
        "\n".join(
            [
                "{fedpolicy: 1, name: own, setting: cross-silo, parties: {c: {role: coordinator}, ",
                *(f"p{n}: {{role: participant}}," for n in numbers),
                "}, nodes: {tracker: {kind: tracker, party: c},",
                *(f"n{n}: {{kind: client, party: p{n}}}," for n in numbers),
                "}, datasets: {",
                *(f"d{n}: {{at: n{n}, categories: [health]}}," for n in numbers),
                "}, flows: {",
                *(f"f{n}: {{from: n{n}, to: tracker, payload: metrics, data: [d{n}]}}," for n in numbers),
                "}}",
            ]
        )
    )
    assert [[*graph.numbers(flow.data)] for flow in graph.flows] == [[n - 10] for n in numbers]
    assert all(graph.is_own(flow.data) and graph.size(flow.data) == 1 for flow in graph.flows)
    both = graph.flows[3].data | graph.flows[5].data
    assert ([*graph.numbers(both)], graph.size(both)) == ([3, 5], 2)

"""What a deployment becomes: its places and members, and every flow that it says or implies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from fedpolicy import api
from fedpolicy.graph import Flow, FlowGraph
from fedpolicy.graph.build import build_graph
from fedpolicy.language.model import Deployment
from fuzz.command import Broken, bounded
from fuzz.drawn import drawn
from fuzz.reading import catalog, sound
from fuzz.target import Box, Target


def implied(box: Box) -> None:
    """What is declared to move does; each flow has ends and an element; without that, its flows are gone."""
    document = box.rng.choice(sound(box))
    with bounded(("graph", document.file), box.seconds):
        graph = build_graph(document.deployment, catalog())
        for fault in _faults(document.deployment, graph):
            raise Broken("flows", ("graph", document.file), fault)
        _without_one(box, document, graph)


def _faults(said: Deployment, graph: FlowGraph) -> Iterator[str]:
    """What is wrong with the flows of a graph."""
    # Whoever calls a model that it runs itself moves nothing: by its weights, or since it is where `via` ends.
    at_home = {one.use for one in graph.access if one.how == "weights" or one.hops == one.at}
    moved = {flow.origin for flow in graph.flows} | at_home
    sections = {"flows": said.flows, "api_calls": said.api_calls}
    for section, entries in sections.items():
        yield from (f"`{section}.{name}` moves nothing" for name in entries if f"{section}.{name}" not in moved)
    for flow in graph.flows:
        if not {flow.source, flow.target} <= graph.vertices.keys():
            yield f"flow `{flow.id}` ends where nothing is"
        elif flow.source == flow.target:
            yield f"flow `{flow.id}` goes nowhere"
        section, _, name = flow.origin.partition(".")
        if name.partition(".")[0] not in getattr(said, section, {}):
            yield f"flow `{flow.id}` has the origin `{flow.origin}`, which is not there"
        if flow.data is not None and flow.data >> len(graph.data):
            yield f"flow `{flow.id}` carries data that are not there"
    twice = [name for name, count in Counter((one.id, one.payload) for one in graph.flows).items() if count > 1]
    yield from (f"flow `{name}` is there twice" for name, _ in twice)


def _without_one(box: Box, document: api.Document, graph: FlowGraph) -> None:
    """Take one declared flow out: what it does not move is there as it was."""
    said = document.deployment
    if not said.flows:
        return
    name = box.rng.choice(sorted(said.flows))
    fewer = build_graph(said.changed(flows={key: one for key, one in said.flows.items() if key != name}), catalog())
    before, after = _declared(graph), _declared(fewer)
    theirs = {_shown(flow) for flow in graph.flows if flow.origin == f"flows.{name}"}
    if after != before - theirs:
        raise Broken("flows", ("graph", document.file), f"without `flows.{name}` others are not as they were")


def _declared(graph: FlowGraph) -> set[str]:
    """
    What flows of the file move; records are taken to move before them where nobody says how they came.

    What a stop passes on is part of its own flow, or drawn from the sender where code of others may have brought it.
    """
    declared = [one for one in graph.flows if one.origin.startswith("flows.") and one.role != "records"]
    return {_shown(one) for one in declared if one.sender != one.source}


def _shown(flow: Flow) -> str:
    # A stop on the way passes on what comes to it, and that may have come to the sender by another flow.
    data = None if flow.passed_on else flow.data
    return repr(replace(flow, index=0, seals=(), guards=(), aggregate=None, data=data))


TARGETS = (
    Target(
        name="families",
        kind="differential",
        holds="a cohort of so many members, and the members one by one, have the same levels",
        input="bytes",
        judge=drawn("analysis.test_laws:test_splitting_a_cohort_into_its_members_changes_no_level"),
    ),
    Target(
        name="implied-flows",
        kind="law",
        holds="every call and flow that is declared moves something between places that are there, and no other's",
        input="deployment",
        judge=implied,
    ),
    Target(
        name="ways-to-say-it",
        kind="differential",
        holds="`published`, `weights_at` and a call mean what the flows mean that say the same",
        input="bytes",
        judge=drawn(
            "analysis.test_drawn:test_published_is_a_flow_of_weights_to_everybody",
            "analysis.test_drawn:test_weights_at_is_a_flow_of_weights",
            "analysis.test_drawn:test_a_call_is_a_flow_to_whoever_is_called",
        ),
    ),
    Target(
        name="said-in-vain",
        kind="law",
        holds="a key that names a place is drawn, refused, or told to be in vain",
        input="bytes",
        judge=drawn("analysis.test_drawn:test_a_key_that_names_a_place_is_drawn_or_refused_or_told_to_be_in_vain"),
        heavy=True,
    ),
    Target(
        name="drift",
        kind="law",
        holds="any declaration can be compared with what runs; each difference has a place and is told once",
        input="bytes",
        judge=drawn("enforce.test_laws:test_any_declaration_can_be_compared"),
    ),
    Target(
        name="enforcement",
        kind="differential",
        holds="network policies permit what the graph says and no more; every target writes something whole",
        input="bytes",
        judge=drawn(
            "enforce.test_laws:test_policies_permit_exactly_what_the_graph_says",
            "enforce.test_laws:test_every_target_writes_something_whole_or_says_why_not",
        ),
    ),
)

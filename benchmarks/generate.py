"""
Deployments of any size, the same ones every time.

`sites` is the realistic mix: sites of ten nodes (a client, stores, services, a tracker, a relay, a gateway, a user), an
aggregator for every hundred nodes and one on top, a training task and an evaluation a region. `clients` is the hard
one: every node but two is a client of its own party with its own data, so everybody learns of everybody. `own` is the
same where every client has written its entries itself: a party, a node, a dataset and a flow each.

    python benchmarks/generate.py 1000 > large.fedpolicy.yaml
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass

SHAPES = ("sites", "clients", "own")
SITE = 10
REGION = 100
_KINDS = ("client", "store", "store", "service", "service", "tracker", "relay", "service", "registry", "user")
_NAMES = ("train", "letters", "images", "etl", "model", "tracker", "relay", "gateway", "registry", "ward")
_PAYLOADS = (
    "records",
    "records",
    "records",
    "embeddings",
    "metrics",
    "logs",
    "logs",
    "predictions",
    "metrics",
    "prompts",
)
_WAYS = ((1, 0), (2, 0), (1, 3), (3, 4), (0, 5), (0, 6), (6, 5), (4, 9), (5, None), (4, None))
_GLOBAL = "coordinator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A place of some party."""

    id: str
    kind: str
    party: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """Something that moves; `target` is empty where it is sent to whoever runs a model."""

    id: str
    source: str
    target: str
    payload: str
    data: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """N nodes and N flows, before any tool's own language."""

    shape: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def system(size: int, shape: str = "sites") -> System:
    """Exactly `size` nodes and `size` flows; `size` is a multiple of a hundred."""
    if size % REGION or size < REGION:
        raise ValueError(f"{size} is not a multiple of {REGION}")
    if shape != SHAPES[0]:
        at = "@" if shape == "clients" else "-"
        return System(shape=shape, nodes=tuple(_clients(size, at)), edges=tuple(_client_edges(size, at)))
    nodes = tuple(_site_node(number) for number in range(size))
    edges = tuple(_site_edge(number, nodes) for number in range(size))
    return System(shape=shape, nodes=nodes, edges=edges)


def deployment(size: int, shape: str = "sites") -> str:
    """The same in the language of fedpolicy."""
    return "\n".join(_lines(system(size, shape))) + "\n"


def _site_node(number: int) -> Node:
    if number == SITE - 2:
        return Node(id="aggregator", kind="aggregator", party=_GLOBAL)
    if number % REGION == REGION - 1:
        return Node(id=f"aggregator-{number // REGION:04}", kind="aggregator", party=_GLOBAL)
    site, place = divmod(number, SITE)
    return Node(id=f"{_NAMES[place]}-{site:04}", kind=_KINDS[place], party=f"site-{site:04}")


def _site_edge(number: int, nodes: tuple[Node, ...]) -> Edge:
    site, place = divmod(number, SITE)
    source, target = _WAYS[place]
    region = nodes[number - number % REGION + REGION - 1].id
    start = nodes[site * SITE + source].id
    payload = _PAYLOADS[place]
    if number % REGION == REGION - 3:
        # The region's aggregator stands where this site's user would be: it reports upwards instead.
        return Edge(id=f"flow-{number:05}", source=region, target="aggregator", payload="aggregate_update")
    end = "" if payload == "prompts" else region if target is None else nodes[site * SITE + target].id
    data = start if payload in {"records", "prompts"} else ""
    return Edge(id=f"flow-{number:05}", source=start, target=end, payload=payload, data=_letters(site) if data else "")


def _letters(site: int) -> str:
    return f"letters-{site:04}"


def _clients(size: int, at: str) -> Iterator[Node]:
    yield Node(id="aggregator", kind="aggregator", party=_GLOBAL)
    yield Node(id="tracker", kind="tracker", party=_GLOBAL)
    for number in range(size - 2):
        yield Node(id=f"client{at}party-{number:05}", kind="client", party=f"party-{number:05}")


def _client_edges(size: int, at: str) -> Iterator[Edge]:
    for number in range(size):
        party = f"party-{number % (size - 2):05}"
        calls = at == "@" and number % SITE == SITE - 1
        yield Edge(
            id=f"flow-{number:05}",
            source=f"client{at}{party}",
            target="" if calls else "tracker",
            payload="prompts" if calls else "metrics",
            data=f"letters{at}{party}" if calls or at == "-" else "",
        )


def _lines(found: System) -> Iterator[str]:
    yield from ("fedpolicy: 1", f"name: generated-{found.shape}-{len(found.nodes)}", "setting: cross-silo", "parties:")
    yield f"  {_GLOBAL}: {{role: coordinator, jurisdiction: DE}}"
    yield "  openai: {role: provider, jurisdiction: US}"
    for party in sorted({node.party for node in found.nodes} - {_GLOBAL}):
        yield f"  {party}: {{role: participant, jurisdiction: FR, trusts: [{_GLOBAL}]}}"
    yield from _nodes(found)
    yield from _datasets(found)
    yield "models:"
    yield "  base: {ref: meta-llama/Llama-3.1-8B-Instruct, revision: 0e9e39f, weights_at: [aggregator]}"
    yield "  judge: {ref: openai/gpt-4o, via: [openai]}"
    yield from _tasks(found)
    yield from _movements(found)


def _nodes(found: System) -> Iterator[str]:
    yield "nodes:"
    family = [node.party for node in found.nodes if "@" in node.id]
    if family:
        yield f"  client: {{kind: client, party: [{', '.join(family)}]}}"
    for node in found.nodes:
        if "@" not in node.id:
            yield f"  {node.id}: {{kind: {node.kind}, party: {node.party}}}"


def _datasets(found: System) -> Iterator[str]:
    yield "datasets:"
    if found.shape == "clients":
        yield "  letters: {at: client, categories: [health], subjects: 4000}"
    for node in found.nodes:
        if found.shape == "own" and node.kind == "client":
            yield f"  letters-{node.party}: {{at: {node.id}, categories: [health], subjects: 4000}}"
        if node.kind == "store":
            yield f"  {node.id}: {{at: {node.id}, owner: {node.party}, categories: [health], subjects: 4000}}"


def _tasks(found: System) -> Iterator[str]:
    yield "tasks:"
    if found.shape == "clients":
        yield from _training("adapt", ["client"], ["letters"], "aggregator")
        return
    clients = [node.id for node in found.nodes if node.kind == "client"]
    if found.shape == "own":
        yield from _training("adapt", clients, [f"letters-{node.party}" for node in found.nodes[2:]], "aggregator")
        return
    for start in range(0, len(clients), SITE):
        region = f"{start // SITE:04}"
        part = clients[start : start + SITE]
        data = [_letters(int(name.partition("-")[2])) for name in part]
        yield from _training(f"adapt-{region}", part, data, f"aggregator-{region}")
        yield f"  score-{region}:"
        yield f"    {{method: llm_judge, model: judge, data: [{data[0]}], runs_on: {part[0]}}}"


def _training(name: str, clients: list[str], data: list[str], aggregator: str) -> Iterator[str]:
    yield f"  {name}:"
    yield "    method: lora"
    yield "    model: base"
    yield f"    data: [{', '.join(data)}]"
    yield f"    runs_on: [{', '.join(clients)}]"
    yield f"    aggregator: {aggregator}"
    yield "    rounds: 50"
    yield f"    clients_per_round: {SITE}"
    yield "    safeguards:"
    yield "      - {kind: secure_aggregation, min_clients: 5}"


def _movements(found: System) -> Iterator[str]:
    if not all(edge.target for edge in found.edges):
        yield "api_calls:"
    for edge in found.edges:
        if not edge.target:
            yield f"  {edge.id}: {{from: {edge.source}, model: judge, sends: [{edge.data}], retention_days: 30}}"
    yield "flows:"
    for edge in found.edges:
        if edge.target:
            data = f", data: [{edge.data}]" if edge.data else ""
            yield f"  {edge.id}: {{from: {edge.source}, to: {edge.target}, payload: {edge.payload}{data}}}"


def main() -> None:
    """Print one deployment."""
    parser = argparse.ArgumentParser(description="Print a deployment with N nodes and N flows.")
    parser.add_argument("size", type=int)
    parser.add_argument("--shape", choices=SHAPES, default=SHAPES[0])
    chosen = parser.parse_args()
    sys.stdout.write(deployment(chosen.size, chosen.shape))


if __name__ == "__main__":
    main()

"""
The generated deployment in two tools that model data flow as code: pytm and FlowStrider.

`make bench-peers` installs them into an environment of their own. Each tool gets the same nodes and flows, one trust
boundary a party, and nothing else; each does what it is for (find threats, or judge by rules). They answer other
questions than fedpolicy does; what is compared is what an answer costs.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from pathlib import Path

from generate import System, deployment, system
from measure import Command, Sample, interleaved, machine, script, show

__all__ = ["flowstrider", "pytm"]

PEERS = Path(__file__).resolve().parent.parent / ".venv-peers" / "bin"
LIMIT = 60.0
_STRIDE = {"store": "STRIDE:DataStore", "registry": "STRIDE:DataStore", "user": "STRIDE:Interactor"}
_PYTM = {"store": "Datastore", "registry": "Datastore", "user": "Actor", "service": "Server"}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure other tools on the same generated system.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1_000, 10_000], help="multiples of a hundred")
    parser.add_argument("--runs", type=int, default=3, help="runs of each tool (default: 3)")
    chosen = parser.parse_args()
    sizes, runs = chosen.sizes, chosen.runs
    print(f"{machine()}. Medians of {runs} interleaved runs, stopped after {LIMIT:.0f} s.\n", flush=True)
    rows: list[tuple[str, ...]] = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            rows += _rows(size, interleaved(_commands(Path(folder), size), runs))
    print(show(("nodes + flows", "median", "peak", "against fedpolicy"), rows), flush=True)


def _commands(folder: Path, size: int) -> list[Command]:
    found = system(size)
    ours, dfd, model = folder / "deployment.yaml", folder / "dfd.json", folder / "model.py"
    ours.write_text(deployment(size), encoding="utf-8")
    dfd.write_text(json.dumps(flowstrider(found), indent=2), encoding="utf-8")
    model.write_text(pytm(found), encoding="utf-8")
    return [
        Command(
            name="fedpolicy check",
            arguments=(script("fedpolicy"), "check", str(ours), "--fail-on", "never"),
            limit=LIMIT,
        ),
        Command(name="FlowStrider elicit", arguments=(str(PEERS / "flowstrider"), "elicit", str(dfd)), limit=LIMIT),
        Command(
            name="pytm --json",
            arguments=(str(PEERS / "python"), str(model), "--json", str(folder / "out.json")),
            limit=LIMIT,
        ),
    ]


def _rows(size: int, samples: dict[str, Sample]) -> list[tuple[str, ...]]:
    ours = samples["fedpolicy check"].median
    return [
        (
            f"{size:,} + {size:,}: {name}",
            _seconds(sample.median),
            f"{sample.peak:.0f} MiB",
            _times(sample.median / ours),
        )
        for name, sample in samples.items()
    ]


def _seconds(value: float) -> str:
    return f"over {LIMIT:.0f} s" if math.isinf(value) else f"{value:.2f} s"


def _times(value: float) -> str:
    return "over" if math.isinf(value) else f"{value:.1f} x"


def flowstrider(found: System) -> dict[str, object]:
    """A data-flow diagram for FlowStrider, to be judged by all three of its rule sets."""
    nodes = {
        node.id: {
            "id": node.id,
            "name": node.id,
            "tags": [_STRIDE.get(node.kind, "STRIDE:Process")],
            "attributes": {},
        }
        for node in found.nodes
    }
    edges = {
        edge.id: {
            "id": edge.id,
            "source_id": edge.source,
            "sink_id": edge.target or "openai",
            "name": edge.payload,
            "tags": ["STRIDE:Dataflow"],
            "attributes": {},
        }
        for edge in found.edges
    }
    nodes["openai"] = {"id": "openai", "name": "openai", "tags": ["STRIDE:Interactor"], "attributes": {}}
    clusters = {
        party: {
            "id": party,
            "node_ids": [node.id for node in found.nodes if node.party == party],
            "name": party,
            "tags": ["STRIDE:TrustBoundary"],
            "attributes": {},
        }
        for party in sorted({node.party for node in found.nodes})
    }
    tags = ["stride", "bsi_rules", "linddun_rules"]
    dfd = {"id": "generated", "nodes": nodes, "edges": edges, "clusters": clusters, "name": "", "tags": tags}
    return {"dfd_version": "1.0", "dfd": {**dfd, "attributes": {}}}


def pytm(found: System) -> str:
    """A model for pytm, which is a program."""
    lines = [
        "from pytm import TM, Actor, Boundary, Dataflow, Datastore, ExternalEntity, Process, Server",
        'tm = TM("generated")',
        "boundaries, nodes = {}, {}",
        'nodes["openai"] = ExternalEntity("openai")',
    ]
    lines += [f"boundaries[{party!r}] = Boundary({party!r})" for party in sorted({node.party for node in found.nodes})]
    for node in found.nodes:
        lines.append(f"nodes[{node.id!r}] = {_PYTM.get(node.kind, 'Process')}({node.id!r})")
        lines.append(f"nodes[{node.id!r}].inBoundary = boundaries[{node.party!r}]")
    lines += [
        f"Dataflow(nodes[{edge.source!r}], nodes[{edge.target or 'openai'!r}], {edge.id!r})" for edge in found.edges
    ]
    return "\n".join([*lines, "tm.process()"]) + "\n"


if __name__ == "__main__":
    main()

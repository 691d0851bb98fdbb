"""
The generated deployment in other tools: `make bench-peers`.

Each gets an environment of its own, and the same nodes and flows in its own language. pytm and FlowStrider look for
threats in a model of data flow, fideslang reads a data map and says which references have no target, Checkov judges
manifests by rules, Semgrep looks for a pattern, check-jsonschema and yamllint look at form. They answer other questions
than fedpolicy does; what is compared is what an answer costs, in processor time.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from generate import System, deployment, system
from measure import RATIO, Bar, Command, Sample, bar_row, growth, machine, once, sample_of, script, show

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / ".venv-peers"
LIMIT = 60  # seconds of processor
OURS, BARE = "fedpolicy check", "python -c pass"
SIZES = (1_000, 10_000)
# How many times as long as we take those take that judge a model as a whole: the faster of the two, or one of them.
BARS = {1_000: (("FlowStrider elicit", "pytm --json"), 5.0), 10_000: (("FlowStrider elicit",), 15.0)}
HEADER = ("nodes + flows", "median", "processor", "against Python", "peak", "against fedpolicy")
_STRIDE = {"store": "STRIDE:DataStore", "registry": "STRIDE:DataStore", "user": "STRIDE:Interactor"}
_PYTM = {"store": "Datastore", "registry": "Datastore", "user": "Actor", "service": "Server"}
_FIDES = """import json, sys
from fideslang.models import Taxonomy
from fideslang.relationships import get_referenced_missing_keys
with open(sys.argv[1], encoding="utf-8") as file:
    print(len(get_referenced_missing_keys(Taxonomy.model_validate(json.load(file)))))
"""
_PATTERN = """rules:
  - {id: records, languages: [yaml], severity: WARNING, message: records move, pattern: "payload: records"}
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure other tools on the same generated system.")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="multiples of a hundred")
    parser.add_argument("--runs", type=int, default=3, help="runs of each tool below 10,000 (default: 3)")
    parser.add_argument("--only", nargs="+", default=[], metavar="TOOL", help="these tools beside fedpolicy")
    parser.add_argument("--json", type=Path, help="write what was measured to a file, for benchmarks/page.py")
    chosen = parser.parse_args()
    print(f"{machine()}. Medians of {chosen.runs} runs in turn, one at 10,000, stopped after {LIMIT} s of processor.\n")
    found: dict[int, dict[str, Sample]] = {}
    stopped: set[str] = set()
    for size in sorted(chosen.sizes):
        with tempfile.TemporaryDirectory() as folder:
            named = asked(_commands(Path(folder), size), chosen.only)
            commands = [one for one in named if one.name not in stopped]
            found[size] = _measured(commands, chosen.runs if size < SIZES[-1] else 1)
        stopped |= {name for name, sample in found[size].items() if math.isinf(sample.work)}
        print(show(HEADER, _rows(size, found[size])) + "\n", flush=True)
    exponents = _exponents(found)
    print(show(("tool", "exponent of growth"), exponents) + "\n", flush=True)
    ratios = [bar_row(bar) for bar in peer_bars(found)]
    print(show(RATIO, ratios), flush=True)
    if chosen.json:
        from run import write  # noqa: PLC0415  only a page needs it

        rows = [row for size, samples in found.items() for row in _rows(size, samples)]
        names = {name: None for samples in found.values() for name in samples if name != BARE}
        points = {
            name: [(size, some[name].work) for size, some in found.items() if _ended(some.get(name))] for name in names
        }
        write(chosen.json, [(HEADER, rows), (("tool", "exponent of growth"), exponents), (RATIO, ratios)], points)


def asked(commands: Iterable[Command], only: Sequence[str]) -> list[Command]:
    """The commands of the tools that are asked for, beside which fedpolicy and a bare start always run."""
    some = {name.lower() for name in only}
    always = {BARE, OURS}
    return [one for one in commands if not some or one.name in always or one.name.split()[0].lower() in some]


def _ended(sample: Sample | None) -> bool:
    """Whether a tool was started at a size, and came to its end."""
    return sample is not None and math.isfinite(sample.work)


def _measured(commands: list[Command], runs: int) -> dict[str, Sample]:
    """All in turn; what takes long is steady enough to be run once."""
    found = {command.name: [once(command)] for command in commands}
    for _ in range(runs - 1):
        for command in commands:
            if found[command.name][0][2] < LIMIT / 10:
                found[command.name].append(once(command))
    return {name: sample_of(some) for name, some in found.items()}


def _commands(folder: Path, size: int) -> list[Command]:
    found = system(size)
    texts = {
        "deployment.yaml": deployment(size),
        "dfd.json": json.dumps(flowstrider(found), indent=2),
        "model.py": pytm(found),
        "fides.json": json.dumps(fides(found)),
        "fides.py": _FIDES,
        "manifests.yaml": manifests(found),
        "rule.yaml": _PATTERN,
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    at = {name: str(folder / name) for name in texts}
    ours, schema = at["deployment.yaml"], str(ROOT / "schemas" / "deployment.schema.json")
    quiet = ("--metrics", "off", "--disable-version-check", "--quiet", "--max-target-bytes", "0")
    rows: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
        BARE: ((sys.executable, "-c", "pass"), (0,)),
        OURS: ((script("fedpolicy"), "check", ours, "--fail-on", "never"), (0,)),
        "FlowStrider elicit": ((_peer("models", "flowstrider"), "elicit", at["dfd.json"]), (0,)),
        "pytm --json": ((_peer("models", "python"), at["model.py"], "--json", str(folder / "out.json")), (0,)),
        "fideslang, references": ((_peer("fides", "python"), at["fides.py"], at["fides.json"]), (0,)),
        "check-jsonschema": ((script("check-jsonschema"), "--schemafile", schema, ours), (0,)),
        "yamllint": ((script("yamllint"), ours), (0, 1)),
        "Checkov, Kubernetes": (
            (_peer("checkov", "checkov"), "-f", at["manifests.yaml"], "--framework", "kubernetes", "--compact"),
            (0, 1),
        ),
        "Semgrep, one rule": ((_peer("semgrep", "semgrep"), "scan", "--config", at["rule.yaml"], *quiet, ours), (0, 1)),
    }
    return [Command(name=name, arguments=what, codes=codes, work=LIMIT) for name, (what, codes) in rows.items()]


def _peer(environment: str, program: str) -> str:
    return str(PEERS / environment / "bin" / program)


def _rows(size: int, samples: Mapping[str, Sample]) -> list[tuple[str, ...]]:
    ours, bare = samples[OURS].work, samples[BARE].work
    return [
        (
            f"{size:,} + {size:,}: {name}",
            _seconds(sample.median),
            _seconds(sample.work),
            _times(sample.work / bare),
            f"{sample.peak:.0f} MiB",
            _times(sample.work / ours),
        )
        for name, sample in samples.items()
    ]


def _exponents(found: Mapping[int, Mapping[str, Sample]]) -> list[tuple[str, str]]:
    """How the time of each tool grows between the smallest and the largest size that was measured."""
    small, large = min(found), max(found)
    if small == large:
        return []
    return [
        (name, f"{growth(sample.work, found[large][name].work, large / small):.2f}")
        for name, sample in found[small].items()
        if name != BARE and _ended(found[large].get(name))
    ]


def peer_bars(found: Mapping[int, Mapping[str, Sample]]) -> list[Bar]:
    """How many times as long the fastest of those takes that a size is compared with; what was stopped takes longer."""
    bars = []
    for size, (names, least) in BARS.items():
        some = {name: min(LIMIT, found[size][name].work) for name in names if name in found.get(size, {})}
        if len(some) == len(names):
            fastest = min(some, key=some.__getitem__)
            value = some[fastest] / found[size][OURS].work
            bars.append(Bar(name=f"sites {size:,}: {fastest} / check", value=value, limit=least, least=True))
    return bars


def _seconds(value: float) -> str:
    return f"over {LIMIT} s" if math.isinf(value) else f"{value:.2f} s"


def _times(value: float) -> str:
    return "over" if math.isinf(value) else f"{value:.1f} x"


def fides(found: System) -> dict[str, object]:
    """A data map for fideslang: a system a node, with what it does and where it sends things."""
    targets: dict[str, list[str]] = {}
    for edge in found.edges:
        targets.setdefault(edge.source, []).append(edge.target or "openai")
    use = {"data_categories": ["user.health_and_medical"], "data_use": "train_ai_system", "data_subjects": ["patient"]}
    systems = [
        {
            "fides_key": node.id,
            "system_type": node.kind,
            "privacy_declarations": [{"name": node.kind, **use}],
            "egress": [{"fides_key": target, "type": "system"} for target in sorted(set(targets.get(node.id, [])))],
        }
        for node in found.nodes
    ]
    return {"system": [*systems, {"fides_key": "openai", "system_type": "service", "privacy_declarations": []}]}


def manifests(found: System) -> str:
    """Manifests for Checkov: a pod a node, and a policy a flow that lets it out."""
    pods = (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {node.id}, namespace: {node.party}}}\n"
        f"spec: {{containers: [{{name: {node.kind}, image: 'example.org/{node.kind}:1'}}]}}\n"
        for node in found.nodes
    )
    policies = (
        f"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {edge.id}}}\n"
        f"spec: {{podSelector: {{matchLabels: {{app: {edge.source}}}}}, policyTypes: [Egress],"
        f" egress: [{{to: [{{podSelector: {{matchLabels: {{app: {edge.target or 'openai'}}}}}}}]}}]}}\n"
        for edge in found.edges
    )
    return "---\n".join([*pods, *policies])


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

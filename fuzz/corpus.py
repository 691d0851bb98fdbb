"""What mutation starts from: the examples, and what the tests accept and reject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

__all__ = ["CLEAN", "CONFIG", "FOLDERS", "LEAK", "ROOT", "read_corpus"]

ROOT = Path(__file__).resolve().parent.parent
_LARGEST = 10_000  # bytes; a mutation of more is slow and finds nothing else

CLEAN = (ROOT / "examples/clean-open-weight/deployment.yaml").read_bytes()
LEAK = b"""\
fedpolicy: 1
name: leak
parties: {a: {role: participant}, b: {role: coordinator}}
nodes: {n: {kind: client, party: a}, g: {kind: aggregator, party: b}}
datasets: {d: {at: n, categories: [health]}}
flows: {f: {from: n, to: g, payload: records}}
"""
CONFIG = b"""\
packs = ["federation", "gdpr"]
catalogs = []
exclude = ["drafts/**"]
fail_on = "medium"
strict = false
max_epsilon = 8.0
jobs = 1

[rules.single-provider]
enabled = false

[rules.private-data-to-closed-model]
severity = "critical"
params = {max_level = "none"}

[repair.costs]
drop = 2
"""
_WAIVERS = b"""\
fedpolicy_waivers: 1
waivers:
  one:
    rule: raw-data-leaves-silo
    element: [datasets.d@*, "parties.b"]
    deployment: leak
    verdict: fail
    reason: The records are synthetic.
    owner: Ann Onym
    approved_by: Bea Ta
    expires: 2027-01-31
"""
_BASELINE = b"""\
{
  "fedpolicy_baseline": 1,
  "findings": [
    {"deployment": "leak", "rule": "raw-data-leaves-silo", "verdict": "fail", "severity": "critical",
     "elements": ["parties.b", "datasets.d@a"], "fingerprint": "0123456789abcdef0123456789abcdef"}
  ]
}
"""
FOLDERS = {
    "deployment": (
        "examples/*/*.yaml",
        "tests/language/accept/*.yaml",
        "tests/language/reject/*.yaml",
        "tests/analysis/cases/*.yaml",
        "tests/graph/cases/*.yaml",
        "tests/repair/cases/*.yaml",
    ),
    "rule": ("policies/*/[!_]*.yaml", "tests/policy/accept/*.yaml", "tests/policy/reject/*.yaml"),
    "pack": ("policies/*/_pack.yaml",),
    "catalogue": ("tests/catalog/accept/*.yaml", "tests/catalog/reject/*.yaml"),
}


def read_corpus() -> Mapping[str, tuple[bytes, ...]]:
    """Seeds by the kind of file; every kind has some."""
    found = {kind: tuple(_texts(patterns)) for kind, patterns in FOLDERS.items()}
    return found | {"waivers": (_WAIVERS,), "baseline": (_BASELINE,), "config": (CONFIG,)}


def _texts(patterns: Iterable[str]) -> Iterable[bytes]:
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            # A case begins with what is expected of the deployment below its marker.
            text = path.read_bytes().rpartition(b"\n---\n")[2]
            if len(text) <= _LARGEST:
                yield text

"""What mutation starts from: the examples, and what the tests accept and reject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

__all__ = ["CLEAN", "CONFIG", "FOLDERS", "LEAK", "ROOT", "foreign_files", "read_corpus", "repository"]

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
_SITE = b"""\
fedpolicy_site: 1
party: a
releases:
  - {to: [b], up_to: bounded}
  - {data: d, to: participants, as: operator, up_to: inferable}
demands:
  - {kind: secure_aggregation, on: [tasks, flows], at_least: {min_clients: 3}}
  - {kind: differential_privacy, at_most: {sampling_rate: 0.1}, must_be: {unit: person}}
changed_by: [b]
strict: true
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
    return found | {"waivers": (_WAIVERS,), "baseline": (_BASELINE,), "config": (CONFIG,), "site": (_SITE,)}


def foreign_files() -> Mapping[str, tuple[bytes, ...]]:
    """Files that a scan reads, by their names: those of the tests of importers, and of the tutorial's consortium."""
    found: dict[str, list[bytes]] = {}
    for path in sorted((ROOT / "tests/scan/evidence").glob("*.yaml")):
        for case in yaml.safe_load_all(path.read_bytes()):
            for name, text in _files_of(case):
                found.setdefault(name, []).append(text.encode("utf-8"))
    for name, text in repository().items():
        found.setdefault(name, []).append(text)
    return {name: tuple(texts) for name, texts in sorted(found.items())}


@cache
def repository() -> Mapping[str, bytes]:
    """The files of the tutorial's consortium, by their paths."""
    found = {}
    for folder in ("consortium", "infrastructure"):
        whole = ROOT / "tests/scan" / folder
        for path in sorted(one for one in whole.rglob("*") if one.is_file() and one.suffix != ".md"):
            found[path.relative_to(whole).as_posix()] = path.read_bytes()
    return found


def _files_of(case: Any) -> Iterable[tuple[str, str]]:
    if "file" in case:
        yield case["file"], case.get("text", "")
    yield from case.get("files", {}).items()


def _texts(patterns: Iterable[str]) -> Iterable[bytes]:
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            # A case begins with what is expected of the deployment below its marker.
            text = path.read_bytes().rpartition(b"\n---\n")[2]
            if len(text) <= _LARGEST:
                yield text

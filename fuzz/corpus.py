"""What mutation starts from: the examples, and what the tests accept and reject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

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
  two:
    rule: raw-data-leaves-silo
    element: parties.*
    verdict: unknown
    reason: It is asked.
    owner: Ann Onym
    approved_by: Bea Ta
    expires: 2026-11-28
  three:
    rule: unencrypted-transport
    element: [deployment, "datasets.*@a", nodes.g]
    fingerprint: 0123456789abcdef0123456789abcdef
    file: ["*.yaml"]
    reason: It is known.
    owner: Ann Onym
    approved_by: Cem
    expires: 2027-12-31
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
EVIL = "evil.example"
"""Where no report of ours leads; every hostile text that could lead somewhere leads there."""
HOSTILE = (
    *(f"<script src=//{EVIL}></script>", f'"><img src=x onerror="location=//{EVIL}">', "<x-evil>", "</script><x-evil>"),
    *(f"[a](//{EVIL})", f"![a](https://{EVIL}/a.png)", f"<https://{EVIL}>", f"https://{EVIL}", f"[a]: https://{EVIL}"),
    *(
        "a\n\n# b",
        "| a | b |",
        "```",
        "``` a",
        "`a` @everybody",
        "**a** _b_ ~~c~~",
        "&lt;x-evil&gt;",
        "&#60;x-evil&#62;",
    ),
    *("=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1", "a,b", 'a"b', "a\r\nb", ";a"),
    *("::error::a", "\n::set-env name=a::b", "%0A::error::a", "##[error]a", "::stop-commands::a"),
    *("a]]>b", "<![CDATA[a", "&a;", "\x1b[31m", "\u202ea", "\u2028a", "\x85", "\ufeff", "\U0001f600"),
    *('"]; click n0 "javascript:a"', 'a"--> b', "end", "#quot;", "%%{init: {}}%%", "`a`", "a|b"),
    *(
        "javascript:alert(1)",
        f"data:text/html,<script>{EVIL}</script>",
        "{message}",
        "${a}",
        "{{a}}",
        "../../a",
        "a" * 400,
    ),
)
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
    # What is refused says little: it is drawn less often than what is read.
    "catalogue": (*["tests/catalog/accept/*.yaml"] * 20, "tests/catalog/reject/*.yaml"),
}


def read_corpus(more: Iterable[Path] = ()) -> Mapping[str, tuple[bytes, ...]]:
    """Seeds by the kind of file; every kind has some. `more` are folders with files to be mutated as well."""
    found = {kind: tuple(_texts(patterns)) for kind, patterns in FOLDERS.items()}
    found |= {"waivers": (_WAIVERS,), "baseline": (_BASELINE,), "config": (CONFIG,), "site": (_SITE,)}
    found["expression"] = tuple(_expressions(found["rule"]))
    found["deployment"] += tuple(text for folder in more for text in _read(sorted(folder.rglob("*.y*ml"))))
    return found


def _expressions(rules: Iterable[bytes]) -> Iterable[bytes]:
    """Each with the kind of element that it is about, on the line before."""
    for text in rules:
        try:
            tree = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError):
            continue
        if isinstance(tree, dict) and isinstance(tree.get("applies_to"), str):
            written = [tree[key] for key in ("match", "require", "graver", "slight") if isinstance(tree.get(key), str)]
            yield from (f"{tree['applies_to']}\n{one}".encode() for one in written)


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
        yield from _read(sorted(ROOT.glob(pattern)))


def _read(paths: Iterable[Path]) -> Iterable[bytes]:
    for path in paths:
        # A case begins with what is expected of the deployment below its marker.
        text = path.read_bytes().rpartition(b"\n---\n")[2]
        if len(text) <= _LARGEST:
            yield text

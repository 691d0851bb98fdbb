"""Whole commands: how they end, what several files are told of, and that the same input gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import yaml

from fuzz.command import Broken, Vacuous
from fuzz.grammar import LOADER
from fuzz.reading import loaded
from fuzz.target import Box, Target

_CHECK = ("check", "--isolated", "--today", "2026-11-28", "--jobs", "1")
_LAWS = ("eu-ai-act", "gdpr", "hipaa")
_SEVERE = ("high", "critical")
_FORMATS = ("text", "json", "sarif", "gitlab", "junit", "markdown", "csv", "github")


def clean_beside(box: Box) -> None:
    """A clean file beside it never lowers the exit code."""
    alone = box.run(*_CHECK, *box.files).code
    beside = box.run(*_CHECK, *box.files, "clean.yaml").code
    if beside < alone:
        command = (*_CHECK, *box.files, "clean.yaml")
        raise Broken("lowered", command, f"exit code {beside}, and {alone} without clean.yaml")


def same_bytes(box: Box) -> None:
    """The same input gives the same bytes."""
    command = (*_CHECK, *box.files, "--format", box.rng.choice(_FORMATS))
    one, two = box.run(*command), box.run(*command)
    if one != two:
        raise Broken("different", command, "two runs differ")


def together(box: Box) -> None:
    """Each file of several is told of, in any order, and the exit code is what the findings say."""
    names = (*box.files, "clean.yaml")
    command = (*_CHECK, *names, "--format", "json")
    found = box.run(*command)
    report = json.loads(found.out)
    told = {row["file"] for row in (*report["deployments"], *report["errors"])}
    for name in names:
        if name not in told:
            raise Broken("vanished", command, f"{name} is neither a deployment nor a mistake")
    if found.code != (expected := _expected(report, "fail")):
        raise Broken("exit code", command, f"{found.code}, and {expected} by what is said")
    again = json.loads(box.run(*_CHECK, *reversed(names), "--format", "json").out)
    if _rows(report) != _rows(again):
        raise Broken("order", command, "another order of the files gives other findings")


def _rows(report: Any) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for key in ("findings", "errors") for row in report[key])


def _names(box: Box, *sections: str) -> Sequence[str]:
    """What the input declares there."""
    try:
        tree: Any = yaml.load(box.only[1], LOADER)
    except (yaml.YAMLError, ValueError, RecursionError):
        return ["x"]
    tree = tree if isinstance(tree, dict) else {}
    return [str(name) for s in sections if isinstance(tree.get(s), dict) for name in tree[s]] or ["x"]


def asked(box: Box) -> None:
    """A question ends with an answer or says what is wrong; JSON is JSON."""
    rng, (name, _) = box.rng, box.only
    party, dataset = rng.choice((*_names(box, "parties"), "public")), rng.choice(_names(box, "datasets"))
    command = rng.choice(
        (
            ("facts", name, "--format", "json"),
            ("facts", name),
            ("graph", name),
            ("budget", name),
            ("control", name),
            ("why", name, "--", party, dataset),
            ("whatif", name, _changed(box), "--format", rng.choice(("text", "json"))),
        )
    )
    found = box.run(*command)
    if loaded(box)[0] and found.code == 0 and "json" in command:
        try:
            json.loads(found.out)
        except ValueError as error:
            raise Broken("malformed", command, str(error)) from error


def _changed(box: Box) -> str:
    """One assumption less."""
    rng = box.rng
    party, node = rng.choice(_names(box, "parties")), rng.choice(_names(box, "parties", "nodes"))
    return rng.choice(
        (
            f"--compromise={node}",
            f"--remove={party}",
            f"--collude={','.join(dict.fromkeys((party, *_names(box, 'parties'))))}",
            f"--without=tasks.{rng.choice(_names(box, 'tasks'))}.safeguards.0",
            f"--smallest-coalition={rng.choice(_names(box, 'datasets'))}",
        )
    )


def other_packs(box: Box) -> None:
    """Packs of laws judge whatever can be read, and the exit code is what they find."""
    if not loaded(box)[0]:
        raise Vacuous
    chosen = [option for pack in _LAWS for option in ("--pack", pack)]
    command = ("check", *box.files, "--isolated", *chosen, "--strict", "--format", "json")
    found = box.run(*command)
    report = json.loads(found.out)
    if report["packs"] != list(_LAWS) or not (report["errors"] or any(report["summary"].values())):
        raise Broken("unjudged", command, f"{report['packs']} say {report['summary']}")
    if found.code != (expected := _expected(report, "fail", "unknown")):
        raise Broken("exit code", command, f"{found.code}, and {expected} by what they find")


def _expected(report: Any, *verdicts: str) -> int:
    """The exit code by what is said: 2 with errors, 1 where a finding that is severe has one of these verdicts."""
    failing = any(f["verdict"] in verdicts and f["severity"] in _SEVERE for f in report["findings"])
    return 2 if report["errors"] else int(failing)


TARGETS = (
    Target(
        name="batch",
        kind="law",
        holds="each of several files is told of, their order changes nothing, and the exit code is what they say",
        input="deployment",
        judge=together,
        heavy=True,
    ),
    Target(
        name="beside",
        kind="law",
        holds="a clean file beside another never lowers the exit code",
        input="deployment",
        judge=clean_beside,
        heavy=True,
    ),
    Target(
        name="same-bytes",
        kind="law",
        holds="the same input gives the same bytes, in every format",
        input="deployment",
        judge=same_bytes,
        heavy=True,
    ),
    Target(
        name="questions",
        kind="law",
        holds="facts, graph, budget, control, why and whatif end with 0, 1, or 2 and a message",
        input="deployment",
        judge=asked,
    ),
    Target(
        name="other-packs",
        kind="law",
        holds="the packs of laws judge whatever can be read, and the exit code is what they find",
        input="deployment",
        judge=other_packs,
        heavy=True,
    ),
)

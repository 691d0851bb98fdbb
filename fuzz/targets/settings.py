"""What somebody sets beside the rules: waivers, baselines, configuration, catalogues, policies of sites."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import jsonschema

from fedpolicy.errors import Problems
from fedpolicy.policy.waivers import read_waivers, waivers_schema
from fuzz.command import Broken, Vacuous
from fuzz.corpus import LEAK
from fuzz.drawn import drawn
from fuzz.reading import trees_of
from fuzz.target import Box, Target
from fuzz.targets.rules import lets_no_leak_pass

_DAY = "2026-11-28"


def waivers(box: Box) -> None:
    """What is waived is what an entry names, by its rule, its elements and its deployment; all else stays."""
    _, text = box.only
    found, before = _with(box, "--waivers", "waivers.yaml"), _with(box, "--no-waivers")
    entries = _entries(text)
    if entries is None or found is None or before is None:
        raise Vacuous
    for error in jsonschema.Draft202012Validator(waivers_schema()).iter_errors(trees_of(box)[0]):
        raise Broken("schema", ("check",), f"the schema refuses what is read: {error.message:.200}")
    hidden = {_row(one) for one in before} - {_row(one) for one in found if one["verdict"] != "waived"}
    for one in before:
        if _row(one) in hidden and not any(_names(entry, one) for entry in entries):
            raise Broken("waivers", ("check",), f"{one['rule']} of {one['elements']} is hidden, and no waiver names it")


def _with(box: Box, *options: str) -> list[Any] | None:
    """The findings about the leak with these options; None where they cannot be used."""
    ran = box.run("check", "leak.yaml", "--isolated", "--today", _DAY, "--format", "json", *options)
    report = json.loads(ran.out) if ran.out else {"errors": [""]}
    return None if report["errors"] else list(report["findings"])


def _row(one: Any) -> tuple[str, ...]:
    return one["rule"], one["deployment"], *one["elements"]


def _entries(text: bytes) -> list[Any] | None:
    try:
        return list(read_waivers(text, "w.yaml").entries)
    except Problems:
        return None


def _names(entry: Any, one: Any) -> bool:
    """Whether an entry is about a finding, by the words of docs/waivers.md and nothing of the product's."""
    if entry.rule != one["rule"] or entry.deployment not in ("", one["deployment"]):
        return False
    if entry.fingerprint or entry.files:
        return entry.fingerprint in ("", one["fingerprint"])
    for section in {pattern.partition(".")[0] for pattern in entry.elements}:
        there = [element for element in one["elements"] if element.partition(".")[0] == section]
        patterns = [pattern for pattern in entry.elements if pattern.partition(".")[0] == section]
        means = re.compile("|".join(".*".join(map(re.escape, pattern.split("*"))) for pattern in patterns), re.DOTALL)
        if not there or not all(means.fullmatch(element) for element in there):
            return False
    return True


def baseline(box: Box) -> None:
    """What is not shown is what the file has the fingerprint of; what it writes now hides all of today's."""
    _, text = box.only
    before, found = _with(box), _with(box, "--baseline", "baseline.json")
    if found is None or before is None:
        raise Vacuous
    shown = {_row(one) for one in found}
    for one in before:
        told = json.dumps(one["rule"])[1:-1].encode() in text
        if _row(one) not in shown and not told:
            raise Broken("baseline", ("check",), f"{one['rule']} is hidden, and the file does not name it")


def baselines(box: Box) -> None:
    """A baseline that is written from a file excuses all that is found in it, and nothing of another."""
    name, _ = box.only
    wrote = box.run("baseline", name, "--isolated", "--output", "new.json")
    path = box.folder / "new.json"
    if wrote.code != 0 or not path.exists():
        raise Vacuous
    try:
        again = box.run("check", name, "--isolated", "--baseline", "new.json", "--fail-on", "info")
        leak = box.run("check", "leak.yaml", "--isolated", "--baseline", "new.json", "--fail-on", "info")
    finally:
        path.unlink()
    if again.code != 0:
        raise Broken("baseline", ("check",), f"exit code {again.code} with the baseline that was written from the file")
    if leak.code == 0:
        raise Broken("baseline", ("check",), "the baseline of one file hides what another leaks")


def configuration(box: Box) -> None:
    """The same settings in a file of their own and in pyproject.toml are the same; what is refused judges nothing."""
    _, text = box.only
    own = box.run("check", "leak.yaml", "--config", "fedpolicy.toml", "--today", _DAY, "--format", "json")
    box.run("config", "show", "--config", "fedpolicy.toml")
    path = box.folder / "pyproject.toml"
    path.write_bytes(text)
    try:
        box.run("check", "leak.yaml", "--config", "pyproject.toml", "--today", _DAY)
        inside = _inside(text)
        path.write_text(inside, encoding="utf-8")
        theirs = box.run("check", "leak.yaml", "--config", "pyproject.toml", "--today", _DAY, "--format", "json")
    finally:
        path.unlink()
    if own.code != theirs.code:
        raise Broken("configuration", ("check",), f"exit code {own.code}, and {theirs.code} from pyproject.toml")
    if own.code != 2 and own.out != theirs.out.replace(b"pyproject.toml", b"fedpolicy.toml"):
        raise Broken("configuration", ("check",), "the same settings in pyproject.toml give another report")


def _inside(text: bytes) -> str:
    """The same tables below `tool.fedpolicy`. Raises Vacuous where they are no TOML, or written so that this fails."""
    try:
        said = text.decode("utf-8")
        table_of = tomllib.loads(said)
        moved = "[tool.fedpolicy]\n" + re.sub(r"(?m)^(\s*\[\[?)\s*(?=[\w\"'])", r"\1tool.fedpolicy.", said)
        same = tomllib.loads(moved) == {"tool": {"fedpolicy": table_of}}
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Vacuous from error
    if not same:
        raise Vacuous
    return moved


def catalogue(box: Box) -> None:
    """Facts of somebody's own about other things change nothing that is found."""
    before, found = _with(box), _with(box, "--catalog", "catalogue.yaml")
    if found is None or before is None:
        raise Vacuous
    box.run("catalog", "--catalog", "catalogue.yaml")
    named = set(re.findall(rb"[a-z][\w-]*", LEAK)) | {b"free-text"}
    if named.isdisjoint(_rows(trees_of(box))) and {_row(one) for one in found} != {_row(one) for one in before}:
        raise Broken("catalogue", ("check",), "rows about other things change what is found")


def _rows(trees: list[Any]) -> Iterator[bytes]:
    """What a catalogue has rows of."""
    for rows in (rows for tree in trees if isinstance(tree, dict) for rows in tree.values()):
        yield from (str(name).encode() for name in rows) if isinstance(rows, dict) else ()


TARGETS = (
    Target(
        name="waivers",
        kind="differential",
        holds="what is waived is what an entry names, by a second reading of the words of the documentation",
        input="waivers",
        judge=waivers,
    ),
    Target(
        name="baseline",
        kind="law",
        holds="a baseline hides no rule that it does not name",
        input="baseline",
        judge=baseline,
    ),
    Target(
        name="baseline-written",
        kind="law",
        holds="a baseline hides all of the file that it was written from, and nothing of another",
        input="deployment",
        judge=baselines,
        heavy=True,
    ),
    Target(
        name="configuration",
        kind="differential",
        holds="settings of their own file and of pyproject.toml give the same report",
        input="config",
        judge=configuration,
    ),
    Target(
        name="catalogue",
        kind="law",
        holds="facts of somebody's own about other things change nothing that is found",
        input="catalogue",
        judge=catalogue,
    ),
    Target(
        name="sites",
        kind="law",
        holds="the policy of a site never lets a leak pass",
        input="site",
        judge=lets_no_leak_pass("--isolated", "--site", "site.yaml"),
    ),
    Target(
        name="releases",
        kind="law",
        holds="a site that permits more finds no more",
        input="bytes",
        judge=drawn("enforce.test_laws:test_a_site_that_permits_more_finds_no_more"),
    ),
)

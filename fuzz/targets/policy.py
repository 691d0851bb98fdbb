"""Rules and their language, and what excuses a finding: waivers, baselines, configuration, catalogues, sites."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import jsonschema

from fedpolicy.errors import Problems
from fedpolicy.policy.context import KINDS, table
from fedpolicy.policy.expression import BadExpression, EvaluationError, Expression, activator, language
from fedpolicy.policy.fields import Type, Value
from fedpolicy.policy.waivers import read_waivers, waivers_schema
from fuzz.command import Broken, Vacuous, bounded
from fuzz.corpus import LEAK
from fuzz.drawn import drawn
from fuzz.reading import trees_of
from fuzz.target import Box, Judge, Target

__all__ = ["TARGETS"]

_DAY = "2026-11-28"
_SECOND = 1.0
_VALUES: Mapping[Type, tuple[Value, ...]] = {
    Type.TEXT: ("", "none", "fedavg", "x" * 300, "é", "a.b"),
    Type.BOOL: (True, False),
    Type.INT: (0, 1, 3, 10**12, -1),
    Type.LEVEL: (0, 1, 2, 3, 4),
    Type.NUMBER: (0.0, 0.5, 1.0, 1e300, 1e-9),
    Type.LIST: ([], ["a"], ["health", "free-text"], [f"n{number}" for number in range(300)]),
}


def expressions(box: Box) -> None:
    """What compiles decides within a second; its negation, and itself beside what says nothing, decide alike."""
    _, data = box.only
    head, _, text = data.decode("utf-8", "replace").partition("\n")
    kind = head if head in KINDS else "deployment"
    fields = table(kind)
    with bounded(("compile",), _SECOND):
        spoken = language({name: one.type for name, one in fields.items()}, asked=[n for n in fields if fields[n].open])
        found = spoken.compile(text)
    if not isinstance(found, Expression):
        _mistakes(found, text)
        raise Vacuous
    known = _facts({name: fields[name].type for name in found.reads}, box.rng)
    before = _judged(found, known)
    others = {f"!({text}\n)": _negated(before), f"({text}\n) && true": before, f"false || ({text}\n)": before}
    for other, expected in others.items():
        same = spoken.compile(other)
        if isinstance(same, Expression) and (after := _judged(same, known)) != expected:
            raise Broken("decided", ("judge",), f"{text!r} says {before}, and {other!r} {after} of {known!r:.500}")


def _mistakes(found: tuple[BadExpression, ...], text: str) -> None:
    for one in found:
        if not 0 <= one.offset <= len(text) or not one.message:
            raise Broken("misplaced", ("compile",), f"{one} of {text!r}", one.message[:40])
    if not found:
        raise Broken("vanished", ("compile",), f"{text!r} is neither an expression nor a mistake")


def _facts(types: Mapping[str, Type], rng: Random) -> dict[str, Value]:
    return {name: rng.choice(_VALUES[kind]) for name, kind in types.items() if rng.random() < 0.8}


def _judged(expression: Expression, known: Mapping[str, Value]) -> bool | str | None:
    """Yes, no, None where a fact is missing, or `failed`."""
    asked = {f"has.{name}": name in known for name in expression.asks}
    with bounded(("judge",), _SECOND):
        try:
            return expression.judge(known, activator()({**known, **asked})).value
        except EvaluationError:
            return "failed"


def _negated(value: bool | str | None) -> bool | str | None:  # noqa: FBT001  one of three answers
    return not value if isinstance(value, bool) else value


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


def judged(*options: str, codes: tuple[int, ...] = (1, 2)) -> Judge:
    """A judge of a file that excuses nothing: with it, a leak does not pass."""

    def judge(box: Box) -> None:
        command = ("check", "leak.yaml", "--today", _DAY, *options)
        if box.run(*command).code not in codes:
            raise Broken("leak", command, "a leak passes because of a file that excuses nothing")

    return judge


def rules(box: Box) -> None:
    """A rule of somebody's own never lets a leak pass, and its examples can be judged."""
    judged("--isolated", "--pack", "federation", "--pack", "./pack")(box)
    box.run("test", *box.files, "--no-mutants")


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
        name="rules",
        kind="law",
        holds="a rule of somebody's own never lets a leak pass, and `test` judges its examples",
        input="rule",
        judge=rules,
    ),
    Target(
        name="packs",
        kind="law",
        holds="the file of a pack never lets a leak pass",
        input="pack",
        judge=judged("--isolated", "--pack", "federation", "--pack", "./pack"),
    ),
    Target(
        name="CEL",
        kind="law",
        holds="an expression is refused with a place, or decides in a second, as its double negation does",
        input="expression",
        judge=expressions,
    ),
    Target(
        name="three-values",
        kind="law",
        holds="an answer holds however missing facts turn out, and one more fact never turns it around",
        input="bytes",
        judge=drawn(
            "policy.test_verdicts:test_and_or_absorb_whatever_the_order",
            "policy.test_verdicts:test_an_answer_holds_however_the_missing_facts_turn_out",
            "policy.test_verdicts:test_everything_known_is_decided_and_what_is_missing_is_named",
            "policy.test_verdicts:test_one_more_fact_never_turns_an_answer_around",
            "policy.test_verdicts:test_more_cases_never_turn_pass_into_fail_or_fail_into_pass",
        ),
    ),
    Target(
        name="groups",
        kind="law",
        holds="findings told together say what they said one by one; what is excused and what is left is the whole",
        input="bytes",
        judge=drawn(
            "policy.test_group_laws:test_a_group_says_of_pairs_what_its_members_said",
            "policy.test_group_laws:test_the_order_of_findings_changes_nothing",
            "policy.test_group_laws:test_what_is_excused_and_what_is_left_is_the_whole",
        ),
    ),
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
        judge=judged("--isolated", "--site", "site.yaml"),
    ),
    Target(
        name="releases",
        kind="law",
        holds="a site that permits more finds no more",
        input="bytes",
        judge=drawn("enforce.test_laws:test_a_site_that_permits_more_finds_no_more"),
    ),
)

"""What `fedpolicy test` says of packs: every problem, every mutant that survived, and one line of numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from fedpolicy.findings import Span
from fedpolicy.report import PLAIN, Style, amount, wrap
from fedpolicy.report.rows import json_text

if TYPE_CHECKING:
    from fedpolicy.errors import PolicyError
    from fedpolicy.policy import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Survivor:
    """A mutant that no example noticed: which expression, what was done to it, and the place in the rule's file."""

    key: str
    what: str
    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """
    The result for one rule.

    `shown` counts the examples that must fail, pass and be unknown; `problems` says what went wrong; `mutants`
    counts the mutants that could be tried, `survivors` are those that no example noticed. `defects` are mistakes in
    the rule's file that only its examples bring to light.
    """

    rule: Rule
    shown: Mapping[str, int]
    problems: tuple[str, ...]
    mutants: int = 0
    survivors: tuple[Survivor, ...] = ()
    defects: tuple[PolicyError, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the rule does what its examples say, and has one that fails and one that passes."""
        return not self.problems


@dataclass(frozen=True, slots=True, kw_only=True)
class PackTrial:
    """A pack as the user named it, and the trial of each of its rules."""

    pack: str
    trials: Sequence[Trial]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How much the examples of some rules show; `shown` counts rules with both a failing and a passing example."""

    rules: int
    passed: int
    shown: int
    unknown: int
    mutants: int
    killed: int


def score(packs: Iterable[PackTrial]) -> Score:
    """Add everything up."""
    trials = [trial for pack in packs for trial in pack.trials]
    mutants = sum(trial.mutants for trial in trials)
    return Score(
        rules=len(trials),
        passed=sum(trial.passed for trial in trials),
        shown=sum(bool(trial.shown.get("fail") and trial.shown.get("pass")) for trial in trials),
        unknown=sum(bool(trial.shown.get("unknown")) for trial in trials),
        mutants=mutants,
        killed=mutants - sum(len(trial.survivors) for trial in trials),
    )


def share(part: int, whole: int) -> float:
    """A percentage; all of nothing is everything."""
    return 100.0 * part / whole if whole else 100.0


def as_text(packs: Sequence[PackTrial], look: Style = PLAIN, *, coverage: bool = False) -> str:
    """Write the results; `coverage` adds a line for every rule that has nothing wrong with it."""
    lines = [line for pack in packs for line in _pack_lines(pack, look, coverage=coverage)]
    return "\n".join([*lines, _total(score(packs))]) + "\n"


def _pack_lines(pack: PackTrial, look: Style, *, coverage: bool) -> Iterator[str]:
    yield look.paint("bold", f"{pack.pack}: {amount(len(pack.trials), 'rule')}")
    width = max((len(trial.rule.id) for trial in pack.trials), default=0)
    for trial in pack.trials:
        if coverage or not trial.passed or trial.survivors:
            yield _rule_line(trial, width, look)
        for problem in trial.problems:
            yield from wrap(problem, look, "        ", "          ")
        for survivor in trial.survivors:
            place = f"{survivor.span.file}:{survivor.span.line}"
            yield from wrap(
                f"no example notices: {survivor.what} ({survivor.key}, {place})", look, "        ", "          "
            )
    yield ""


def _rule_line(trial: Trial, width: int, look: Style) -> str:
    mark = look.paint("pass", "ok  ") if trial.passed else look.paint("high", "FAIL")
    shown = ", ".join(f"{word} {count}" for word, count in trial.shown.items()) or "no examples"
    killed = f"mutants {trial.mutants - len(trial.survivors)}/{trial.mutants}" if trial.mutants else ""
    return f"  {mark}  {trial.rule.id:<{width}}  {shown:<28}  {killed}".rstrip()


def _total(total: Score) -> str:
    rules = f"{amount(total.rules, 'rule')}, {total.passed:,} as their examples say"
    shown = f"{total.shown:,} shown to fail and to pass ({share(total.shown, total.rules):.0f} %)"
    unknown = f"{total.unknown:,} also to be unknown"
    mutants = (
        f"{total.killed:,} of {amount(total.mutants, 'mutant')} noticed ({share(total.killed, total.mutants):.1f} %)"
    )
    return f"{rules}; {shown}, {unknown}; {mutants}"


def as_json(packs: Sequence[PackTrial]) -> str:
    """Write everything as JSON."""
    document = {
        "version": 1,
        "summary": asdict(score(packs)),
        "packs": [{"pack": pack.pack, "rules": [_row(trial) for trial in pack.trials]} for pack in packs],
    }
    return json_text(document)


def _row(trial: Trial) -> dict[str, Any]:
    return {
        "rule": trial.rule.id,
        "passed": trial.passed,
        "examples": dict(trial.shown),
        "problems": list(trial.problems),
        "mutants": trial.mutants,
        "survivors": [
            {"key": s.key, "what": s.what, "expression": s.text, "file": s.span.file, "line": s.span.line}
            for s in trial.survivors
        ],
    }


def as_junit(packs: Sequence[PackTrial]) -> str:
    """Write the results in the JUnit format that CI servers read."""
    root = ET.Element("testsuites", name="fedpolicy test")
    for pack in packs:
        failed = str(sum(not trial.passed for trial in pack.trials))
        about = {"name": pack.pack, "tests": str(len(pack.trials)), "failures": failed, "errors": "0", "skipped": "0"}
        suite = ET.SubElement(root, "testsuite", about)
        for trial in pack.trials:
            _case(suite, pack.pack, trial)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, pack: str, trial: Trial) -> None:
    case = ET.SubElement(suite, "testcase", classname=pack, name=trial.rule.id, file=trial.rule.span.file)
    if trial.problems:
        failure = ET.SubElement(case, "failure", message=trial.problems[0])
        failure.text = "\n".join(trial.problems)
    if trial.survivors:
        output = ET.SubElement(case, "system-out")
        output.text = "\n".join(f"no example notices: {survivor.what}" for survivor in trial.survivors)

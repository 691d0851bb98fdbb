"""The examples of a rule: deployments that it must judge as it says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fedpolicy.errors import Problems
from fedpolicy.findings import Finding, Verdict
from fedpolicy.policy.evaluate import Evaluation
from fedpolicy.policy.models import Rule
from fedpolicy.policy.reading import read_sheet
from fedpolicy.policy.rulefile import EXPECTED, RULE

__all__ = ["Example", "examples_of", "judged_wrongly", "run_examples"]

Check = Callable[[str, str], Evaluation]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One deployment and what a rule must say of it; `name` tells where it stands, such as `my-rule/fail/0`."""

    name: str
    expected: str
    text: str
    elements: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def examples_of(rule: Rule) -> tuple[Example, ...]:
    """Read the examples from the rule's file. Raises Problems where they have no right shape."""
    sheet = read_sheet(Path(rule.path).read_bytes(), rule.path, RULE)
    listed: Any = sheet.tree.get("examples", {})
    return tuple(
        Example(
            name=f"{rule.id}/{expected}/{index}",
            expected=expected,
            text=_document(example["deployment"], rule.id),
            elements=tuple(example.get("elements", ())),
            missing=tuple(example.get("missing", ())),
        )
        for expected in EXPECTED
        for index, example in enumerate(listed.get(expected, ()))
    )


def run_examples(rule: Rule, check: Check) -> list[str]:
    """
    Say where a rule does not do what its examples say; `check(text, name)` judges a text by this rule alone.

    A rule needs an example that fails and one that passes; among those that pass, one to which it applies.
    """
    examples = examples_of(rule)
    wrong = [f"{rule.id} has no example that must {word}" for word in _lacking(examples)]
    applied = False
    for example in examples:
        try:
            evaluation = check(example.text, example.name)
        except Problems as problems:
            # Places in the example's own text mean nothing to whoever reads the rule file.
            wrong += [f"{example.name}: {error.path}: {error.message} ({error.help})" for error in problems.errors]
            continue
        applied |= example.expected == "pass" and evaluation.counts[Verdict.PASS] > 0
        wrong += [f"{example.name}: {problem}" for problem in judged_wrongly(example, evaluation)]
    if not applied and not wrong:
        wrong.append(f"{rule.id} applies to nothing in the examples that must pass")
    return wrong


def _document(tree: object, name: str) -> str:
    # JSON is YAML, and needs no dumper.
    body: Mapping[str, object] = tree if isinstance(tree, dict) else {}
    return json.dumps({"fedpolicy": 1, "name": name, **body}, indent=1)


def _lacking(examples: Sequence[Example]) -> Iterable[str]:
    return (word for word in ("fail", "pass") if word not in {example.expected for example in examples})


def judged_wrongly(example: Example, evaluation: Evaluation) -> list[str]:
    """What an evaluation says that the example does not expect."""
    return list(_problems(example, evaluation))


def _problems(example: Example, evaluation: Evaluation) -> Iterable[str]:
    found = {verdict: [f for f in evaluation.findings if f.verdict is verdict] for verdict in Verdict}
    expected = Verdict(example.expected)
    if example.expected == "pass":
        yield from (_unwanted(finding) for finding in evaluation.findings)
        if not sum(evaluation.counts.values()):
            yield "nothing was evaluated"
        return
    if example.expected == "unknown":
        yield from (_unwanted(finding) for finding in found[Verdict.FAIL])
    if not found[expected]:
        yield f"expected {expected}, got {_counted(evaluation)}"
        return
    yield from _differences("elements", example.elements, (e for f in found[expected] for e in f.elements))
    yield from _differences("missing", example.missing, (fact for f in found[expected] for fact in f.missing))


def _differences(what: str, wanted: tuple[str, ...], got: Iterable[str]) -> Iterable[str]:
    have = sorted(set(got))
    if wanted and have != sorted(set(wanted)):
        yield f"expected {what} {', '.join(sorted(wanted))}, got {', '.join(have)}"


def _unwanted(finding: Finding) -> str:
    missing = f" (missing: {', '.join(finding.missing)})" if finding.missing else ""
    return f"unwanted {finding.verdict} for {', '.join(finding.elements)}: {finding.message}{missing}"


def _counted(evaluation: Evaluation) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in evaluation.counts.items() if count) or "nothing"

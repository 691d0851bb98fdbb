"""Put rules to the test: do they do what their examples say, and would the examples notice a mistake in them?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fedpolicy.analysis import AnalysisSettings
from fedpolicy.check import Assessment, Judge, assess
from fedpolicy.errors import PolicyError, Problems
from fedpolicy.findings import Finding, Verdict
from fedpolicy.language.reading import load_text
from fedpolicy.policy import Rule
from fedpolicy.policy.compiler import build_rule
from fedpolicy.policy.load import PACK_FILE
from fedpolicy.policy.mutants import mutants_of
from fedpolicy.policy.packs import frame_of
from fedpolicy.policy.rulefile import EXPECTED, RULE
from fedpolicy.policy.sheet import Sheet, read_sheet
from fedpolicy.report.trials import Survivor, Trial

if TYPE_CHECKING:
    from fedpolicy.catalog import Catalog

Check = Callable[[str, str], Assessment]
_EXPRESSIONS = ("match", "require")
EXAMPLE_DAY = "2026-11-28"  # on which examples are judged: what they show must not change from day to day


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


def judged_wrongly(example: Example, evaluation: Assessment) -> list[str]:
    """What an evaluation says that the example does not expect."""
    return list(_problems(example, evaluation))


def _problems(example: Example, evaluation: Assessment) -> Iterable[str]:
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


def _counted(evaluation: Assessment) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in evaluation.counts.items() if count) or "nothing"


def try_rules(rules: Sequence[Rule], catalog: Catalog, *, mutate: bool = True) -> Iterator[Trial]:
    """Try every rule by its own examples, in order."""
    for rule in rules:
        yield try_rule(rule, catalog, mutate=mutate)


def try_rule(rule: Rule, catalog: Catalog, *, mutate: bool = True) -> Trial:
    """Run a rule's examples; where they hold and `mutate` is set, run its mutants on them too."""
    try:
        examples = examples_of(rule)
        bench = _Bench(catalog=catalog, prepared={e.name: _prepare(e, catalog) for e in examples})
        problems = run_examples(rule, lambda _text, name: bench.judge(rule, name))
    except Problems as found:
        return Trial(rule=rule, shown={}, problems=tuple(str(error) for error in found.errors))
    tried = list(_tried(rule, bench, examples)) if mutate and not problems else []
    return Trial(
        rule=rule,
        defects=tuple(_defects(rule, bench, examples)),
        shown={word: sum(e.expected == word for e in examples) for word in ("fail", "pass", "unknown")},
        problems=tuple(problems),
        mutants=len(tried),
        survivors=tuple(survivor for survivor in tried if survivor is not None),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """The facts of every example, computed once however many mutants are judged on them."""

    catalog: Catalog
    prepared: Mapping[str, Assessment]

    def judge(self, rule: Rule, name: str) -> Assessment:
        known = self.prepared[name]
        return assess(known.document, _judge(self.catalog, [rule]), known.study).whole()


def _defects(rule: Rule, bench: _Bench, examples: Sequence[Example]) -> Iterator[PolicyError]:
    """A rule without examples, and expressions that are never true on any of them."""
    if not examples:
        advice = "add `examples` with one deployment that must fail and one that must pass"
        yield PolicyError(f"the rule {rule.id} has no examples", span=rule.spans["id"], help=advice)
        return
    counts: Counter[Verdict] = Counter()
    for example in examples:
        counts.update(bench.judge(rule, example.name).counts)
    applied = counts[Verdict.PASS] + counts[Verdict.FAIL] + counts[Verdict.UNKNOWN]
    if "match" in rule.spans and not applied:
        yield _never(rule, "match", "add an example that the rule is about, or correct the expression")
    elif applied and not counts[Verdict.PASS] and not counts[Verdict.UNKNOWN]:
        yield _never(rule, "require", "add an example that satisfies it, or correct the expression")


def _never(rule: Rule, key: str, advice: str) -> PolicyError:
    return PolicyError(f"`{key}` is never true on any example of {rule.id}", span=rule.spans[key], help=advice)


def _prepare(example: Example, catalog: Catalog) -> Assessment:
    loaded = load_text(example.text, example.name, catalog)
    if loaded.errors:
        raise Problems(loaded.errors)
    (document,) = loaded.documents
    return assess(document, _judge(catalog, ()))


def _judge(catalog: Catalog, rules: Sequence[Rule]) -> Judge:
    return Judge(catalog=catalog, rules=rules, analysis=AnalysisSettings(today=EXAMPLE_DAY))


def _tried(rule: Rule, bench: _Bench, examples: Sequence[Example]) -> Iterator[Survivor | None]:
    """One entry per mutant that can be evaluated: the survivor, or None where an example noticed it."""
    sheet = read_sheet(Path(rule.path).read_bytes(), rule.path, RULE)
    for key in _EXPRESSIONS:
        text = str(sheet.tree.get(key, ""))
        for mutant in mutants_of(text):
            changed = _changed(sheet, rule, key, mutant.text)
            if changed is None:
                continue
            alive = _unnoticed(changed, bench, examples)
            span = rule.spans[key]
            yield Survivor(key=key, what=mutant.what, text=mutant.text, span=span) if alive else None


def _changed(sheet: Sheet, rule: Rule, key: str, text: str) -> Rule | None:
    """The rule with another expression, or None where that is no expression any more."""
    tree, path = {**sheet.tree, key: text}, Path(rule.path)
    try:
        return build_rule(replace(sheet, tree=tree), rule.pack, path, frame_of(path.parent / PACK_FILE, PACK_FILE))
    except Problems:
        return None


def _unnoticed(rule: Rule, bench: _Bench, examples: Sequence[Example]) -> bool:
    try:
        return not any(judged_wrongly(example, bench.judge(rule, example.name)) for example in examples)
    except (PolicyError, Problems):
        return False

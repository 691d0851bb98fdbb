"""One file -> what the rules say of it. Needs nothing but its arguments, so it can be done anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING

from fedpolicy.analysis.settings import AnalysisSettings
from fedpolicy.analysis.study import Study
from fedpolicy.catalog.load import Catalog
from fedpolicy.containment import contained
from fedpolicy.errors import FedPolicyError, InputError
from fedpolicy.findings import Finding, SourceFile, Span, Verdict
from fedpolicy.language.reading.load import Document, Loaded, load_text
from fedpolicy.language.reading.spans import place_of
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.policy.evaluate import Evaluation
    from fedpolicy.policy.models import Rule
    from fedpolicy.sources import Source

__all__ = ["Checked", "Judge", "check_file", "load_source", "unchecked"]

_TOLD = (Verdict.FAIL, Verdict.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """What every file of a run is judged by."""

    catalog: Catalog
    rules: Sequence[Rule]
    analysis: AnalysisSettings


@dataclass(slots=True, kw_only=True)
class Checked:
    """
    What came of one file; nothing of the deployment itself is kept.

    `errors` are those of rules that could not be evaluated, `places` where to write missing facts. The file has its
    lines only where a report may show some.
    """

    file: SourceFile
    findings: list[Finding] = field(default_factory=list)
    counts: Counter[Verdict] = field(default_factory=Counter)
    errors: list[FedPolicyError] = field(default_factory=list)
    places: dict[tuple[str, str, str], Span] = field(default_factory=dict)


def check_file(source: Source, judge: Judge) -> Checked:
    """Judge every deployment of a file; its mistakes are part of the result, and so are ours."""
    found = contained(partial(_checked, source, judge), source.name)
    return unchecked(source.name, found) if isinstance(found, FedPolicyError) else found


def unchecked(name: str, error: FedPolicyError) -> Checked:
    """A file of which nothing is known but why."""
    return Checked(file=SourceFile(name=name, errors=(error,)))


def load_source(source: Source, catalog: Catalog) -> Loaded:
    """Read every deployment of a file. Where there is none, there is an error that says why."""
    if source.error:
        return Loaded(errors=(source.error,))
    loaded = load_text(source.text, source.name, catalog)
    if source.found and loaded.errors and not loaded.documents and _is_other(source):
        return Loaded(errors=(_other(source.name),))
    if not loaded.documents and not loaded.errors:
        return Loaded(errors=(_nothing(source.name),), lines=loaded.lines)
    return loaded


def _is_other(source: Source) -> bool:
    from fedpolicy.searching.header import has_key  # noqa: PLC0415  only a mistake asks

    return not has_key(source.text)


def _other(name: str) -> InputError:
    # Nobody has named this file: a link may have led to it, and a report may be read by those who cannot read it.
    message = f"`{name}` holds no deployment, although its name says so; nothing of it is shown"
    return InputError(message, help="begin it with `fedpolicy: 1`, rename it, or name it to see what is wrong with it")


def _nothing(name: str) -> InputError:
    message = f"neither a deployment nor a mistake was found in `{name}`, so nothing of it was checked"
    return InputError(message, span=Span(file=name), help="report it with the file")


def _checked(source: Source, judge: Judge) -> Checked:
    loaded = load_source(source, judge.catalog)
    names = tuple(document.deployment.name for document in loaded.documents)
    checked = Checked(file=SourceFile(name=source.name, deployments=names, errors=loaded.errors))
    for document in loaded.documents if judge.rules else ():
        found = contained(partial(_judge, document, judge), source.name)
        if isinstance(found, FedPolicyError):
            checked.errors.append(found)
        else:
            _add(found, document, checked)
    if checked.findings or loaded.errors:
        checked.file = SourceFile(name=source.name, lines=loaded.lines, deployments=names, errors=loaded.errors)
    return checked


def _judge(document: Document, judge: Judge) -> Evaluation:
    from fedpolicy.policy.evaluate import evaluate  # noqa: PLC0415  only a check needs rules

    study = Study(document.deployment, judge.catalog, judge.analysis)
    study.graph  # noqa: B018  where there is none, no rule can be judged, which is said once
    evaluation = evaluate(study, document, judge.rules)
    told = sum(evaluation.counts.get(verdict, 0) for verdict in _TOLD)
    if told != len(evaluation.findings):
        raise AssertionError(f"{told} verdicts and {len(evaluation.findings)} findings")
    return evaluation


def _add(found: Evaluation, document: Document, checked: Checked) -> None:
    checked.findings += found.findings
    checked.counts.update(found.counts)
    checked.errors += [found.broken[name] for name in sorted(found.broken)]
    for fact in sorted({fact for finding in found.findings for fact in finding.missing}):
        checked.places[document.file, document.deployment.name, fact] = place_of(document, fact)

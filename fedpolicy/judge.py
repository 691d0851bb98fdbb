"""One file -> what the rules say of it. Needs nothing but its arguments, so it can be done anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from fedpolicy.analysis.settings import AnalysisSettings
from fedpolicy.analysis.study import Study
from fedpolicy.catalog.load import Catalog
from fedpolicy.errors import FedPolicyError, Problems
from fedpolicy.findings import Finding, SourceFile, Span, Verdict
from fedpolicy.records import dataclass
from fedpolicy.spec.load import Document, load_text
from fedpolicy.spec.pointing import place_of

if TYPE_CHECKING:
    from fedpolicy.policy.models import Rule
    from fedpolicy.sources import Source

__all__ = ["Checked", "Judge", "check_file"]


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
    """Judge every deployment of a file; its mistakes are part of the result."""
    if source.error:
        return Checked(file=SourceFile(name=source.name, errors=(source.error,)))
    loaded = load_text(source.text, source.name, judge.catalog)
    names = tuple(document.deployment.name for document in loaded.documents)
    checked = Checked(file=SourceFile(name=source.name, deployments=names, errors=loaded.errors))
    for document in loaded.documents if judge.rules else ():
        _judge(document, judge, checked)
    if checked.findings or loaded.errors:
        checked.file = SourceFile(name=source.name, lines=loaded.lines, deployments=names, errors=loaded.errors)
    return checked


def _judge(document: Document, judge: Judge, checked: Checked) -> None:
    from fedpolicy.policy.evaluate import evaluate  # noqa: PLC0415  only a check needs rules

    study = Study(document.deployment, judge.catalog, judge.analysis)
    try:
        evaluation = evaluate(study, document, judge.rules)
    except Problems as problems:
        checked.errors += problems.errors
    else:
        checked.findings += evaluation.findings
        checked.counts.update(evaluation.counts)
        for fact in sorted({fact for finding in evaluation.findings for fact in finding.missing}):
            checked.places[document.file, document.deployment.name, fact] = place_of(document, fact)

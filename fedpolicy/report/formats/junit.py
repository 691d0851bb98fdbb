"""
The report for CI servers: JUnit XML, one suite a deployment.

A rule that found nothing is a test that passed; so is one that does not apply. Every failing finding is a test that
failed, every unknown or waived one a test that was skipped, every file that cannot be used an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree as ET

from fedpolicy.findings import Finding, Report, Verdict
from fedpolicy.report import clean, listing
from fedpolicy.report.annotations import Annotation, baseline_words, problems
from fedpolicy.report.excerpt import ways_in

SUMMARY = "for CI servers: JUnit XML"
SUFFIX = ".junit.xml"


def render(report: Report) -> str:
    """Write the suites: what cannot be used first, then the deployments in the order of the report."""
    root = ET.Element("testsuites", name="fedpolicy check")
    for file, errors in groupby(problems(report), key=lambda one: one.span.file):
        _suite(root, file or "fedpolicy", [_error(error) for error in errors])
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in report.findings:
        found.setdefault((finding.span.file, finding.deployment), []).append(finding)
    for source in report.files:
        for name in source.deployments:
            _suite(root, f"{name} ({source.name})", _cases(report, source.name, found.get((source.name, name), [])))
    _others(root, report)
    for total in ("tests", "failures", "errors", "skipped"):
        root.set(total, str(sum(int(suite.get(total, 0)) for suite in root)))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _others(root: ET.Element, report: Report) -> None:
    """What is about no deployment: waivers and the baseline themselves, and how much that one knows."""
    placed = {(source.name, deployment) for source in report.files for deployment in source.deployments}
    others = [one for one in report.findings if (one.span.file, one.deployment) not in placed]
    for file, found in groupby(others, key=lambda one: one.span.file):
        _suite(root, file, [_told(one) for one in found])
    outside = [scope for scope in report.scopes if not scope.owners]
    cases = [_case(f"{one.deployment}: no owner within the scope", one.pack, one.file) for one in outside]
    for case in cases:
        ET.SubElement(case, "skipped", message="no owner within the scope of this pack")
    if cases:
        _suite(root, "scope", cases)
    if report.baseline:
        case = _case("known findings", "baseline", report.baseline.file)
        ET.SubElement(case, "skipped", message=clean(baseline_words(report.baseline)))
        _suite(root, f"known ({report.baseline.file})", [case])


def _suite(root: ET.Element, name: str, cases: Sequence[ET.Element]) -> None:
    suite = ET.SubElement(root, "testsuite", name=clean(name))
    suite.set("tests", str(len(cases)))
    for total, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(total, str(sum(case.find(tag) is not None for case in cases)))
    suite.extend(cases)


def _cases(report: Report, file: str, found: Sequence[Finding]) -> list[ET.Element]:
    told = {finding.rule for finding in found}
    quiet = [_case(rule.id, rule.pack, file) for rule in report.rules if rule.id not in told]
    return [*(_told(finding) for finding in found), *quiet]


def _case(name: str, pack: str, file: str, line: int = 1) -> ET.Element:
    return ET.Element("testcase", classname=clean(pack), name=clean(name), file=clean(file), line=str(line))


def _told(finding: Finding) -> ET.Element:
    name = f"{finding.rule}: {listing(finding.elements)}" if finding.elements else finding.rule
    case = _case(name, finding.pack, finding.span.file, finding.span.line)
    if finding.verdict is Verdict.FAIL:
        failure = ET.SubElement(case, "failure", message=clean(finding.message), type=finding.severity.label)
        failure.text = "\n".join(_details(finding))
    else:
        reason = "; ".join(finding.notes) or (f"not stated: {', '.join(finding.missing)}" if finding.missing else "")
        told = reason or finding.message
        message = told if told.startswith(finding.verdict.value) else f"{finding.verdict.value}: {told}"
        ET.SubElement(case, "skipped", message=clean(message))
    return case


def _details(finding: Finding) -> list[str]:
    lines = [clean(str(finding.span)), clean(finding.message)]
    for label, hops in ways_in(finding.paths):
        lines += [f"{label}:", *(f"  {hop}" for hop in hops)]
    named = [("note", note) for note in finding.notes] + [("why", finding.why), ("help", finding.help)]
    return lines + [f"{label}: {clean(' '.join(text.split()))}" for label, text in named if text]


def _error(annotation: Annotation) -> ET.Element:
    case = _case(annotation.message, annotation.rule, annotation.span.file, annotation.span.line)
    error = ET.SubElement(case, "error", message=clean(annotation.message), type=annotation.rule)
    error.text = clean(
        f"{annotation.span}: {annotation.message} ({annotation.help})" if annotation.help else annotation.message
    )
    return case

"""A report for forges, which know files by their path from the root of the repository."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from fedpolicy.errors import FedPolicyError
from fedpolicy.findings import Finding, Report, SourceFile, Span
from fedpolicy.overview import Reading
from fedpolicy.root import Root

__all__ = ["rooted"]

Named = Callable[[str], str]


def rooted(report: Report) -> Report:
    """The same report with every file named from the root of the repository, wherever the check ran."""
    if not report.root.below:  # then they have these names already
        return report
    named = cache(report.root.file)
    return replace(
        report,
        findings=tuple(_finding(one, named) for one in report.findings),
        files=tuple(_file(one, named) for one in report.files),
        errors=tuple(_error(one, named) for one in report.errors),
        places={(named(file), name, fact): _span(span, named) for (file, name, fact), span in report.places.items()},
        baseline=report.baseline and replace(report.baseline, file=named(report.baseline.file)),
        reading=report.reading and _reading(report.reading, named),
        root=Root(),
    )


def _span(span: Span, named: Named) -> Span:
    # What is about no file has an empty name.
    return replace(span, file=named(span.file)) if span.file else span


def _finding(finding: Finding, named: Named) -> Finding:
    waiver = finding.waiver and replace(finding.waiver, span=_span(finding.waiver.span, named))
    paths = tuple(tuple(replace(hop, span=_span(hop.span, named)) for hop in path) for path in finding.paths)
    related = tuple(replace(one, span=_span(one.span, named)) for one in finding.related)
    message = finding.message
    for was, now in zip(finding.related, related, strict=True):
        message = message.replace(str(was.span), str(now.span))
    span = _span(finding.span, named)
    return replace(finding, span=span, paths=paths, waiver=waiver, related=related, message=message)


def _reading(reading: Reading, named: Named) -> Reading:
    return replace(reading, not_read=tuple(replace(one, file=named(one.file)) for one in reading.not_read))


def _file(file: SourceFile, named: Named) -> SourceFile:
    return replace(file, name=named(file.name), errors=tuple(_error(one, named) for one in file.errors))


def _error(error: Exception, named: Named) -> Exception:
    if not isinstance(error, FedPolicyError) or error.span is None:
        return error
    found = copy.copy(error)
    found.span = _span(error.span, named)
    return found

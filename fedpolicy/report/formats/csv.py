"""
The report for spreadsheets: one row a finding, comma-separated.

A cell that a spreadsheet would take for a formula begins with an apostrophe, and what would steer a terminal is
replaced: the text comes from files of others.
"""

from __future__ import annotations

from collections.abc import Callable

from fedpolicy.findings import Finding, Report
from fedpolicy.report import few
from fedpolicy.report.annotations import baseline_words
from fedpolicy.report.rows import csv_text

SUMMARY = "for spreadsheets: one row a finding"
SUFFIX = ".csv"
_MOST_ELEMENTS = 100  # spreadsheets take some 32,000 characters a cell
# A column each: its name, and what stands in it.
_CELLS: dict[str, Callable[[Finding], str | int]] = {
    "verdict": lambda one: one.verdict.value,
    "severity": lambda one: one.severity.label,
    "rule": lambda one: one.rule,
    "pack": lambda one: one.pack,
    "principle": lambda one: one.principle,
    "file": lambda one: one.span.file,
    "line": lambda one: one.span.line,
    "column": lambda one: one.span.column,
    "deployment": lambda one: one.deployment,
    "elements": lambda one: "; ".join(few(one.elements, _MOST_ELEMENTS)),
    "message": lambda one: one.message,
    "missing": lambda one: "; ".join(one.missing),
    "notes": lambda one: "; ".join(one.notes),
    "help": lambda one: one.help,
    "fingerprint": lambda one: one.fingerprint,
}
COLUMNS = tuple(_CELLS)


def render(report: Report) -> str:
    """
    Write a row of names, a row a finding, one with what a baseline knows, and one where somebody stopped the run.

    `;` separates values of a cell.
    """
    rows = [tuple(cell(finding) for cell in _CELLS.values()) for finding in report.findings]
    if report.baseline:
        cells = {"verdict": "known", "file": report.baseline.file, "message": baseline_words(report.baseline)}
        rows.append(tuple(cells.get(name, "") for name in COLUMNS))
    if report.interruption:
        cells = {"verdict": "interrupted", "message": str(report.interruption)}
        rows.append(tuple(cells.get(name, "") for name in COLUMNS))
    return csv_text(COLUMNS, rows)

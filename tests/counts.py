"""
What every new rule would change in every shown report: how many rules there are, and how many pass or do not apply.

A rule is one file. Golden files of the examples, and pages that show a report, are compared without these numbers, so
that a rule which finds nothing there changes none of them; `tests/cli/test_check.py` holds the numbers themselves.
"""

from __future__ import annotations

import re

_COUNTS = re.compile(r'[\d,]+(?= (?:pass|not applicable|rules? of)\b)|(?<="pass": )\d+|(?<="not_applicable": )\d+')


def uncounted(text: str) -> str:
    """The text with `N` for each of these numbers."""
    return _COUNTS.sub("N", text)

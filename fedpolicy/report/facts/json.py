"""Facts as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fedpolicy.report.facts.rows import facts_row

if TYPE_CHECKING:
    from fedpolicy.analysis.facts import Disclosure, Facts
    from fedpolicy.spec.load import Document

__all__ = ["facts_json"]


def facts_json(document: Document, facts: Facts, disclosures: Iterable[Disclosure], *, version: str) -> str:
    """Write the facts as indented JSON; `disclosures` are those of the facts, or the same pair by pair."""
    row = facts_row(document, facts, disclosures, version=version)
    return json.dumps(row, indent=2, ensure_ascii=False) + "\n"

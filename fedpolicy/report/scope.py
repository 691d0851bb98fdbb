"""Whom the packs of laws protect: in words, and whether a report is about nobody whom they do."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from fedpolicy.findings import Report
from fedpolicy.overview import Scope
from fedpolicy.report.style import listing

__all__ = ["outside", "scope_notes", "scope_rows", "scope_words"]


def outside(report: Report) -> bool:
    """Whether every pack of a report protects somebody, and nobody of any deployment is among them."""
    scoped = {scope.pack for scope in report.scopes}
    return bool(scoped) and scoped == set(report.packs) and not any(scope.owners for scope in report.scopes)


def scope_words(report: Report) -> list[str]:
    """A sentence for each pack that protects the owners of some countries only."""
    return [_words(list(found)) for _, found in groupby(_by_pack(report), key=lambda scope: scope.pack)]


def scope_rows(report: Report) -> list[dict[str, Any]]:
    """The same as data, a row for each pack and deployment."""
    return [
        {
            "pack": scope.pack,
            "owners_in": list(scope.owners_in),
            "file": scope.file,
            "deployment": scope.deployment,
            "owners": list(scope.owners),
            "others": list(scope.others),
        }
        for scope in _by_pack(report)
    ]


def scope_notes(report: Report) -> list[dict[str, Any]]:
    """The same as notes of a run, in SARIF."""
    return [{"level": "note", "message": {"text": f"{words}."}} for words in scope_words(report)]


def _by_pack(report: Report) -> list[Scope]:
    return sorted(report.scopes, key=lambda scope: scope.pack)


def _words(scopes: Sequence[Scope]) -> str:
    *first, last = ("the EEA" if code == "EEA" else code for code in scopes[0].owners_in)
    where = f"owners in {', '.join(first)} or {last}" if first else f"owners in {last}"
    without = [scope.deployment for scope in scopes if not scope.owners]
    begin = f"{scopes[0].pack} protects {where}"
    if len(without) == len(scopes):
        return f"{begin}: no owner within the scope of this pack"
    if without:
        return f"{begin}: no owner within the scope of this pack in {listing(without)}"
    if len(scopes) > 1:
        return begin
    others = f", not {listing(scopes[0].others)}" if scopes[0].others else ""
    return f"{begin}: here {listing(scopes[0].owners)}{others}"

"""A rule on evidence: what it is called, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from fedpolicy.findings import Reference, RuleInfo, Severity, Verdict
from fedpolicy.records import dataclass
from fedpolicy.scan.evidence import Evidence

__all__ = ["PACK", "EvidenceRule", "Said", "Told", "evidence_rule", "stating"]

PACK = "scan"
Told = Iterator[tuple[Evidence, str]]
Said = Sequence[Evidence]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRule:
    """What is looked for, and what is said about it: that something fails, or that nobody can tell."""

    info: RuleInfo
    find: Callable[[Said], Told]
    verdict: Verdict = Verdict.FAIL


def evidence_rule(
    name: str, severity: Severity, principle: str, find: Callable[[Said], Told], *, title: str, why: str, advice: str,
    references: tuple[Reference, ...] = (),
) -> EvidenceRule:  # fmt: skip
    """A rule with its text."""
    info = RuleInfo(
        id=name, pack=PACK, title=title, severity=severity, principle=principle, why=why, help=advice,
        references=references,
    )  # fmt: skip
    return EvidenceRule(info=info, find=find)


def stating(said: Said, attribute: str, kind: str = "") -> list[Evidence]:
    """The facts of an attribute, of one kind of subject or of any."""
    return [one for one in said if one.attribute == attribute and kind in ("", one.kind)]

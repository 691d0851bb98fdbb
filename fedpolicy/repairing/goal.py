"""What a repair is to reach: the chosen findings gone, and nothing as severe in their place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from fedpolicy.findings import Finding, Severity, Verdict
from fedpolicy.records import dataclass

__all__ = ["Goal", "Outcome", "goal_of"]

_TOLD = (Verdict.FAIL, Verdict.UNKNOWN)
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What findings of a changed deployment mean: which chosen ones are gone, what must not be, what else is new."""

    cleared: frozenset[int]
    blocking: tuple[Finding, ...]
    new: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """
    The chosen findings, by their place in `chosen`, and those that were there before.

    Nothing new may fail at `least` or above; `strict` counts what is unknown as failing.
    """

    chosen: tuple[Finding, ...]
    least: Severity
    strict: bool
    _before: Mapping[_Key, Verdict] = field(default_factory=dict)
    _older: Mapping[str, Sequence[tuple[frozenset[str], Verdict]]] = field(default_factory=dict)

    def outcome(self, findings: Iterable[Finding]) -> Outcome:
        """Compare the findings of a changed deployment with those before. A chosen one that turns unknown stays."""
        told = [finding for finding in findings if finding.verdict in _TOLD]
        present = {_key(finding) for finding in told}
        parts: dict[str, list[frozenset[str]]] = {}
        for finding in told:
            if _key(finding) not in self._before:
                parts.setdefault(finding.rule, []).append(frozenset(finding.elements))
        cleared = frozenset(
            place
            for place, one in enumerate(self.chosen)
            if _key(one) not in present and not any(part <= frozenset(one.elements) for part in parts.get(one.rule, ()))
        )
        new = [finding for finding in told if self._is_new(finding)]
        blocking = tuple(finding for finding in new if self._blocks(finding))
        return Outcome(
            cleared=cleared, blocking=blocking, new=tuple(finding for finding in new if finding not in blocking)
        )

    def _is_new(self, finding: Finding) -> bool:
        before = self._before.get(_key(finding))
        if before is not None:
            return before is Verdict.UNKNOWN and finding.verdict is Verdict.FAIL
        # What is left of a group that was found before is nothing new.
        elements = frozenset(finding.elements)
        return not any(
            elements <= older and (verdict is Verdict.FAIL or finding.verdict is Verdict.UNKNOWN)
            for older, verdict in self._older.get(finding.rule, ())
        )

    def _blocks(self, finding: Finding) -> bool:
        counted = finding.verdict is Verdict.FAIL or self.strict
        return counted and finding.severity >= self.least


def goal_of(chosen: Sequence[Finding], before: Iterable[Finding], least: Severity, *, strict: bool) -> Goal:
    """Remember what was found before anything was changed."""
    verdicts: dict[_Key, Verdict] = {}
    older: dict[str, list[tuple[frozenset[str], Verdict]]] = {}
    for finding in before:
        if finding.verdict in _TOLD:
            verdicts[_key(finding)] = finding.verdict
            older.setdefault(finding.rule, []).append((frozenset(finding.elements), finding.verdict))
    return Goal(chosen=tuple(chosen), least=least, strict=strict, _before=verdicts, _older=older)


def _key(finding: Finding) -> _Key:
    return finding.rule, finding.fingerprint

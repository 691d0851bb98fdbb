"""For programs: version 1, one object per pack and rule; see `docs/testing-rules.md`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fedpolicy.report.trials.counts import PackTrial, score

if TYPE_CHECKING:
    from fedpolicy.policy.trial import Trial

__all__ = ["render"]


def render(packs: Sequence[PackTrial]) -> str:
    """Write everything as JSON."""
    document = {
        "version": 1,
        "summary": asdict(score(packs)),
        "packs": [{"pack": pack.pack, "rules": [_rule(trial) for trial in pack.trials]} for pack in packs],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _rule(trial: Trial) -> dict[str, Any]:
    return {
        "rule": trial.rule.id,
        "passed": trial.passed,
        "examples": dict(trial.shown),
        "problems": list(trial.problems),
        "mutants": trial.mutants,
        "survivors": [
            {"key": s.key, "what": s.what, "expression": s.text, "file": s.span.file, "line": s.span.line}
            for s in trial.survivors
        ],
    }

"""For people: every problem and every mutant that survived, and one line of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fedpolicy.report.trials.counts import PackTrial, Score, score, share
from fedpolicy.report.words import PLAIN, Look, amount, wrap

if TYPE_CHECKING:
    from fedpolicy.policy.trial import Trial

__all__ = ["render"]


def render(packs: Sequence[PackTrial], look: Look = PLAIN, *, coverage: bool = False) -> str:
    """Write the results; `coverage` adds a line for every rule that has nothing wrong with it."""
    lines = [line for pack in packs for line in _pack(pack, look, coverage=coverage)]
    return "\n".join([*lines, _total(score(packs))]) + "\n"


def _pack(pack: PackTrial, look: Look, *, coverage: bool) -> Iterator[str]:
    yield look.paint("bold", f"{pack.pack}: {amount(len(pack.trials), 'rule')}")
    width = max((len(trial.rule.id) for trial in pack.trials), default=0)
    for trial in pack.trials:
        if coverage or not trial.passed or trial.survivors:
            yield _line(trial, width, look)
        for problem in trial.problems:
            yield from wrap(problem, look, "        ", "          ")
        for survivor in trial.survivors:
            place = f"{survivor.span.file}:{survivor.span.line}"
            yield from wrap(
                f"no example notices: {survivor.what} ({survivor.key}, {place})", look, "        ", "          "
            )
    yield ""


def _line(trial: Trial, width: int, look: Look) -> str:
    mark = look.paint("pass", "ok  ") if trial.passed else look.paint("high", "FAIL")
    shown = ", ".join(f"{word} {count}" for word, count in trial.shown.items()) or "no examples"
    killed = f"mutants {trial.mutants - len(trial.survivors)}/{trial.mutants}" if trial.mutants else ""
    return f"  {mark}  {trial.rule.id:<{width}}  {shown:<28}  {killed}".rstrip()


def _total(total: Score) -> str:
    rules = f"{amount(total.rules, 'rule')}, {total.passed:,} as their examples say"
    shown = f"{total.shown:,} shown to fail and to pass ({share(total.shown, total.rules):.0f} %)"
    unknown = f"{total.unknown:,} also to be unknown"
    mutants = (
        f"{total.killed:,} of {amount(total.mutants, 'mutant')} noticed ({share(total.killed, total.mutants):.1f} %)"
    )
    return f"{rules}; {shown}, {unknown}; {mutants}"

"""Steps in a process of their own: one that dies, or that no signal stops, is a finding and not the end."""

from __future__ import annotations

import multiprocessing
import resource
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from time import monotonic

from fuzz.command import Broken
from fuzz.inputs import Source
from fuzz.kept import keep_rules
from fuzz.laws import FILES
from fuzz.session import Finding, Session, inputs_of

__all__ = ["Plan", "watched"]

_MEMORY = 3 << 30
_PATIENCE = 5  # times the bound of a command, in seconds of the clock


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do: from which seed, until when, how long a command may take, and whom to tell."""

    seed: str
    until: float
    steps: int
    seconds: float
    tell: Callable[[Finding, int], None]


def watched(plan: Plan) -> Counter[str]:
    """Run steps until time or steps are used up; count what was done."""
    counts: Counter[str] = Counter()
    number, seen = 0, frozenset[str]()
    while number < plan.steps and monotonic() < plan.until:
        ours, theirs = multiprocessing.get_context("fork").Pipe()
        worker = multiprocessing.get_context("fork").Process(target=_work, args=(plan, number, seen, theirs))
        worker.start()
        theirs.close()
        try:
            number, seen = _listen(plan, number, seen, ours, counts)
        finally:
            worker.kill()
            worker.join()
    return counts


def _listen(
    plan: Plan, number: int, seen: frozenset[str], ours: Connection, counts: Counter[str]
) -> tuple[int, frozenset[str]]:
    """Hear a worker until it is done or gone: the next step, and the signatures that are known."""
    while True:
        try:
            word, value = ours.recv() if ours.poll(plan.seconds * _PATIENCE) else ("late", None)
        except EOFError:
            word, value = "gone", None
        if word == "found":
            plan.tell(value, number)
            seen |= {value.broken.signature}
        elif word == "step":
            number = value
        elif word == "done":
            counts.update(value)
            return plan.steps, seen
        elif word in {"late", "gone"}:
            plan.tell(_lost(plan, number, word), number)
            return number + 1, seen


def _lost(plan: Plan, number: int, word: str) -> Finding:
    """All that a step holds, where nobody can say which input it was."""
    inputs = inputs_of(Source(plan.seed), number)
    files = {
        f"{place:02}-{(one.name or FILES[one.kind]).replace('/', '-')}": one.text for place, one in enumerate(inputs)
    }
    law = "hang" if word == "late" else "death"
    return Finding(Broken(law, (), f"step {number} ended without an answer", f"step {number}"), "", "", files)


def _work(plan: Plan, number: int, seen: frozenset[str], theirs: Connection) -> None:
    keep_rules()
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    session = Session(
        plan.seed,
        plan.seconds,
        lambda finding: theirs.send(("found", finding)),
        lambda: theirs.send(("alive", None)),
        seen=set(seen),
    )
    while number < plan.steps and monotonic() < plan.until:
        theirs.send(("step", number))
        session.step(number)
        number += 1
    theirs.send(("done", session.counts))

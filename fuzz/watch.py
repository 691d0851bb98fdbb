"""Steps in a process of their own: one that dies, or that no signal stops, is a finding and not the end."""

from __future__ import annotations

import multiprocessing
import resource
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from time import monotonic

from fuzz.command import Broken
from fuzz.inputs import Source
from fuzz.kept import keep_rules
from fuzz.session import Finding, Session, inputs_of

_MEMORY = 3 << 30
_PATIENCE = 5  # times the bound of a command, in seconds of the clock


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What to do: from which seed, until when, how long a command may take, and whom to tell.

    `only` is the target that gets all inputs.
    """

    seed: str
    until: float
    steps: int
    seconds: float
    source: Source
    tell: Callable[[Finding, int], None]
    only: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """How many inputs each target has judged, how many said nothing, how often it was broken, and what it spent."""

    judged: Counter[str] = field(default_factory=Counter)
    vacuous: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    spent: dict[str, float] = field(default_factory=dict)

    def add(self, other: Done) -> None:
        """Count on."""
        self.judged.update(other.judged)
        self.vacuous.update(other.vacuous)
        self.found.update(other.found)
        for name, seconds in other.spent.items():
            self.spent[name] = self.spent.get(name, 0.0) + seconds


def watched(plan: Plan) -> Done:
    """Run steps until time or steps are used up; count what was done."""
    done, number, seen = Done(), 0, frozenset[str]()
    while number < plan.steps and monotonic() < plan.until:
        ours, theirs = multiprocessing.get_context("fork").Pipe()
        worker = multiprocessing.get_context("fork").Process(target=_work, args=(plan, number, seen, theirs))
        worker.start()
        theirs.close()
        try:
            number, seen = _listen(plan, number, seen, ours, done)
        finally:
            worker.kill()
            worker.join()
    return done


def _listen(plan: Plan, number: int, seen: frozenset[str], ours: Connection, done: Done) -> tuple[int, frozenset[str]]:
    """Hear a worker until it is done or gone: the next step, and the signatures that are known."""
    while True:
        try:
            word, value = ours.recv() if ours.poll(plan.seconds * _PATIENCE) else ("late", None)
        except EOFError:
            word, value = "gone", None
        if word == "found":
            plan.tell(value, number)
            seen |= {value.broken.signature}
            done.found[value.target] += 1
        elif word == "step":
            number, more = value
            done.add(more)
        elif word == "done":
            return plan.steps, seen
        elif word in {"late", "gone"}:
            lost = _lost(plan, number, word)
            plan.tell(lost, number)
            done.found[lost.target] += 1
            return number + 1, seen


def _lost(plan: Plan, number: int, word: str) -> Finding:
    """All that a step holds, where nobody can say which input it was."""
    inputs = inputs_of(plan.source, plan.seed, number, plan.only)
    files = {f"{place:02}-{one.file.replace('/', '-')}": one.text for place, (_, one) in enumerate(inputs)}
    law = "hang" if word == "late" else "death"
    return Finding(Broken(law, (), f"step {number} ended without an answer", f"step {number}"), plan.only, files)


def _work(plan: Plan, number: int, seen: frozenset[str], theirs: Connection) -> None:
    keep_rules()
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    session = Session(
        plan.seed,
        plan.seconds,
        lambda finding: theirs.send(("found", finding)),
        lambda: theirs.send(("alive", None)),
        only=plan.only,
        source=plan.source,
        seen=set(seen),
    )
    while number < plan.steps and monotonic() < plan.until:
        session.step(number)
        number += 1
        theirs.send(
            ("step", (number, Done(Counter(session.counts), Counter(session.vacuous), spent=dict(session.spent))))
        )
        session.counts.clear()
        session.vacuous.clear()
        session.spent.clear()
    theirs.send(("done", None))

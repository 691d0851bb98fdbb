"""
Many files at once: in this process, in processes of its own, or on any executor, with one and the same report.

Here is what a run asks of whoever checks files for it, what it gets back, and how many processes pay.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from fedpolicy.check import Checked
from fedpolicy.records import dataclass
from fedpolicy.sources import Source

_QUOTA = Path("/sys/fs/cgroup/cpu.max")


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """
    Some files of a run, that are checked one after the other; `first` is the place of the first one in the run.

    `again` says that a worker was lost over it, so that it is now alone.
    """

    first: int
    sources: tuple[Source, ...]
    again: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """Whoever checked a chunk is gone: killed, or out of memory."""


@dataclass(frozen=True, slots=True)
class Returned:
    """Nobody has checked a chunk: somebody cancelled it, or the way to the workers is gone."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A check ended with an error that it must not end with; `error` is None where nobody knows it any more."""

    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Overdue:
    """The file behind the ones that are done took longer than it may; nobody works on it any more."""

    done: tuple[Checked, ...] = ()


Answer = Sequence[Checked] | Lost | Returned | Failed | Overdue


class Crew(Protocol):
    """
    Workers that check chunks in any order.

    They get a judge and texts, and give back results. Nothing of a deployment travels back, and no more than `free`
    chunks are ever given, so memory stays bounded.
    """

    @property
    def free(self) -> int:
        """How many chunks they take now; for ever 0 when no worker is left."""

    @property
    def broken(self) -> bool:
        """Whether no worker is left and none will come."""

    @property
    def apart(self) -> bool:
        """Whether each chunk has a worker of its own, so that one that dies takes no other chunk with it."""

    @property
    def silent(self) -> bool:
        """Whether there were no answers for so long that all chunks were taken back."""

    @property
    def running(self) -> Sequence[str]:
        """The names of the files that are being checked."""

    def give(self, chunk: Chunk) -> bool:
        """Hand over a chunk; False where nobody takes it."""

    def take(self, seconds: float) -> Sequence[tuple[Chunk, Answer]]:
        """Wait this long for answers, and give those that have come."""


def usable_cpus(quota: Path = _QUOTA) -> int:
    """Processors that the system, or the quota of a container (`cpu.max` of cgroup 2), leaves to this process."""
    known = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        limit, period = quota.read_text(encoding="ascii").split()
        return max(1, min(known, -(-int(limit) // int(period))))
    except (OSError, ValueError, ZeroDivisionError):
        return known  # no quota: `max`, or no such file

"""
Start commands and measure them: wall time, processor time and peak memory of each process, several commands in turn.

Other work on the machine makes wall time longer, and processor time hardly.
"""

from __future__ import annotations

import math
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

RATIO, MISSED = ("ratio", "measured", "bar", ""), "MISSED"
_STOPPED = {-signal.SIGXCPU, -signal.SIGKILL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """
    What to run, and which exit codes mean that it did its work.

    It is stopped after `limit` seconds, or after `work` seconds of processor (None: never).
    """

    name: str
    arguments: tuple[str, ...]
    codes: tuple[int, ...] = (0,)
    limit: float | None = None
    work: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """
    Measurements of one command: seconds of each run, the largest peak of its memory in MiB, and seconds of processor.

    The last are those of all its processes, and infinite where it was stopped.
    """

    seconds: tuple[float, ...]
    peak: float
    cpu: tuple[float, ...] = ()

    @property
    def median(self) -> float:
        """The middle of all runs, in seconds."""
        return statistics.median(self.seconds)

    @property
    def work(self) -> float:
        """The middle of all runs, in seconds of processor time."""
        return statistics.median(self.cpu or self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """
    One ratio of two measurements and what it should stay below (None: no bar, told for comparison).

    Where it is `least`, the limit is what it should reach instead.
    """

    name: str
    value: float
    limit: float | None
    unit: str = "x"
    least: bool = False

    @property
    def holds(self) -> bool:
        """Whether it is on the right side of its limit, or has none."""
        return self.limit is None or (self.value >= self.limit if self.least else self.value <= self.limit)


def interleaved(commands: Sequence[Command], runs: int) -> dict[str, Sample]:
    """Run every command once, then all again: a busy moment of the machine then hits all of them alike."""
    for command in commands:
        once(command)  # byte-compiles what is not, and fills the file cache
    found = [{command.name: once(command) for command in commands} for _ in range(runs)]
    return {command.name: sample_of([run[command.name] for run in found]) for command in commands}


def sample_of(runs: Sequence[tuple[float, float, float]]) -> Sample:
    """What several runs of one command came to."""
    return Sample(
        seconds=tuple(run[0] for run in runs), peak=max(run[1] for run in runs), cpu=tuple(run[2] for run in runs)
    )


def growth(small: float, large: float, times: float) -> float:
    """The exponent with which something grows that is `times` as large: 1 is in proportion, 2 is with the square."""
    return math.log(large / small) / math.log(times)


def once(command: Command) -> tuple[float, float, float]:
    """
    Seconds (infinite where the limit was reached), peak MiB and processor seconds of one run.

    Stops the benchmark where the command does not do its work.

    The peak is never less than the size of this process, which the child starts as a copy of.
    """
    # A child that may not write its byte code would compile everything on every start.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        bound = ("sh", "-c", f'ulimit -t {command.work}; exec "$@"', "sh") if command.work else ()
        child = subprocess.Popen(
            (*bound, *command.arguments), stdout=subprocess.DEVNULL, stderr=errors, env=environment
        )
        timer = threading.Timer(command.limit or threading.TIMEOUT_MAX, child.kill)
        timer.start()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        timer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        late = command.limit and seconds >= command.limit
        if late or (command.work and child.returncode in _STOPPED):
            seconds = math.inf
        elif child.returncode not in command.codes:
            errors.seek(0)
            sys.stderr.write(errors.read().decode("utf-8", "replace"))
            sys.exit(f"{command.name} ended with {child.returncode}; nothing was measured")
    cpu = math.inf if math.isinf(seconds) else usage.ru_utime + usage.ru_stime
    return seconds, usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024), cpu


def script(name: str) -> str:
    """A program that is installed beside this interpreter."""
    path = Path(sys.executable).parent / name
    if not path.is_file():
        sys.exit(f"{path} is missing; `make bench` installs it")
    return str(path)


def machine() -> str:
    """The machine in general terms, and how many processes were at work in the last quarter of an hour."""
    at_work = f", a load of {os.getloadavg()[2]:.1f}" if hasattr(os, "getloadavg") else ""
    cores = os.cpu_count()
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {cores} cores{at_work}"


def verdict_of(bar: Bar) -> str:
    """How the last column of a table of ratios says whether one holds."""
    return "held" if bar.holds else MISSED


def bar_row(bar: Bar) -> tuple[str, ...]:
    """One line of the last table."""
    if bar.limit is None:
        return bar.name, f"{bar.value:.2f} {bar.unit}".rstrip(), "", ""
    form = ".0f" if bar.unit == "MiB" else ".2f"
    limit = f"{bar.limit:{form}} {bar.unit}"
    return bar.name, f"{bar.value:{form}} {bar.unit}", f">= {limit}" if bar.least else limit, verdict_of(bar)


def show(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown that also reads well in a terminal; the first column to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    rule = [f"{'-' * (widths[0])}", *(f"{'-' * (width - 1)}:" for width in widths[1:])]
    return "\n".join(
        "| " + " | ".join(_cell(row[at], widths[at], at) for at in range(len(header))) + " |"
        for row in [header, rule, *rows]
    )


def _cell(text: str, width: int, column: int) -> str:
    return text.ljust(width) if column == 0 else text.rjust(width)

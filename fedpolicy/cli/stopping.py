"""How a run is stopped: by Ctrl-C, or by a supervisor's SIGTERM, which means the same."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["stoppable"]


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM be what Ctrl-C is, KeyboardInterrupt, so that everything is tidied up; a second one ends at once."""
    if threading.current_thread() is not threading.main_thread() or _listens():
        # A thread hears no signals, and a process that is watched listens already.
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _listens() -> bool:
    """Whether this is the process that a watchdog has started, which hears SIGUSR1; Windows has no such signal."""
    passed_on = getattr(signal, "SIGUSR1", None)
    return passed_on is not None and signal.getsignal(passed_on) not in {signal.SIG_DFL, signal.SIG_IGN}


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt

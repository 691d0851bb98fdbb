"""What is read and how long that may take: files, pipes or standard input, each read once, and who watches over it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING

from fedpolicy.cli.terminal import stdin_bytes

if TYPE_CHECKING:
    from fedpolicy.cli.watchdog import Watch
    from fedpolicy.errors import FedPolicyError
    from fedpolicy.sources import Source

PROOFS = "--fixes"  # what is watched while changes are tried: no file
_WATCH: ContextVar[Watch | None] = ContextVar("_WATCH", default=None)


@contextmanager
def watching(watch: Watch | None) -> Iterator[None]:
    """Let it be known who watches this process, for as long as that is so."""
    before = _WATCH.set(watch)
    try:
        yield
    finally:
        _WATCH.reset(before)


def watch_of() -> Watch | None:
    """Whoever watches this process, if somebody does."""
    return _WATCH.get()


def input_bytes() -> bytes:
    """Standard input. Raises OSError where there is too much of it."""
    watch = watch_of()
    return watch.once("-", stdin_bytes) if watch else stdin_bytes()


def named(path: str) -> str | Source:
    """What somebody named. A pipe, such as `<(command)`, can be read once, which is done here."""
    try:
        if not stat.S_ISFIFO(os.stat(path).st_mode):  # noqa: PTH116  a path may be anything
            return path
    except (OSError, ValueError):
        return path
    from fedpolicy.files import piped  # noqa: PLC0415  few runs read a pipe
    from fedpolicy.sources import read_once, shown_path  # noqa: PLC0415

    watch = watch_of()
    read = partial(piped, path)
    return read_once(shown_path(path), partial(watch.once, path, read) if watch else read)


def limit(name: str, seconds: float) -> None:
    """Let what follows about a file take so long, where somebody watches. Raises what has ended an earlier attempt."""
    watch = watch_of()
    if watch is None:
        return
    for error in lost_of(watch, seconds, "gave no answer").values():
        raise error
    watch.begin(name, seconds)


def heard_within(seconds: float) -> Callable[[str], None]:
    """What hears of each file that is begun, and of how long it may take: whoever watches, else nobody."""
    watch = watch_of()
    return partial(watch.begin, seconds=seconds) if watch else lambda _: None


def lost_of(watch: Watch | None, seconds: float, what: str = "was not checked") -> dict[str, FedPolicyError]:
    """The files that an earlier process did not survive, and why."""
    if watch is None or not watch.lost:
        return {}
    from fedpolicy.batch.run import died, overdue  # noqa: PLC0415  hardly ever

    return {name: died(name, what) if dead else overdue(name, seconds, what) for name, dead in watch.lost.items()}

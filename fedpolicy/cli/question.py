"""What a command is asked about: files, pipes or standard input, each read once, and for no longer than it may take."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fedpolicy.cli.options import TIMEOUT, timeout_option
from fedpolicy.cli.watchdog import Watch
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.analysis.study import Study
    from fedpolicy.errors import FedPolicyError
    from fedpolicy.language.reading.load import Document
    from fedpolicy.sources import Source

__all__ = ["PROOFS", "Question", "input_bytes", "limit", "lost_of", "named", "timed", "watch_of"]


def watch_of() -> Watch | None:
    """Whoever watches this process, if somebody does."""
    context = click.get_current_context(silent=True)
    return context.find_object(Watch) if context else None


def input_bytes() -> bytes:
    """Standard input. Raises OSError where there is too much of it."""
    from fedpolicy.cli.terminal import stdin_bytes  # noqa: PLC0415  most runs read none

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
    from fedpolicy.sources import read_once, shown  # noqa: PLC0415

    watch = watch_of()
    read = partial(piped, path)
    return read_once(shown(path), partial(watch.once, path, read) if watch else read)


def limit(name: str, seconds: float) -> None:
    """Let what follows about a file take so long, where somebody watches. Raises what has ended an earlier attempt."""
    watch = watch_of()
    if watch is None:
        return
    for error in lost_of(watch, seconds, "gave no answer").values():
        raise error
    watch.begin(name, seconds)


def lost_of(watch: Watch | None, seconds: float, what: str = "was not checked") -> dict[str, FedPolicyError]:
    """The files that an earlier process did not survive, and why."""
    if watch is None or not watch.lost:
        return {}
    from fedpolicy.batch.run import died, overdue  # noqa: PLC0415  hardly ever

    return {name: died(name, what) if dead else overdue(name, seconds, what) for name, dead in watch.lost.items()}


def timed(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command about one FILE take no longer than `--timeout`."""

    @timeout_option
    @wraps(command)
    def limited(*given: Any, timeout: float | None, **options: Any) -> Any:  # noqa: ANN401  click's
        limit(options["file"], TIMEOUT if timeout is None else timeout)
        return command(*given, **options)

    return limited


PROOFS = "--fixes"  # what is watched while changes are tried: no file


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A deployment, and how it is read."""

    file: str
    deployment: str = ""
    catalogs: Sequence[Path] = ()
    max_epsilon: float | None = None

    def study(self) -> tuple[Document, Study]:
        """Read the deployment, ready to be analysed. Raises what cannot be used."""
        from fedpolicy import check, sources  # noqa: PLC0415  help needs no room
        from fedpolicy.settings import Settings  # noqa: PLC0415

        settings = Settings(catalogs=self.catalogs, max_epsilon=self.max_epsilon)
        source = next(sources.find([named(self.file)], input_bytes))
        return check.study_of(source, check.catalog_of(settings), settings, self.deployment)

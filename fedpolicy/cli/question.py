"""What a command is asked about: files, pipes or standard input, each read once, and for no longer than it may take."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fedpolicy.cli.options import (
    TIMEOUT,
    answer_options,
    catalog_option,
    deployment_option,
    epsilon_option,
    timeout_option,
    together,
)
from fedpolicy.cli.terminal import emit, look_for, stdin_bytes
from fedpolicy.cli.watchdog import Watch
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.analysis import Study
    from fedpolicy.errors import FedPolicyError
    from fedpolicy.language.reading import Document
    from fedpolicy.report import Style
    from fedpolicy.sources import Source

__all__ = [
    "PROOFS",
    "Question",
    "heard_within",
    "input_bytes",
    "limit",
    "lost_of",
    "named",
    "study_options",
    "watch_of",
    "with_question",
]


def watch_of() -> Watch | None:
    """Whoever watches this process, if somebody does."""
    context = click.get_current_context(silent=True)
    return context.find_object(Watch) if context else None


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


PROOFS = "--fixes"  # what is watched while changes are tried: no file


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A deployment, how it is read, and where the answer goes."""

    file: str
    deployment: str = ""
    catalogs: Sequence[Path] = ()
    max_epsilon: float | None = None
    output: str | None = None
    no_color: bool = False

    def study(self) -> tuple[Document, Study]:
        """Read the deployment, ready to be analysed. Raises what cannot be used."""
        from fedpolicy import check  # noqa: PLC0415  help needs no room
        from fedpolicy.settings import Settings  # noqa: PLC0415

        settings = Settings(catalogs=self.catalogs, max_epsilon=self.max_epsilon)
        return check.study_of(self.source(), check.catalog_of(settings), settings, self.deployment)

    def source(self) -> Source:
        """The file as it is. A folder that was named has one deployment."""
        from fedpolicy.sources import find  # noqa: PLC0415  see above

        return next(find([named(self.file)], input_bytes))

    def look(self) -> Style:
        """How the answer looks where it goes."""
        return look_for(self.output, no_color=self.no_color)

    def answer(self, text: str | bytes) -> None:
        """Write the answer. Raises OutputError."""
        emit(text, self.output)


_ASKED = frozenset(Question.__slots__)


def with_question(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command about one FILE have a question for its options, and take no longer than `--timeout`."""

    @timeout_option
    @wraps(command)
    def limited(*, timeout: float | None, **options: Any) -> Any:  # noqa: ANN401  click's
        limit(options["file"], TIMEOUT if timeout is None else timeout)
        question = Question(**{name: options.pop(name) for name in _ASKED & options.keys()})
        return command(question, **options)

    return limited


study_options = together(deployment_option, catalog_option, epsilon_option, answer_options, with_question)

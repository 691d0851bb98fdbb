"""One command in this process: what it says, how it ends, and that it ends in time."""

from __future__ import annotations

import io
import os
import re
import signal
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import fedpolicy
from fedpolicy.cli import main

# A clone may be called `fedpolicy`, too: of the files below it, those of the package are ours.
_ROOT = re.escape(str(Path(fedpolicy.__file__).parents[1]))
_FRAME = re.compile(rf'File "{_ROOT}/(fedpolicy/[^"]+)", line \d+, in (\S+)')
_CODES = (0, 1, 2)
_UNUSABLE = 2


class Broken(Exception):  # noqa: N818  no error of ours: a law that does not hold
    """A law is broken: which one, by which command, and what tells this case from others."""

    def __init__(self, law: str, command: Sequence[str], detail: str, site: str = "") -> None:
        super().__init__(f"{law}: {detail}")
        self.law, self.command, self.detail, self.site = law, tuple(command), detail, site

    def __reduce__(self) -> tuple[type[Broken], tuple[object, ...]]:
        """Travel between processes."""
        return Broken, (self.law, self.command, self.detail, self.site)

    @property
    def signature(self) -> str:
        """The same for inputs that break the same law in the same place."""
        return f"{self.law} {self.command[0] if self.command else ''} {self.site}".strip()


class Vacuous(Exception):  # noqa: N818  nothing is wrong
    """An input says nothing about the law that judges it, such as a text with mistakes about a law of sound ones."""


class _Late(BaseException):
    """The processor time is spent. Nothing in the product catches this."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command has written, and its exit code."""

    code: int
    out: bytes
    err: str


def run(command: Sequence[str], folder: Path, seconds: float) -> Outcome:
    """Run a command in a folder. Raises Broken where it crashes, hangs, or fails without a word."""
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    before = Path.cwd()
    os.chdir(folder)
    try:
        with bounded(command, seconds), redirect_stdout(out), redirect_stderr(err):
            code = main(["--debug", *command])
    finally:
        os.chdir(before)
    out.flush()
    outcome = Outcome(code, out.buffer.getvalue(), err.getvalue())  # type: ignore[attr-defined]
    if code not in _CODES:
        raise Broken("crash", command, _last(outcome.err) or f"exit code {code}", _site(outcome.err))
    if code == _UNUSABLE and not outcome.err.strip():
        raise Broken("silence", command, "exit code 2 without a message")
    return outcome


@contextmanager
def bounded(command: Sequence[str], seconds: float) -> Iterator[None]:
    """Turn whatever escapes, and too much processor time, into a broken law."""

    def late(_number: int, _frame: object) -> None:
        raise _Late

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    except _Late as error:
        site = _site("".join(traceback.format_exception(error)))
        raise Broken("hang", command, f"more than {seconds:g} s of processor time", site) from None
    except (Broken, Vacuous):
        raise
    except (Exception, SystemExit) as error:
        raise Broken("crash", command, *raised_by(error)) from error
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def raised_by(error: BaseException) -> tuple[str, str]:
    """What was raised, and the innermost function of ours."""
    shown = "".join(traceback.format_exception(error))
    return _last(shown), _site(shown)


def _last(text: str) -> str:
    """What was raised; without a traceback, the last that was said."""
    frames = list(_FRAME.finditer(text))
    after = text[frames[-1].end() :].splitlines()[1:] if frames else text.strip().splitlines()[::-1]
    return next((line for line in after if line and not line.startswith(" ")), "")[:300]


def _site(text: str) -> str:
    """The innermost function of ours, and what was raised there."""
    frames = _FRAME.findall(text)
    raised = _last(text).partition(":")[0][:60]
    return f"{raised} {frames[-1][0]} {frames[-1][1]}" if frames else re.sub(r"\d+", "N", _last(text))[:80]

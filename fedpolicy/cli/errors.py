"""
Errors -> exit codes, also those of Ctrl-C and of a supervisor's SIGTERM, which means the same.

Catches everything that one file did not cause; see `fedpolicy.errors` for that.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from errno import ENAMETOOLONG, ENOSPC
from typing import TYPE_CHECKING, cast

from fedpolicy.errors import FedPolicyError, is_bug

if TYPE_CHECKING:
    import click

    from fedpolicy.findings import SourceFile

CLEAN, FINDINGS, UNUSABLE, BUG = 0, 1, 2, 3
INTERRUPTED = 130
_SHOWN = 40  # characters of a name that is too long


def exit_code(errors: Iterable[Exception], *, failing: bool = False, evaluated: bool = True) -> int:
    """
    The exit code of a run, decided here for every command.

    A bug of ours is told before what could not be used, and both before findings; nothing `evaluated` is no pass.
    """
    bugs = [is_bug(error) for error in errors]
    if any(bugs):
        return BUG
    if bugs or not evaluated:
        return UNUSABLE
    return FINDINGS if failing else CLEAN


def guard(action: Callable[[], object], arguments: Sequence[str]) -> int:
    """Run something; turn whatever it raises into a message on standard error and an exit code."""
    try:
        code = action()
    except KeyboardInterrupt:
        _tell("\ninterrupted\n")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  whatever users have not caused is our own mistake
        if _is_of_click(error, "Abort"):  # a terminal shows ^C; click has ended that line before it aborts
            _tell("interrupted\n")
            return INTERRUPTED
        known = _known(error)
        if known is None:
            _tell(_bug(error, debug="--debug" in arguments))
            return BUG
        return exit_code(say_errors([known], no_color="--no-color" in arguments))
    return code if isinstance(code, int) else CLEAN


def _known(error: Exception) -> FedPolicyError | None:
    """What users have caused, and how they read of it."""
    if isinstance(error, FedPolicyError):
        return error
    if _is_of_click(error, "ClickException"):
        return _usage(cast("click.ClickException", error))
    if isinstance(error, OSError) and error.errno == ENOSPC:  # what click prints itself: help
        return FedPolicyError(f"nothing can be written: {error.strerror}", help="make room, or send it elsewhere")
    return _too_long(error) if isinstance(error, OSError) and error.errno == ENAMETOOLONG else None


def _is_of_click(error: Exception, name: str) -> bool:
    """Whether click has raised it; a check that does without has none to ask."""
    return "click" in sys.modules and isinstance(error, getattr(sys.modules["click"], name))


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM be what Ctrl-C is, KeyboardInterrupt, so that everything is tidied up; a second one ends at once."""
    if _listens() or not _is_main_thread():
        # A thread hears no signals, and a process that is watched listens already.
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _is_main_thread() -> bool:
    import threading  # noqa: PLC0415  a process that is watched has no need of it

    return threading.current_thread() is threading.main_thread()


def _listens() -> bool:
    """Whether this is the process that a watchdog has started, which hears SIGUSR1; Windows has no such signal."""
    passed_on = getattr(signal, "SIGUSR1", None)
    return passed_on is not None and signal.getsignal(passed_on) not in {signal.SIG_DFL, signal.SIG_IGN}


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _tell(text: str) -> None:
    # Where nobody can be told, the exit code still tells.
    from fedpolicy.cli.terminal import chatter  # noqa: PLC0415  only where there is something to say

    chatter(text)


def say_errors(
    errors: Sequence[Exception], files: Iterable[SourceFile] = (), *, no_color: bool = False
) -> Sequence[Exception]:
    """Show errors on standard error, each with its place in the files, which are already read."""
    if errors:
        # What draws messages is imported when there is one: completion and help must stay quick.
        from fedpolicy.cli.messages import report_errors  # noqa: PLC0415
        from fedpolicy.cli.terminal import look_of  # noqa: PLC0415

        lines = {file.name: file.lines for file in files}
        report_errors(errors, lines, look=look_of(sys.stderr, no_color=no_color))
    return errors


def _too_long(error: OSError) -> FedPolicyError:
    name = str(error.filename)[:_SHOWN]
    return FedPolicyError(f"`{name}...` is longer than a name of a file may be", help="name a file or a folder")


def _usage(error: click.ClickException) -> FedPolicyError:
    import click  # noqa: PLC0415  it is loaded

    context = getattr(error, "ctx", None)
    advice = f"`{context.command_path if context else 'fedpolicy'} --help` shows what it takes"
    if context and isinstance(error, click.NoSuchOption):
        return _unknown_option(error.option_name, context, advice)
    said = error.format_message().replace("%Y-%m-%d", "YYYY-MM-DD")
    return FedPolicyError(" ".join(said.split()), help=advice)


def _unknown_option(name: str, context: click.Context, advice: str) -> FedPolicyError:
    """In words of ours: those of click change with its versions."""
    import click  # noqa: PLC0415  it is loaded

    from fedpolicy.suggest import did_you_mean, visible  # noqa: PLC0415  only a mistake needs it

    options = [one for one in context.command.get_params(context) if isinstance(one, click.Option) and not one.hidden]
    found = did_you_mean(name, [each for one in options for each in (*one.opts, *one.secondary_opts)])
    return FedPolicyError(f"there is no option `{visible(name)}`", help=f"{found} {advice}".strip())


def _bug(error: Exception, *, debug: bool) -> str:
    if debug:
        from traceback import format_exception  # noqa: PLC0415

        return "".join(format_exception(error))
    return (
        f"fedpolicy failed: {type(error).__name__}: {error}\n"
        "This is a bug in fedpolicy, not in your file. Please report it with the file and what\n"
        "`--debug` adds to this message.\n"
    )

"""The command line: the only room that prints, exits and reads the environment."""

import gc
import os
import sys

TYPE_CHECKING = False  # to import typing would cost `--version` a third of its time
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from fedpolicy.cli.watchdog import Watch

# What many files leave behind must not pile up; next to nothing of a single one is garbage before its end.
COLLECTIONS = (1_000_000, 50, 50)
COLLECTIONS_OF_ONE = (50_000_000, 50, 50)
COLLECTIONS_OF_CODE = (50_000, 20, 50)  # the tree of a program is full of circles, and gone with its file
_VERIFY = 2  # words: the command and a statement


def _completed() -> bool:
    """Answer a shell that wants to know how a word goes on, where the answer is at hand."""
    if "_FEDPOLICY_COMPLETE" not in os.environ:
        return False
    from fedpolicy.cli.completions import TABLE, completion  # noqa: PLC0415  only a key press asks

    try:
        table = __import__(TABLE, fromlist=["TABLE"])  # importlib would cost a tenth of the answer
    except ImportError:  # a checkout; click knows as well
        return False
    found = completion(table.TABLE, os.environ)
    sys.stdout.write(found or "")
    return found is not None


def _verified(given: "Sequence[str]") -> int | None:
    """Answer `fedpolicy verify STATEMENT`, which needs no click as long as nothing goes wrong."""
    if len(given) != _VERIFY or given[0] != "verify" or given[1].startswith("-"):
        return None
    from fedpolicy.cli.statement import verify  # noqa: PLC0415  few runs verify
    from fedpolicy.errors import FedPolicyError  # noqa: PLC0415

    try:
        return verify(given[1])
    except FedPolicyError:
        from fedpolicy.cli.errors import guard  # noqa: PLC0415  it brings click

        return guard(lambda: verify(given[1]), given)


def _left(code: int) -> int:
    """End at once: for Python to take itself apart takes a tenth of such an answer. It tells where nobody listens."""
    try:
        sys.stdout.flush()
    except OSError:
        return code
    os._exit(code)


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Run fedpolicy with these arguments (default: those of the process) and give the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if sys.stdout is not None and given == ["--version"]:
        # Scripts ask for the version all the time; it must not cost them the import of click.
        from fedpolicy import __version__  # noqa: PLC0415

        try:
            sys.stdout.write(f"fedpolicy {__version__}\n")
        except OSError:  # no room, where nothing is buffered; click's answer is told what to do about it
            return command_line(given)
        return _left(0) if arguments is None else 0
    return _alone(given) if arguments is None else command_line(given)


def _alone(given: list[str]) -> int:
    """Do this and nothing else: a process that lives for a moment."""
    heard = sys.stdout is not None
    if heard and _completed():
        return _left(0)
    # Collecting garbage while modules load, and once more over everything when it ends, took a sixth of a check.
    gc.set_threshold(*COLLECTIONS)
    code = _verified(given) if heard else None
    if code is None:
        _handed_on(given)
        code = command_line(given)
    gc.freeze()
    return code


def _handed_on(given: list[str]) -> None:
    """Let another process do it, where one is at hand or has to be watched; this one ends with it."""
    if os.environ.get("FEDPOLICY_WARM"):
        from fedpolicy.cli.warm import handed_over  # noqa: PLC0415  who has not asked for it does without

        code = handed_over(given)
        if code is not None:
            os._exit(code)
    from fedpolicy.cli.watchdog import watched, worth_watching  # noqa: PLC0415  what answers above needs none

    if worth_watching(given):
        # Nothing is loaded here that would have to be taken apart.
        os._exit(watched(given, lambda watch: command_line(given, watch)))


def taken_over(given: list[str], about: "dict[str, Any]") -> None:
    """Do the work of a process that watches this one, which has started it; it never returns."""
    from fedpolicy.cli.watchdog import Watch, take_over  # noqa: PLC0415  see above

    gc.set_threshold(*COLLECTIONS)
    take_over(lambda watch: command_line(given, watch), Watch(**about))


def command_line(given: list[str], watch: "Watch | None" = None) -> int:
    """Run fedpolicy here, and give the exit code; `watch` is who watches this process."""
    try:
        if None in (sys.stdin, sys.stdout, sys.stderr):
            from fedpolicy.cli.terminal import replace_closed_streams  # noqa: PLC0415  hardly anybody closes them

            replace_closed_streams()
        if watch is not None:  # a process of ours alone
            from fedpolicy.startup import load_yaml  # noqa: PLC0415  what answers above needs none

            load_yaml()
        from fedpolicy.cli.inputs import watching  # noqa: PLC0415

        with watching(watch):
            return _run(given)
    except KeyboardInterrupt:  # while modules load; later, the command line deals with it
        sys.stderr.write("\ninterrupted\n")
        return 130


def _run(given: list[str]) -> int:
    """Run one command; a plain check needs no click."""
    # For pydantic, which reads settings, to look for plug-ins that we do not have takes time.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    options = _plain(given)
    if options is None:
        from fedpolicy.cli.commands import run  # noqa: PLC0415

        return run(given)
    from fedpolicy.cli.errors import guard, stoppable  # noqa: PLC0415
    from fedpolicy.cli.gate import checked  # noqa: PLC0415

    with stoppable():
        return guard(lambda: checked(options), given)


def _plain(given: list[str]) -> "dict[str, Any] | None":
    """The options of a plain check, where the table that a wheel carries tells them all."""
    if given[:1] != ["check"]:
        return None
    from fedpolicy.cli.plain import WORDS, plain_options  # noqa: PLC0415  other commands have no table

    try:
        table = __import__(WORDS, fromlist=["TABLE"])
    except ImportError:  # a checkout; click knows as well
        return None
    return plain_options(table.TABLE, given[1:], os.environ)

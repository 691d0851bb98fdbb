"""
What one file causes stays with that file.

Beside the command line, this is the only place that catches everything: a file that meets a mistake of ours becomes an
error that names it, and all other files are still checked and reported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fedpolicy.errors import Bug, FedPolicyError, InputError
from fedpolicy.findings import Span

__all__ = ["bug", "contained"]

_Result = TypeVar("_Result")
_FRAMES = 30  # of a recursion that does not end, the last ones tell enough


def contained(work: Callable[[], _Result], name: str) -> _Result | FedPolicyError:
    """Do some work on a file. Whatever it raises is the answer, as an error that names the file; so is no answer."""
    try:
        found = work()
    except FedPolicyError as error:
        if error.span is None and isinstance(error, InputError):
            error.span = Span(file=name)
        return error
    except Exception as error:  # noqa: BLE001  whatever is left is our own mistake
        return _caught(error, name)
    return bug(name, "a stage gave no answer") if found is None else found


def bug(name: str, what: str) -> Bug:
    """A mistake of ours, met in a file."""
    return Bug(f"a bug in fedpolicy, in `{name}`: {what}", help="report it with the file and what `--debug` adds")


def _caught(error: Exception, name: str) -> Bug:
    from traceback import format_exception  # noqa: PLC0415  only a mistake pays for it

    found = bug(name, ": ".join(part for part in (type(error).__name__, " ".join(str(error).split())) if part))
    found.trace = "".join(format_exception(error, limit=-_FRAMES))
    return found

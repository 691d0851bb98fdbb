"""
Every error that fedpolicy raises on purpose.

FedPolicyError
├── InputError            a file that was given cannot be used
│   └── SpecError         one mistake in a deployment, with its place
├── PolicyError           a rule or a pack that cannot be used, with its place
├── CatalogError          a catalogue file that cannot be used, with its place
├── SettingsError         an option or a parameter that cannot be used
├── OutputError           a result that cannot be written
├── WorkerError           a file whose check has taken its process with it
├── OverdueError          a file whose check took longer than it may
├── Interrupted           somebody stopped the run
├── Bug                   a mistake of ours, met in one file
└── Problems              several of the above, found together

Each one says what is wrong, where, and what to do next.

`contained` is, beside the command line, the only place that catches everything: a file that meets a mistake of ours
becomes an error that names it, and all other files are still checked and reported. `namesakes` is about several files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from fedpolicy.findings import Span

if TYPE_CHECKING:
    from fedpolicy.overview import Interruption

_Result = TypeVar("_Result")
_FRAMES = 30  # of a recursion that does not end, the last ones tell enough


class FedPolicyError(Exception):
    """Something the user can mend: a message, the place it is about, and what to do next."""

    def __init__(self, message: str, *, span: Span | None = None, help: str = "", path: str = "") -> None:  # noqa: A002  the user sees this word
        super().__init__(message)
        self.message = message
        self.span = span
        self.help = help
        self.path = path

    def __str__(self) -> str:
        """Say what, where and what next in one line."""
        place = f"{self.span}: " if self.span else ""
        element = f"{self.path}: " if self.path else ""
        advice = f" ({self.help})" if self.help else ""
        return f"{place}{element}{self.message}{advice}"


class InputError(FedPolicyError):
    """A file that was given cannot be read or holds no deployment."""


class SpecError(InputError):
    """One mistake in a deployment; `path` is its dotted path, such as `tasks.adapt.method`."""


class PolicyError(FedPolicyError):
    """A rule file, a pack or an expression that cannot be used."""


class CatalogError(FedPolicyError):
    """A catalogue file that cannot be used."""


class SettingsError(FedPolicyError):
    """An option or a parameter that cannot be used."""


class OutputError(FedPolicyError):
    """A result that cannot be written where the user asked."""


class WorkerError(FedPolicyError):
    """A file that was not checked, because the process that checked it ended: killed, or out of memory."""


class OverdueError(FedPolicyError):
    """A file that was not checked, because that took longer than the run allows."""


class Interrupted(FedPolicyError):  # noqa: N818  nothing is wrong, but something is missing
    """Not all files were checked, because somebody stopped the run."""

    def __init__(self, interruption: Interruption) -> None:
        super().__init__(str(interruption), help="run it again for the rest")


class Bug(FedPolicyError):  # noqa: N818  the word that users read
    """Something that must not happen has happened with one file; `trace` says where, for whoever mends it."""

    trace = ""


class Problems(FedPolicyError):  # noqa: N818  it is a collection of errors, not one
    """Several errors found together, in the order of their places."""

    def __init__(self, errors: Sequence[FedPolicyError]) -> None:
        super().__init__(f"{len(errors)} problems")
        self.errors = tuple(errors)

    def __str__(self) -> str:
        """Say each problem on its own line."""
        return "\n".join(str(error) for error in self.errors)


def is_bug(error: Exception) -> bool:
    """Whether an error, or one of those that it holds, is a mistake of ours."""
    return isinstance(error, Bug) or (isinstance(error, Problems) and any(map(is_bug, error.errors)))


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


def namesakes(files: Iterable[Iterable[tuple[str, Span]]]) -> Iterator[InputError]:
    """
    An error at each name that an earlier deployment has, which says where that stands.

    Earlier is by file and line, not by the order in which files were named: the same run says the same.
    """
    first: dict[str, Span] = {}
    found = [one for names in files for one in names]
    for name, span in sorted(found, key=lambda one: (one[1].file, one[1].line, one[1].column)):
        before = first.setdefault(name, span)
        if before is not span:
            message = f"two deployments have the name `{name}`; the other one is at {before}"
            yield InputError(message, span=span, help="give one of them another name, or check them in separate runs")


def _caught(error: Exception, name: str) -> Bug:
    from traceback import format_exception  # noqa: PLC0415  only a mistake pays for it

    found = bug(name, ": ".join(part for part in (type(error).__name__, " ".join(str(error).split())) if part))
    found.trace = "".join(format_exception(error, limit=-_FRAMES))
    return found

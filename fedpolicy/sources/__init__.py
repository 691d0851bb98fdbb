"""
Which files hold deployments: files as named, folders searched, standard input.

Here is also how folders are searched, and what a search leaves out. `walk` walks them, `listing` asks git, `header`
looks at what is left.
"""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from fedpolicy.errors import InputError
from fedpolicy.files import content
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.sources.walk import Unreadable

EXCLUDED = "excluded"
HIDDEN = "hidden"
IGNORED = "ignored by git"
INSTALLED = "installed packages"
LINK = "a link out of the searched folder"
_COUNTED = {
    HIDDEN: ("hidden folder", "hidden folders"),
    INSTALLED: ("folder of installed packages", "folders of installed packages"),
    IGNORED: ("entry that git ignores", "entries that git ignores"),
    EXCLUDED: ("excluded deployment", "excluded deployments"),
    LINK: ("link that leads out", "links that lead out"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A folder or file that a search left out with everything in it."""

    path: str
    why: str

    @property
    def excluded(self) -> bool:
        """Whether it is a deployment that a pattern of the settings excludes."""
        return self.why == EXCLUDED


def skipped_words(skipped: Iterable[Skipped]) -> str:
    """How much was left out for which reason, in words; empty where nothing was."""
    counts = Counter(one.why for one in skipped)
    said = [f"{counts[why]:,} {words[counts[why] > 1]}" for why, words in _COUNTED.items() if counts[why]]
    return ", ".join(said)


def _quiet(_: object) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """
    How folders are searched.

    `exclude` are patterns of paths below a searched folder, as in `.gitignore`; `gitignore` leaves out what git
    ignores; `note` is told, once a repository, where git gives no answer; `skip` is told what is left out.
    """

    exclude: Sequence[str] = ()
    gitignore: bool = True
    note: Callable[[str], None] = _quiet
    skip: Callable[[Skipped], None] = _quiet


STDIN = "<stdin>"
_ADVICE = (
    "name the file, call it `fedpolicy.yaml` or `<name>.fedpolicy.yaml`, or begin it with the key `fedpolicy: 1`. "
    "None yet? `fedpolicy init` writes one, and `fedpolicy scan` judges what runs"
)
_EVERYTHING = Search()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """
    One file that was asked for: its bytes, or why they could not be read. The name is what users see.

    One that was `found` by a search was named by nobody, so it may be anything. `inside` is the path in the repository
    of one that a git revision has.
    """

    name: str
    text: bytes = b""
    error: InputError | None = None
    found: bool = False
    inside: str = ""

    def usable(self) -> Source:
        """The same source. Raises InputError where it could not be read."""
        if self.error:
            raise self.error
        return self


class FoundPath(str):
    """A path that a search has come across."""

    __slots__ = ()


def find(paths: Iterable[str | Source], stdin: Callable[[], bytes], search: Search = _EVERYTHING) -> Iterator[Source]:
    """
    Read every deployment that the paths name, each file once, in the order of the arguments, folders sorted.

    A folder is searched for `fedpolicy.yaml`, `*.fedpolicy.yaml` and YAML with a top-level `fedpolicy` key; a file that
    is named is always read.
    """
    return (read(one) if isinstance(one, str) else one for one in candidates(paths, stdin, search))


def candidates(
    paths: Iterable[str | Source], stdin: Callable[[], bytes], search: Search = _EVERYTHING
) -> Iterator[str | Source]:
    """What `find` would read: paths of files, and sources of what is no file or cannot be searched."""
    seen: set[str] = set()
    for path in paths:
        if isinstance(path, Source):
            yield path
        elif path == "-":
            yield read_once(STDIN, stdin)
        else:
            for source in _folder(path, search) if Path(path).is_dir() else (path,):
                real = os.path.realpath(source) if isinstance(source, str) else source.name
                if real not in seen:
                    seen.add(real)
                    yield source


def read(path: str) -> Source:
    """Read one file; what prevents it becomes the source's error."""
    name = shown_path(path)
    try:
        return Source(name=name, text=content(Path(path)), found=isinstance(path, FoundPath))
    except FileNotFoundError:
        return _unusable(name, f"`{name}` does not exist", _nearest(path))
    except (OSError, ValueError) as error:
        return _unread(name, error)


def read_once(name: str, reader: Callable[[], bytes]) -> Source:
    """Read what can be read once, as standard input can; what prevents it becomes the source's error."""
    try:
        return Source(name=name, text=reader())
    except OSError as error:
        return _unread(name, error)


def _unread(name: str, error: OSError | ValueError) -> Source:
    reason = getattr(error, "strerror", None) or str(error)
    return _unusable(name, f"`{name}` cannot be read: {reason}", _remedy(error))


def _remedy(error: OSError | ValueError) -> str:
    if getattr(error, "errno", 0) == errno.EFBIG:
        return "a deployment is a file that people write"
    if getattr(error, "errno", 0) == errno.EINVAL:
        return "name a plain file; `-` is standard input"
    return "check the path and its permissions"


def _folder(folder: str, search: Search) -> Iterator[str | Source]:
    from fedpolicy.sources.walk import Unreadable, walk  # noqa: PLC0415  most runs search no folder

    found = 0
    for item in walk(folder, search):
        if isinstance(item, Unreadable):
            yield _unsearched(item, folder)
        else:
            found += 1
            yield FoundPath(item)
    if not found:
        name = shown_path(folder)
        yield _unusable(name, f"no deployment found in the folder `{name}`", _advice(folder, search))


def _unsearched(item: Unreadable, folder: str) -> Source:
    name = shown_path(item.path)
    if item.link:
        message = f"`{name}` is a link that leads out of `{shown_path(folder)}`, and a search does not follow it"
        return _unusable(name, message, "put the file itself there, or name the link")
    return _unusable(name, f"the folder `{name}` cannot be read: {item.why}", "check its permissions")


def _advice(folder: str, search: Search) -> str:
    """What to do where a search finds nothing; most often nothing is ignored either."""
    from fedpolicy.sources.walk import walk  # noqa: PLC0415  see above

    everything = walk(folder, Search(exclude=search.exclude, gitignore=False)) if search.gitignore else iter(())
    ignored = any(isinstance(item, str) for item in everything)
    return "git ignores what is there; `--no-gitignore` checks it all the same" if ignored else _ADVICE


def shown_path(path: str) -> str:
    """Say the path as it is seen from here, so that the output is the same on every machine."""
    normal = os.path.normpath(path)
    if PurePath(normal).is_absolute():
        with suppress(ValueError):  # another drive of Windows: no way leads there from here
            inside = os.path.relpath(normal)
            normal = normal if inside.startswith(os.pardir) else inside
    return PurePath(normal).as_posix()


def _nearest(path: str) -> str:
    folder = Path(path).parent
    if Path(path).is_symlink():
        return "it is a link to a file that is not there"
    try:
        beside = sorted(item.name for item in folder.iterdir() if item.suffix in (".yaml", ".yml", ".json"))
    except OSError:
        return f"there is no folder `{shown_path(str(folder))}` either"
    from difflib import get_close_matches  # noqa: PLC0415  only a mistake pays for it

    near = get_close_matches(Path(path).name, beside, n=1, cutoff=0.5)
    return f"did you mean `{shown_path(str(folder / near[0]))}`?" if near else "check the path"


def _unusable(name: str, message: str, advice: str) -> Source:
    return Source(name=name, error=InputError(message, help=advice))


def no_deployment(name: str) -> InputError:
    """Why a file counts for nothing; a link may have led to it, and who reads a report may not be allowed to."""
    message = f"`{name}` holds no deployment, although its name says so; nothing of it is shown"
    return InputError(message, help="begin it with `fedpolicy: 1`, rename it, or name it to see what is wrong with it")

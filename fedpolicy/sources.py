"""Which files hold deployments: files as named, folders searched, standard input."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePath

from fedpolicy.errors import InputError
from fedpolicy.records import dataclass

__all__ = ["STDIN", "Source", "find", "is_deployment", "read"]

STDIN = "<stdin>"

_NAMED = re.compile(r"^(?:fedpolicy|.+\.fedpolicy)\.(?:yaml|yml)$|^.+\.fedpolicy\.json$")
_YAML = (".yaml", ".yml")
_KEY = re.compile(rb"""^(?:\xef\xbb\xbf)?(?:fedpolicy|"fedpolicy"|'fedpolicy')[ \t]*:(?:\s|$)""")
_TOO_LARGE = 64 * 1024 * 1024
_ADVICE = "name the file, call it `fedpolicy.yaml` or `<name>.fedpolicy.yaml`, or begin it with the key `fedpolicy: 1`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file that was asked for: its bytes, or why they could not be read. The name is what users see."""

    name: str
    text: bytes = b""
    error: InputError | None = None


def find(paths: Iterable[str], stdin: Callable[[], bytes], exclude: Sequence[str] = ()) -> Iterator[Source]:
    """
    Read every deployment that the paths name, each file once, in the order of the arguments, folders sorted.

    `exclude` are patterns of paths below a searched folder, as in `.gitignore`; a file that is named is always read.

    A folder is searched for `fedpolicy.yaml`, `*.fedpolicy.yaml` and YAML with a top-level `fedpolicy` key.
    """
    seen: set[str] = set()
    for path in paths:
        if path == "-":
            yield Source(name=STDIN, text=stdin())
            continue
        for source in _folder(path, exclude) if Path(path).is_dir() else (path,):
            real = os.path.realpath(source) if isinstance(source, str) else source.name
            if real not in seen:
                seen.add(real)
                yield read(source) if isinstance(source, str) else source


def read(path: str) -> Source:
    """Read one file; what prevents it becomes the source's error."""
    name = _shown(path)
    try:
        with Path(path).open("rb") as handle:
            text = handle.read(_TOO_LARGE + 1)
    except FileNotFoundError:
        return _unusable(name, f"`{name}` does not exist", _nearest(path))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return _unusable(name, f"`{name}` cannot be read: {reason}", "check the path and its permissions")
    if len(text) > _TOO_LARGE:
        return _unusable(name, f"`{name}` is larger than 64 MiB", "a deployment is a file that people write")
    return Source(name=name, text=text)


def _folder(folder: str, exclude: Sequence[str]) -> Iterator[str | Source]:
    found = 0
    for item in _walk(folder):
        if isinstance(item, str) and _excluded(os.path.relpath(item, folder), exclude):
            continue
        found += isinstance(item, str)
        yield item
    if not found:
        name = _shown(folder)
        yield _unusable(name, f"no deployment found in the folder `{name}`", _ADVICE)


def _excluded(path: str, patterns: Sequence[str]) -> bool:
    """Whether a path or a folder above it is excluded; `*` stays within a name, `**` crosses folders."""
    parts = PurePath(path).parts
    prefixes = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    return any(_matches(prefix, pattern) for prefix in prefixes for pattern in patterns)


def _matches(path: str, pattern: str) -> bool:
    wanted = pattern.strip("/")
    inside = wanted if "/" in wanted else f"**/{wanted}"
    expression = re.escape(inside).replace(r"\*\*/", "(?:.*/)?").replace(r"/\*\*", "(?:/.*)?")
    return re.fullmatch(expression.replace(r"\*", "[^/]*").replace(r"\?", "[^/]"), path) is not None


def _walk(folder: str) -> Iterator[str | Source]:
    """Files that look like deployments. Links to folders are not followed, so that a loop of links cannot trap us."""
    problems: list[OSError] = []
    for root, folders, files in os.walk(folder, onerror=problems.append):
        folders[:] = sorted(name for name in folders if not _skipped(root, name))
        yield from (found for name in sorted(files) if _is_deployment(found := os.path.join(root, name)))  # noqa: PTH118  keeps `./`
    for problem in problems:
        name = _shown(str(problem.filename))
        yield _unusable(name, f"the folder `{name}` cannot be read: {problem.strerror}", "check its permissions")


def _skipped(root: str, name: str) -> bool:
    folder = Path(root, name)
    return name.startswith(".") or name in ("node_modules", "__pycache__") or (folder / "pyvenv.cfg").exists()


def is_deployment(path: str, text: bytes) -> bool:
    """Whether a file that is found by a search is one of ours: by its name, else by its top-level key."""
    return bool(_NAMED.match(PurePath(path).name)) or (_may_be(path) and _has_key(text.splitlines()))


def _is_deployment(path: str) -> bool:
    if _NAMED.match(PurePath(path).name):
        return True
    if not _may_be(path):
        return False
    try:
        with Path(path).open("rb") as handle:
            return _has_key(handle)
    except OSError:
        return False


def _may_be(path: str) -> bool:
    name = PurePath(path).name
    return name.endswith(_YAML) and not name.startswith(".")


def _has_key(lines: Iterable[bytes]) -> bool:
    return any(_KEY.match(line) for line in lines)


def _shown(path: str) -> str:
    """Say the path as it is seen from here, so that the output is the same on every machine."""
    normal = os.path.normpath(path)
    if PurePath(normal).is_absolute():
        inside = os.path.relpath(normal)
        normal = normal if inside.startswith(os.pardir) else inside
    return PurePath(normal).as_posix()


def _nearest(path: str) -> str:
    folder = Path(path).parent
    try:
        beside = sorted(item.name for item in folder.iterdir() if item.suffix in (*_YAML, ".json"))
    except OSError:
        return f"there is no folder `{_shown(str(folder))}` either"
    from difflib import get_close_matches  # noqa: PLC0415  only a mistake pays for it

    near = get_close_matches(Path(path).name, beside, n=1, cutoff=0.5)
    return f"did you mean `{_shown(str(folder / near[0]))}`?" if near else "check the path"


def _unusable(name: str, message: str, advice: str) -> Source:
    return Source(name=name, error=InputError(message, help=advice))

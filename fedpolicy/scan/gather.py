"""
Paths -> evidence: which files are looked at, who reads them, and what could not be read.

Files are taken one after the other and forgotten, so memory does not grow with the repository. What cannot be read is
told once, with its place; nothing stops the others.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePath
from types import MappingProxyType

from fedpolicy.errors import InputError, Problems
from fedpolicy.files import beginning
from fedpolicy.findings import Span
from fedpolicy.records import dataclass, field, replace
from fedpolicy.scan import Evidence, Unread
from fedpolicy.scan.importers import importers
from fedpolicy.scan.reading import LARGEST, TEMPLATE, File
from fedpolicy.scan.reading.embedded import EmbeddedFile, embedded_files
from fedpolicy.scan.reading.notebook import as_python, is_notebook
from fedpolicy.scan.services import Services
from fedpolicy.sources import Search, Skipped, shown_path
from fedpolicy.sources.header import Look
from fedpolicy.sources.walk import Unreadable, walk

_MIB = 1024 * 1024

_ENDINGS = (
    ".yml", ".yaml", ".json", ".default", ".conf", ".toml", ".py", ".sh", ".txt", ".ipynb", ".tf", ".tofu", ".nomad",
    ".hcl", ".env", ".bash", ".modelfile", ".dockerfile", ".ini", ".cfg", ".properties", ".tfvars",
    *(f".{first}{kind}" for kind in ("js", "ts") for first in ("", "m", "c")), ".jsx", ".tsx", ".r",
)  # fmt: skip
_ANYWHERE = "environment"  # the importer that finds secrets in files of any kind
_STARTS = "flower_processes"  # the importer of programs that services may start by their images
# What a folder or a file is called that shows something, or tries it, and deploys nothing.
_ASIDE = frozenset({"test", "tests", "__tests__", "testing", "doc", "docs", "tutorial", "tutorials"})
_EXAMPLE = re.compile(r"\.example|[-_]example\.|^example[-_.]|(?:^|[-_.])(?:template|sample)\.env$|[-_]test\.ya?ml$")
_STAND_INS = (".sample", ".template", ".dist", ".test")  # files of variables to copy and fill in, or to try


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Evidence, and the importer that found it."""

    evidence: Evidence
    importer: str

    @property
    def file(self) -> str:
        """The file that it stands in."""
        return self.evidence.span.file

    @property
    def framework(self) -> str:
        """What the importer reads: nvflare, flower, compose, python, ..."""
        return self.importer.partition("_")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRead:
    """A file, or a part of one, that counts for nothing, and why."""

    why: str
    span: Span


@dataclass(slots=True, kw_only=True)
class Gathered:
    """All that files say; `read` counts files by importer, `aside` those that show or try something."""

    facts: list[Fact] = field(default_factory=list)
    not_read: list[NotRead] = field(default_factory=list)
    read: Counter[str] = field(default_factory=Counter)
    looked_at: int = 0
    aside: int = 0
    names: set[str] = field(default_factory=set)  # of files that somebody wants
    skipped: list[Skipped] = field(default_factory=list)  # folders and files that the search left out
    needs: list[tuple[str, str, Span]] = field(default_factory=list)  # a file, as it is named, and where
    instead: set[str] = field(default_factory=set)  # files of which those that start their programs tell


def gather(
    paths: Sequence[str],
    search: Search,
    services: Services,
    *,
    begin: Callable[[str], None] = lambda _: None,
    lost: Mapping[str, str] = MappingProxyType({}),
) -> Gathered:
    """
    Read every file below the paths that an importer wants. Raises Problems that name each path that is not there.

    `begin` hears of each file before it is read, as whoever watches over time wants to; `lost` are those that took too
    long, and why they are not read.
    """
    if missing := [shown_path(path) for path in paths if not Path(path).exists()]:
        advice = "name a folder or a file of a repository"
        raise Problems([InputError(f"`{path}` does not exist", help=advice) for path in missing])
    found = Gathered()
    for path, below in _files(paths, replace(search, skip=found.skipped.append), found):
        if below is not None and _is_aside(below):
            found.aside += 1
        elif path in lost:
            found.not_read.append(NotRead(why=lost[path], span=Span(file=shown_path(path))))
        else:
            begin(path)
            _read(path, services, found)
    return _included(found)


def gather_texts(texts: Mapping[str, bytes], services: Services, named: Callable[[str], str] = str) -> Gathered:
    """The same of files that somebody else has read, by their paths; `named` says what they are called."""
    found = Gathered()
    for path, content in texts.items():
        if _is_aside(path):
            found.aside += 1
        else:
            near = partial(_among, texts, PurePath(path).parent)
            _take(File(named(path), content[: LARGEST + 1], services, near), found)
    return _included(found)


def _included(found: Gathered) -> Gathered:
    """
    Files that others include and that nobody has read are told, with the place that names them.

    That code names keys is a fact about other facts: alone it tells of nothing. A secret is told once of a line.
    """
    if all(fact.evidence.kind == "config" for fact in found.facts):
        found.facts.clear()
        found.read.clear()
    told = {_line(one) for one in found.facts if one.evidence.attribute == "literal" and one.importer != _ANYWHERE}
    found.facts = [one for one in found.facts if one.importer != _ANYWHERE or _line(one) not in told]
    found.facts = [
        one for one in found.facts if one.importer != _STARTS or os.path.normpath(one.file) not in found.instead
    ]
    for name, said, span in found.needs:
        if name not in found.names:
            why = f"not read: it includes `{said}`, which is not among the files that are read"
            found.not_read.append(NotRead(why=why, span=span))
    found.not_read = list(_by_folder(found.not_read))
    return found


def _by_folder(notes: Sequence[NotRead]) -> Iterator[NotRead]:
    """What was not read; templates of one folder, as of a chart, are told together, at the first."""
    alike = [PurePath(one.span.file).parent for one in notes if one.why.endswith(TEMPLATE)]
    often = Counter(alike)
    for one in notes:
        folder = PurePath(one.span.file).parent
        if not one.why.endswith(TEMPLATE) or often[folder] == 1:
            yield one
        elif amount := often.pop(folder, 0):
            yield replace(one, why=f"not read: {amount} templates of this folder have not been rendered")


def _line(fact: Fact) -> tuple[str, int | None]:
    return fact.file, fact.evidence.span.line


def _among(texts: Mapping[str, bytes], folder: PurePath, name: str) -> bytes | None:
    return texts.get((folder / name).as_posix())


def worth(path: str) -> bool:
    """Whether a file at this path may say something."""
    return _worth(PurePath(path).name)


def _files(paths: Sequence[str], search: Search, found: Gathered) -> Iterator[tuple[str, str | None]]:
    """Each file with its path below the folder that was named; a file that is named itself has none."""
    seen: set[str] = set()
    for path in paths:
        for one in walk(path, search, _LOOK) if Path(path).is_dir() else (path,):
            if isinstance(one, Unreadable):
                found.not_read.append(NotRead(why=f"not read: {one.why}", span=Span(file=shown_path(one.path))))
            elif (real := os.path.realpath(one)) not in seen:
                seen.add(real)
                yield one, os.path.relpath(one, path) if one != path else None


def _read(path: str, services: Services, found: Gathered) -> None:
    name = shown_path(path)
    try:
        content = beginning(Path(path), LARGEST + 1)
    except OSError as error:
        found.not_read.append(NotRead(why=f"not read: {error.strerror or error}", span=Span(file=name)))
        return
    _take(File(name, content, services, partial(_beside, path)), found)


def _take(file: File, found: Gathered) -> None:
    found.looked_at += 1
    known = as_python(file, file.content) if is_notebook(file) else file
    wanted = sorted((who for who, one in importers().items() if one.wants(known)), key=_ANYWHERE.__eq__)
    if len(file.content) > LARGEST:
        why = f"not read: it is larger than {LARGEST // _MIB} MiB; `--exclude` leaves it out"
        found.not_read += [NotRead(why=why, span=file.start())] if wanted else []
        return
    for who in wanted if known is file else ():
        _ask(who, file, found)
    for part in _inside(file, found):
        for who, one in importers().items():
            if one.wants(part.file) and not _is_aside(part.file.name):
                _ask(who, part.file, found, part)
    if wanted:
        found.names.add(os.path.normpath(file.name))
    for said, span in file.needs:
        found.needs.append((os.path.normpath(file.path.parent / said), said, span))
    found.instead |= {os.path.normpath(file.path.parent / one) for one in file.instead}
    for broken in file.broken:
        _note(broken, found)


def _inside(file: File, found: Gathered) -> list[EmbeddedFile]:
    try:
        return list(embedded_files(file))
    except Unread as unread:
        _note(unread, found)
        return []


def _beside(path: str, name: str) -> bytes | None:
    """A file of the same folder, as far as it may be read."""
    folder = Path(path).parent
    other = folder / name
    try:
        inside = Path(os.path.realpath(other)).is_relative_to(os.path.realpath(folder))
        return beginning(other, LARGEST) if inside and other.is_file() and not other.is_symlink() else None
    except (OSError, ValueError):  # a name that no file can have
        return None


def _ask(who: str, file: File, found: Gathered, part: EmbeddedFile | None = None) -> None:
    """One importer's facts; a file that two importers cannot read is told of once."""
    try:
        said = list(importers()[who].read(file))
    except Unread as unread:
        _note(Unread(unread.why, part.at(unread.span) if part else unread.span), found)
        return
    if said:
        found.facts += [Fact(evidence=part.placed(one) if part else one, importer=who) for one in said]
        found.read[who.partition("_")[0]] += 1


def _note(unread: Unread, found: Gathered) -> None:
    note = NotRead(why=f"not read: {unread.why}", span=unread.span)
    if note not in found.not_read[-len(importers()) :]:
        found.not_read.append(note)


def _is_aside(below: str) -> bool:
    parts = [part.lower() for part in PurePath(below).parts]
    name = parts[-1]
    return (
        not _ASIDE.isdisjoint(parts[:-1])
        or name.startswith("test_")
        or name.endswith("_test.py")
        or ".test." in name
        or ".spec." in name
        or name == "conftest.py"
        or _EXAMPLE.search(name) is not None
        or name.endswith(_STAND_INS)
    )


def _worth(name: str) -> bool:
    """Whether a file of this name may say something; scripts and Makefiles have no ending."""
    last = name.rpartition("/")[2].lower()
    return (
        last.endswith(_ENDINGS)
        or "." not in last
        or last.startswith((".env.", "modelfile.", "dockerfile.", "containerfile."))
    )


def _of_variables(name: str) -> bool:
    """Whether a file is hidden and holds variables, whoever has it in git or not."""
    return name == ".env" or name.startswith(".env.")


_LOOK = Look(worth=_worth, named=_of_variables, found=lambda _, __: True, patterns=())

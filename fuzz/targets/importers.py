"""Files of other tools: one target for each importer, by the files of its tests; and scans and drafts of folders."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from fedpolicy.scan import Evidence, Unread
from fedpolicy.scan.draft import draft_of
from fedpolicy.scan.gather import Fact
from fedpolicy.scan.groups import projects_of
from fedpolicy.scan.importers import Importer, importers
from fedpolicy.scan.reading import File
from fedpolicy.scan.rules import RULES
from fedpolicy.scan.services import Services
from fuzz.command import Broken, Vacuous, bounded
from fuzz.corpus import ROOT, repository
from fuzz.drawn import drawn
from fuzz.reading import loaded
from fuzz.target import Box, Target

_DRAFT, _ALONE = "draft.yaml", 0.2
_FORMATS = ("text", "json", "sarif", "gitlab", "junit", "markdown", "csv", "github")
_SERVICES = Services()
_WATCH: ContextVar[list[tuple[str, str]] | None] = ContextVar("_WATCH", default=None)
_READING = ("open", "os.listdir", "os.scandir", "os.chdir")
_REACHING = (*_READING, "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect", "socket.bind")
# What Python itself opens to import something lies there.
_OURS = (str(ROOT), sys.prefix, sys.base_prefix, "<", *filter(None, sys.path))


def _hear(event: str, given: tuple[Any, ...]) -> None:
    seen = _WATCH.get()
    if seen is not None and event in _REACHING:
        where = os.fsdecode(given[0]) if isinstance(given[0], str | bytes) else ""
        # Descriptors are of something that was opened before.
        if where or event != "open":
            seen.append((event, where if where.startswith("<") else os.path.realpath(where)))


sys.addaudithook(_hear)


@contextmanager
def _watched(command: tuple[str, ...], site: str, inside: str = "<") -> Iterator[None]:
    """Nothing outside of a folder is opened, started or called meanwhile; hooks stay, and hear nothing otherwise."""
    seen: list[tuple[str, str]] = []
    token = _WATCH.set(seen)
    try:
        yield
    finally:
        _WATCH.reset(token)
    for event, where in seen:
        if event not in _READING or not where.startswith((inside, *_OURS)):
            raise Broken("reaches out", command, f"{event} {where}", site)


def imported(name: str, box: Box) -> None:
    """An importer says evidence of this file, or why it cannot be read; it opens nothing, and a draft can be read."""
    one, (path, text) = importers()[name], box.only
    file = File(path, text, _SERVICES, lambda _: None)
    with bounded(("import", path), box.seconds):
        if not one.wants(file):
            raise Vacuous
        with _watched(("import", path), name):
            said, unread = _said(one, file)
    if unread is not None:
        if not unread.why:
            raise Broken("unhelpful", ("import", path), "it is not read, and nobody says why", name)
        raise Vacuous
    lines = len(text.splitlines()) + 1
    for each in said:
        if not each.subject or not each.attribute or each.span.file != path or not 1 <= each.span.line <= lines:
            raise Broken("misplaced", ("import", path), f"{each!r:.300} of {lines} lines", name)
    _drafted(name, path, said, box)


def _said(one: Importer, file: File) -> tuple[list[Evidence], Unread | None]:
    try:
        return list(one.read(file)), None
    except Unread as unread:
        return [], unread


def _drafted(name: str, path: str, said: Sequence[Evidence], box: Box) -> None:
    """What is drafted of it is a deployment, and rules can be asked about it."""
    with bounded(("import", path), box.seconds):
        for rule in RULES:
            list(rule.find(said))
        drafts = [draft_of(group) for group in projects_of([Fact(evidence=each, importer=name) for each in said])]
    for draft in drafts:
        errors = loaded(Box(box.folder, {draft.file: draft.text.encode()}, box.rng, box.seconds))[1]
        if errors:
            raise Broken("draft", ("import", path), f"{errors[0]}", f"{name}: {errors[0].message[:40]}")


def scan(box: Box) -> None:
    """A folder with a file of some framework is read, or told of."""
    command = ("scan", *_among(box), "--isolated", "--today", "2026-11-28", "--format", box.rng.choice(_FORMATS))
    with _watched(command, "", os.path.realpath(box.folder)):
        box.run(*command)


def draft(box: Box) -> None:
    """What `import` writes is a deployment, and what it was drafted from does not contradict it."""
    paths = _among(box)
    written = box.run("import", *paths, "--output", _DRAFT, "--force")
    path = box.folder / _DRAFT
    if not path.exists():
        raise Vacuous
    text = path.read_bytes()
    path.unlink()
    if written.code == 0 and not loaded(Box(box.folder, {_DRAFT: text}, box.rng, box.seconds))[0]:
        raise Broken("draft", ("import", *paths), "what it has written has mistakes")
    path = box.folder.parent / f"{box.folder.name}.{_DRAFT}"
    path.write_bytes(text)
    command = ("drift", str(path), *paths, "--isolated", "--format", "json", "--fail-on", "info")
    try:
        found = box.run(*command)
    finally:
        path.unlink()
    if found.code == 1:
        rules = sorted({one["rule"] for one in json.loads(found.out)["findings"] if one["verdict"] == "fail"})
        raise Broken("drift", command, "a draft differs from what it was drafted from", ", ".join(rules))


def _among(box: Box) -> Sequence[str]:
    """The input alone, or among all the files of a repository: the outermost folders, or its file."""
    files = {} if box.rng.random() < _ALONE else repository()
    Box(box.folder, {**files, **box.files}).fill()
    return sorted({name.partition("/")[0] for name in (*files, *box.files)})


def _importer(name: str) -> Target:
    judge: Callable[[Box], None] = partial(imported, name)
    about = " ".join(name.split("_"))
    return Target(
        name=f"importer-{name.replace('_', '-')}",
        kind="law",
        holds=f"files of {about}: evidence with a place or a reason; nothing else is opened; the draft can be read",
        input=f"foreign:{name}",
        judge=judge,
    )


TARGETS = (
    Target(
        name="scan",
        kind="law",
        holds="a folder with a broken file of some framework is read or told of, and nothing outside of it is opened",
        input="foreign",
        judge=scan,
    ),
    Target(
        name="draft",
        kind="differential",
        holds="what `import` writes can be read, and `drift` finds no difference to what it was drafted from",
        input="foreign",
        judge=draft,
    ),
    Target(
        name="values-of-files",
        kind="law",
        holds="values of another type anywhere in a file of a framework, and files that are cut, break nothing",
        input="bytes",
        judge=drawn(
            "scan.test_hostile:test_a_value_of_another_kind_anywhere",
            "scan.test_hostile:test_a_text_that_is_cut_and_mended_anywhere",
            "scan.test_hostile:test_bytes_of_any_kind",
            "scan.test_draft_law:test_a_draft_can_be_read",
        ),
    ),
    *(_importer(name) for name in importers()),
)

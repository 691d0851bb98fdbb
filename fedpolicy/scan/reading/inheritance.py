"""What compose takes from elsewhere: files of variables, services that others extend, files that are included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath

from fedpolicy.scan.evidence import Unread
from fedpolicy.scan.node import Node, settled
from fedpolicy.scan.reading.files import File
from fedpolicy.scan.reading.variables import Variable, lines, secret_name, variables

__all__ = ["environment", "files", "includes"]

_DEEPEST = 8  # of services that extend each other


def environment(file: File, document: Node, service: Node, depth: int = 0) -> list[Variable]:
    """The variables of a service, the last word on each: its own, those of its files, those of whom it extends."""
    found = [*_extended(file, document, service, depth), *_from_files(file, service)]
    found += variables(service.get("environment"))
    return list({one.name: one for one in found}.values())


def files(service: Node) -> Iterator[Node]:
    """The names of its files of variables."""
    found = service.get("env_file")
    for one in found.each() if found and not isinstance(found.value, str) else [found] if found else ():
        yield one.get("path") or one


def includes(document: Node) -> Iterator[Node]:
    """The names of files that a file includes."""
    found = document.get("include")
    for one in found.each() if found else ():
        path = one.get("path") or one
        yield from [path] if isinstance(path.value, str) else path.each()


def _from_files(file: File, service: Node) -> Iterator[Variable]:
    for node in files(service):
        if other := _beside(file, node):
            try:
                yield from [_taken(one, node) for one in lines(other)]
            except Unread as unread:
                file.broken.append(Unread(unread.why, unread.span))


def _extended(file: File, document: Node, service: Node, depth: int) -> list[Variable]:
    """The variables of the service that this one extends; one that cannot be had is told as not read."""
    extends = service.get("extends")
    if extends is None:
        return []
    named = extends.get("service") or extends
    where = extends.get("file")
    try:
        other, whole = (_beside(file, where), None) if where else (file, document)
        documents = other.yaml if other else ()
        whole = whole or (documents[0] if documents else None)
        base = whole.get("services", str(named.value)) if whole else None
    except Unread:
        other = base = whole = None
    if other is None or whole is None or base is None or depth == _DEEPEST:
        why = f"it extends `{named.value}`{f' of `{where.value}`' if where else ''}, which cannot be read from here"
        file.broken.append(Unread(why, extends.span))
        return []
    found = environment(other, whole, base, depth + 1)
    if other is not file:
        file.broken += other.broken
        file.needs += [(str(where.value), where.span)] if where else []
    return [_taken(one, extends) for one in found]


def _beside(file: File, node: Node) -> File | None:
    """A file of this folder or below it."""
    name = str(node.value)
    if not settled(name) or PurePath(name).is_absolute() or ".." in PurePath(name).parts:
        return None
    content = file.beside(name)
    inside = PurePath(name).parent
    return (
        content
        if content is None
        else File(
            (file.path.parent / name).as_posix(), content, file.services, lambda other: file.beside(str(inside / other))
        )
    )


def _taken(one: Variable, node: Node) -> Variable:
    """A variable at the place that takes it; its secret is literal where it stands."""
    return replace(one, node=node, given=one.given or secret_name(one.name))

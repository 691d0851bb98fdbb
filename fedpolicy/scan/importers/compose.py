"""
Compose: services, their images, ports and secrets, and whom variables of the environment lead to.

A service takes from elsewhere too: files of variables, services that it extends, files that are included.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from fedpolicy.scan import BUILT, Evidence, ForeignNode, Unread
from fedpolicy.scan.reading import File
from fedpolicy.scan.reading.servers import container
from fedpolicy.scan.reading.variables import Variable, lines, secret_name, told, variables

_DEEPEST = 8  # of services that extend each other


def wants(file: File) -> bool:
    """YAML that begins a map of services, or that includes some by its name."""
    if file.path.suffix not in (".yml", ".yaml"):
        return False
    named = file.path.name.startswith(("compose", "docker-compose"))
    return re.search(rb"^(?:services|include):" if named else rb"^services:", file.content, re.MULTILINE) is not None


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    for document in file.yaml[:1]:
        file.needs += [(str(one.value), one.span) for one in _includes(document)]
        for name, service in document.items("services"):
            said = [*_service(file, document, name, service), *_closed(document, name, service)]
            profiles = [one.text() for one in service.each("profiles")]
            yield from (_optional(one, profiles) for one in said) if profiles else said


def _service(file: File, document: ForeignNode, name: str, service: ForeignNode) -> Iterator[Evidence]:
    subject = f"service:{name}"
    given = _environment(file, document, service)
    for said in container(file.services, service, subject, ("entrypoint", "command"), given):
        yield replace(said, note=BUILT) if said.attribute == "image" and service.get("build") else said
    for port in service.each("ports"):
        yield port.tells(subject, "port") if not isinstance(port.value, dict) else port.says(subject, "port", None)
    yield from told(file.services, subject, given)
    for one in service.each("secrets"):
        secret = one.text("source") if isinstance(one.value, dict) else one.text()
        if secret:
            yield one.says(f"secret:{secret}", "held_by", subject)
    for one in _variable_files(service):
        yield one.tells(subject, "env_file")


def _closed(document: ForeignNode, name: str, service: ForeignNode) -> Iterator[Evidence]:
    """A service all of whose networks are internal reaches nobody outside."""
    found = service.get("networks")
    names = [*(key for key, _ in found.items()), *(str(one.value) for one in found.each())] if found else []
    if found and names and all(document.text("networks", one, "internal") == "true" for one in names):
        yield found.says(f"service:{name}", "egress", "closed")


def _optional(one: Evidence, profiles: Sequence[str | None]) -> Evidence:
    """A call of a service that is started only with a profile may be made."""
    if one.attribute != "from":
        return one
    note = f"only with the profile {' or '.join(filter(None, profiles))}"
    return replace(one, attribute="used", value=None, note=note)


def _environment(file: File, document: ForeignNode, service: ForeignNode, depth: int = 0) -> list[Variable]:
    """The variables of a service, the last word on each: its own, those of its files, those of whom it extends."""
    found = [*_extended(file, document, service, depth), *_from_files(file, service)]
    found += variables(service.get("environment"))
    return list({one.name: one for one in found}.values())


def _variable_files(service: ForeignNode) -> Iterator[ForeignNode]:
    """The names of its files of variables."""
    for one in service.one_or_each("env_file"):
        yield one.get("path") or one


def _includes(document: ForeignNode) -> Iterator[ForeignNode]:
    """The names of files that a file includes."""
    for one in document.each("include"):
        path = one.get("path") or one
        yield from [path] if isinstance(path.value, str) else path.each()


def _from_files(file: File, service: ForeignNode) -> Iterator[Variable]:
    for node in _variable_files(service):
        if other := file.other(str(node.value)):
            try:
                yield from [_taken(one, node) for one in lines(other)]
            except Unread as unread:
                file.broken.append(Unread(unread.why, unread.span))


def _extended(file: File, document: ForeignNode, service: ForeignNode, depth: int) -> list[Variable]:
    """The variables of the service that this one extends; one that cannot be had is told as not read."""
    extends = service.get("extends")
    if extends is None:
        return []
    named = extends.get("service") or extends
    where = extends.get("file")
    try:
        other, whole = (file.other(str(where.value)), None) if where else (file, document)
        documents = other.yaml if other else ()
        whole = whole or (documents[0] if documents else None)
        base = whole.get("services", str(named.value)) if whole else None
    except Unread:
        other = base = whole = None
    if other is None or whole is None or base is None or depth == _DEEPEST:
        why = f"it extends `{named.value}`{f' of `{where.value}`' if where else ''}, which cannot be read from here"
        file.broken.append(Unread(why, extends.span))
        return []
    found = _environment(other, whole, base, depth + 1)
    if other is not file:
        file.broken += other.broken
        file.needs += [(str(where.value), where.span)] if where else []
    return [_taken(one, extends) for one in found]


def _taken(one: Variable, node: ForeignNode) -> Variable:
    """A variable at the place that takes it; its secret is literal where it stands."""
    return replace(one, node=node, given=one.given or secret_name(one.name))

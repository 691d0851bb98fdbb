"""Flower's long-running processes, by their command lines: in compose, images, Kubernetes, Nomad and scripts."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.records import dataclass, replace
from fedpolicy.scan import Evidence, ForeignNode, settled, single
from fedpolicy.scan.reading.hcl import nomad_tasks
from fedpolicy.scan.reading.image import builds_image, image, with_image
from fedpolicy.scan.reading.shell import LISTED, script_lines, started

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File

_YAML, _SCRIPTS, _JOBS = (".yml", ".yaml"), (".sh", ".bash"), (".nomad", ".hcl")
_LONGEST = 200  # lines of a command
_ROLES = {"superlink": "server", "supernode": "client"}
_IMAGE = re.compile(r"(?:^|/)flwr/(superlink|supernode)\b")
_PROGRAM = re.compile(r"\bflower-(superlink|supernode)\b")
_WORDS = (
    b"flwr/superlink",
    b"flwr/supernode",
    b"flower-superlink",
    b"flower-supernode",
    b"--superlink",
    b"--ssl-ca-cert",
)
_AUTHENTICATION = ("--enable-supernode-auth", "--auth-list-public-keys")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Process:
    """One process: `whole` where all that it is started with is known, so that what is missing is not there."""

    name: str
    kind: str
    place: ForeignNode
    command: ForeignNode
    arguments: list[tuple[str, ForeignNode]]
    whole: bool
    environment: ForeignNode | None = None

    def flag(self, *names: str) -> tuple[str, ForeignNode] | None:
        """The value of the first of these flags that stands there, and the place of the flag's value or its own."""
        for at, (text, node) in enumerate(self.arguments):
            name, equals, value = text.partition("=")
            if name in names:
                following = self.arguments[at + 1] if at + 1 < len(self.arguments) else ("", node)
                return (value, node) if equals or following[0].startswith("--") else following
        return None

    def has(self, *names: str) -> ForeignNode | None:
        """Where one of these flags stands."""
        return next((node for text, node in self.arguments if text.partition("=")[0] in names), None)


def wants(file: File) -> bool:
    """YAML, shell and what builds an image, with a word of these processes; services that are built as images."""
    if file.path.suffix not in (*_YAML, *_SCRIPTS, *_JOBS) and not builds_image(file):
        return False
    built = file.path.suffix in _YAML and b"services:" in file.content and b"build:" in file.content
    return built or any(word in file.content for word in _WORDS)


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    if builds_image(file):
        # How many are started of it, where, and with what else, whoever runs the image says.
        if process := _in_compose("", image(file)):
            yield from (one for one in _told(replace(process, whole=False)) if one.attribute != "role")
        return
    if file.path.suffix not in _YAML:
        tasks = nomad_tasks(file.hcl) if file.path.suffix in _JOBS else ()
        started = (process for name, task in tasks if (process := _in_compose(name, task)))
        for process in started if file.path.suffix in _JOBS else _in_shell(file):
            yield from _told(process)
        return
    for document in file.yaml:
        services = document.get("services")
        if services:
            yield from _compose(file, services)
        for process in _in_kubernetes(document):
            yield from _told(process)


def _compose(file: File, services: ForeignNode) -> Iterator[Evidence]:
    each = [(name, with_image(file, service)) for name, service in services.items()]
    found = [process for name, service in each if (process := _in_compose(name, service))]
    if found and not any(process.whole for process in found):
        yield services.says("deployment", "override", "true")
    for process in found:
        yield from _told(process)


def _in_compose(name: str, service: ForeignNode) -> _Process | None:
    image, command = service.get("image"), service.get("command")
    arguments = [*_split(service.get("entrypoint")), *_split(command)]
    started = _IMAGE.search(str(image.value)) if image else None
    program = next((found for text, _ in arguments if (found := _PROGRAM.search(text))), None)
    known = started or program
    kind = known[1] if known else next((one for one in _ROLES if name.startswith(one) and arguments), "")
    if not kind:
        return None
    return _Process(
        name=name or kind,
        kind=kind,
        place=(image if started else None) or service,
        command=command or service,
        arguments=arguments,
        whole=known is not None,
        environment=service,
    )


def _in_kubernetes(document: ForeignNode) -> Iterator[_Process]:
    template = document.get("spec", "template", "spec", "containers") or document.get("spec", "containers")
    name = document.text("metadata", "name")
    for container in template.each() if template and name else ():
        image, arguments = container.get("image"), [*_split(container.get("command")), *_split(container.get("args"))]
        started = _IMAGE.search(str(image.value)) if image else None
        known = started or next((found for text, _ in arguments if (found := _PROGRAM.search(text))), None)
        if known and image and name:
            place = container.get("args") or container.get("command") or container
            yield _Process(name=name, kind=known[1], place=image, command=place, arguments=arguments, whole=True)


def _in_shell(file: File) -> Iterator[_Process]:
    lines = script_lines(file.text)
    counts = dict.fromkeys(_ROLES, 0)
    for number, line in enumerate(lines, 1):
        if number > 1 and lines[number - 2].endswith("\\"):
            continue
        parts, at = [line], number
        while parts[-1].endswith("\\") and at < min(len(lines), number + _LONGEST):
            parts, at = [*parts, lines[at]], at + 1
        said = "".join(part.removesuffix("\\") for part in parts)
        found = started(said.partition("#")[0], _PROGRAM)
        if not found or line.lstrip().startswith("#"):
            continue
        counts[found[1]] += 1
        node = single(said, file.line(number))
        arguments = [(text, node) for text in _shell_words(said[found.start() :])]
        name = f"{found[1]}-{counts[found[1]]}" if found[1] == "supernode" else found[1]
        listed = LISTED.match(line)
        whole = listed is None or f"{listed[1]}+=(" not in file.text
        yield _Process(name=name, kind=found[1], place=node, command=node, arguments=arguments, whole=whole)


def _shell_words(text: str) -> list[str]:
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        words = [word.strip("\"'") for word in text.split()]  # it begins, or ends, within a text in quotes
    stop = next((at for at, word in enumerate(words) if word in ("&", "&&", "||", "|", ";")), len(words))
    return words[:stop]


def _split(command: ForeignNode | None) -> list[tuple[str, ForeignNode]]:
    if command is None:
        return []
    if isinstance(command.value, str):
        said = [(word, command) for word in _shell_words(command.value)]
    else:
        said = [(str(one.value), one) for one in command.each()]
    return [(word, node) for text, node in said for word in _for_a_shell(text)]


def _for_a_shell(text: str) -> list[str]:
    """The words of a line that a shell is given, from the program on; any other text is one word."""
    found = started(text, _PROGRAM) if " " in text else None
    return _shell_words(text[found.start() :]) if found else [text]


def _told(process: _Process) -> Iterator[Evidence]:
    subject = f"node:{process.name}"
    yield process.place.says(subject, "role", _ROLES[process.kind])
    image = process.place if process.place.path[-1:] == ("image",) else None
    if image:
        yield image.tells(subject, "image")
    yield from _transport(process, subject)
    if process.kind == "superlink" and process.whole:
        proved = process.has(*_AUTHENTICATION)
        yield (proved or process.command).says(subject, "node_authentication", proved is not None)
    for flags, attribute in (
        (("--superlink",), "connects_to"),
        (("--node-config",), "node_config"),
        (("--database",), "state"),
        (("--trusted-entities",), "trusted_entities"),
    ):
        if found := process.flag(*flags):
            value, node = found
            yield node.says(subject, attribute, value if settled(value) else None)
    if process.whole:
        yield from _telemetry(process, subject)


def _transport(process: _Process, subject: str) -> Iterator[Evidence]:
    if insecure := process.has("--insecure"):
        yield insecure.says(subject, "transport", "none")
        return
    proved = process.flag("--ssl-certfile" if process.kind == "superlink" else "--root-certificates")
    if proved:
        yield proved[1].says(subject, "transport", "tls")
    elif process.whole and process.kind == "supernode":
        # flwr 1.42.0: without --insecure a SuperNode uses TLS, by the system's certificates where none are named.
        yield process.command.says(subject, "transport", "tls", note="the default of Flower")


def _telemetry(process: _Process, subject: str) -> Iterator[Evidence]:
    """Flower tells its makers about use unless the environment says no (flwr 1.42.0, supercore/telemetry.py)."""
    said = process.environment
    if said is None or said.get("env_file"):
        yield process.place.says(subject, "telemetry", None, note="its environment is set elsewhere")
        return
    environment = said.get("environment")
    for name, value, node in _variables(environment):
        if name == "FLWR_TELEMETRY_ENABLED":
            yield node.says(subject, "telemetry", ("on" if value == "1" else "off") if settled(value) else None)
            return
    yield said.says(subject, "telemetry", "on", note="the default of Flower")


def _variables(environment: ForeignNode | None) -> Iterator[tuple[str, str, ForeignNode]]:
    if environment is None:
        return
    for name, node in environment.items():
        yield name, str(node.value), node
    for node in environment.each():
        name, _, value = str(node.value).partition("=")
        yield name, value, node

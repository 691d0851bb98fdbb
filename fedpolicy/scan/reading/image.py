"""What an image has and starts, by the lines of the file that builds it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath

from fedpolicy.findings import Span
from fedpolicy.scan import ForeignNode, single
from fedpolicy.scan.reading import File
from fedpolicy.scan.reading.variables import Variable

_NAME = re.compile(r"(?:Dockerfile|Containerfile)(?:\..*)?|.*\.[Dd]ockerfile")
_INSTRUCTION = re.compile(r"\s*([A-Za-z]+)\s+(.*)")
_STARTS = {"ENTRYPOINT": "entrypoint", "CMD": "command"}
_TEXT = re.compile(r"<<-?\s*[\"']?(\w+)")  # the word that ends lines which are no instructions
_FROM = re.compile(r"(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_SET = re.compile(r"""([A-Za-z_]\w*)=("[^"]*"|'[^']*'|\S*)""")
_SET_ALONE = re.compile(r"(?i)\s*(?:ENV|ARG)\s+([A-Za-z_]\w*)\s+(\S.*)")
_SETS = re.compile(r"(?i)\s*(?:ENV|ARG)\s")


def builds_image(file: File) -> bool:
    """Whether a file of this name builds an image."""
    return _NAME.fullmatch(file.path.name) is not None


def image(file: File, stage: str | None = None) -> ForeignNode:
    """What the last stage, or the one of this name, is made from and starts, said as a service of compose says it."""
    stages: dict[str, dict[str, tuple[object, Span]]] = {}
    here: dict[str, tuple[object, Span]] = {}
    for name, said, place in _instructions(file):
        if name == "FROM" and (found := _FROM.match(said)):
            here = dict(stages.get(found[1].lower(), {"image": (found[1], place)}))
            stages[(found[2] or str(len(stages))).lower()] = here
        elif name in _STARTS:
            here[_STARTS[name]] = (_words(said), place)
    chosen = stages.get(stage.lower(), {}) if stage else here
    value = {key: one for key, (one, _) in chosen.items()}
    value["environment"] = {one.name: one.value for one in variables_of(file)}
    places = {key: place for key, (_, place) in chosen.items()}
    return ForeignNode(value=value, at=lambda path: places.get(str(path[0]) if path else "", file.start()))


def with_image(file: File, service: ForeignNode) -> ForeignNode:
    """A service of compose, with what the image starts that it is built as where it says nothing of that itself."""
    build, own = service.get("build"), service.value
    source = _source(file, build) if build else None
    if build is None or source is None or not isinstance(own, dict):
        return service
    said = dict(image(source, build.text("target")).items())
    theirs = {key: one.value for key, one in said.items() if key not in own}
    if "entrypoint" in own:
        theirs.pop("command", None)  # which is only what the entrypoint of the image is given
    whole = {**theirs, **own, "environment": _together(said["environment"], own.get("environment"))}
    deep = len(service.path)
    return replace(
        service, value=whole, at=lambda path: build.span if path[deep:] and path[deep] in theirs else service.at(path)
    )


def _source(file: File, build: ForeignNode) -> File | None:
    """What builds the image of a service: a text in it, or a file of this folder or below, which is not told again."""
    if inline := build.get("dockerfile_inline"):
        return File("Dockerfile", str(inline.value).encode())
    context = build.text() or build.text("context") or "."
    name = (PurePath(context) / (build.text("dockerfile") or "Dockerfile")).as_posix()
    source = file.other(name)
    file.instead += [name] if source else []
    return source


def _together(image_: ForeignNode, own: object) -> object:
    """The variables of an image and of a service, whose own count more."""
    more = {name: one.value for name, one in image_.items()}
    if isinstance(own, (list, tuple)):
        return [*own, *(f"{name}={value}" for name, value in more.items())]
    return {**more, **own} if isinstance(own, dict) else more


def variables_of(file: File) -> Iterator[Variable]:
    """The variables that an image is built with, or has when it runs."""
    inside = False
    for number, line in enumerate(file.text.split("\n"), 1):
        inside = inside or _SETS.match(line) is not None
        pairs = list(_SET.finditer(line)) or [one for one in [_SET_ALONE.match(line)] if one]
        for one in pairs if inside and not line.lstrip().startswith("#") else ():
            value, place = one[2].strip("\"'"), file.line(number, one.start(1) + 1, one.end() + 1)
            yield Variable(name=one[1], value=value, node=single(value, place, one[1]), unset=not value)
        inside = inside and (line.rstrip().endswith("\\") or line.lstrip().startswith("#"))


def _instructions(file: File) -> Iterator[tuple[str, str, Span]]:
    """Each instruction with what it says, over however many lines."""
    lines = iter(enumerate(file.text.split("\n"), 1))
    for number, line in lines:
        parts = [line.strip()]
        while parts[-1].endswith("\\") and (following := next(lines, None)):
            more = following[1].strip()
            parts += [more] if more and not more.startswith("#") else []
        said = " ".join(part.removesuffix("\\") for part in parts)
        for word in _TEXT.findall(said):
            while (following := next(lines, None)) and following[1].strip() != word:
                pass
        if found := _INSTRUCTION.fullmatch(said):
            yield found[1].upper(), found[2], file.line(number, 1, len(line) + 1)


def _words(said: str) -> tuple[str, ...]:
    """What is started: a list of words, or a line for a shell."""
    try:
        listed = json.loads(said)
    except (ValueError, RecursionError):
        listed = None
    return tuple(map(str, listed)) if isinstance(listed, list) else ("/bin/sh", "-c", said)

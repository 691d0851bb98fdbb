"""What a server of models is started with: the model that it serves itself, or that Ollama passes on to its cloud."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fedpolicy.scan import Evidence, ForeignNode, settled
from fedpolicy.scan.reading.variables import literal
from fedpolicy.scan.services import CALLED, CLOUD, OLLAMA, Services, host_of, in_cloud, is_own, runs_unread_code

if TYPE_CHECKING:
    from fedpolicy.catalog.rows import ServiceRow
    from fedpolicy.scan.reading.variables import Variable

Word = tuple[str, ForeignNode]  # as a program gets it, and where it stands
_OWN = "model:own"
_MODEL_FLAGS = ("--model", "--model-id")
_TRUSTS, _PINS = "--trust-remote-code", ("--code-revision", "--revision")
_PROGRAMS = re.compile(r"vllm|text-generation-launcher|sglang")
_PASSWORDS = ("--requirepass", "--masterauth", "--password")
_OF_OLLAMA = ("pull", "run")
_ADDRESS = re.compile(r"https://[\w.-]+")
_SHELL = re.compile(r"(?:.*/)?(?:ba|da|z|k)?sh")
_PARTS = re.compile(r"""\\\n|(?:^|(?<=\s))\#[^\n]*|"[^"]*"|'[^']*'|[;&|(){}\n]+|[^\s;&|(){}"']+""")
_ENDS = re.compile(r"[;&|(){}\n]+")
_BEFORE = ("exec", "sudo", "then", "do", "else", "if", "while", "until", "!")  # words of a shell before a command


def container(
    services: Services, node: ForeignNode, subject: str, starts: Sequence[str], environment: Sequence[Variable]
) -> Iterator[Evidence]:
    """What a container runs: its image, and what the words behind the keys `starts` make of it."""
    row = services.image(node.text("image") or "")
    if image := node.get("image"):
        yield image.tells(subject, "image")
        known = services.image(str(image.value))
        if known and known.kind == "own":
            yield image.says(subject, "serves", "own")
    yield from _started(services, row, [found for key in starts if (found := node.get(key))], environment, subject)


def _started(
    services: Services,
    row: ServiceRow | None,
    given: Sequence[ForeignNode],
    environment: Sequence[Variable],
    who: str,
) -> list[Evidence]:
    words = [one for node in given for one in _words(node)]
    in_shell = bool(words) and _SHELL.fullmatch(words[0][0]) is not None
    commands = [one for text, node in words for one in _commands(text, node)] if in_shell else [words]
    said = list(_named(services, words))
    for command in filter(None, commands):
        said += _passwords(command, who)
        if row and row.id == OLLAMA and not in_shell and command[0][0] in _OF_OLLAMA:
            said += _ollama(command, environment, who)
        elif command[0][0].rpartition("/")[2] == OLLAMA:
            said += _ollama(command[1:], environment, who)
        elif row and row.kind == "own" and (not in_shell or any(_PROGRAMS.search(text) for text, _ in command)):
            served = list(_served(command, after_serve=row.id != OLLAMA))
            said += [*served, *_with_its_code(command, served)]
    return said


def _named(services: Services, words: Sequence[Word]) -> Iterator[Evidence]:
    """Whose models a command names by their hosts."""
    for text, node in words:
        for address in _ADDRESS.findall(text):
            row = services.behind(address)
            if row and row.kind in CALLED:
                note = f"what it is started with names {host_of(address)}"
                yield node.says(f"call:{row.id}", "used", None, note=note)


def _passwords(words: Sequence[Word], who: str) -> Iterator[Evidence]:
    """Passwords that a program is started with, as Redis is."""
    for at, (text, node) in enumerate(words):
        name, equals, value = text.partition("=")
        said, place = (value, node) if equals or at + 1 == len(words) else words[at + 1]
        if name in _PASSWORDS and not said.startswith("-") and (found := literal(place, name.lstrip("-"), said, who)):
            yield found


def pulled(node: ForeignNode, name: str) -> Evidence:
    """A model of Ollama that is there to be asked: one's own, or one that only the cloud runs."""
    if in_cloud(name):
        note = f"`{name}` runs in Ollama's cloud, which gets every prompt to it; no call is shown here"
        return node.says(f"call:{CLOUD}", "used", None, note=note)
    return node.says(_OWN, "served", name if settled(name) else None)


def _words(node: ForeignNode) -> Iterator[Word]:
    """The words of a list, or of a text that is split as a shell would."""
    if isinstance(node.value, str):
        text = node.value.replace("\n", " ")
        yield from ((_bare(one), node) for one in re.findall(r"""[^\s"']*"[^"]*"|[^\s"']*'[^']*'|\S+""", text))
    yield from ((str(one.value), one) for one in node.each())


def _commands(text: str, node: ForeignNode) -> list[list[Word]]:
    """The commands of a script, without its comments."""
    found: list[list[Word]] = [[]]
    for part in _PARTS.findall(text):
        if _ENDS.fullmatch(part):
            found.append([])
        elif not part.startswith(("#", "\\\n")) and (found[-1] or part not in _BEFORE):
            found[-1].append((_bare(part), node))
    return found


def _bare(word: str) -> str:
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'" else word


def _served(words: Sequence[Word], *, after_serve: bool) -> Iterator[Evidence]:
    """The model by a flag, or behind `serve`."""
    flags = (*_MODEL_FLAGS, "serve") if after_serve else _MODEL_FLAGS
    for at, (word, node) in enumerate(words):
        name, equals, value = word.partition("=")
        if name not in flags:
            continue
        said, place = (value, node) if equals or at + 1 == len(words) else words[at + 1]
        if said and not said.startswith("-"):
            yield place.says(_OWN, "served", said if settled(said) else None)


def _with_its_code(words: Sequence[Word], served: Sequence[Evidence]) -> Iterator[Evidence]:
    """A model that is served with the code of its repository, in no version that somebody could have read."""
    flags = [word.partition("=")[0] for word, _ in words]
    pins = [word.partition("=")[2] or next(iter(words[at + 1 : at + 2]), ("",))[0]
            for at, (word, _) in enumerate(words) if flags[at] in _PINS]  # fmt: skip
    name = next((one.value for one in served), None)
    if _TRUSTS in flags and runs_unread_code(name or "", *pins):
        yield words[flags.index(_TRUSTS)][1].says("code:publisher", "runs", name)


def _ollama(words: Sequence[Word], environment: Sequence[Variable], who: str) -> Iterator[Evidence]:
    """`pull MODEL` and `run MODEL`, each with flags before the model."""
    named = next((one for one in words[1:] if not one[0].startswith("-")), None)
    if not named or words[0][0] not in _OF_OLLAMA:
        return
    name, node = named
    without_cloud = any(one.name == "OLLAMA_NO_CLOUD" and one.value.lower() in ("1", "true") for one in environment)
    here = all(settled(one.value) and is_own(one.value) for one in environment if one.name == "OLLAMA_HOST")
    if in_cloud(name) and words[0][0] == "run" and settled(name) and not without_cloud:
        yield node.says(f"call:{CLOUD}", "from", who, note=f"`{name}` runs in Ollama's cloud")
        yield node.says(f"call:{CLOUD}", "model", name)
    elif not without_cloud if in_cloud(name) else here:
        yield pulled(node, name)

"""Shell scripts and Makefiles: files that are copied to other machines, whom they ask, and keys that they set."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from fedpolicy.scan import Evidence, Strength, settled, single
from fedpolicy.scan.reading.shell import is_script, script_lines, started
from fedpolicy.scan.reading.variables import Variable, told
from fedpolicy.scan.services import CALLED

if TYPE_CHECKING:
    from fedpolicy.scan.reading import File

_UNCHECKED = re.compile(r"StrictHostKeyChecking[= ](?:no|off)\b|UserKnownHostsFile[= ]/dev/null")
# A program that copies, or a function of the script around it.
_COPIES = re.compile(
    r"^[\s@-]*(?:sudo\s+)?"
    r"(?:rsync\w*|scp\w*|sftp|aws s3 (?:cp|sync|mv)|gsutil|gcloud storage (?:cp|rsync)|rclone|azcopy)\s"
)
_UPLOADS = re.compile(r"^[\s@-]*(?:hf|huggingface-cli) upload\b")
_CURL = re.compile(r"\b(?:curl|wget)\s")
_FETCHES = re.compile(r"(?:.*[(`])?[@-]*(?:curl|wget)")
_SENT = re.compile(r"(?:^|=)@|^(?:-T|--upload-file|--post-file)$")  # how curl and wget name a file that they send
# At the beginning of a line, or given to a container that is started.
_ASSIGNED = re.compile(
    r"(?:^[\s@]*(?:export\s+)?|(?:^|\s)(?:-e\s+|--env[\s=]))([A-Z][A-Z0-9_]*)=(\"[^\"]*\"|'[^']*'|[^\s;&|]*)"
)
_WORDS = (
    b"StrictHostKeyChecking", b"rsync", b"scp", b"sftp", b"aws s3", b"gsutil", b"gcloud storage", b"rclone", b"azcopy",
    b"curl", b"wget", b"hf upload", b"huggingface-cli", b"_KEY=", b"_TOKEN=", b"BASE_URL=",
    b"_TRACING",
)  # fmt: skip
_WORD = re.compile(r"""[^\s"']+""")
# user@host:path, or the address of a store; variables may stand in for any part.
_ELSEWHERE = re.compile(r"""^["']?(?:[^\s/]+@[^\s/]+:|(?:s3|gs|az|https)://|[\w.-]+:/|[\w-]+:[\w/$.-]+$)""")


def wants(file: File) -> bool:
    """A script, by its name or its first line, or a Makefile, with a word of a program that copies or asks."""
    script = is_script(file.path, file.content) or file.path.name in ("Makefile", "makefile")
    return script and any(word in file.content for word in _WORDS)


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    lines = script_lines(file.text)
    yield from told(file.services, f"script:{file.path.name}", _assigned(file, lines))
    inside = 0
    for number, line in enumerate(lines, 1):
        code = _code(line)
        if found := _UNCHECKED.search(code):
            place = single("unchecked", file.line(number, found.start() + 1, found.end() + 1))
            yield place.tells("ssh", "host_keys")
        if number > inside:
            inside = _last(lines, number)
            yield from _leaving(file, lines, number, code)


def _leaving(file: File, lines: Sequence[str], number: int, code: str) -> Iterator[Evidence]:
    if _COPIES.match(code):
        yield from _copied(file, lines, number)
    elif _UPLOADS.match(code):
        place = single("hf upload", file.line(number, 1, len(lines[number - 1]) + 1))
        yield place.tells("upload:huggingface", "made")
    elif started(code, _CURL):
        yield from _asked(file, lines, number)


def _assigned(file: File, lines: Sequence[str]) -> Iterator[Variable]:
    for number, line in enumerate(lines, 1):
        for found in _ASSIGNED.finditer(_code(line)):
            place = file.line(number, found.start(1) + 1, len(line) + 1)
            yield Variable(name=found[1], value=found[2].strip("\"'"), node=single(line, place, found[1]))


def _last(lines: Sequence[str], number: int) -> int:
    """The last line of a command, which may go on over several."""
    while _code(lines[number - 1]).rstrip().endswith("\\") and number < len(lines):
        number += 1
    return number


def _words(lines: Sequence[str], number: int) -> list[tuple[str, int, int]]:
    """The words of a command, each with its line and column."""
    return [
        (found.group(), at, found.start() + 1)
        for at in range(number, _last(lines, number) + 1)
        for found in _WORD.finditer(_command(lines[at - 1]))
        if found.group() != "\\"
    ]


def _copied(file: File, lines: Sequence[str], number: int) -> Iterator[Evidence]:
    """The kinds of files that a command copies to another machine, where it names them."""
    words = _words(lines, number)
    target = next((word for word, _, _ in reversed(words)), "")
    if not _ELSEWHERE.match(target):
        return
    for word, at, column in words:
        row = file.services.artefact(word.rpartition("=")[2] if word.startswith("--include") else word)
        if row and word != target and not word.startswith("--exclude"):
            yield _transfer(file, (word, at, column), row.title, row.payload, target)


def _asked(file: File, lines: Sequence[str], number: int) -> Iterator[Evidence]:
    """Whom curl or wget ask of those that answer with models, and files that they send."""
    words = _words(lines, number)
    start = next((at for at, (word, _, _) in enumerate(words) if _FETCHES.fullmatch(word)), len(words))
    address = next((word.rstrip(")`") for word, _, _ in words[start:] if "://" in word), "")
    row = file.services.behind(address) if settled(address.split("/")[2] if address.count("/") > 1 else "$") else None
    if row and row.kind in CALLED:
        _, at, column = next(one for one in words if one[0].startswith(address))
        place = file.line(at, column, column + len(address))
        yield single(address, place).says(f"call:{row.id}", "made", "true", strength=Strength.WIRED)
    sends = False
    for word, at, column in words[start:]:
        found = file.services.artefact(word.rpartition("@")[2])
        if found and address and (sends or _SENT.search(word)):
            yield _transfer(file, (word, at, column), found.title, found.payload, address)
        sends = word in ("-T", "--upload-file", "--post-file")


def _transfer(file: File, word: tuple[str, int, int], title: str, payload: str, target: str) -> Evidence:
    said, at, column = word
    return Evidence(
        subject=f"transfer:{title}",
        attribute="payload",
        value=payload,
        span=file.line(at, column, column + len(said)),
        strength=Strength.WIRED,
        note=target if settled(target) else "",
    )


def _code(line: str) -> str:
    return "" if line.lstrip().startswith("#") else line


def _command(line: str) -> str:
    """A line up to what follows the command."""
    return re.split(r"\s(?:\|\||&&|[|;&>])", _code(line), maxsplit=1)[0]

"""Shell scripts: connections whose other end nobody checks, and files that are copied to other machines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fedpolicy.scan.evidence import Evidence, Strength
from fedpolicy.scan.node import settled

if TYPE_CHECKING:
    from fedpolicy.scan.reading.files import File

__all__ = ["read", "wants"]

_UNCHECKED = re.compile(r"StrictHostKeyChecking[= ](?:no|off)\b|UserKnownHostsFile[= ]/dev/null")
# A program that copies, or a function of the script around it.
_COPIES = re.compile(r"^\s*(?:sudo\s+)?(?:rsync\w*|scp\w*|aws s3 (?:cp|sync|mv)|gsutil|rclone|azcopy)\s")
_WORDS = (b"StrictHostKeyChecking", b"rsync", b"scp", b"aws s3", b"gsutil", b"rclone", b"azcopy")
_WORD = re.compile(r"""[^\s"']+""")
# user@host:path, or the address of a store; variables may stand in for any part.
_ELSEWHERE = re.compile(r"""^["']?(?:[^\s/]+@[^\s/]+:|(?:s3|gs|az|https)://|[\w.-]+:/)""")


def wants(file: File) -> bool:
    """A script with a word of ssh's or of a program that copies."""
    return file.path.suffix == ".sh" and any(word in file.content for word in _WORDS)


def read(file: File) -> Iterable[Evidence]:
    """What the file says. Raises Unread."""
    lines = file.text.split("\n")
    for number, line in enumerate(lines, 1):
        found = _UNCHECKED.search(_code(line))
        if found:
            place = file.line(number, found.start() + 1, found.end() + 1)
            yield Evidence(subject="ssh", attribute="host_keys", value="unchecked", span=place)
        if _COPIES.match(_code(line)):
            yield from _copied(file, lines, number)


def _copied(file: File, lines: list[str], number: int) -> Iterator[Evidence]:
    """The kinds of files that a command copies to another machine, where it names them."""
    last = number
    while _code(lines[last - 1]).rstrip().endswith("\\") and last < len(lines):
        last += 1
    words = [
        (found.group(), at, found.start() + 1)
        for at in range(number, last + 1)
        for found in _WORD.finditer(_command(lines[at - 1]))
    ]
    target = next((word for word, _, _ in reversed(words) if word != "\\"), "")
    if not _ELSEWHERE.match(target):
        return
    for word, at, column in words:
        row = file.services.artefact(word.rpartition("=")[2] if word.startswith("--include") else word)
        if row and word != target and not word.startswith("--exclude"):
            yield Evidence(
                subject=f"transfer:{row.title}",
                attribute="payload",
                value=row.payload,
                span=file.line(at, column, column + len(word)),
                strength=Strength.WIRED,
                note=target if settled(target) else "",
            )


def _code(line: str) -> str:
    return "" if line.lstrip().startswith("#") else line


def _command(line: str) -> str:
    """A line up to what follows the command."""
    return re.split(r"\s(?:\|\||&&|[|;&>])", _code(line), maxsplit=1)[0]

"""Bytes -> text that can be parsed: decoded, within bounds, free of control characters, with a table of lines."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from fedpolicy.errors import InputError
from fedpolicy.findings import Span
from fedpolicy.limits import MAX_BYTES, hidden
from fedpolicy.records import dataclass
from fedpolicy.startup import pattern

SHORTER = 2  # characters: six and six become ten
_JSON = pattern(r"\s*[{\[]")
_PAIR = pattern(r"\\\\|\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


_MIB = 1024 * 1024
_BREAK = pattern(r"\r\n|\r|\n")
# What YAML does not call printable, and what `characters` calls hiding: it may deceive whoever reads the file. (What is
# allowed, negated, would take ten times as long to compile.)
_UNPRINTABLE = pattern("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_MARK = pattern("^\ufeff", re.MULTILINE)
_BOMS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


def rewrite_pairs(content: str) -> tuple[str, array[int]]:
    """The text to parse, and where each rewritten escape ends in it; text that is not JSON stays as it is."""
    moved = array("I")
    if not _JSON.match(content) or not _PAIR.search(content):
        return content, moved
    parts: list[str] = []
    length = before = 0
    for match in _PAIR.finditer(content):
        if match[1] is None:
            continue  # an escaped backslash
        parts += [content[before : match.start()], _long(match[1], match[2])]
        length += len(parts[-2]) + len(parts[-1])
        moved.append(length)
        before = match.end()
    return "".join([*parts, content[before:]]), moved


def _long(high: str, low: str) -> str:
    code = 0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00)
    return f"\\U{code:08x}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Text:
    """
    The text of one file and where its lines start; offsets count characters from 0.

    `parsed` is what the parser is given; `original` translates its offsets: behind each that is `moved`, the next of
    the `shifts` has to be added.
    """

    name: str
    content: str
    parsed: str
    moved: array[int]
    shifts: Sequence[int]
    starts: array[int]
    lines: tuple[str, ...]

    def span(self, start: int, end: int) -> Span:
        """Turn two offsets into a place for people."""
        line, column = self._place(start)
        end_line, end_column = self._place(max(start, end))
        return Span(file=self.name, line=line, column=column, end_line=end_line, end_column=end_column)

    def original(self, offset: int) -> int:
        """Where an offset of the parser stands in the file."""
        return offset + self.shifts[bisect_right(self.moved, offset)]

    def line(self, offset: int) -> str:
        """The line that holds this offset."""
        return self.lines[bisect_right(self.starts, offset) - 1]

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1


def decode(data: str | bytes, name: str, most: int = MAX_BYTES) -> Text:
    """
    Decode a file.

    Raises InputError where it is too large, is not UTF-8 or holds characters that YAML does not allow.
    """
    if len(data) > most:
        size = f"{len(data) / _MIB:.1f} MiB; at most {most // _MIB:,} MiB are read"
        raise InputError(
            f"the file is too large: {size}",
            span=Span(file=name),
            help="split it, write `count` for a cohort instead of one node per client, or allow more with"
            " `check --max-nodes`",
        )
    content = _text_of(data, name) if isinstance(data, bytes) else data
    text = _with_lines(content.removeprefix("\ufeff"), name)
    bad = None if _is_plain(text.content) else _UNPRINTABLE.search(text.content) or _MARK.search(text.content)
    if bad:
        message, advice = _unprintable(bad.group())
        raise InputError(message, span=text.span(bad.start(), bad.end()), help=advice)
    return text


def _is_plain(content: str) -> bool:
    """Whether nothing in a text can be unprintable: most texts are so, and to ask this takes a third of the search."""
    return content.replace("\n", "").isprintable()


def _unprintable(character: str) -> tuple[str, str]:
    if character == "\ufeff":
        return "a byte order mark (U+FEFF) stands inside the file", "delete it; it may come from joining two files"
    found = hidden(character)
    message = f"the control character U+{ord(character):04X} is not allowed in YAML"
    return (found.message, found.help) if found else (message, "delete it")


def _text_of(data: bytes, name: str) -> str:
    for bom, encoding in _BOMS.items():
        if data.startswith(bom):
            raise InputError(f"the file is {encoding}, not UTF-8", span=Span(file=name), help="save it as UTF-8")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = _with_lines(data[: error.start].decode("utf-8").removeprefix("\ufeff"), name)
        end = len(before.content)
        raise InputError(
            f"the byte 0x{data[error.start]:02x} is not UTF-8", span=before.span(end, end + 1), help="save it as UTF-8"
        ) from None


def _with_lines(content: str, name: str) -> Text:
    # Editors break lines here and nowhere else; YAML 1.1's other breaks (U+2028, ...) would shift every number.
    if "\r" in content:
        lines = tuple(_BREAK.split(content))
        starts = array("I", [0, *(match.end() for match in _BREAK.finditer(content))])
    else:
        lines = tuple(content.split("\n"))
        starts = array("I", accumulate((len(line) + 1 for line in lines[:-1]), initial=0))
    parsed, moved = rewrite_pairs(content)
    shifts = range(0, SHORTER * (len(moved) + 1), SHORTER)
    return Text(name=name, content=content, parsed=parsed, moved=moved, shifts=shifts, starts=starts, lines=lines)

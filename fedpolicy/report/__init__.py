"""Words and columns: what every text that people read needs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from fedpolicy.limits import spelt
from fedpolicy.records import dataclass
from fedpolicy.startup import pattern

_CODES = {
    "critical": "1;31",
    "high": "31",
    "medium": "33",
    "low": "36",
    "info": "34",
    "unknown": "1;35",
    "error": "1;31",
    "pass": "32",
    "frame": "1;34",
    "bold": "1",
    "dim": "2",
    "plain": "0",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How wide and how colourful a text is; the default is the same everywhere."""

    width: int = 100
    colour: bool = False

    def paint(self, style: str, text: str) -> str:
        """Colour a text where colour is wanted."""
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.colour and text else text


PLAIN = Style()


def basis_word(basis: str) -> str:
    """What a reader calls the basis of a rule; only rule files call the paper that began it all the seed."""
    return "paper" if basis == "seed" else basis


# Why a rule is as severe as it is belongs to `fedpolicy explain`; in a report it reads as an excuse.
_GRADED = pattern(
    r"(?:^| )(?:Critical|High|Medium|Low|Info)(?:,|:| and not | only | like )(?:[^.\n]|\.(?! [A-Z]|\n|$))*\.",
    re.MULTILINE,
)


def reason(why: str) -> str:
    """Why a rule exists, without the sentence on its severity."""
    return "\n".join(line.strip() for line in _GRADED.sub("", why).split("\n") if line.strip())


def amount(number: int, noun: str, plural: str = "") -> str:
    """Count things: `1 file`, `10,000 files`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listing(items: Sequence[str], most: int = 6) -> str:
    """Name a few and count the rest: `letters@charite, letters@lumc and 9,998 more`."""
    if len(items) > most:
        return f"{', '.join(items[:2])} and {len(items) - 2:,} more"
    return " and ".join(part for part in (", ".join(items[:-1]), *items[-1:]) if part)


def few(items: Sequence[str], most: int) -> list[str]:
    """The first ones, and how many more there are."""
    return [*items[:most], *([f"and {len(items) - most:,} more"] if len(items) > most else [])]


def clean(text: str) -> str:
    """
    Replace what could steer a terminal, one character for one, so that columns stay true.

    Only bytes that are no characters take more room. They stand in names of files, which have no columns.
    """
    if text.isprintable():
        return text
    return "".join(" " if char == "\t" else char if char.isprintable() else "�" for char in spelt(text))


def cells(text: str) -> int:
    """The columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(_cell(char) for char in text)


def wrap(text: str, look: Style, first: str = "", rest: str = "") -> list[str]:
    """Break prose into lines; `first` starts the first one, `rest` the others."""
    width = max(look.width, 40)
    lines: list[str] = []
    for paragraph in text.split("\n"):
        start = rest if lines else first
        body = clean(paragraph)
        lines += (
            _filled(body, width, start, rest) if body.split() == body.split(" ") else _spaced(body, width, start, rest)
        )
    return lines


def wrap_painted(text: str, look: Style, style: str, first: str, rest: str) -> Iterator[str]:
    """The same with colour for the first line, which is what an eye looks for."""
    head, *more = wrap(text, look, first, rest)
    yield look.paint(style, head)
    yield from more


def wrap_labelled(text: str, look: Style, style: str, label: str, rest: str) -> Iterator[str]:
    """The same with colour for the label alone."""
    head, *more = wrap(text, look, label, rest) or [label]
    yield look.paint(style, head[: len(label)]) + head[len(label) :]
    yield from more


def _filled(text: str, width: int, first: str, rest: str) -> list[str]:
    """Fill lines with words that one space parts, as `textwrap` does, in a third of its time."""
    if len(first) + len(text) <= width:
        return [first + text]
    lines = []
    line, taken = first, False
    for word in text.split(" "):
        if taken and len(line) + len(word) >= width:
            lines.append(line)
            line, taken = rest, False
        line += f" {word}" if taken else word
        taken = True
    return [*lines, line]


def _spaced(text: str, width: int, first: str, rest: str) -> list[str]:
    """The same for text with other spaces, which are kept inside a line."""
    if text and len(first) + len(text) <= width and text.isprintable() and text == text.strip():
        return [first + text]
    import textwrap  # noqa: PLC0415  hardly any text needs it

    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def _cell(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1

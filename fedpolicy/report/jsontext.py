"""JSON as every answer of fedpolicy writes it: indented, and nothing in it that a terminal or a viewer would obey."""

from __future__ import annotations

import json

from fedpolicy.characters import SURROGATES, spelt

__all__ = ["json_text"]


def json_text(document: object) -> str:
    r"""
    Write a document. A character that cannot be seen is written as its escape (`\u202e`), which means the same.

    A name with bytes that are no UTF-8 has `\xff` in their place: half a character is refused by many readers.
    """
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return "\n".join(line if line.isprintable() else _escaped(line) for line in text.split("\n")) + "\n"


def _escaped(line: str) -> str:
    # Outside of texts JSON is ASCII, so whatever is found here stands inside of one.
    named = SURROGATES.sub(lambda found: _inside(spelt(found.group()), ensure_ascii=False), line)
    return "".join(char if char.isprintable() else _inside(char, ensure_ascii=True) for char in named)


def _inside(text: str, *, ensure_ascii: bool) -> str:
    # The encoder leaves out one control character.
    return json.dumps(text, ensure_ascii=ensure_ascii)[1:-1].replace("\x7f", "\\u007f")

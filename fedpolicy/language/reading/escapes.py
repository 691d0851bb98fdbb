r"""
The escapes of JSON that YAML does not know.

JSON writes characters beyond U+FFFF as two escapes (`\ud83c\udfe5`), YAML as one (`\U0001f3e5`). Programs that
write JSON do so by default, so the pairs of a JSON file are rewritten before it is parsed, and offsets are
translated back.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right

__all__ = ["SHORTER", "rewrite_pairs", "to_original"]

SHORTER = 2  # characters: six and six become ten
_JSON = re.compile(r"\s*[{\[]")
_PAIR = re.compile(r"\\\\|\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


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


def to_original(offset: int, moved: array[int]) -> int:
    """Where an offset of the rewritten text stands in the file."""
    return offset + SHORTER * bisect_right(moved, offset)


def _long(high: str, low: str) -> str:
    code = 0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00)
    return f"\\U{code:08x}"

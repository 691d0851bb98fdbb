"""Words for messages: a value as it was written, the nearest known word, what else is known."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from fedpolicy.startup import pattern

if TYPE_CHECKING:
    from difflib import SequenceMatcher

_CLOSE = 0.63
_PART = 0.7  # how alike a word is to one that contains it
_LONG_ENOUGH = 4  # letters of a word that says something on its own
_MANY = 3000  # words; among more of them only those that are one letter away are looked for
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.@"
_ENOUGH = 3  # names of those that a sentence is about
_LISTED = 30  # words of an advice; those of a longer list are found by `fedpolicy catalog` and in the documentation
_NO_PART = pattern(r"[^0-9a-z]+")
_LONGEST = 60  # characters of a value that a message repeats
_CONTROL = pattern("[\0-\x1f\x7f-\x9f\u2028\u2029]")
_LOOKS_ELSE = pattern(r"[-+.0-9][-+.0-9eExXoO_]*|true|false|null|~|", re.IGNORECASE)


def shown_value(value: object) -> str:
    """A value as the user wrote it, short enough for a message; text that looks like something else is quoted."""
    if isinstance(value, str):
        text = visible(value if len(value) <= _LONGEST else f"{value[:_LONGEST]}...")
        return f'`"{text}"`' if _LOOKS_ELSE.fullmatch(text) else f"`{text}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, (int, float)):
        return f"`{str(value)[:_LONGEST]}`"
    return "a map" if isinstance(value, dict) else "a list" if isinstance(value, (list, tuple)) else "no value"


def visible(text: str) -> str:
    """A text of somebody else's on one line, with nothing in it that a terminal would obey."""
    return _CONTROL.sub(lambda match: repr(match.group())[1:-1], text)


def nearest(word: str, known: Collection[str]) -> str | None:
    """The known word most like this one, or None where none is alike; ties go to the first in the alphabet."""
    if len(known) > _MANY:
        return min(_one_edit_away(word[:_LONGEST]).intersection(known), default=None)
    from difflib import SequenceMatcher  # noqa: PLC0415  only a mistake pays for it

    sought = folded(word[:_LONGEST])
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(sought)
    best, score = None, _CLOSE
    for candidate in sorted(known):
        alike = _likeness(folded(candidate), sought, matcher, score)
        if alike > score:
            best, score = candidate, alike
    return best


def _likeness(candidate: str, sought: str, matcher: SequenceMatcher[str], least: float) -> float:
    """How much two words are alike; 0 where that is not above the least."""
    matcher.set_seq1(candidate)
    part = _PART if len(sought) >= _LONG_ENOUGH and sought in candidate else 0.0
    if part <= least and (matcher.real_quick_ratio() <= least or matcher.quick_ratio() <= least):
        return 0.0
    return max(part, matcher.ratio())


def misspelt(word: str, known: Collection[str]) -> str | None:
    """
    The known name of which this one is a slip of the pen, or None.

    Part by part: at most one letter of a part differs, and none of a part with a digit. What has another size, version
    or suffix is another thing.
    """
    parts = _parts(word)
    return next((name for name in sorted(known) if _alike(parts, _parts(name))), None)


def _parts(name: str) -> list[str]:
    return _NO_PART.split(name[:_LONGEST].casefold())


def _alike(parts: list[str], others: list[str]) -> bool:
    return len(parts) == len(others) and all(map(_slipped, parts, others))


def _slipped(part: str, other: str) -> bool:
    if part == other:
        return True
    if not part.isalpha() or not other.isalpha() or abs(len(part) - len(other)) > 1:
        return False
    # Of three letters or fewer, another one makes another word; two that changed places do not.
    close = sorted(part) == sorted(other) or max(len(part), len(other)) >= _LONG_ENOUGH
    return close and part in _one_edit_away(other)


def did_you_mean(word: str, known: Collection[str], *, mark: str = "") -> str:
    """Advice that names the nearest known word, or an empty text."""
    found = nearest(word, known)
    return f"did you mean `{mark}{found}`?" if found else ""


def advise(word: str, known: Collection[str], *, called: str = "known") -> str:
    """Advice that names the nearest known word, and the others where they are few or none is near."""
    found = did_you_mean(word, known)
    if found and len(known) > _LISTED:
        return found
    others = f"{called}: {listed(known)}" if known else ""
    return f"{found} {others}" if found and others else found or others


def listed(words: Collection[str]) -> str:
    """Name known words, all of them where they are no more than thirty."""
    found = list(words)[:_LISTED]
    more = len(words) - len(found)
    return f"{', '.join(found)} and {more} more" if more > 0 else ", ".join(found)


def as_entry(ref: str) -> str:
    """How to declare a model of which only its ref was written; a very long one is not repeated."""
    if len(ref) > _LONGEST:
        return "declare it under `models`, with its `ref`, and write the id of that entry here"
    last = ref.rpartition("/")[2]
    name = "".join(char if (char.isascii() and char.isalnum()) or char in "._" else "-" for char in last).strip("._-")
    return f"declare it under `models`, as `{name or 'model'}: {{ref: {ref}}}`, and write `{name or 'model'}` here"


def few_names(names: Sequence[str]) -> str:
    """Names in words: three are enough."""
    shown = ", ".join(names[:_ENOUGH])
    return shown if len(names) <= _ENOUGH else f"{shown} and {len(names) - _ENOUGH:,} more"


def _one_edit_away(word: str) -> set[str]:
    """Every word that one missing, added, wrong or swapped letter makes of this one."""
    parts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    fewer = {left + right[1:] for left, right in parts}
    swapped = {left + right[1::-1] + right[2:] for left, right in parts if len(right) > 1}
    other = {left + letter + right[1:] for left, right in parts for letter in _LETTERS}
    more = {left + letter + right for left, right in parts for letter in _LETTERS}
    return (fewer | swapped | other | more) - {word}


def folded(word: str) -> str:
    """A word as it is compared: without regard to capitals, hyphens and spaces."""
    return word.casefold().replace("-", "_").replace(" ", "_")

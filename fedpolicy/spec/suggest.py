"""The nearest known word to what somebody wrote."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

__all__ = ["advise", "did_you_mean", "listed", "nearest"]

_CLOSE = 0.6
_MANY = 5000  # words; comparing with more takes noticeable time
_SHOWN = 12


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like this one, or None where none is alike; ties go to the first in the alphabet."""
    best, score = None, _CLOSE
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(_folded(word))
    for candidate in sorted(known)[:_MANY]:
        matcher.set_seq1(_folded(candidate))
        if matcher.real_quick_ratio() > score and matcher.quick_ratio() > score and matcher.ratio() > score:
            best, score = candidate, matcher.ratio()
    return best


def did_you_mean(word: str, known: Iterable[str], *, mark: str = "") -> str:
    """Advice that names the nearest known word, or an empty text."""
    found = nearest(word, known)
    return f"did you mean `{mark}{found}`?" if found else ""


def advise(word: str, known: Iterable[str]) -> str:
    """Advice that names the nearest known word, and the others."""
    words = list(known)
    found = did_you_mean(word, words)
    return f"{found} known: {listed(words)}" if found else f"known: {listed(words)}"


def listed(words: Iterable[str]) -> str:
    """Name known words, at most a dozen of them."""
    found = list(words)
    more = len(found) - _SHOWN
    shown = ", ".join(found[:_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown


def _folded(word: str) -> str:
    return word.casefold().replace("-", "_").replace(" ", "_")

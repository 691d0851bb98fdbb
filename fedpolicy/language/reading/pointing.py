"""From the dotted path of a fact, stated or not, to the place where it stands or should be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fedpolicy.findings import Span
    from fedpolicy.language.reading.load import Document
    from fedpolicy.language.reading.spans import Path

__all__ = ["place_of"]


def place_of(document: Document, fact: str) -> Span:
    """
    The key of `api_calls.translate.trains_on_inputs` where it is written, else the nearest entry around it.

    Members of a family (`nodes.client@aphp.region`) stand where the family stands.
    """
    section, _, rest = fact.partition(".")
    entries = getattr(document.deployment, section, None)
    if not isinstance(entries, dict):
        return document.spans.key((section, *_steps(rest)))
    name = _entry(entries, rest)
    return document.spans.key((section, name, *_steps(_behind(rest, name))))


def _entry(entries: Mapping[str, object], rest: str) -> str:
    """The longest id that the path begins with, for ids may have dots of their own."""
    ends = [len(rest), *(place for place in range(len(rest) - 1, 0, -1) if rest[place] in ".@")]
    return next((rest[:end] for end in ends if rest[:end] in entries), rest.partition(".")[0])


def _behind(rest: str, name: str) -> str:
    return rest[len(name) :].removeprefix(".") if not rest.startswith(f"{name}@") else rest.partition(".")[2]


def _steps(text: str) -> Path:
    return tuple(int(part) if part.isdigit() else part for part in text.split(".") if part)

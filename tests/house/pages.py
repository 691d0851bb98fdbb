"""What the tests of pages share: blocks of code in Markdown, and parts that are written by a test."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    """Every page that people read."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])


def blocks(text: str, kind: str) -> list[str]:
    """The code blocks of a kind, in order."""
    return [found[2] for found in _BLOCK.finditer(text) if found[1] == kind]


def every_block(text: str) -> list[tuple[str, str]]:
    """Each code block with its kind, in order."""
    return [(found[1], found[2]) for found in _BLOCK.finditer(text)]


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()

"""
Notebooks of Jupyter as Python: their cells of code, one after the other, with each line's place in the notebook.

What cells have printed, and text between them, is no code. Nor are lines for IPython (`%`, `!`, `?`), nor cells that
are for another program (`%%bash`); of a cell that writes a file of Python (`%%writefile train.py`), the file is.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterator

from fedpolicy.findings import Span
from fedpolicy.scan import Unread
from fedpolicy.scan.reading import File

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[\[\]{}]')
_UNIT = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.DOTALL
)  # how JSON writes one character
_NOTEBOOK, _CELL = 1, 3  # how deep their keys stand
_MAGIC = re.compile(r"\s*(?:[%!?]|[\w.,\[\] ]+=\s*[%!]|[\w.]+\?\??\s*$)")
# What IPython takes for such a line without a sign, unless it is Python.
_ALIAS = re.compile(_MAGIC.pattern + r"|\s*(?:ls|ll|cd|cat|cp|mv|rm|mkdir|rmdir|more|less|man|pip|conda)\s+[^\s=(]")
_OF_PYTHON = re.compile(r"%%(?:time|timeit|capture|prun|writefile\s+(?:-a\s+)?\S+\.py\s*$)")


class Notebook:
    """Its code as a file of its own; cells that are no Python 3 are left out, and told. Raises Unread."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._starts = [0, *(found.end() for found in re.finditer("\n", file.text))]
        self._lines: list[tuple[str, int]] = []  # each with the place of its first character
        for cell in _cells(file):
            code = list(_plain(cell, _MAGIC))
            if not _is_python(code):
                code = list(_plain(cell, _ALIAS))
            if _is_python(code):
                self._lines += code
            else:
                file.broken.append(Unread("a cell of it is not Python 3", self._place(code[0][1])))
        self.code = as_python(file, "".join(f"{line}\n" for line, _ in self._lines).encode(errors="replace"))

    def at(self, span: Span) -> Span:
        """Where a place of the code is in the notebook."""
        if not self._lines:
            return self._file.start()
        line, place = self._lines[min(span.line, len(self._lines)) - 1]
        return self._place(_after(self._file.text, place, min(span.column - 1, len(line))))

    def _place(self, at: int) -> Span:
        line = bisect_right(self._starts, at)
        return self._file.line(line, at - self._starts[line - 1] + 1)


def is_notebook(file: File) -> bool:
    """Whether a file is a notebook, by its name."""
    return file.path.suffix == ".ipynb"


def as_python(file: File, content: bytes) -> File:
    """What a notebook is read as."""
    return File(file.path.with_suffix(".py").name, content, file.services)


def _cells(file: File) -> Iterator[list[tuple[str, int]]]:
    """The lines of each cell of code. Raises Unread."""
    try:
        whole = json.loads(file.text)
    except (ValueError, RecursionError) as error:
        raise Unread("it is not JSON, as notebooks are", file.line(getattr(error, "lineno", 1))) from error
    if not isinstance(whole, dict) or not isinstance(whole.get("cells"), list):
        raise Unread("it has no list of cells, as notebooks have since 2015 (nbformat 4)", file.start())
    for kind, texts in _sources(file.text):
        if kind == "code":
            yield list(_lines(file.text, texts))


def _sources(text: str) -> Iterator[tuple[str, list[re.Match[str]]]]:
    """Each cell's kind, and the places of the texts that its source is made of."""
    depth, keys, kind = 0, {_NOTEBOOK: "", _CELL: ""}, ""
    texts: list[re.Match[str]] = []
    for token in _TOKEN.finditer(text):
        if token[0] in "{[":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
            if depth == _CELL - 1:
                yield kind, texts
                kind, texts = "", []
        elif token[1]:
            keys[depth] = json.loads(token[0].removesuffix(token[1]))
        elif depth >= _CELL and keys[_NOTEBOOK] == "cells" and keys[_CELL] == "source":
            texts.append(token)
        elif (depth, keys[_CELL]) == (_CELL, "cell_type"):
            kind = json.loads(token[0])


def _lines(text: str, texts: list[re.Match[str]]) -> Iterator[tuple[str, int]]:
    """The lines that texts of JSON hold together, each with the place of its first character."""
    line, start = "", 0
    for one in texts:
        place = one.start() + 1
        for said in json.loads(one[0]).splitlines(keepends=True):
            line, start = line + said, start if line else place
            place = _after(text, place, len(said))
            if said.endswith("\n"):
                yield line.rstrip("\r\n"), start
                line = ""
    if line:
        yield line, start


def _after(text: str, place: int, characters: int) -> int:
    """The place so many characters further in a text of JSON."""
    for _ in range(characters):
        found = _UNIT.match(text, place)
        place = found.end() if found else place
    return place


def _plain(cell: list[tuple[str, int]], magic_lines: re.Pattern[str]) -> Iterator[tuple[str, int]]:
    """A cell without what is for IPython: in its place stands something that does nothing."""
    first = next((line.strip() for line, _ in cell if line.strip()), "")
    if first.startswith("%%") and not _OF_PYTHON.match(first):
        return
    goes_on = False
    for line, place in cell:
        magic = goes_on or magic_lines.match(line) is not None
        yield ("" if goes_on else f"{line[: len(line) - len(line.lstrip())]}pass" if magic else line), place
        goes_on = magic and line.endswith("\\")


def _is_python(code: list[tuple[str, int]]) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse("\n".join(line for line, _ in code))
    except (SyntaxError, RecursionError, MemoryError, ValueError):
        return False
    return True

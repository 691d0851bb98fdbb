"""One file of a repository: its name, its bytes, and its trees, each parsed once whoever asks."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Callable
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING

from fedpolicy.errors import FedPolicyError
from fedpolicy.findings import Span
from fedpolicy.language.reading.source import read
from fedpolicy.scan import ForeignNode, Unread, settled
from fedpolicy.scan.reading.hocon import hocon, toml
from fedpolicy.scan.services import Services

if TYPE_CHECKING:
    from fedpolicy.scan.reading.code import Module

TEMPLATE = "it is a template that has not been rendered"
LARGEST = 2 * 1024 * 1024
_STRICT = (".toml", ".conf", ".ipynb")  # what their programs read as UTF-8 alone, as they do YAML
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # how a file begins that some programs of Windows write


class File:
    """
    A file as importers see it. Whatever asks for a tree that cannot be had gets Unread.

    `beside` has the content of a file of this name in the same folder. `broken` are documents of a file of several that
    could not be read when the others were. `needs` are files that it includes, each with the place that names it;
    `instead` are files whose programs it starts, and tells of.
    """

    def __init__(
        self,
        name: str,
        content: bytes,
        services: Services | None = None,
        beside: Callable[[str], bytes | None] = lambda _: None,
    ) -> None:
        self.services = services or Services((), ())
        self.name = name
        self.content = content.decode("utf-16", "replace").encode() if content[:2] in _WIDE else content
        self.path = PurePath(name)
        self.broken: list[Unread] = []
        self.needs: list[tuple[str, Span]] = []
        self.instead: list[str] = []
        self.beside = beside

    def other(self, name: str) -> File | None:
        """A file of this folder or below it."""
        if not settled(name) or PurePath(name).is_absolute() or ".." in PurePath(name).parts:
            return None
        content, inside = self.beside(name), PurePath(name).parent
        if content is None:
            return None
        path = (self.path.parent / name).as_posix()
        return File(path, content, self.services, lambda other: self.beside(str(inside / other)))

    def start(self) -> Span:
        """The first character."""
        return Span(file=self.name)

    def line(self, number: int, column: int = 1, end: int | None = None) -> Span:
        """A place of one line."""
        return Span(file=self.name, line=number, column=column, end_line=number, end_column=end or column + 1)

    @cached_property
    def text(self) -> str:
        """
        The text, with one kind of line end. Keys and addresses are found in any encoding that has ASCII in it.

        Raises Unread where it has to be UTF-8 and is not.
        """
        try:
            said = self.content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if self.path.suffix in _STRICT:
                raise Unread("it is not text in UTF-8: save it as UTF-8", self.start()) from error
            said = self.content.decode("latin-1")
        return said.replace("\r\n", "\n")

    @cached_property
    def yaml(self) -> tuple[ForeignNode, ...]:
        """The documents of YAML or JSON. Raises Unread where there is none that can be read."""
        # JSON may be indented with tabs, which YAML forbids; none may stand in its texts.
        content = self.content.replace(b"\t", b" ") if self.path.suffix == ".json" else self.content
        try:
            source = read(content, self.name, foreign=True)
        except RecursionError as error:
            raise Unread("it is nested too deeply", self.start()) from error
        found = tuple(ForeignNode(value=raw.tree, at=raw.spans.at) for raw in source.documents if not raw.flawed)
        if not found and source.errors:
            raise self._broken(source.errors[0])
        self.broken += [self._broken(error) for error in source.errors]
        again = "the first value of this key: it is written twice, and programs take the last"
        self.broken += [Unread(again, span) for span in source.twice]
        return found

    @cached_property
    def tree(self) -> ForeignNode:
        """The tree of a configuration in JSON, YAML or HOCON. Raises Unread."""
        if self.path.suffix == ".conf":
            return hocon(self.text, self.name)
        if not self.yaml:
            raise Unread("it is empty", self.start())
        return self.yaml[0]

    @cached_property
    def toml(self) -> ForeignNode:
        """The tree of TOML. Raises Unread."""
        return toml(self.text, self.name)

    @cached_property
    def hcl(self) -> ForeignNode:
        """The tree of a file of Terraform. Raises Unread, also where its parser is not installed."""
        from fedpolicy.scan.reading.hcl import hcl  # noqa: PLC0415  an extra

        return hcl(self.content, self.name, self.broken)

    @cached_property
    def python(self) -> ast.Module:
        """The module. Raises Unread where it is not Python 3."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self.text)
        except SyntaxError as error:
            place = self.line(error.lineno or 1, error.offset or 1)
            old = "Missing parentheses in call to 'print'" in str(error.msg)
            version = f"Python {sys.version_info.major}.{sys.version_info.minor}"
            why = f"{version} cannot parse it: {error.msg} (if it is newer, run fedpolicy with a newer Python)"
            raise Unread("it is Python 2" if old else why, place) from error
        except (RecursionError, MemoryError, ValueError) as error:
            raise Unread("Python cannot parse it", self.start()) from error

    @cached_property
    def module(self) -> Module:
        """The module with its names looked up. Raises Unread where it is not Python 3."""
        from fedpolicy.scan.reading.code import Module  # noqa: PLC0415  it is made of a file

        return Module(self)

    def _broken(self, error: FedPolicyError) -> Unread:
        if b"{{" in self.content:
            return Unread(TEMPLATE, error.span or self.start())
        return Unread(f"it does not parse: {error.message}", error.span or self.start())

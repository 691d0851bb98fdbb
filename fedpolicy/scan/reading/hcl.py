"""
HCL of Terraform, OpenTofu and Nomad as a tree with places. Nothing is evaluated: the rest stays `${as written}`.

Blocks are maps below their type and labels, as in `resource.aws_instance.trainer`; several of one name are a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, cast

from fedpolicy.findings import Span
from fedpolicy.records import dataclass, field, replace
from fedpolicy.scan import ForeignNode, Path, Unread

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax
    from tree_sitter import Parser

_DEEPEST = 64
_FARTHEST = 8  # references to references
_VARIABLE = re.compile(r"\s*([A-Z][A-Z0-9_]*)\s*=\s*(.*)")
_REFERENCE = re.compile(r"\$\{([^${}]+)\}")
_WORDS: dict[str, object] = {"true": True, "false": False, "null": None}
_ENCODE = ("jsonencode", "yamlencode")


@cache
def parser() -> Parser:
    """What parses HCL, made once. Raises ImportError without the extra."""
    from tree_sitter import Language, Parser  # noqa: PLC0415  an extra
    from tree_sitter_hcl import language  # noqa: PLC0415

    return Parser(Language(language()))


def hcl(content: bytes, name: str, broken: list[Unread]) -> ForeignNode:
    """The tree of a file; what does not parse is added to `broken`. Raises Unread where nothing can be read."""
    try:
        root = parser().parse(content).root_node
    except ImportError as error:
        why = "files of Terraform and Nomad need the extra: pip install 'fedpolicy[terraform]'"
        raise Unread(why, Span(file=name)) from error
    reader = _Reader(content=content, name=name)
    tree: dict[str, object] = {}
    for child in root.named_children:
        if child.type == "body":
            reader.body(child, tree, (), 0)
    if root.has_error:
        broken.append(Unread("a part of it does not parse", reader.span(_first_error(root))))
    return ForeignNode(value=tree, at=reader.at)


def nomad_tasks(root: ForeignNode) -> Iterator[tuple[str, ForeignNode]]:
    """The containers of jobs by their names, said as a service of compose says them."""
    groups = [group for _, job in root.items("job") for _, group in job.items("group")]
    for name, task in (one for group in groups for one in group.items("task")):
        if (config := task.get("config")) and isinstance(config.value, dict):
            yield name, _as_service(task, config, config.value)


def _as_service(task: ForeignNode, config: ForeignNode, said: dict[object, object]) -> ForeignNode:
    given = [*config.one_or_each("command"), *config.each("args")]
    environment = dict(task.items("env"))
    for template in task.one_or_each("template"):
        data = template.get("data") if template.text("env") == "true" else None
        lines = [found for line in str(data and data.value).split("\n") if (found := _VARIABLE.match(line))]
        environment |= {found[1]: replace(template, value=found[2].strip()) for found in lines}
    places: dict[Path, Span] = {("command", at): one.span for at, one in enumerate(given)}
    places |= {("environment", name): one.span for name, one in environment.items()}
    value = {
        **said,
        "command": tuple(one.value for one in given),
        "environment": {name: one.value for name, one in environment.items()},
    }
    return ForeignNode(value=value, at=lambda path: places.get(path[:2]) or config.at((*config.path, *path)))


def dereferenced(root: ForeignNode, value: object, depth: int = 0) -> tuple[str | None, bool]:
    """A value with its references looked up in the file, and whether somebody may set it to another one."""
    if isinstance(value, bool):
        return ("true" if value else "false"), False
    if not isinstance(value, (str, int, float)):
        return None, False
    text, may_change = str(value), False
    for found in _REFERENCE.findall(text) if depth < _FARTHEST else ():
        said, free = _looked_up(root, found.strip(), depth)
        if said is None:
            return None, may_change
        text = text.replace(f"${{{found}}}", said)
        may_change = may_change or free
    return (None if "${" in text else text), may_change


def _looked_up(root: ForeignNode, reference: str, depth: int) -> tuple[str | None, bool]:
    steps = reference.split(".")
    if steps[0] == "var" and len(steps) == 2:  # noqa: PLR2004  var.NAME
        found = root.get("variable", steps[1], "default")
        return (dereferenced(root, found.value, depth + 1)[0] if found else None), True
    if steps[0] == "local":
        found = root.get("locals", *steps[1:])
    elif steps[0] == "data":
        found = root.get(*steps)
    else:
        found = root.get("resource", *steps)
    return dereferenced(root, found.value, depth + 1) if found else (None, False)


def _first_error(node: Syntax) -> Syntax:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one.is_error or one.is_missing:
            return one
        waiting += [child for child in reversed(one.children) if child.has_error or child.is_missing]
    return node


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Goes through the syntax once; `places` has the place of each path."""

    content: bytes
    name: str
    places: dict[Path, Span] = field(default_factory=dict)

    def at(self, path: Path) -> Span:
        """The place of a path, or of what is around it."""
        known = path
        while known and known not in self.places:
            known = known[:-1]
        return self.places.get(known, Span(file=self.name))

    def span(self, node: Syntax) -> Span:
        """Where a piece of syntax begins; columns count characters."""
        row, column = node.start_point
        line = self.content[node.start_byte - column : node.start_byte]
        at = len(line.decode("utf-8", "replace")) + 1
        end = at + max(1, len(self._text(node).split("\n")[0]))
        return Span(file=self.name, line=row + 1, column=at, end_line=row + 1, end_column=end)

    def body(self, node: Syntax, into: dict[str, object], path: Path, depth: int) -> None:
        """The attributes and blocks of a body."""
        if depth > _DEEPEST:
            raise Unread(f"nested deeper than {_DEEPEST} levels", self.span(node))
        for child in node.named_children:
            if child.type == "attribute":
                self._attribute(child, into, path, depth)
            elif child.type == "block":
                self._block(child, into, path, depth)

    def _attribute(self, node: Syntax, into: dict[str, object], path: Path, depth: int) -> None:
        name, value = node.named_children[0], node.named_children[-1]
        whole = (*path, self._text(name))
        self.places[whole] = self.span(value)
        into[self._text(name)] = self._value(value, whole, depth + 1)

    def _block(self, node: Syntax, into: dict[str, object], path: Path, depth: int) -> None:
        names = [self._label(one) for one in node.named_children if one.type in ("identifier", "string_lit")]
        here = into
        for step, name in enumerate(names[:-1], 1):
            self.places.setdefault((*path, *names[:step]), self.span(node))
            inner = here.setdefault(name, {})
            if not isinstance(inner, dict):
                return
            here = cast("dict[str, object]", inner)
        whole: Path = (*path, *names)
        before = here.get(names[-1])
        if isinstance(before, dict) and names != ["locals"]:
            self._move(whole, (*whole, 0))
            before = here[names[-1]] = [before]
        if isinstance(before, list):
            whole = (*whole, len(before))
        content = before if isinstance(before, dict) else {}
        self.places.setdefault(whole, self.span(node))
        for child in node.named_children:
            if child.type == "body":
                self.body(child, content, whole, depth + 1)
        if isinstance(before, list):
            before.append(content)
        else:
            here[names[-1]] = content

    def _move(self, old: Path, new: Path) -> None:
        """The places of a block that turns out to be the first of several."""
        for path in [one for one in self.places if one[: len(old)] == old]:
            self.places[(*new, *path[len(old) :])] = self.places[path]

    def _value(self, node: Syntax, path: Path, depth: int) -> object:
        if depth > _DEEPEST:
            raise Unread(f"nested deeper than {_DEEPEST} levels", self.span(node))
        while node.type in ("expression", "literal_value", "collection_value", "template_expr") and _only(node):
            node = node.named_children[0]
        match node.type:
            case "string_lit" | "quoted_template":
                found: object = self._label(node)
            case "numeric_lit":
                found = self._number(node)
            case "bool_lit" | "null_lit":
                found = _WORDS[self._text(node)]
            case "tuple":
                items = [one for one in node.named_children if one.type == "expression"]
                found = tuple(self._item(one, (*path, index), depth) for index, one in enumerate(items))
            case "object":
                found = dict(self._elements(node, path, depth))
            case "heredoc_template":
                found = "".join(self._text(one) for one in node.named_children if one.type == "template_literal")
            case "function_call" if (given := self._encoded(node)) is not None:
                found = self._value(given, path, depth + 1)
            case _:
                found = f"${{{self._text(node)}}}"
        return found

    def _encoded(self, node: Syntax) -> Syntax | None:
        """What is written as JSON or YAML by the functions for that."""
        if self._text(node.named_children[0]) not in _ENCODE:
            return None
        given = next((one for one in node.named_children if one.type == "function_arguments"), None)
        return given.named_children[0] if given and given.named_children else None

    def _item(self, node: Syntax, path: Path, depth: int) -> object:
        self.places[path] = self.span(node)
        return self._value(node, path, depth + 1)

    def _elements(self, node: Syntax, path: Path, depth: int) -> Iterator[tuple[str, object]]:
        for one in node.named_children:
            if one.type == "object_elem" and len(one.named_children) > 1:
                name = self._text(one.named_children[0]).strip('"')
                yield name, self._item(one.named_children[-1], (*path, name), depth)

    def _number(self, node: Syntax) -> object:
        text = self._text(node)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else text  # noqa: PLR2004  of 64 bits

    def _label(self, node: Syntax) -> str:
        text = self._text(node)
        return text[1:-1] if text[:1] == '"' else text

    def _text(self, node: Syntax) -> str:
        return self.content[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _only(node: Syntax) -> bool:
    return len(node.named_children) == 1

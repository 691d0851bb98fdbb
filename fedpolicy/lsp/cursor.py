"""Where the cursor stands in a text that may not parse yet: the path there, and whether a key or a value is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import yaml

from fedpolicy.language.model import Deployment
from fedpolicy.language.model.shape import Key, Shape, entry_shape
from fedpolicy.records import dataclass

ROOT = Shape(entry=Deployment)
_MARK = "zzcursorzz"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TOP = re.compile(r"[^\s#]")
_WORD = re.compile(r"[\w@./+-]*$")
_DOCUMENT = re.compile(r"---(\s|$)")

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """
    What is being written.

    `path` leads to the map, list or value that the cursor is in; `written` is the part of the word before it;
    `present` are the keys that the map has already, `kind` what it says of itself. `key`: a key is being written.
    """

    path: Path
    written: str
    key: bool
    present: frozenset[str] = frozenset()
    kind: str = ""
    inline: bool = False


def shape_at(path: Path, kind: str = "") -> tuple[Shape, Key | None]:
    """What may stand at a path, and the key that it is the value of; `kind` chooses among the entries of a list."""
    shape, key = ROOT, None
    for step in path:
        if step == "kind" and shape.kinds:
            return Shape(choices=tuple(shape.kinds), kinds=shape.kinds), key
        entry = shape.entry or (shape.kinds or {}).get(kind)
        if isinstance(step, int):
            shape = shape.items or shape
        elif entry is not None and step in entry_shape(entry):
            key = entry_shape(entry)[step]
            shape = key.shape
        elif shape.values is not None:
            shape, key = shape.values, None
        elif step != "value":  # of a claim, which is what the value itself would be
            return Shape(), None
    return shape, key


def cursor_at(lines: Sequence[str], line: int, column: int) -> Cursor | None:
    """
    The cursor between two characters of a line; both count from 0. None: nothing can be completed there.

    Only the entry around the cursor is parsed, with brackets closed for it, so a broken line elsewhere does no harm.
    """
    before = lines[line][:column] if line < len(lines) else ""
    if _in_comment(before):
        return None
    written = _WORD.search(before)
    word = written[0] if written else ""
    if _TOP.match(before) or not before.strip():
        top = not before or not before[0].isspace()
        if top and ":" not in before:
            return Cursor(path=(), written=word, key=True, present=frozenset(_sections(lines, line)))
    head = [*_around(lines, line), before]
    rest = lines[line][column:] if line < len(lines) else ""
    for text in _attempts(head, rest):
        found = _found(text, len(head) - 1, word)
        if found is not None:
            return found
    return None


def _in_comment(before: str) -> bool:
    return re.search(r"(^|\s)#", re.sub(r"'[^']*'|\"[^\"]*\"", "", before)) is not None


def _sections(lines: Sequence[str], line: int) -> Iterator[str]:
    for number, text in enumerate(lines):
        if number != line and _TOP.match(text):
            yield text.partition(":")[0].strip("\"'")


def _around(lines: Sequence[str], line: int) -> list[str]:
    """The lines before the cursor's that say where it is: the section's own, and those of its entry."""
    start = line - 1
    while start >= 0 and not _TOP.match(lines[start]):
        start -= 1
    if start < 0 or _DOCUMENT.match(lines[start]):
        return []
    inside = [text for text in lines[start + 1 : line + 1] if text.strip() and not text.lstrip().startswith("#")]
    if not inside:
        return list(lines[start:line])
    depth = min(len(text) - len(text.lstrip()) for text in inside)
    first = line
    while first > start + 1 and not _begins(lines[first], depth):
        first -= 1
    return [lines[start], *([] if first <= start else lines[first:line])]


def _begins(text: str, depth: int) -> bool:
    plain = text.lstrip()
    return bool(plain) and not plain.startswith("#") and len(text) - len(plain) == depth


def _attempts(head: Sequence[str], rest: str) -> Iterator[str]:
    """The text with a mark at the cursor: as it stands, as a key, and both with what is open closed."""
    text = "\n".join(head)
    tail = re.match(r"[\w@./+-]*", rest)
    behind = rest[tail.end() if tail else 0 :]
    closing = _closing(text)
    for end in (behind, closing):
        yield f"{text}{_MARK}{end}\n"
        yield f"{text}{_MARK}: 0{end if end is closing else ''}\n"


def _closing(text: str) -> str:
    """What closes the brackets that are open."""
    plain = re.sub(r"'[^'\n]*'|\"(?:\\.|[^\"\n])*\"|(?m:(?:^|\s)#.*$)", "", text)
    opened: list[str] = []
    for sign in plain:
        if sign in "{[":
            opened.append("}" if sign == "{" else "]")
        elif sign in "}]" and opened:
            opened.pop()
    return "".join(reversed(opened))


def _found(text: str, line: int, word: str) -> Cursor | None:
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError:
        return None
    found = next(_marked(root, ()), None) if root is not None else None
    if found is None:
        return None
    path, node, key, holder = found
    if node.start_mark.line != node.end_mark.line and node.start_mark.line < line:
        return None  # taken for the next line of the value above
    present, kind, inline = _about(holder)
    return Cursor(path=path, written=word, key=key, present=present, kind=kind, inline=inline)


def _marked(node: yaml.Node, path: Path) -> Iterator[tuple[Path, yaml.Node, bool, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and _MARK in key.value:
                yield path, key, True, node
            elif isinstance(key, yaml.ScalarNode):
                yield from _inside(value, (*path, key.value), node)
    elif isinstance(node, yaml.SequenceNode):
        for place, item in enumerate(node.value):
            yield from _inside(item, (*path, place), node)


def _inside(value: yaml.Node, path: Path, holder: yaml.Node) -> Iterator[tuple[Path, yaml.Node, bool, yaml.Node]]:
    if isinstance(value, yaml.ScalarNode):
        if _MARK in value.value:
            yield path, value, False, holder
    else:
        yield from _marked(value, path)


def _about(holder: yaml.Node) -> tuple[frozenset[str], str, bool]:
    """The keys of the map around the cursor, what kind it says it is, and whether it is written in brackets."""
    if not isinstance(holder, yaml.MappingNode):
        return frozenset(), "", bool(getattr(holder, "flow_style", False))
    pairs = [(key.value, value) for key, value in holder.value if isinstance(key, yaml.ScalarNode)]
    kind = next((value.value for name, value in pairs if name == "kind" and isinstance(value, yaml.ScalarNode)), "")
    names = frozenset(name for name, _ in pairs if _MARK not in name)
    return names, "" if _MARK in kind else kind, bool(holder.flow_style)

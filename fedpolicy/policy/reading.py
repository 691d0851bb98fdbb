"""Text of a rule file -> its tree with places, or everything that is wrong with its shape."""

from __future__ import annotations

import re

from fedpolicy.errors import FedPolicyError, PolicyError, Problems
from fedpolicy.findings import Span
from fedpolicy.policy.shape import Path, Record
from fedpolicy.records import dataclass
from fedpolicy.spec.mistakes import dotted
from fedpolicy.spec.source import read
from fedpolicy.spec.spans import Spans

__all__ = ["Sheet", "read_sheet", "without_examples"]

_EXAMPLES = re.compile(r"^examples:", re.MULTILINE)
_KEY = re.compile(r"^[^\s#]", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One file that holds one map."""

    name: str
    tree: dict[str, object]
    spans: Spans
    lines: tuple[str, ...]

    def error(self, path: Path, message: str, advice: str = "", *, key: bool = False, offset: int = -1) -> PolicyError:
        """One mistake, at a value, at a key, or at a character of a text."""
        span = self.spans.key(path) if key else self.spans.at(path)
        if offset >= 0:
            span = self._inside(span, path, offset)
        return PolicyError(message, span=span, help=advice, path=dotted(path))

    def _inside(self, span: Span, path: Path, offset: int) -> Span:
        value: object = self.tree
        for step in path:
            value = value[step] if isinstance(value, (dict, tuple)) else ""  # type: ignore[index]
        line, column = _locate(self.lines, span, str(value), offset)
        return Span(file=span.file, line=line, column=column, end_line=line, end_column=column + 1)


def read_sheet(text: str | bytes, name: str, shape: Record, *, examples: bool = True) -> Sheet:
    """
    Read a file of a known shape; without its examples where nobody will look at them.

    Raises Problems with one PolicyError per mistake.
    """
    source = read(text if examples else without_examples(text), name)
    if source.errors:
        raise Problems([_own(error, name) for error in source.errors])
    tree = source.documents[0].tree
    if not isinstance(tree, dict) or len(source.documents) > 1:
        raise Problems([PolicyError(f"{shape.called} is one map in a file of its own", span=Span(file=name))])
    sheet = Sheet(name=name, tree=tree, spans=source.documents[0].spans, lines=source.lines)
    found = [sheet.error(one.path, one.message, one.help, key=one.key) for one in shape.misfits(tree, ())]
    if found:
        raise Problems(sorted(found, key=lambda error: (error.span or Span(file=name), error.message)))
    return sheet


def without_examples(text: str | bytes) -> str | bytes:
    """The text without its examples, if they come last."""
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError:
            return text  # reading says where
    found = _EXAMPLES.search(text)
    if found is None or _KEY.search(text, found.end()):
        return text
    return text[: found.start()]


def _own(error: FedPolicyError, name: str) -> PolicyError:
    if "holds no deployment" in error.message:
        return PolicyError("the file is empty", span=Span(file=name), help="see docs/writing-rules.md for an example")
    return PolicyError(error.message, span=error.span, help=error.help, path=error.path)


def _locate(lines: tuple[str, ...], span: Span, value: str, offset: int) -> tuple[int, int]:
    """
    Where a character of a text stands in the file.

    YAML folds lines and strips indents, so the text is matched with the file letter by letter, spaces left out.
    """
    sought = len("".join(value[: offset + 1].split())) if not value[offset : offset + 1].isspace() else -1
    if sought < 0:
        sought = len("".join(value[:offset].split())) + 1
    line, column = span.line - 1, span.column - 1
    first = lines[line][column:]
    if first[:1] in {"|", ">"}:
        line, column = line + 1, 0
    elif first[:1] in {"'", '"'}:
        column += 1
    seen = 0
    for row in range(line, min(span.end_line, len(lines))):
        text = lines[row]
        for place in range(column if row == line else 0, len(text)):
            seen += not text[place].isspace()
            if seen >= sought and not text[place].isspace():
                return row + 1, place + 1
    return span.line, span.column

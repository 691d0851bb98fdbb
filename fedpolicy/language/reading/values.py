"""Values of the wrong type, out of their bounds, or of no kind of safeguard; and where validation found them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

from fedpolicy.language.model.shape import VALUE, Key, Shape, entry_shape
from fedpolicy.language.reading.mistakes import Mistake
from fedpolicy.language.reading.spans import Path
from fedpolicy.language.reading.validator import Flaw
from fedpolicy.suggest import advise, folded, listed, nearest, shown_value

_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_GROUPED = re.compile(r"[_,' \u00a0\u202f]")  # what people put between thousands
_THOUSAND = 1000
_BOOLEANS = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}
_EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "model_type": "a map of keys",
    "dict_type": "a map by id",
    "tuple_type": "a list",
}
_BOUNDS = {
    "greater_than": "more than",
    "greater_than_equal": "at least",
    "less_than": "less than",
    "less_than_equal": "at most",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """
    One thing that validation said.

    `value` is what stands at `path`, `shape` what may stand there, `siblings` the keys of the entry around it
    and `around` that entry as it was written.
    """

    type: str
    path: Path
    value: object
    shape: Shape
    limit: float = 0
    said: str = ""
    siblings: Mapping[str, Key] = field(default_factory=dict)
    around: Mapping[str, object] = field(default_factory=dict)
    of_key: bool = False

    @property
    def word(self) -> str:
        """What users call this value: its key."""
        return next(str(step) for step in reversed((".", *self.path)) if isinstance(step, str))

    @property
    def required(self) -> bool:
        """Whether the entry around it needs this key."""
        key = self.siblings.get(self.word)
        return key is not None and key.required


def locate(flaw: Flaw, tree: object, shape: Shape) -> Found:
    """Follow the path of a flaw through the document, whose own shape is `shape`."""
    path: Path = ()
    siblings: Mapping[str, Key] = {}
    around: Mapping[str, object] = {}
    for step in flaw.path:
        if isinstance(tree, dict) and isinstance(step, str):
            if entry := shape.entry_for(tree):
                siblings, around = entry_shape(entry), tree
                shape = siblings[step].shape if step in siblings else VALUE
            else:
                shape = shape.values or VALUE
            path, tree = (*path, step), tree.get(step)
        elif isinstance(step, int):
            shape = shape.items or VALUE
            if isinstance(tree, tuple):  # else one value where a list may stand: `role: host`
                path, tree = (*path, step), tree[step]
    return Found(
        type=flaw.type,
        path=path,
        value=flaw.value,
        shape=shape,
        limit=flaw.limit,
        said=flaw.said,
        siblings=siblings,
        around=around,
        of_key=flaw.of_key,
    )


def text_of(value: object) -> str:
    """What stands there: `"3"` is text."""
    if isinstance(value, bool):
        return f"{shown_value(value)} is a boolean"
    if isinstance(value, (int, float)):
        return f"{shown_value(value)} is a number"
    return f"{shown_value(value)} is text" if isinstance(value, str) else f"this is {shown_value(value)}"


def only_item(value: object) -> str:
    """The value that a list of one holds, as it would be written without the list; empty for anything else."""
    if isinstance(value, tuple) and len(value) == 1 and isinstance(value[0], (str, int, float)):
        return str(value[0]).lower() if isinstance(value[0], bool) else str(value[0])
    return ""


def type_mistake(one: Found) -> Mistake:
    """A value of another type than its key takes; nothing is ever converted."""
    expected = _EXPECTED[one.type]
    said = text_of(one.value)
    if isinstance(one.value, float) and isfinite(one.value) and expected == "a whole number":
        said = f"{shown_value(one.value)} has a decimal point"
    what = f"an item of `{one.word}`" if one.path and isinstance(one.path[-1], int) else f"`{one.word}`"
    return Mistake(path=one.path, message=f"{said}, but {what} is {expected}", help=_rewritten(one, expected))


def bound_mistake(one: Found) -> Mistake:
    """A number out of its range."""
    if one.type == "finite_number":
        return Mistake(path=one.path, message=f"`{one.word}` must be finite", help="write a plain number")
    words = _BOUNDS[one.type]
    number = int(one.limit) if one.limit == int(one.limit) else one.limit
    message = f"{shown_value(one.value)} is out of range: `{one.word}` must be {words} {number:,}"
    return Mistake(path=one.path, message=message, help=f"write a number {words.replace('at least', 'from')} {number}")


def _rewritten(one: Found, expected: str) -> str:
    if (meant := only_item(one.value)) and expected in {"text", "true or false", "a number", "a whole number"}:
        return f"write `{one.word}: {meant}`"
    if expected == "text":
        if isinstance(one.value, float):
            return "write it in quotes"
        return f'write "{str(one.value).lower()}" in quotes' if isinstance(one.value, int) else "write plain text"
    if expected == "true or false":
        return f"write {_BOOLEANS.get(str(one.value).lower(), 'true or false')}"
    if expected in ("a number", "a whole number"):
        return _as_number(one.value, expected)
    return _as_collection(one, expected)


def _as_number(value: object, expected: str) -> str:
    if isinstance(value, str) and _NUMBER.fullmatch(value) and (expected == "a number" or value.isdigit()):
        return f"write {value} without quotes"
    if isinstance(value, str) and (digits := _GROUPED.sub("", value)).isdigit() and digits.isascii():
        return f"write {digits}"
    if isinstance(value, float) and value.is_integer():
        # In many countries a point parts thousands; to YAML it never does.
        meant = f", or {int(value)}000 if the point parts thousands" if 0 < value < _THOUSAND else ""
        return f"write {int(value)}{meant}"
    return f"write {expected}"


def _as_collection(one: Found, expected: str) -> str:
    if expected == "a list":
        return "start each item with `- `, or write `[...]`"
    if one.shape.values:
        return f"write `{one.word}: {{some-id: {{...}}}}`, one key per entry"
    entry = one.shape.entry
    keys = entry_shape(entry) if entry else ()
    return f"write its keys: {listed(list(keys))}" if keys else "write `- kind: ...`"


def kind_mistake(one: Found) -> Mistake:
    """A safeguard without a kind, or of a kind that does not exist."""
    known = list(one.shape.kinds or ())
    tree = one.value if isinstance(one.value, dict) else {}
    if "kind" not in tree:
        return _without(one, [str(key) for key in tree], known)
    path, kind = (*one.path, "kind"), tree["kind"]
    if kind == "tee":
        advice = "write `tee: {kind: ..., attested: ...}` on the node that runs in it"
        return Mistake(path=path, message="a `tee` is not a safeguard of a task or flow", help=advice)
    return Mistake(
        path=path, message=f"{shown_value(kind)} is not a kind of safeguard", help=lambda: _advice(str(kind), known)
    )


def _without(one: Found, keys: list[str], known: list[str]) -> Mistake:
    wrong = "type" if "type" in keys else nearest("kind", keys)
    if wrong:
        message, path = f"unknown key {shown_value(wrong)}", (*one.path, wrong)
        return Mistake(path=path, message=message, help="did you mean `kind`?", key=True)
    return Mistake(
        path=(*one.path, "kind"),
        message="`kind` is missing",
        help=f"add `kind`: {listed(known)}",
        key=True,
        absence=True,
    )


def _advice(kind: str, known: list[str]) -> str:
    from fedpolicy.catalog import load_catalog  # noqa: PLC0415  only a mistake asks

    word = folded(kind)
    other = next((row.id for row in load_catalog().safeguards.values() if word in row.also), None)
    return f"did you mean `{other}`? known: {listed(known)}" if other else advise(kind, known)

"""The page that lists what a rule may read, made from the table."""

from __future__ import annotations

from collections.abc import Iterator

from fedpolicy.policy import PRINCIPLES
from fedpolicy.policy.elements import KINDS
from fedpolicy.policy.fields import CONSTANTS, Field, Kind, Known, Type

_TYPES = {
    Type.TEXT: "text",
    Type.BOOL: "true or false",
    Type.INT: "whole number",
    Type.NUMBER: "number with a fraction (`1.0`)",
    Type.LEVEL: "level",
    Type.LIST: "list of text",
}
_HEAD = """\
# What a rule may read

Generated from `fedpolicy/policy/elements/`; do not edit. How to write a rule: [writing-rules.md](writing-rules.md).

A rule reads the fields of the element that it applies to, those of `deployment`, its own parameters (`params.limit`)
and these constants: {constants}. Levels and class ranks are whole numbers, so that they can be compared.

- **closed**: not stated means no, none or empty.
- **open**: not stated means unknown. A rule that needs it is then undecided and names the fact, unless it asks with
  `has(field)` and says under `absent` how it decides.
- **range**: a missing fact leaves several values. A rule must say the same of all of them, else it is undecided.

Words in parentheses are all that a field can hold; a comparison with another word is an error when the rule is loaded.

Principles: {principles}.
"""


def reference() -> str:
    """The whole page."""
    ranks = [name for name, _ in sorted(CONSTANTS.items(), key=lambda item: (item[0] in _classes(), item[1]))]
    head = _HEAD.format(
        constants=", ".join(f"`{name}`" for name in ranks),
        principles=", ".join(f"`{name}` ({about})" for name, about in PRINCIPLES.items()),
    )
    return "\n".join([head, *(line for kind in KINDS.values() for line in _kind(kind))])


def _classes() -> tuple[str, ...]:
    return ("BLACK_BOX", "GRAY_BOX", "OPEN_WEIGHT", "OPEN_SOURCE")


def _kind(kind: Kind) -> Iterator[str]:
    yield f"## {kind.name}"
    yield ""
    yield f"{kind.about[:1].upper()}{kind.about[1:]}."
    yield ""
    yield "| field | type | | meaning |"
    yield "|---|---|---|---|"
    for field in kind.fields:
        yield f"| `{kind.name}.{field.name}` | {_TYPES[field.type]} | {_known(field)} | {_about(field)} |"
    yield ""


def _known(field: Field) -> str:
    return field.known if field.known is Known.CLOSED else f"**{field.known}**"


def _about(field: Field) -> str:
    words = f" ({', '.join(f'`{word}`' for word in field.choices)})" if field.choices else ""
    return f"{field.about}{words}"

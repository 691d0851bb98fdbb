"""Rules -> the bundle of a pack that a wheel carries; `hatch_build.py` calls this, see `bundle` for the other way."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from fedpolicy.findings import Span
from fedpolicy.policy.bundle import PLAIN, made_with
from fedpolicy.policy.expression import Expression
from fedpolicy.policy.load import load_rules
from fedpolicy.policy.models import Rule
from fedpolicy.resources import policies_dir

__all__ = ["bundle_of"]

# google/api/expr/v1alpha1/checked.proto: maps, which are written in any order, and the places in the text.
_MAPS, _SOURCE = (2, 3), 5
_LENGTH = 2  # the wire type of what says its own length


def bundle_of(pack: str) -> str:
    """JSON with the rules of a shipped pack, the same bytes every time. Raises Problems where a rule is wrong."""
    rules = [_entry(rule) for rule in load_rules([pack])]
    tree = {"made": made_with(policies_dir() / pack), "rules": rules}
    return json.dumps(tree, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _entry(rule: Rule) -> dict[str, Any]:
    return {
        **{name: getattr(rule, name) for name in PLAIN},
        "severity": int(rule.severity),
        "match": _packed(rule.match) if rule.match else None,
        "require": _packed(rule.require),
        "references": [asdict(reference) for reference in rule.references],
        "false_positives": rule.false_positives,
        "params": [asdict(param) for param in rule.params],
        "file": rule.span.file,
        "span": _place(rule.span),
        "spans": {key: _place(span) for key, span in rule.spans.items()},
    }


def _packed(expression: Expression) -> dict[str, Any]:
    return {
        "text": expression.text,
        "program": b64encode(_any_of(expression.program.serialize())).decode(),
        "reads": sorted(expression.reads),
        "asks": sorted(expression.asks),
    }


def _place(span: Span) -> tuple[int, int, int, int]:
    return span.line, span.column, span.end_line, span.end_column


def _any_of(message: bytes) -> bytes:
    """The `Any` of the library, its expression in one order and without places in the text, which no run needs."""
    return b"".join(
        _field(number, _ordered(content)) if number == 2 else whole  # noqa: PLR2004  Any.value
        for number, whole, content in _fields(message)
    )


def _ordered(checked: bytes) -> bytes:
    kept = [(number, whole) for number, whole, _ in _fields(checked) if number != _SOURCE]
    return b"".join(whole for _, whole in sorted(kept, key=lambda one: (one[0], one[1] if one[0] in _MAPS else b"")))


def _fields(message: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """The fields of a protocol buffer: number, all bytes, content; at the levels read here all have a length."""
    at = 0
    while at < len(message):
        tag, after = _varint(message, at)
        if tag & 7 != _LENGTH:
            raise ValueError("the CEL library writes expressions in a form that is not known here")
        length, start = _varint(message, after)
        yield tag >> 3, message[at : start + length], message[start : start + length]
        at = start + length


def _field(number: int, content: bytes) -> bytes:
    return _bytes(number << 3 | _LENGTH) + _bytes(len(content)) + content


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while message[at] & 0x80:
        value |= (message[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return value | message[at] << shift, at + 1


def _bytes(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:  # noqa: PLR2004  seven bits a byte
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])

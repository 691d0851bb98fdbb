"""
What the standard library has, in a form that costs a start less.

`hashlib` loads OpenSSL first, which takes as long as reading a deployment; `sha256` is Python's own. A check needs a
third of the regular expressions that it loads, and none of those of the YAML library; a `pattern` is compiled when
something is looked for. A `NamedTuple` is made without compiling the types of its fields.
"""

from __future__ import annotations

import re
from collections import namedtuple
from typing import TYPE_CHECKING, Any, cast

__all__ = ["NamedTuple", "load_yaml", "pattern", "sha256"]

if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        from _sha2 import sha256  # Python 3.12 and later
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:  # built without
            from hashlib import sha256


class _Later:
    """What has been written and not yet compiled. What is asked for once stays at hand."""

    def __init__(self, source: str, flags: int) -> None:
        self.pattern, self._flags = source, flags

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever a pattern has
        found = getattr(re.compile(self.pattern, self._flags), name)
        setattr(self, name, found)
        return found


def pattern(source: str, flags: int = 0) -> re.Pattern[str]:
    """Write one down. It has what a compiled one has, and is not an argument of `re.search` and the like."""
    return cast("re.Pattern[str]", _Later(source, flags))


def load_yaml() -> None:
    """
    Load the YAML library with its regular expressions written down, which are for its reader in Python.

    For processes that do nothing else: meanwhile, and in that library, all regular expressions are such.
    """
    compiled = re.compile
    re.compile = pattern  # type: ignore[assignment]
    try:
        import yaml  # noqa: F401, PLC0415  see above
    finally:
        re.compile = compiled


class _Named(type):
    """
    Makes what `typing.NamedTuple` makes, without compiling the type of each field to see whether it is one.

    That took a fiftieth of a check.
    """

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
        if not bases:
            return super().__new__(cls, name, bases, body)
        fields = body.get("__annotations__", {})
        usual = [body[field] for field in fields if field in body]
        made: type = namedtuple(name, fields, defaults=usual, module=body["__module__"])  # type: ignore[misc]  # noqa: PYI024
        for key, value in body.items():
            if key not in fields:
                setattr(made, key, value)
        return made


if TYPE_CHECKING:
    from typing import NamedTuple
else:

    class NamedTuple(metaclass=_Named):
        """See there."""

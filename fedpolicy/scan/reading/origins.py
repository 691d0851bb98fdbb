"""Where things of a module come from: the import that one is made by, and what a call is given that was read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fedpolicy.scan.reading.code import Module

_READS = frozenset({
    "open", "read_csv", "read_parquet", "read_json", "read_excel", "read_table", "read_feather", "load_dataset",
    "read_text", "scan_csv", "scan_parquet", "from_csv", "load_from_disk",
})  # fmt: skip
_DEEPEST = 20  # steps from what is made to its import
_FARTHEST = 5  # steps from name to name
_MOST = 2000  # pieces of code that are looked at for one call
_MOST_OF_ALL = 100_000  # that are looked at for all calls of a module
_MANY = 100  # things that a name stands for, of which it then tells none


def origin(module: Module, node: ast.expr, depth: int = 0) -> str:
    """The import that something is made by, as far as names and fields lead; empty where they lead nowhere."""
    if depth > _DEEPEST:
        return ""
    match node:
        case ast.Call():
            before: ast.expr | None = node.func
        case ast.Attribute():
            before = module.field(node.attr) or node.value
        case ast.Name() if module.name(node) == node.id and node.id not in module.frameworks:
            before = next(iter(module.bound(node.id)), None)
        case _:
            return module.name(node)
    return origin(module, before, depth + 1) if before is not None else ""


def sources(module: Module, call: ast.Call) -> list[tuple[ast.expr, str]]:
    """
    Where what a call is given comes from: each place that reads something by a name that stands there, once.

    Names are followed through assignments, loops and `with`, and through what functions of the module are given.
    Nothing says that all of it is sent; it is what the call has at hand.
    """
    found: dict[str, ast.expr] = {}
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    waiting: list[tuple[ast.expr, int]] = [(node, 0) for node in given]
    seen: set[str] = set()
    looked = min(_MOST, _MOST_OF_ALL - module.looked_at)
    while waiting and looked > 0:
        node, far = waiting.pop()
        for inner in ast.walk(node):
            module.looked_at, looked = module.looked_at + 1, looked - 1
            if looked <= 0:
                break
            if isinstance(inner, ast.Call) and (path := _read(module, inner)):
                found.setdefault(path, inner)
            elif isinstance(inner, ast.Name) and inner.id not in seen and far < _FARTHEST:
                seen.add(inner.id)
                bound = module.bound(inner.id)
                waiting += [(one, far + 1) for one in (bound if len(bound) <= _MANY else ())]
    return [(node, path) for path, node in sorted(found.items())]


def _read(module: Module, call: ast.Call) -> str | None:
    """What a call reads, where it is one that reads something with a name."""
    name = module.name(call.func).rpartition(".")[2]
    if name not in _READS:
        return None
    given = [*call.args[:1], *(each for each in _named(call))]
    found = module.value(given[0]) if given else None
    return found.value if found and found.known and isinstance(found.value, str) else None


def _named(call: ast.Call) -> Iterator[ast.expr]:
    for keyword in call.keywords:
        if keyword.arg in ("path", "file", "filepath_or_buffer", "filename"):
            yield keyword.value

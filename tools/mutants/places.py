"""
The places of a module where a change counts.

What nobody runs or reads as code is left as it is: docstrings, annotations, decorators, `__all__`, sentences.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

_ELSEWHERE = {"TYPE_CHECKING", "__name__ == '__main__'"}
_QUIET = {"TypeVar", "NewType", "cast", "assert_never", "compile"}
_GENERIC = {"tuple", "list", "dict", "set", "frozenset", "type"}

Where = tuple[tuple[str, int | None], ...]  # fields and indexes, from the module down


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The function or class around a place; `returns` is what it is declared to return."""

    function: str = ""
    returns: str = ""
    body: str = ""


def visited(node: ast.AST, where: Where, scope: Scope) -> Iterator[tuple[ast.AST, Where, Scope]]:
    """Each place whose code counts."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        named = f"{scope.function}.{node.name}".lstrip(".")
        returns = ast.unparse(node.returns) if isinstance(node, ast.FunctionDef) and node.returns else ""
        scope = Scope(function=named, returns=returns, body=scope.body)
    yield node, where, scope
    for name, value in ast.iter_fields(node):
        children = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for index, child in children:
            if isinstance(child, ast.AST) and not _quiet(node, name, child):
                yield from visited(child, (*where, (name, index)), _entered(node, name, scope))


def _entered(node: ast.AST, name: str, scope: Scope) -> Scope:
    is_body = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and name == "body"
    return replace(scope, body=scope.body or scope.function) if is_body else scope


def _quiet(parent: ast.AST, name: str, child: ast.AST) -> bool:
    """What is read by nobody but people and type checkers."""
    if name in {"annotation", "returns", "decorator_list", "type_params", "format_spec"}:
        return True
    if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
        return True
    if isinstance(parent, ast.JoinedStr) and isinstance(child, ast.Constant):
        return True
    if isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id in _QUIET:
        return True
    if isinstance(child, ast.If) and ast.unparse(child.test) in _ELSEWHERE:
        return True
    return _is_for_types(child)


def _is_for_types(node: ast.AST) -> bool:
    """An alias of a type, or the list of what a module offers."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        name = node.value.id
        is_type = name in _GENERIC or (name[0].isupper() and not name.isupper())
        return is_type and not isinstance(node.ctx, ast.Store)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return any(_names_a_type(side) for side in (node.left, node.right))
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(target, ast.Name) and target.id in {"__all__", "__slots__"} for target in targets)


def _names_a_type(node: ast.expr) -> bool:
    text = ast.unparse(node)
    return text in {"None", "str", "int", "float", "bool"} or (
        text.isidentifier() and text[0].isupper() and not text.isupper()
    )

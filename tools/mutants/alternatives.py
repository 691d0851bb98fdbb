"""What may stand in a place instead: other comparisons, numbers and words, branches turned round, statements less."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from tools.mutants.places import Scope

_WORD = re.compile(r"[a-z][a-z_-]*|")  # what code compares; a message has more than that
_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_REVERSED: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
_REVERSED |= {ast.Eq: ast.GtE}
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_NAMED = {"min": "max", "max": "min", "any": "all", "all": "any", "startswith": "endswith", "endswith": "startswith"}
_NAMED |= {"union": "intersection", "intersection": "union", "issubset": "issuperset", "issuperset": "issubset"}
_UNDONE = {"sorted": "list", "reversed": "list", "set": "list", "dict": "list"}
_EMPTY: dict[type[ast.expr], str] = {ast.Tuple: "()", ast.List: "[]", ast.Set: "set()", ast.Dict: "{}"}
_EMPTY |= {ast.ListComp: "[]", ast.SetComp: "set()", ast.DictComp: "{}", ast.GeneratorExp: "()"}


def alternatives(node: ast.AST, scope: Scope) -> Iterator[tuple[str, ast.AST]]:
    """What may stand in a place instead, with what the change is called."""
    for kind, make in _MADE.items():
        if isinstance(node, kind):
            for made in make(node, scope):
                yield ast.unparse(ast.fix_missing_locations(ast.copy_location(made, node))), made


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _negated(node: ast.expr) -> ast.expr:
    return (
        node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) else ast.UnaryOp(ast.Not(), node)
    )


def _comparison(node: ast.Compare, scope: Scope) -> Iterator[ast.AST]:
    del scope
    for table in (_COMPARED, _REVERSED):
        if (other := table.get(type(node.ops[0]))) and _is_number_like(node, other):
            yield ast.Compare(node.left, [other(), *node.ops[1:]], node.comparators)


def _is_number_like(node: ast.Compare, other: type[ast.cmpop]) -> bool:
    """`==` becomes `>=` beside a number only."""
    sides = (node.left, *node.comparators)
    numbers = any(isinstance(side, ast.Constant) and isinstance(side.value, int | float) for side in sides)
    return other is not ast.GtE or numbers or not isinstance(node.ops[0], ast.Eq)


def _boolean(node: ast.BoolOp, scope: Scope) -> Iterator[ast.AST]:
    del scope
    yield ast.BoolOp(ast.And() if isinstance(node.op, ast.Or) else ast.Or(), node.values)
    for index in range(len(node.values)):
        rest = [value for place, value in enumerate(node.values) if place != index]
        yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _unary(node: ast.UnaryOp, scope: Scope) -> Iterator[ast.AST]:
    del scope
    if isinstance(node.op, ast.Not | ast.USub):
        yield node.operand


def _constant(node: ast.Constant, scope: Scope) -> Iterator[ast.AST]:
    del scope
    match node.value:
        case bool():
            yield ast.Constant(not node.value)
        case int() | float():
            yield ast.Constant(node.value + 1)
            if node.value:
                yield ast.Constant(node.value - 1)
        case str() if _WORD.fullmatch(node.value):
            yield ast.Constant(f"no_{node.value}")


def _computed(node: ast.BinOp, scope: Scope) -> Iterator[ast.AST]:
    del scope
    if isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):
        return
    if other := _COMPUTED.get(type(node.op)):
        yield ast.BinOp(node.left, other(), node.right)
    if isinstance(node.op, ast.Add | ast.BitOr):
        yield node.left
        yield node.right


def _branch(node: ast.If | ast.IfExp | ast.While, scope: Scope) -> Iterator[ast.AST]:
    del scope
    if isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)
        return
    parts = {field: getattr(node, field) for field in ("body", "orelse")}
    yield type(node)(test=_negated(node.test), **parts)
    if isinstance(node, ast.If) and not node.orelse:
        yield ast.If(ast.Constant(value=False), node.body, [])


def _returned(node: ast.Return, scope: Scope) -> Iterator[ast.AST]:
    if node.value is None:
        yield ast.Pass()
    elif scope.returns == "bool":
        yield ast.Return(_negated(node.value))
    elif not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield ast.Return(ast.Constant(None))


def _called(node: ast.Call, scope: Scope) -> Iterator[ast.AST]:
    del scope
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    if name in _NAMED:
        other = _NAMED[name]
        func = ast.Name(other, ast.Load()) if isinstance(node.func, ast.Name) else None
        yield ast.Call(func or ast.Attribute(node.func.value, other, ast.Load()), node.args, node.keywords)  # type: ignore[attr-defined]
    if name in _UNDONE and isinstance(node.func, ast.Name) and node.args:
        yield ast.Call(ast.Name("list", ast.Load()), node.args[:1], [])
    if isinstance(node.func, ast.Name) and name in {"set", "frozenset", "tuple", "list"} and node.args:
        yield ast.Call(node.func, [], [])


def _emptied(node: ast.expr, scope: Scope) -> Iterator[ast.AST]:
    del scope
    if isinstance(getattr(node, "ctx", ast.Load()), ast.Load) and ast.unparse(node) not in set(_EMPTY.values()):
        yield _expression(_EMPTY[type(node)])


def _statement(node: ast.stmt, scope: Scope) -> Iterator[ast.AST]:
    del scope
    if isinstance(node, ast.Continue):
        yield ast.Break()
    elif isinstance(node, ast.Break):
        yield ast.Continue()
    elif isinstance(node, ast.Assign) and any(isinstance(one, ast.Name | ast.Tuple) for one in node.targets):
        return  # what needs the name would fail
    else:
        yield ast.Pass()


def _filtered(node: ast.comprehension, scope: Scope) -> Iterator[ast.AST]:
    del scope
    for index, test in enumerate(node.ifs):
        rest = [one for place, one in enumerate(node.ifs) if place != index]
        yield ast.comprehension(node.target, node.iter, rest, node.is_async)
        yield ast.comprehension(node.target, node.iter, [*rest, _negated(test)], node.is_async)


_MADE: dict[type | tuple[type, ...], Callable[..., Iterator[ast.AST]]] = {
    ast.Compare: _comparison,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.Constant: _constant,
    ast.BinOp: _computed,
    (ast.If, ast.IfExp, ast.While): _branch,
    ast.Return: _returned,
    ast.Call: _called,
    tuple(_EMPTY): _emptied,
    (ast.Expr, ast.Raise, ast.AugAssign, ast.Assign, ast.Continue, ast.Break, ast.Delete): _statement,
    ast.comprehension: _filtered,
}

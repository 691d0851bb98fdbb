"""
The mutants of a module: each is one small change of its code that tests should notice.

What nobody runs or reads as code is left as it is: docstrings, annotations, decorators, `__all__`, sentences.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Mutant", "mutants_of", "mutated"]

_WORD = re.compile(r"[a-z][a-z_-]*|")  # what code compares; a message has more than that
_ELSEWHERE = {"TYPE_CHECKING", "__name__ == '__main__'"}
_QUIET = {"TypeVar", "NewType", "cast", "assert_never", "compile"}
_GENERIC = {"tuple", "list", "dict", "set", "frozenset", "type"}
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

Where = tuple[tuple[str, int | None], ...]  # fields and indexes, from the module down


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change: what stands where, and what stands there instead."""

    file: str
    function: str
    line: int
    before: str
    after: str
    nth: int  # of the changes of this function that read the same
    where: Where
    number: int  # of the alternatives for this place
    last: int  # the last line of what is changed
    body: str  # the outermost function whose body holds it, if any

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What names it as long as the function stays as it is."""
        return self.file, self.function, self.before, self.after, self.nth


@dataclass(frozen=True, kw_only=True)
class _Scope:
    function: str = ""
    returns: str = ""
    body: str = ""


def mutants_of(file: str, source: str) -> list[Mutant]:
    """All mutants of a module, in the order of the text."""
    found: list[Mutant] = []
    seen: Counter[tuple[str, str, str]] = Counter()
    for node, where, scope in _visited(ast.parse(source), (), _Scope()):
        for number, (after, _) in enumerate(_alternatives(node, scope)):
            said = scope.function or "(module)", _first_line(ast.unparse(node)), _first_line(after)
            seen[said] += 1
            placed: Any = node.target if isinstance(node, ast.comprehension) else node
            found.append(
                Mutant(
                    file=file,
                    function=said[0],
                    before=said[1],
                    after=said[2],
                    nth=seen[said],
                    where=where,
                    number=number,
                    line=placed.lineno,
                    last=placed.end_lineno,
                    body=scope.body,
                )
            )
    return found


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0]


def mutated(mutant: Mutant, source: str) -> ast.Module:
    """The module with this change."""
    tree = ast.parse(source)
    for node, where, scope in _visited(tree, (), _Scope()):
        if where == mutant.where:
            made = list(_alternatives(node, scope))[mutant.number][1]
            _put(tree, where, ast.copy_location(made, node))
            return ast.fix_missing_locations(tree)
    raise ValueError(f"{mutant.file} has no such place: {mutant.before}")


def _put(tree: ast.AST, where: Where, made: ast.AST) -> None:
    parent = tree
    for name, index in where[:-1]:
        child = getattr(parent, name)
        parent = child if index is None else child[index]
    name, index = where[-1]
    if index is None:
        setattr(parent, name, made)
    else:
        getattr(parent, name)[index] = made


def _visited(node: ast.AST, where: Where, scope: _Scope) -> Iterator[tuple[ast.AST, Where, _Scope]]:
    """Each place whose code counts."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        named = f"{scope.function}.{node.name}".lstrip(".")
        returns = ast.unparse(node.returns) if isinstance(node, ast.FunctionDef) and node.returns else ""
        scope = _Scope(function=named, returns=returns, body=scope.body)
    yield node, where, scope
    for name, value in ast.iter_fields(node):
        children = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for index, child in children:
            if isinstance(child, ast.AST) and not _quiet(node, name, child):
                yield from _visited(child, (*where, (name, index)), _entered(node, name, scope))


def _entered(node: ast.AST, name: str, scope: _Scope) -> _Scope:
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


def _alternatives(node: ast.AST, scope: _Scope) -> Iterator[tuple[str, ast.AST]]:
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


def _comparison(node: ast.Compare, scope: _Scope) -> Iterator[ast.AST]:
    del scope
    for table in (_COMPARED, _REVERSED):
        if (other := table.get(type(node.ops[0]))) and _is_number_like(node, other):
            yield ast.Compare(node.left, [other(), *node.ops[1:]], node.comparators)


def _is_number_like(node: ast.Compare, other: type[ast.cmpop]) -> bool:
    """`==` becomes `>=` beside a number only."""
    sides = (node.left, *node.comparators)
    numbers = any(isinstance(side, ast.Constant) and isinstance(side.value, int | float) for side in sides)
    return other is not ast.GtE or numbers or not isinstance(node.ops[0], ast.Eq)


def _boolean(node: ast.BoolOp, scope: _Scope) -> Iterator[ast.AST]:
    del scope
    yield ast.BoolOp(ast.And() if isinstance(node.op, ast.Or) else ast.Or(), node.values)
    for index in range(len(node.values)):
        rest = [value for place, value in enumerate(node.values) if place != index]
        yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _unary(node: ast.UnaryOp, scope: _Scope) -> Iterator[ast.AST]:
    del scope
    if isinstance(node.op, ast.Not | ast.USub):
        yield node.operand


def _constant(node: ast.Constant, scope: _Scope) -> Iterator[ast.AST]:
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


def _computed(node: ast.BinOp, scope: _Scope) -> Iterator[ast.AST]:
    del scope
    if isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):
        return
    if other := _COMPUTED.get(type(node.op)):
        yield ast.BinOp(node.left, other(), node.right)
    if isinstance(node.op, ast.Add | ast.BitOr):
        yield node.left
        yield node.right


def _branch(node: ast.If | ast.IfExp | ast.While, scope: _Scope) -> Iterator[ast.AST]:
    del scope
    if isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)
        return
    parts = {field: getattr(node, field) for field in ("body", "orelse")}
    yield type(node)(test=_negated(node.test), **parts)
    if isinstance(node, ast.If) and not node.orelse:
        yield ast.If(ast.Constant(value=False), node.body, [])


def _returned(node: ast.Return, scope: _Scope) -> Iterator[ast.AST]:
    if node.value is None:
        yield ast.Pass()
    elif scope.returns == "bool":
        yield ast.Return(_negated(node.value))
    elif not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield ast.Return(ast.Constant(None))


def _called(node: ast.Call, scope: _Scope) -> Iterator[ast.AST]:
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


def _emptied(node: ast.expr, scope: _Scope) -> Iterator[ast.AST]:
    del scope
    if isinstance(getattr(node, "ctx", ast.Load()), ast.Load) and ast.unparse(node) not in set(_EMPTY.values()):
        yield _expression(_EMPTY[type(node)])


def _statement(node: ast.stmt, scope: _Scope) -> Iterator[ast.AST]:
    del scope
    if isinstance(node, ast.Continue):
        yield ast.Break()
    elif isinstance(node, ast.Break):
        yield ast.Continue()
    elif isinstance(node, ast.Assign) and any(isinstance(one, ast.Name | ast.Tuple) for one in node.targets):
        return  # what needs the name would fail
    else:
        yield ast.Pass()


def _filtered(node: ast.comprehension, scope: _Scope) -> Iterator[ast.AST]:
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

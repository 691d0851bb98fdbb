"""
What expressions of a Python module are, without running it.

A value is followed through constants, names of a function, fields of a class, what functions of the module are given
and give back, and defaults: of `argparse`, of the environment, of parameters, behind `or`. A default is true until
somebody overrides it, so it comes with a note.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fedpolicy.records import dataclass, replace

if TYPE_CHECKING:
    from fedpolicy.scan.reading.code import CodeCall, Module

_FARTHEST = 5  # names that stand for names
_MOST_CALLS = 8  # of one function that are followed
_WITH_HOST = re.compile(r"https?://[^/]+/")
_FIELDS = ("Field", "field")  # of pydantic and dataclasses, with a default
_TRIMS = frozenset({"strip", "lstrip", "rstrip", "lower"})  # what is done to a text that leaves its meaning


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """
    A value as far as the module decides it; `open` says what may change it, `variable` where it is looked up.

    `optional` is what may also be None, as a variable of the environment that nobody has to set.
    """

    value: object = None
    known: bool = False
    open: str = ""
    variable: str = ""
    optional: bool = False


class CodeScope:
    """
    A function of the module: its parameters, the calls of it, its own names, and the one thing that it gives back.

    A name that is assigned twice stands for None: which of them counts is not decided here.
    """

    def __init__(self, node: ast.FunctionDef | ast.AsyncFunctionDef, owner: str, outer: CodeScope | None) -> None:
        self.name, self.owner, self.outer = node.name, owner, outer
        listed = [*node.args.posonlyargs, *node.args.args]
        self.parameters = [one.arg for one in (*listed, *node.args.kwonlyargs)]
        late = [one.arg for one in listed[len(listed) - len(node.args.defaults) :]]
        keyed = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        self.defaults = {
            **dict(zip(late, node.args.defaults, strict=True)),
            **{one.arg: default for one, default in keyed if default is not None},
        }
        self.calls: list[CodeCall] = []
        self.assigned: dict[str, ast.expr | None] = {}
        given = [one.value for one in node.body if isinstance(one, ast.Return)]
        plain = all(isinstance(one, (ast.Return, ast.Expr, ast.Assign, ast.AnnAssign)) for one in node.body)
        self.returned = given[0] if len(given) == 1 and plain else None

    def owner_of(self) -> str:
        """The class whose `self` a name in here is: of the function, or of the one around it."""
        return self.owner or (self.outer.owner_of() if self.outer else "")

    def given(self, name: str) -> list[ast.expr | None]:
        """What the calls in this module say of a parameter."""
        place = self.parameters.index(name) - (self.parameters[0] in ("self", "cls"))
        return [call.argument(name, place=place if place >= 0 else None) for call in self.calls]


def value_of(module: Module, node: ast.expr | None, depth: int = 0) -> Argument:
    """What an expression is, as far as the module says."""
    if node is None or depth > _FARTHEST:
        return Argument()
    match node:
        case ast.Constant():
            found = Argument(value=node.value, known=True)
        case ast.Name():
            found = _named(module, node, depth)
        case ast.Attribute():
            found = _attribute(module, node, depth)
        case ast.Call():
            found = _called(module, node, depth)
        case ast.Subscript():
            found = _entry(module, node, depth)
        case ast.JoinedStr() | ast.BinOp():
            found = _joined(module, node, depth)
        case ast.BoolOp(op=ast.Or()):
            found = _first_that_holds([value_of(module, one, depth + 1) for one in node.values])
        case ast.IfExp():
            found = _one_of(*(value_of(module, one, depth + 1) for one in (node.body, node.orelse)))
        case _:
            found = Argument()
    return found


def _first_that_holds(given: list[Argument]) -> Argument:
    """`a or b`: the last one counts where those before it are open, and those that are nothing do not count."""
    *before, last = [one for one in given if not one.known or one.value] or given[-1:]
    sure = next((one for one in before if one.known), last)
    open_ = next((one for one in before if not one.known), None)
    if open_ is None or not sure.known:
        return sure if open_ is None else Argument(open=open_.open, variable=open_.variable)
    note = f"a default of {open_.open.removeprefix('a default of ') or 'what comes from elsewhere'}"
    return replace(sure, open=sure.open or note, variable=sure.variable or open_.variable)


def _one_of(one: Argument, other: Argument) -> Argument:
    """`a if x else b`: what both are, or the one that is something."""
    if one.known and other.known and one.value == other.value:
        return one
    nothing = [each for each in (one, other) if each.known and each.value is None]
    rest = other if one in nothing else one
    return replace(rest, optional=True, open=rest.open or "not always") if len(nothing) == 1 else Argument()


def _named(module: Module, node: ast.Name, depth: int) -> Argument:
    scope = module.scopes.get(id(node))
    while scope is not None:
        if node.id in scope.assigned and not _is_inside(node, scope.assigned[node.id]):
            return value_of(module, scope.assigned[node.id], depth + 1)
        if node.id in scope.parameters:
            return _given(module, scope, node.id, depth)
        scope = scope.outer
    return value_of(module, module.constants.get(node.id), depth + 1)


def _is_inside(node: ast.Name, value: ast.expr | None) -> bool:
    """Whether a name stands in what it is set to, as in `url = url or ...`: there it is what it was before."""
    return value is not None and any(one is node for one in ast.walk(value))


def _given(module: Module, scope: CodeScope, name: str, depth: int) -> Argument:
    """What a parameter is: what calls in this module say, and its default where one of them says nothing."""
    if len(scope.calls) > _MOST_CALLS:
        return Argument()
    default = scope.defaults.get(name)
    found = []
    for node in scope.given(name) or [None]:
        one = value_of(module, node if node is not None else default, depth + 1)
        found.append(one if node is not None else replace(one, open="a default of a parameter"))
    same = all(one.known and one.value == found[0].value for one in found)
    return found[0] if same or len(found) == 1 else Argument()


def _attribute(module: Module, node: ast.Attribute, depth: int) -> Argument:
    if node.attr in module.defaults:
        default = value_of(module, module.defaults[node.attr], depth + 1)
        return replace(default, open="a default of the command line")
    found = value_of(module, _field(module, node), depth + 1)
    return replace(found, open=found.open or "a default of a field") if found.known else found


def _field(module: Module, node: ast.Attribute) -> ast.expr | None:
    """What a field is set to: in the class whose field it is, else where one class alone has a field of this name."""
    fields = module.fields.get(node.attr, {})
    base = node.value.id if isinstance(node.value, ast.Name) else ""
    scope = module.scopes.get(id(node.value))
    owner = scope.owner_of() if scope and base in ("self", "cls") else base
    return fields[owner] if owner in fields else module.field(node.attr)


def _entry(module: Module, node: ast.Subscript, depth: int) -> Argument:
    """A variable of the environment, or an entry of a map that stands in the module as it is: `SERVER["rounds"]`."""
    key = value_of(module, node.slice, depth + 1)
    if module.name(node.value) == "os.environ":
        return _variable(key.value)
    listed = module.constants.get(node.value.id) if isinstance(node.value, ast.Name) else None
    for name, value in zip(listed.keys, listed.values, strict=True) if isinstance(listed, ast.Dict) else ():
        if key.known and isinstance(name, ast.Constant) and name.value == key.value:
            return value_of(module, value, depth + 1)
    return Argument()


def _called(module: Module, node: ast.Call, depth: int) -> Argument:
    name = module.name(node.func)
    functions = module.functions_called(node)
    if len(functions) == 1 and functions[0].returned is not None:
        return value_of(module, functions[0].returned, depth + 1)
    if name in ("int", "str", "float") and node.args:
        return value_of(module, node.args[0], depth + 1)
    if name.rpartition(".")[2] in _FIELDS:
        return value_of(module, _default(node), depth + 1)
    if isinstance(node.func, ast.Attribute) and node.func.attr in _TRIMS:
        return _trimmed(value_of(module, node.func.value, depth), node)
    return _looked_up(module, node, depth) if name.removeprefix("os.") in ("getenv", "environ.get") else Argument()


def _looked_up(module: Module, node: ast.Call, depth: int) -> Argument:
    """A variable of the environment, or what counts where nobody sets it."""
    name, default = (*node.args, None, None)[:2]
    variable = value_of(module, name, depth + 1).value
    if default is None:
        return replace(_variable(variable), optional=True)
    found = value_of(module, default, depth + 1)
    return replace(found, open=f"a default of the variable {variable}", variable=str(variable))


def _default(node: ast.Call) -> ast.expr | None:
    named = [one.value for one in node.keywords if one.arg == "default"]
    return next(iter([*named, *node.args]), None)


def _trimmed(found: Argument, node: ast.Call) -> Argument:
    given = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    if not isinstance(found.value, str) or len(given) != len(node.args) or len(given) > 1 or node.keywords:
        return found
    return replace(found, value=getattr(found.value, getattr(node.func, "attr", ""))(*given))


def _joined(module: Module, node: ast.JoinedStr | ast.BinOp, depth: int) -> Argument:
    """A text of parts. Of an address whose host stands there in full, what follows may be open."""
    parts: list[ast.expr] = node.values if isinstance(node, ast.JoinedStr) else [node.left, node.right]
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Add):
        return Argument()
    said = ""
    found: list[Argument] = []
    for one in _parts(module, parts, depth):
        if not one.known or not isinstance(one.value, (str, int)):
            return replace(one, value=said, known=True) if _WITH_HOST.match(said) else Argument()
        found.append(one)
        said += str(one.value)
    return Argument(value=said, known=True, open=next((one.open for one in found if one.open), ""))


def _parts(module: Module, parts: list[ast.expr], depth: int) -> Iterator[Argument]:
    for part in parts:
        yield value_of(module, part.value if isinstance(part, ast.FormattedValue) else part, depth + 1)


def _variable(name: object) -> Argument:
    return Argument(open=f"the variable {name}", variable=str(name)) if isinstance(name, str) else Argument()


def beginning(module: Module, node: ast.expr | None) -> str:
    """How an address begins, by which its host is known: `f"[::]:{port}"`, `"{}:{}".format(...)`."""
    named = False
    for _ in range(_FARTHEST):
        match node:
            case ast.JoinedStr(values=[first, *_]) | ast.FormattedValue(value=first) | ast.BinOp(left=first):
                node = first
            case ast.Call(func=ast.Attribute(value=first)):
                node = first
            case ast.Name() if not named and module.value(node).value is None and len(module.bound(node.id)) == 1:
                named, node = True, module.bound(node.id)[0]
            case _:
                break
    said = module.value(node).value
    return said.partition("{")[0].removeprefix("dns:///") if isinstance(said, str) else ""

"""
What a Python module says, without running it: what names mean, and which values arguments have.

A value is followed through constants of the module, fields of classes, what functions of the module are given and give
back, and defaults: of `argparse`, of the environment, of parameters. A default is true until somebody overrides it, so
it comes with a note.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from fedpolicy.records import dataclass, replace
from fedpolicy.scan import Evidence, Strength, scalar_text
from fedpolicy.scan.reading import File

__all__ = ["Argument", "CodeCall", "Module"]

_DEEPEST = 20  # steps of a name
_FARTHEST = 4  # names that stand for names
_MOST_CALLS = 8  # of one function that are followed
_WITH_HOST = re.compile(r"https?://[^/]+/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """A value as far as the module decides it; `open` says what may change it, `variable` where it is looked up."""

    value: object = None
    known: bool = False
    open: str = ""
    variable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCall:
    """One call: what is called by its full name, and the node."""

    name: str
    node: ast.Call

    @property
    def last(self) -> str:
        """The class or function alone."""
        return self.name.rpartition(".")[2]

    def argument(self, *names: str, place: int | None = None) -> ast.expr | None:
        """The value of the first of these keywords, or at this place."""
        for name in names:
            for keyword in self.node.keywords:
                if keyword.arg == name:
                    return keyword.value
        return self.node.args[place] if place is not None and place < len(self.node.args) else None


class Module:
    """A module with its imports and constants looked up once."""

    def __init__(self, file: File) -> None:
        self.file = file
        self._imports: dict[str, str] = {}
        self._constants: dict[str, ast.expr] = {}
        self._defaults: dict[str, ast.expr] = {}
        self._fields: dict[str, ast.expr] = {}
        self._functions: dict[str, _Function] = {}
        self._bound: dict[str, list[ast.expr]] = {}
        self._held: dict[int, list[ast.expr]] = {}
        calls: list[ast.Call] = []
        self._walk(file.python, calls)
        self.calls = [CodeCall(name=self.name(one.func), node=one) for one in calls]
        self.calls.sort(key=lambda call: (call.node.lineno, call.node.col_offset))
        self._arguments()

    @property
    def frameworks(self) -> frozenset[str]:
        """The packages that are imported, by their first names."""
        return frozenset(name.partition(".")[0] for name in self._imports.values())

    def name(self, node: ast.expr, depth: int = 0) -> str:
        """`client.chat.completions.create` by its full name, as far as imports say it."""
        if isinstance(node, ast.Name):
            return self._imports.get(node.id, node.id)
        if depth < _DEEPEST and isinstance(node, ast.Attribute):
            return f"{self.name(node.value, depth + 1)}.{node.attr}"
        if depth < _DEEPEST and isinstance(node, ast.Call):
            return f"{self.name(node.func, depth + 1)}()"
        return "?"

    def value(self, node: ast.expr | None, depth: int = 0) -> Argument:
        """What an expression is, as far as the module says."""
        if node is None or depth > _FARTHEST:
            return Argument()
        match node:
            case ast.Constant():
                found = Argument(value=node.value, known=True)
            case ast.Name():
                found = self._named(node.id, depth)
            case ast.Attribute():
                found = self._attribute(node.attr, depth)
            case ast.Call():
                found = self._called(node, depth)
            case ast.Subscript() if self.name(node.value) == "os.environ":
                found = _variable(self.value(node.slice, depth + 1).value)
            case ast.JoinedStr() | ast.BinOp():
                found = self._joined(node, depth)
            case _:
                found = Argument()
        return found

    def says(self, node: ast.AST, subject: str, attribute: str, value: object, *, note: str = "") -> Evidence:
        """What a place of the code says of something."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        return Evidence(
            subject=subject,
            attribute=attribute,
            value=scalar_text(value),
            span=self.file.line(line, column),
            strength=Strength.WIRED,
            note=note,
        )

    def bound(self, name: str) -> list[ast.expr]:
        """Everything that a name stands for somewhere in the module: assigned, looped over, opened or given."""
        found = list(self._bound.get(name, ()))
        for function in self._functions.values():
            if name in function.parameters:
                place = function.parameters.index(name)
                given = [call.argument(name, place=place) for call in function.calls]
                found += [node for node in given if node is not None]
        return found

    def field(self, name: str) -> ast.expr | None:
        """What a field or a local name is set to, where that is decided."""
        return self._fields.get(name)

    def texts(self) -> Iterator[str]:
        """Every literal text, wherever it stands."""
        for node in ast.walk(self.file.python):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value

    def holders(self, call: ast.Call) -> list[str]:
        """The names that hold what a call gives: `client`, `self.client`."""
        return [self.name(target) for target in self._held.get(id(call), ())]

    def _walk(self, tree: ast.AST, calls: list[ast.Call]) -> None:
        waiting: list[tuple[ast.AST, bool]] = [(tree, True)]
        while waiting:
            node, top = waiting.pop()
            self._bind(node)
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._import(node)
            elif isinstance(node, ast.Assign) and top and len(node.targets) == 1:
                self._assign(node.targets[0], node.value)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                (self._assign if top else self._field)(node.target, node.value)
            elif isinstance(node, ast.Assign):
                self._field(node.targets[0], node.value)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._define(node)
            elif isinstance(node, ast.Call):
                calls.append(node)
            if not _only_for_types(node):
                inner = top and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
                waiting += [(child, inner) for child in ast.iter_child_nodes(node)]

    def _bind(self, node: ast.AST) -> None:
        target: ast.expr | None = None
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            self._held.setdefault(id(value), []).append(target)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            target, value = node.target, node.iter
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            target, value = node.optional_vars, node.context_expr
        for one in ast.walk(target) if target is not None else ():
            if isinstance(one, ast.Name):
                self._bound.setdefault(one.id, []).append(value)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for one in node.names:
            if isinstance(node, ast.Import):
                first = one.name.partition(".")[0]
                self._imports[one.asname or first] = one.name if one.asname else first
            else:
                self._imports[one.asname or one.name] = f"{'.' * node.level}{node.module or ''}.{one.name}"

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            # What is assigned twice is not decided here.
            known = target.id in self._constants
            self._constants[target.id] = ast.Name(id="") if known else value

    def _field(self, target: ast.expr, value: ast.expr) -> None:
        """A field of a class: what its body or `self.name = ...` says. Two that differ decide nothing."""
        name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
        self._fields[name] = ast.Name(id="") if name in self._fields else value

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._functions[node.name] = _Function(node, node.name in self._functions)

    def _arguments(self) -> None:
        for call in self.calls:
            if call.last == "add_argument" and (default := call.argument("default")) is not None:
                for flag in _flags(call.node):
                    self._defaults[flag] = default
            elif isinstance(call.node.func, ast.Name) and call.node.func.id in self._functions:
                self._functions[call.node.func.id].calls.append(call)

    def _named(self, name: str, depth: int) -> Argument:
        given = [self.value(self._constants[name], depth + 1)] if name in self._constants else []
        given += [one for function in self._functions.values() for one in self._given(function, name, depth)]
        return given[0] if given and all(one.known and one.value == given[0].value for one in given) else Argument()

    def _given(self, function: _Function, name: str, depth: int) -> Iterator[Argument]:
        """What a parameter is: what calls in this module say, and its default where one of them says nothing."""
        if name not in function.parameters:
            return
        if len(function.calls) > _MOST_CALLS:
            yield Argument()
            return
        default = function.defaults.get(name)
        said = [call.argument(name, place=function.parameters.index(name)) for call in function.calls]
        for node in said or [None]:
            found = self.value(node if node is not None else default, depth + 1)
            yield found if node is not None else replace(found, open="a default of a parameter")

    def _attribute(self, name: str, depth: int) -> Argument:
        if name in self._defaults:
            return replace(self.value(self._defaults[name], depth + 1), open="a default of the command line")
        found = self.value(self._fields.get(name), depth + 1)
        return replace(found, open=found.open or "a default of a field") if found.known else found

    def _called(self, node: ast.Call, depth: int) -> Argument:
        name = self.name(node.func)
        function = self._functions.get(name)
        if function and function.returned is not None:
            return self.value(function.returned, depth + 1)
        if name in ("int", "str", "float") and node.args:
            return self.value(node.args[0], depth + 1)
        if name.removeprefix("os.") not in ("getenv", "environ.get") or not node.args:
            return Argument()
        variable = self.value(node.args[0], depth + 1).value
        if len(node.args) == 1:
            return _variable(variable)
        return replace(
            self.value(node.args[1], depth + 1), open=f"a default of the variable {variable}", variable=str(variable)
        )

    def _joined(self, node: ast.JoinedStr | ast.BinOp, depth: int) -> Argument:
        """A text of parts. Of an address whose host stands there in full, what follows may be open."""
        parts: list[ast.expr] = node.values if isinstance(node, ast.JoinedStr) else [node.left, node.right]
        if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Add):
            return Argument()
        said = ""
        found: list[Argument] = []
        for part in parts:
            one = self.value(part.value if isinstance(part, ast.FormattedValue) else part, depth + 1)
            if not one.known or not isinstance(one.value, (str, int)):
                return replace(one, value=said, known=True) if _WITH_HOST.match(said) else Argument()
            found.append(one)
            said += str(one.value)
        return Argument(value=said, known=True, open=next((one.open for one in found if one.open), ""))


class _Function:
    """A function of the module: its parameters, the calls of it, and the one thing that it gives back."""

    def __init__(self, node: ast.FunctionDef | ast.AsyncFunctionDef, again: bool) -> None:  # noqa: FBT001
        listed = [*node.args.posonlyargs, *node.args.args]
        self.parameters = [one.arg for one in (*listed, *node.args.kwonlyargs)]
        late = [one.arg for one in listed[len(listed) - len(node.args.defaults) :]]
        keyed = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        self.defaults = {
            **dict(zip(late, node.args.defaults, strict=True)),
            **{one.arg: default for one, default in keyed if default is not None},
        }
        self.calls: list[CodeCall] = []
        given = [one.value for one in node.body if isinstance(one, ast.Return)]
        plain = all(isinstance(one, (ast.Return, ast.Expr, ast.Assign, ast.AnnAssign)) for one in node.body)
        self.returned = given[0] if len(given) == 1 and plain and not again else None


def _variable(name: object) -> Argument:
    return Argument(open=f"the variable {name}", variable=str(name)) if isinstance(name, str) else Argument()


def _flags(node: ast.Call) -> Iterator[str]:
    for argument in node.args:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value.lstrip("-").replace("-", "_")


def _only_for_types(node: ast.AST) -> bool:
    """Whether this is a block that only type checkers see."""
    test = getattr(node, "test", None)
    return isinstance(node, ast.If) and (getattr(test, "id", "") or getattr(test, "attr", "")) == "TYPE_CHECKING"

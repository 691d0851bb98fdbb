"""
What a Python module says, without running it: what names mean, and which values arguments have.

Names, fields, functions and calls are looked up once; `values` tells from these what expressions are.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from fedpolicy.records import dataclass, field
from fedpolicy.scan import Evidence, Strength, scalar_text
from fedpolicy.scan.reading import File
from fedpolicy.scan.reading.values import Argument, CodeScope, value_of

_DEEPEST = 20  # steps of a name


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCall:
    """One call: what is called by its full name, and the node; `spread` is what it is given by `**settings`."""

    name: str
    node: ast.Call
    spread: Mapping[str, ast.expr] = field(default_factory=dict)

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
            if name in self.spread:
                return self.spread[name]
        return self.node.args[place] if place is not None and place < len(self.node.args) else None


class Module:
    """A module with its imports and constants looked up once."""

    def __init__(self, file: File) -> None:
        self.file = file
        self._imports: dict[str, str] = {}
        self.constants: dict[str, ast.expr | None] = {}
        self.defaults: dict[str, ast.expr] = {}  # of the command line
        self.fields: dict[str, dict[str, ast.expr | None]] = {}  # by their names, then by the classes that have them
        self.settings: dict[str, list[tuple[ast.Attribute, ast.expr]]] = {}  # `openai.api_base`, wherever it is set
        self.functions: dict[tuple[str, str], list[CodeScope]] = {}  # by their classes and names
        self._taking: dict[str, list[CodeScope]] = {}  # functions by the names of their parameters
        self.classes: list[ast.ClassDef] = []
        self.scopes: dict[int, CodeScope] = {}  # the functions that names and attributes stand in
        self._bound: dict[str, list[ast.expr]] = {}
        self._entries: dict[str, dict[str, ast.expr]] = {}  # of maps that names stand for, each set by its key
        self._held: dict[int, list[ast.expr]] = {}
        self._meant: dict[str, list[ast.expr]] = {}
        self.looked_at = 0  # pieces of code, by whoever asks where things come from
        calls: list[ast.Call] = []
        self._walk(file.python, calls)
        self.calls = [CodeCall(name=self.name(one.func), node=one, spread=self._spread(one)) for one in calls]
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

    def value(self, node: ast.expr | None) -> Argument:
        """What an expression is, as far as the module says."""
        return value_of(self, node)

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
        if name not in self._meant:
            given = (one for function in self._taking.get(name, ()) for one in function.given(name))
            self._meant[name] = [*self._bound.get(name, ()), *(node for node in given if node is not None)]
        return self._meant[name]

    def field(self, name: str) -> ast.expr | None:
        """What a field is set to, where one class alone has one of this name and sets it once."""
        found = list(self.fields.get(name, {}).values())
        return found[0] if len(found) == 1 else None

    def functions_called(self, call: ast.Call) -> list[CodeScope]:
        """The functions of the module that a call is of: by a name, as the making of a class, or on `self`."""
        match call.func:
            case ast.Name(id=name):
                return self.functions.get((name, "__init__")) or self.functions.get(("", name), [])
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name) if scope := self.scopes.get(id(call.func)):
                return self.functions.get((scope.owner_of(), name), [])
        return []

    def texts(self) -> Iterator[str]:
        """Every literal text, wherever it stands."""
        for node in ast.walk(self.file.python):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value

    def targets(self, call: ast.Call) -> list[ast.expr]:
        """What holds what a call gives: `client`, `self.client`."""
        return self._held.get(id(call), [])

    def _walk(self, tree: ast.AST, calls: list[ast.Call]) -> None:
        """Everything, each with the function and the class that it stands in; `top` is what stands in neither."""
        waiting: list[tuple[ast.AST, bool, CodeScope | None, str]] = [(tree, True, None, "")]
        while waiting:
            node, top, scope, owner = waiting.pop()
            self._bind(node, scope)
            if isinstance(node, (ast.Name, ast.Attribute)):
                self._place(node, scope)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                self._import(node)
            elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
                self._assign(node, node.value, scope, owner, top=top)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                scope, top = self._define(node, owner, scope), False
            elif isinstance(node, ast.ClassDef):
                scope, owner, top = None, node.name, False
                self.classes.append(node)
            elif isinstance(node, ast.Global):  # some function sets them, whenever it runs
                self.constants.update(dict.fromkeys(node.names))
            elif isinstance(node, ast.Call):
                calls.append(node)
            if not _only_for_types(node):
                waiting += [(child, top, scope, owner) for child in ast.iter_child_nodes(node)]

    def _place(self, node: ast.Name | ast.Attribute, scope: CodeScope | None) -> None:
        if scope is not None:
            self.scopes[id(node)] = scope

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef, owner: str, outer: CodeScope | None) -> CodeScope:
        scope = CodeScope(node, owner if outer is None else "", outer)
        self.functions.setdefault((scope.owner, node.name), []).append(scope)
        for name in scope.parameters:
            self._taking.setdefault(name, []).append(scope)
        return scope

    def _bind(self, node: ast.AST, scope: CodeScope | None) -> None:
        target: ast.expr | None = None
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            # One that comes from elsewhere may be set only where there is one.
            literal = isinstance(value, ast.Constant)
            if literal and isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
                self._entries.setdefault(target.value.id, {})[str(getattr(target.slice, "value", ""))] = value
            self._held.setdefault(id(value), []).append(target)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            target, value = node.target, node.iter
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            target, value = node.optional_vars, node.context_expr
        elif isinstance(node, ast.AugAssign):
            target, value = node.target, node.value
        for one in ast.walk(target) if target is not None else ():
            if isinstance(one, ast.Name):
                self._bound.setdefault(one.id, []).append(value)
                if isinstance(target, (ast.Tuple, ast.List)) or not isinstance(node, ast.Assign):
                    (self.constants if scope is None else scope.assigned)[one.id] = None

    def _spread(self, call: ast.Call) -> dict[str, ast.expr]:
        """What a call is given by maps: one that stands there, or the only one that its name stands for."""
        found: dict[str, ast.expr] = {}
        for given in (one.value for one in call.keywords if one.arg is None):
            named = given.id if isinstance(given, ast.Name) else ""
            maps = [one for one in (given, *self._bound.get(named, [])[:_DEEPEST]) if isinstance(one, ast.Dict)]
            pairs = zip(maps[0].keys, maps[0].values, strict=True) if len(maps) == 1 else ()
            found |= {str(key.value): value for key, value in pairs if isinstance(key, ast.Constant)}
            found |= self._entries.get(named, {})
        return found

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for one in node.names:
            if isinstance(node, ast.Import):
                first = one.name.partition(".")[0]
                self._imports[one.asname or first] = one.name if one.asname else first
            else:
                self._imports[one.asname or one.name] = f"{'.' * node.level}{node.module or ''}.{one.name}"

    def _assign(
        self, node: ast.Assign | ast.AnnAssign, value: ast.expr, scope: CodeScope | None, owner: str, *, top: bool
    ) -> None:
        """What is assigned twice is not decided here: a constant, a name of a function, or a field of a class."""
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Attribute):
                names: dict[str, ast.expr | None] = self.fields.setdefault(target.attr, {})
                own = scope is not None and getattr(target.value, "id", "") in ("self", "cls")
                key = scope.owner_of() if scope and own else self.name(target.value)
                if not own:
                    self.settings.setdefault(f"{key}.{target.attr}", []).append((target, value))
            else:
                key = getattr(target, "id", "")
                names = scope.assigned if scope else self.constants if top else self.fields.setdefault(key, {})
                key = key if scope or top else owner
            names[key] = None if key in names else value

    def _arguments(self) -> None:
        for call in self.calls:
            if call.last == "add_argument" and (default := call.argument("default")) is not None:
                for flag in _flags(call.node):
                    self.defaults[flag] = default
            for function in self.functions_called(call.node):
                function.calls.append(call)


def _flags(node: ast.Call) -> Iterator[str]:
    for argument in node.args:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value.lstrip("-").replace("-", "_")


def _only_for_types(node: ast.AST) -> bool:
    """Whether this is a block that only type checkers see."""
    test = getattr(node, "test", None)
    return isinstance(node, ast.If) and (getattr(test, "id", "") or getattr(test, "attr", "")) == "TYPE_CHECKING"

"""
What a Python module says, without running it: what names mean, and which values arguments have.

A value is followed through constants of the module, defaults of `argparse` and of the environment, and default values
of parameters. A default is true until somebody overrides it, so it comes with a note.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fedpolicy.records import dataclass
from fedpolicy.scan.evidence import Evidence, Strength, written
from fedpolicy.scan.reading.files import File

__all__ = ["Argument", "Call", "Module"]

_DEEPEST = 20  # steps of a name
_FARTHEST = 4  # names that stand for names


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """A value as far as the module decides it; `open` says what may change it."""

    value: object = None
    known: bool = False
    open: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
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
        self.calls: list[Call] = []
        self._functions: dict[str, ast.expr] = {}
        calls: list[ast.Call] = []
        self._walk(file.python, calls)
        self.calls = [Call(name=self.name(one.func), node=one) for one in calls]
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
        if isinstance(node, ast.Constant):
            return Argument(value=node.value, known=True)
        if isinstance(node, ast.Name):
            return self._named(node.id, depth)
        if isinstance(node, ast.Attribute) and node.attr in self._defaults:
            found = self.value(self._defaults[node.attr], depth + 1)
            return Argument(value=found.value, known=found.known, open="a default of the command line")
        if isinstance(node, ast.Call):
            return self._from_environment(node, depth)
        return Argument()

    def says(self, node: ast.AST, subject: str, attribute: str, value: object, *, note: str = "") -> Evidence:
        """What a place of the code says of something."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        return Evidence(
            subject=subject,
            attribute=attribute,
            value=written(value),
            span=self.file.line(line, column),
            strength=Strength.WIRED,
            note=note,
        )

    def _walk(self, tree: ast.AST, calls: list[ast.Call]) -> None:
        waiting: list[tuple[ast.AST, bool]] = [(tree, True)]
        while waiting:
            node, top = waiting.pop()
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._import(node)
            elif isinstance(node, ast.Assign) and top and len(node.targets) == 1:
                self._assign(node.targets[0], node.value)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                self._assign(node.target, node.value)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._parameters(node.args)
            elif isinstance(node, ast.Call):
                calls.append(node)
            if not _only_for_types(node):
                inner = top and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
                waiting += [(child, inner) for child in ast.iter_child_nodes(node)]

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for one in node.names:
            if isinstance(node, ast.Import):
                self._imports[one.asname or one.name.partition(".")[0]] = (
                    one.name if one.asname else one.name.partition(".")[0]
                )
            else:
                self._imports[one.asname or one.name] = f"{'.' * node.level}{node.module or ''}.{one.name}"

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            # What is assigned twice is not decided here.
            known = target.id in self._constants
            self._constants[target.id] = ast.Name(id="") if known else value

    def _parameters(self, arguments: ast.arguments) -> None:
        named = [*arguments.posonlyargs, *arguments.args][-len(arguments.defaults) :] if arguments.defaults else []
        pairs = [
            *zip(named, arguments.defaults, strict=False),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        for one, default in pairs:
            if default is not None:
                self._functions.setdefault(one.arg, default)

    def _arguments(self) -> None:
        for call in self.calls:
            if call.last == "add_argument" and (default := call.argument("default")) is not None:
                for flag in _flags(call.node):
                    self._defaults[flag] = default

    def _named(self, name: str, depth: int) -> Argument:
        if name in self._constants:
            return self.value(self._constants[name], depth + 1)
        if name in self._functions:
            found = self.value(self._functions[name], depth + 1)
            return Argument(value=found.value, known=found.known, open="a default of a parameter")
        return Argument()

    def _from_environment(self, node: ast.Call, depth: int) -> Argument:
        name = self.name(node.func)
        if name in ("int", "str", "float") and node.args:
            return self.value(node.args[0], depth + 1)
        if name.removeprefix("os.") not in ("getenv", "environ.get") or len(node.args) < 2:  # noqa: PLR2004  a name and a default
            return Argument()
        found = self.value(node.args[1], depth + 1)
        variable = self.value(node.args[0], depth + 1).value
        return Argument(value=found.value, known=found.known, open=f"a default of the variable {variable}")


def _flags(node: ast.Call) -> Iterator[str]:
    for argument in node.args:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value.lstrip("-").replace("-", "_")


def _only_for_types(node: ast.AST) -> bool:
    """Whether this is a block that only type checkers see."""
    test = getattr(node, "test", None)
    return isinstance(node, ast.If) and (getattr(test, "id", "") or getattr(test, "attr", "")) == "TYPE_CHECKING"

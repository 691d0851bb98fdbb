"""
The one place that knows the CEL library: expressions are compiled, checked and judged with three values.

Every field is a typed variable of its own (`model.class`), so a misspelt field or a wrong type is found when a rule is
loaded. The library returns errors as truthy values; nothing here trusts truthiness.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fedpolicy.policy.fields import CONSTANTS, Type, Value
from fedpolicy.policy.texts import Name, excesses, is_large, names_in, too_much_work, with_presence
from fedpolicy.records import dataclass
from fedpolicy.startup import pattern

if TYPE_CHECKING:
    from cel_expr_python.cel import Activation, Env

_PRESENCE = "has."
_ERROR = pattern(r"ERROR: <input>:(\d+):(\d+): (.*)")
_UNDECLARED = pattern(r"undeclared reference to '([^']*)'")
_STATUS = pattern(r"^[A-Z_]+: | \[[A-Z_]+\]$")
_MIXED = pattern(r"no matching overload for '(\S+)' applied to '\((.*)\)'")
_MIXTURES = (
    ({"double", "int"}, "; write whole numbers as 1.0 here"),
    ({"int", "string"}, "; write numbers, and levels such as VERBATIM, without quotes"),
)


@dataclass(frozen=True, slots=True)
class BadExpression:
    """Something wrong in an expression: what, the offset of the character, and the name that is not known."""

    message: str
    offset: int
    unknown: str = ""


class EvaluationError(Exception):
    """An expression failed although every field that it reads has a value: the rule is wrong."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Yes, no, or unknown because the fields `absent` have no value."""

    value: bool | None
    absent: tuple[str, ...] = ()


_YES, _NO = Truth(value=True), Truth(value=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """One compiled expression. `reads` are the fields whose values it uses, `asks` those whose presence it asks for."""

    text: str
    program: Any
    reads: frozenset[str]
    asks: frozenset[str] = frozenset()

    @property
    def variables(self) -> frozenset[str]:
        """Everything that has to be in an activation."""
        return self.reads | {_PRESENCE + name for name in self.asks}

    def judge(self, facts: Mapping[str, Value], activation: Activation, *, large: bool = True) -> Truth:
        """
        Decide, for an activation made of these facts.

        An absent field does not matter where the rest decides; what is not `large` takes little, whatever is asked.
        Raises EvaluationError if nothing is absent and there is no answer all the same.
        """
        read = {name: facts[name] for name in self.reads if name in facts} if large else {}
        if is_large(read.values()) and (why := too_much_work(self.text, read)):
            raise EvaluationError(why)
        try:
            result = self.program.eval(activation)
        except RuntimeError as error:  # only the bound on iterations is raised
            raise EvaluationError(_STATUS.sub("", str(error))) from error
        value = result.value()  # of an expression that compiled: a truth, or an error
        if value is True:
            return _YES
        if value is False:
            return _NO
        absent = tuple(sorted(name for name in self.reads if name not in facts))
        if not absent:
            raise EvaluationError(_STATUS.sub("", str(value)))
        return Truth(None, absent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """
    What the expressions of one rule may name, with types; see `language`.

    Its scope keeps apart the parameters of rules that share an activation: in expressions `params.limit` is written,
    the activation holds `<scope>.params.limit`.
    """

    fields: Mapping[str, Type]
    env: Env

    def compile(self, text: str) -> Expression | tuple[BadExpression, ...]:
        """Compile an expression that must say yes or no, or say everything that is wrong with it."""
        too_much = tuple(BadExpression(one.message, one.offset) for one in excesses(text))
        if too_much:
            return too_much
        found = list(names_in(text))
        try:
            program = self.env.compile(with_presence(text))
        except RuntimeError as error:
            return tuple(_mistakes(str(error), text, found))
        result = program.return_type()
        if result != _library().Type.BOOL:
            return (BadExpression(f"this gives {result.name().lower()}, not true or false", 0),)
        return Expression(
            text=text,
            program=program,
            reads=frozenset(self._read(found)),
            asks=frozenset(name.text for name in found if name.has),
        )

    def _read(self, found: Iterable[Name]) -> Iterable[str]:
        for name in found:
            known = name.text
            while known and known not in self.fields:
                known = known.rpartition(".")[0]
            if known and not name.has:
                yield known


def activator() -> Callable[[Mapping[str, Value]], Activation]:
    """What makes values ready for any number of expressions; they are copied once."""
    env = _bare()
    return lambda values: env.Activation(dict(values))


def language(
    fields: Mapping[str, Type],
    *,
    asked: Iterable[str] = (),
    params: Mapping[str, Type] | None = None,
    scope: str = "rule",
) -> Language:
    """Declare what expressions may name; `asked` are the fields whose presence they may ask for."""
    cel = _library()
    types = {name: _type(cel, kind) for name, kind in fields.items()}
    types |= dict.fromkeys((_PRESENCE + name for name in asked), cel.Type.BOOL)
    types |= {f"{scope}.params.{name}": _type(cel, kind) for name, kind in (params or {}).items()}
    types |= dict.fromkeys(CONSTANTS, cel.Type.INT)
    return Language(fields=fields, env=cel.NewEnv(variables=types, container=scope))


class _Kept:
    """What the library has serialised, an expression again once somebody asks: many rules judge nothing."""

    def __init__(self, program: bytes) -> None:
        self._program = program

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever an expression of the library has
        found = getattr(_bare().deserialize(self._program), name)
        setattr(self, name, found)
        return found


def restored(program: bytes) -> Any:  # noqa: ANN401  the library's expression
    """What `Expression.program` was before it was serialised by the same version of the library."""
    return _Kept(program)


def library_version() -> str:
    """The version of the CEL library; empty where that cannot be said."""
    # The library does not say, and to import importlib.metadata would cost as much as reading all rules.
    place = Path(str(_library().__file__)).parent
    start, end = f"{place.name}-", ".dist-info"
    names = os.listdir(place.parent)  # noqa: PTH208  no Path for each
    found = [name for name in names if name.startswith(start) and name.endswith(end)]
    return found[0].removeprefix(start).removesuffix(end) if len(found) == 1 else ""


@cache
def _bare() -> Env:
    """Enough for what is compiled already."""
    return _library().NewEnv()


@cache
def _library() -> Any:  # noqa: ANN401  a module; imported late, because not every command judges
    from cel_expr_python import cel  # noqa: PLC0415

    return cel


def _type(cel: Any, kind: Type) -> Any:  # noqa: ANN401
    return {
        Type.TEXT: cel.Type.STRING,
        Type.BOOL: cel.Type.BOOL,
        Type.INT: cel.Type.INT,
        Type.LEVEL: cel.Type.INT,
        Type.NUMBER: cel.Type.DOUBLE,
        Type.LIST: cel.Type.List(cel.Type.STRING),
    }[kind]


def _mistakes(said: str, text: str, found: list[Name]) -> Iterable[BadExpression]:
    lines = text.split("\n")
    errors = _ERROR.findall(said)
    if not errors:
        yield BadExpression(_STATUS.sub("", said), 0)
    for line, column, message in errors:
        offset = sum(len(one) + 1 for one in lines[: int(line) - 1]) + int(column) - 1
        plain = _STATUS.sub("", message)
        unknown = _UNDECLARED.search(plain)
        if unknown:
            name = unknown[1].removeprefix(_PRESENCE)
            start = max((one.offset for one in found if one.offset <= offset), default=offset)
            yield BadExpression(f"there is no field `{name}`", start, unknown=name)
        else:
            yield BadExpression(_readable(plain), offset)


def _readable(message: str) -> str:
    mixed = _MIXED.search(message)
    if not mixed:
        if "<EOF>" in message:
            return "the expression ends too early"
        short = message.partition(" expecting ")[0]
        return short[:1].lower() + short[1:]
    operator, types = mixed[1].strip("_"), mixed[2]
    advice = next((said for pair, said in _MIXTURES if pair <= set(types.split(", "))), "")
    return f"`{operator}` does not work on ({types}){advice}"

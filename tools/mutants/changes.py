"""The mutants of a module: each is one small change of its code that tests should notice."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tools.mutants.alternatives import alternatives
from tools.mutants.places import Scope, Where, visited


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


def mutants_of(file: str, source: str) -> list[Mutant]:
    """All mutants of a module, in the order of the text."""
    found: list[Mutant] = []
    seen: Counter[tuple[str, str, str]] = Counter()
    for node, where, scope in visited(ast.parse(source), (), Scope()):
        for number, (after, _) in enumerate(alternatives(node, scope)):
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
    for node, where, scope in visited(tree, (), Scope()):
        if where == mutant.where:
            made = list(alternatives(node, scope))[mutant.number][1]
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

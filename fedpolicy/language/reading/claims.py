"""
Evidence and `unknown`, taken out of the tree before it is validated.

Any value may be written `{value, evidence, reference}`: the value stays, the rest goes to a side table.
A value written `unknown` is remembered, and read as what its key declares for that (an open one: None). Nobody knows
then, whatever else would hold by default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from fedpolicy.language.model.shape import VALUE, Key, Shape, entry_shape
from fedpolicy.language.reading.mistakes import Mistake
from fedpolicy.language.reading.spans import Path
from fedpolicy.records import dataclass, field
from fedpolicy.suggest import advise

EVIDENCE: tuple[str, ...] = get_args(Literal["declared", "contractual", "attested", "measured"])
_CLAIM_KEYS = ("value", "evidence", "reference")
_PLAIN = {str, int, float, bool}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """On what a value rests (declared, contractual, attested or measured), and where that can be read."""

    evidence: str = "declared"
    reference: str | None = None


@dataclass(slots=True, kw_only=True)
class Lifted:
    """A tree without claims and unknowns, and what was taken out of it."""

    tree: object = None
    claims: dict[Path, Claim] = field(default_factory=dict)
    unknowns: set[Path] = field(default_factory=set)
    mistakes: list[Mistake] = field(default_factory=list)

    def read(self, tree: object, shape: Shape, path: Path, *, claimable: bool = True) -> object:
        """The value of this place without claims and unknowns; whole entries and the document are not claimable."""
        if type(tree) is dict:
            if _is_plain(tree):
                return tree
            return self._map(tree, shape, path, claimable=claimable)
        if type(tree) is tuple:
            if _is_list_of_text(tree):
                return tree
            items = shape.items or VALUE
            found = tuple(self.read(item, items, (*path, place)) for place, item in enumerate(tree))
            return tree if all(new is old for new, old in zip(found, tree, strict=True)) else found
        if tree is None:
            self._null(shape, path)
        return tree

    def _null(self, shape: Shape, path: Path) -> None:
        nested = shape.values or shape.entry
        advice = "write its keys below it, or `{}` for none" if nested else "write a value, or remove the key"
        self.mistakes.append(Mistake(path=path, message="no value", help=advice))

    def _map(self, tree: dict[str, object], shape: Shape, path: Path, *, claimable: bool) -> object:
        if shape.values is not None:
            values, single = shape.values, shape.values.entry is None
            found = {key: self.read(item, values, (*path, key), claimable=single) for key, item in tree.items()}
            return _rebuilt(tree, found)
        entry = shape.entry_for(tree)
        keys = entry_shape(entry) if entry else {}
        if claimable and _is_claim(tree, keys):
            return self._claim(tree, shape, path)
        return _rebuilt(tree, {name: self._field(item, keys.get(name), path, name) for name, item in tree.items()})

    def _field(self, item: object, key: Key | None, above: Path, name: str) -> object:
        if key is None or (type(item) in _PLAIN and not (key.unknown is not ... and item == "unknown")):
            return item
        path = (*above, name)
        found = self.read(item, key.shape, path)
        if found == "unknown" and key.unknown is not ...:
            self.unknowns.add(path)
            self.claims.pop(path, None)
            return key.unknown
        return found

    def _claim(self, tree: dict[str, object], shape: Shape, path: Path) -> object:
        self.mistakes += _claim_mistakes(tree, path)
        if path in self.claims:
            self.mistakes.append(Mistake(path=path, message="a claim inside a claim", help="keep one of the two"))
        evidence, reference = tree.get("evidence", "declared"), tree.get("reference")
        self.claims[path] = Claim(evidence=str(evidence), reference=None if reference is None else str(reference))
        return self.read(tree.get("value", "unknown"), shape, path)


def lift(tree: object, shape: Shape) -> Lifted:
    """Take claims and unknowns out of a document."""
    lifted = Lifted()
    lifted.tree = lifted.read(tree, shape, (), claimable=False)
    return lifted


def _is_plain(tree: dict[str, object]) -> bool:
    """Whether nothing can be taken out of a map, whatever may stand there: most entries of a file are so."""
    for item in tree.values():
        kind = type(item)
        if (kind is str and item == "unknown") or (kind not in _PLAIN and not _is_list_of_text(item)):
            return False
    return "value" not in tree and "evidence" not in tree


def _is_list_of_text(tree: object) -> bool:
    return type(tree) is tuple and all(type(item) is str for item in tree)


def _rebuilt(tree: dict[str, object], found: dict[str, object]) -> dict[str, object]:
    if all(found[key] is item for key, item in tree.items()):
        return tree
    return found


def _is_claim(tree: Mapping[str, object], keys: Mapping[str, Key]) -> bool:
    if "value" in tree:
        return "value" not in keys
    return "evidence" in tree and "evidence" not in keys


def _superfluous(tree: Mapping[str, object], path: Path) -> list[Mistake]:
    others = [key for key in tree if key not in _CLAIM_KEYS]
    said = [(key, f"a claim has no key `{key}`", advise(key, _CLAIM_KEYS)) for key in others]
    return [Mistake(path=(*path, key), message=message, help=advice, key=True) for key, message, advice in said]


def _claim_mistakes(tree: Mapping[str, object], path: Path) -> list[Mistake]:
    found = _superfluous(tree, path)
    if "value" not in tree:
        found.append(Mistake(path=path, message="a claim without `value`", help="write `{value: ..., evidence: ...}`"))
    evidence = tree.get("evidence", "declared")
    if evidence not in EVIDENCE:
        said = f"`{evidence}` is not a kind of evidence"
        found.append(Mistake(path=(*path, "evidence"), message=said, help=advise(str(evidence), EVIDENCE)))
    if not isinstance(tree.get("reference", ""), str):
        message = f"`{tree['reference']}` is not text"
        found.append(Mistake(path=(*path, "reference"), message=message, help="write the reference in quotes"))
    return found

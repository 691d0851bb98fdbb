"""
Every name in a document that must exist, and whether it does; then what contradicts itself.

`participants`, where a list of parties may say it, becomes the names of all parties with that role.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from fedpolicy.language.model import Deployment
from fedpolicy.language.model.dataset import Dataset
from fedpolicy.language.model.entry import Entry, Named
from fedpolicy.language.model.flow import ApiCall, Flow, Task, TreeHop
from fedpolicy.language.model.party import Agreement
from fedpolicy.language.model.safeguards import Safeguard
from fedpolicy.language.model.shape import Key, Shape, entry_shape
from fedpolicy.language.reading.checks import CHECKS
from fedpolicy.language.reading.mistakes import Contradiction, Mistake
from fedpolicy.language.reading.raw import Names, Tree, entries_in, ids
from fedpolicy.language.reading.spans import Path
from fedpolicy.language.reading.unresolved import unresolved
from fedpolicy.limits import USUAL, Bounds
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.catalog import Catalog

PARTICIPANTS = "participants"
Guarded = TypeVar("Guarded", Task, ApiCall, Flow, TreeHop)


Keys = tuple[tuple[Key, ...], tuple[Key, ...]]
Settled = Callable[[Named, object], bool]  # whether every name in a value surely means something where it stands


def spelt_out(deployment: Deployment) -> Deployment:
    """
    The same deployment with the participants by name in agreements, permits and safeguards.

    `trusts`, `releases` and a model's `account` keep the word: there it means everybody else's own as well.
    """
    names = tuple(sorted(name for name, party in deployment.parties.items() if "participant" in party.role))
    changed = {
        "agreements": _entries(deployment.agreements, lambda entry: _agreement(entry, names)),
        "datasets": _entries(deployment.datasets, lambda entry: _permitted(entry, names)),
        "tasks": _entries(deployment.tasks, lambda entry: _task(entry, names)),
        "api_calls": _entries(deployment.api_calls, lambda entry: _guarded(entry, names)),
        "flows": _entries(deployment.flows, lambda entry: _guarded(entry, names)),
    }
    update = {key: value for key, value in changed.items() if value is not None}
    return deployment.changed(**update) if update else deployment


def _entries(section: Mapping[str, Any], change: Callable[[Any], Any]) -> dict[str, Any] | None:
    found = {name: change(entry) for name, entry in section.items()}
    return found if any(found[name] is not entry for name, entry in section.items()) else None


def _agreement(entry: Agreement, names: Sequence[str]) -> Agreement:
    if PARTICIPANTS not in entry.between:
        return entry
    return entry.changed(between=_named(entry.between, names))


def _permitted(entry: Dataset, names: Sequence[str]) -> Dataset:
    permit = entry.permit
    if permit is None or PARTICIPANTS not in (permit.people or ()):
        return entry
    return entry.changed(permit=permit.changed(people=_named(permit.people or (), names)))


def _task(entry: Task, names: Sequence[str]) -> Task:
    hops = tuple(_guarded(hop, names) for hop in entry.hops)
    if any(new is not old for new, old in zip(hops, entry.hops, strict=True)):
        entry = entry.changed(hops=hops)
    return _guarded(entry, names)


def _guarded(entry: Guarded, names: Sequence[str]) -> Guarded:
    if all(PARTICIPANTS not in (one.operated_by or ()) for one in entry.safeguards):
        return entry
    return entry.changed(safeguards=tuple(_safeguard(one, names) for one in entry.safeguards))


def _safeguard(one: Safeguard, names: Sequence[str]) -> Safeguard:
    if PARTICIPANTS not in (one.operated_by or ()):
        return one
    return one.changed(operated_by=_named(one.operated_by or (), names))


def _named(parties: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    listed = [name for party in parties for name in (names if party == PARTICIPANTS else (party,))]
    return tuple(dict.fromkeys(listed))


@dataclass(frozen=True, slots=True)
class Mention:
    """One name that somebody wrote, and what it may mean there; `repeated`: the list has it before."""

    path: Path
    name: str
    wanted: Named
    repeated: bool = False


def references(root: Tree, settled: Settled = lambda _, __: False) -> Iterator[Mention]:
    """Every name in a document that must exist, but for the values that are `settled`."""
    for section in entry_shape(Deployment).values():
        entry = section.shape.values.entry if section.shape.values else None
        if entry is not None:
            keys = _keys((entry,))
            for path, tree in entries_in(root, section.name):
                yield from _of_entry(tree, path, keys, settled)


@cache
def _keys(kinds: tuple[type[Entry], ...]) -> Keys:
    """The keys of an entry that name something, and those under which there may be others that do."""
    found = {key.name: key for entry in kinds for key in entry_shape(entry).values()}.values()
    below = (key for key in found if _inside(key.shape.items or key.shape))
    return tuple(key for key in found if key.names), tuple(below)


def _inside(shape: Shape) -> tuple[type[Entry], ...]:
    # What a safeguard names is looked up even where its kind is wrong.
    return tuple(shape.kinds.values()) if shape.kinds else (shape.entry,) if shape.entry else ()


def _of_entry(tree: Tree, path: Path, keys: Keys, settled: Settled) -> Iterator[Mention]:
    named, below = keys
    for key in named:
        if key.names and key.name in tree and not settled(key.names, tree[key.name]):
            yield from _of_key(tree, path, key.name, key.names)
    for key in below:
        if key.name in tree:
            inner = _keys(_inside(key.shape.items or key.shape))
            for place, item in _maps(tree[key.name], key.shape):
                yield from _of_entry(item, (*path, key.name, *place), inner, settled)


def _maps(found: object, shape: Shape) -> Iterator[tuple[Path, Tree]]:
    """The maps behind a key; a bare id among the hops of a tree is a hop."""
    if isinstance(found, dict):
        yield (), found
    elif isinstance(found, tuple) and shape.items:
        for place, item in enumerate(found):
            if isinstance(item, dict):
                yield (place,), item
            elif isinstance(item, str):
                yield (place,), {"at": item}


def _of_key(entry: Tree, path: Path, key: str, wanted: Named) -> Iterator[Mention]:
    found = entry.get(key)
    if isinstance(found, str):
        yield Mention((*path, key, 0), found, wanted.last or wanted)
        return
    seen: set[str] = set()
    named = ids(entry, key)
    for place, name in named:
        meant = wanted.last if wanted.last and place == named[-1][0] else wanted
        yield Mention((*path, key, place), name, meant, name in seen and not wanted.repeats)
        seen.add(name)


def resolve(tree: object, catalog: Catalog, known: Iterable[Mistake] = (), bounds: Bounds = USUAL) -> list[Mistake]:
    """
    Every name that means nothing, and everything that contradicts something else.

    `known` are mistakes found before: nothing is said that rests on a value that is wrong itself.
    """
    if not isinstance(tree, dict):
        return []
    before = list(known)
    broken = _Broken(before)
    names = Names(root=tree, catalog=catalog, lost=broken.sections, bounds=bounds)
    found = [mistake for mistake in _unresolved(names) if not broken.touches(mistake.path)]
    broken = _Broken([*before, *found])
    said = (one.mistake for one in _contradictions(names) if not broken.touches(one.mistake.path, *one.rests_on))
    return [*found, *said]


def _unresolved(names: Names) -> Iterator[Mistake]:
    for reference in references(names.root, names.settled):
        mistake = unresolved(reference, names)
        if mistake is not None:
            yield mistake
        elif not reference.repeated:
            names.sure(reference.wanted).add(reference.name)


def _contradictions(names: Names) -> Iterator[Contradiction]:
    for check in CHECKS:
        yield from check(names)


class _Broken:
    """The paths of known mistakes, and everything above them."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.paths = {path for mistake in mistakes for path in (mistake.path, *mistake.also)}
        self._above = {path[:length] for path in self.paths for length in range(len(path) + 1)}

    @property
    def sections(self) -> frozenset[str]:
        """Those that are wrong as a whole."""
        return frozenset(str(path[0]) for path in self.paths if len(path) == 1)

    def touches(self, *paths: Path) -> bool:
        """Whether one of these is wrong itself, holds something wrong, or lies in something wrong."""
        return any(self._overlaps(path) for path in paths)

    def _overlaps(self, path: Path) -> bool:
        return path in self._above or any(path[:length] in self.paths for length in range(len(path) + 1))

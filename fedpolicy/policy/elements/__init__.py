"""
The one table of what a rule may read, per kind of element, and the contexts made from it.

A context holds plain values only; an open field that nobody stated is left out, with the paths that would state it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import count, islice, repeat
from types import MappingProxyType
from typing import Any

from fedpolicy.policy.elements import (
    agreement,
    api_call,
    budget,
    connection,
    dataset,
    dependency,
    deployment,
    disclosure,
    flow,
    model,
    party,
    safeguard,
    software,
    task,
)
from fedpolicy.policy.elements.shared import about_owners
from fedpolicy.policy.fields import Field, Kind, Known, Missing, Presence, Subject, Value
from fedpolicy.policy.world import Territories, World
from fedpolicy.records import dataclass, field

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        deployment.KIND,
        party.KIND,
        party.NODE,
        dataset.KIND,
        model.KIND,
        task.KIND,
        flow.KIND,
        connection.KIND,
        software.KIND,
        api_call.KIND,
        safeguard.KIND,
        disclosure.KIND,
        dependency.KIND,
        budget.KIND,
        agreement.KIND,
    )
}
_ROOT = deployment.KIND.name
Lack = tuple[Subject, Field, Missing | None]
_TOGETHER = 1_000  # elements that are read together: of more there may be no room for all columns
_UNLIKE = {list, Missing}


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """
    What the rules read of one element.

    `variants` holds one set of values per value that its RANGE fields may take (mostly one; None: no such element);
    `lacks` the open fields that are left out, each with the element that lacks it and what is missing there.
    """

    subject: Subject
    variants: tuple[Mapping[str, Value] | None, ...]
    lacks: Mapping[str, Lack] = field(default_factory=dict)

    @property
    def absent(self) -> Mapping[str, tuple[str, ...]]:
        """The paths that would state each open field that is left out."""
        return {name: self.missing(name) for name in self.lacks}

    def missing(self, name: str) -> tuple[str, ...]:
        """The paths that would state one of them."""
        subject, lacking, found = self.lacks[name]
        return (found.paths if found else ()) or (".".join(map(str, (*subject.path, lacking.key or lacking.name))),)


@cache
def table(kind: str) -> Mapping[str, Field]:
    """The fields that rules for this kind may read, by the dotted name that they write."""
    found = {f"{_ROOT}.{one.name}": one for one in KINDS[_ROOT].fields}
    return MappingProxyType(found | {f"{kind}.{one.name}": one for one in KINDS[kind].fields})


@dataclass(frozen=True, slots=True)
class Outside:
    """An element that no rule is about, such as one of nobody whom a law protects."""

    subject: Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """
    What rules read of some elements of a kind: a column for each field, so that thousands are read field by field.

    `inside` are those that a rule may be about, in the order of the columns. `around` is what rules read of the
    deployment, and what of that is left out.
    """

    kind: str
    subjects: Sequence[Subject | Outside]
    inside: Sequence[Subject]
    fields: Mapping[str, Field]
    columns: Sequence[Sequence[Presence]]
    around: tuple[Mapping[str, Value], Mapping[str, Lack]]

    @property
    def surroundings(self) -> Hashable:
        """What rules read of the deployment, to be compared."""
        return tuple(self.around[0]), tuple(_comparable(self.around[0].values()))

    def elements(self) -> Iterator[tuple[Hashable, Subject, Callable[[], Context]]]:
        """Each element: what is equal for all of which every rule says the same, and how to make its context."""
        rows = zip(*map(_comparable, self.columns), strict=True) if self.columns else repeat(())
        read = zip(self.inside, rows, count())
        for one in self.subjects:
            if isinstance(one, Outside):
                yield None, one.subject, partial(Context, subject=one.subject, variants=(None,))
            else:
                subject, row, place = next(read)
                variants = subject.variants and _alternatives(subject)
                yield (row, variants, bool(subject.doubt)), subject, partial(self._context, subject, place)

    def _context(self, subject: Subject, place: int) -> Context:
        values, lacks = _parted(subject, self.fields, [column[place] for column in self.columns])
        values |= self.around[0]
        variants = tuple(_variant(self.kind, values, self.fields, variant) for variant in subject.variants)
        return Context(subject=subject, variants=variants or (values,), lacks={**self.around[1], **lacks})


def extracts(
    world: World,
    kind: str,
    wanted: Collection[str],
    territories: Territories = (),
    concerned: Callable[[Mapping[str, Value]], bool] | None = None,
) -> Iterator[Extract]:
    """
    The elements of a kind, as far as they are about owners in some territories, with the wanted fields.

    `concerned` says, of the values of the kind's telling fields, whether some rule may be about such an element.
    """
    known, common = table(kind), f"{_ROOT}."
    whole = _whole(world, territories)
    shared = {name: known[name] for name in sorted(wanted) if name.startswith(common)}
    around = _parted(whole, shared, [one.read(whole.data) for one in shared.values()])
    own = {name: known[name] for name in sorted(wanted) if not name.startswith(common)}
    subjects = iter(_subjects(world, KINDS[kind], territories))
    while some := list(islice(subjects, _TOGETHER)):
        if concerned is not None:
            some = _told_apart(some, KINDS[kind], concerned)
        inside = [one for one in some if not isinstance(one, Outside)]
        columns = [_column(one.read, inside) for one in own.values()]
        yield Extract(kind=kind, subjects=some, inside=inside, fields=own, columns=columns, around=around)


def contexts(world: World, kind: str, wanted: Collection[str], territories: Territories = ()) -> Iterator[Context]:
    """
    The same, element by element.

    One that is about nobody there has a context without values: no rule applies to it.
    """
    for extract in extracts(world, kind, wanted, territories):
        yield from (context() for _, _, context in extract.elements())


def _told_apart(
    some: Sequence[Subject | Outside], kind: Kind, concerned: Callable[[Mapping[str, Value]], bool]
) -> list[Subject | Outside]:
    """The same, those outside that no rule is about, which is asked once for elements that look alike."""
    telling = {f"{kind.name}.{one.name}": one.read for one in kind.fields if one.name in kind.telling}
    known: dict[Hashable, bool] = {}

    def apart(subject: Subject) -> Subject | Outside:
        row: tuple[Any, ...] = tuple([read(subject.data) for read in telling.values()])
        if row not in known:
            known[row] = concerned(dict(zip(telling, row, strict=True)))
        return subject if known[row] else Outside(subject)

    return [one if isinstance(one, Outside) else apart(one) for one in some]


def _column(read: Callable[[Any], Presence], subjects: Sequence[Subject]) -> Sequence[Presence]:
    return [read(subject.data) for subject in subjects]


def _comparable(column: Collection[Presence]) -> Iterable[Hashable]:
    """A column of what can be compared; whatever would state what nobody stated, it is the same."""
    values: Iterable[Any] = column
    if _UNLIKE.isdisjoint(map(type, column)):
        return values
    return [tuple(one) if type(one) is list else None if type(one) is Missing else one for one in values]


def _alternatives(subject: Subject) -> Hashable:
    return tuple([one if one is None else (*one, *_comparable(one.values())) for one in subject.variants])


def _subjects(world: World, kind: Kind, territories: Territories) -> Iterable[Subject | Outside]:
    if not territories:
        yield from kind.subjects(world)
        return
    narrow = kind.within or about_owners(lambda view: getattr(view, "families", ()))
    for subject in kind.subjects(world):
        parts = list(narrow(world, subject, territories))
        yield from parts or (Outside(subject),)


def read_field(world: World, kind: str, subject: Subject, name: str) -> list[Value]:
    """Every value that a field of an element may have; none where nobody said."""
    found = table(kind)[name]
    if name.startswith(f"{_ROOT}.") and kind != _ROOT:
        return _known(found.read(_whole(world).data))
    short = name.partition(".")[2]
    if found.known is Known.RANGE and subject.variants:
        values = [variant.get(short) for variant in subject.variants if variant is not None]
        given = [value for value in values if value is not None]
        if given:
            return given
    return _known(found.read(subject.data))


def _whole(world: World, territories: Territories = ()) -> Subject:
    (whole,) = KINDS[_ROOT].subjects(world)
    return world.once(f"whole in {territories}", (), lambda _: deployment.within(whole, territories))


def _known(value: Presence) -> list[Value]:
    return [] if value is None or isinstance(value, Missing) else [value]


def _parted(
    subject: Subject, fields: Mapping[str, Field], read: Sequence[Presence]
) -> tuple[dict[str, Value], dict[str, Lack]]:
    """The values of some fields of an element, and those that it lacks."""
    values: dict[str, Value] = {}
    lacks: dict[str, Lack] = {}
    for (name, one), found in zip(fields.items(), read, strict=True):
        if found is None or isinstance(found, Missing):
            lacks[name] = (subject, one, found)
        else:
            values[name] = found
    return values, lacks


def _variant(
    kind: str, values: Mapping[str, Value], own: Mapping[str, Any], variant: Mapping[str, Value] | None
) -> dict[str, Value] | None:
    if variant is None:
        return None
    names = ((f"{kind}.{name}", value) for name, value in variant.items())
    return {**values, **{name: value for name, value in names if name in own}}

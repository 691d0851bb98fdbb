"""
The one table of what a rule may read, per kind of element, and the contexts made from it.

A context holds plain values only; an open field that nobody stated is left out, with the paths that would state it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import field
from functools import cache
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
    node,
    party,
    safeguard,
    software,
    task,
)
from fedpolicy.policy.elements.shared import about_owners
from fedpolicy.policy.fields import Field, Kind, Known, Missing, Presence, Subject, Value
from fedpolicy.policy.world import Territories, World
from fedpolicy.records import dataclass

__all__ = ["KINDS", "Context", "contexts", "read_field", "table"]

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        deployment.KIND,
        party.KIND,
        node.KIND,
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


def contexts(world: World, kind: str, wanted: Collection[str], territories: Territories = ()) -> Iterator[Context]:
    """
    The elements of a kind, as far as they are about owners in some territories, with the wanted fields.

    One that is about nobody there has a context without values: no rule applies to it.
    """
    known = table(kind)
    around = _read(
        _whole(world, territories), {name: known[name] for name in sorted(wanted) if name.startswith(f"{_ROOT}.")}
    )
    own = {name: known[name] for name in sorted(wanted) if not name.startswith(f"{_ROOT}.")}
    for subject in _subjects(world, KINDS[kind], territories):
        if isinstance(subject, Outside):
            yield Context(subject=subject.subject, variants=(None,))
            continue
        values, lacks = _read(subject, own)
        values |= around[0]
        variants = tuple(_variant(kind, values, own, variant) for variant in subject.variants) or (values,)
        yield Context(subject=subject, variants=variants, lacks={**around[1], **lacks} if around[1] else lacks)


@dataclass(frozen=True, slots=True)
class Outside:
    """An element that is about nobody whom a law protects."""

    subject: Subject


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


def _read(subject: Subject, fields: Mapping[str, Field]) -> tuple[dict[str, Value], dict[str, Lack]]:
    values: dict[str, Value] = {}
    lacks: dict[str, Lack] = {}
    data = subject.data
    for name, one in fields.items():
        found = one.read(data)
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

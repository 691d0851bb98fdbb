"""
Participants who differ in nothing but names: what they can do with a task is worked out for the first of them.

Ten thousand clients may each write a party and a node of their own. Whoever runs one place by itself, and of whom
nothing else speaks, has what the others of its kind have; only gaps at its own place bear its name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.records import replace

if TYPE_CHECKING:
    from fedpolicy.analysis.control import Gap
    from fedpolicy.analysis.control.access import Means
    from fedpolicy.analysis.control.capabilities import Use
    from fedpolicy.analysis.control.removal import Standing
    from fedpolicy.graph import Vertex

__all__ = ["Likeness"]


class Likeness:
    """Who is like whom in a use, and what one of them has in the names of another."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._renamed: dict[tuple[object, ...], Standing] = {}

    def kind(self, use: Use, party: str) -> Hashable | None:
        """All that what a party has depends on, without its names; None where more than that is said of it."""
        place = self._plain.get(party)
        if place is None or self._means.supplied or use.places.get(party) != [place]:
            return None
        who, deployment = self._means.graph.principals[party], self._means.graph.deployment
        hardware = deployment.nodes[place.family].hardware if place.family in deployment.nodes else None
        return (
            who.roles,
            who.jurisdictions,
            place.weight,
            hardware and hardware.gpu_memory_gib,
            tuple(self._means.lookup.placed.get(place.id, ())),
            use.surroundings(place),
        )

    def speaks_of_others(self, standings: Sequence[Standing], party: str, others: Iterable[str]) -> bool:
        """Whether what one has hangs on any of the others who may be like it, or in their hands on its own names."""
        alike = {word for other in others if other in self._plain for word in self._words(other)}
        own, holds = self._words(party), [hold for one in standings for hold in one.holds]
        said = {word for one in holds if not one.mutual for word in (*one.parties, one.cause, *one.through)}
        said |= {_element(path) for one in holds for path in one.missing}
        gaps = {_element(path) for one in standings for gap in _gaps(one) for path in (gap.element, *gap.missing)}
        return not alike.isdisjoint(said) or not alike.isdisjoint(gaps - own)

    def renamed(self, standing: Standing, party: str, other: str) -> Standing:
        """What another has, of whom the same is to be said."""
        names = dict(zip(self._names(party), self._names(other), strict=True))
        said = {_element(path) for gap in _gaps(standing) for path in (gap.element, *gap.missing)}
        changed = {old: new for old, new in names.items() if old != new and old in said}
        if not changed:
            return standing
        key = (id(standing), *(names[name] if name in changed else "" for name in self._names(party)))
        if key not in self._renamed:
            gaps, doubts = (tuple(_with(gap, changed) for gap in some) for some in (standing.gaps, standing.doubts))
            self._renamed[key] = replace(standing, gaps=gaps, doubts=doubts)
        return self._renamed[key]

    def _names(self, party: str) -> tuple[str, str]:
        return f"nodes.{self._plain[party].family}", f"parties.{party}"

    def _words(self, party: str) -> set[str]:
        return {*self._names(party), party, self._plain[party].id}

    @cached_property
    def _plain(self) -> Mapping[str, Vertex]:
        """The parties that run one place by themselves and are named by nothing else, each with its place."""
        places = list(self._means.lookup.places.values())
        known = Counter(who for place in places for who in {place.party, place.host, *place.operators})
        named = self._named
        return {
            place.party: place
            for place in places
            if known[place.party] == 1
            and place.operators == (place.party,)
            and place.host == place.party
            and place.enclave is None
            and self._means.lookup.party(place.party) == place.party
            and named.isdisjoint((place.party, place.id, place.name, place.family))
        }

    @property
    def _named(self) -> set[str | None]:
        """Who stands behind models, and who can open what is sealed."""
        found: set[str | None] = {reader for seal in self._means.graph.seals for reader in seal.readers}
        for name, model in self._means.graph.deployment.models.items():
            row = self._means.row(name)
            found |= {model.provider, model.account, *(model.via or ())}
            found |= {row.provider, row.developer} if row else set()
        return found


def _gaps(standing: Standing) -> Sequence[Gap]:
    return (*standing.gaps, *standing.doubts)


def _element(path: str) -> str:
    """`nodes.client` for `nodes.client.hardware`."""
    return ".".join(path.split(".", 2)[:2])


def _with(gap: Gap, names: Mapping[str, str]) -> Gap:
    """The same gap at another place."""
    element, *missing = (_at(path, names) for path in (gap.element, *gap.missing))
    return gap._replace(element=element, missing=tuple(missing))


def _at(path: str, names: Mapping[str, str]) -> str:
    element = _element(path)
    return names[element] + path[len(element) :] if element in names else path

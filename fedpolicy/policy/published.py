"""Which models everybody can get, and of which it hangs on safeguards that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from fedpolicy.graph import Flow
from fedpolicy.graph.lookup import names_by, ordered
from fedpolicy.language.model.does import Unsaid
from fedpolicy.policy.fields import Missing

if TYPE_CHECKING:
    from fedpolicy.policy.world import World


def any_published(world: World, models: Iterable[str]) -> bool | Missing:
    """Whether everybody can get one of some models; missing where nobody knows what guards all that come out."""
    found = world.lookup.released.intersection(models)
    guarded = world.once("published", (), lambda _: _guarded(world)) if found else {}
    unsaid = [guarded.get(name, ()) for name in sorted(found)]
    return Missing(tuple(ordered(chain.from_iterable(unsaid)))) if found and all(unsaid) else bool(found)


def _guarded(world: World) -> Mapping[str, Sequence[str]]:
    """The models that perhaps come out sealed, so that few can read them, each with the keys that would say it."""
    flows = [one for one in world.graph.flows if one.role == "published"]
    said = names_by((world.graph.vertices[one.source].family, key) for one in flows for key in _unsaid(one))
    return {name: some for name, some in said.items() if "" not in some}


def _unsaid(flow: Flow) -> Iterator[str]:
    """The keys that would say what guards a flow; an empty one where that is known."""
    found = [".".join(map(str, one.path[:-1])) for one in flow.guards if isinstance(one.does, Unsaid)]
    yield from found or [""]

"""Who can open what a flow brings, and learns more by it than its owners release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure import Reading
from fedpolicy.analysis.exposure.groups import allowed_to
from fedpolicy.graph.lookup import ordered
from fedpolicy.graph.masks import common, lacking
from fedpolicy.policy.elements.shared import safeguard_kinds
from fedpolicy.policy.elements.subject_matter import is_private
from fedpolicy.policy.fields import Missing, Presence

if TYPE_CHECKING:
    from fedpolicy.analysis.exposure.views import Viewer
    from fedpolicy.graph import Mask
    from fedpolicy.policy.elements.flow_view import FlowView
    from fedpolicy.policy.world import World

_OPEN_TO = ("operator", "provider", "public")  # the capacities in which somebody receives what a flow brings


def flow_safeguards(view: FlowView) -> Presence:
    """The kinds of the safeguards on a flow."""
    kinds = (guard.spec for flow in view.flows for guard in flow.guards)
    return safeguard_kinds(kinds, f"{view.first.origin}.safeguards")


def is_unreleased(view: FlowView) -> Presence:
    """
    Whether some recipient can open what comes of somebody else's private data, and learns more than is released.

    In an enclave that keeps out its operator nobody reads anything. Where the safeguards are not known, or what the
    data are about, or what is learned, it is not known.
    """
    missing: set[str] = set()
    for viewer, mask in _readers(view):
        if _is_private(view.world, _beyond(view.world, viewer, mask, Reading.LOW)) is True:
            unsaid = flow_safeguards(view)
            return unsaid if isinstance(unsaid, Missing) else True
        perhaps = _beyond(view.world, viewer, mask, Reading.HIGH)
        private = _is_private(view.world, perhaps)
        if private is not False:
            missing.update(private.paths if isinstance(private, Missing) else _undecided(view.world, viewer, perhaps))
    return Missing(tuple(sorted(missing))) if missing else False


def _readers(view: FlowView) -> Iterator[tuple[Viewer, Mask]]:
    """Who has the keys to what it gets, and what of that is not its own."""
    graph, exposure = view.world.graph, view.world.study.exposure
    for flow in view.flows:
        target = graph.vertices[flow.target]
        if all(target.opens(graph.seals[one].readers, graph.seals[one].threshold) for one in flow.seals):
            for who in target.operators:
                others = lacking(view.world.carried(flow), exposure.own.get(who, 0))
                viewers = (exposure.viewers.get((who, role)) for role in _OPEN_TO)
                yield from ((viewer, others) for viewer in viewers if viewer is not None and others)


def _beyond(world: World, viewer: Viewer, mask: Mask, reading: Reading) -> Mask:
    """The instances of which somebody learns more than their owners release to it."""
    found, learned = 0, world.study.exposure.views(viewer)[reading].levels
    for level in range(1, len(learned)):
        for name in world.lookup.families_in(common(learned[level], mask)):
            dataset = world.deployment.datasets[name]
            released = allowed_to(world.graph, world.catalog, viewer, dataset)
            perhaps = reading is Reading.LOW and dataset.says_unknown("releases")
            if not perhaps and (released is None or released < level):
                found |= common(common(learned[level], mask), world.lookup.instances[name])
    return found


def _is_private(world: World, mask: Mask) -> Presence:
    return is_private(world, world.lookup.families_in(mask)) if mask else False


def _undecided(world: World, viewer: Viewer, mask: Mask) -> list[str]:
    """The facts that decide how much somebody learns of some instances."""
    names = set(world.study.exposure.names(mask))
    theirs = (one for one in world.study.disclosures if one.role == viewer.role and viewer.party in one.parties)
    facts = [fact for one in theirs if not names.isdisjoint(one.datasets) for fact in one.missing]
    return ordered([*facts, *world.releases.unknown(world.lookup.families_in(mask))])

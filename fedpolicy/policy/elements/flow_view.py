"""The flows of one origin with one role and payload, as rules look at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from fedpolicy.graph import Flow
from fedpolicy.graph.computation import computing, is_computation
from fedpolicy.graph.lookup import ordered
from fedpolicy.graph.masks import Mask, common, united
from fedpolicy.language.model import flow as declared
from fedpolicy.language.model.flow import ApiCall
from fedpolicy.policy.elements.subject_matter import is_personal
from fedpolicy.policy.world import World


class FlowView:
    """
    The flows of one origin with one role and payload; each answer is worked out once, and only if it is asked for.

    `declared` is the entry of `flows`, if it is one, `call` the entry of `api_calls` that implies it, if one does.
    """

    def __init__(self, world: World, identity: str, flows: tuple[Flow, ...]) -> None:
        self.world = world
        self.id = identity
        self.flows = flows
        section, _, entry = flows[0].origin.partition(".")
        self.declared: declared.Flow | None = world.deployment.flows.get(entry) if section == "flows" else None
        self.call: ApiCall | None = world.deployment.api_calls.get(entry) if section == "api_calls" else None

    @cached_property
    def ends(self) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
        """The places that send and receive together."""
        return tuple(dict.fromkeys(_ends(self.world, self.flows)))

    @property
    def senders(self) -> frozenset[str]:
        """The places that send."""
        return frozenset().union(*{senders for senders, _ in self.ends})

    @property
    def recipients(self) -> frozenset[str]:
        """The places that receive."""
        return frozenset().union(*{recipients for _, recipients in self.ends})

    @property
    def first(self) -> Flow:
        """A member."""
        return self.flows[0]

    @cached_property
    def families(self) -> tuple[str, ...]:
        """The datasets that it may carry."""
        row = self.world.catalog.payloads.get(self.first.payload)
        if row is not None and row.carries == "nothing":
            return ()
        mask = 0
        for flow in self.flows:
            mask = united(mask, self.world.carried(flow))
        return self.world.lookup.families_in(mask)

    @property
    def owners(self) -> list[str]:
        """Whose personal data it may carry to somebody else; where there are none, whose data."""
        mask = 0
        for flow in self.flows if self.families else ():
            mask = united(mask, common(self.world.carried(flow), self._about))
        return self.world.owners_in(self.of_others or mask)

    @cached_property
    def of_others(self) -> Mask:
        """The personal data that it may carry to somebody who does not own them; where there are none, any."""
        found = 0
        for flow in self.flows if self.families else ():
            carried = common(self.world.carried(flow), self._about)
            for party in self.world.lookup.operators(flow.target):
                found = united(found, carried & ~self.world.own.get(party, 0))
        return found

    @cached_property
    def _about(self) -> Mask:
        personal = tuple(family for family in self.families if is_personal(self.world, [family]))
        return self.world.lookup.instances_of(personal or self.families)

    @property
    def from_parties(self) -> tuple[str, ...]:
        """Who sends."""
        return self.world.lookup.parties_at(self.senders)

    @property
    def to_parties(self) -> tuple[str, ...]:
        """Who receives."""
        return self.world.lookup.parties_at(self.recipients)

    @property
    def others(self) -> list[str]:
        """Who receives something that another party sends."""
        everybody: dict[frozenset[str], frozenset[str]] = {}
        for senders, recipients in self.ends:
            for sender in senders:
                operators = self.world.lookup.operators(sender)
                everybody[recipients] = everybody.get(recipients, operators) & operators
        # Whoever sends all of it receives nothing of another party's.
        return ordered(
            who for to, own in everybody.items() for name in to for who in self.world.lookup.operators(name) - own
        )


def _ends(world: World, flows: Sequence[Flow]) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """Who sends and who receives, flow by flow; what is sent to an exchange is received by all who take part."""
    vertices = world.graph.vertices
    names = (name for flow in flows for name in (flow.source, flow.target)) if world.lookup.meets else ()
    met = {name for name in names if vertices[name].kind == "exchange"}
    if not met:
        yield from ((frozenset({flow.source}), frozenset({flow.target})) for flow in flows)
        return
    peers = world.lookup.flows_of[flows[0].origin]
    into = {name: frozenset(peer.source for peer in peers if peer.target == name) for name in met}
    out = {name: frozenset(peer.target for peer in peers if peer.source == name) for name in met}
    for name in (one for one in met if is_computation(vertices[one])):
        # What is computed on is sealed for those who compute, who together send what comes of it.
        into[name] = out[name] = computing(peers)
    for flow in flows:
        yield into.get(flow.source, frozenset({flow.source})), out.get(flow.target, frozenset({flow.target}))

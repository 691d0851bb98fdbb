"""What flows carry of which the file does not say what they carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, reduce

from fedpolicy.analysis.exposure import Reading
from fedpolicy.analysis.exposure.state import Exposure
from fedpolicy.graph import Flow, Mask
from fedpolicy.graph.lookup import listed_by
from fedpolicy.graph.masks import common, grouped, united, without


class Carried:
    """What is in each flow: the instances that it names, or whatever is held where it comes from."""

    def __init__(self, exposure: Exposure) -> None:
        self._exposure = exposure
        # Whoever asks knows masks by their objects, which are kept here.
        self._held: dict[str, Mask] = {}
        self._brought: dict[str, tuple[Mapping[str, Mask], Mask]] = {}

    def of(self, flow: Flow) -> Mask:
        """The instances that a flow carries; of thousands of flows from one place, this very object."""
        return self.held(flow.source) if flow.data is None else flow.data

    def returned(self, flow: Flow) -> Mask:
        """Of what it carries without naming it, what its end alone has brought: to get that back tells nothing."""
        if flow.data is not None:
            return 0
        brought, several = self._brought_to(flow.source)
        return without(brought.get(flow.target, 0), several)

    def held(self, name: str) -> Mask:
        """What is at a place or in a model, in whatever form, in any reading."""
        if name not in self._held:
            exposure = self._exposure
            readings = dict.fromkeys(exposure.asked[one] for one in (Reading.HIGH, Reading.GUARANTEED))
            states = (exposure.holdings(one).states.get(name, {}) for one in readings)
            self._held[name] = reduce(united, (mask for state in states for mask in state.values()), 0)
        return self._held[name]

    def _brought_to(self, name: str) -> tuple[Mapping[str, Mask], Mask]:
        """What each other place brings to one, and what of all that it has from several, or holds itself."""
        if name not in self._brought:
            brought: dict[str, Mask] = {}
            for flow in self._arriving.get(name, ()):
                brought[flow.source] = united(self.of(flow), brought.get(flow.source, 0))
            once = several = self.resting.get(name, 0)
            for mask in brought.values():
                several = united(several, common(once, mask))
                once = united(once, mask)
            self._brought[name] = brought, several
        return self._brought[name]

    @cached_property
    def _arriving(self) -> Mapping[str, Sequence[Flow]]:
        return listed_by((flow.target, flow) for flow in self._exposure.graph.flows if not flow.echo)

    @cached_property
    def resting(self) -> Mapping[str, Mask]:
        """What rests at each place."""
        return grouped((item.place, item.bit) for item in self._exposure.graph.data)

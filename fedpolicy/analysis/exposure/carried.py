"""What flows carry of which the file does not say what they carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from fedpolicy.analysis.exposure import Reading
from fedpolicy.analysis.exposure.state import Exposure
from fedpolicy.graph import Flow, Mask
from fedpolicy.graph.lookup import listed_by
from fedpolicy.graph.masks import common, grouped, lacking, united


class Carried:
    """The instances in each flow: those that it names, else what is held where it comes from and is news at its end."""

    def __init__(self, exposure: Exposure) -> None:
        self._exposure = exposure
        self._held: dict[str, Mask] = {}
        self._alone: dict[str, Mapping[str, Mask]] = {}
        # Whoever asks knows masks by their objects, which are kept here.
        self._sent: dict[tuple[str, str], Mask] = {}
        self._into: Mapping[str, Sequence[Flow]] | None = None

    def of(self, flow: Flow) -> Mask:
        """The instances that a flow carries."""
        if flow.data is not None:
            return flow.data
        ends = (flow.source, flow.target)
        if ends not in self._sent:
            self._sent[ends] = lacking(self.held(flow.source), self._from_one(flow.source).get(flow.target, 0))
        return self._sent[ends]

    def held(self, name: str) -> Mask:
        """What is at a place or in a model, in whatever form, in any reading."""
        if name not in self._held:
            exposure = self._exposure
            readings = dict.fromkeys(exposure.asked[one] for one in (Reading.HIGH, Reading.GUARANTEED))
            states = (exposure.holdings(one).states.get(name, {}) for one in readings)
            self._held[name] = reduce(united, (mask for state in states for mask in state.values()), 0)
        return self._held[name]

    def _from_one(self, name: str) -> Mapping[str, Mask]:
        """What a place has from one other alone, by that one: to send it back there tells nothing."""
        if name not in self._alone:
            brought: dict[str, Mask] = {}
            for flow in self._arriving.get(name, ()):
                sent = self.held(flow.source) if flow.data is None else common(self.held(flow.source), flow.data)
                brought[flow.source] = united(brought.get(flow.source, 0), sent)
            stored = grouped((item.place, item.bit) for item in self._exposure.graph.data if item.place == name)
            once = several = stored.get(name, 0)
            for mask in brought.values():
                several = united(several, common(once, mask))
                once = united(once, mask)
            self._alone[name] = {source: lacking(mask, several) for source, mask in brought.items()}
        return self._alone[name]

    @property
    def _arriving(self) -> Mapping[str, Sequence[Flow]]:
        if self._into is None:
            self._into = listed_by((flow.target, flow) for flow in self._exposure.graph.flows if not flow.echo)
        return self._into

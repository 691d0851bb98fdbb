"""FlowGraph -> Study: everything that is computed about one deployment, each part when it is first asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from fedpolicy.analysis.exposure.disclosures import disclosures_of, pairs_of
from fedpolicy.analysis.exposure.privacy import Effort
from fedpolicy.analysis.exposure.state import Exposure, prepare
from fedpolicy.analysis.openness import models_of
from fedpolicy.graph.build import build_graph
from fedpolicy.graph.lookup import Lookup
from fedpolicy.limits import USUAL, Bounds
from fedpolicy.records import dataclass

if TYPE_CHECKING:
    from fedpolicy.analysis.budget import Ledger
    from fedpolicy.analysis.control.matrix import Continuity
    from fedpolicy.analysis.facts import Disclosure, ModelFacts
    from fedpolicy.catalog import Catalog
    from fedpolicy.graph import FlowGraph
    from fedpolicy.language.model import Deployment

MOST_PAIRS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisSettings:
    """
    `max_epsilon` is the largest privacy budget that still counts as `bounded` (None: the catalogue's).

    `today` is the day on which everything is judged, as ISO 8601; without one, nothing has ended yet. `bounds` say how
    large a deployment may be.
    """

    max_epsilon: float | None = None
    today: str = ""
    bounds: Bounds = USUAL


class Study:
    """
    One deployment under analysis.

    `graph` replaces the graph that follows from the deployment: what-if analyses change it. `max_epsilon` is the
    largest budget that counts as `bounded`.
    """

    def __init__(
        self,
        deployment: Deployment,
        catalog: Catalog,
        settings: AnalysisSettings | None = None,
        graph: FlowGraph | None = None,
    ) -> None:
        self.deployment = deployment
        self.catalog = catalog
        self.settings = settings or AnalysisSettings()
        if graph is not None:
            self.graph = graph

    def of(self, deployment: Deployment) -> Study:
        """The study of another state of the deployment, under the same settings."""
        return Study(deployment, self.catalog, self.settings)

    def with_graph(self, graph: FlowGraph) -> Study:
        """The study of the same deployment seen with other eyes: its graph is another one."""
        return Study(self.deployment, self.catalog, self.settings, graph)

    @cached_property
    def graph(self) -> FlowGraph:
        """Every place, model and flow, said or implied."""
        return build_graph(self.deployment, self.catalog, self.settings.bounds)

    @cached_property
    def lookup(self) -> Lookup:
        """The indexes of the graph."""
        return Lookup(self.graph)

    @cached_property
    def exposure(self) -> Exposure:
        """What every place holds and every party sees, budgets up to `max_epsilon` counted as `bounded`."""
        return prepare(self.graph, self.catalog, self.settings.max_epsilon, self.settings.bounds)

    @property
    def max_epsilon(self) -> float:
        """The largest budget that counts as `bounded`."""
        return self.exposure.max_epsilon

    @cached_property
    def models(self) -> tuple[ModelFacts, ...]:
        """How open each model is, by id."""
        return models_of(self.graph, self.catalog, self.exposure)

    @cached_property
    def disclosures(self) -> tuple[Disclosure, ...]:
        """Everything that anybody can learn about data that are not its own, most revealing first."""
        return disclosures_of(self.exposure)

    def pairs(self) -> Sequence[Disclosure]:
        """The disclosures pair by pair, or grouped where there are more than MOST_PAIRS pairs."""
        if sum(group.pairs for group in self.disclosures) > MOST_PAIRS:
            return self.disclosures
        return list(pairs_of(self.exposure, self.disclosures))

    def showing(self, disclosures: Sequence[Disclosure]) -> Study:
        """The same study, were these all that anybody learns."""
        found = self.with_graph(self.graph)
        vars(found).update(vars(self), disclosures=tuple(disclosures))
        return found

    @cached_property
    def continuity(self) -> tuple[Continuity, ...]:
        """For each participant and use, which capability hangs on whom."""
        from fedpolicy.analysis.control.matrix import continuity_of  # noqa: PLC0415  only some rules ask

        return continuity_of(self.lookup, self.catalog, self.settings.bounds)

    @cached_property
    def is_noisy(self) -> bool:
        """Whether any flow has a mechanism of differential privacy, so that there are budgets."""
        return any(guard.mechanism is not None for guards in self.lookup.guards_at.values() for guard in guards)

    @cached_property
    def ledger(self) -> Ledger:
        """What every recipient can learn about one unit, in epsilon, as close as comparing it with the limit takes."""
        return self.accounted()

    def accounted(self, effort: Effort = Effort.DECIDE) -> Ledger:
        """The ledger with closer numbers throughout, if so much effort is asked for."""
        from fedpolicy.analysis.budget import ledger_of  # noqa: PLC0415  only some rules ask

        return ledger_of(self._unlimited, self.exposure, effort)

    @cached_property
    def _unlimited(self) -> Exposure:
        """The exposure in which every budget counts, however large."""
        found = self.exposure
        return prepare(self.graph, self.catalog, math.inf) if found.mechanisms else found

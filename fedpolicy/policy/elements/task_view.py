"""A task as rules look at it: its method, model, flows and places."""

from __future__ import annotations

from collections.abc import Sequence

from fedpolicy.catalog.rows import MethodRow
from fedpolicy.graph import Access, Flow, Vertex
from fedpolicy.graph.lookup import ordered
from fedpolicy.language.model.flow import Task
from fedpolicy.language.model.safeguards import Safeguard
from fedpolicy.policy.elements.models_view import ModelView, model_view
from fedpolicy.policy.fields import Missing, Type
from fedpolicy.policy.texts import value_words
from fedpolicy.policy.world import World
from fedpolicy.records import dataclass


@dataclass(frozen=True, slots=True)
class TaskView:
    """One entry of `tasks`."""

    world: World
    id: str
    task: Task
    only: tuple[str, ...] | None = None  # the owners that a law protects, where a rule names them alone
    unsure: tuple[str, ...] = ()  # those of whom nobody says whether it does

    @property
    def use(self) -> str:
        """Its id among tasks and calls."""
        return f"tasks.{self.id}"

    @property
    def families(self) -> tuple[str, ...]:
        """The datasets that it works on."""
        return self.world.use_data(self.use)

    @property
    def owners(self) -> list[str]:
        """The owners of what it works on."""
        return self.world.owners_used(self.use, self.families)

    @property
    def method(self) -> MethodRow:
        """What the catalogue says of its method."""
        return self.world.catalog.methods[self.task.method]

    @property
    def model(self) -> ModelView | None:
        """Its input model."""
        return model_view(self.world, self.task.model)

    @property
    def access(self) -> Sequence[Access]:
        """How it reaches its models."""
        return self.world.lookup.access_of.get(self.use, ())

    @property
    def flows(self) -> Sequence[Flow]:
        """The flows that it implies."""
        return self.world.lookup.flows_of.get(self.use, ())

    @property
    def places(self) -> list[Vertex]:
        """Where it runs."""
        graph = self.world.graph
        return [graph.vertices[name] for ref in self.task.runs_on for name in graph.members.get(ref, ())]

    @property
    def hosted(self) -> bool:
        """Whether somebody trains its model who does not run the places where it runs."""
        party, operators = self.world.lookup.party, self.world.lookup.operators
        elsewhere = (access for access in self.access if access.how == "hosted")
        return any(party(one.runner or "unknown") not in operators(place) for one in elsewhere for place in one.at)

    @property
    def hosted_why(self) -> str:
        """Why somebody outside trains its model, in words; empty where nobody does."""
        hosted = sorted({access.model for access in self.access if access.how == "hosted"})
        if not hosted:
            return ""
        if self.task.model not in {None, *hosted}:  # which is trained at home, unless another stands in for it
            instead = value_words(Type.LIST, [hosted])
            return f"as {instead} may stand in for {self.task.model}, and nobody in the federation holds its weights"
        holders = [party for party in self.model.holders if self.world.lookup.is_member(party)] if self.model else []
        if self.method.hosted and holders:
            return f"although {value_words(Type.LIST, [holders])} could train {self.task.model} where the data are"
        return f"because nobody in the federation holds the weights of {self.task.model or 'a model'}"

    @property
    def uplink(self) -> str:
        """What contributors send: updates, where the parts of a split model are averaged as well."""
        sent = {flow.role: flow.payload for flow in reversed(self.flows)}
        return sent.get("uplink") or sent.get("activations", "")

    @property
    def exchanges(self) -> bool | Missing:
        """Whether contributions leave the places where it runs; whoever is alone meets nobody."""
        alone = sum(place.weight for place in self.places) == 1
        sent = [flow for flow in self.flows if flow.role in {"uplink", "activations"}]
        sent = [flow for flow in sent if not alone or self.world.graph.vertices[flow.target].kind != "exchange"]
        if not sent or any(flow.certain for flow in sent):
            return bool(sent)
        return Missing(tuple(sorted({fact for flow in sent for fact in flow.missing})))

    @property
    def contributors(self) -> int:
        """On how many parties' nodes it runs, cohorts counted in full; several may operate one."""
        parties = {self.world.lookup.party(place.party) for place in self.places}
        return sum(self.world.cohorts.get(party, 1) for party in parties)

    @property
    def safeguards(self) -> list[Safeguard]:
        """Its own safeguards and those of its hops."""
        return [*self.task.safeguards, *(found for hop in self.task.hops for found in hop.safeguards)]

    @property
    def sure_safeguards(self) -> list[str]:
        """The kinds that are known."""
        return ordered(found.kind for found in self.safeguards if found.kind != "unknown")

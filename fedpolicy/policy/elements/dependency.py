"""Dependencies: who can take what away from whom (control analysis)."""

from __future__ import annotations

from collections.abc import Sequence

from fedpolicy.analysis.control.capabilities import CAPABILITIES
from fedpolicy.analysis.control.matrix import Continuity, Hold, continuity_of
from fedpolicy.policy.elements.shared import boolean, texts, words
from fedpolicy.policy.fields import Kind, Subject
from fedpolicy.policy.world import World, ordered
from fedpolicy.records import dataclass

__all__ = ["KIND"]


@dataclass(frozen=True, slots=True)
class DependencyView:
    """One capability, and one party without whom it is gone (None: nobody has given it to them at all)."""

    world: World
    found: Continuity
    hold: Hold | None

    @property
    def controller(self) -> str:
        """Who has the hold."""
        return self.hold.party if self.hold else ""


def _roles(view: DependencyView) -> list[str]:
    return ordered(view.world.roles(view.controller)) if view.hold else []


def _subjects(world: World) -> Sequence[Subject]:
    found = []
    for entry in continuity_of(world.facts.graph, world.catalog):
        for hold in entry.holds or ((None,) if not entry.attainable else ()):
            view = DependencyView(world, entry, hold)
            parties = tuple(f"parties.{name}" for name in entry.participants)
            identity = f"tasks.{entry.task}.{entry.capability}"
            whom = (f"parties.{hold.party}",) if hold else ()
            found.append(
                Subject(id=identity, path=("tasks", entry.task), data=view, elements=(identity, *whom, *parties))
            )
    return found


KIND = Kind(
    name="dependency",
    about="a capability that participants have only as long as another party lets them, or were never given",
    fields=(
        texts("participants", "who depends", lambda view: list(view.found.participants)),
        words("task", "in which task", lambda view: view.found.task),
        words(
            "capability",
            "run (compute with the models), join (take part in rounds), keep (leave with a working copy) or inspect",
            lambda view: view.found.capability,
            choices=CAPABILITIES,
        ),
        boolean("attainable", "they have it as long as nobody takes it away", lambda view: view.found.attainable),
        words("controller", "on whom they depend (empty: nobody has given it to them)", lambda view: view.controller),
        texts("controller_roles", "roles of that party", _roles),
        texts(
            "through",
            "elements through which that party has its hold, such as nodes.aggregator or models.judge.account",
            lambda view: list(view.hold.through) if view.hold else [],
        ),
    ),
    subjects=_subjects,
)

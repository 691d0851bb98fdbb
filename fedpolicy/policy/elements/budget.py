"""Budgets: the privacy loss of datasets towards recipients, composed over all tasks."""

from __future__ import annotations

from collections.abc import Sequence

from fedpolicy.analysis.budget.ledger import Budget
from fedpolicy.language.model.dataset import Dataset
from fedpolicy.language.model.shape import words_of
from fedpolicy.policy.elements.shared import boolean, data_fields, open_field, texts, words
from fedpolicy.policy.fields import Field, Kind, Known, Presence, Subject, Type
from fedpolicy.policy.world import World, ordered
from fedpolicy.records import dataclass

__all__ = ["KIND"]


@dataclass(frozen=True, slots=True)
class BudgetView:
    """One line of the ledger."""

    world: World
    found: Budget

    @property
    def families(self) -> tuple[str, ...]:
        """The dataset that it is about."""
        return (self.found.family,)

    @property
    def parties(self) -> list[str]:
        """The recipients; members of a cohort are their party."""
        return ordered(self.world.lookup.party(party) for party in self.found.parties)


def _delta(view: BudgetView) -> Presence:
    return view.found.spent.delta


def _claimed(view: BudgetView) -> Presence:
    stated = [share.stated for share in view.world.ledger.shares if share.path in view.found.mechanisms]
    return sum(one for one in stated if one is not None) if stated and None not in stated else None


def _largest(view: BudgetView) -> Presence:
    least = [share.spent.least for share in view.world.ledger.shares if share.path in view.found.mechanisms]
    return max(least, default=0.0)


def _subjects(world: World) -> Sequence[Subject]:
    return [_subject(world, found) for found in world.ledger.budgets]


def _subject(world: World, found: Budget) -> Subject:
    view = BudgetView(world, found)
    return Subject(
        id="budget",
        path=("datasets", found.family),
        data=view,
        variants=({"epsilon": found.low}, {"epsilon": found.high}) if found.low != found.high else (),
        missing=found.missing or tuple(f"{path}.epsilon" for path in found.spent.undecided),
        elements=(*(f"parties.{name}" for name in view.parties), f"datasets.{found.family}"),
    )


KIND = Kind(
    name="budget",
    about="privacy loss of one dataset towards recipients, in epsilon, composed over all tasks",
    fields=(
        words("dataset", "whose loss", lambda view: view.found.family),
        texts("recipients", "towards whom", lambda view: view.parties),
        texts(
            "roles",
            "their roles",
            lambda v: ordered(role for party in v.parties for role in v.world.lookup.roles(party)),
        ),
        words("unit", "the unit that is protected", lambda v: v.found.unit, choices=words_of(Dataset, "unit")),
        Field(
            name="epsilon",
            type=Type.NUMBER,
            about="epsilon, computed and composed; infinite where they see anything without noise",
            read=lambda view: view.found.low,
            known=Known.RANGE,
        ),
        Field(
            name="largest_epsilon",
            type=Type.NUMBER,
            about="epsilon of the one mechanism that spends most, at the least",
            read=_largest,
        ),
        words("epsilon_text", "the same in words, such as `about 50.5`", lambda view: view.found.words),
        boolean("infinite", "they see these data without noise too", lambda view: view.found.sees_more),
        open_field("delta", Type.NUMBER, "the delta that epsilon is computed at", _delta),
        words("theorem", "how epsilon is computed", lambda view: view.found.spent.theorem),
        texts("assumptions", "what that takes for granted", lambda view: view.found.spent.assumptions),
        texts("mechanisms", "the safeguards that add the noise", lambda view: view.found.mechanisms),
        open_field("claimed_epsilon", Type.NUMBER, "the claims for all of these, added up", _claimed),
        *data_fields(of="the data"),
    ),
    subjects=_subjects,
)

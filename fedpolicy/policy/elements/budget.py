"""Budgets: the privacy loss of datasets towards recipients over all tasks, and what rules read of one safeguard's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from fedpolicy.analysis.exposure.privacy import as_noun, shown
from fedpolicy.graph.lookup import ordered
from fedpolicy.language.model.dataset import Dataset
from fedpolicy.language.model.shape import words_of
from fedpolicy.policy.elements.shared import boolean, data_fields, number, open_field, ranging, texts, words
from fedpolicy.policy.fields import Field, Kind, Missing, Presence, Subject, Type, Value
from fedpolicy.policy.world import World
from fedpolicy.records import dataclass

if TYPE_CHECKING:  # where there is no noise, nothing is computed
    from fedpolicy.analysis.budget import Budget
    from fedpolicy.analysis.budget.claims import Share

_IN_WORDS = "the same in words, such as `an epsilon of about 50.5` or `no finite epsilon`"


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


def _claimed(view: BudgetView) -> Presence:
    stated = [share.stated for share in view.world.study.ledger.shares if share.path in view.found.mechanisms]
    return sum(one for one in stated if one is not None) if stated and None not in stated else None


def _largest(view: BudgetView) -> float:
    least = [share.spent.least for share in view.world.study.ledger.shares if share.path in view.found.mechanisms]
    return max(least, default=0.0)


def _subjects(world: World) -> Sequence[Subject]:
    return [_subject(world, found) for found in world.study.ledger.budgets] if world.study.is_noisy else []


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
        ranging(
            "epsilon",
            Type.NUMBER,
            "epsilon, computed and composed; infinite where they see anything without noise",
            lambda view: view.found.low,
        ),
        number("largest_epsilon", "epsilon of the one mechanism that spends most, at the least", _largest),
        words("epsilon_text", _IN_WORDS, lambda view: as_noun("epsilon", view.found.words)),
        boolean("infinite", "they see these data without noise too", lambda view: view.found.sees_more),
        open_field("delta", Type.NUMBER, "the delta that epsilon is computed at", lambda view: view.found.spent.delta),
        words("theorem", "how epsilon is computed", lambda view: view.found.spent.theorem),
        texts("assumptions", "what that assumes", lambda view: view.found.spent.assumptions),
        texts("mechanisms", "the safeguards that add the noise", lambda view: view.found.mechanisms),
        open_field("claimed_epsilon", Type.NUMBER, "the claims for all of these, added up", _claimed),
        *data_fields(of="the data"),
    ),
    subjects=_subjects,
)


class Budgeted(Protocol):
    """A safeguard with its line in the ledger, if it is differential privacy."""

    @property
    def share(self) -> Share | None:
        """Its line in the privacy ledger."""


def variants_of(share: Share | None) -> tuple[dict[str, Value], ...]:
    """The values between which its epsilon lies, where facts are missing."""
    if share is None or share.spent.least == share.spent.high:
        return ()
    return ({"epsilon": share.spent.least}, {"epsilon": share.spent.high})


def open_facts(share: Share | None) -> tuple[str, ...]:
    """The facts that would narrow its epsilon."""
    if share is None:
        return ()
    return share.spent.missing or tuple(f"{path}.epsilon" for path in share.spent.undecided)


def _of_share(name: str, about: str, read: Callable[[Share], Presence], empty: Value, kind: Type) -> Field:
    def found(view: Budgeted) -> Presence:
        return empty if view.share is None else read(view.share)

    return Field(name=name, type=kind, about=f"differential privacy: {about}", read=found)


def _claim_holds(view: Budgeted) -> Presence:
    share = view.share
    if share is None or share.claim != "open":
        return share is None or share.claim != "refuted"
    return Missing(share.missing or open_facts(share))


BUDGET_FIELDS = (
    ranging(
        "epsilon",
        Type.NUMBER,
        "differential privacy: epsilon of its whole run, computed (without differential privacy: 0)",
        lambda view: view.share.spent.least if view.share else 0.0,
    ),
    _of_share("epsilon_text", _IN_WORDS, lambda s: as_noun("epsilon", shown(s.spent)), "", Type.TEXT),
    _of_share("theorem", "how that is computed", lambda s: s.spent.theorem, "", Type.TEXT),
    _of_share("claim", "what the computation comes to about the claim", lambda s: s.claim.value, "none", Type.TEXT),
    _of_share(
        "stated_epsilon",
        "claimed epsilon, or a claimed rho as epsilon; 0: nothing",
        lambda s: s.stated or 0.0,
        0.0,
        Type.NUMBER,
    ),
    _of_share("claim_text", "what is claimed, such as `an epsilon of 8`", lambda s: s.claimed, "", Type.TEXT),
    _of_share("found_text", "the same measure, as computed", lambda s: s.found, "", Type.TEXT),
    open_field("claim_holds", Type.BOOL, "differential privacy: no more is spent than is claimed", _claim_holds),
    _of_share(
        "holds_for_poisson",
        "the claim would hold for Poisson sampling, but units are drawn in fixed numbers",
        lambda s: s.poisson,
        False,
        Type.BOOL,
    ),
)

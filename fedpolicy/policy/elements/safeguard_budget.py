"""What rules may read of a safeguard's privacy budget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from fedpolicy.analysis.budget.claims import Claim, Share
from fedpolicy.analysis.exposure.spending import shown
from fedpolicy.policy.elements.shared import open_field
from fedpolicy.policy.fields import Field, Known, Missing, Presence, Type, Value

__all__ = ["BUDGET_FIELDS", "open_facts", "variants_of"]


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
    if share is None or share.claim is not Claim.OPEN:
        return share is None or share.claim is not Claim.REFUTED
    return Missing(share.missing or open_facts(share))


BUDGET_FIELDS = (
    Field(
        name="epsilon",
        type=Type.NUMBER,
        about="differential privacy: epsilon of its whole run, computed (without differential privacy: 0)",
        read=lambda view: view.share.spent.least if view.share else 0.0,
        known=Known.RANGE,
    ),
    _of_share("epsilon_text", "the same in words, such as `about 50.5`", lambda s: shown(s.spent), "", Type.TEXT),
    _of_share("theorem", "how that is computed", lambda s: s.spent.theorem, "", Type.TEXT),
    _of_share("claim", "what the computation says of the claim", lambda s: s.claim.value, "none", Type.TEXT),
    _of_share(
        "stated_epsilon",
        "claimed epsilon, or a claimed rho as epsilon; 0: nothing",
        lambda s: s.stated or 0.0,
        0.0,
        Type.NUMBER,
    ),
    _of_share("claim_text", "what is claimed, such as `an epsilon of 8`", lambda s: s.claimed, "", Type.TEXT),
    _of_share("found_text", "the like of it, as computed", lambda s: s.found, "", Type.TEXT),
    open_field("claim_holds", Type.BOOL, "differential privacy: no more is spent than is claimed", _claim_holds),
    _of_share(
        "holds_for_poisson",
        "the claim would hold for Poisson sampling, but units are drawn in fixed numbers",
        lambda s: s.poisson,
        False,
        Type.BOOL,
    ),
)

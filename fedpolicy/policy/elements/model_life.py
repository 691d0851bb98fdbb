"""Models that others run: until when they answer, and whom they serve."""

from __future__ import annotations

from datetime import date

from fedpolicy.policy.elements.models_view import ModelView
from fedpolicy.policy.elements.shared import open_field, words
from fedpolicy.policy.fields import Missing, Presence, Type
from fedpolicy.policy.world import ordered

__all__ = ["LIFE", "ends_on"]


def ends_on(view: ModelView) -> str | None:
    """The day on which whoever runs it switches it off; another company that runs it keeps days of its own."""
    own, row = view.model.shutdown_on, view.row
    if own is not None or view.model.says_unknown("shutdown_on") or row is None:
        return own.isoformat() if own else None
    home = view.world.catalog.provider(row.provider) if row.provider else None
    others = (view.world.provider(who) for who in view.runners)
    if any(one is not None and home is not None and one.id != home.id for one in others):
        return None
    days = row.shutdowns or {}
    named = (days[name] for name in (view.model.revision, view.model.ref) if name is not None and name in days)
    return next(named, row.shutdown_on)


def _days_left(view: ModelView) -> Presence:
    last, today = ends_on(view), view.world.today
    return (date.fromisoformat(last) - date.fromisoformat(today)).days if last and today else None


def _ending(view: ModelView) -> str:
    """What becomes of it, in words."""
    left, row = _days_left(view), view.row
    said = f"was switched off on {ends_on(view)}"
    if not isinstance(left, int) or left >= 0:
        said = f"is switched off on {ends_on(view)}, in {left} day{'' if left == 1 else 's'}"
    if row is None or row.replaced_by is None:
        return said
    return (
        f"{said}; answers then come from {row.replaced_by}" if row.rerouted else f"{said}; instead: {row.replaced_by}"
    )


def _unserved(view: ModelView) -> Presence:
    """Who uses it from where none of those who run it may be used."""
    rows = [row for who in view.runners if (row := view.world.provider(who)) is not None]
    closed = [row for row in rows if row.serves is not None or row.not_served_in is not None]
    found, missing = set(), set()
    for user in view.users if closed else ():
        where = view.world.jurisdictions([user])
        if isinstance(where, Missing):
            missing |= set(where.paths)
        elif any(row.excludes(where) for row in closed):
            found.add(user)
    return Missing(tuple(sorted(missing))) if missing and not found else ordered(found)


LIFE = (
    open_field("days_left", Type.INT, "days until `shutdown_on`; less than 0: the day is over", _days_left),
    words("ending", "what becomes of it then, in words", _ending),
    open_field("unserved", Type.LIST, "parties that use it from where whoever runs it serves nobody", _unserved),
)

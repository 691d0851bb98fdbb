"""Models: who calls them with what, who runs them, until when, and what becomes of what they are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial

from fedpolicy.graph.places import is_unknown
from fedpolicy.language.model.dataset import Terms
from fedpolicy.policy.elements.agreement import nothing_kept
from fedpolicy.policy.elements.api_call import CallView, call_term
from fedpolicy.policy.elements.models_view import NOTHING_KEPT, ModelView, model_view, term
from fedpolicy.policy.elements.shared import (
    boolean,
    data_fields,
    integer,
    is_private,
    open_field,
    runner_places,
    texts,
    words,
)
from fedpolicy.policy.fields import Field, Missing, Presence, Type, fields_of
from fedpolicy.policy.world import family_of, ordered
from fedpolicy.records import replace

__all__ = ["LIFE", "USE", "ends_on"]


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
    open_field("days_left", Type.INT, "days until `shutdown_on`; negative: the day has passed", _days_left),
    words("ending", "what happens to it then, in words", _ending),
    open_field("unserved", Type.LIST, "parties that use it from a place that its provider does not serve", _unserved),
)


def _senders(view: ModelView) -> int:
    """How many owners' private data go to somebody else who runs it; a cohort counts with all its members."""
    return sum(view.world.cohorts.get(owner, 1) for owner in _owners(view))


def _private_inputs(view: ModelView) -> list[str]:
    """The private datasets about which somebody else who runs it is asked."""
    asked = {family for access in view.remote for family in view.world.use_data(access.use)}
    return [family for family in sorted(asked) if is_private(view.world, (family,))]


def _owners(view: ModelView) -> list[str]:
    """Whose data these are; whoever calls may be another."""
    return view.world.owners(_private_inputs(view))


def _permitted(view: ModelView) -> bool:
    """Whether the owners release all that those learn who run it, by all that asks it."""
    uses = {access.use for access in view.remote if is_private(view.world, view.world.use_data(access.use))}
    return bool(uses) and all(view.world.permits(use) for use in sorted(uses))


def _assists(view: ModelView) -> bool:
    """Whether all that is done with it is to judge others."""
    methods = view.world.catalog.methods
    of = [name.partition(".")[2] for name in view.uses if name.startswith("tasks.")]
    judges = [methods[view.world.deployment.tasks[name].method].output == "metrics" for name in of]
    return all(judges) and len(of) == len(view.uses)


def _inputs_train(view: ModelView) -> Presence:
    """Whether any private input may be used for training."""
    return _any(view, "trains_on_inputs")


def _inputs_read(view: ModelView) -> Presence:
    """Whether people may read any private input."""
    return _any(view, "human_review")


def _said_read(view: ModelView) -> bool:
    """Whether the file itself says that people read some private input."""
    calls = view.world.deployment.api_calls
    names = (use.partition(".")[2] for use in view.uses if use.startswith("api_calls."))
    own = view.model.terms.human_review if view.model.terms else None
    said = [calls[name].human_review for name in names]
    return True in said or (own is True and (None in said or len(said) < len(view.uses)))


def _inputs_kept(view: ModelView) -> Presence:
    """The longest time for which any private input is kept, in days."""
    said = list(_said(view, "retention_days"))
    longest = max((days for days in said if isinstance(days, int)), default=0)
    missing = _missing(said)
    # Where some are kept for long anyway, what is missing can only make it longer.
    return missing if missing.paths and not longest else longest


def _any(view: ModelView, key: str) -> Presence:
    said = list(_said(view, key))
    if True in said:
        return True
    missing = _missing(said)
    return missing if missing.paths else False


def _missing(said: list[Presence]) -> Missing:
    return Missing(tuple(sorted({path for one in said if isinstance(one, Missing) for path in one.paths})))


def _said(view: ModelView, key: str) -> Iterator[Presence]:
    """What holds for each use in which private data go to somebody who runs the model."""
    for access in view.remote:
        families = view.world.use_data(access.use)
        if is_private(view.world, families):
            yield _input_term(view, access.use, key, families)


def _input_term(view: ModelView, use: str, key: str, families: tuple[str, ...]) -> Presence:
    section, _, name = use.partition(".")
    if section == "api_calls":
        return call_term(CallView(view.world, name, view.world.deployment.api_calls[name]), key)
    if nothing_kept(view.world, view.runners, view.users, view.model.account, families):
        return NOTHING_KEPT[key]
    return _term(view, key)


def _term(view: ModelView, name: str) -> Presence:
    return term(view.world, view, name, None, f"models.{view.id}.terms", view.runners)


def _sectors(view: ModelView) -> Presence:
    parties = view.world.deployment.parties
    found = [parties[name].sector for name in view.users if name in parties]
    missing = tuple(f"parties.{n}.sector" for n in view.users if n in parties and parties[n].sector is None)
    return Missing(missing) if missing else ordered(sector for sector in found if sector)


def _fallback_elsewhere(view: ModelView) -> bool:
    others = (model_view(view.world, name) for name in view.model.fallback)
    return any(
        who not in view.runners and not is_unknown(who)
        for other in others
        if other is not None
        for who in other.could_run
    )


def _of_contents(field: Field) -> Callable[[ModelView], Presence]:
    return lambda view: field.read(view.contents)


def _members_run(view: ModelView) -> bool:
    return all(view.world.lookup.is_member(party) for party in view.runners)


def _trained(view: ModelView) -> bool:
    return any(view.world.catalog.methods[task.method].trains for _, task in view.inputs_of)


USE = (
    boolean("remote", "in some use, another party or place runs it", lambda view: bool(view.remote)),
    boolean(
        "hosted_training",
        "somebody else trains it with data of the federation",
        lambda v: any(a.how == "hosted" for a in v.facts.access),
    ),
    texts("runners", "parties that run it for others", lambda view: view.runners),
    boolean("runner_is_member", "all parties that run it for others are participants or the coordinator", _members_run),
    boolean("runner_unknown", "the file does not say who runs it", lambda view: any(map(is_unknown, view.runners))),
    *runner_places(),
    *(
        field
        for field in fields_of(
            Terms,
            lambda _: None,
            read={name: partial(_term, name=name) for name in NOTHING_KEPT},
            notes=dict.fromkeys(NOTHING_KEPT, "by the model's terms or the provider's"),
            at="terms.",
        )
        if field.name in NOTHING_KEPT  # where a call is processed is asked of calls
    ),
    integer(
        "senders",
        "how many owners' private data go to the party that runs it, with each member of a cohort counted",
        _senders,
    ),
    texts(
        "private_inputs",
        "the private datasets that calls to the parties that run it for others are about",
        _private_inputs,
    ),
    texts("owners", "the owners of these; the caller may be another party", _owners),
    boolean(
        "permitted", "the owners release all that anybody learns from the calls to the parties that run it", _permitted
    ),
    boolean("assists", "it is only used to judge other models", _assists),
    open_field(
        "inputs_train",
        Type.BOOL,
        "some private data sent to the parties that run it may be used for training, each call by its own terms",
        _inputs_train,
        key="terms.trains_on_inputs",
    ),
    open_field(
        "inputs_retention_days",
        Type.INT,
        "the longest time for which private data sent to the parties that run it are kept, each call by its own terms",
        _inputs_kept,
        key="terms.retention_days",
    ),
    open_field(
        "inputs_reviewed",
        Type.BOOL,
        "people may read some private data sent to the parties that run it, each call by its own terms",
        _inputs_read,
        key="terms.human_review",
    ),
    boolean(
        "inputs_said_reviewed",
        "the file itself says that people may read some data sent to the parties that run it",
        _said_read,
    ),
    boolean("fallback_elsewhere", "a fallback is run by another party, or held", _fallback_elsewhere),
    texts("used_by", "tasks and calls that use it, such as tasks.score", lambda view: view.uses),
    texts("users", "parties that use it", lambda view: view.users),
    open_field("user_sectors", Type.LIST, "sectors of the parties that use it", _sectors),
    open_field(
        "user_jurisdictions", Type.LIST, "where the parties are that use it", lambda v: v.world.jurisdictions(v.users)
    ),
    texts("used_on", "datasets with which it is used", lambda view: view.families),
    texts(
        "methods",
        "methods of the tasks that take it as input",
        lambda view: ordered(task.method for _, task in view.inputs_of),
    ),
    boolean("trained", "a task trains it", _trained),
    texts("contains", "datasets that it has learned from", lambda view: ordered(map(family_of, view.facts.contains))),
    *data_fields("used_on_", of="the data with which it is used"),
    *(
        replace(field, read=_of_contents(field))
        for field in data_fields("contains_", of="the data that it has learned from")
    ),
)

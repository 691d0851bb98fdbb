"""What becomes of what models are asked: the terms of those who run them, and whose private data these touch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain

from fedpolicy.graph.lookup import ordered
from fedpolicy.language.model.dataset import Terms
from fedpolicy.policy.elements.agreement import kept_from, nothing_kept
from fedpolicy.policy.elements.api_call import CallView, call_term, own_term, settled_term
from fedpolicy.policy.elements.models_view import NOTHING_KEPT, ModelView, term
from fedpolicy.policy.elements.shared import boolean, integer, is_private, open_field, texts
from fedpolicy.policy.fields import Field, Missing, Presence, Type, fields_of
from fedpolicy.policy.world import World


def _private_inputs(view: ModelView) -> list[str]:
    """The private datasets about which somebody else who runs it is asked."""
    asked = {family for access in view.remote for family in view.world.use_data(access.use)}
    return [family for family in sorted(asked) if is_private(view.world, (family,))]


def _owners(view: ModelView) -> list[str]:
    """Whose data these are; whoever calls may be another."""
    uses = dict.fromkeys(access.use for access in view.remote)
    asked = ((use, (family,)) for use in uses for family in view.world.use_data(use))
    found = (view.world.owners_used(use, some) for use, some in asked if is_private(view.world, some))
    # Hundreds of calls send the same.
    return ordered(chain.from_iterable({id(owners): owners for owners in found}.values()))


def _senders(world: World, owners: Iterable[str]) -> int:
    """How many owners these are; a cohort counts with all its members."""
    return sum(world.cohorts.get(owner, 1) for owner in owners)


def _touched(view: ModelView, key: str) -> list[tuple[str, str]]:
    """
    The private inputs, each with its owner, of which a term says that something is done with them, or nobody knows.

    What an owner releases, or has an agreement on, is none of them.
    """

    def touched(_: tuple[str, ...]) -> list[tuple[str, str]]:
        return sorted(_touch(view, view.world, key) or _touch(view, view.world.firm, key))

    return view.world.once(f"touched by {key}", (view.id,), touched)


def _touch(view: ModelView, world: World, key: str) -> set[tuple[str, str]]:
    """The same, with the agreements that a world counts."""
    found: dict[str, set[str]] = {}
    settled: dict[tuple[str, int], list[str]] = {}
    for use in dict.fromkeys(access.use for access in view.remote):
        call = _call(view, use)
        if not (own_term(call, key) if call else _term(view, key)):
            continue
        runners, callers = (call.runners, call.callers) if call else (view.runners, view.users)
        for family in view.world.use_data(use):
            if is_private(view.world, (family,)):
                known = found.setdefault(family, set())
                owners = kept_from(world, use, runners, callers, view.model.account, family)
                # Of hundreds of calls with the same inputs, the first one settles most owners.
                left = set(owners) - known if (family, id(owners)) not in settled else set()
                known.update(left - view.world.releasing(use) if left else ())
                if left and known.issuperset(owners):
                    settled[family, id(owners)] = owners
    return {(family, who) for family, some in found.items() for who in some}


def _touched_fields(name: str, key: str, what: str) -> tuple[Field, ...]:
    return (
        texts(f"{name}_inputs", f"the private datasets {what}", lambda v: ordered(one for one, _ in _touched(v, key))),
        texts(f"{name}_of", "the owners of these", lambda v: ordered(owner for _, owner in _touched(v, key))),
    )


def _permitted(view: ModelView) -> bool:
    """Whether the owners release all that those learn who run it, by all that asks it."""
    uses = {access.use for access in view.remote if is_private(view.world, view.world.use_data(access.use))}
    return bool(uses) and all(view.world.permits(use) for use in sorted(uses))


def _said_read(view: ModelView) -> bool | Missing:
    """Whether the file itself says that people read some private input; missing where it says that nobody knows."""
    found: list[bool | None] = []
    missing: list[str] = []
    for use in view.uses:
        call = _call(view, use)
        said: list[tuple[str, Terms]] = [(f"api_calls.{call.id}", call.call)] if call else []
        said += [(f"models.{view.id}.terms", view.model.terms)] if view.model.terms else []
        told = [(path, terms) for path, terms in said if "human_review" in terms.stated]
        found += [terms.human_review for _, terms in told[:1]]
        missing += [f"{path}.human_review" for path, terms in told[:1] if terms.human_review is None]
    return True if True in found else Missing(tuple(sorted(set(missing)))) if missing else False


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
    call = _call(view, use)
    if call is not None:
        return call_term(call, key)
    kept = nothing_kept(view.world, use, view.runners, view.users, view.model.account, families)
    return settled_term(kept, key, _term(view, key))


def _call(view: ModelView, use: str) -> CallView | None:
    section, _, name = use.partition(".")
    return CallView(view.world, name, view.world.deployment.api_calls[name]) if section == "api_calls" else None


def _term(view: ModelView, name: str) -> Presence:
    return term(view.world, view, name, None, f"models.{view.id}.terms", view.runners)


INPUTS = (
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
        lambda v: _senders(v.world, _owners(v)),
    ),
    integer(
        "training_senders",
        "how many of them have their data used for training, or may have",
        lambda v: _senders(v.world, ordered(owner for _, owner in _touched(v, "trains_on_inputs"))),
    ),
    *_touched_fields("kept", "retention_days", "that are kept, or may be, by the parties that run it"),
    *_touched_fields("trained", "trains_on_inputs", "that it is trained on, or may be"),
    *_touched_fields("read", "human_review", "that people read, or may, at the parties that run it"),
    texts(
        "private_inputs",
        "the private datasets that calls to the parties that run it for others are about",
        _private_inputs,
    ),
    texts("owners", "the owners of these; the caller may be another party", _owners),
    boolean(
        "permitted", "the owners release all that anybody learns from the calls to the parties that run it", _permitted
    ),
    open_field(
        "inputs_train",
        Type.BOOL,
        "some private data sent to the parties that run it may be used for training, each call by its own terms",
        lambda view: _any(view, "trains_on_inputs"),
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
        lambda view: _any(view, "human_review"),
        key="terms.human_review",
    ),
    open_field(
        "inputs_said_reviewed",
        Type.BOOL,
        "the file itself says that people may read some data sent to the parties that run it",
        _said_read,
        key="terms.human_review",
    ),
)

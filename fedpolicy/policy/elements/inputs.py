"""What becomes of what models are asked: the terms of those who run them, and whose private data these touch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from fedpolicy.graph import Access, bits
from fedpolicy.graph.lookup import ordered
from fedpolicy.language.model.dataset import Terms
from fedpolicy.language.model.flow import ApiCall
from fedpolicy.policy.elements.agreement import firm_answer, kept_from
from fedpolicy.policy.elements.api_call import settled_term
from fedpolicy.policy.elements.models_view import NOTHING_KEPT, ModelView, term
from fedpolicy.policy.elements.shared import integer, open_field, texts
from fedpolicy.policy.elements.subject_matter import is_private
from fedpolicy.policy.fields import Field, Missing, Presence, Type, fields_of
from fedpolicy.policy.world import World

# What flows are for that bring a question, or records, to who runs a model; those to one that is judged.
_ASKING, _EVALUATED = {"call", "fallback", "hosted-training"}, {"evaluated", "fallback"}


def _private_inputs(view: ModelView) -> list[str]:
    """The private datasets about which somebody outside who runs it is asked."""
    asked = {family for use in view.between for family in view.world.use_data(use)}
    return [family for family in sorted(asked) if is_private(view.world, (family,))]


def _owners(view: ModelView) -> list[str]:
    """Whose data these are; whoever calls may be another."""
    asked = ((use, (family,)) for use in view.between for family in view.world.use_data(use))
    return ordered(one for use, some in asked if is_private(view.world, some) for one in _asked_of(view, use, some))


def _asked_of(view: ModelView, use: str, families: tuple[str, ...]) -> list[str]:
    """The owners of what a use sends of some datasets to others outside who run it."""
    owners, sent = view.world.owners_used(use, families), _sent(view, use)
    return [one for one in owners if [one] != view.between[use][0] and (sent is None or one in sent)]


def _sent(view: ModelView, use: str) -> set[str] | None:
    """Who owns what goes to others outside, where some of it is asked at home; None: nobody is left out."""
    owners, (runners, _) = view.world.owners_used(use, view.world.use_data(use)), view.between[use]
    if view.ways[use] == len(view.outside[use]) and set(owners).isdisjoint(runners):
        return None
    found = [sent for access in view.outside[use] if (sent := _sent_by(view, access)) is not None]
    return set().union(*found) if found else None


def _sent_by(view: ModelView, access: Access) -> set[str] | None:
    """Who owns what goes this way to others, as far as it goes in a flow of its own."""
    world, party = view.world, view.world.lookup.party
    section, _, name = access.use.partition(".")
    task = world.deployment.tasks[name] if section == "tasks" else None
    roles = _EVALUATED if task and task.evaluates == view.id != task.model else _ASKING
    flows = (one for one in world.lookup.flows_of.get(access.use, ()) if one.role in roles)
    carried = [world.carried(one) for one in flows if one.source in access.at and one.target in access.hops]
    owners = {party(world.graph.data[index].owner) for mask in carried for index in bits(mask)}
    return owners - {party(access.runner)} if carried else None


def _senders(world: World, owners: Iterable[str]) -> int:
    """How many owners these are; a cohort counts with all its members."""
    return sum(world.cohorts.get(owner, 1) for owner in owners)


def _touched(view: ModelView, key: str) -> list[tuple[str, str]]:
    """
    The private inputs, each with its owner, of which a term says that something is done with them, or nobody knows.

    What an owner releases, or has an agreement on, is none of them. To whom something is released may not have what
    comes out of a model that learned from it: where nothing else is left, that is told of.
    """

    def touched(_: tuple[str, ...]) -> list[tuple[str, str]]:
        worlds = (view.world, view.world.firm)
        found = next(filter(None, (_touch(view, world, key, heed=True) for world in worlds)), set())
        if not found and key == "trains_on_inputs":
            found = next(filter(None, (_touch(view, world, key, heed=False) for world in worlds)), set())
        return sorted(found)

    return view.world.once(f"touched by {key}", (view.id,), touched)


def _touch(view: ModelView, world: World, key: str, *, heed: bool) -> set[tuple[str, str]]:
    """The same, with the agreements that a world counts; whether to heed releases."""
    found: dict[str, set[str]] = {}
    settled: dict[tuple[str, int], list[str]] = {}
    for use, (runners, callers) in view.between.items():
        if not _own_term(view, use, key, runners):
            continue
        for family in view.world.use_data(use):
            if is_private(view.world, (family,)):
                known = found.setdefault(family, set())
                owners = kept_from(world, use, runners, callers, view.model.account, family)
                owners = owners if (sent := _sent(view, use)) is None else [one for one in owners if one in sent]
                # Of hundreds of calls with the same inputs, the first one settles most owners.
                left = set(owners) - known if (family, id(owners)) not in settled else set()
                known.update(left - view.world.releases.releasing(use) if left and heed else left)
                if left and known.issuperset(owners):
                    settled[family, id(owners)] = owners
    return {(family, who) for family, some in found.items() for who in some}


def _touched_fields(name: str, key: str, what: str) -> tuple[Field, ...]:
    return (
        texts(f"{name}_inputs", f"the private datasets {what}", lambda v: ordered(one for one, _ in _touched(v, key))),
        texts(f"{name}_of", "the owners of these", lambda v: ordered(owner for _, owner in _touched(v, key))),
    )


def _permitted(view: ModelView) -> Presence:
    """Whether the owners release all that those learn who run it, by all that asks it."""
    uses = {use for use in view.between if is_private(view.world, view.world.use_data(use))}
    return view.world.releases.all_permit(sorted(uses))


def _said_read(view: ModelView) -> bool | Missing:
    """Whether the file itself says that people read some private input; missing where it says that nobody knows."""
    said = [one for use in view.between for one in _says_read(view, use)]
    missing = sorted({path for path, known in said if known is None})
    return True if any(known for _, known in said) else Missing(tuple(missing)) if missing else False


def _says_read(view: ModelView, use: str) -> Iterator[tuple[str, bool | None]]:
    """What the file says of people who read what a use sends, and where; nothing of what is settled or released."""
    families = view.world.use_data(use)
    kept = _settled(view, use, "human_review", families, view.between[use][0])
    if not is_private(view.world, families) or kept is True:
        return
    call = _call(view, use)
    for path, terms in ((use, call), (f"models.{view.id}.terms", view.model.terms)):
        if terms is not None and ("human_review" in terms.stated or terms.zero_retention):
            known = False if terms.human_review is None and terms.zero_retention else terms.human_review
            if known and isinstance(kept, Missing):
                yield from ((fact, None) for fact in kept.paths)
            else:
                yield f"{path}.human_review", known
            return
    if view.model.says_unknown("terms"):
        yield f"models.{view.id}.terms.human_review", None


def _inputs_kept(view: ModelView) -> Presence:
    """The longest time for which any private input is kept, in days; missing where any of these times is."""
    missing = _missing(list(_said(view, "retention_days")))
    return missing if missing.paths else _surely_kept(view)


def _surely_kept(view: ModelView) -> int:
    """The longest time that is known; what is missing can only make it longer."""
    return max((days for days in _said(view, "retention_days") if isinstance(days, int)), default=0)


def _any(view: ModelView, key: str) -> Presence:
    said = list(_said(view, key))
    if True in said:
        return True
    missing = _missing(said)
    return missing if missing.paths else False


def _missing(said: list[Presence]) -> Missing:
    return Missing(tuple(sorted({path for one in said if isinstance(one, Missing) for path in one.paths})))


def _said(view: ModelView, key: str) -> Iterator[Presence]:
    """
    What holds for each use in which private data go to somebody who runs the model.

    Of data of which nobody knows whether they are private, what would be bad is missing as well.
    """
    for use in view.between:
        known = {name: is_private(view.world, (name,)) for name in view.world.use_data(use)}
        surely = tuple(name for name, said in known.items() if said is True)
        perhaps = {name: said for name, said in known.items() if isinstance(said, Missing)}
        # What is not known of one who runs it can only be worse than what is known of another.
        for runner in view.between[use][0]:
            if surely:
                yield _input_term(view, use, key, surely, runner)
            if perhaps and (term := _input_term(view, use, key, tuple(perhaps), runner)) != NOTHING_KEPT[key]:
                yield term if isinstance(term, Missing) else _missing(list(perhaps.values()))


def _input_term(view: ModelView, use: str, key: str, families: tuple[str, ...], runner: str) -> Presence:
    own = _own_term(view, use, key, [runner])
    if own == NOTHING_KEPT[key]:
        return own
    return settled_term(_settled(view, use, key, families, [runner]), key, own)


def _settled(view: ModelView, use: str, key: str, families: tuple[str, ...], runners: Sequence[str]) -> bool | Missing:
    """Whether each owner of the private data that a use sends to these has agreed that nothing is kept, or releases."""
    about = tuple(name for name in families if is_private(view.world, (name,)))
    sent, callers = _sent(view, use), view.between[use][1]
    willing = set() if key == "trains_on_inputs" else view.world.releases.releasing(use)

    def agreed(world: World) -> bool:
        left = (kept_from(world, use, runners, callers, view.model.account, name) for name in about)
        return not any(one not in willing and (sent is None or one in sent) for some in left for one in some)

    return firm_answer(view.world, agreed)


def _own_term(view: ModelView, use: str, key: str, runners: Sequence[str]) -> Presence:
    """A term without agreements; what a call says of its model says nothing of one that stands in."""
    call = _call(view, use)
    path = use if call else f"models.{view.id}.terms"
    return term(view.world, view, key, call, path, runners)


def _call(view: ModelView, use: str) -> ApiCall | None:
    section, _, name = use.partition(".")
    call = view.world.deployment.api_calls[name] if section == "api_calls" else None
    return call if call and call.model == view.id else None


def _term(view: ModelView, name: str) -> Presence:
    return term(view.world, view, name, None, f"models.{view.id}.terms", view.runners)


INPUTS = (
    texts(
        "outsiders",
        "parties that run it for others and are neither participants nor coordinate",
        lambda view: ordered(one for runners, _ in view.between.values() for one in runners),
    ),
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
    open_field(
        "permitted",
        Type.BOOL,
        "the owners release all that anybody learns from the calls to the parties that run it",
        _permitted,
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
    integer(
        "inputs_known_days",
        "the longest of these times that are known, also where others are not; 0 where none is",
        _surely_kept,
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

"""Models: who calls them with what, who runs them, until when, and what becomes of what they are asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial

from fedpolicy.graph.lookup import family_of, listed_by, ordered
from fedpolicy.graph.places import is_unknown
from fedpolicy.policy.elements.agreement import firm_lack
from fedpolicy.policy.elements.models_view import ModelView, licence_fact, model_view
from fedpolicy.policy.elements.shared import (
    boolean,
    data_fields,
    open_field,
    runner_places,
    texts,
    words,
)
from fedpolicy.policy.fields import Field, Missing, Presence, Type
from fedpolicy.policy.world import World
from fedpolicy.records import replace
from fedpolicy.startup import pattern
from fedpolicy.suggest import misspelt

_ALL_WEIGHTS = {"full", "alignment", "split"}  # families of methods that train all of them

_STEM = pattern(r"[a-zA-Z]{3,}")
_UNTOLD = {"", "health", "healthcare", "hospital"}  # a public body, a charity or a company: the sector does not say


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
    """Who calls it from where whoever answers there may not be used."""
    found, missing = set(), set()
    for access in view.remote:
        row = view.world.provider(view.world.lookup.party(access.runner or "unknown"))
        if row is None or (row.serves is None and row.not_served_in is None):
            continue
        for user in view.world.lookup.parties_at(access.at):
            where = view.world.jurisdictions([user])
            if isinstance(where, Missing):
                missing |= set(where.paths)
            elif row.excludes(where):
                found.add(user)
    return Missing(tuple(sorted(missing))) if missing and not found else ordered(found)


LIFE = (
    open_field(
        "days_left",
        Type.INT,
        "days until `shutdown_on`; negative: the day has passed",
        _days_left,
        key="shutdown_on",
    ),
    boolean(
        "ends",
        "a day is known on which it is switched off, or the file says that nobody knows it",
        lambda view: view.model.says_unknown("shutdown_on") or ends_on(view) is not None,
    ),
    words("ending", "what happens to it then, in words", _ending),
    open_field("unserved", Type.LIST, "parties that use it from a place that its provider does not serve", _unserved),
)


def _assists(view: ModelView) -> bool:
    """Whether all that is done with it is to judge others."""
    methods = view.world.catalog.methods
    of = [name.partition(".")[2] for name in view.uses if name.startswith("tasks.")]
    judges = [methods[view.world.deployment.tasks[name].method].output == "metrics" for name in of]
    return all(judges) and len(of) == len(view.uses)


def _said_sectors(view: ModelView) -> list[str]:
    parties = view.world.deployment.parties
    return ordered({parties[name].sector or "" for name in view.users if name in parties} - _UNTOLD)


def _sectors(view: ModelView) -> Presence:
    parties = view.world.deployment.parties
    missing = tuple(f"parties.{n}.sector" for n in view.users if n in parties and (parties[n].sector or "") in _UNTOLD)
    return Missing(missing) if missing else _said_sectors(view)


def _without_licence(view: ModelView, world: World) -> list[str]:
    signed = {party for party, deals in world.agreements_of.items() if any(one.kind == "licence" for one in deals)}
    return [user for user in view.users if user not in signed]


def _fallback_elsewhere(view: ModelView) -> bool:
    others = (model_view(view.world, name) for name in view.model.fallback)
    return any(
        who not in view.runners and not is_unknown(who)
        for other in others
        if other is not None
        for who in other.could_run
    )


def _bases_open(view: ModelView) -> Presence:
    """Whether the licences of all models are open that it is made from, by any number of steps."""
    bases = view.world.once("bases", (), lambda _: _bases(view.world)).get(view.id, ())
    found = {one.id: licence_fact(one, "category") for one in bases}
    if any(one.facts.aspects.get("licence") == "NONE" for one in bases):
        return False
    if any(said != "open" for said in found.values() if not isinstance(said, Missing)):
        return False
    unsaid = sorted({path for said in found.values() if isinstance(said, Missing) for path in said.paths})
    return Missing(tuple(unsaid)) if unsaid else True


def _bases(world: World) -> Mapping[str, Sequence[ModelView]]:
    """By model, those that it is made from, by any number of steps."""
    views = [view for name in world.deployment.models if (view := model_view(world, name)) is not None]
    return listed_by((made, view) for view in views for made in view.adapted)


def retrained_from(view: ModelView) -> str:
    """Of the models that it is wholly trained from, by any number of steps, the first that the catalogue may know."""
    models, seen = view.world.deployment.models, {view.id}
    waiting = _wholly_from(view)
    while waiting:
        name = waiting.pop(0)
        if ref := models[name].ref:
            return ref
        seen.add(name)
        base = model_view(view.world, name)
        waiting += [one for one in (_wholly_from(base) if base else ()) if one not in seen]
    return ""


def _wholly_from(view: ModelView) -> list[str]:
    """The models all of whose weights tasks train to make it."""
    methods, models = view.world.catalog.methods, view.world.deployment.models
    full = (task.model for task in view.produced_by if methods[task.method].family in _ALL_WEIGHTS)
    return ordered(name for name in full if name in models)


def _of_contents(field: Field) -> Callable[[ModelView], Presence]:
    return lambda view: field.read(view.contents)


def _members_run(view: ModelView) -> bool:
    return all(view.world.lookup.is_member(party) for party in view.runners)


def _runner_unknown(view: ModelView) -> bool | Missing:
    """Whether nobody is named; open where it is run at the end of `via` unless it is closed, and nobody says that."""
    if any(map(is_unknown, view.runners)):
        return True
    if view.model.via is None or view.facts.produced_by or view.facts.aspects.get("weights") is not None:
        return False
    ends = {access.hops[-1] for access in view.remote if access.hops}
    return Missing((f"models.{view.id}.weights",)) if any(_forwards(view, end) for end in ends) else False


def _forwards(view: ModelView, end: str) -> bool:
    """Whether a place would pass on what a closed model is asked: it holds no copy, and runs nothing for others."""
    world = view.world
    party = world.lookup.party(world.graph.vertices[end].party or "unknown")
    held = any(end in world.graph.members.get(name, ()) for name in view.model.weights_at or ())
    offered = "provider" in world.lookup.roles(party) or (view.provider and world.known_as(view.provider) == party)
    return not held and not offered


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
    open_field("runner_unknown", Type.BOOL, "the file does not say who runs it", _runner_unknown, key="weights"),
    *runner_places(),
    boolean("assists", "it is only used to judge other models", _assists),
    boolean("fallback_elsewhere", "a fallback is run by another party, or held", _fallback_elsewhere),
    texts("used_by", "tasks and calls that use it, such as tasks.score", lambda view: view.uses),
    texts("users", "parties that use it", lambda view: view.users),
    open_field("user_sectors", Type.LIST, "sectors of the parties that use it; health tells nobody's aims", _sectors),
    open_field("bases_open", Type.BOOL, "the licences of all models are open that it is made from", _bases_open),
    texts("said_sectors", "the sectors of those among them that state one that does", _said_sectors),
    open_field(
        "user_jurisdictions", Type.LIST, "where the parties are that use it", lambda v: v.world.jurisdictions(v.users)
    ),
    open_field(
        "users_without_licence",
        Type.LIST,
        "parties that use it and have no agreement of kind `licence`",
        lambda v: firm_lack(v.world, partial(_without_licence, v)),
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


def unlisted(view: ModelView) -> list[str]:
    """What the file says of a model and the catalogue does not know, in words; a slip of the pen is pointed out."""
    model = view.model
    found = []
    if model.ref is not None and view.row is None:
        near = misspelt(model.ref, view.world.catalog.models)
        advice = f"did you mean `{near}`?" if near else _declared_like(view.world, model.ref)
        found.append(f"the catalogue does not know the model {model.ref}: {advice}")
    for name in dict.fromkeys((model.provider, *(model.via or ())[-1:])):
        found += unlisted_provider(view.world, name)
    return found


def _declared_like(world: World, ref: str) -> str:
    """How to declare a model that is too new for the catalogue, as what it knows of the same family would be."""
    bare = ref.rpartition("/")[2]
    stem = _STEM.match(bare)
    family = [name for name in world.catalog.models if stem and name.rpartition("/")[2].startswith(f"{stem[0]}-")]
    kin = max(family, key=lambda name: _alike(name.rpartition("/")[2], bare), default=None)
    row = world.catalog.models[kin] if kin else None
    said = {key: getattr(row, key, None) for key in ("weights", "licence", "provider")}
    words = ", ".join(f"{key}: {value}" for key, value in said.items() if value)
    rest = "say its `weights`, `licence` and `provider`, or add a row with `--catalog`"
    return f"{rest}; of its family {kin} is `{words}`" if words else rest


def _alike(name: str, other: str) -> int:
    """How many letters two names begin with alike."""
    return next((i for i, (a, b) in enumerate(zip(name, other, strict=False)) if a != b), min(len(name), len(other)))


def unlisted_provider(world: World, name: str | None) -> list[str]:
    """The same of somebody who runs things for others and whom the file does not declare."""
    known = {*world.deployment.parties, *world.graph.members, "unknown"}
    if name is None or name in known or world.catalog.provider(name):
        return []
    near = misspelt(name, world.catalog.providers)
    advice = (
        f"did you mean `{near}`?"
        if near
        else "declare it under `parties` with its `jurisdiction`, or add it to a catalogue"
    )
    return [f"the catalogue does not know the provider {name}: {advice}"]

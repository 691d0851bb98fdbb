"""Tasks: what is repeated on data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import get_args

from fedpolicy.catalog.rows import Needs
from fedpolicy.graph import Access
from fedpolicy.graph.computation import computation_of
from fedpolicy.graph.jobs import UNKNOWN
from fedpolicy.graph.lookup import ordered
from fedpolicy.language.model.does import Noise, Sum, Unsaid
from fedpolicy.language.model.flow import Task
from fedpolicy.language.model.safeguards import DifferentialPrivacy
from fedpolicy.language.model.shape import words_of
from fedpolicy.policy.elements.agreement import KINDS, firm_answer, shared_kinds
from fedpolicy.policy.elements.members import MEMBERS
from fedpolicy.policy.elements.models_view import ModelView, class_variants, model_view
from fedpolicy.policy.elements.shared import (
    about_owners,
    any_in_eea,
    boolean,
    data_fields,
    integer,
    open_field,
    ranging,
    safeguard_kinds,
    texts,
    words,
)
from fedpolicy.policy.elements.subject_matter import is_about_people
from fedpolicy.policy.elements.task_view import TaskView
from fedpolicy.policy.fields import Kind, Missing, Presence, Subject, Type, fields_of
from fedpolicy.policy.world import Territories, World
from fedpolicy.records import replace
from fedpolicy.topologies import left_out


def _own(view: TaskView) -> list[Access]:
    return [access for access in view.access if access.model == view.task.model]


def _feasible(view: TaskView) -> Presence:
    answers = {access.feasible for access in view.access}
    if view.task.method == UNKNOWN:
        # Whoever has the weights can do anything; of another it hangs on what is asked.
        return all(access.how == "weights" for access in view.access) or Missing((f"tasks.{view.id}.method",))
    if False in answers:
        return False
    return Missing((f"models.{view.task.model}.interface",)) if None in answers else True


def _minimum(view: TaskView) -> Presence:
    return view.task.min_clients or view.task.clients_per_round


def _of_method(view: TaskView, found: Presence) -> Presence:
    """What the catalogue says of the method; nothing where nobody knows which it is."""
    return Missing((f"tasks.{view.id}.method",)) if view.task.method == UNKNOWN else found


def _topology(view: TaskView) -> Presence:
    if view.task.says_unknown("topology"):
        return "tree" if view.task.hops else Missing((f"tasks.{view.id}.topology",))
    if view.task.topology:
        return view.task.topology
    up, default = view.method.up, view.method.topology
    hops, aggregator, blind = bool(view.task.hops), bool(view.task.aggregator), computation_of(view.task) is not None
    found = left_out(default, up, hops=hops, aggregator=aggregator, blind=blind)
    return "local" if found == "star" and not any(flow.role == "uplink" for flow in view.flows) else found


def _aggregators(view: TaskView) -> Iterable[str]:
    return view.world.lookup.parties_at(flow.source for flow in view.flows if flow.role in {"downlink", "gradients"})


def _safeguards(view: TaskView) -> Presence:
    place = "safeguards" if any(isinstance(one.does, Unsaid) for one in view.task.safeguards) else "hops"
    return safeguard_kinds(view.safeguards, f"tasks.{view.id}.{place}")


def _smallest_sum(view: TaskView) -> Presence:
    unsaid = _safeguards(view)
    sizes = (found.does.clients_of(found) for found in view.safeguards if isinstance(found.does, Sum))
    return unsaid if isinstance(unsaid, Missing) else min(sizes, default=0)


def _hides_among(view: TaskView) -> Presence:
    sums = view.world.lookup.sums_of.get(f"tasks.{view.id}", ())
    missing = tuple(sorted({fact for one in sums if one.k_low != one.k_high for fact in one.missing}))
    return Missing(missing) if missing else min((one.k_high for one in sums), default=0)


def _hides_at_best(view: TaskView) -> int:
    return min((one.k_low for one in view.world.lookup.sums_of.get(f"tasks.{view.id}", ())), default=0)


def _noise_at(view: TaskView) -> Presence:
    unsaid = _safeguards(view)
    if isinstance(unsaid, Missing):
        return unsaid
    return ordered(found.does.where_of(found) for found in view.safeguards if isinstance(found.does, Noise))


def _produced(view: TaskView) -> ModelView | None:
    return model_view(view.world, view.task.produces)


def _in_parts(view: TaskView) -> Presence:
    made, found = _produced(view), _topology(view)
    if made is not None and made.model.copies != "parts":
        return False
    return found if isinstance(found, Missing) else found == "vertical"


def _closed(view: TaskView) -> bool:
    return view.model is not None and bool(class_variants(view.model.facts)[0]["closed"])


_FIELDS = (
    words("id", "its id", lambda view: view.id),
    *fields_of(
        Task,
        lambda view: view.task,
        read={
            "method": lambda view: _of_method(view, view.task.method),
            "topology": _topology,
            "min_clients": _minimum,
        },
        notes={"topology": "worked out where it is left out"},
    ),
    open_field("family", Type.TEXT, "family of its method", lambda v: _of_method(v, v.method.family), key="method"),
    open_field(
        "needs",
        Type.TEXT,
        "the least access to its model that the method needs",
        lambda v: _of_method(v, v.method.needs),
        choices=get_args(Needs),
        key="method",
    ),
    open_field(
        "trains",
        Type.BOOL,
        "a model, an adapter or a prompt comes out",
        lambda v: _of_method(v, v.method.trains),
        key="method",
    ),
    boolean(
        "hosted",
        "an outsider must train, because nobody in the federation holds the weights",
        lambda view: view.hosted,
    ),
    words("hosted_why", "why an outsider trains, in words", lambda view: view.hosted_why),
    open_field("feasible", Type.BOOL, "the method works at the access that there is", _feasible),
    texts("infeasible_because", "why it does not work", lambda view: ordered(a.why for a in view.access if a.why)),
    texts(
        "access",
        "how it reaches its input model",
        lambda view: ordered(a.how for a in _own(view)),
        choices=("weights", "remote", "hosted"),
    ),
    ranging("model_closed", Type.BOOL, "its input model is a black box or a gray box (false without a model)", _closed),
    open_field(
        "publishes",
        Type.BOOL,
        "the model that it produces is released to the public",
        lambda v: made.published if (made := _produced(v)) else False,
    ),
    open_field(
        "in_parts", Type.BOOL, "each party that takes part keeps a part of the model, made for its own data", _in_parts
    ),
    boolean(
        "remote",
        "another party or place runs a model for it",
        lambda view: any(a.how != "weights" for a in view.access),
    ),
    texts(
        "runners",
        "parties that run a model for it",
        lambda v: ordered(v.world.lookup.party(a.runner or "unknown") for a in v.access if a.how != "weights"),
    ),
    open_field(
        "exchanges", Type.BOOL, "contributions leave the places where it runs", lambda v: v.exchanges, key="topology"
    ),
    open_field(
        "uplink",
        Type.TEXT,
        "payload that contributors send",
        lambda view: _of_method(view, view.uplink) if view.uplink else "",
        key="method",
    ),
    texts("aggregators", "parties that aggregate or hold the top model", _aggregators),
    texts("relays", "nodes between clients and aggregator", lambda view: ordered(view.task.via)),
    texts(
        "parties", "parties on whose nodes it runs", lambda v: v.world.lookup.parties_at(place.id for place in v.places)
    ),
    integer(
        "clients",
        "how many places run it, cohorts counted in full",
        lambda view: sum(place.weight for place in view.places),
    ),
    integer("levels", "how many levels of aggregators a tree has; 0 where it is none", lambda v: len(v.task.hops)),
    integer("contributors", "on how many parties' nodes it runs, cohorts in full", lambda view: view.contributors),
    open_field("safeguards", Type.LIST, "kinds of its safeguards, those of its hops included", _safeguards),
    texts("sure_safeguards", "those that are known, also where others may be there", lambda v: v.sure_safeguards),
    open_field(
        "secure_sum",
        Type.INT,
        "the fewest clients in a secure sum, 0 without secure aggregation",
        _smallest_sum,
        key="safeguards",
    ),
    open_field(
        "smallest_sum",
        Type.INT,
        "the fewest contributions in any sum of it, those of hops included; 0 where nothing is summed",
        _hides_among,
        key="min_clients",
    ),
    integer("smallest_sum_at_best", "the same if whatever is missing is favourable: there are no more", _hides_at_best),
    open_field(
        "noise_at",
        Type.LIST,
        "where noise is added",
        _noise_at,
        choices=words_of(DifferentialPrivacy, "where"),
        key="safeguards",
    ),
    open_field(
        "permitted",
        Type.BOOL,
        "the owners release all that anybody learns by it",
        lambda v: v.world.releases.permits(f"tasks.{v.id}"),
    ),
    open_field(
        "guarantee_permitted",
        Type.BOOL,
        "they release what is guaranteed, too",
        lambda v: v.world.releases.permits(f"tasks.{v.id}", guaranteed=True),
    ),
    texts("datasets", "datasets that it works on", lambda view: view.families),
    texts("owners", "owners of these data", lambda view: view.owners),
    open_field(
        "eea_owner",
        Type.BOOL,
        "some owner of these data is in the EEA",
        lambda v: any_in_eea(v.world, v.owners),
    ),
    open_field(
        "agreements",
        Type.LIST,
        "kinds of the agreements to which all these owners belong",
        lambda v: firm_answer(v.world, lambda world: shared_kinds(world, v.owners, v.families)),
        choices=KINDS,
    ),
    texts(
        "sure_agreements",
        "those among them of which it is known that they hold",
        lambda v: shared_kinds(v.world.firm if v.world.doubts else v.world, v.owners, v.families),
        choices=KINDS,
    ),
    *MEMBERS,
    *data_fields(of="the data that it works on"),
    open_field(
        "about_people",
        Type.BOOL,
        "some of the data that it works on is personal, and not public, synthetic or anonymous",
        lambda view: is_about_people(view.world, view.families),
        key="categories",
    ),
)


def _subject(world: World, name: str, task: Task) -> Subject:
    view = TaskView(world, name, task)
    model = view.model
    closed = {variant["closed"] for variant in class_variants(model.facts)} if model else set()
    return Subject(
        id=f"tasks.{name}",
        path=("tasks", name),
        data=view,
        variants=({"model_closed": False}, {"model_closed": True}) if len(closed) > 1 else (),
        missing=model.facts.missing if model else (),
    )


def _subjects(world: World) -> Sequence[Subject]:
    return [_subject(world, name, task) for name, task in sorted(world.deployment.tasks.items())]


def _within(world: World, subject: Subject, territories: Territories) -> Iterable[Subject]:
    """The same task, of whose owners those are named whom a law protects."""
    view: TaskView = subject.data
    for part in about_owners(lambda task: task.families)(world, subject, territories):
        found = world.protected(view.owners, territories)
        yield replace(part, data=replace(view, only=found.all, unsure=found.unsure))


KIND = Kind(name="task", about="what is repeated on data", fields=_FIELDS, subjects=_subjects, within=_within)

"""Third-party calls, with the terms that hold for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from fedpolicy.graph.lookup import ordered
from fedpolicy.graph.places import is_unknown
from fedpolicy.language.model.flow import ApiCall
from fedpolicy.policy.elements.agreement import KINDS, agreement_kinds, firm_answer, nothing_kept
from fedpolicy.policy.elements.models_view import NOTHING_KEPT, ModelView, class_variants, model_view, term
from fedpolicy.policy.elements.shared import boolean, data_fields, open_field, ranging, runner_places, texts, words
from fedpolicy.policy.fields import Field, Kind, Missing, Presence, Subject, Type, Value, fields_of
from fedpolicy.policy.world import World
from fedpolicy.records import dataclass


@dataclass(frozen=True, slots=True)
class CallView:
    """One entry of `api_calls`."""

    world: World
    id: str
    call: ApiCall

    @property
    def use(self) -> str:
        """Its id among tasks and calls."""
        return f"api_calls.{self.id}"

    @property
    def families(self) -> tuple[str, ...]:
        """The datasets that it sends."""
        return self.world.use_data(self.use)

    @property
    def owners(self) -> list[str]:
        """The owners of what it sends."""
        return self.world.owners_used(self.use, self.families)

    @property
    def model(self) -> ModelView | None:
        """The model that it calls."""
        return model_view(self.world, self.call.model)

    @property
    def callers(self) -> list[str]:
        """Who calls."""
        members = self.world.graph.members
        return list(self.world.lookup.parties_at(place for name in self.call.from_ for place in members.get(name, ())))

    @property
    def runners(self) -> list[str]:
        """Who runs what is called, where that is somebody else."""
        return self.world.once(f"runners of the call {self.id}", (), self._runners)

    def _runners(self, _: tuple[str, ...]) -> list[str]:
        access = self.world.lookup.access_of.get(self.use, ())
        remote = [self.world.lookup.party(entry.runner or "unknown") for entry in access if entry.how != "weights"]
        return ordered(remote if self.call.model else [self.world.known_as(self.call.provider or "unknown")])

    @property
    def agreements(self) -> list[str] | Missing:
        """The kinds of agreement with every runner."""

        def shared(world: World) -> list[str]:
            found = [set(agreement_kinds(world, who, self.callers, self.families)) for who in self.runners]
            return ordered(set.intersection(*found)) if found else []

        return firm_answer(self.world, shared)

    @property
    def keeps_nothing(self) -> bool | Missing:
        """Agreements of kind zero_retention cover it, which is asked for each of its terms."""
        account = self.model.model.account if self.model else None

        def kept(families: tuple[str, ...]) -> bool | Missing:
            return nothing_kept(self.world, self.use, self.runners, self.callers, account, families)

        return self.world.once(f"nothing kept of the call {self.id}", self.families, kept)


def call_term(view: CallView, name: str) -> Presence:
    """A term of a call: what an agreement settles, else what the call, its model or the provider says."""
    return view.world.once(f"{name} of the call {view.id}", (), lambda _: _call_term(view, name))


def _call_term(view: CallView, name: str) -> Presence:
    own = own_term(view, name)
    return settled_term(view.keeps_nothing, name, own) if name in NOTHING_KEPT else own


def settled_term(kept: Presence, name: str, own: Presence) -> Presence:
    """A term, where it is known whether agreements settle it: to keep nothing."""
    if kept is False or own == NOTHING_KEPT[name]:
        return own
    return kept if isinstance(kept, Missing) else NOTHING_KEPT[name]


def own_term(view: CallView, name: str) -> Presence:
    """The same without agreements."""
    return term(view.world, view.model, name, view.call, f"api_calls.{view.id}", view.runners)


def _class(view: CallView) -> Mapping[str, Value]:
    # A service without a model shows nothing of its inside.
    return class_variants(view.model.facts)[0] if view.model else {"class_rank": 0, "closed": True}


def _range(name: str, kind: Type, about: str) -> Field:
    return ranging(name, kind, about, lambda view: _class(view)[name])


_FIELDS = (
    words("id", "its id", lambda view: view.id),
    *fields_of(
        ApiCall,
        lambda view: view.call,
        read={
            **{name: partial(call_term, name=name) for name in NOTHING_KEPT},
            "region": partial(own_term, name="region"),
        },
        notes={
            **dict.fromkeys(NOTHING_KEPT, "by an agreement, the call, the model's terms or the provider's"),
            "region": "of the call or the model's terms",
        },
    ),
    _range("class_rank", Type.INT, "openness class of that model as a number (a service without a model: BLACK_BOX)"),
    _range("closed", Type.BOOL, "that model is a black box or a gray box"),
    texts("callers", "parties that call", lambda view: view.callers),
    texts("runners", "parties that run the model for them", lambda view: view.runners),
    boolean("remote", "another party or place runs it", lambda view: bool(view.runners)),
    boolean(
        "runner_is_member",
        "the party that runs it is a participant or the coordinator",
        lambda v: all(map(v.world.lookup.is_member, v.runners)),
    ),
    boolean("runner_unknown", "the file does not say who runs it", lambda view: any(map(is_unknown, view.runners))),
    boolean(
        "crosses_parties",
        "another party than the caller runs it",
        lambda v: len({*v.callers, *v.runners}) > len(v.callers),
    ),
    *runner_places(),
    open_field(
        "agreements",
        Type.LIST,
        "kinds of the agreements that cover it, between the callers and all parties that run it",
        lambda v: v.agreements,
        choices=KINDS,
    ),
    texts("datasets", "datasets that it sends", lambda view: view.families),
    *data_fields(of="the data that it sends"),
)


def _subject(world: World, name: str, call: ApiCall) -> Subject:
    view = CallView(world, name, call)
    variants = class_variants(view.model.facts) if view.model else ()
    return Subject(
        id=f"api_calls.{name}",
        path=("api_calls", name),
        data=view,
        variants=tuple({key: one[key] for key in ("class_rank", "closed")} for one in variants)
        if len(variants) > 1
        else (),
        missing=view.model.facts.missing if view.model else (),
    )


def _subjects(world: World) -> Sequence[Subject]:
    return [_subject(world, name, call) for name, call in sorted(world.deployment.api_calls.items())]


KIND = Kind(name="api_call", about="a call of a model or a service", fields=_FIELDS, subjects=_subjects)
